package connect

import (
	"context"
	"log/slog"

	"github.com/kurier-io/kurier/plugins/config"
)

// Props is a connector's or task's configuration: every value a string, as in Kafka Connect.
type Props map[string]string

// A Connector splits the work of one configured connector into tasks. It moves no records itself. The worker runs one instance for
// each configured connector in the whole cluster. Source and sink connectors share this interface; what tells them apart is how they
// are registered.
type Connector interface {
	// Start is called once with the connector's whole configuration. It must not block on the external system for longer than a
	// connection attempt. A failed Start shows as connector state FAILED.
	Start(ctx context.Context, cc ConnectorContext, props Props) error
	// TaskConfigs returns at most maxTasks configurations, one a task. Called after Start, and again whenever the connector asked for
	// it with ConnectorContext.RequestTaskReconfiguration. An empty result is legal: nothing to do at present.
	TaskConfigs(ctx context.Context, maxTasks int) ([]Props, error)
	// Stop releases everything; called once, also after a failed TaskConfigs.
	Stop(ctx context.Context) error
}

// A ConnectorContext is what a connector may ask of its worker. Its methods may be called from any goroutine until Stop returns.
type ConnectorContext interface {
	// RequestTaskReconfiguration makes the worker call TaskConfigs again soon.
	RequestTaskReconfiguration()
	// RaiseError fails the connector, as if a call to it had returned err.
	RaiseError(err error)
	// Log writes to the worker's log, labelled with the connector's name.
	Log() *slog.Logger
}

// A Validator checks a configuration beyond its definition, against the outside world where needed. Optional for connectors. It is
// called on a fresh instance that is never started, with a deadline in ctx; values are the results of the definition's own rules,
// in order, to which it adds errors. It returns them, or an error when it could not check at all.
type Validator interface {
	Validate(ctx context.Context, props Props, values []config.Value) ([]config.Value, error)
}

// Single is a Connector whose whole work is one task with the connector's own configuration.
type Single struct{ props Props }

// NewSingle returns a Single.
func NewSingle() Connector { return &Single{} }

// Start keeps the configuration.
func (s *Single) Start(_ context.Context, _ ConnectorContext, props Props) error {
	s.props = props
	return nil
}

// TaskConfigs returns the connector's configuration once.
func (s *Single) TaskConfigs(context.Context, int) ([]Props, error) { return []Props{s.props}, nil }

// Stop has nothing to release.
func (s *Single) Stop(context.Context) error { return nil }
