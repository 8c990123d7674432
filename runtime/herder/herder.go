package herder

import (
	"context"

	"github.com/kurier-io/kurier/plugins/registry"
	"github.com/kurier-io/kurier/runtime/assign"
	"github.com/kurier-io/kurier/runtime/store"
)

// Snapshots answers at once from what this worker has read of the cluster's state.
type Snapshots interface {
	// Connectors returns the names of all connectors, sorted.
	Connectors() []string
	// Status returns a connector's state; *NotFoundError "No status found for connector X".
	Status(name string) (ConnectorStateInfo, error)
	// TaskStatus returns a task's state; *NotFoundError.
	TaskStatus(id assign.TaskID) (TaskStateInfo, error)
}

// Topics answers what topics a connector uses (KIP-558).
type Topics interface {
	// Topics returns the topics sorted; *NotFoundError for an unknown connector, *ForbiddenError when tracking is disabled.
	Topics(name string) ([]string, error)
	// ResetTopics forgets them; *NotFoundError, *ForbiddenError when resetting is not allowed.
	ResetTopics(ctx context.Context, name string) error
}

// Reads answer from what this worker has read of the config topic; only Offsets asks Kafka.
type Reads interface {
	// Info describes a connector; *NotFoundError "Connector X not found".
	Info(ctx context.Context, name string) (ConnectorInfo, error)
	// Tasks returns the task configurations of a connector, ascending.
	Tasks(ctx context.Context, name string) ([]TaskInfo, error)
	// Offsets returns the offsets of a source connector, or those of a sink's consumer group.
	Offsets(ctx context.Context, name string) ([]ConnectorOffset, error)
}

// Writes change configurations. They belong to the leader: other workers return *NotLeaderError. Bad configurations are *BadRequestError with
// the text of the 400 answer.
type Writes interface {
	// Put creates a connector, or with replace changes its configuration; without it an existing name is *ConflictError. initial is only for
	// new connectors; empty means STARTED. Putting an unchanged configuration changes nothing.
	Put(ctx context.Context, name string, config map[string]string, initial store.TargetState, replace bool) (created bool, info ConnectorInfo, err error)
	// Patch merges into a connector's configuration; a nil value removes the key.
	Patch(ctx context.Context, name string, patch map[string]*string) (ConnectorInfo, error)
	// Delete removes a connector.
	Delete(ctx context.Context, name string) error
}

// States change what a connector does.
type States interface {
	// SetTargetState pauses or resumes on any worker; stopping belongs to the leader.
	SetTargetState(ctx context.Context, name string, s store.TargetState) error
	// RestartConnector restarts the connector instance, on the worker that runs it: others return *NotLeaderError or *NotOwnerError.
	RestartConnector(ctx context.Context, name string) error
	// RestartTask restarts a task, on the worker that runs it.
	RestartTask(ctx context.Context, id assign.TaskID) error
}

// Restarts restarts a connector together with its tasks.
type Restarts interface {
	// RestartAll asks all workers, through the leader, to restart what r selects, and returns the states as they are planned.
	RestartAll(ctx context.Context, r RestartRequest) (ConnectorStateInfo, error)
}

// Plugins answers what can be configured.
type Plugins interface {
	// List returns the entries of the kinds; see registry.Registry.
	List(kinds ...registry.Kind) []registry.Entry
	// PluginConfig describes a plugin's keys; *NotFoundError "Unknown plugin X.".
	PluginConfig(name string) (PluginConfig, error)
	// Validate checks a connector configuration, on this worker.
	Validate(ctx context.Context, config map[string]string) (ConfigInfos, error)
}

// Server answers about the worker itself.
type Server interface {
	Info() ServerInfo
	// Health never blocks for longer than ctx allows.
	Health(ctx context.Context) Health
}

// Internal serves the other workers of the cluster.
type Internal interface {
	// PutTaskConfigs takes a connector's new task configurations on the leader. body is the request as it was signed; signature and
	// algorithm come from its headers.
	PutTaskConfigs(ctx context.Context, connector string, body []byte, signature, algorithm string) error
}

// A Herder is all of it. Every method is safe for concurrent use.
type Herder interface {
	Snapshots
	Topics
	Reads
	Writes
	States
	Restarts
	Plugins
	Internal
	// About returns the worker's own part, whose Info would otherwise collide with that of Reads.
	About() Server
}
