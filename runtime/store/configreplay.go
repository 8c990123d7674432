package store

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/kurier-io/kurier/runtime/assign"
)

// ConfigUpdate is one change of the config log. Exactly one field besides Connector says what changed.
type ConfigUpdate struct {
	Connector string

	ConnectorConfig  bool            // created or changed
	ConnectorRemoved bool            // no longer configured
	Tasks            []assign.TaskID // TasksCommitted: tasks with new configurations, perhaps none
	TasksCommitted   bool
	TargetState      bool
	SessionKey       *SessionKey
	Restart          *RestartRequest
	LoggerLevel      *LoggerLevel
}

// LoggerLevel is a cluster-wide log level (KIP-976).
type LoggerLevel struct{ Namespace, Level string }

// configReplay turns records into state, by the rules of Kafka Connect's KafkaConfigBackingStore.
type configReplay struct {
	state    ConfigState
	deferred map[string]map[int]map[string]string // task records without a commit yet
	anyTask  map[string]bool                      // a task record was read since the connector's creation
}

func newConfigReplay() *configReplay {
	return &configReplay{state: newConfigState(), deferred: map[string]map[int]map[string]string{}, anyTask: map[string]bool{}}
}

var (
	errUnknownKey = errors.New("unknown key")
	errNoObject   = errors.New("the value is no JSON object")
	errTombstone  = errors.New("a tombstone has no meaning here")
)

// apply replays one record. The update is nil when nobody needs to know; an error means that the record was ignored,
// and never that replay cannot go on.
func (p *configReplay) apply(r Record) (*ConfigUpdate, error) {
	var v map[string]any
	var object bool
	if r.Value != nil {
		decoded, err := decodeJSON(r.Value)
		if err != nil {
			return nil, err // does not move the offset
		}
		v, object = decoded.(map[string]any)
	}
	p.state.Offset = r.Offset + 1
	if r.Value != nil && !object {
		return nil, errNoObject
	}
	key := string(r.Key)
	for _, kind := range []struct {
		prefix string
		apply  func(string, map[string]any) (*ConfigUpdate, error)
	}{
		{targetStatePrefix, p.target}, {connectorPrefix, p.connector}, {taskPrefix, p.task}, {commitPrefix, p.commit},
		{restartPrefix, restart}, {fencingPrefix, p.fencing}, {sessionKeyKey, p.sessionKey}, {loggerPrefix, logger},
	} {
		if name, ok := strings.CutPrefix(key, kind.prefix); ok && (kind.prefix != sessionKeyKey || name == "") {
			return kind.apply(name, v)
		}
	}
	return nil, errUnknownKey
}

func (p *configReplay) connector(name string, v map[string]any) (*ConfigUpdate, error) {
	s := &p.state
	if v == nil {
		p.forget(name)
		return &ConfigUpdate{Connector: name, ConnectorRemoved: true}, nil
	}
	config, err := properties(v)
	if err != nil {
		return nil, err
	}
	s.connectors[name] = config
	if s.targets[name] == "" {
		s.targets[name] = Started
	}
	return &ConfigUpdate{Connector: name, ConnectorConfig: true}, nil
}

// forget drops a deleted connector. The task count record stays: it protects a later connector of the same name from
// the producers of this one.
func (p *configReplay) forget(name string) {
	s := &p.state
	delete(s.connectors, name)
	delete(s.counts, name)
	delete(s.applied, name)
	delete(s.inconsistent, name)
	delete(s.generations, name)
	delete(p.deferred, name)
	delete(p.anyTask, name)
	maps.DeleteFunc(s.tasks, func(id assign.TaskID, _ map[string]string) bool { return id.Connector == name })
}

func (p *configReplay) task(name string, v map[string]any) (*ConfigUpdate, error) {
	id, err := assign.ParseTaskID(name)
	if err != nil {
		return nil, err
	}
	if v == nil {
		return nil, errTombstone
	}
	config, err := properties(v)
	if err != nil {
		return nil, err
	}
	if p.deferred[id.Connector] == nil {
		p.deferred[id.Connector] = map[int]map[string]string{}
	}
	p.deferred[id.Connector][id.Task] = config
	p.anyTask[id.Connector] = true
	return nil, nil
}

func (p *configReplay) commit(name string, v map[string]any) (*ConfigUpdate, error) {
	s := &p.state
	if v == nil {
		return nil, errTombstone
	}
	count, err := intField(v, "tasks")
	if err != nil {
		return nil, err
	}
	if !s.Contains(name) { // a commit that outlived its connector's deletion
		p.forget(name)
		return nil, nil
	}
	pending := p.deferred[name]
	delete(p.deferred, name)
	s.counts[name] = count
	s.unfenced[name] = true
	up := &ConfigUpdate{Connector: name, TasksCommitted: true}
	for i := range count {
		if pending[i] == nil {
			s.inconsistent[name] = true
			return up, fmt.Errorf("commit of %d tasks lacks task %d: the connector runs no tasks until the next commit", count, i)
		}
	}
	delete(s.inconsistent, name)
	for _, i := range slices.Sorted(maps.Keys(pending)) {
		id := assign.TaskID{Connector: name, Task: i}
		s.tasks[id] = pending[i]
		up.Tasks = append(up.Tasks, id)
	}
	s.applied[name] = s.connectors[name]
	if g, seen := s.generations[name]; p.anyTask[name] {
		if seen {
			g++
		}
		s.generations[name] = g
	}
	return up, nil
}

func (p *configReplay) target(name string, v map[string]any) (*ConfigUpdate, error) {
	s := &p.state
	if v == nil {
		delete(s.targets, name)
		if s.Contains(name) {
			s.targets[name] = Started
		}
		return nil, nil
	}
	state, err := targetState(v)
	if err != nil {
		return nil, err
	}
	was := s.targets[name]
	s.targets[name] = state
	if was == state || !s.Contains(name) {
		return nil, nil
	}
	return &ConfigUpdate{Connector: name, TargetState: true}, nil
}

func (p *configReplay) fencing(name string, v map[string]any) (*ConfigUpdate, error) {
	if v == nil {
		return nil, errTombstone
	}
	n, err := intField(v, "task-count")
	if err != nil {
		return nil, err
	}
	p.state.fenced[name] = n
	delete(p.state.unfenced, name)
	return nil, nil
}

func (p *configReplay) sessionKey(_ string, v map[string]any) (*ConfigUpdate, error) {
	if v == nil {
		return nil, errTombstone
	}
	k, err := sessionKey(v)
	if err != nil {
		return nil, err
	}
	p.state.SessionKey = &k
	return &ConfigUpdate{SessionKey: &k}, nil
}

func restart(name string, v map[string]any) (*ConfigUpdate, error) {
	if v == nil {
		return nil, nil
	}
	r := &RestartRequest{Connector: name}
	r.IncludeTasks, _ = v["include-tasks"].(bool)
	r.OnlyFailed, _ = v["only-failed"].(bool)
	return &ConfigUpdate{Connector: name, Restart: r}, nil
}

func logger(name string, v map[string]any) (*ConfigUpdate, error) {
	if v == nil {
		return nil, nil
	}
	level, ok := v["level"].(string)
	if !ok {
		return nil, errors.New(`no "level"`)
	}
	return &ConfigUpdate{LoggerLevel: &LoggerLevel{Namespace: name, Level: level}}, nil
}
