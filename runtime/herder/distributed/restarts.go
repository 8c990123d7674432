package distributed

import (
	"context"
	"slices"

	"github.com/kurier-io/kurier/runtime/assign"
	"github.com/kurier-io/kurier/runtime/herder"
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
	if h.staleConfig() {
		return herder.StaleConfig()
	}
	var err error
	if derr := h.do(ctx, func() {
		if !h.worker.RunsConnector(name) {
			err = h.elsewhere(func() string { return h.group.Generation().Owners.Connector(name) })
			return
		}
		h.restartConnector(name)
	}); derr != nil {
		return derr
	}
	return err
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
	if h.staleConfig() {
		return herder.StaleConfig()
	}
	if derr := h.do(ctx, func() {
		if !h.worker.RunsTask(id) {
			err = h.elsewhere(func() string { return h.group.Generation().Owners.Task(id) })
			return
		}
		h.restartTask(id)
	}); derr != nil {
		return derr
	}
	return err
}

// elsewhere says who has to do it: the leader knows the owner, others know the leader.
func (h *Herder) elsewhere(owner func() string) error {
	g := h.group.Generation()
	if !g.IsLeader() {
		return &herder.NotLeaderError{URL: g.LeaderURL}
	}
	if url := owner(); url != "" {
		return &herder.NotOwnerError{URL: url}
	}
	return herder.StaleConfig()
}

func (h *Herder) restartConnector(name string) {
	h.stopWork([]string{name}, nil)
	h.Connector(name, store.Restarting, "")
	h.startConnector(name)
}

func (h *Herder) restartTask(id assign.TaskID) {
	h.stopWork(nil, []assign.TaskID{id})
	h.Task(id, store.Restarting, "")
	h.startTask(h.configs.Snapshot(), id)
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
		status.Connector = herder.StateInfo{State: store.Restarting, WorkerID: status.Connector.WorkerID}
	}
	for i := range status.Tasks {
		if r.IncludeTasks && restarts(r, status.Tasks[i].StateInfo) {
			status.Tasks[i].StateInfo = herder.StateInfo{State: store.Restarting, WorkerID: status.Tasks[i].WorkerID}
		}
	}
	return status, h.configs.PutRestart(ctx, r)
}

func restarts(r herder.RestartRequest, s herder.StateInfo) bool {
	return !r.OnlyFailed || s.State == store.Failed
}

// restart serves a request from the config topic for what runs here.
func (h *Herder) restart(r store.RestartRequest) {
	status, err := h.Status(r.Connector)
	if err != nil {
		return // deleted meanwhile
	}
	if h.worker.RunsConnector(r.Connector) && restarts(r, status.Connector) {
		h.restartConnector(r.Connector)
	}
	if !r.IncludeTasks {
		return
	}
	for _, t := range status.Tasks {
		id := assign.TaskID{Connector: r.Connector, Task: t.Task}
		if h.worker.RunsTask(id) && restarts(r, t.StateInfo) {
			h.restartTask(id)
		}
	}
}
