package connect

import (
	"context"
	"log/slog"
	"time"
)

// A SinkTask delivers records.
type SinkTask interface {
	// Start is called once with the task's configuration, before any partition is assigned.
	Start(ctx context.Context, tc SinkTaskContext, props Props) error
	// Put delivers a batch: records are in order within each topic partition. When it returns nil the task has taken responsibility for
	// them; their offsets are committed at the next commit, which first asks a PreCommitter what is durable (without that ability: all
	// records of Puts that returned). A Retriable error makes the worker hand the same batch again; a BadRecords error names the
	// records at fault, the rest being delivered; any other fails the task. The records are valid until Put returns.
	Put(ctx context.Context, records []SinkRecord) error
	// Stop releases everything. It may be called while Put runs in another goroutine.
	Stop(ctx context.Context) error
}

// A SinkTaskContext is what a sink task may ask of its worker. Its methods may be called from any goroutine until Stop returns.
type SinkTaskContext interface {
	// RequestCommit makes the worker commit offsets soon.
	RequestCommit()
	// Log writes to the worker's log, labelled with connector and task.
	Log() *slog.Logger
}

// A PartitionOpener is a sink task that keeps state for each partition. Open is called with newly assigned partitions before their
// first record, Close with those that were taken away, after a last commit. Optional.
type PartitionOpener interface {
	Open(ctx context.Context, partitions []TopicPartition) error
	Close(ctx context.Context, partitions []TopicPartition) error
}

// A PreCommitter is a sink task that buffers: it is asked before every commit what may be committed. offsets holds, for each
// assigned partition with news, the offset behind the last record that was put; the result holds those offsets that are durable now (a
// partition left out is not committed). Optional.
type PreCommitter interface {
	PreCommit(ctx context.Context, offsets map[TopicPartition]int64) (map[TopicPartition]int64, error)
}

// DefaultRetry is the pause after a Retriable error that names none.
const DefaultRetry = time.Second
