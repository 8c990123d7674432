// Package connect is the contract between Kurier and what plugs into it: connectors, tasks, converters, transformations and predicates.
//
// A connector plugin is a Go program that registers its classes and serves them:
//
//	func main() {
//		serve.Main(registry.Plugin{Name: "hello", Version: "1.0.0", Entries: []registry.Entry{
//			registry.Source[settings]("com.example.HelloSource", newConnector, newTask),
//		}})
//	}
//
// The worker starts one process for each connector, asks the [Connector] how to split its work ([Connector.TaskConfigs]), and runs
// each part as a task in some worker's process of the same plugin. A [SourceTask] is polled for batches of records; a [SinkTask] is
// handed batches. Everything moves in batches; no call is made per record.
//
// # Rules for all of them
//
// The methods of one connector or task are called from one goroutine at a time, except that Stop may be called while Poll or Put is
// running; the context of those calls is then cancelled too, and they should return soon. Start is called once, before anything else;
// Stop is called once, after a Start that succeeded. Positions (source partitions and offsets) are JSON maps: string keys;
// string, bool, integer, float or nil values. They are shown to people and accepted back from them, so keep them readable.
//
// Abilities beyond the minimum are further interfaces, found by type assertion: [Validator], [Committer], [PartitionOpener],
// [PreCommitter]. An error's kind decides what the worker does with it: see [Retriable], [BadRecord], [ConfigErr]; any other error fails
// the task.
package connect
