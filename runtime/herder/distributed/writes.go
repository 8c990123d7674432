package distributed

import (
	"context"
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

// lead returns nil on the leader.
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

// Put implements herder.Writes.
func (h *Herder) Put(ctx context.Context, name string, config map[string]string, initial store.TargetState, replace bool) (bool, herder.ConnectorInfo, error) {
	stored := h.configs.Snapshot().ConnectorConfig(name)
	config = maps.Clone(config)
	config["name"] = name
	if stored != nil {
		config = h.Secrets.Unmask(config, stored)
	}
	infos, err := h.Validator.Validate(ctx, config)
	if err == nil {
		err = infos.Err()
	}
	if err != nil {
		return false, herder.ConnectorInfo{}, err
	}
	if err := h.mustLead(ctx); err != nil {
		return false, herder.ConnectorInfo{}, err
	}
	stored = h.configs.Snapshot().ConnectorConfig(name)
	switch {
	case stored != nil && !replace:
		return false, herder.ConnectorInfo{}, &herder.ConflictError{Msg: "Connector " + name + " already exists"}
	case stored != nil && maps.Equal(stored, config):
		// Nothing changes, so nothing restarts.
	default:
		if stored != nil {
			initial = ""
		}
		if err := h.configs.PutConnector(ctx, name, config, initial); err != nil {
			return false, herder.ConnectorInfo{}, err
		}
	}
	info, err := h.Info(ctx, name)
	return stored == nil, info, err
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
	_, info, err := h.Put(ctx, name, merged, "", true)
	return info, err
}

// Delete implements herder.Writes.
func (h *Herder) Delete(ctx context.Context, name string) error {
	if err := h.mustLead(ctx); err != nil {
		return err
	}
	if _, _, err := h.connectorConfig(name); err != nil {
		return err
	}
	return h.configs.RemoveConnector(ctx, name)
}

// SetTargetState implements herder.States.
func (h *Herder) SetTargetState(ctx context.Context, name string, target store.TargetState) error {
	if _, _, err := h.connectorConfig(name); err != nil {
		return err
	}
	if target == store.Stopped {
		if err := h.mustLead(ctx); err != nil {
			return err
		}
		if err := h.configs.PutTaskConfigs(ctx, name, nil); err != nil {
			return err
		}
	}
	return h.configs.PutTargetState(ctx, name, target)
}
