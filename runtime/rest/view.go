package rest

import (
	"github.com/kurier-io/kurier/plugins/config"
	"github.com/kurier-io/kurier/runtime/assign"
	"github.com/kurier-io/kurier/runtime/herder"
)

// The types below are the JSON of Kafka Connect, keys in its order.

type taskIDView struct {
	Connector string `json:"connector"`
	Task      int    `json:"task"`
}

type connectorView struct {
	Name   string            `json:"name"`
	Config map[string]string `json:"config"`
	Tasks  []taskIDView      `json:"tasks"`
	Type   string            `json:"type"`
}

func viewConnector(i herder.ConnectorInfo) connectorView {
	out := connectorView{Name: i.Name, Config: i.Config, Tasks: []taskIDView{}, Type: string(i.Type)}
	for _, id := range i.Tasks {
		out.Tasks = append(out.Tasks, viewTaskID(id))
	}
	return out
}

func viewTaskID(id assign.TaskID) taskIDView { return taskIDView{id.Connector, id.Task} }

type stateView struct {
	State    string `json:"state"`
	WorkerID string `json:"worker_id"`
	Trace    string `json:"trace,omitempty"`
}

type taskStateView struct {
	ID       int    `json:"id"`
	State    string `json:"state"`
	WorkerID string `json:"worker_id"`
	Trace    string `json:"trace,omitempty"`
}

type statusView struct {
	Name      string          `json:"name"`
	Connector stateView       `json:"connector"`
	Tasks     []taskStateView `json:"tasks"`
	Type      string          `json:"type"`
}

func viewStatus(i herder.ConnectorStateInfo) statusView {
	out := statusView{
		Name: i.Name, Tasks: []taskStateView{}, Type: string(i.Type),
		Connector: stateView{string(i.Connector.State), i.Connector.WorkerID, i.Connector.Trace},
	}
	for _, t := range i.Tasks {
		out.Tasks = append(out.Tasks, viewTaskState(t))
	}
	return out
}

func viewTaskState(t herder.TaskStateInfo) taskStateView {
	return taskStateView{t.Task, string(t.State), t.WorkerID, t.Trace}
}

// expandedView is what GET /connectors?expand shows of a connector.
type expandedView struct {
	Status *statusView    `json:"status,omitempty"`
	Info   *connectorView `json:"info,omitempty"`
}

type taskView struct {
	ID     taskIDView        `json:"id"`
	Config map[string]string `json:"config"`
}

type pluginView struct {
	Class   string `json:"class"`
	Type    string `json:"type"`
	Version string `json:"version,omitempty"`
}

type keyView struct {
	Name         string   `json:"name"`
	Type         string   `json:"type"`
	Required     bool     `json:"required"`
	DefaultValue *string  `json:"default_value"`
	Importance   string   `json:"importance"`
	Doc          string   `json:"documentation"`
	Group        *string  `json:"group"`
	Width        string   `json:"width"`
	DisplayName  string   `json:"display_name"`
	Dependents   []string `json:"dependents"`
	Order        int      `json:"order"`
}

func viewKey(k *config.Key) *keyView {
	if k == nil {
		return nil
	}
	out := &keyView{
		Name: k.Name, Type: string(k.Type), Required: k.Required, DefaultValue: k.Default, Importance: orElse(k.Importance, config.Medium), Doc: k.Doc,
		Width: orElse(k.Width, "NONE"), DisplayName: orElse(k.DisplayName, k.Name), Dependents: k.Dependents, Order: k.Order,
	}
	if k.Group != "" {
		out.Group = &k.Group
	} else {
		out.Order = -1
	}
	if out.Dependents == nil {
		out.Dependents = []string{}
	}
	if k.Type == config.PasswordType && k.Default != nil {
		out.DefaultValue = new(config.Hidden)
	}
	return out
}

func orElse(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

type configView struct {
	Definition *keyView     `json:"definition"`
	Value      config.Value `json:"value"`
}

type validationView struct {
	Name       string       `json:"name"`
	ErrorCount int          `json:"error_count"`
	Groups     []string     `json:"groups"`
	Configs    []configView `json:"configs"`
}

func viewValidation(i herder.ConfigInfos) validationView {
	out := validationView{Name: i.Name, ErrorCount: i.ErrorCount, Groups: i.Groups, Configs: []configView{}}
	for _, c := range i.Configs {
		out.Configs = append(out.Configs, configView{viewKey(c.Definition), c.Value})
	}
	return out
}

type offsetView struct {
	Partition map[string]any `json:"partition"`
	Offset    map[string]any `json:"offset"`
}
