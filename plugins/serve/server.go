package serve

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/kurier-io/kurier/plugins/config"
	"github.com/kurier-io/kurier/plugins/connect"
	"github.com/kurier-io/kurier/plugins/registry"
	"github.com/kurier-io/kurier/plugins/wire"
	"github.com/kurier-io/kurier/plugins/wire/pluginpb"
)

// A Server answers a worker for one plugin. It is safe for concurrent use, as gRPC needs.
type Server struct {
	pluginpb.UnimplementedPluginServer
	plugin registry.Plugin
	log    *slog.Logger
	logs   *logShip
	orphan func() // called when the worker is gone
	frames wire.FramePool

	structured bool // no capability of frames

	watchOnce sync.Once
	watched   chan struct{}
}

// New returns a server. orphan is called once the Watch stream broke, from a goroutine of gRPC; nil: nothing happens then.
func New(p registry.Plugin, log *slog.Logger, orphan func()) *Server {
	if orphan == nil {
		orphan = func() {}
	}
	return &Server{plugin: p, log: log, orphan: orphan, watched: make(chan struct{})}
}

// Register adds the service to a gRPC server made with [ServerOptions].
func (s *Server) Register(g *grpc.Server) {
	desc := pluginpb.Plugin_ServiceDesc
	desc.Streams = append(slices.Clone(desc.Streams),
		grpc.StreamDesc{StreamName: "SourceTaskFrames", ServerStreams: true, ClientStreams: true, Handler: func(_ any, st grpc.ServerStream) error {
			return s.sourceTask(st.Context(), frameStream{st})
		}},
		grpc.StreamDesc{StreamName: "SinkTaskFrames", ServerStreams: true, ClientStreams: true, Handler: func(_ any, st grpc.ServerStream) error {
			return s.sinkTask(st.Context(), frameStream{st})
		}},
	)
	g.RegisterService(&desc, s)
}

// RegisterStructured adds the service without frames, as a plugin in another language offers it; for tests of that conversation.
func (s *Server) RegisterStructured(g *grpc.Server) {
	s.structured = true
	g.RegisterService(&pluginpb.Plugin_ServiceDesc, s)
}

// frameStream is a task's conversation in frames.
type frameStream struct{ grpc.ServerStream }

func (f frameStream) Send(m *wire.Message) error { return f.SendMsg(m) }

func (f frameStream) Recv() (*wire.Message, error) {
	m := &wire.Message{}
	return m, f.RecvMsg(m)
}

// Describe implements pluginpb.PluginServer.
func (s *Server) Describe(context.Context, *pluginpb.DescribeRequest) (*pluginpb.Description, error) {
	entries, err := json.Marshal(s.plugin.Entries)
	if err != nil {
		return nil, err
	}
	d := &pluginpb.Description{Name: s.plugin.Name, Version: s.plugin.Version, SdkVersion: wire.SDKVersion, Entries: entries}
	if !s.structured {
		d.Capabilities = append(d.Capabilities, wire.CapabilityFrames)
	}
	return d, nil
}

func (s *Server) entry(class string) (*registry.Entry, error) {
	for i := range s.plugin.Entries {
		if e := &s.plugin.Entries[i]; e.Class == class {
			return e, nil
		}
	}
	return nil, status.Errorf(codes.NotFound, "plugin %s has no class %s", s.plugin.Name, class)
}

// Validate implements pluginpb.PluginServer.
func (s *Server) Validate(ctx context.Context, r *pluginpb.ValidateRequest) (*pluginpb.Validation, error) {
	e, err := s.entry(r.Class)
	if err != nil {
		return nil, err
	}
	values := []config.Value{}
	if e.Config != nil {
		values = e.Config.Validate(r.Props)
	}
	if v, ok := e.NewConnector().(connect.Validator); ok {
		err := guard(func() (err error) {
			values, err = v.Validate(ctx, r.Props, values)
			return err
		})
		if err != nil {
			return nil, status.Errorf(codes.Unknown, "%s could not validate: %v", r.Class, err)
		}
	}
	enc, err := json.Marshal(values)
	return &pluginpb.Validation{Values: enc}, err
}

// guard turns a panic of the author's code into an error, so that it fails one task and says where.
func guard(f func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	return f()
}

func (s *Server) expectWatch(within time.Duration) {
	go func() { // ends with the process or at the first Watch
		select {
		case <-s.watched:
		case <-time.After(within):
			s.orphan()
		}
	}()
}

// Watch implements pluginpb.PluginServer: it ships the log, and takes the stream's end for the worker's.
func (s *Server) Watch(_ *pluginpb.WatchRequest, st grpc.ServerStreamingServer[pluginpb.LogLine]) error {
	s.watchOnce.Do(func() { close(s.watched) })
	if err := st.SendHeader(nil); err != nil {
		return err
	}
	defer s.orphan()
	if s.logs == nil {
		<-st.Context().Done()
		return nil
	}
	return s.logs.ship(st.Context(), st.Send)
}
