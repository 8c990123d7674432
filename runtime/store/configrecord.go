package store

import (
	"encoding/base64"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/kurier-io/kurier/runtime/assign"
)

// Keys of the config topic.
const (
	connectorPrefix   = "connector-"
	taskPrefix        = "task-"
	commitPrefix      = "commit-"
	targetStatePrefix = "target-state-"
	fencingPrefix     = "tasks-fencing-"
	restartPrefix     = "restart-connector-"
	loggerPrefix      = "logger-cluster-"
	sessionKeyKey     = "session-key"
)

// TargetState is what an operator wants a connector to be.
type TargetState string

// The target states. A connector without one is started.
const (
	Started TargetState = "STARTED"
	Paused  TargetState = "PAUSED"
	Stopped TargetState = "STOPPED" // KIP-875
)

func (s TargetState) valid() bool { return s == Started || s == Paused || s == Stopped }

// SessionKey signs requests between workers (KIP-507).
type SessionKey struct {
	Key       []byte
	Algorithm string
	Created   time.Time
}

// RestartRequest asks every worker to restart its parts of a connector (KIP-745).
type RestartRequest struct {
	Connector    string
	IncludeTasks bool
	OnlyFailed   bool
}

func connectorRecord(name string, config map[string]string) Record {
	return Record{Key: []byte(connectorPrefix + name), Value: appendProperties(nil, config)}
}

func taskRecord(id assign.TaskID, config map[string]string) Record {
	return Record{Key: []byte(taskPrefix + id.String()), Value: appendProperties(nil, config)}
}

func appendProperties(b []byte, config map[string]string) []byte {
	b = append(b, `{"properties":{`...)
	for i, k := range slices.Sorted(maps.Keys(config)) {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(appendString(b, k), ':')
		b = appendString(b, config[k])
	}
	return append(b, "}}"...)
}

func commitRecord(connector string, tasks int) Record {
	return Record{Key: []byte(commitPrefix + connector), Value: fmt.Appendf(nil, `{"tasks":%d}`, tasks)}
}

// targetStateRecord writes both fields: workers before KIP-875 read "state" and take a stopped connector as paused.
func targetStateRecord(connector string, s TargetState) Record {
	old := s
	if s == Stopped {
		old = Paused
	}
	return Record{
		Key:   []byte(targetStatePrefix + connector),
		Value: fmt.Appendf(nil, `{"state":"%s","state.v2":"%s"}`, old, s),
	}
}

func fencingRecord(connector string, tasks int) Record {
	return Record{Key: []byte(fencingPrefix + connector), Value: fmt.Appendf(nil, `{"task-count":%d}`, tasks)}
}

func sessionKeyRecord(k SessionKey) Record {
	b := append([]byte(`{"key":"`), base64.StdEncoding.EncodeToString(k.Key)...)
	b = append(b, `","algorithm":`...)
	b = appendString(b, k.Algorithm)
	b = append(b, `,"creation-timestamp":`...)
	b = strconv.AppendInt(b, k.Created.UnixMilli(), 10)
	return Record{Key: []byte(sessionKeyKey), Value: append(b, '}')}
}

func restartRecord(r RestartRequest) Record {
	return Record{
		Key:   []byte(restartPrefix + r.Connector),
		Value: fmt.Appendf(nil, `{"include-tasks":%t,"only-failed":%t}`, r.IncludeTasks, r.OnlyFailed),
	}
}

func loggerRecord(namespace, level string) Record {
	return Record{Key: []byte(loggerPrefix + namespace), Value: append(appendString([]byte(`{"level":`), level), '}')}
}

// properties reads the "properties" field; null values, which Connect's validation refuses, are left out.
func properties(v map[string]any) (map[string]string, error) {
	raw, ok := v["properties"].(map[string]any)
	if !ok {
		return nil, errors.New(`no "properties" object`)
	}
	out := make(map[string]string, len(raw))
	for k, e := range raw {
		switch e := e.(type) {
		case nil:
		case string:
			out[k] = e
		default:
			return nil, fmt.Errorf("property %q is no string", k)
		}
	}
	return out, nil
}

func intField(v map[string]any, name string) (int, error) {
	n, ok := v[name].(int64)
	if !ok || n < 0 || n > 1<<31-1 {
		return 0, fmt.Errorf("%q is no count", name)
	}
	return int(n), nil
}

func targetState(v map[string]any) (TargetState, error) {
	text, ok := v["state.v2"].(string)
	if !ok {
		text, ok = v["state"].(string)
	}
	if s := TargetState(text); ok && s.valid() {
		return s, nil
	}
	return "", fmt.Errorf("unknown target state %q", text)
}

func sessionKey(v map[string]any) (SessionKey, error) {
	text, _ := v["key"].(string)
	algorithm, _ := v["algorithm"].(string)
	created, ok := v["creation-timestamp"].(int64)
	key, err := base64.StdEncoding.DecodeString(text)
	if err != nil || len(key) == 0 || algorithm == "" || !ok {
		return SessionKey{}, errors.New("incomplete session key")
	}
	return SessionKey{Key: key, Algorithm: algorithm, Created: time.UnixMilli(created)}, nil
}
