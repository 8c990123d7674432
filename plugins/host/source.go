package host

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/kurier-io/kurier/plugins/connect"
	"github.com/kurier-io/kurier/plugins/wire"
	"github.com/kurier-io/kurier/plugins/wire/pluginpb"
)

// A TaskSpec says which task to start.
type TaskSpec struct {
	Class     string // the connector's full class name
	Connector string
	Task      int
	Props     map[string]string
}

// SourceEvents serves a source task beyond its records. Its methods are called from one goroutine.
type SourceEvents interface {
	// Offsets reads stored offsets: one for each partition, nil where there is none.
	Offsets(ctx context.Context, partitions []map[string]any) ([]map[string]any, error)
	// PollFailed: Poll failed with a retriable error and is called again after a pause.
	PollFailed(err error)
}

// SourceCredit is how many bytes of batches a source task may have under way, one batch beyond it included.
const SourceCredit = 8 << 20

// A Batch is what one Poll of a source task returned. Its records are valid until Release.
type Batch struct {
	*wire.SourceBatch
	size int
}

// Size returns the batch's size on the wire, in bytes.
func (b *Batch) Size() int { return b.size }

// A SourceTask is a source task in a plugin process. Recv is called from one goroutine; Release, Committed and Stop may be called from others.
type SourceTask struct {
	proc    *Process
	stream  taskStream
	cancel  context.CancelFunc
	commits bool
	wg      sync.WaitGroup

	sendMu  sync.Mutex
	batches chan *Batch   // bounded by credits
	ended   chan struct{} // closed after the last batch; err is set then
	err     error
}

// StartSourceTask starts a task and returns when its Start did. The error is the task's own, kind kept, or has connect.ErrPluginGone in its chain.
func (p *Process) StartSourceTask(ctx context.Context, spec TaskSpec, events SourceEvents) (*SourceTask, error) {
	living, cancel := context.WithCancel(context.WithoutCancel(ctx))
	st, err := p.openTask(living, wire.SourceRecords)
	if err != nil {
		cancel()
		return nil, p.gone(err)
	}
	t := &SourceTask{proc: p, stream: st, cancel: cancel, batches: make(chan *Batch), ended: make(chan struct{})}
	started := make(chan *pluginpb.Started, 1)
	t.wg.Go(func() {
		t.err = t.read(living, events, started)
		close(t.ended)
		for { // until the plugin hangs up too, so that Close can wait for its Stop
			if _, err := t.stream.Recv(); err != nil {
				return
			}
		}
	})
	if err := t.control(startMessage(spec)); err != nil {
		t.Close(ctx)
		return nil, p.gone(err)
	}
	select {
	case s := <-started:
		t.commits = s.Commits
		return t, t.credit(SourceCredit)
	case <-t.ended:
		t.Close(ctx)
		return nil, t.err
	case <-ctx.Done():
		t.Close(ctx)
		return nil, context.Cause(ctx)
	}
}

func startMessage(s TaskSpec) *pluginpb.TaskMessage {
	return &pluginpb.TaskMessage{Body: &pluginpb.TaskMessage_Start{
		Start: &pluginpb.Start{Class: s.Class, Connector: s.Connector, Task: int32(s.Task), Props: s.Props},
	}}
}

// ErrStopped is returned by Recv once a stopped task has nothing more to give.
var ErrStopped = errors.New("the task was stopped")

// read decodes batches ahead of Recv, so that decoding and what the worker does with the batch before run side by side.
func (t *SourceTask) read(ctx context.Context, events SourceEvents, started chan<- *pluginpb.Started) error {
	dec := wire.NewDecoder()
	for {
		m, err := t.stream.Recv()
		if err != nil {
			return t.proc.gone(err)
		}
		if m.Frame != nil {
			b, err := dec.Source(m.Frame)
			if err != nil {
				return fmt.Errorf("plugin %s: %w", t.proc.name, err)
			}
			select {
			case t.batches <- &Batch{b, len(m.Frame)}:
			case <-ctx.Done():
				return context.Cause(ctx)
			}
			continue
		}
		switch b := m.Control.GetBody().(type) {
		case *pluginpb.TaskMessage_Started:
			started <- b.Started
		case *pluginpb.TaskMessage_Failed:
			return wire.ErrorFromPB(b.Failed)
		case *pluginpb.TaskMessage_Stopped:
			return ErrStopped
		case *pluginpb.TaskMessage_Warning:
			events.PollFailed(wire.ErrorFromPB(b.Warning))
		case *pluginpb.TaskMessage_OffsetsRequest:
			if err := t.control(&pluginpb.TaskMessage{Body: &pluginpb.TaskMessage_Offsets{Offsets: answer(ctx, events, b.OffsetsRequest)}}); err != nil {
				return t.proc.gone(err)
			}
		}
	}
}

