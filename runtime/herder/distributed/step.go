package distributed

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/kurier-io/kurier/runtime/membership"
	"github.com/kurier-io/kurier/runtime/store"
)

// syncRetry is the pause after the config topic could not be read as far as an assignment needs it.
const syncRetry = time.Second

// A change is an update of the config topic and what it means for the group.
type change struct {
	store.ConfigUpdate
	rejoin string // why the group must rebalance; empty: it need not
}

// OnConfig takes a change of the config topic; the config store calls it on its own goroutine.
func (h *Herder) OnConfig(u store.ConfigUpdate) {
	h.mu.Lock()
	c := change{ConfigUpdate: u}
	switch {
	case u.ConnectorRemoved:
		delete(h.known, u.Connector)
		c.rejoin = "connector " + u.Connector + " was deleted"
	case u.ConnectorConfig && !h.known[u.Connector]:
		h.known[u.Connector] = true
		c.rejoin = "connector " + u.Connector + " was created"
	case u.TasksCommitted:
		c.rejoin = "connector " + u.Connector + " has new tasks"
	}
	h.updates = append(h.updates, c)
	h.needsJoin = h.needsJoin || c.rejoin != ""
	h.mu.Unlock()
	h.wakeUp()
}

// step brings what runs here in line with the config topic and the assignment.
func (h *Herder) step(ctx context.Context) {
	rejoin := h.applyChanges()
	g := h.group.Generation()
	h.mu.Lock()
	joined := h.joined
	h.mu.Unlock()
	if g.ID >= 0 && joined != h.applied && (joined != h.tried || !time.Now().Before(h.retry)) {
		if h.behind(g) {
			h.catchUp(ctx)
			if r := h.applyChanges(); r != "" {
				rejoin = r
			}
		}
		covered, why := h.compare(g)
		switch {
		case covered:
			h.applied, rejoin = joined, "" // the assignment was made with all that was read
			h.startWork(g)
			h.settle()
			if g.IsLeader() {
				h.background.Go(func() { h.lead(ctx) })
			}
		case why != "":
			h.applied, rejoin = joined, why // this generation is done with
		default:
			h.tried, h.retry = joined, time.Now().Add(syncRetry)
		}
	}
	if rejoin != "" {
		h.group.RequestRejoin(rejoin)
	}
}

// settle ends the wait for a rebalance, unless a change that came meanwhile needs one more.
func (h *Herder) settle() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.needsJoin = slices.ContainsFunc(h.updates, func(c change) bool { return c.rejoin != "" })
}

// applyChanges reacts to all changes that were read, and returns why the group must rebalance.
func (h *Herder) applyChanges() (rejoin string) {
	h.mu.Lock()
	changes := h.updates
	h.updates = nil
	h.mu.Unlock()
	last := map[string]int{}                      // the last configuration of each connector: the others are history
	restarts := map[string]store.RestartRequest{} // the one of most effect
	for i, c := range changes {
		if c.ConnectorConfig {
			last[c.Connector] = i
		}
	}
	for i, c := range changes {
		if c.rejoin != "" {
			rejoin = c.rejoin
		}
		switch {
		case c.Restart != nil:
			if r, ok := restarts[c.Connector]; !ok || impact(*c.Restart) > impact(r) {
				restarts[c.Connector] = *c.Restart
			}
		case !c.ConnectorConfig || last[c.Connector] == i:
			h.apply(c)
		}
	}
	for _, r := range restarts {
		h.lanes.add(r.Connector, func() { h.restart(r) })
	}
	return rejoin
}

// apply reacts to one change, on the lane of its connector.
func (h *Herder) apply(c change) {
	name := c.Connector
	switch {
	case c.ConnectorRemoved:
		// At once, not with the rebalance: a new connector of the same name may be part of that already.
		h.lanes.add(name, func() { h.stopNow(h.running(name)) })
	case c.ConnectorConfig:
		h.lanes.add(name, func() {
			a := h.running(name)
			a.Tasks = nil
			h.stopNow(a)
			h.startNow(a)
		})
	case c.TasksCommitted:
		// The old configuration must not go on beside the new one, wherever that will run.
		h.lanes.add(name, func() {
			a := h.running(name)
			a.Connectors = nil
			h.stopNow(a)
		})
		if len(c.Tasks) == 0 {
			// A stop that was overtaken by a resume, or cut in half, must not leave a running connector without tasks.
			h.Reconfigure(name)
		}
	case c.TargetState:
		h.lanes.add(name, func() { h.worker.SetTarget(name, h.configs.Snapshot().TargetState(name)) })
		if h.configs.Snapshot().TargetState(name) == store.Started {
			h.Reconfigure(name)
		}
	}
}

// behind reports whether the config topic was read less far than an assignment needs.
func (h *Herder) behind(g membership.Generation) bool {
	return h.configs.Snapshot().Offset < g.ConfigOffset
}

func (h *Herder) catchUp(ctx context.Context) {
	reading, cancel := context.WithTimeout(ctx, h.Settings.Group.WorkerSyncTimeout)
	defer cancel()
	if err := h.configs.Refresh(reading); err != nil && ctx.Err() == nil {
		h.Logger.Warn("the config topic could not be read to its end", "err", err)
	}
}

// compare says whether an assignment was made with just the configuration that is known here, which is the only one that may be started with. If
// not, why says for what the group must rebalance; empty: the config topic must be read on first.
func (h *Herder) compare(g membership.Generation) (covered bool, why string) {
	have := h.configs.Snapshot().Offset
	switch {
	case have < g.ConfigOffset:
		h.Logger.Warn("the config topic was not read as far as the assignment needs", "have", have, "want", g.ConfigOffset)
		return false, ""
	case g.Mismatch:
		return false, "caught up with the config topic"
	case have > g.ConfigOffset:
		h.Logger.Info("the config topic has moved on since the assignment", "have", have, "assignment", g.ConfigOffset)
		return false, fmt.Sprintf("the assignment is of config offset %d, the topic is at %d", g.ConfigOffset, have)
	}
	return true, ""
}

// startWork starts what was assigned and does not run, and stops what runs without being assigned.
func (h *Herder) startWork(g membership.Generation) {
	h.stop(h.worker.Running().Minus(g.Assigned))
	h.start(g.Assigned)
}
