package plugintest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"testing"

	"github.com/kurier-io/kurier/plugins/connect"
	"github.com/kurier-io/kurier/plugins/data"
	"github.com/kurier-io/kurier/plugins/host"
	"github.com/kurier-io/kurier/plugins/registry"
	"github.com/kurier-io/kurier/plugins/wire"
)

// An Item is a record that a source gave, alias free.
type Item struct {
	connect.Record
	Partition, Offset map[string]any
}

// A sourceRun is a running source task, whichever way it runs.
type sourceRun interface {
	// next returns the next batch; it may be empty.
	next(ctx context.Context) ([]Item, error)
	committed(ctx context.Context, ps []connect.SourcePosition) error
	stop(ctx context.Context) error
}

// A sinkRun is a running sink task, whichever way it runs.
type sinkRun interface {
	put(ctx context.Context, recs []connect.SinkRecord) error
	preCommit(ctx context.Context, offsets map[connect.TopicPartition]int64) (map[connect.TopicPartition]int64, error)
	stop(ctx context.Context) error
}

// offsets are stored offsets by canonical partition.
type offsets map[string]map[string]any

func canonical(p map[string]any) string {
	b, err := wire.AppendPosition(nil, p)
	if err != nil {
		return fmt.Sprint(p)
	}
	return string(b)
}

// Offsets implements host.SourceEvents.
func (o offsets) Offsets(_ context.Context, parts []map[string]any) ([]map[string]any, error) {
	out := make([]map[string]any, len(parts))
	for i, p := range parts {
		out[i] = o[canonical(p)]
	}
	return out, nil
}

// PollFailed implements host.SourceEvents.
func (offsets) PollFailed(error) {}

type taskContext struct {
	offsets
	log *slog.Logger
}

func (c taskContext) Log() *slog.Logger { return c.log }
func (taskContext) RequestCommit()      {}

func logTo(w io.Writer) *slog.Logger { return slog.New(slog.NewTextHandler(w, nil)) }

// directSource calls the task in the test's own process.
type directSource struct{ task connect.SourceTask }

func startDirect(t testing.TB, e *registry.Entry, props map[string]string, o offsets) (sourceRun, error) {
	task := e.NewSourceTask()
	return &directSource{task}, task.Start(t.Context(), taskContext{o, logTo(t.Output())}, props)
}

func (d *directSource) next(ctx context.Context) ([]Item, error) {
	recs, err := d.task.Poll(ctx)
	if _, ok := errors.AsType[*connect.RetriableError](err); ok {
		return nil, nil
	}
	out := make([]Item, len(recs))
	for i := len(recs) - 1; i >= 0; i-- {
		out[i] = Item{cloneRecord(recs[i].Record), recs[i].SourcePartition, recs[i].SourceOffset}
		if out[i].Partition == nil && i+1 < len(recs) {
			out[i].Partition = out[i+1].Partition
		}
	}
	return out, err
}

func (d *directSource) committed(ctx context.Context, ps []connect.SourcePosition) error {
	if c, ok := d.task.(connect.Committer); ok {
		return c.Commit(ctx, ps)
	}
	return nil
}

func (d *directSource) stop(ctx context.Context) error { return d.task.Stop(ctx) }

func cloneRecord(r connect.Record) connect.Record {
	r.Key, r.Value = r.Key.Clone(), r.Value.Clone()
	if r.Value.Kind() == data.KindStruct && r.ValueSchema == nil {
		r.ValueSchema = r.Value.Struct().Schema()
	}
	for i := range r.Headers {
		r.Headers[i].Value = r.Headers[i].Value.Clone()
	}
	return r
}

// remoteSource is a task behind a connection.
type remoteSource struct{ task *host.SourceTask }

func startRemote(t testing.TB, p *host.Process, class string, props map[string]string, o offsets) (sourceRun, error) {
	task, err := p.StartSourceTask(t.Context(), host.TaskSpec{Class: class, Connector: "test", Props: props}, o)
	return &remoteSource{task}, err
}

func (r *remoteSource) next(ctx context.Context) ([]Item, error) {
	b, err := r.task.Recv(ctx)
	if err != nil {
		return nil, err
	}
	out := make([]Item, len(b.Records))
	for i := range out {
		out[i] = Item{Record: cloneRecord(b.Records[i]), Partition: b.Partition(b.Partitions[i])}
		if b.Offsets[i] != nil {
			if out[i].Offset, err = wire.DecodePosition(b.Offsets[i]); err != nil {
				return nil, err
			}
		}
	}
	return out, r.task.Release(b)
}

func (r *remoteSource) committed(_ context.Context, ps []connect.SourcePosition) error {
	return r.task.Committed(ps)
}

func (r *remoteSource) stop(ctx context.Context) error {
	err := r.task.Stop(ctx)
	r.task.Close(ctx)
	return err
}

type directSink struct{ task connect.SinkTask }

func startDirectSink(t testing.TB, e *registry.Entry, props map[string]string) (sinkRun, error) {
	task := e.NewSinkTask()
	return &directSink{task}, task.Start(t.Context(), taskContext{nil, logTo(t.Output())}, props)
}

func (d *directSink) put(ctx context.Context, recs []connect.SinkRecord) error {
	return d.task.Put(ctx, recs)
}

func (d *directSink) preCommit(ctx context.Context, o map[connect.TopicPartition]int64) (map[connect.TopicPartition]int64, error) {
	if p, ok := d.task.(connect.PreCommitter); ok {
		return p.PreCommit(ctx, o)
	}
	return o, nil
}

func (d *directSink) stop(ctx context.Context) error { return d.task.Stop(ctx) }

type remoteSink struct{ task *host.SinkTask }

type noEvents struct{}

func (noEvents) CommitRequested() {}

func startRemoteSink(t testing.TB, p *host.Process, class string, props map[string]string) (sinkRun, error) {
	task, err := p.StartSinkTask(t.Context(), host.TaskSpec{Class: class, Connector: "test", Props: props}, noEvents{})
	return &remoteSink{task}, err
}

func (r *remoteSink) put(ctx context.Context, recs []connect.SinkRecord) error {
	p, err := r.task.Send(recs)
	if err != nil {
		return err
	}
	return p.Wait(ctx)
}

func (r *remoteSink) preCommit(ctx context.Context, o map[connect.TopicPartition]int64) (map[connect.TopicPartition]int64, error) {
	return r.task.PreCommit(ctx, o)
}

func (r *remoteSink) stop(ctx context.Context) error { return r.task.Stop(ctx) }
