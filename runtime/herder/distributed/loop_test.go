package distributed

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kurier-io/kurier/runtime/assign"
	"github.com/kurier-io/kurier/runtime/herder"
	"github.com/kurier-io/kurier/runtime/membership"
	"github.com/kurier-io/kurier/runtime/store"
)

// bubble runs a test with a node that leads and runs connector X with one task and Y with one.
func bubble(t *testing.T, f func(t *testing.T, n *node)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		n := newNode(t)
		defer n.stop()
		n.rebalance()
		n.put("X", "v=1")
		n.put("Y", "v=1")
		n.settle()
		f(t, n)
	})
}

func wantEvents(t *testing.T, n *node, want ...string) {
	t.Helper()
	synctest.Wait()
	got := n.take()
	slices.Sort(got)
	slices.Sort(want)
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("events (-want +got):\n%s", d)
	}
}

func wantErr[E error](t *testing.T, err error, text string) {
	t.Helper()
	if _, ok := errors.AsType[E](err); !ok || !strings.Contains(err.Error(), text) {
		t.Errorf("got %T %v, want %T with %q", err, err, *new(E), text)
	}
}

func TestSlowConnectorHoldsUpOnlyItself(t *testing.T) {
	bubble(t, func(t *testing.T, n *node) {
		n.w.slow["X"] = 4 * time.Second
		began := time.Now()
		n.put("X", "v=2")
		n.put("Y", "v=2")
		wantEvents(t, n, "stop connector Y", "start connector Y v=2 STARTED", "rejoin: connector Y has new tasks", "stop task Y-0")
		if _, err := n.h.Info(t.Context(), "X"); err != nil {
			t.Error(err)
		}
		if h := n.h.About().Health(t.Context()); !h.Ready {
			t.Errorf("health: %+v", h)
		}
		n.h.OnRevoked(t.Context(), otherURL, []string{"Y"}, nil)
		if d := time.Since(began); d != 0 {
			t.Errorf("waited %s for another connector", d)
		}
		n.take()
		// What is revoked is gone when the call returns, even if it was being restarted.
		n.h.OnRevoked(t.Context(), otherURL, []string{"X"}, nil)
		if n.w.RunsConnector("X") || time.Since(began) != 8*time.Second {
			t.Errorf("X runs: %t, after %s", n.w.RunsConnector("X"), time.Since(began))
		}
	})
}

func TestStopIsBounded(t *testing.T) {
	bubble(t, func(t *testing.T, n *node) {
		n.w.slow["X"] = time.Hour
		began := time.Now()
		n.h.OnRevoked(t.Context(), otherURL, []string{"X"}, []assign.TaskID{{Connector: "X"}})
		if d := time.Since(began); d != 5*time.Second {
			t.Errorf("took %s, want the graceful time-out", d)
		}
	})
}

func TestRevocationDuringShutdownWaitsForTheEnd(t *testing.T) {
	bubble(t, func(t *testing.T, n *node) {
		n.w.slow["X"] = 3 * time.Second
		n.end()
		synctest.Wait()
		n.h.OnRevoked(t.Context(), otherURL, []string{"X"}, nil)
		if !slices.Contains(n.take(), "stop connector X") {
			t.Error("returned while X was still stopping")
		}
	})
}

// Restart requests that come together are one restart, of the most that was asked for.
func TestRestartRequestsAreMerged(t *testing.T) {
	bubble(t, func(t *testing.T, n *node) {
		busy := make(chan struct{})
		go func() { _ = n.h.do(t.Context(), func() { <-busy }) }()
		synctest.Wait()
		for _, r := range []store.RestartRequest{
			{Connector: "X", OnlyFailed: true}, {Connector: "X", IncludeTasks: true}, {Connector: "X"}, {Connector: "X", OnlyFailed: true, IncludeTasks: true},
		} {
			n.h.OnConfig(store.ConfigUpdate{Connector: "X", Restart: &r})
		}
		close(busy)
		wantEvents(t, n, "stop connector X", "stop task X-0", "start connector X v=1 STARTED", "start task X-0 v=1 of 1, class x.FooSourceConnector, STARTED")
	})
}

func TestShutdownAnswersWhatWaits(t *testing.T) {
	bubble(t, func(t *testing.T, n *node) {
		n.group.set(membership.Generation{ID: -1}) // a rebalance that never ends
		reading := make(chan struct{})
		n.log.mu.Lock()
		n.log.read = func(ctx context.Context) error { close(reading); <-ctx.Done(); return ctx.Err() }
		n.log.mu.Unlock()
		calls := []func() error{
			func() error { return n.h.Delete(t.Context(), "X") },
			func() error { return n.h.Delete(t.Context(), "Y") },
			func() error { return n.h.RestartConnector(t.Context(), "X") },
			func() error { return n.h.SetTargetState(t.Context(), "X", store.Stopped) },
		}
		var wg sync.WaitGroup
		for _, call := range calls {
			wg.Go(func() { wantErr[*herder.UnavailableError](t, call(), "Worker is shutting down") })
		}
		synctest.Wait()
		// The loop is stuck too.
		g := membership.Generation{ID: 9, ConfigOffset: 1000}
		n.h.OnAssigned(t.Context(), g)
		wg.Go(func() { _ = n.h.do(t.Context(), func() {}) })
		synctest.Wait()
		n.end()
		wg.Wait()
		<-n.done
		wantErr[*herder.UnavailableError](t, n.h.RestartTask(t.Context(), assign.TaskID{Connector: "X"}), "shutting down")
		n.h.Reconfigure("X") // starts nothing; goleak would tell
		if got := n.w.Running(); !got.Empty() {
			t.Errorf("still here: %v", got)
		}
	})
}

