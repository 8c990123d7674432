package serve

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"sync"

	"google.golang.org/grpc"

	"github.com/kurier-io/kurier/plugins/connect"
	"github.com/kurier-io/kurier/plugins/wire"
	"github.com/kurier-io/kurier/plugins/wire/pluginpb"
)

// Connector implements pluginpb.PluginServer: it runs one connector instance, calls in the order in which they arrive.
func (s *Server) Connector(st grpc.BidiStreamingServer[pluginpb.ConnectorCall, pluginpb.ConnectorEvent]) error {
	c := &connectorRun{server: s, stream: st}
	// A vanished worker must not leave the connector's resources open.
	defer c.stop(context.WithoutCancel(st.Context()))
	for {
		call, err := st.Recv()
		if err != nil {
			if errors.Is(err, io.EOF) {
				return nil
			}
			return err
		}
		event := &pluginpb.ConnectorEvent{Id: call.Id}
		var callErr error
		switch b := call.Call.(type) {
		case *pluginpb.ConnectorCall_Start:
			callErr = c.start(st.Context(), b.Start)
		case *pluginpb.ConnectorCall_TaskConfigs:
			event.Configs, callErr = c.taskConfigs(st.Context(), int(b.TaskConfigs))
		case *pluginpb.ConnectorCall_Stop:
			callErr = c.stop(st.Context())
		}
		event.Error = wire.ErrorToPB(callErr)
		if err := c.send(event); err != nil {
			return err
		}
	}
}

type connectorRun struct {
	server    *Server
	stream    grpc.BidiStreamingServer[pluginpb.ConnectorCall, pluginpb.ConnectorEvent]
	log       *slog.Logger
	connector connect.Connector // nil before a Start that succeeded, and after stop

	sendMu sync.Mutex
}

func (c *connectorRun) send(e *pluginpb.ConnectorEvent) error {
	c.sendMu.Lock()
	defer c.sendMu.Unlock()
	return c.stream.Send(e)
}

func (c *connectorRun) start(ctx context.Context, s *pluginpb.Start) error {
	e, err := c.server.entry(s.Class)
	if err != nil {
		return err
	}
	c.log = c.server.log.With("connector", s.Connector)
	conn := e.NewConnector()
	if err := guard(func() error { return conn.Start(ctx, c, s.Props) }); err != nil {
		return err
	}
	c.connector = conn
	return nil
}

var errNotStarted = errors.New("the connector was not started")

func (c *connectorRun) taskConfigs(ctx context.Context, most int) ([]*pluginpb.Config, error) {
	if c.connector == nil {
		return nil, errNotStarted
	}
	var props []connect.Props
	err := guard(func() (err error) {
		props, err = c.connector.TaskConfigs(ctx, most)
		return err
	})
	out := make([]*pluginpb.Config, len(props))
	for i, p := range props {
		out[i] = &pluginpb.Config{Props: p}
	}
	return out, err
}

func (c *connectorRun) stop(ctx context.Context) error {
	if c.connector == nil {
		return nil
	}
	conn := c.connector
	c.connector = nil
	return guard(func() error { return conn.Stop(ctx) })
}

// RequestTaskReconfiguration implements connect.ConnectorContext.
func (c *connectorRun) RequestTaskReconfiguration() {
	c.event(&pluginpb.ConnectorEvent{Reconfigure: true})
}

// RaiseError implements connect.ConnectorContext.
func (c *connectorRun) RaiseError(err error) {
	c.event(&pluginpb.ConnectorEvent{Raised: wire.ErrorToPB(err)})
}

func (c *connectorRun) event(e *pluginpb.ConnectorEvent) {
	if err := c.send(e); err != nil {
		c.log.Warn("the worker could not be told of a connector event", "err", err)
	}
}

// Log implements connect.ConnectorContext.
func (c *connectorRun) Log() *slog.Logger { return c.log }
