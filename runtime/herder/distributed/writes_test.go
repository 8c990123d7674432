package distributed

import (
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/kurier-io/kurier/plugins/config"
	"github.com/kurier-io/kurier/runtime/assign"
	"github.com/kurier-io/kurier/runtime/herder"
	"github.com/kurier-io/kurier/runtime/store"
)

func TestPut(t *testing.T) {
	bubble(t, func(t *testing.T, n *node) {
		n.put("S", "secret=hush", "v=1")
		n.settle()
		before := n.h.configs.Snapshot().Offset

		info := n.put("S", "secret="+config.Hidden, "v=1") // what a read has shown
		if n.h.configs.Snapshot().Offset != before || info.Config["secret"] != config.Hidden || info.Type != herder.SourceType || len(info.Tasks) != 1 {
			t.Errorf("an unchanged configuration was written, or %+v", info)
		}
		wantEvents(t, n)
		n.put("S", "secret="+config.Hidden, "v=2")
		if got := n.h.configs.Snapshot().ConnectorConfig("S"); got["secret"] != "hush" || got["v"] != "2" || got["name"] != "S" {
			t.Errorf("stored %v", got)
		}
		_, _, err := n.h.Put(t.Context(), "S", map[string]string{"bad": "wrong"}, "", true)
		wantErr[*herder.BadRequestError](t, err, "bad is wrong")
		_, _, err = n.h.Put(t.Context(), "S", map[string]string{"a": "b"}, "", false)
		wantErr[*herder.ConflictError](t, err, "Connector S already exists")
		if created, _, err := n.h.Put(t.Context(), "N", nil, store.Paused, true); !created || err != nil {
			t.Errorf("created %t, %v", created, err)
		}
		if got := n.h.configs.Snapshot().TargetState("N"); got != store.Paused {
			t.Errorf("initial state %s", got)
		}
		n.rebalance(follow)
		_, _, err = n.h.Put(t.Context(), "S", map[string]string{"a": "b"}, "", true)
		wantErr[*herder.NotLeaderError](t, err, otherURL)
		wantErr[*herder.NotLeaderError](t, n.h.Delete(t.Context(), "S"), otherURL)
		wantErr[*herder.NotLeaderError](t, n.h.SetTargetState(t.Context(), "S", store.Stopped), otherURL)
		if err := n.h.SetTargetState(t.Context(), "S", store.Paused); err != nil {
			t.Errorf("pausing on a follower: %v", err)
		}
	})
}

// What was hidden when the configuration was read may be another secret when the change is written.
func TestSecretThatChangesMeanwhile(t *testing.T) {
	bubble(t, func(t *testing.T, n *node) {
		n.put("S", "secret=old")
		n.h.writing <- struct{}{} // another write is under way
		answer := make(chan error, 1)
		go func() {
			_, _, err := n.h.Put(t.Context(), "S", map[string]string{"secret": config.Hidden, "v": "2"}, "", true)
			answer <- err
		}()
		synctest.Wait()
		if err := n.h.configs.PutConnector(t.Context(), "S", map[string]string{"name": "S", "secret": "new"}, ""); err != nil {
			t.Fatal(err)
		}
		<-n.h.writing
		wantErr[*herder.ConflictError](t, <-answer, "stale configuration")
		if got := n.h.configs.Snapshot().ConnectorConfig("S"); got["secret"] != "new" {
			t.Errorf("stored %v", got)
		}
	})
}

func TestOnlyOneOfManyCreates(t *testing.T) {
	bubble(t, func(t *testing.T, n *node) {
		var mu sync.Mutex
		var wg sync.WaitGroup
		won := 0
		for range 8 {
			wg.Go(func() {
				created, _, err := n.h.Put(t.Context(), "N", map[string]string{}, "", false)
				mu.Lock()
				defer mu.Unlock()
				if created {
					won++
				} else {
					wantErr[*herder.ConflictError](t, err, "already exists")
				}
			})
		}
		wg.Wait()
		if won != 1 {
			t.Errorf("%d creations succeeded", won)
		}
	})
}

