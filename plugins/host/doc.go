// Package host is the worker's side of the plugin system: it finds plugins, starts their processes, speaks to connectors and tasks in
// them, and makes sure that no process outlives the worker.
//
// One process serves one configured connector on this worker; its tasks share it. [Host.Acquire] starts it or adds a user,
// [Process.Release] ends it with the last one. A process that dies closes [Process.Done]; every call under way then fails with an error
// that has connect.ErrPluginGone in its chain, and the next Acquire starts a new process.
package host
