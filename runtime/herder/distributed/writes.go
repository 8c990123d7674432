package distributed

import (
	"context"
	"errors"
	"maps"

	"github.com/kurier-io/kurier/runtime/herder"
	"github.com/kurier-io/kurier/runtime/membership"
	"github.com/kurier-io/kurier/runtime/store"
)

// stableGeneration waits until no rebalance is under way.
func (h *Herder) stableGeneration(ctx context.Context) (membership.Generation, error) {
	for {
		h.mu.Lock()
		changed := h.stable
		h.mu.Unlock()
		if g := h.group.Generation(); g.ID >= 0 {
			return g, nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return membership.Generation{}, timedOut(ctx)
		case <-h.life.Done():
			return membership.Generation{}, errStopping
		}
	}
}

// mustLead returns nil on the leader.
func (h *Herder) mustLead(ctx context.Context) error {
	g, err := h.stableGeneration(ctx)
	if err != nil {
		return err
	}
	if !g.IsLeader() {
		return &herder.NotLeaderError{URL: g.LeaderURL}
	}
	return nil
}

// exclusively runs f on the leader, one at a time: each write depends on what it has read before.
func (h *Herder) exclusively(ctx context.Context, f func() error) error {
	select {
	case h.writing <- struct{}{}:
		defer func() { <-h.writing }()
	case <-ctx.Done():
		return timedOut(ctx)
	case <-h.life.Done():
		return errStopping
	}
	if err := h.mustLead(ctx); err != nil {
		return err
	}
	return f()
}

// Put implements herder.Writes.
func (h *Herder) Put(ctx context.Context, name string, config map[string]string, initial store.TargetState, replace bool) (bool, herder.ConnectorInfo, error) {
	return h.put(ctx, name, h.configs.Snapshot().ConnectorConfig(name), config, initial, replace)
}

// errMoved: the configuration that a change was made for is no longer the stored one.
var errMoved = errors.New("the stored configuration has changed")

// put checks config away from other writes, for that may take long; base is the stored configuration for which config was made.
func (h *Herder) put(ctx context.Context, name string, base, config map[string]string, initial store.TargetState, replace bool) (created bool, info herder.ConnectorInfo, err error) {
	submitted := maps.Clone(config)
	if submitted == nil {
		submitted = map[string]string{}
	}
	submitted["name"] = name
	config = submitted
	if base != nil {
		config = h.Secrets.Unmask(submitted, base)
	}
	infos, err := h.Validator.Validate(ctx, config)
	if err == nil {
		err = infos.Err()
	}
	if err != nil {
		return false, info, err
	}
	err = h.exclusively(ctx, func() error {
		s := h.configs.Snapshot()
		stored := s.ConnectorConfig(name)
		created = stored == nil
		switch {
		case !created && !replace:
			return &herder.ConflictError{Msg: "Connector " + name + " already exists"}
		case !created && maps.Equal(stored, config):
			return nil // nothing changes, so nothing restarts
		case !created && !maps.Equal(stored, base) && !maps.Equal(h.Secrets.Unmask(submitted, stored), config):
			return errMoved // a hidden value stands for another secret by now
		case !created:
			initial = ""
		case initial == "" && s.TargetState(name) != "":
			initial = store.Started // a deletion that was cut in half left another state behind
		}
		return h.configs.PutConnector(ctx, name, config, initial)
	})
	if err == nil {
		info, err = h.Info(ctx, name)
	}
	if errors.Is(err, errMoved) {
		err = herder.StaleConfig()
	}
	return created && err == nil, info, err
}

// Patch implements herder.Writes.
func (h *Herder) Patch(ctx context.Context, name string, patch map[string]*string) (herder.ConnectorInfo, error) {
	if err := h.mustLead(ctx); err != nil {
		return herder.ConnectorInfo{}, err
	}
	_, cfg, err := h.connectorConfig(name)
	if err != nil {
		return herder.ConnectorInfo{}, err
	}
	merged := maps.Clone(cfg)
	for k, v := range patch {
		if v == nil {
			delete(merged, k)
		} else {
			merged[k] = *v
		}
	}
	_, info, err := h.put(ctx, name, cfg, merged, "", true)
	return info, err
}

// Delete implements herder.Writes.
func (h *Herder) Delete(ctx context.Context, name string) error {
	return h.exclusively(ctx, func() error {
		if _, _, err := h.connectorConfig(name); err != nil {
			return err
		}
		return h.configs.RemoveConnector(ctx, name)
	})
}

// SetTargetState implements herder.States.
//
// Kafka Connect stops a connector by removing its tasks first and writing the state after that. What lies between, a connector that is
// RUNNING and does nothing, is nothing an operator would notice, and its owner may generate the tasks anew. Here the state comes first: what lies between is a
// stopped connector with idle tasks, which the next leader removes.
func (h *Herder) SetTargetState(ctx context.Context, name string, target store.TargetState) error {
	if _, _, err := h.connectorConfig(name); err != nil {
		return err
	}
	if target != store.Stopped {
		return h.configs.PutTargetState(ctx, name, target)
	}
	return h.exclusively(ctx, func() error {
		if _, _, err := h.connectorConfig(name); err != nil {
			return err
		}
		if err := h.configs.PutTargetState(ctx, name, target); err != nil {
			return err
		}
		return h.clearTasks(ctx, name)
	})
}

// clearTasks removes the tasks of a connector that is stopped. It runs exclusively.
func (h *Herder) clearTasks(ctx context.Context, name string) error {
	if s := h.configs.Snapshot(); s.TargetState(name) != store.Stopped || s.TaskCount(name) == 0 {
		return nil
	}
	return h.configs.PutTaskConfigs(ctx, name, nil)
}

// commitTasks writes a connector's tasks, on the leader only.
func (h *Herder) commitTasks(ctx context.Context, name string, configs []map[string]string) error {
	return h.exclusively(ctx, func() error {
		s, _, err := h.connectorConfig(name)
		if err != nil {
			return err
		}
		if s.TargetState(name) == store.Stopped && len(configs) > 0 {
			return &herder.BadRequestError{Msg: "Cannot submit non-empty set of task configs for stopped connector " + name}
		}
		return h.configs.PutTaskConfigs(ctx, name, configs)
	})
}
