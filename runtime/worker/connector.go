package worker

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/kurier-io/kurier/plugins/connect"
	"github.com/kurier-io/kurier/plugins/host"
	"github.com/kurier-io/kurier/plugins/registry"
	"github.com/kurier-io/kurier/runtime/store"
	"github.com/kurier-io/kurier/runtime/supervise"
)

// connectorStopGrace is how long an instance may take to stop, as in Kafka Connect.
const connectorStopGrace = 5 * time.Second

// A connector runs one connector instance; run's goroutine owns it.
type connector struct {
	w      *Worker
	name   string
	props  map[string]string
	log    *slog.Logger
	target *target

	// soft ends when the instance is to stop, hard when it is abandoned: it tells no status from then on.
	soft, hard         context.Context
	stopSoft, stopHard context.CancelCauseFunc
	done               chan struct{}
	asks               chan taskConfigsAsk
}

type taskConfigsAsk struct {
	ctx   context.Context
	most  int
	reply chan<- taskConfigsReply
}

type taskConfigsReply struct {
	configs []map[string]string
	err     error
}

func newConnector(w *Worker, name string, props map[string]string, s store.TargetState) *connector {
	hard, stopHard := context.WithCancelCause(context.Background())
	soft, stopSoft := context.WithCancelCause(hard)
	return &connector{
		w: w, name: name, props: props, log: w.Logger.With("connector", name), target: newTarget(s),
		soft: soft, hard: hard, stopSoft: stopSoft, stopHard: stopHard, done: make(chan struct{}), asks: make(chan taskConfigsAsk),
	}
}

func (c *connector) stop(ctx context.Context) {
	c.stopSoft(errStop)
	select {
	case <-c.done:
	case <-ctx.Done():
		c.log.Warn("the connector did not stop in time and was abandoned")
		c.stopHard(context.Cause(ctx))
		<-c.done
	}
}

func (c *connector) run() {
	defer close(c.done)
	var record supervise.Record
	for {
		err := c.once(&record)
		if c.soft.Err() != nil {
			c.status(store.Unassigned, nil)
			return
		}
		d := record.Failed(time.Now(), err)
		if !d.Restart {
			c.log.Error("the connector failed", "err", err)
			c.status(store.Failed, spent(d, err))
			c.idle(err)
			return
		}
		c.log.Warn("the connector failed and will be restarted", "err", err, "in", d.Wait, "attempt", d.Attempt)
		c.status(store.Restarting, restarting(d, err))
		c.backOff(d.Wait)
	}
}

// backOff waits before a restart, refusing questions meanwhile: a start asks for task configurations by itself.
func (c *connector) backOff(wait time.Duration) {
	ctx, cancel := context.WithCancel(c.soft)
	waited := make(chan struct{})
	go func() {
		defer close(waited)
		c.target.backOff(ctx, wait)
	}()
	defer func() {
		cancel()
		<-waited
	}()
	for {
		select {
		case <-waited:
			return
		case a := <-c.asks:
			a.reply <- taskConfigsReply{err: ErrNotRunning}
		}
	}
}

// restarting and spent say in a status what happens next.
func restarting(d supervise.Decision, err error) error {
	return fmt.Errorf("%w\nrestarting in %s (attempt %d of %d)", err, d.Wait, d.Attempt, supervise.Budget)
}

func spent(d supervise.Decision, err error) error {
	if !d.Spent {
		return err
	}
	return fmt.Errorf("%w\ngiven up after %d restarts without %s of healthy running in between; restart it when the cause is removed", err, supervise.Budget, supervise.Healthy)
}

// idle keeps a failed instance answering until it is stopped.
func (c *connector) idle(err error) {
	for {
		select {
		case <-c.soft.Done():
			return
		case a := <-c.asks:
			a.reply <- taskConfigsReply{err: fmt.Errorf("connector %s has failed: %w", c.name, err)}
		}
	}
}

// once runs the instance until it fails, or the worker wants it to stop.
func (c *connector) once(record *supervise.Record) error {
	for {
		if err := c.awaitStart(); err != nil {
			return err
		}
		again, err := c.started(record)
		if err != nil || !again {
			return err
		}
	}
}

