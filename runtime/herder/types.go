package herder

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/kurier-io/kurier/plugins/config"
	"github.com/kurier-io/kurier/plugins/registry"
	"github.com/kurier-io/kurier/runtime/assign"
	"github.com/kurier-io/kurier/runtime/store"
)

// A ConnectorType is the type member of connector answers.
type ConnectorType string

// The connector types.
const (
	SourceType  ConnectorType = "source"
	SinkType    ConnectorType = "sink"
	UnknownType ConnectorType = "unknown" // the class is not loadable on this worker
)

// ConnectorInfo answers GET /connectors/{name}. Passwords in Config are masked unless the worker is told not to.
type ConnectorInfo struct {
	Name   string
	Config map[string]string
	Tasks  []assign.TaskID // ascending
	Type   ConnectorType
}

// TaskInfo is one element of GET /connectors/{name}/tasks.
type TaskInfo struct {
	ID     assign.TaskID
	Config map[string]string
}

// StateInfo is the state of a connector or task.
type StateInfo struct {
	State    store.State
	WorkerID string
	Trace    string // empty: none
}

// TaskStateInfo is a task's state.
type TaskStateInfo struct {
	Task int
	StateInfo
}

// ConnectorStateInfo answers GET /connectors/{name}/status.
type ConnectorStateInfo struct {
	Name      string
	Connector StateInfo
	Tasks     []TaskStateInfo // ascending
	Type      ConnectorType
}

// ConnectorOffset is one element of GET /connectors/{name}/offsets.
type ConnectorOffset struct {
	Partition map[string]any
	Offset    map[string]any
}

// ConfigInfo is one key of a validation. Definition is nil for keys that nothing defines.
type ConfigInfo struct {
	Definition *config.Key
	Value      config.Value
}

// ConfigInfos answers PUT /connector-plugins/{class}/config/validate. PASSWORD values and defaults are masked already.
type ConfigInfos struct {
	Name       string // connector.class as submitted
	ErrorCount int
	Groups     []string
	Configs    []ConfigInfo
}

// ServerInfo answers GET /.
type ServerInfo struct {
	Version, Commit, KafkaClusterID string
}

// Health answers GET /health.
type Health struct {
	Started bool // the worker has joined its cluster and read its state, once
	Ready   bool // its loop answers
	Message string
	Since   time.Time
}

// A RestartRequest is POST /connectors/{name}/restart with its flags.
type RestartRequest = store.RestartRequest

// PluginConfig is the definition of a plugin's configuration, with that of the framework for connectors.
type PluginConfig struct {
	Entry registry.Entry
	Keys  []config.Key
}

// Err returns the error of a 400 answer that lists every problem once, nil when there is none. Kafka Connect repeats a problem that concerns several
// keys for each of them.
func (c ConfigInfos) Err() error {
	if c.ErrorCount == 0 {
		return nil
	}
	var lines []string
	for _, k := range c.Configs {
		for _, e := range k.Value.Errors {
			if !slices.Contains(lines, e) {
				lines = append(lines, e)
			}
		}
	}
	return &BadRequestError{fmt.Sprintf("Connector configuration is invalid and contains the following %d error(s):\n%s\n"+
		"You can also find the above list of errors at the endpoint `/connector-plugins/{connectorType}/config/validate`", len(lines), strings.Join(lines, "\n"))}
}
