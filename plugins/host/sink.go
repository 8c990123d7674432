package host

import (
	"context"
	"fmt"
	"sync"

	"github.com/kurier-io/kurier/plugins/connect"
	"github.com/kurier-io/kurier/plugins/wire"
	"github.com/kurier-io/kurier/plugins/wire/pluginpb"
)

// SinkEvents is told what a sink task asks for by itself, from one goroutine; it must not block.
type SinkEvents interface {
	// CommitRequested: the task wants offsets to be committed soon.
	CommitRequested()
}

// A SinkTask is a sink task in a plugin process. Its methods are called one at a time; Stop may be called while another runs.
type SinkTask struct {
	proc       *Process
	stream     taskStream
	cancel     context.CancelFunc
	enc        *wire.Encoder
	opens, pre bool
	wg         sync.WaitGroup

	sendMu  sync.Mutex
	answers chan *pluginpb.TaskMessage
	ended   chan struct{} // closed when the conversation is over; err is set then
	err     error
}

// StartSinkTask starts a task and returns when its Start did. The error is the task's own, kind kept, or has connect.ErrPluginGone in its chain.
func (p *Process) StartSinkTask(ctx context.Context, spec TaskSpec, events SinkEvents) (*SinkTask, error) {
	living, cancel := context.WithCancel(context.WithoutCancel(ctx))
	st, err := p.openTask(living, wire.SinkRecords)
	if err != nil {
		cancel()
		return nil, p.gone(err)
	}
	t := &SinkTask{
		proc: p, stream: st, cancel: cancel, enc: wire.NewEncoder(),
		answers: make(chan *pluginpb.TaskMessage, 1), ended: make(chan struct{}),
	}
	t.wg.Go(func() {
		t.err = t.read(events)
		close(t.ended)
	})
	err = t.send(&wire.Message{Control: startMessage(spec)})
	var m *pluginpb.TaskMessage
	if err == nil {
		m, err = t.await(ctx)
	}
	if err != nil {
		t.close()
		return nil, err
	}
	t.opens, t.pre = m.GetStarted().GetOpens(), m.GetStarted().GetPreCommits()
	return t, nil
}

// Ended is closed when the conversation is over: the task failed, was stopped, or its process died. Err says which.
func (t *SinkTask) Ended() <-chan struct{} { return t.ended }

// Err returns why the conversation is over; call it after Ended is closed.
func (t *SinkTask) Err() error { return t.err }

func (t *SinkTask) read(events SinkEvents) error {
	for {
		m, err := t.stream.Recv()
		if err != nil {
			return t.proc.gone(err)
		}
		switch b := m.Control.GetBody().(type) {
		case *pluginpb.TaskMessage_RequestCommit:
			events.CommitRequested()
		case *pluginpb.TaskMessage_Failed:
			return wire.ErrorFromPB(b.Failed)
		case *pluginpb.TaskMessage_Stopped:
			return ErrStopped
		default:
			select {
			case t.answers <- m.Control:
			default:
				return fmt.Errorf("plugin %s answers more than it was asked", t.proc.name)
			}
		}
	}
}

func (t *SinkTask) send(m *wire.Message) error {
	t.sendMu.Lock()
	defer t.sendMu.Unlock()
	if err := t.stream.Send(m); err != nil {
		return t.proc.gone(err)
	}
	return nil
}

func (t *SinkTask) await(ctx context.Context) (*pluginpb.TaskMessage, error) {
	select {
	case m := <-t.answers:
		return m, nil
	case <-t.ended:
		return nil, t.err
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

// A Put is a batch that was sent and not answered yet.
type Put struct{ task *SinkTask }

// Send encodes a batch and sends it. The records may be used again when it returns. Exactly one Wait must follow before anything else
// is asked of the task. A record that cannot be encoded is a connect.BadRecordsError; nothing was sent then, and the task must be
// started anew before it can be used again.
func (t *SinkTask) Send(records []connect.SinkRecord) (Put, error) {
	frame, err := t.enc.Sink(t.proc.frames.Buffer(), records)
	if err != nil {
		return Put{}, err
	}
	return Put{t}, t.send(&wire.Message{Frame: frame, Pool: &t.proc.frames})
}

// Wait returns the outcome of the task's Put: nil, the task's error with its kind kept, or one with connect.ErrPluginGone in its chain. After
// ctx was done first, the task can only be stopped.
func (p Put) Wait(ctx context.Context) error {
	m, err := p.task.await(ctx)
	if err != nil {
		return err
	}
	return wire.ErrorFromPB(m.GetPutDone().GetError())
}

// Open tells the task of newly assigned partitions, if it wants to know.
func (t *SinkTask) Open(ctx context.Context, tps []connect.TopicPartition) error {
	if !t.opens || len(tps) == 0 {
		return nil
	}
	return t.call(ctx, &pluginpb.TaskMessage{Body: &pluginpb.TaskMessage_Open{Open: wire.PartitionsToPB(tps)}})
}

// ClosePartitions tells the task of partitions that were taken away, if it wants to know.
func (t *SinkTask) ClosePartitions(ctx context.Context, tps []connect.TopicPartition) error {
	if !t.opens || len(tps) == 0 {
		return nil
	}
	return t.call(ctx, &pluginpb.TaskMessage{Body: &pluginpb.TaskMessage_Close{Close: wire.PartitionsToPB(tps)}})
}

func (t *SinkTask) call(ctx context.Context, m *pluginpb.TaskMessage) error {
	if err := t.send(&wire.Message{Control: m}); err != nil {
		return err
	}
	a, err := t.await(ctx)
	if err != nil {
		return err
	}
	return wire.ErrorFromPB(a.GetCallDone().GetError())
}

// PreCommit asks what may be committed of offsets; see connect.PreCommitter. A task without that ability vouches for all of them.
func (t *SinkTask) PreCommit(ctx context.Context, offsets map[connect.TopicPartition]int64) (map[connect.TopicPartition]int64, error) {
	if !t.pre || len(offsets) == 0 {
		return offsets, nil
	}
	if err := t.send(&wire.Message{Control: &pluginpb.TaskMessage{Body: &pluginpb.TaskMessage_PreCommit{PreCommit: wire.OffsetsToPB(offsets)}}}); err != nil {
		return nil, err
	}
	a, err := t.await(ctx)
	if err != nil {
		return nil, err
	}
	if e := a.GetCallDone().GetError(); e != nil {
		return nil, wire.ErrorFromPB(e)
	}
	return wire.OffsetsFromPB(a.GetPreCommitted()), nil
}

// Stop stops the task, a Put under way included, and waits until it has, at the most until ctx is done.
func (t *SinkTask) Stop(ctx context.Context) error {
	defer t.close()
	if err := t.send(&wire.Message{Control: &pluginpb.TaskMessage{Body: &pluginpb.TaskMessage_Stop{Stop: &pluginpb.Stop{}}}}); err != nil {
		return err
	}
	select {
	case <-t.ended:
		if t.err != ErrStopped { //nolint:errorlint // never wrapped
			return t.err
		}
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (t *SinkTask) close() {
	t.cancel()
	t.wg.Wait()
}