// awaitStart waits for the target STARTED, refusing questions meanwhile.
func (c *connector) awaitStart() error {
	for {
		s, changed := c.target.get()
		switch s {
		case store.Paused:
			c.status(store.PausedState, nil)
		case store.Stopped:
			c.status(store.StoppedState, nil)
		default:
			return nil
		}
		for waiting := true; waiting; {
			select {
			case <-changed:
				waiting = false
			case <-c.soft.Done():
				return context.Cause(c.soft)
			case a := <-c.asks:
				a.reply <- taskConfigsReply{err: ErrNotRunning}
			}
		}
	}
}

// started runs the instance while the target is STARTED; again says that the target has changed.
func (c *connector) started(record *supervise.Record) (again bool, err error) {
	e, err := c.w.Registry.Connector(c.props["connector.class"])
	if err != nil {
		return false, err
	}
	proc, err := c.w.Host.Acquire(c.soft, c.name, e.Class)
	if err != nil {
		return false, connect.Retriable(err, 0)
	}
	defer proc.Release()
	failed := make(chan error, 1)
	inst, err := proc.StartConnector(c.soft, c.name, e.Class, c.props, connectorEvents{c, failed})
	if err != nil {
		return false, err
	}
	defer func() {
		ctx, cancel := context.WithTimeout(c.hard, connectorStopGrace)
		defer cancel()
		if serr := inst.Stop(ctx); serr != nil && err == nil && c.soft.Err() == nil {
			c.log.Warn("stopping the connector failed", "err", serr)
		}
	}()
	record.Started(time.Now())
	c.status(store.Running, nil)
	c.w.Connectors.Reconfigure(c.name)
	for {
		s, changed := c.target.get()
		if s != store.Started && s != "" {
			return true, nil
		}
		select {
		case <-changed:
		case <-c.soft.Done():
			return false, context.Cause(c.soft)
		case err := <-failed:
			return false, err
		case a := <-c.asks:
			configs, err := c.ask(inst, e, a)
			a.reply <- taskConfigsReply{configs, err}
			if errors.Is(err, connect.ErrPluginGone) {
				return false, err
			}
		}
	}
}

// ask gets task configurations and adds what a worker of any make needs to start the tasks.
func (c *connector) ask(inst *host.Connector, e *registry.Entry, a taskConfigsAsk) ([]map[string]string, error) {
	ctx, cancel := context.WithCancelCause(a.ctx)
	defer cancel(nil)
	defer context.AfterFunc(c.soft, func() { cancel(context.Cause(c.soft)) })() // who stops does not wait for an answer
	configs, err := inst.TaskConfigs(ctx, a.most)
	if err != nil {
		return nil, err
	}
	for _, cfg := range configs {
		cfg["task.class"] = e.TaskClass
		if e.Kind == registry.SinkKind {
			for _, key := range []string{"topics", "topics.regex"} {
				if v, ok := c.props[key]; ok {
					cfg[key] = v
				}
			}
		}
	}
	return configs, nil
}

func (c *connector) taskConfigs(ctx context.Context, most int) ([]map[string]string, error) {
	reply := make(chan taskConfigsReply, 1)
	select {
	case c.asks <- taskConfigsAsk{ctx, most, reply}:
	case <-c.done:
		return nil, ErrNotRunning
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	r := <-reply
	return r.configs, r.err
}

func (c *connector) status(s store.State, err error) {
	if c.hard.Err() != nil {
		return // abandoned: whoever has it now writes its status
	}
	c.w.Statuses.Connector(c.name, s, trace(err))
}

// trace is what a status shows of an error: a first line that says it all, then what led to it.
func trace(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

type connectorEvents struct {
	c      *connector
	failed chan<- error
}

func (e connectorEvents) Reconfigure() { e.c.w.Connectors.Reconfigure(e.c.name) }

func (e connectorEvents) Failed(err error) {
	select {
	case e.failed <- err:
	default: // one failure is enough
	}
}
