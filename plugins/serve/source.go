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

// A conversation is one task's stream. Send is called under a lock, Recv from one goroutine.
type conversation interface {
	Send(*wire.Message) error
	Recv() (*wire.Message, error)
}

// SourceTask implements pluginpb.PluginServer: the conversation without frames.
func (s *Server) SourceTask(st grpc.BidiStreamingServer[pluginpb.TaskMessage, pluginpb.TaskMessage]) error {
	return s.sourceTask(st.Context(), wire.NewStructured(st, wire.SourceRecords))
}

// errStopping is the cause of a poll context that ended because the worker asked.
var errStopping = errors.New("the task is being stopped")

// stopGrace is how long a cancelled Poll or Put may go on before Stop is called beside it.
const stopGrace = 2 * time.Second

type sourceRun struct {
	server *Server
	conv   conversation
	log    *slog.Logger
	task   connect.SourceTask
	enc    *wire.Encoder
	once   sync.Once // for stop

	sendMu sync.Mutex

	mu        sync.Mutex
	credit    int64
	committed []connect.SourcePosition // to be handed to Commit
	changed   chan struct{}            // closed and replaced when credit or committed change

	offsets chan *pluginpb.Positions
	ended   context.Context // done when the stream is over or broken
}

func (s *Server) sourceTask(ctx context.Context, conv conversation) error {
	first, err := conv.Recv()
	if err != nil {
		return err
	}
	start := first.Control.GetStart()
	e, err := s.entry(start.GetClass())
	if err != nil {
		return err
	}
	if e.NewSourceTask == nil {
		return errors.New(start.GetClass() + " has no source tasks")
	}
	r := &sourceRun{
		server: s, conv: conv, task: e.NewSourceTask(), enc: wire.NewEncoder(), changed: make(chan struct{}),
		log: s.log.With("connector", start.Connector, "task", start.Task), offsets: make(chan *pluginpb.Positions, 1),
	}
	ended, end := context.WithCancelCause(ctx)
	r.ended = ended
	polling, stopPolling := context.WithCancelCause(ended)
	var readers sync.WaitGroup
	readers.Go(func() { end(r.read(stopPolling)) })
	// The reader ends when the worker closes the stream, which it does once it has heard how the task ended, or when it is gone.
	defer readers.Wait()

	if err := guard(func() error { return r.task.Start(polling, r, start.Props) }); err != nil {
		return r.control(&pluginpb.TaskMessage{Body: &pluginpb.TaskMessage_Failed{Failed: wire.ErrorToPB(err)}})
	}
	_, commits := r.task.(connect.Committer)
	if err := r.control(&pluginpb.TaskMessage{Body: &pluginpb.TaskMessage_Started{Started: &pluginpb.Started{Commits: commits}}}); err != nil {
		return err
	}
	err = r.pollUntilStopped(polling)
	last := &pluginpb.TaskMessage{Body: &pluginpb.TaskMessage_Stopped{Stopped: &pluginpb.Stop{}}}
	if err != nil {
		last.Body = &pluginpb.TaskMessage_Failed{Failed: wire.ErrorToPB(err)}
	}
	if err := r.control(last); err == nil && errors.Is(context.Cause(polling), errStopping) {
		// The worker now stores the last offsets and may say so before it closes the stream.
		<-r.ended.Done()
		r.commit(context.WithoutCancel(ctx))
	}
	r.stop(ctx)
	return nil
}

// stop calls the task's Stop, once.
func (r *sourceRun) stop(ctx context.Context) {
	r.once.Do(func() {
		if err := guard(func() error { return r.task.Stop(context.WithoutCancel(ctx)) }); err != nil {
			r.log.Warn("stopping the task failed", "err", err)
		}
	})
}

// pollUntilStopped returns nil when the worker asked to stop or is gone.
func (r *sourceRun) pollUntilStopped(ctx context.Context) error {
	done := make(chan error, 1)
	go func() { done <- r.poll(ctx) }()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
	}
	select {
	case err := <-done:
		return err
	case <-time.After(stopGrace):
		r.log.Warn("Poll goes on although its context is cancelled; calling Stop beside it")
		r.stop(ctx)
		return <-done
	}
}