func TestHealthWhileTheLoopIsStuck(t *testing.T) {
	bubble(t, func(t *testing.T, n *node) {
		n.log.mu.Lock()
		n.log.read = func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }
		n.log.mu.Unlock()
		n.rebalance(func(g *membership.Generation) { g.ConfigOffset += 5 })
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		h := n.h.About().Health(ctx)
		if !h.Started || h.Ready || !strings.Contains(h.Message, "unable to handle this request") {
			t.Errorf("health: %+v", h)
		}
		if _, err := n.h.Status("X"); err != nil {
			t.Errorf("status: %v", err)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		n := newNode(t)
		defer n.stop()
		if h := n.h.About().Health(t.Context()); h.Started || h.Ready || h.Message != "Worker is still starting up." {
			t.Errorf("health before joining: %+v", h)
		}
	})
}

// The group may be forgotten by its coordinator and begin with generation 1 again.
func TestGenerationsThatBeginAnew(t *testing.T) {
	bubble(t, func(t *testing.T, n *node) {
		n.h.OnRevoked(t.Context(), "", []string{"X", "Y"}, []assign.TaskID{{Connector: "X"}, {Connector: "Y"}})
		n.take()
		n.gen-- // the same number as before
		n.rebalance()
		if got := n.w.Running(); len(got.Connectors) != 2 || len(got.Tasks) != 2 {
			t.Errorf("running: %v", got)
		}
	})
}

// A follower reads the config topic on to where the leader was, and starts with that.
func TestFollowerCatchesUp(t *testing.T) {
	bubble(t, func(t *testing.T, n *node) {
		behind := n.h.configs.Snapshot().Offset
		late := store.Record{Key: []byte("connector-Z"), Value: []byte(`{"properties":{"name":"Z","v":"1","connector.class":"x.FooSourceConnector"}}`)}
		n.log.mu.Lock()
		n.log.read = func(ctx context.Context) error {
			n.log.mu.Lock()
			n.log.read = nil
			n.log.mu.Unlock()
			return n.log.MemoryLog.Append(ctx, late)
		}
		n.log.mu.Unlock()
		n.rebalance(follow, func(g *membership.Generation) {
			g.ConfigOffset = behind + 1
			g.Assigned.Connectors = append(g.Assigned.Connectors, "Z")
		})
		// No rejoin: the assignment was made with Z.
		wantEvents(t, n, "start connector Z v=1 STARTED", "post 0 tasks of Z to "+otherURL+", signed with HmacSHA256")
		if n.h.staleConfig() {
			t.Error("a follower still waits for a rebalance that is done")
		}
	})
}

func TestTopicBehindTheAssignmentIsReadAgain(t *testing.T) {
	bubble(t, func(t *testing.T, n *node) {
		n.h.OnRevoked(t.Context(), otherURL, []string{"Y"}, nil)
		n.take()
		n.rebalance(follow, func(g *membership.Generation) { g.ConfigOffset++ })
		wantEvents(t, n) // neither Y nor a rebalance: the topic has to be read on
		if err := n.h.configs.PutLoggerLevel(t.Context(), store.LoggerLevel{Namespace: "a", Level: "INFO"}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * time.Second)
		wantEvents(t, n, "start connector Y v=1 STARTED")
	})
}

// StaleConfig lasts until the group has rebalanced with the change, not longer, and on followers too.
func TestStaleConfig(t *testing.T) {
	bubble(t, func(t *testing.T, n *node) {
		n.w.broken["Z"] = errors.New("no tasks yet")
		n.put("Z")
		if !n.h.staleConfig() {
			t.Error("not stale after a creation")
		}
		wantErr[*herder.ConflictError](t, n.h.RestartConnector(t.Context(), "X"), "stale configuration")
		wantErr[*herder.ConflictError](t, n.h.RestartTask(t.Context(), assign.TaskID{Connector: "X"}), "stale configuration")
		_, err := n.h.RestartAll(t.Context(), herder.RestartRequest{Connector: "X", IncludeTasks: true})
		wantErr[*herder.ConflictError](t, err, "stale configuration")
		n.rebalance(follow, func(g *membership.Generation) { g.ConfigOffset-- }) // made before the change
		if !n.h.staleConfig() {
			t.Error("cleared by an assignment that is older than the change")
		}
		n.rebalance(follow)
		if n.h.staleConfig() {
			t.Error("stale after the rebalance")
		}
		if err := n.h.RestartConnector(t.Context(), "X"); err != nil {
			t.Error(err)
		}
	})
}

func TestRestartElsewhere(t *testing.T) {
	bubble(t, func(t *testing.T, n *node) {
		without := func(g *membership.Generation) { g.Assigned = assign.Assignment{} }
		n.rebalance(without)
		wantErr[*herder.ConflictError](t, n.h.RestartConnector(t.Context(), "X"), "stale configuration") // nobody is known to run it
		n.rebalance(without, follow)
		wantErr[*herder.NotLeaderError](t, n.h.RestartConnector(t.Context(), "X"), otherURL)
		wantErr[*herder.NotLeaderError](t, n.h.RestartTask(t.Context(), assign.TaskID{Connector: "X"}), otherURL)
		wantErr[*herder.NotFoundError](t, n.h.RestartTask(t.Context(), assign.TaskID{Connector: "X", Task: 7}), "Unknown task: X-7")
		wantErr[*herder.NotFoundError](t, n.h.RestartTask(t.Context(), assign.TaskID{Connector: "Q"}), "Unknown connector: Q")
	})
}
