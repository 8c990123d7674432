package distributed

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/kurier-io/kurier/runtime/assign"
	"github.com/kurier-io/kurier/runtime/membership"
	"github.com/kurier-io/kurier/runtime/store"
	"github.com/kurier-io/kurier/runtime/worker"
)

// OnConfig takes a change of the config topic; the config store calls it on its own goroutine.
func (h *Herder) OnConfig(u store.ConfigUpdate) {
	h.mu.Lock()
	h.updates = append(h.updates, u)
	if u.TasksCommitted || u.ConnectorRemoved {
		h.needsJoin = true
	}
	h.mu.Unlock()
	h.wakeUp()
}

// step brings what runs here in line with the config topic and the assignment.
func (h *Herder) step(ctx context.Context) {
	h.mu.Lock()
	updates := h.updates
	h.updates = nil
	h.mu.Unlock()
	for _, u := range updates {
		h.apply(u)
	}
	g := h.group.Generation()
	if g.ID < 0 || g.ID == h.applied {
		return
	}
	if h.sync(ctx, g) {
		h.startWork(g)
		h.applied = g.ID
		if g.IsLeader() {
			h.background.Go(func() { h.lead(ctx) })
		}
		h.mu.Lock()
		h.needsJoin = false
		h.mu.Unlock()
	}
}

// apply reacts to one change.
func (h *Herder) apply(u store.ConfigUpdate) {
	name := u.Connector
	switch {
	case u.ConnectorRemoved:
		delete(h.known, name)
		h.group.RequestRejoin("connector " + name + " was deleted")
	case u.ConnectorConfig && !h.known[name]:
		h.known[name] = true
		h.group.RequestRejoin("connector " + name + " was created")
	case u.ConnectorConfig:
		if h.worker.RunsConnector(name) {
			h.stopWork([]string{name}, nil)
			h.startConnector(name)
		}
	case u.TasksCommitted:
		// The old configuration must not go on beside the new one, wherever that will run.
		var mine []assign.TaskID
		for _, id := range h.worker.Running().Tasks {
			if id.Connector == name {
				mine = append(mine, id)
			}
		}
		h.stopWork(nil, mine)
		h.group.RequestRejoin("connector " + name + " has new tasks")
	case u.TargetState:
		s := h.configs.Snapshot().TargetState(name)
		h.worker.SetTarget(name, s)
		if s == store.Started && h.worker.RunsConnector(name) {
			h.Reconfigure(name)
		}
	case u.Restart != nil:
		h.restart(*u.Restart)
	}
}

// sync reads the config topic as far as the assignment was made for. Every worker must act on the very same configuration.
func (h *Herder) sync(ctx context.Context, g membership.Generation) bool {
	s := h.configs.Snapshot()
	if g.Mismatch || s.Offset < g.ConfigOffset {
		reading, cancel := context.WithTimeout(ctx, h.Settings.Group.WorkerSyncTimeout)
		defer cancel()
		if err := h.configs.Refresh(reading); err != nil {
			h.Logger.Warn("the config topic could not be read to its end", "err", err)
			return false // the next step tries again
		}
		s = h.configs.Snapshot()
	}
	switch {
	case g.Mismatch:
		h.group.RequestRejoin("caught up with the config topic")
		return false
	case s.Offset < g.ConfigOffset:
		h.Logger.Warn("the config topic ends before what the assignment was made for", "have", s.Offset, "want", g.ConfigOffset)
		return false
	case s.Offset > g.ConfigOffset:
		h.Logger.Info("the config topic has moved on since the assignment", "have", s.Offset, "assignment", g.ConfigOffset)
		h.group.RequestRejoin("the assignment is older than the config topic")
		h.applied = g.ID // this generation is done with
		return false
	}
	return true
}

// startWork starts what was assigned and does not run, and stops what runs without being assigned.
func (h *Herder) startWork(g membership.Generation) {
	running := h.worker.Running()
	extra := running.Minus(g.Assigned)
	h.stopWork(extra.Connectors, extra.Tasks)
	for _, name := range g.Assigned.Connectors {
		if !h.worker.RunsConnector(name) {
			h.startConnector(name)
		}
	}
	s := h.configs.Snapshot()
	for _, id := range g.Assigned.Tasks {
		if !h.worker.RunsTask(id) {
			h.startTask(s, id)
		}
	}
}

func (h *Herder) startConnector(name string) {
	s := h.configs.Snapshot()
	if cfg := s.ConnectorConfig(name); cfg != nil {
		h.worker.StartConnector(name, cfg, s.TargetState(name))
	}
}

func (h *Herder) startTask(s *store.ConfigState, id assign.TaskID) {
	cfg, props := s.ConnectorConfig(id.Connector), s.TaskConfig(id)
	if cfg == nil || props == nil {
		return
	}
	h.worker.StartTask(worker.TaskStart{ID: id, Connector: cfg, Props: props, Target: s.TargetState(id.Connector), Count: s.TaskCount(id.Connector)})
}

// lead does what only the leader does after a rebalance: it forgets the statuses of what is no longer configured and keeps the session key young.
func (h *Herder) lead(ctx context.Context) {
	s := h.configs.Snapshot()
	writing, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	for _, name := range h.Statuses.Connectors() {
		if !s.Contains(name) {
			if err := h.Statuses.DeleteConnector(writing, name); err != nil {
				h.Logger.Warn("the status of a deleted connector could not be removed", "connector", name, "err", err)
			}
			if err := h.Statuses.DeleteTopics(writing, name); err != nil {
				h.Logger.Warn("the topics of a deleted connector could not be forgotten", "connector", name, "err", err)
			}
		}
		tasks := s.Tasks(name)
		for _, id := range slices.SortedFunc(maps.Keys(h.Statuses.Tasks(name)), assign.TaskID.Compare) {
			if !slices.Contains(tasks, id) {
				if err := h.Statuses.DeleteTask(writing, id); err != nil {
					h.Logger.Warn("the status of a removed task could not be removed", "connector", name, "task", id.Task, "err", err)
				}
			}
		}
	}
	h.rotateKey(writing, s)
}
