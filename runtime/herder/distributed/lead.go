package distributed

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/kurier-io/kurier/runtime/assign"
	"github.com/kurier-io/kurier/runtime/store"
)

// leadTimeout bounds what the leader does after a rebalance.
const leadTimeout = 30 * time.Second

// lead does what only the leader does after a rebalance: it keeps the session key young, forgets the statuses of what is no longer configured,
// and ends stops that were cut in half.
func (h *Herder) lead(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, leadTimeout)
	defer cancel()
	h.rotateKey(ctx)
	for _, name := range h.Statuses.Connectors() {
		h.forgetStatuses(ctx, name)
	}
	s := h.configs.Snapshot()
	for _, name := range s.Connectors() {
		if s.TargetState(name) != store.Stopped || s.TaskCount(name) == 0 {
			continue
		}
		if err := h.exclusively(ctx, func() error { return h.clearTasks(ctx, name) }); err != nil {
			h.Logger.Warn("the tasks of a stopped connector could not be removed", "connector", name, "err", err)
		}
	}
}

// forgetStatuses looks at the newest configuration: a connector may have been created again since the rebalance.
func (h *Herder) forgetStatuses(ctx context.Context, name string) {
	if !h.configs.Snapshot().Contains(name) {
		if err := h.Statuses.DeleteTopics(ctx, name); err != nil {
			h.Logger.Warn("the topics of a deleted connector could not be forgotten", "connector", name, "err", err)
			return // its status keeps it in the list of the next time
		}
		if err := h.Statuses.DeleteConnector(ctx, name); err != nil {
			h.Logger.Warn("the status of a deleted connector could not be removed", "connector", name, "err", err)
		}
	}
	for _, id := range slices.SortedFunc(maps.Keys(h.Statuses.Tasks(name)), assign.TaskID.Compare) {
		if slices.Contains(h.configs.Snapshot().Tasks(name), id) {
			continue
		}
		if err := h.Statuses.DeleteTask(ctx, id); err != nil {
			h.Logger.Warn("the status of a removed task could not be removed", "connector", name, "task", id.Task, "err", err)
		}
	}
}
