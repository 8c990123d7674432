package distributed

import (
	"context"
	"slices"

	"github.com/kurier-io/kurier/runtime/assign"
	"github.com/kurier-io/kurier/runtime/herder"
	"github.com/kurier-io/kurier/runtime/membership"
	"github.com/kurier-io/kurier/runtime/store"
)

func (h *Herder) staleConfig() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.needsJoin
}

// RestartConnector implements herder.States.
func (h *Herder) RestartConnector(ctx context.Context, name string) error {
	if _, _, err := h.connectorConfig(name); err != nil {
		return err
	}
	return h.restartHere(ctx, name, assign.Assignment{Connectors: []string{name}},
		func(g membership.Generation) string { return g.Owners.Connector(name) })
}

// RestartTask implements herder.States.
func (h *Herder) RestartTask(ctx context.Context, id assign.TaskID) error {
	s, _, err := h.connectorConfig(id.Connector)
	if err != nil {
		return &herder.NotFoundError{Msg: "Unknown connector: " + id.Connector}
	}
	if !slices.Contains(s.Tasks(id.Connector), id) {
		return &herder.NotFoundError{Msg: "Unknown task: " + id.String()}
	}
	return h.restartHere(ctx, id.Connector, assign.Assignment{Tasks: []assign.TaskID{id}},
		func(g membership.Generation) string { return g.Owners.Task(id) })
}

// restartHere restarts one connector or task if it runs here, and else says where it does.
func (h *Herder) restartHere(ctx context.Context, name string, what assign.Assignment, owner func(membership.Generation) string) error {
	if h.staleConfig() {
		return herder.StaleConfig()
	}
	g, err := h.stableGeneration(ctx)
	if err != nil {
		return err
	}
	var here bool
	var done <-chan struct{}
	if err := h.do(ctx, func() {
		done = h.lanes.add(name, func() {
			if here = what.Minus(h.worker.Running()).Empty(); here {
				h.restartNow(what)
			}
		})
	}); err != nil {
		return err
	}
	select {
	case <-done:
	case <-ctx.Done():
		return timedOut(ctx)
	}
	if here {
		return nil
	}
	return elsewhere(g, owner(g))
}

// elsewhere says who has to do it: the leader knows the owner, others know the leader.
func elsewhere(g membership.Generation, owner string) error {
	switch {
	case !g.IsLeader():
		return &herder.NotLeaderError{URL: g.LeaderURL}
	case owner != "":
		return &herder.NotOwnerError{URL: owner}
	}
	return herder.StaleConfig()
}

// RestartAll implements herder.Restarts.
func (h *Herder) RestartAll(ctx context.Context, r herder.RestartRequest) (herder.ConnectorStateInfo, error) {
	if _, _, err := h.connectorConfig(r.Connector); err != nil {
		return herder.ConnectorStateInfo{}, &herder.NotFoundError{Msg: "Unknown connector: " + r.Connector}
	}
	if err := h.mustLead(ctx); err != nil {
		return herder.ConnectorStateInfo{}, err
	}
	if h.staleConfig() {
		return herder.ConnectorStateInfo{}, herder.StaleConfig()
	}
	status, err := h.Status(r.Connector)
	if err != nil {
		return herder.ConnectorStateInfo{}, &herder.NotFoundError{Msg: "Status for connector " + r.Connector + " not found"}
	}
	if restarts(r, status.Connector) {
		status.Connector.State = store.Restarting
	}
	for i := range status.Tasks {
		if r.IncludeTasks && restarts(r, status.Tasks[i].StateInfo) {
			status.Tasks[i].State = store.Restarting
		}
	}
	if err := h.configs.PutRestart(ctx, r); err != nil {
		return herder.ConnectorStateInfo{}, err
	}
	return status, nil
}

func restarts(r herder.RestartRequest, s herder.StateInfo) bool {
	return !r.OnlyFailed || s.State == store.Failed
}

// impact ranks requests for one connector that come together: only the highest is served.
func impact(r store.RestartRequest) int {
	n := 0
	if r.IncludeTasks {
		n++
	}
	if !r.OnlyFailed {
		n += 2
	}
	return n
}

// restart serves a request from the config topic for what runs here, on the connector's lane.
func (h *Herder) restart(r store.RestartRequest) {
	var what assign.Assignment
	here := h.running(r.Connector)
	for _, name := range here.Connectors {
		if st, _ := h.Statuses.Connector(name); restarts(r, stateInfo(st)) {
			what.Connectors = append(what.Connectors, name)
		}
	}
	for _, id := range here.Tasks {
		if st, _ := h.Statuses.Task(id); r.IncludeTasks && restarts(r, stateInfo(st)) {
			what.Tasks = append(what.Tasks, id)
		}
	}
	h.restartNow(what)
}
