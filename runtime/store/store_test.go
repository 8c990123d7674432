package store

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/kurier-io/kurier/runtime/assign"
)

func rec(key, value string) Record {
	r := Record{Key: []byte(key)}
	if value != "" {
		r.Value = []byte(value)
	}
	return r
}

func TestGoldenRecords(t *testing.T) {
	tests := []struct {
		got        Record
		key, value string
	}{
		{connectorRecord("my-c", map[string]string{"b": "<&>/\u2028", "a": "q\"\\\n\x01\x1f"}),
			"connector-my-c", `{"properties":{"a":"q\"\\\n\u0001\u001F","b":"<&>/` + "\u2028" + `"}}`},
		{taskRecord(assign.TaskID{Connector: "my-c", Task: 3}, map[string]string{"task.class": "T"}), "task-my-c-3", `{"properties":{"task.class":"T"}}`},
		{commitRecord("c", 2), "commit-c", `{"tasks":2}`},
		{targetStateRecord("c", Started), "target-state-c", `{"state":"STARTED","state.v2":"STARTED"}`},
		{targetStateRecord("c", Stopped), "target-state-c", `{"state":"PAUSED","state.v2":"STOPPED"}`},
		{fencingRecord("c", 4), "tasks-fencing-c", `{"task-count":4}`},
		{sessionKeyRecord(SessionKey{Key: []byte{1, 2, 255}, Algorithm: "HmacSHA256", Created: time.UnixMilli(1700000000000)}),
			"session-key", `{"key":"AQL/","algorithm":"HmacSHA256","creation-timestamp":1700000000000}`},
		{restartRecord(RestartRequest{"c", false, true}), "restart-connector-c", `{"include-tasks":false,"only-failed":true}`},
		{loggerRecord("org.x", "DEBUG"), "logger-cluster-org.x", `{"level":"DEBUG"}`},
		{Record{Key: []byte("s"), Value: Status{State: Running, WorkerID: "h:8083", Generation: 7}.value()},
			"s", `{"state":"RUNNING","trace":null,"worker_id":"h:8083","generation":7}`},
		{Record{Key: []byte(topicKey("c", "t")), Value: TopicStatus{"t", "c", 0, 1700000000000}.value()},
			"status-topic-t:connector-c", `{"topic":{"name":"t","connector":"c","task":0,"discoverTimestamp":1700000000000}}`},
	}
	for _, tc := range tests {
		if string(tc.got.Key) != tc.key || string(tc.got.Value) != tc.value {
			t.Errorf("got %s = %s\nwant %s = %s", tc.got.Key, tc.got.Value, tc.key, tc.value)
		}
	}
}

func started(t *testing.T, records ...Record) (*Configs, *[]ConfigUpdate) {
	t.Helper()
	var ups []ConfigUpdate
	c := NewConfigs(NewMemoryLog(records...), func(u ConfigUpdate) { ups = append(ups, u) }, nil)
	if err := c.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	return c, &ups
}

func TestConfigReplay(t *testing.T) {
	props := `{"properties":{"k":"v"},"later":1}`
	c, ups := started(t,
		rec("connector-a", props), rec("task-a-0", props), rec("task-a-1", props), rec("commit-a", `{"tasks":2}`),
		rec("task-a-0", `{"properties":{"k":"uncommitted"}}`),                                                     // no commit: invisible
		rec("connector-b", props), rec("task-b-0", props), rec("task-b-2", props), rec("commit-b", `{"tasks":3}`), // incomplete
		rec("connector-c", props), rec("connector-c", ""), rec("task-c-0", props), rec("commit-c", `{"tasks":1}`), // deleted
		rec("target-state-a", `{"state":"PAUSED"}`), rec("target-state-b", `{"state":"PAUSED","state.v2":"STOPPED"}`),
		rec("target-state-b", `{"state":"WRONG"}`), rec("what-is-this", `{}`), rec("restart-connector-a", `{}`),
		rec("tasks-fencing-a", `{"task-count":2}`), rec("task-a-x", props), rec("commit-a", ""), rec("connector-a", "5"), rec("connector-a", `nonsense`),
	)
	s := c.Snapshot()
	if s.Offset != 22 { // the undecodable last record does not count
		t.Errorf("offset %d", s.Offset)
	}
	if diff := cmp.Diff([]string{"a", "b"}, s.Connectors()); diff != "" {
		t.Error(diff)
	}
	if len(s.Tasks("a")) != 2 || s.TaskConfig(assign.TaskID{Connector: "a"})["k"] != "v" {
		t.Errorf("tasks of a: %v", s.Tasks("a"))
	}
	if len(s.Tasks("b")) != 0 || s.TaskCount("b") != 3 || !cmp.Equal(s.Inconsistent(), []string{"b"}) || len(s.Tasks("c")) != 0 {
		t.Errorf("b: %v of %d, inconsistent %v, c: %v", s.Tasks("b"), s.TaskCount("b"), s.Inconsistent(), s.Tasks("c"))
	}
	if s.TargetState("a") != Paused || s.TargetState("b") != Stopped {
		t.Errorf("targets %s, %s", s.TargetState("a"), s.TargetState("b"))
	}
	if n, ok := s.TaskCountRecord("a"); !ok || n != 2 || s.PendingFencing("a") || !s.PendingFencing("b") {
		t.Errorf("task count record %d, %t", n, ok)
	}
	if len(*ups) != 0 {
		t.Errorf("replay notified %v", *ups)
	}
}