func (r *sourceRun) poll(ctx context.Context) error {
	for ctx.Err() == nil {
		r.commit(ctx)
		var recs []connect.SourceRecord
		err := guard(func() (err error) {
			recs, err = r.task.Poll(ctx)
			return err
		})
		if ctx.Err() != nil {
			return nil
		}
		if retry, ok := errors.AsType[*connect.RetriableError](err); ok {
			if err := r.control(&pluginpb.TaskMessage{Body: &pluginpb.TaskMessage_Warning{Warning: wire.ErrorToPB(err)}}); err != nil {
				return err
			}
			pause := retry.After
			if pause <= 0 {
				pause = connect.DefaultRetry
			}
			select {
			case <-ctx.Done():
			case <-time.After(pause):
			}
			continue
		}
		if err != nil {
			return err
		}
		if len(recs) == 0 {
			continue
		}
		if err := r.sendBatch(ctx, recs); err != nil {
			return err
		}
	}
	return nil
}

func (r *sourceRun) sendBatch(ctx context.Context, recs []connect.SourceRecord) error {
	frame, err := r.enc.Source(r.server.frames.Buffer(), recs)
	if err != nil {
		return err
	}
	if !r.takeCredit(ctx, int64(len(frame))) {
		return nil // stopping: the records were not taken over, so they come again
	}
	r.sendMu.Lock()
	defer r.sendMu.Unlock()
	return r.conv.Send(&wire.Message{Frame: frame, Pool: &r.server.frames})
}

// takeCredit waits until there is any credit at all, so that a batch larger than the worker's allowance still gets through alone.
func (r *sourceRun) takeCredit(ctx context.Context, n int64) bool {
	for {
		r.mu.Lock()
		if r.credit > 0 {
			r.credit -= n
			r.mu.Unlock()
			return true
		}
		changed := r.changed
		r.mu.Unlock()
		select {
		case <-changed:
		case <-ctx.Done():
			return false
		}
	}
}

func (r *sourceRun) commit(ctx context.Context) {
	r.mu.Lock()
	positions := r.committed
	r.committed = nil
	r.mu.Unlock()
	c, ok := r.task.(connect.Committer)
	if !ok || len(positions) == 0 {
		return
	}
	if err := guard(func() error { return c.Commit(ctx, positions) }); err != nil {
		r.log.Warn("the task could not take note of durable offsets", "err", err)
	}
}

func (r *sourceRun) control(m *pluginpb.TaskMessage) error {
	r.sendMu.Lock()
	defer r.sendMu.Unlock()
	return r.conv.Send(&wire.Message{Control: m})
}

// read takes the worker's messages until the stream ends, and returns why it did.
func (r *sourceRun) read(stopPolling context.CancelCauseFunc) error {
	for {
		m, err := r.conv.Recv()
		if err != nil {
			stopPolling(err)
			return err
		}
		switch b := m.Control.GetBody().(type) {
		case *pluginpb.TaskMessage_Credit:
			r.update(func() { r.credit += b.Credit })
		case *pluginpb.TaskMessage_Committed:
			ps, err := wire.PositionsFromPB(b.Committed)
			if err != nil {
				r.log.Warn("durable offsets could not be read", "err", err)
				continue
			}
			r.update(func() { r.committed = append(r.committed, ps...) })
		case *pluginpb.TaskMessage_Offsets:
			select {
			case r.offsets <- b.Offsets:
			default: // nobody asked
			}
		case *pluginpb.TaskMessage_Stop:
			stopPolling(errStopping)
		}
	}
}

func (r *sourceRun) update(f func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	f()
	close(r.changed)
	r.changed = make(chan struct{})
}

// Log implements connect.SourceTaskContext.
func (r *sourceRun) Log() *slog.Logger { return r.log }

// Offsets implements connect.SourceTaskContext.
func (r *sourceRun) Offsets(ctx context.Context, partitions []map[string]any) ([]map[string]any, error) {
	ask := make([]connect.SourcePosition, len(partitions))
	for i, p := range partitions {
		ask[i].Partition = p
	}
	pb, err := wire.PositionsToPB(ask)
	if err != nil {
		return nil, err
	}
	req := &pluginpb.OffsetsRequest{}
	for _, p := range pb.Positions {
		req.Partitions = append(req.Partitions, p.Partition)
	}
	if err := r.control(&pluginpb.TaskMessage{Body: &pluginpb.TaskMessage_OffsetsRequest{OffsetsRequest: req}}); err != nil {
		return nil, err
	}
	select {
	case reply := <-r.offsets:
		if reply.Error != "" {
			return nil, errors.New(reply.Error)
		}
		got, err := wire.PositionsFromPB(reply)
		if err != nil {
			return nil, err
		}
		out := make([]map[string]any, len(partitions))
		for i := range min(len(got), len(out)) {
			out[i] = got[i].Offset
		}
		return out, nil
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	case <-r.ended.Done():
		return nil, context.Cause(r.ended)
	}
}
