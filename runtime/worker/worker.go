package worker

import (
	"context"
	"errors"
	"log/slog"
	"sync"

	"github.com/kurier-io/kurier/plugins/host"
	"github.com/kurier-io/kurier/plugins/registry"
	"github.com/kurier-io/kurier/runtime/assign"
	"github.com/kurier-io/kurier/runtime/kafka"
	"github.com/kurier-io/kurier/runtime/pipeline"
	"github.com/kurier-io/kurier/runtime/settings"
	"github.com/kurier-io/kurier/runtime/store"
)

// Statuses is told the state of everything that runs here. Its methods are called from the goroutines of connectors and tasks and
// may block for the time of a write.
type Statuses interface {
	Connector(name string, s store.State, trace string)
	Task(id assign.TaskID, s store.State, trace string)
	// Topic: a task uses a topic, for the first time since it started.
	Topic(id assign.TaskID, topic string)
}

// Connectors is told what connector instances do by themselves; it must not block.
type Connectors interface {
	// Reconfigure: the task configurations of a connector should be asked for again.
	Reconfigure(name string)
}

// Config is what a Worker works with.
type Config struct {
	Settings   *settings.Worker
	Registry   *registry.Registry
	Host       *host.Host
	Clients    *kafka.Clients
	Offsets    store.OffsetStore
	Policy     kafka.OverridePolicy
	Statuses   Statuses
	Connectors Connectors
	Logger     *slog.Logger
}

// A Worker runs connectors and tasks. It is safe for concurrent use.
type Worker struct {
	Config
	converters map[string]pipeline.Choice
	cores      *cores

	mu         sync.Mutex
	connectors map[string]*connector
	tasks      map[assign.TaskID]*task
}

// New returns a worker that runs nothing yet.
func New(cfg Config) *Worker {
	s := cfg.Settings
	return &Worker{
		Config: cfg, cores: newCores(), connectors: map[string]*connector{}, tasks: map[assign.TaskID]*task{},
		converters: map[string]pipeline.Choice{
			pipeline.KeyConverter:    {Class: s.KeyConverter.Class, Config: s.KeyConverter.Config},
			pipeline.ValueConverter:  {Class: s.ValueConverter.Class, Config: s.ValueConverter.Config},
			pipeline.HeaderConverter: {Class: s.HeaderConverter.Class, Config: s.HeaderConverter.Config},
		},
	}
}

// errStop is the cause of contexts that end because the herder wants it.
var errStop = errors.New("stopped by the worker")

// StartConnector runs a connector in the wanted state. An instance of that name that still runs is an error of the caller.
func (w *Worker) StartConnector(name string, props map[string]string, target store.TargetState) {
	c := newConnector(w, name, props, target)
	w.mu.Lock()
	w.connectors[name] = c
	w.mu.Unlock()
	go c.run()
}

// StopConnectors stops connector instances, all at once, and waits for them at the most until ctx is done. Unknown names are skipped.
func (w *Worker) StopConnectors(ctx context.Context, names ...string) {
	var wg sync.WaitGroup
	for _, name := range names {
		w.mu.Lock()
		c := w.connectors[name]
		delete(w.connectors, name)
		w.mu.Unlock()
		if c != nil {
			wg.Go(func() { c.stop(ctx) })
		}
	}
	wg.Wait()
}

// SetTarget changes the wanted state of a connector and its tasks that run here; it does not wait.
func (w *Worker) SetTarget(name string, target store.TargetState) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if c := w.connectors[name]; c != nil {
		c.target.set(target)
	}
	for id, t := range w.tasks {
		if id.Connector == name {
			t.target.set(target)
		}
	}
}

// RunsConnector reports whether an instance of the connector is here, failed or not.
func (w *Worker) RunsConnector(name string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.connectors[name] != nil
}

// RunsTask reports whether the task is here, failed or not.
func (w *Worker) RunsTask(id assign.TaskID) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.tasks[id] != nil
}

// Running returns everything that is here.
func (w *Worker) Running() assign.Assignment {
	w.mu.Lock()
	defer w.mu.Unlock()
	var a assign.Assignment
	for name := range w.connectors {
		a.Connectors = append(a.Connectors, name)
	}
	for id := range w.tasks {
		a.Tasks = append(a.Tasks, id)
	}
	return a
}

// ErrNotRunning is returned for a connector that has no started instance here.
var ErrNotRunning = errors.New("the connector is not running on this worker")

// TaskConfigs asks a running connector how it splits its work. It may take as long as the connector does.
func (w *Worker) TaskConfigs(ctx context.Context, name string, most int) ([]map[string]string, error) {
	w.mu.Lock()
	c := w.connectors[name]
	w.mu.Unlock()
	if c == nil {
		return nil, ErrNotRunning
	}
	return c.taskConfigs(ctx, most)
}

// A TaskStart says which task to run with which configuration.
type TaskStart struct {
	ID        assign.TaskID
	Connector map[string]string // the connector's configuration: class, converters, transformations, errors, overrides
	Props     map[string]string
	Target    store.TargetState
	Count     int // tasks of the connector, for tasks.max
}

// StartTask runs a task. One of that id that still runs is an error of the caller.
func (w *Worker) StartTask(s TaskStart) {
	t := newTask(w, s)
	w.mu.Lock()
	w.tasks[s.ID] = t
	w.mu.Unlock()
	go t.run()
}

// StopTasks stops tasks, all at once: they finish what they have in hand, commit and end. They share the time until ctx is done; who takes longer is
// abandoned and commits nothing any more. Unknown ids are skipped.
func (w *Worker) StopTasks(ctx context.Context, ids ...assign.TaskID) {
	var wg sync.WaitGroup
	for _, id := range ids {
		w.mu.Lock()
		t := w.tasks[id]
		delete(w.tasks, id)
		w.mu.Unlock()
		if t != nil {
			wg.Go(func() { t.stop(ctx) })
		}
	}
	wg.Wait()
}
