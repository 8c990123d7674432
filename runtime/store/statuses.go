package store

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/kurier-io/kurier/runtime/assign"
)

// StatusStore is what readers of statuses need. Reads answer from memory and may lag behind writes of other workers.
// Implemented by [Statuses].
type StatusStore interface {
	Connector(name string) (Status, bool)
	Task(id assign.TaskID) (Status, bool)
	Tasks(connector string) map[assign.TaskID]Status
}

// Statuses keeps statuses in a log. It is safe for concurrent use. Writers return when the record is durable, or when
// the context ends.
type Statuses struct {
	log    Log
	logger *slog.Logger

	mu         sync.Mutex
	connectors map[string]Status
	tasks      map[string]map[assign.TaskID]Status
	topics     map[string]map[string]TopicStatus
}

// NewStatuses prepares a store; a nil logger discards.
func NewStatuses(log Log, logger *slog.Logger) *Statuses {
	if logger == nil {
		logger = slog.New(slog.DiscardHandler)
	}
	return &Statuses{
		log: log, logger: logger, connectors: map[string]Status{},
		tasks: map[string]map[assign.TaskID]Status{}, topics: map[string]map[string]TopicStatus{},
	}
}

// Start replays the log.
func (s *Statuses) Start(ctx context.Context) error {
	if err := s.log.Start(ctx, s.apply); err != nil {
		return fmt.Errorf("status store: %w", err)
	}
	return nil
}

func (s *Statuses) apply(r Record) {
	s.mu.Lock()
	err := s.replay(string(r.Key), r.Value)
	s.mu.Unlock()
	if err != nil {
		s.logger.Error("ignoring a record of the status topic", "key", string(r.Key), "offset", r.Offset, "err", err)
	}
}

func (s *Statuses) replay(key string, value []byte) error {
	if name, ok := strings.CutPrefix(key, statusConnectorPrefix); ok && name != "" {
		return replayStatus(s.connectors, name, value)
	}
	if text, ok := strings.CutPrefix(key, statusTaskPrefix); ok {
		id, err := assign.ParseTaskID(text)
		if err != nil {
			return err
		}
		return replayIn(s.tasks, id.Connector, func(m map[assign.TaskID]Status) error { return replayTask(m, id, value) })
	}
	if strings.HasPrefix(key, statusTopicPrefix) {
		connector, topic, err := parseTopicKey(key)
		if err != nil {
			return err
		}
		return replayIn(s.topics, connector, func(m map[string]TopicStatus) error {
			if value == nil {
				delete(m, topic)
				return nil
			}
			t, err := decodeTopicStatus(value)
			if err == nil {
				m[topic] = t
			}
			return err
		})
	}
	return errUnknownKey
}

// replayIn runs fn on a connector's map, which exists only while it holds something.
func replayIn[K comparable, V any](of map[string]map[K]V, connector string, fn func(map[K]V) error) error {
	m := of[connector]
	if m == nil {
		m = map[K]V{}
	}
	err := fn(m)
	if of[connector] = m; len(m) == 0 {
		delete(of, connector)
	}
	return err
}

func replayStatus[K comparable](m map[K]Status, key K, value []byte) error {
	if value == nil {
		delete(m, key)
		return nil
	}
	st, err := decodeStatus(value)
	if err == nil {
		m[key] = st
	}
	return err
}

// replayTask ignores a late UNASSIGNED of a former owner when the new one runs already (KAFKA-12525).
func replayTask(m map[assign.TaskID]Status, id assign.TaskID, value []byte) error {
	if old, ok := m[id]; ok && value != nil && old.State == Running {
		if st, err := decodeStatus(value); err == nil && st.State == Unassigned && old.Generation >= st.Generation {
			return nil
		}
	}
	return replayStatus(m, id, value)
}

// Connector implements [StatusStore].
func (s *Statuses) Connector(name string) (Status, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	st, ok := s.connectors[name]
	return st, ok
}

// Task implements [StatusStore].
func (s *Statuses) Task(id assign.TaskID) (Status, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	st, ok := s.tasks[id.Connector][id]
	return st, ok
}

// Tasks implements [StatusStore]. The caller owns the map.
func (s *Statuses) Tasks(connector string) map[assign.TaskID]Status {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.tasks[connector])
}

// Connectors returns all connectors that have a status of their own or of a task, sorted.
func (s *Statuses) Connectors() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	names := maps.Clone(s.connectors)
	for c := range s.tasks {
		names[c] = Status{}
	}
	return slices.Sorted(maps.Keys(names))
}

// Topics returns the topics that a connector used, sorted by name.
func (s *Statuses) Topics(connector string) []TopicStatus {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.SortedFunc(maps.Values(s.topics[connector]), func(a, b TopicStatus) int { return cmp.Compare(a.Topic, b.Topic) })
}

// HasTopic reports whether the use of a topic is recorded already. It is called for every batch.
func (s *Statuses) HasTopic(connector, topic string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, ok := s.topics[connector][topic]
	return ok
}

// safe is the rule for writes of an owner that may be the former one: it must not overwrite its successor.
func safe(cached Status, known bool, st Status) bool {
	return !known || cached.WorkerID == st.WorkerID || cached.Generation <= st.Generation
}

// PutConnector writes a connector's status.
func (s *Statuses) PutConnector(ctx context.Context, name string, st Status) error {
	return s.write(ctx, Record{Key: []byte(statusConnectorPrefix + name), Value: st.value()})
}

// PutConnectorSafe writes a connector's status unless another worker wrote a newer one; then it does nothing.
func (s *Statuses) PutConnectorSafe(ctx context.Context, name string, st Status) error {
	if cached, ok := s.Connector(name); !safe(cached, ok, st) {
		return nil
	}
	return s.PutConnector(ctx, name, st)
}

// PutTask writes a task's status.
func (s *Statuses) PutTask(ctx context.Context, id assign.TaskID, st Status) error {
	return s.write(ctx, Record{Key: []byte(statusTaskKey(id)), Value: st.value()})
}

// PutTaskSafe writes a task's status unless another worker wrote a newer one; then it does nothing.
func (s *Statuses) PutTaskSafe(ctx context.Context, id assign.TaskID, st Status) error {
	if cached, ok := s.Task(id); !safe(cached, ok, st) {
		return nil
	}
	return s.PutTask(ctx, id, st)
}

// PutTopic records the use of a topic.
func (s *Statuses) PutTopic(ctx context.Context, t TopicStatus) error {
	return s.write(ctx, Record{Key: []byte(topicKey(t.Connector, t.Topic)), Value: t.value()})
}

// DeleteConnector removes the status of a connector that is no longer configured.
func (s *Statuses) DeleteConnector(ctx context.Context, name string) error {
	return s.write(ctx, Record{Key: []byte(statusConnectorPrefix + name)})
}

// DeleteTask removes the status of a task that is no longer configured.
func (s *Statuses) DeleteTask(ctx context.Context, id assign.TaskID) error {
	return s.write(ctx, Record{Key: []byte(statusTaskKey(id))})
}

// DeleteTopics forgets all topics of a connector.
func (s *Statuses) DeleteTopics(ctx context.Context, connector string) error {
	var errs []error
	for _, t := range s.Topics(connector) {
		errs = append(errs, s.write(ctx, Record{Key: []byte(topicKey(connector, t.Topic))}))
	}
	return errors.Join(errs...)
}

func (s *Statuses) write(ctx context.Context, r Record) error {
	if err := s.log.Append(ctx, r); err != nil {
		return fmt.Errorf("status store: write %s: %w", r.Key, err)
	}
	return nil
}