func TestPatch(t *testing.T) {
	bubble(t, func(t *testing.T, n *node) {
		v := "7"
		info, err := n.h.Patch(t.Context(), "X", map[string]*string{"v": &v, "tasks.max": nil})
		if _, has := info.Config["tasks.max"]; err != nil || has || info.Config["v"] != "7" || info.Config["tasks"] != "1" {
			t.Errorf("%v %v", info, err)
		}
		_, err = n.h.Patch(t.Context(), "Q", nil)
		wantErr[*herder.NotFoundError](t, err, "Connector Q not found")
	})
}

// A deletion that lost its second record must not pause the next connector of that name.
func TestCreationAfterHalfADeletion(t *testing.T) {
	bubble(t, func(t *testing.T, n *node) {
		if err := n.h.SetTargetState(t.Context(), "X", store.Paused); err != nil {
			t.Fatal(err)
		}
		n.failWrites("target-state-")
		if err := n.h.Delete(t.Context(), "X"); err == nil {
			t.Fatal("no error")
		}
		n.failWrites("")
		n.put("X")
		if got := n.h.configs.Snapshot().TargetState("X"); got != store.Started {
			t.Errorf("target state %s", got)
		}
	})
}

func (n *node) failWrites(prefix string) {
	n.log.mu.Lock()
	defer n.log.mu.Unlock()
	n.log.append = func(r store.Record) error {
		if prefix != "" && strings.HasPrefix(string(r.Key), prefix) {
			return errors.New("the topic is gone")
		}
		return nil
	}
}

// Whatever part of a stop is written, the connector is either as before or stopped, and the next leader completes it.
func TestStopThatIsCutInHalf(t *testing.T) {
	bubble(t, func(t *testing.T, n *node) {
		n.failWrites("target-state-")
		if err := n.h.SetTargetState(t.Context(), "X", store.Stopped); err == nil {
			t.Error("no error")
		}
		wantEvents(t, n)
		n.failWrites("commit-")
		if err := n.h.SetTargetState(t.Context(), "X", store.Stopped); err == nil {
			t.Error("no error")
		}
		wantEvents(t, n, "target of X STOPPED")
		n.failWrites("")
		n.rebalance()
		wantEvents(t, n, "rejoin: connector X has new tasks", "stop task X-0")
		if got := n.h.configs.Snapshot().Tasks("X"); len(got) != 0 {
			t.Errorf("tasks %v", got)
		}
	})
}

// The commit of a stop may come after the resume that another worker has written.
func TestResumeThatOvertakesAStop(t *testing.T) {
	bubble(t, func(t *testing.T, n *node) {
		if err := n.h.configs.PutTaskConfigs(t.Context(), "X", nil); err != nil {
			t.Fatal(err)
		}
		n.settle()
		if got := n.w.Running().Tasks; len(got) != 2 {
			t.Errorf("running %v", got)
		}
	})
}

func TestRestartPlan(t *testing.T) {
	bubble(t, func(t *testing.T, n *node) {
		n.h.Task(assign.TaskID{Connector: "X"}, store.Failed, "boom")
		plan, err := n.h.RestartAll(t.Context(), herder.RestartRequest{Connector: "X", IncludeTasks: true, OnlyFailed: true})
		if err != nil || plan.Connector.State != store.Running || plan.Tasks[0].State != store.Restarting || plan.Tasks[0].Trace != "boom" {
			t.Errorf("plan %+v, %v", plan, err)
		}
		wantEvents(t, n, "stop task X-0", "start task X-0 v=1 of 1, class x.FooSourceConnector, STARTED")
		plan, err = n.h.RestartAll(t.Context(), herder.RestartRequest{Connector: "X"})
		if err != nil || plan.Connector.State != store.Restarting || plan.Tasks[0].State != store.Running {
			t.Errorf("plan %+v, %v", plan, err)
		}
	})
}
