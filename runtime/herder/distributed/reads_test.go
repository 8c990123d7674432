package distributed

import (
	"context"
	"errors"
	"testing"

	"github.com/kurier-io/kurier/plugins/config"
	"github.com/kurier-io/kurier/runtime/assign"
	"github.com/kurier-io/kurier/runtime/herder"
	"github.com/kurier-io/kurier/runtime/store"
)

// Until the tasks of a new class are committed, the old ones start as they were.
func TestClassThatChangesKind(t *testing.T) {
	bubble(t, func(t *testing.T, n *node) {
		n.w.broken["X"] = errors.New("no tasks yet")
		n.put("X", "connector.class=x.BarSinkConnector")
		wantEvents(t, n, "stop connector X", "start connector X v= STARTED", "ask X: no tasks yet")
		if err := n.h.RestartTask(t.Context(), assign.TaskID{Connector: "X"}); err != nil {
			t.Fatal(err)
		}
		wantEvents(t, n, "stop task X-0", "start task X-0 v=1 of 1, class x.FooSourceConnector, STARTED")
		if info, err := n.h.Info(t.Context(), "X"); err != nil || info.Type != herder.SinkType {
			t.Errorf("%+v %v", info, err)
		}
	})
}

func TestTasksHideWhatTheConnectorHides(t *testing.T) {
	bubble(t, func(t *testing.T, n *node) {
		if err := n.h.configs.PutTaskConfigs(t.Context(), "X", []map[string]string{{"secret": "hush", "a": "b"}}); err != nil {
			t.Fatal(err)
		}
		tasks, err := n.h.Tasks(t.Context(), "X")
		if err != nil || len(tasks) != 1 || len(tasks[0].Config) != 2 || tasks[0].Config["secret"] != config.Hidden || tasks[0].Config["a"] != "b" {
			t.Errorf("%v %v", tasks, err)
		}
		n.h.Settings.REST.MaskSecrets = false
		tasks, _ = n.h.Tasks(t.Context(), "X")
		tasks[0].Config["a"] = "changed by the caller"
		if got := n.h.configs.Snapshot().TaskConfig(tasks[0].ID); got["secret"] != "hush" || got["a"] != "b" {
			t.Errorf("stored %v", got)
		}
		_, err = n.h.Tasks(t.Context(), "Q")
		wantErr[*herder.NotFoundError](t, err, "Connector Q not found")
	})
}

func TestTopics(t *testing.T) {
	bubble(t, func(t *testing.T, n *node) {
		_, err := n.h.Topics("X")
		wantErr[*herder.ForbiddenError](t, err, "Topic tracking is disabled.")
		n.h.Settings.TopicTrackingEnable = true
		n.h.Topic(assign.TaskID{Connector: "X"}, "b")
		n.h.Topic(assign.TaskID{Connector: "X"}, "a")
		if got, err := n.h.Topics("X"); err != nil || len(got) != 2 || got[0] != "a" {
			t.Errorf("%v %v", got, err)
		}
		wantErr[*herder.ForbiddenError](t, n.h.ResetTopics(t.Context(), "X"), "Topic tracking reset is disabled.")
		n.h.Settings.TopicTrackingAllowReset = true
		wantErr[*herder.NotFoundError](t, n.h.ResetTopics(t.Context(), "Q"), "Connector Q not found")
		if err := n.h.ResetTopics(t.Context(), "X"); err != nil || len(n.h.Statuses.Topics("X")) != 0 {
			t.Errorf("%v, left %v", err, n.h.Statuses.Topics("X"))
		}
	})
}

type sinkOffsets struct{}

func (sinkOffsets) GroupOffsets(_ context.Context, connector string, _ map[string]string) ([]herder.ConnectorOffset, error) {
	return []herder.ConnectorOffset{{Partition: map[string]any{"of": connector}}}, nil
}

func TestOffsets(t *testing.T) {
	bubble(t, func(t *testing.T, n *node) {
		offsets := store.NewOffsets(store.NewMemoryLog(), nil)
		if err := offsets.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		n.h.Config.Offsets, n.h.Sinks = offsets, sinkOffsets{}
		if got, err := n.h.Offsets(t.Context(), "X"); err != nil || got == nil || len(got) != 0 {
			t.Errorf("source: %v %v", got, err)
		}
		n.put("X", "connector.class=x.BarSinkConnector")
		if got, err := n.h.Offsets(t.Context(), "X"); err != nil || len(got) != 1 || got[0].Partition["of"] != "X" {
			t.Errorf("sink: %v %v", got, err)
		}
		n.put("X", "connector.class=x.Gone")
		if got, err := n.h.Offsets(t.Context(), "X"); err == nil {
			t.Errorf("unknown class: %v", got)
		}
	})
}
