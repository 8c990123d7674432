package distributed

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/kurier-io/kurier/plugins/registry"
	"github.com/kurier-io/kurier/runtime/assign"
	"github.com/kurier-io/kurier/runtime/herder"
	"github.com/kurier-io/kurier/runtime/store"
)

// Connectors implements herder.Snapshots.
func (h *Herder) Connectors() []string { return h.configs.Snapshot().Connectors() }

// Status implements herder.Snapshots.
func (h *Herder) Status(name string) (herder.ConnectorStateInfo, error) {
	st, ok := h.Statuses.Connector(name)
	if !ok {
		return herder.ConnectorStateInfo{}, &herder.NotFoundError{Msg: "No status found for connector " + name}
	}
	out := herder.ConnectorStateInfo{Name: name, Connector: stateInfo(st), Type: h.typeOf(h.configs.Snapshot().ConnectorConfig(name))}
	tasks := h.Statuses.Tasks(name)
	for _, id := range slices.SortedFunc(maps.Keys(tasks), assign.TaskID.Compare) {
		out.Tasks = append(out.Tasks, herder.TaskStateInfo{Task: id.Task, StateInfo: stateInfo(tasks[id])})
	}
	return out, nil
}

func stateInfo(s store.Status) herder.StateInfo {
	return herder.StateInfo{State: s.State, WorkerID: s.WorkerID, Trace: s.Trace}
}

// TaskStatus implements herder.Snapshots.
func (h *Herder) TaskStatus(id assign.TaskID) (herder.TaskStateInfo, error) {
	st, ok := h.Statuses.Task(id)
	if !ok {
		return herder.TaskStateInfo{}, &herder.NotFoundError{Msg: "No status found for task " + id.String()}
	}
	return herder.TaskStateInfo{Task: id.Task, StateInfo: stateInfo(st)}, nil
}

func (h *Herder) typeOf(cfg map[string]string) herder.ConnectorType {
	if e, err := h.Registry.Connector(cfg["connector.class"]); err == nil && cfg != nil {
		return herder.ConnectorType(e.Kind)
	}
	return herder.UnknownType
}

func (h *Herder) connectorConfig(name string) (*store.ConfigState, map[string]string, error) {
	s := h.configs.Snapshot()
	cfg := s.ConnectorConfig(name)
	if cfg == nil {
		return s, nil, herder.NotFound(name)
	}
	return s, cfg, nil
}

// Info implements herder.Reads.
func (h *Herder) Info(_ context.Context, name string) (herder.ConnectorInfo, error) {
	s, cfg, err := h.connectorConfig(name)
	if err != nil {
		return herder.ConnectorInfo{}, err
	}
	return herder.ConnectorInfo{Name: name, Config: h.mask(cfg), Tasks: s.Tasks(name), Type: h.typeOf(cfg)}, nil
}

func (h *Herder) mask(cfg map[string]string) map[string]string {
	if !h.Settings.REST.MaskSecrets {
		return maps.Clone(cfg)
	}
	return h.Secrets.Mask(cfg)
}

// Tasks implements herder.Reads.
func (h *Herder) Tasks(_ context.Context, name string) ([]herder.TaskInfo, error) {
	s, cfg, err := h.connectorConfig(name)
	if err != nil {
		return nil, err
	}
	out := []herder.TaskInfo{}
	for _, id := range s.Tasks(name) {
		props := maps.Clone(s.TaskConfig(id))
		if h.Settings.REST.MaskSecrets {
			// A task's keys are its connector's, whose class says which of them are secret.
			_, had := props["connector.class"]
			props["connector.class"] = cfg["connector.class"]
			props = h.mask(props)
			if !had {
				delete(props, "connector.class")
			}
		}
		out = append(out, herder.TaskInfo{ID: id, Config: props})
	}
	return out, nil
}

// Offsets implements herder.Reads.
func (h *Herder) Offsets(ctx context.Context, name string) ([]herder.ConnectorOffset, error) {
	_, cfg, err := h.connectorConfig(name)
	if err != nil {
		return nil, err
	}
	e, err := h.Registry.Connector(cfg["connector.class"])
	if err != nil {
		return nil, err
	}
	if e.Kind == registry.SinkKind {
		return h.Sinks.GroupOffsets(ctx, name, cfg)
	}
	entries, err := h.Config.Offsets.List(ctx, name)
	if err != nil {
		return nil, fmt.Errorf("reading the offsets of %s: %w", name, err)
	}
	out := make([]herder.ConnectorOffset, len(entries))
	for i, o := range entries {
		out[i] = herder.ConnectorOffset(o)
	}
	return out, nil
}

// Topics implements herder.Topics.
func (h *Herder) Topics(name string) ([]string, error) {
	if !h.Settings.TopicTrackingEnable {
		return nil, &herder.ForbiddenError{Msg: "Topic tracking is disabled."}
	}
	if _, _, err := h.connectorConfig(name); err != nil {
		return nil, err
	}
	out := []string{}
	for _, t := range h.Statuses.Topics(name) {
		out = append(out, t.Topic)
	}
	return out, nil
}

// ResetTopics implements herder.Topics.
func (h *Herder) ResetTopics(ctx context.Context, name string) error {
	switch {
	case !h.Settings.TopicTrackingEnable:
		return &herder.ForbiddenError{Msg: "Topic tracking is disabled."}
	case !h.Settings.TopicTrackingAllowReset:
		return &herder.ForbiddenError{Msg: "Topic tracking reset is disabled."}
	}
	if _, _, err := h.connectorConfig(name); err != nil {
		return err
	}
	return h.Statuses.DeleteTopics(ctx, name)
}

// List implements herder.Plugins.
func (h *Herder) List(kinds ...registry.Kind) []registry.Entry { return h.Registry.List(kinds...) }

// PluginConfig implements herder.Plugins.
func (h *Herder) PluginConfig(name string) (herder.PluginConfig, error) {
	return h.Validator.PluginConfig(name)
}

// Validate implements herder.Plugins.
func (h *Herder) Validate(ctx context.Context, config map[string]string) (herder.ConfigInfos, error) {
	if stored := h.configs.Snapshot().ConnectorConfig(config["name"]); stored != nil {
		config = h.Secrets.Unmask(config, stored)
	}
	return h.Validator.Validate(ctx, config)
}
