package host

import (
	"context"
	"fmt"
	"sync"

	"google.golang.org/grpc"

	"github.com/kurier-io/kurier/plugins/connect"
	"github.com/kurier-io/kurier/plugins/wire"
	"github.com/kurier-io/kurier/plugins/wire/pluginpb"
)

// ConnectorEvents is told what a connector does by itself. Its methods are called from one goroutine and must not block.
type ConnectorEvents interface {
	// Reconfigure: the connector wants TaskConfigs to be asked again.
	Reconfigure()
	// Failed: the connector raised an error, or its process died (connect.ErrPluginGone); nothing follows.
	Failed(err error)
}

// A Connector is a connector instance in a plugin process. Its methods are called one at a time.
type Connector struct {
	proc   *Process
	stream grpc.BidiStreamingClient[pluginpb.ConnectorCall, pluginpb.ConnectorEvent]
	cancel context.CancelFunc
	events ConnectorEvents
	wg     sync.WaitGroup

	id      int64
	answers chan *pluginpb.ConnectorEvent
	broken  chan struct{}
}

// StartConnector starts an instance. The error is the connector's own, kind kept, or has connect.ErrPluginGone in its chain.
func (p *Process) StartConnector(ctx context.Context, name, class string, props map[string]string, events ConnectorEvents) (*Connector, error) {
	living, cancel := context.WithCancel(context.WithoutCancel(ctx))
	st, err := p.client.Connector(living)
	if err != nil {
		cancel()
		return nil, p.gone(err)
	}
	c := &Connector{proc: p, stream: st, cancel: cancel, events: events, answers: make(chan *pluginpb.ConnectorEvent, 1), broken: make(chan struct{})}
	c.wg.Go(c.read)
	_, err = c.call(ctx, &pluginpb.ConnectorCall{Call: &pluginpb.ConnectorCall_Start{
		Start: &pluginpb.Start{Class: class, Connector: name, Task: -1, Props: props},
	}})
	if err != nil {
		c.close()
		return nil, err
	}
	return c, nil
}

func (c *Connector) read() {
	defer close(c.broken)
	for {
		e, err := c.stream.Recv()
		if err != nil {
			if c.stream.Context().Err() == nil {
				c.events.Failed(c.proc.gone(err))
			}
			return
		}
		switch {
		case e.Id != 0:
			select {
			case c.answers <- e:
			default: // its caller gave up
			}
		case e.Raised != nil:
			c.events.Failed(wire.ErrorFromPB(e.Raised))
		case e.Reconfigure:
			c.events.Reconfigure()
		}
	}
}

func (c *Connector) call(ctx context.Context, m *pluginpb.ConnectorCall) (*pluginpb.ConnectorEvent, error) {
	c.id++
	m.Id = c.id
	if err := c.stream.Send(m); err != nil {
		return nil, c.proc.gone(err)
	}
	for {
		select {
		case e := <-c.answers:
			if e.Id != m.Id {
				continue // of a call that was given up
			}
			return e, wire.ErrorFromPB(e.Error)
		case <-c.broken:
			return nil, fmt.Errorf("plugin %s (pid %d): %w", c.proc.name, c.proc.pid, connect.ErrPluginGone)
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
}

// TaskConfigs asks for at most n task configurations.
func (c *Connector) TaskConfigs(ctx context.Context, n int) ([]map[string]string, error) {
	e, err := c.call(ctx, &pluginpb.ConnectorCall{Call: &pluginpb.ConnectorCall_TaskConfigs{TaskConfigs: int32(n)}})
	if err != nil {
		return nil, err
	}
	out := make([]map[string]string, len(e.Configs))
	for i, cfg := range e.Configs {
		out[i] = cfg.Props
		if out[i] == nil {
			out[i] = map[string]string{}
		}
	}
	return out, nil
}

// Stop stops the instance and waits, at the most until ctx is done.
func (c *Connector) Stop(ctx context.Context) error {
	_, err := c.call(ctx, &pluginpb.ConnectorCall{Call: &pluginpb.ConnectorCall_Stop{Stop: &pluginpb.Stop{}}})
	c.close()
	return err
}

func (c *Connector) close() {
	c.cancel()
	c.wg.Wait()
}
