package store

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/kurier-io/kurier/runtime/assign"
)

// writeTimeout bounds one awaited change of the config log, read-back included (30 s as in Kafka Connect).
const writeTimeout = 30 * time.Second

// ConfigStore is what reads of the cluster's configuration need. Implemented by [Configs].
type ConfigStore interface {
	Snapshot() *ConfigState
	// Refresh reads the log to its end.
	Refresh(ctx context.Context) error
}

// Configs keeps connector and task configurations in a log. All methods are safe for concurrent use. Of the writers
// only PutTargetState and PutLoggerLevel may be called on any worker; the others belong to the leader.
type Configs struct {
	log    Log
	logger *slog.Logger
	listen func(ConfigUpdate)

	mu      sync.Mutex
	replay  *configReplay
	cached  *ConfigState // nil when the replay moved on
	started bool
}

// NewConfigs prepares a store. After Start, listen is called for every change on the log's goroutine, in order; it
// must not block and must not call writers. A nil logger discards.
func NewConfigs(log Log, listen func(ConfigUpdate), logger *slog.Logger) *Configs {
	if logger == nil {
		logger = slog.New(slog.DiscardHandler)
	}
	return &Configs{log: log, logger: logger, listen: listen, replay: newConfigReplay()}
}

// Start replays the log. No update is delivered for what it held: take a snapshot afterwards.
func (c *Configs) Start(ctx context.Context) error {
	if err := c.log.Start(ctx, c.apply); err != nil {
		return fmt.Errorf("config store: %w", err)
	}
	c.mu.Lock()
	c.started = true
	c.mu.Unlock()
	return nil
}

func (c *Configs) apply(r Record) {
	c.mu.Lock()
	up, err := c.replay.apply(r)
	c.cached = nil
	started := c.started
	c.mu.Unlock()
	if err != nil {
		c.logger.Error("ignoring a record of the config topic", "key", string(r.Key), "offset", r.Offset, "err", err)
	}
	if up != nil && started && c.listen != nil {
		c.listen(*up)
	}
}

// Snapshot implements [ConfigStore].
func (c *Configs) Snapshot() *ConfigState {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.cached == nil {
		c.cached = c.replay.state.clone()
	}
	return c.cached
}

// Refresh implements [ConfigStore].
func (c *Configs) Refresh(ctx context.Context) error {
	if err := c.log.ReadToEnd(ctx); err != nil {
		return fmt.Errorf("config store: read to end: %w", err)
	}
	return nil
}

// PutConnector creates or replaces a connector; an initial target state, if not empty, is written before it so that
// no worker starts it in another one.
func (c *Configs) PutConnector(ctx context.Context, name string, config map[string]string, initial TargetState) error {
	var records []Record
	if initial != "" {
		records = append(records, targetStateRecord(name, initial))
	}
	return c.write(ctx, "write connector "+name, append(records, connectorRecord(name, config))...)
}

// RemoveConnector deletes a connector and its target state.
func (c *Configs) RemoveConnector(ctx context.Context, name string) error {
	return c.write(ctx, "remove connector "+name,
		Record{Key: []byte(connectorPrefix + name)}, Record{Key: []byte(targetStatePrefix + name)})
}

// PutTaskConfigs replaces the tasks of a connector. The commit record follows when all task records are durable: a set
// without it is never used.
func (c *Configs) PutTaskConfigs(ctx context.Context, connector string, configs []map[string]string) error {
	ctx, cancel := context.WithTimeout(ctx, writeTimeout)
	defer cancel()
	if err := c.Refresh(ctx); err != nil {
		return err
	}
	var records []Record
	for i, config := range configs {
		records = append(records, taskRecord(assign.TaskID{Connector: connector, Task: i}, config))
	}
	if len(records) > 0 {
		if err := c.write(ctx, "write task configurations of connector "+connector, records...); err != nil {
			return err
		}
	}
	return c.write(ctx, "commit task configurations of connector "+connector, commitRecord(connector, len(configs)))
}

// PutTargetState records the wanted state of a connector. Any worker may call it.
func (c *Configs) PutTargetState(ctx context.Context, connector string, s TargetState) error {
	return c.write(ctx, "write target state of connector "+connector, targetStateRecord(connector, s))
}

// PutSessionKey distributes a new key for requests between workers.
func (c *Configs) PutSessionKey(ctx context.Context, k SessionKey) error {
	return c.write(ctx, "write session key", sessionKeyRecord(k))
}

// PutRestart asks all workers to restart a connector.
func (c *Configs) PutRestart(ctx context.Context, r RestartRequest) error {
	return c.write(ctx, "write restart request of connector "+r.Connector, restartRecord(r))
}

// PutTaskCount records how many producers a round of fencing left valid (KIP-618).
func (c *Configs) PutTaskCount(ctx context.Context, connector string, tasks int) error {
	return c.write(ctx, "write task count of connector "+connector, fencingRecord(connector, tasks))
}

// PutLoggerLevel sets a log level on all workers. Any worker may call it.
func (c *Configs) PutLoggerLevel(ctx context.Context, l LoggerLevel) error {
	return c.write(ctx, "write logger level", loggerRecord(l.Namespace, l.Level))
}

func (c *Configs) write(ctx context.Context, what string, records ...Record) error {
	ctx, cancel := context.WithTimeout(ctx, writeTimeout)
	defer cancel()
	err := c.log.Append(ctx, records...)
	if err == nil {
		err = c.log.ReadToEnd(ctx)
	}
	if err != nil {
		return fmt.Errorf("config store: %s: %w", what, err)
	}
	return nil
}