func TestConfigWrites(t *testing.T) {
	c, ups := started(t)
	ctx := t.Context()
	for _, err := range []error{
		c.PutConnector(ctx, "a", map[string]string{"x": "1"}, Stopped),
		c.PutTaskConfigs(ctx, "a", []map[string]string{{"n": "0"}, {"n": "1"}, {"n": "2"}}),
		c.PutTargetState(ctx, "a", Started), c.PutTargetState(ctx, "a", Started),
		c.PutTaskConfigs(ctx, "a", []map[string]string{{"n": "0"}}),
		c.PutSessionKey(ctx, SessionKey{Key: []byte("k"), Algorithm: "HmacSHA256", Created: time.UnixMilli(5)}),
		c.PutRestart(ctx, RestartRequest{"a", true, false}), c.PutLoggerLevel(ctx, LoggerLevel{"n", "INFO"}),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	before := c.Snapshot()
	if len(before.Tasks("a")) != 1 || before.TaskConfig(assign.TaskID{Connector: "a", Task: 2}) != nil || before.TargetState("a") != Started {
		t.Errorf("tasks %v, target %s", before.Tasks("a"), before.TargetState("a"))
	}
	if g, _ := before.TaskConfigGeneration("a"); g != 1 || before.AppliedConfig("a")["x"] != "1" || string(before.SessionKey.Key) != "k" {
		t.Errorf("generation %d, applied %v", g, before.AppliedConfig("a"))
	}
	if err := c.RemoveConnector(ctx, "a"); err != nil {
		t.Fatal(err)
	}
	if !before.Contains("a") || c.Snapshot().Contains("a") || c.Snapshot().TargetState("a") != "" {
		t.Error("a snapshot changed, or the removal did not take effect")
	}
	if len(*ups) != 8 { // config, tasks, target (once), tasks, key, restart, logger, removal
		t.Errorf("%d updates: %+v", len(*ups), *ups)
	}
}

func TestOffsetsKeepForeignSpellings(t *testing.T) {
	log := NewMemoryLog(
		rec(`["src",{"table":"orders","schema":"public","n":1.0}]`, `{"pos":9007199254740993,"f":1.5}`),
		rec(`["src"]`, `{}`), rec(`nonsense`, `{}`), rec(`[1,{}]`, `{}`), rec(`["src",{"bad":1}]`, `nonsense`),
	)
	o := NewOffsets(log, nil)
	if err := o.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	p := map[string]any{"schema": "public", "n": 1, "table": "orders"}
	got, err := o.Get(t.Context(), "src", p, map[string]any{"other": true})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]map[string]any{{"pos": int64(9007199254740993), "f": 1.5}, nil}, got); diff != "" {
		t.Error(diff)
	}
	records, err := o.Records("src", OffsetEntry{p, map[string]any{"pos": int64(5), "a": 2.0}}, OffsetEntry{map[string]any{"z": 1, "a": "x"}, nil})
	if err != nil {
		t.Fatal(err)
	}
	want := []Record{rec(`["src",{"table":"orders","schema":"public","n":1.0}]`, `{"a":2.0,"pos":5}`), rec(`["src",{"a":"x","z":1}]`, "")}
	if diff := cmp.Diff(want, records); diff != "" {
		t.Error(diff)
	}
	if _, err := o.Records("src", OffsetEntry{p, map[string]any{"x": map[string]any{}}}); err == nil {
		t.Error("accepted a nested offset")
	}
	if err := o.Set(t.Context(), "src", OffsetEntry{p, nil}); err != nil {
		t.Fatal(err)
	}
	if all, err := o.List(t.Context(), "src"); err != nil || len(all) != 0 {
		t.Errorf("after removal: %v, %v", all, err)
	}
}

