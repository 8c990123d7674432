package store

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/kurier-io/kurier/runtime/assign"
)

// State is the state of a connector or task as REST shows it.
type State string

// The states. Stopped belongs to connectors only; destroyed is a tombstone and therefore no state here.
const (
	Unassigned   State = "UNASSIGNED"
	Running      State = "RUNNING"
	PausedState  State = "PAUSED"
	StoppedState State = "STOPPED"
	Failed       State = "FAILED"
	Restarting   State = "RESTARTING"
)

// Status is the state of one connector or task, and who said so.
type Status struct {
	State      State
	Trace      string // why it failed; empty: none
	WorkerID   string // host:port
	Generation int    // of the group when it was written
	Version    string // of the plugin; later Kafka versions write it, others leave it out
}

// TopicStatus says that a connector used a topic (KIP-558).
type TopicStatus struct {
	Topic      string
	Connector  string
	Task       int
	Discovered int64 // milliseconds since the epoch
}

const (
	statusConnectorPrefix = "status-connector-"
	statusTaskPrefix      = "status-task-"
	statusTopicPrefix     = "status-topic-"
	topicSeparator        = ":connector-"
)

func (s Status) value() []byte {
	b := appendString([]byte(`{"state":`), string(s.State))
	b = append(b, `,"trace":`...)
	if s.Trace == "" {
		b = append(b, "null"...)
	} else {
		b = appendString(b, s.Trace)
	}
	b = append(b, `,"worker_id":`...)
	b = appendString(b, s.WorkerID)
	b = append(b, `,"generation":`...)
	b = strconv.AppendInt(b, int64(s.Generation), 10)
	if s.Version != "" {
		b = appendString(append(b, `,"version":`...), s.Version)
	}
	return append(b, '}')
}

func decodeStatus(value []byte) (Status, error) {
	v, err := decodeObject(value)
	if err != nil {
		return Status{}, err
	}
	var s Status
	state, _ := v["state"].(string)
	s.State = State(state)
	switch s.State {
	case Unassigned, Running, PausedState, StoppedState, Failed, Restarting:
	default:
		return Status{}, fmt.Errorf("unknown state %q", state)
	}
	s.Trace, _ = v["trace"].(string)
	s.Version, _ = v["version"].(string)
	worker, ok := v["worker_id"].(string)
	generation, ok2 := v["generation"].(int64)
	if !ok || !ok2 {
		return Status{}, errors.New(`no "worker_id" or "generation"`)
	}
	s.WorkerID, s.Generation = worker, int(generation)
	return s, nil
}

func topicKey(connector, topic string) string {
	return statusTopicPrefix + topic + topicSeparator + connector
}

func (t TopicStatus) value() []byte {
	b := appendString([]byte(`{"topic":{"name":`), t.Topic)
	b = appendString(append(b, `,"connector":`...), t.Connector)
	return fmt.Appendf(b, `,"task":%d,"discoverTimestamp":%d}}`, t.Task, t.Discovered)
}

// parseTopicKey splits at the first colon: topic names hold none.
func parseTopicKey(key string) (connector, topic string, err error) {
	topic, connector, ok := strings.Cut(strings.TrimPrefix(key, statusTopicPrefix), topicSeparator)
	if !ok || topic == "" || connector == "" {
		return "", "", fmt.Errorf("key %q: want status-topic-<topic>:connector-<connector>", key)
	}
	return connector, topic, nil
}

func decodeTopicStatus(value []byte) (TopicStatus, error) {
	v, err := decodeObject(value)
	if err != nil {
		return TopicStatus{}, err
	}
	inner, _ := v["topic"].(map[string]any)
	name, ok := inner["name"].(string)
	connector, ok2 := inner["connector"].(string)
	task, ok3 := inner["task"].(int64)
	at, ok4 := inner["discoverTimestamp"].(int64)
	if !ok || !ok2 || !ok3 || !ok4 {
		return TopicStatus{}, errors.New("incomplete topic status")
	}
	return TopicStatus{Topic: name, Connector: connector, Task: int(task), Discovered: at}, nil
}

func statusTaskKey(id assign.TaskID) string { return statusTaskPrefix + id.String() }
