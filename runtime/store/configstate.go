package store

import (
	"maps"
	"slices"

	"github.com/kurier-io/kurier/runtime/assign"
)

// ConfigState is what the config log says at one offset. It is immutable; the maps it returns must not be changed.
type ConfigState struct {
	// Offset is one past the last readable record: the logical clock that workers compare. -1: none read.
	Offset     int64
	SessionKey *SessionKey // nil: none yet

	connectors   map[string]map[string]string
	tasks        map[assign.TaskID]map[string]string
	counts       map[string]int
	targets      map[string]TargetState
	inconsistent map[string]bool
	fenced       map[string]int
	unfenced     map[string]bool
	generations  map[string]int
	applied      map[string]map[string]string
}

func newConfigState() ConfigState {
	return ConfigState{
		Offset:     -1,
		connectors: map[string]map[string]string{}, tasks: map[assign.TaskID]map[string]string{},
		counts: map[string]int{}, targets: map[string]TargetState{}, inconsistent: map[string]bool{},
		fenced: map[string]int{}, unfenced: map[string]bool{}, generations: map[string]int{},
		applied: map[string]map[string]string{},
	}
}

// clone copies the maps; the configurations in them are shared, for they are replaced and never changed.
func (s *ConfigState) clone() *ConfigState {
	return &ConfigState{
		Offset: s.Offset, SessionKey: s.SessionKey,
		connectors: maps.Clone(s.connectors), tasks: maps.Clone(s.tasks), counts: maps.Clone(s.counts),
		targets: maps.Clone(s.targets), inconsistent: maps.Clone(s.inconsistent), fenced: maps.Clone(s.fenced),
		unfenced: maps.Clone(s.unfenced), generations: maps.Clone(s.generations), applied: maps.Clone(s.applied),
	}
}

// Connectors returns the names of all configured connectors, sorted.
func (s *ConfigState) Connectors() []string { return slices.Sorted(maps.Keys(s.connectors)) }

// Contains reports whether the connector is configured.
func (s *ConfigState) Contains(connector string) bool { return s.connectors[connector] != nil }

// ConnectorConfig returns a connector's configuration as submitted, or nil.
func (s *ConfigState) ConnectorConfig(connector string) map[string]string {
	return s.connectors[connector]
}

// AppliedConfig returns the configuration that the connector had when its tasks were last committed, or nil.
func (s *ConfigState) AppliedConfig(connector string) map[string]string { return s.applied[connector] }

// TargetState returns the wanted state; empty when nothing is known of the connector.
func (s *ConfigState) TargetState(connector string) TargetState { return s.targets[connector] }

// TaskCount returns how many tasks the last commit declared, also when the set is inconsistent.
func (s *ConfigState) TaskCount(connector string) int { return s.counts[connector] }

// Tasks returns the tasks of a connector; none when its task set is inconsistent.
func (s *ConfigState) Tasks(connector string) []assign.TaskID {
	if s.inconsistent[connector] {
		return nil
	}
	out := make([]assign.TaskID, s.counts[connector])
	for i := range out {
		out[i] = assign.TaskID{Connector: connector, Task: i}
	}
	return out
}

// TaskConfig returns the committed configuration of a task, or nil.
func (s *ConfigState) TaskConfig(id assign.TaskID) map[string]string {
	if id.Task >= s.counts[id.Connector] {
		return nil
	}
	return s.tasks[id]
}

// Inconsistent returns the connectors whose last commit lacked task records, sorted.
func (s *ConfigState) Inconsistent() []string { return slices.Sorted(maps.Keys(s.inconsistent)) }

// TaskCountRecord returns the number of producers that the last fencing left valid (KIP-618).
func (s *ConfigState) TaskCountRecord(connector string) (int, bool) {
	n, ok := s.fenced[connector]
	return n, ok
}

// PendingFencing reports whether tasks were committed after the last task count record.
func (s *ConfigState) PendingFencing(connector string) bool { return s.unfenced[connector] }

// TaskConfigGeneration counts the commits of a connector's tasks; false when there was none.
func (s *ConfigState) TaskConfigGeneration(connector string) (int, bool) {
	n, ok := s.generations[connector]
	return n, ok
}

// Configured returns all connectors and tasks, what a leader assigns.
func (s *ConfigState) Configured() assign.Assignment {
	a := assign.Assignment{Connectors: s.Connectors()}
	for _, c := range a.Connectors {
		a.Tasks = append(a.Tasks, s.Tasks(c)...)
	}
	return a
}