func answer(ctx context.Context, events SourceEvents, r *pluginpb.OffsetsRequest) *pluginpb.Positions {
	ask := &pluginpb.Positions{}
	for _, p := range r.Partitions {
		ask.Positions = append(ask.Positions, &pluginpb.Position{Partition: p})
	}
	positions, err := wire.PositionsFromPB(ask)
	if err != nil {
		return &pluginpb.Positions{Error: err.Error()}
	}
	parts := make([]map[string]any, len(positions))
	for i := range positions {
		parts[i] = positions[i].Partition
	}
	offsets, err := events.Offsets(ctx, parts)
	if err != nil {
		return &pluginpb.Positions{Error: err.Error()}
	}
	for i := range positions {
		positions[i].Offset = offsets[i]
	}
	out, err := wire.PositionsToPB(positions)
	if err != nil {
		return &pluginpb.Positions{Error: err.Error()}
	}
	return out
}

// Recv returns the next batch. After the last one it returns why there are no more: ErrStopped, the task's own error, or one with
// connect.ErrPluginGone in its chain.
func (t *SourceTask) Recv(ctx context.Context) (*Batch, error) {
	select {
	case b := <-t.batches:
		return b, nil
	case <-t.ended:
		return nil, t.err
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

// Release lets the plugin send as many bytes again as b has. The batch's records must not be used afterwards.
func (t *SourceTask) Release(b *Batch) error { return t.credit(b.size) }

func (t *SourceTask) credit(n int) error {
	err := t.control(&pluginpb.TaskMessage{Body: &pluginpb.TaskMessage_Credit{Credit: int64(n)}})
	if err != nil {
		return t.proc.gone(err)
	}
	return nil
}

// Committed tells a task that wants to know which offsets are durable now.
func (t *SourceTask) Committed(positions []connect.SourcePosition) error {
	if !t.commits || len(positions) == 0 {
		return nil
	}
	pb, err := wire.PositionsToPB(positions)
	if err != nil {
		return err
	}
	if err := t.control(&pluginpb.TaskMessage{Body: &pluginpb.TaskMessage_Committed{Committed: pb}}); err != nil {
		return t.proc.gone(err)
	}
	return nil
}

// Stop asks the task to stop polling and waits until it has, dropping batches that nobody received: their records come again. The task's
// own Stop is called after Close, so that Committed still reaches it in between.
func (t *SourceTask) Stop(ctx context.Context) error {
	if err := t.control(&pluginpb.TaskMessage{Body: &pluginpb.TaskMessage_Stop{Stop: &pluginpb.Stop{}}}); err != nil {
		return t.proc.gone(err)
	}
	for {
		_, err := t.Recv(ctx)
		if errors.Is(err, ErrStopped) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// Close ends the conversation: the plugin calls the task's Stop. It waits for that, at the most until ctx is done.
func (t *SourceTask) Close(ctx context.Context) {
	t.sendMu.Lock()
	_ = t.stream.CloseSend() // a broken stream is closed as well
	t.sendMu.Unlock()
	closed := make(chan struct{})
	go func() { // ends at the latest after cancel
		t.wg.Wait()
		close(closed)
	}()
	select {
	case <-closed:
	case <-ctx.Done():
	}
	t.cancel()
	<-closed
}

func (t *SourceTask) control(m *pluginpb.TaskMessage) error {
	t.sendMu.Lock()
	defer t.sendMu.Unlock()
	return t.stream.Send(&wire.Message{Control: m})
}
