package worker

import (
	"context"
	"fmt"
	"log/slog"
	"strconv"
	"time"

	"github.com/kurier-io/kurier/plugins/connect"
	"github.com/kurier-io/kurier/plugins/host"
	"github.com/kurier-io/kurier/plugins/registry"
	"github.com/kurier-io/kurier/runtime/kafka"
	"github.com/kurier-io/kurier/runtime/pipeline"
	"github.com/kurier-io/kurier/runtime/store"
	"github.com/kurier-io/kurier/runtime/supervise"
	"github.com/kurier-io/kurier/runtime/tolerance"
)

// A task runs one task; run's goroutine owns it.
type task struct {
	w      *Worker
	start  TaskStart
	log    *slog.Logger
	target *target

	// soft ends when the task is to stop in order, hard when it is abandoned: nothing it does counts from then on.
	soft, hard         context.Context
	stopSoft, stopHard context.CancelCauseFunc
	done               chan struct{}

	topics map[string]bool // used since start; of run's goroutine
}

func newTask(w *Worker, s TaskStart) *task {
	hard, stopHard := context.WithCancelCause(context.Background())
	soft, stopSoft := context.WithCancelCause(hard)
	return &task{
		w: w, start: s, log: w.Logger.With("connector", s.ID.Connector, "task", s.ID.Task), target: newTarget(s.Target),
		soft: soft, hard: hard, stopSoft: stopSoft, stopHard: stopHard, done: make(chan struct{}), topics: map[string]bool{},
	}
}

func (t *task) stop(ctx context.Context) {
	t.stopSoft(errStop)
	select {
	case <-t.done:
	case <-ctx.Done():
		t.log.Warn("the task did not stop in time and was abandoned")
		t.stopHard(context.Cause(ctx))
		<-t.done
	}
}

func (t *task) run() {
	defer close(t.done)
	var record supervise.Record
	for {
		err := t.once(&record)
		if t.hard.Err() != nil {
			return // abandoned: whoever has it now writes its status
		}
		if t.soft.Err() != nil {
			if err != nil {
				t.log.Warn("the task failed while it was being stopped", "err", err)
			}
			t.status(store.Unassigned, nil)
			return
		}
		d := record.Failed(time.Now(), err)
		if !d.Restart {
			t.log.Error("the task failed", "err", err)
			t.status(store.Failed, spent(d, err))
			<-t.soft.Done()
			return
		}
		t.log.Warn("the task failed and will be restarted", "err", err, "in", d.Wait, "attempt", d.Attempt)
		t.status(store.Restarting, restarting(d, err))
		t.target.backOff(t.soft, d.Wait)
	}
}

// parts is what both kinds of loop need.
type parts struct {
	proc       *host.Process
	lanes      *lanes
	op         *tolerance.Operator
	spec       host.TaskSpec
	overrides  func(prefix string) map[string]string
	taskNumber int
}

// once runs the task until it fails, or the worker wants it to stop (nil).
func (t *task) once(record *supervise.Record) error {
	err := t.target.await(t.soft, func(store.TargetState) { t.status(store.PausedState, nil) })
	if err != nil {
		return nil //nolint:nilerr // the worker wants it to stop
	}
	e, err := t.w.Registry.Connector(t.start.Connector["connector.class"])
	if err != nil {
		return err
	}
	p, err := t.prepare(e)
	if err != nil {
		return err
	}
	defer p.lanes.close()
	// A converter that waits for a schema registry must not hold up the end of the task.
	defer context.AfterFunc(t.soft, p.lanes.close)()
	p.proc, err = t.w.Host.Acquire(t.soft, t.start.ID.Connector, e.Class)
	if err != nil {
		return connect.Retriable(err, 0) // the start may have been given up by whoever shares the process
	}
	defer p.proc.Release()
	if e.Kind == registry.SinkKind {
		return t.runSink(p, record)
	}
	return t.runSource(p, record)
}

func (t *task) prepare(e *registry.Entry) (*parts, error) {
	cfg := t.start.Connector
	id := t.start.ID
	if err := t.checkCount(); err != nil {
		return nil, err
	}
	p := &parts{
		taskNumber: id.Task,
		spec:       host.TaskSpec{Class: e.Class, Connector: id.Connector, Task: id.Task, Props: t.start.Props},
		overrides:  func(prefix string) map[string]string { return kafka.Overrides(cfg, prefix) },
	}
	for _, prefix := range []string{"producer.override.", "consumer.override.", "admin.override."} {
		for key := range p.overrides(prefix) {
			if err := t.w.Policy.Check(key); err != nil {
				return nil, fmt.Errorf("Client Config Overrides not allowed: %w", err) // Kafka Connect's text
			}
		}
	}
	policy, err := tolerance.ParsePolicy(cfg)
	if err != nil {
		return nil, err
	}
	if dlq := cfg["errors.deadletterqueue.topic.name"]; dlq != "" {
		// The queue is a further reporter, which is not there yet; nothing may vanish without a trace.
		t.log.Warn("dead letter queues are not offered yet: records that cannot be handled are written to this log instead", "topic", dlq)
		policy.Log, policy.IncludeMessages = true, true
	}
	p.op = tolerance.NewOperator(policy, t.log)
	p.lanes, err = newLanes(t.w.cores, func() (*lane, error) {
		chain, err := pipeline.NewChain(t.w.Registry, cfg)
		if err != nil {
			return nil, err
		}
		conv, err := pipeline.NewConverters(t.w.Registry, cfg, t.w.converters)
		return &lane{chain: chain, conv: conv}, err
	})
	return p, err
}

// TasksMax returns a connector's tasks.max.
func TasksMax(props map[string]string) int {
	if n, err := strconv.Atoi(props["tasks.max"]); err == nil && n > 0 {
		return n
	}
	return 1
}

// CheckTaskCount is the rule of tasks.max.enforce; the text is Kafka Connect's.
func CheckTaskCount(connector string, props map[string]string, tasks int) error {
	most := TasksMax(props)
	if tasks <= most || props["tasks.max.enforce"] == "false" {
		return nil
	}
	return fmt.Errorf("The connector %s has generated %d tasks, which is greater than %d, the maximum number of tasks it is configured to create. "+ // Kafka Connect's text
		"Raise tasks.max, or set tasks.max.enforce to false", connector, tasks, most)
}

func (t *task) checkCount() error {
	return CheckTaskCount(t.start.ID.Connector, t.start.Connector, t.start.Count)
}

func (t *task) status(s store.State, err error) {
	t.w.Statuses.Task(t.start.ID, s, trace(err))
}

// uses notes that the task uses a topic.
func (t *task) uses(topic string) {
	if !t.w.Settings.TopicTrackingEnable || t.topics[topic] {
		return
	}
	t.topics[topic] = true
	t.w.Statuses.Topic(t.start.ID, topic)
}
