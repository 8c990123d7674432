package serve

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"google.golang.org/grpc"

	"github.com/kurier-io/kurier/plugins/connect"
	"github.com/kurier-io/kurier/plugins/wire"
	"github.com/kurier-io/kurier/plugins/wire/pluginpb"
)

// SinkTask implements pluginpb.PluginServer: the conversation without frames.
func (s *Server) SinkTask(st grpc.BidiStreamingServer[pluginpb.TaskMessage, pluginpb.TaskMessage]) error {
	return s.sinkTask(st.Context(), wire.NewStructured(st, wire.SinkRecords))
}

type sinkRun struct {
	conv conversation
	log  *slog.Logger
	task connect.SinkTask
	dec  *wire.Decoder

	sendMu sync.Mutex
}

// maxCalls bounds the calls that wait for the task; the worker keeps two under way at the most.
const maxCalls = 4

func (s *Server) sinkTask(ctx context.Context, conv conversation) error {
	first, err := conv.Recv()
	if err != nil {
		return err
	}
	start := first.Control.GetStart()
	e, err := s.entry(start.GetClass())
	if err != nil {
		return err
	}
	if e.NewSinkTask == nil {
		return errors.New(start.GetClass() + " has no sink tasks")
	}
	r := &sinkRun{conv: conv, task: e.NewSinkTask(), dec: wire.NewDecoder(), log: s.log.With("connector", start.Connector, "task", start.Task)}
	if err := guard(func() error { return r.task.Start(ctx, r, start.Props) }); err != nil {
		return r.control(&pluginpb.TaskMessage{Body: &pluginpb.TaskMessage_Failed{Failed: wire.ErrorToPB(err)}})
	}
	_, opens := r.task.(connect.PartitionOpener)
	_, pre := r.task.(connect.PreCommitter)
	if err := r.control(&pluginpb.TaskMessage{Body: &pluginpb.TaskMessage_Started{Started: &pluginpb.Started{Opens: opens, PreCommits: pre}}}); err != nil {
		return err
	}
	calls := make(chan *wire.Message, maxCalls)
	working, stopWorking := context.WithCancelCause(ctx)
	defer stopWorking(nil)
	var workers sync.WaitGroup
	workers.Go(func() { r.work(working, calls, stopWorking) })
	r.read(working, calls, stopWorking)
	close(calls)
	stopped := make(chan struct{})
	go func() { workers.Wait(); close(stopped) }()
	select {
	case <-stopped:
	case <-time.After(stopGrace): // Stop then runs beside a Put that does not heed its context
		r.log.Warn("Put goes on although its context is cancelled; calling Stop beside it")
	}
	if err := guard(func() error { return r.task.Stop(context.WithoutCancel(ctx)) }); err != nil {
		r.log.Warn("stopping the task failed", "err", err)
	}
	<-stopped
	if err := r.control(&pluginpb.TaskMessage{Body: &pluginpb.TaskMessage_Stopped{Stopped: &pluginpb.Stop{}}}); err != nil {
		return nil //nolint:nilerr // the worker is gone, so nobody wants to know
	}
	return nil
}

// read queues the worker's calls until it asks to stop or is gone.
func (r *sinkRun) read(ctx context.Context, calls chan<- *wire.Message, stop context.CancelCauseFunc) {
	for {
		m, err := r.conv.Recv()
		if err != nil {
			stop(err)
			return
		}
		if m.Control.GetStop() != nil {
			stop(errStopping)
			return
		}
		select {
		case calls <- m:
		case <-ctx.Done():
			return
		}
	}
}

// work answers calls in order; it ends when calls is closed, or when an answer cannot be sent.
func (r *sinkRun) work(ctx context.Context, calls <-chan *wire.Message, stop context.CancelCauseFunc) {
	for m := range calls {
		if ctx.Err() != nil {
			continue // stopping: nobody waits for the answer
		}
		if err := r.control(r.answer(ctx, m)); err != nil {
			stop(err)
		}
	}
}

func (r *sinkRun) answer(ctx context.Context, m *wire.Message) *pluginpb.TaskMessage {
	if m.Frame != nil {
		recs, err := r.dec.Sink(m.Frame)
		if err == nil {
			err = guard(func() error { return r.task.Put(ctx, recs) })
		}
		return &pluginpb.TaskMessage{Body: &pluginpb.TaskMessage_PutDone{PutDone: &pluginpb.Done{Error: wire.ErrorToPB(err)}}}
	}
	var err error
	switch b := m.Control.GetBody().(type) {
	case *pluginpb.TaskMessage_Open:
		if o, ok := r.task.(connect.PartitionOpener); ok {
			err = guard(func() error { return o.Open(ctx, wire.PartitionsFromPB(b.Open)) })
		}
	case *pluginpb.TaskMessage_Close:
		if o, ok := r.task.(connect.PartitionOpener); ok {
			err = guard(func() error { return o.Close(ctx, wire.PartitionsFromPB(b.Close)) })
		}
	case *pluginpb.TaskMessage_PreCommit:
		offsets := wire.OffsetsFromPB(b.PreCommit)
		if p, ok := r.task.(connect.PreCommitter); ok {
			err = guard(func() (err error) {
				offsets, err = p.PreCommit(ctx, offsets)
				return err
			})
		}
		if err == nil {
			return &pluginpb.TaskMessage{Body: &pluginpb.TaskMessage_PreCommitted{PreCommitted: wire.OffsetsToPB(offsets)}}
		}
	default:
		err = errors.New("the worker sent a message that this plugin does not know; rebuild it with a newer SDK")
	}
	return &pluginpb.TaskMessage{Body: &pluginpb.TaskMessage_CallDone{CallDone: &pluginpb.Done{Error: wire.ErrorToPB(err)}}}
}

func (r *sinkRun) control(m *pluginpb.TaskMessage) error {
	r.sendMu.Lock()
	defer r.sendMu.Unlock()
	return r.conv.Send(&wire.Message{Control: m})
}

// Log implements connect.SinkTaskContext.
func (r *sinkRun) Log() *slog.Logger { return r.log }

// RequestCommit implements connect.SinkTaskContext.
func (r *sinkRun) RequestCommit() {
	if err := r.control(&pluginpb.TaskMessage{Body: &pluginpb.TaskMessage_RequestCommit{RequestCommit: true}}); err != nil {
		r.log.Warn("the worker could not be asked to commit", "err", err)
	}
}
