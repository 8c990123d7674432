package connect

import (
	"context"
	"log/slog"
)

// A SourceTask produces records. Its goroutine belongs to the plugin process's server; the task owns everything it returns.
type SourceTask interface {
	// Start is called once with the task's configuration. Read stored offsets from tc here.
	Start(ctx context.Context, tc SourceTaskContext, props Props) error
	// Poll returns the next batch, in order. It blocks until there is something to return, or a moment has passed (no result is legal
	// and is asked again at once). A cancelled ctx means stop: return what is ready, or nothing. The slice and everything the records
	// point to stay the task's own and must not change before the next call of Poll, or Stop. A batch should hold 100 KiB to a few MiB.
	// A Retriable error is logged and Poll called again after its pause.
	Poll(ctx context.Context) ([]SourceRecord, error)
	// Stop releases everything. It may be called while Poll runs in another goroutine.
	Stop(ctx context.Context) error
}

// A SourceTaskContext is what a source task may ask of its worker.
type SourceTaskContext interface {
	// Offsets returns, for each source partition, the offset stored last, nil where there is none. It is meant for Start.
	Offsets(ctx context.Context, partitions []map[string]any) ([]map[string]any, error)
	// Log writes to the worker's log, labelled with connector and task.
	Log() *slog.Logger
}

// A SourcePosition is a source partition with an offset in it.
type SourcePosition struct {
	Partition map[string]any
	Offset    map[string]any
}

// A Committer is a source task that wants to know what is safe: Commit is called, between calls of Poll, after every record up to
// these positions was acknowledged by the broker and the offsets themselves are durable. Optional. Errors are logged, nothing else.
type Committer interface {
	Commit(ctx context.Context, positions []SourcePosition) error
}
