package sink

import (
	"context"
	"maps"

	"github.com/kurier-io/kurier/connectors/postgres/session"
	"github.com/kurier-io/kurier/plugins/config"
	"github.com/kurier-io/kurier/plugins/connect"
)

// Connector gives every task the whole configuration; topics are divided by the consumer group.
type Connector struct{ props connect.Props }

// NewConnector returns a connector.
func NewConnector() connect.Connector { return &Connector{} }

// Start checks the configuration.
func (c *Connector) Start(_ context.Context, _ connect.ConnectorContext, props connect.Props) error {
	s, err := parse(props)
	if err != nil {
		return err
	}
	_, err = s.dialer(props)
	c.props = props
	return err
}

// TaskConfigs returns maxTasks equal configurations.
func (c *Connector) TaskConfigs(_ context.Context, maxTasks int) ([]connect.Props, error) {
	out := make([]connect.Props, maxTasks)
	for i := range out {
		out[i] = maps.Clone(c.props)
	}
	return out, nil
}

// Stop has nothing to release.
func (c *Connector) Stop(context.Context) error { return nil }

// Validate checks the keys against each other, then that the database can be reached.
func (c *Connector) Validate(ctx context.Context, props connect.Props, values []config.Value) ([]config.Value, error) {
	if config.Problems(values) != nil {
		return values, nil
	}
	s, err := config.Parse[Settings](props)
	if err != nil {
		return values, nil //nolint:nilerr // The definition's own rules have reported it.
	}
	for _, p := range s.resolve(props) {
		values = session.AddError(values, p.Key, p.Msg)
	}
	if config.Problems(values) != nil {
		return values, nil
	}
	d, err := s.dialer(props)
	if err != nil {
		return session.Attach(values, err), nil
	}
	conn, err := d.Once(ctx)
	if err != nil {
		return session.Attach(values, err), nil
	}
	session.Close(conn)
	return values, nil
}
