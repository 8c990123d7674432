package host

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"sync"
	"time"

	"google.golang.org/grpc"

	"github.com/kurier-io/kurier/plugins/config"
	"github.com/kurier-io/kurier/plugins/connect"
	"github.com/kurier-io/kurier/plugins/registry"
	"github.com/kurier-io/kurier/plugins/wire"
	"github.com/kurier-io/kurier/plugins/wire/pluginpb"
)

// A Process is a running plugin. It is safe for concurrent use.
type Process struct {
	name    string
	pid     int
	log     *slog.Logger
	conn    *grpc.ClientConn
	client  pluginpb.PluginClient
	frames  wire.FramePool
	desc    *Description
	release func()
	end     func() // kills the process; nil without one

	stopWatch context.CancelFunc
	done      chan struct{} // closed when the process is gone
	watchers  sync.WaitGroup
}

// A Description is what a plugin offers.
type Description struct {
	Name, Version string
	Capabilities  []string
	Entries       []registry.Entry
}

func newProcess(conn *grpc.ClientConn, name string, log *slog.Logger) *Process {
	return &Process{name: name, log: log, conn: conn, client: pluginpb.NewPluginClient(conn), done: make(chan struct{})}
}

// Attach returns a process over a connection that somebody else made and closes: for plugins in the same process, and for debuggers.
func Attach(ctx context.Context, conn *grpc.ClientConn, name string, log *slog.Logger) (*Process, error) {
	p := newProcess(conn, name, log)
	return p, p.watch(ctx)
}

// watch opens the stream whose end tells each side that the other is gone, and asks what the plugin offers.
func (p *Process) watch(ctx context.Context) error {
	watching, stop := context.WithCancel(context.WithoutCancel(ctx))
	p.stopWatch = stop
	stream, err := p.client.Watch(watching, &pluginpb.WatchRequest{})
	if err == nil {
		_, err = stream.Header()
	}
	if err != nil {
		stop()
		close(p.done)
		return fmt.Errorf("%w: %w", connect.ErrPluginGone, err)
	}
	p.watchers.Go(func() {
		defer close(p.done)
		for {
			line, err := stream.Recv()
			if err != nil {
				return
			}
			p.write(line)
		}
	})
	p.desc, err = p.Describe(ctx)
	return err
}

func (p *Process) write(l *pluginpb.LogLine) {
	ctx := context.Background()
	if !p.log.Enabled(ctx, slog.Level(l.Level)) {
		return
	}
	r := slog.NewRecord(time.Unix(0, l.UnixNanos), slog.Level(l.Level), l.Message, 0)
	for _, a := range l.Attrs {
		if a.Key != "connector" { // the worker's logger has it already
			r.AddAttrs(slog.String(a.Key, a.Value))
		}
	}
	_ = p.log.Handler().Handle(ctx, r) // there is no better place to report a broken log
}

// PID returns the process id; 0 for an attached one.
func (p *Process) PID() int { return p.pid }

// Done is closed when the process is gone.
func (p *Process) Done() <-chan struct{} { return p.done }

func (p *Process) isDone() bool {
	select {
	case <-p.done:
		return true
	default:
		return false
	}
}

// Release gives back what Host.Acquire returned; the last one ends the process.
func (p *Process) Release() {
	if p.release != nil {
		p.release()
		return
	}
	p.kill()
}

func (p *Process) kill() {
	p.stopWatch()
	p.watchers.Wait()
	if p.end != nil {
		p.end()
	}
}

// gone wraps an error of a call: a broken connection means that the process died.
func (p *Process) gone(err error) error {
	if errors.Is(err, io.EOF) || p.isDone() {
		return fmt.Errorf("plugin %s (pid %d): %w", p.name, p.pid, connect.ErrPluginGone)
	}
	// The stream breaks a moment before the watcher notices.
	select {
	case <-p.done:
		return fmt.Errorf("plugin %s (pid %d): %w", p.name, p.pid, connect.ErrPluginGone)
	case <-time.After(100 * time.Millisecond):
		return fmt.Errorf("plugin %s: %w", p.name, err)
	}
}

// Describe asks what the plugin offers.
func (p *Process) Describe(ctx context.Context) (*Description, error) {
	d, err := p.client.Describe(ctx, &pluginpb.DescribeRequest{})
	if err != nil {
		return nil, p.gone(err)
	}
	out := &Description{Name: d.Name, Version: d.Version, Capabilities: d.Capabilities}
	if err := json.Unmarshal(d.Entries, &out.Entries); err != nil {
		return nil, fmt.Errorf("plugin %s describes itself in a form that this worker does not know: %w", p.name, err)
	}
	return out, nil
}

// A Validation is the outcome of validating a configuration.
type Validation struct {
	Def    *config.Def
	Values []config.Value
}

// Validate checks a configuration of a class.
func (p *Process) Validate(ctx context.Context, class string, props map[string]string) (*Validation, error) {
	r, err := p.client.Validate(ctx, &pluginpb.ValidateRequest{Class: class, Props: props})
	if err != nil {
		return nil, p.gone(err)
	}
	v := &Validation{}
	if err := json.Unmarshal(r.Values, &v.Values); err != nil {
		return nil, fmt.Errorf("plugin %s: the result of validation: %w", p.name, err)
	}
	for _, e := range p.desc.Entries {
		if e.Class == class {
			v.Def = e.Config
		}
	}
	return v, nil
}

// A taskStream is a task's conversation. Send and Recv may run in one goroutine each.
type taskStream interface {
	Send(*wire.Message) error
	Recv() (*wire.Message, error)
	CloseSend() error
}

// structured is a conversation in protobuf.
type structured struct {
	*wire.Structured
	grpc.ClientStream
}

type frameStream struct{ grpc.ClientStream }

func (f frameStream) Send(m *wire.Message) error { return f.SendMsg(m) }

func (f frameStream) Recv() (*wire.Message, error) {
	m := &wire.Message{}
	return m, f.RecvMsg(m)
}

// openTask opens a conversation: in frames where the plugin can, else in protobuf.
func (p *Process) openTask(ctx context.Context, kind wire.RecordKind) (taskStream, error) {
	if slices.Contains(p.desc.Capabilities, wire.CapabilityFrames) {
		method := wire.MethodSourceTaskFrames
		if kind == wire.SinkRecords {
			method = wire.MethodSinkTaskFrames
		}
		desc := &grpc.StreamDesc{ServerStreams: true, ClientStreams: true}
		st, err := p.conn.NewStream(ctx, desc, method, grpc.ForceCodecV2(wire.Codec{}))
		return frameStream{st}, err
	}
	if kind == wire.SinkRecords {
		st, err := p.client.SinkTask(ctx)
		return structured{wire.NewStructured(st, kind), st}, err
	}
	st, err := p.client.SourceTask(ctx)
	return structured{wire.NewStructured(st, kind), st}, err
}