func TestSeveralSpellingsBecomeOne(t *testing.T) {
	o := NewOffsets(NewMemoryLog(
		Record{Key: []byte(`["s",{"a":1,"b":2}]`), Value: []byte(`{"p":2}`), Timestamp: 20},
		Record{Key: []byte(`["s",{"b":2,"a":1}]`), Value: []byte(`{"p":1}`), Timestamp: 10},
	), nil)
	if err := o.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	p := map[string]any{"a": 1, "b": 2}
	if got, err := o.Get(t.Context(), "s", p); err != nil || got[0]["p"] != int64(2) {
		t.Fatalf("got %v, %v", got, err)
	}
	records, err := o.Records("s", OffsetEntry{p, map[string]any{"p": 3}})
	if err != nil || len(records) != 2 || records[0].Value != nil || string(records[1].Key) != `["s",{"a":1,"b":2}]` {
		t.Fatalf("got %v, %v", records, err)
	}
}

func TestStatuses(t *testing.T) {
	s := NewStatuses(NewMemoryLog(
		rec("status-task-a-b-0", `{"state":"RUNNING","trace":null,"worker_id":"w2","generation":9,"version":"1.0","new":1}`),
		rec("status-task-a-b-0", `{"state":"UNASSIGNED","trace":null,"worker_id":"w1","generation":8}`),
		rec("status-connector-a-b", `{"state":"FAILED","trace":"boom","worker_id":"w2","generation":9}`),
		rec("status-task-a-b-x", `{}`), rec("status-task-a-1", `{"state":"WRONG"}`), rec("other", `{}`), rec("status-topic-x", `{}`),
	), nil)
	ctx := t.Context()
	if err := s.Start(ctx); err != nil {
		t.Fatal(err)
	}
	id := assign.TaskID{Connector: "a-b", Task: 0}
	if st, ok := s.Task(id); !ok || st.State != Running || st.Version != "1.0" {
		t.Errorf("task %+v", st)
	}
	if err := s.PutTaskSafe(ctx, id, Status{State: Failed, WorkerID: "w1", Generation: 8}); err != nil {
		t.Fatal(err)
	}
	if st, _ := s.Task(id); st.State != Running {
		t.Errorf("a former owner overwrote its successor: %+v", st)
	}
	if err := s.PutTaskSafe(ctx, id, Status{State: Failed, WorkerID: "w1", Generation: 9, Trace: "t"}); err != nil {
		t.Fatal(err)
	}
	if st, _ := s.Task(id); st.State != Failed || st.Trace != "t" {
		t.Errorf("task %+v", st)
	}
	if err := s.PutTopic(ctx, TopicStatus{"t", "a-b", 1, 5}); err != nil || !s.HasTopic("a-b", "t") {
		t.Errorf("topics %v, %v", s.Topics("a-b"), err)
	}
	if err := s.DeleteTopics(ctx, "a-b"); err != nil || len(s.Topics("a-b")) != 0 {
		t.Errorf("topics %v, %v", s.Topics("a-b"), err)
	}
	if err := s.DeleteTask(ctx, id); err != nil || len(s.Tasks("a-b")) != 0 {
		t.Errorf("tasks %v, %v", s.Tasks("a-b"), err)
	}
}

func TestJSONRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := map[string]any{}
		for _, k := range rapid.SliceOf(rapid.String()).Draw(t, "keys") {
			want[k] = rapid.OneOf(rapid.Map(rapid.String(), func(s string) any { return s }),
				rapid.Map(rapid.Int64(), func(n int64) any { return n }), rapid.Map(rapid.Float64(), func(f float64) any { return f }),
				rapid.Map(rapid.Bool(), func(b bool) any { return b })).Draw(t, "value")
		}
		b, err := appendMap(nil, want)
		if err != nil {
			t.Fatal(err)
		}
		got, err := decodeObject(b)
		if err != nil {
			t.Fatalf("%v in %s", err, b)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatal(diff)
		}
	})
}

func FuzzReplay(f *testing.F) {
	f.Add("connector-a", `{"properties":{}}`)
	f.Add(`["a",{"x":1}]`, `{"p":1}`)
	f.Add("status-task-a-0", `{"state":"RUNNING","worker_id":"w","generation":1}`)
	f.Fuzz(func(t *testing.T, key, value string) {
		r := Record{Key: []byte(key), Value: []byte(value)}
		c, _ := started(t, r)
		o, s := NewOffsets(NewMemoryLog(r), nil), NewStatuses(NewMemoryLog(r), nil)
		if err := o.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := s.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		if off := c.Snapshot().Offset; off != -1 && off != 1 {
			t.Fatalf("offset %d", off)
		}
		if len(s.Connectors()) > 0 && !strings.HasPrefix(key, "status-") {
			t.Fatalf("key %q became a status", key)
		}
	})
}
