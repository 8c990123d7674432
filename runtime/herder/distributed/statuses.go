package distributed

import (
	"context"
	"time"

	"github.com/kurier-io/kurier/runtime/assign"
	"github.com/kurier-io/kurier/runtime/store"
)

// statusTimeout bounds a write of a status: the state of the cluster may lag, a task must not hang on it.
const statusTimeout = 10 * time.Second

func (h *Herder) stamp(s store.State, trace string) store.Status {
	return store.Status{State: s, Trace: trace, WorkerID: h.WorkerID, Generation: int(h.generation.Load())}
}

// safe says which states must not overwrite those of a newer owner.
func safe(s store.State) bool { return s == store.Unassigned || s == store.Failed }

// Connector implements worker.Statuses.
func (h *Herder) Connector(name string, s store.State, trace string) {
	ctx, cancel := context.WithTimeout(context.Background(), statusTimeout)
	defer cancel()
	put := h.Statuses.PutConnector
	if safe(s) {
		put = h.Statuses.PutConnectorSafe
	}
	if err := put(ctx, name, h.stamp(s, trace)); err != nil {
		h.Logger.Warn("a status could not be written", "connector", name, "state", s, "err", err)
	}
}

// Task implements worker.Statuses.
func (h *Herder) Task(id assign.TaskID, s store.State, trace string) {
	ctx, cancel := context.WithTimeout(context.Background(), statusTimeout)
	defer cancel()
	put := h.Statuses.PutTask
	if safe(s) {
		put = h.Statuses.PutTaskSafe
	}
	if err := put(ctx, id, h.stamp(s, trace)); err != nil {
		h.Logger.Warn("a status could not be written", "connector", id.Connector, "task", id.Task, "state", s, "err", err)
	}
}

// Topic implements worker.Statuses.
func (h *Herder) Topic(id assign.TaskID, topic string) {
	if h.Statuses.HasTopic(id.Connector, topic) {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), statusTimeout)
	defer cancel()
	t := store.TopicStatus{Topic: topic, Connector: id.Connector, Task: id.Task, Discovered: time.Now().UnixMilli()}
	if err := h.Statuses.PutTopic(ctx, t); err != nil {
		h.Logger.Warn("the use of a topic could not be noted", "connector", id.Connector, "topic", topic, "err", err)
	}
}
