package worker

import "github.com/twmb/franz-go/pkg/kgo"

// explicitPartitioner keeps the partition that a record asks for, and leaves the choice to another partitioner otherwise. kgo overwrites
// Record.Partition, so a wish for partition p is written there as -1-p; zero is no wish.
type explicitPartitioner struct{ kgo.Partitioner }

func (e explicitPartitioner) ForTopic(topic string) kgo.TopicPartitioner {
	base := e.Partitioner.ForTopic(topic)
	backup, ok := base.(kgo.TopicBackupPartitioner)
	if !ok {
		return explicitTopic{base}
	}
	return explicitBackup{explicitTopic{base}, backup}
}

func wish(partition int32) int32 { return -1 - partition }

type explicitTopic struct{ kgo.TopicPartitioner }

func (e explicitTopic) RequiresConsistency(r *kgo.Record) bool {
	return r.Partition < 0 || e.TopicPartitioner.RequiresConsistency(r)
}

func (e explicitTopic) Partition(r *kgo.Record, n int) int {
	if r.Partition < 0 {
		return int(-1 - r.Partition)
	}
	return e.TopicPartitioner.Partition(r, n)
}

type explicitBackup struct {
	explicitTopic
	backup kgo.TopicBackupPartitioner
}

func (e explicitBackup) PartitionByBackup(r *kgo.Record, n int, b kgo.TopicBackupIter) int {
	if r.Partition < 0 {
		return int(-1 - r.Partition)
	}
	return e.backup.PartitionByBackup(r, n, b)
}
