//go:build slow

package torture

// knownDifference is a difference from kfake that is none from Kafka.
type knownDifference struct {
	op           string // prefix of the operation
	ours, theirs string // parts of the answers; "" is any
	harmless     bool   // the state is the same afterwards, so the case goes on
	reason       string
}

// Where a row cites a number it is that of the list of kfake's gaps that this
// broker was designed from; the others are what Kafka's source does.
var knownDifferences = []knownDifference{
	{"heartbeat", "code 25", "code 69", true, "11: kfake answers 69 for a group that it does not know, Kafka 25"},
	{"sync", "code 25", "code 69", true, "11: the same for SyncGroup"},
	{"leave", "code 0, 25", "code 69", true, "11: the same for LeaveGroup, where Kafka answers per member"},
	{"committed offset", "offset -1", "code 69", true, "11: OffsetFetch of a group that does not exist is -1 without error"},
	{"create", "code 17", "", false, "11: kfake creates topics with illegal names"},
	{"metadata", "code 17", "code 3", true, "11: an illegal name is 17, not 3"},
	{"create", "code 40", "code 0", false, "10: kfake takes invalid configs on creation"},
	{"create", "code 37", "code 0", false, "kfake takes -2 and 0 partitions; Kafka answers 37"},
	{"create", "code 37", "code 38", true, "a broker of one refuses three replicas after it has looked at the partitions, as Kafka's placement does"},
	{"create", "code 38", "code 0", false, "kfake takes 0 replicas; Kafka answers 38"},
	{"delete records", "code 44", "code 1", true, "Kafka looks at cleanup.policy before it looks at the offset"},
	{"delete records", "code 44", "code 0", false, "kfake deletes records of compacted topics; Kafka answers 44"},
	{"delete records", "code 0 start", "code 1", true, "before the log start nothing is left to delete, which Kafka does not refuse"},
	{"committed offset", "offset", "code 0, 88", true, "kfake holds back all partitions of a group while one has a pending offset; Kafka that one"},
	{"end tv1", "code 48", "code 0", false, "an EndTxn v4 without a transaction is 48 in Kafka"},
	{"list transactions", "Complete", "Empty", true, "kfake forgets how the last transaction ended; Kafka lists CompleteCommit and CompleteAbort"},
	{"produce idempotent", "code 87", "code 0", false, "10: kfake takes records without key in compacted topics"},
	{"end tv2", "code 48", "code 0", false, "a second EndTxn v5 with the epoch of the next transaction is no retry: 48 in Kafka"},
	{"create", "code 38", "code 37", true, "Kafka looks at the replicas before the partitions"},
	{"describe group", "Empty", "Dead", true, "in Kafka an offset that waits for its transaction makes the group, in kfake not"},
	{"grow", "code 37", "code 0", true, "Kafka answers 37 to as many partitions as there are"},
	{"commit", "code 25", "code 22", true, "in a group without the member Kafka says 25 before it looks at the generation"},
	{"commit", "code 3", "", true, "Kafka takes unknown partitions out before it asks the group"},
	{"describe group", "Dead", "Empty", true, "a refused commit makes a group in kfake, in Kafka not"},
	{"describe group", `Empty "" ""`, `Empty "consumer" ""`, true, "a member id that was only handed out gives no protocol type to a group in Kafka"},
	{"produce idempotent", "code 0", "code 45", false, "a producer without state in a partition may begin with any sequence in Kafka"},
	{"produce idempotent", "code 87", "code 45", false, "Kafka looks at the records, here without a key for a compacted topic, before it looks at the producer"},
}
