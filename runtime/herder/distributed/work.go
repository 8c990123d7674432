package distributed

import (
	"context"
	"sync"

	"github.com/kurier-io/kurier/runtime/assign"
	"github.com/kurier-io/kurier/runtime/store"
	"github.com/kurier-io/kurier/runtime/worker"
)

// Connectors runs connector instances; see worker.Worker for the contracts of this and the next two.
type Connectors interface {
	StartConnector(name string, props map[string]string, target store.TargetState)
	StopConnectors(ctx context.Context, names ...string)
	TaskConfigs(ctx context.Context, name string, most int) ([]map[string]string, error)
}

// Tasks runs tasks.
type Tasks interface {
	StartTask(s worker.TaskStart)
	StopTasks(ctx context.Context, ids ...assign.TaskID)
	SetTarget(name string, target store.TargetState)
}

// Inventory tells what is here, failed or not.
type Inventory interface {
	Running() assign.Assignment
	RunsConnector(name string) bool
	RunsTask(id assign.TaskID) bool
}

// Worker is what the herder asks of its worker. Implemented by worker.Worker.
type Worker interface {
	Connectors
	Tasks
	Inventory
}

// byConnector splits an assignment into the lanes that have to do with it.
func byConnector(a assign.Assignment) map[string]assign.Assignment {
	out := map[string]assign.Assignment{}
	for _, name := range a.Connectors {
		out[name] = assign.Assignment{Connectors: []string{name}}
	}
	for _, id := range a.Tasks {
		part := out[id.Connector]
		part.Tasks = append(part.Tasks, id)
		out[id.Connector] = part
	}
	return out
}

// stop queues the end of work on its lanes, and returns what closes when each is done.
func (h *Herder) stop(a assign.Assignment) []<-chan struct{} {
	var done []<-chan struct{}
	for name, part := range byConnector(a) {
		done = append(done, h.lanes.add(name, func() { h.stopNow(part) }))
	}
	return done
}

// start queues the start of what does not run yet. What a connector is started with is read when its turn comes: changes that are read
// later are queued behind.
func (h *Herder) start(a assign.Assignment) {
	for name, part := range byConnector(a) {
		h.lanes.add(name, func() { h.startNow(part) })
	}
}

// stopNow, like all that follow, belongs on the lane of the connector that it concerns.
func (h *Herder) stopNow(a assign.Assignment) {
	ctx, cancel := context.WithTimeout(context.Background(), h.Settings.TaskShutdownGracefulTimeout)
	defer cancel()
	var wg sync.WaitGroup
	wg.Go(func() { h.worker.StopConnectors(ctx, a.Connectors...) })
	wg.Go(func() { h.worker.StopTasks(ctx, a.Tasks...) })
	wg.Wait()
}

func (h *Herder) startNow(a assign.Assignment) {
	if h.life.Err() != nil {
		return // it would be stopped at once
	}
	s := h.configs.Snapshot()
	for _, name := range a.Connectors {
		if cfg := s.ConnectorConfig(name); cfg != nil && !h.worker.RunsConnector(name) {
			h.worker.StartConnector(name, cfg, s.TargetState(name))
		}
	}
	for _, id := range a.Tasks {
		// The configuration that the tasks were committed with: a newer one may be of another class, and the tasks for it are yet to come.
		cfg, props := s.AppliedConfig(id.Connector), s.TaskConfig(id)
		if cfg == nil || props == nil || h.worker.RunsTask(id) {
			continue
		}
		h.worker.StartTask(worker.TaskStart{ID: id, Connector: cfg, Props: props, Target: s.TargetState(id.Connector), Count: s.TaskCount(id.Connector)})
	}
}

// restartNow stops, says so and starts again.
func (h *Herder) restartNow(a assign.Assignment) {
	h.stopNow(a)
	if h.life.Err() != nil {
		return // the states of what ended stay
	}
	for _, name := range a.Connectors {
		h.Connector(name, store.Restarting, "")
	}
	for _, id := range a.Tasks {
		h.Task(id, store.Restarting, "")
	}
	h.startNow(a)
}

// running returns what is here of one connector.
func (h *Herder) running(name string) assign.Assignment {
	return byConnector(h.worker.Running())[name]
}
