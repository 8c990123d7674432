package membership

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/kurier-io/kurier/runtime/assign"
)

// world is a kfake cluster and the workers around it, in a synctest bubble.
type world struct {
	t        *testing.T
	net      *kfake.VirtualNetwork
	broker   *kfake.Cluster
	mu       sync.Mutex
	snapshot ConfigSnapshot
}

func newWorld(t *testing.T, connectors, tasks int) *world {
	w := &world{t: t, net: &kfake.VirtualNetwork{}}
	w.start()
	w.snapshot.Offset = 1
	for c := range connectors {
		name := fmt.Sprintf("c%d", c)
		w.snapshot.Configured.Connectors = append(w.snapshot.Configured.Connectors, name)
		for i := range tasks {
			w.snapshot.Configured.Tasks = append(w.snapshot.Configured.Tasks, task(name, i))
		}
	}
	return w
}

func (w *world) start() {
	c, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.Ports(9092), kfake.ListenFn(w.net.Listen))
	if err != nil {
		w.t.Fatal(err)
	}
	w.broker = c
}

func (w *world) Snapshot(int64) ConfigSnapshot {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.snapshot
}

// worker is a herder that starts and stops nothing but a set.
type worker struct {
	*Member
	world *world
	stop  context.CancelFunc
	ended chan error

	mu      sync.Mutex
	running assign.Assignment
	revoked assign.Assignment
	conns   []net.Conn
	cut     bool
}

func (w *worker) OnRevoked(_ context.Context, _ string, cs []string, ts []assign.TaskID) {
	w.mu.Lock()
	defer w.mu.Unlock()
	gone := assign.Assignment{Connectors: cs, Tasks: ts}
	w.running = w.running.Minus(gone)
	w.revoked = w.revoked.Union(gone)
}

func (w *worker) OnAssigned(_ context.Context, g Generation) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !g.Mismatch {
		w.running = g.Assigned
	}
}

func (w *worker) work() assign.Assignment {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.running
}

func (w *worker) dial(ctx context.Context, network, addr string) (net.Conn, error) {
	w.mu.Lock()
	cut := w.cut
	w.mu.Unlock()
	if cut {
		return nil, errors.New("network cut")
	}
	conn, err := w.world.net.DialContext(ctx, network, addr)
	if err == nil {
		w.mu.Lock()
		w.conns = append(w.conns, conn)
		w.mu.Unlock()
	}
	return conn, err
}

// sever cuts the worker off; heal reconnects it.
func (w *worker) sever() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.cut = true
	for _, c := range w.conns {
		c.Close()
	}
	w.conns = nil
}

func (w *worker) heal() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.cut = false
}

func (w *world) worker(name string, p Protocol) *worker { return w.workerWith(name, p, w) }

func (w *world) workerWith(name string, p Protocol, configs Configs) *worker {
	wk := &worker{world: w, ended: make(chan error, 1)}
	m, err := New(Config{
		Group: "connect-cluster", URL: "http://" + name + ":8083/", Protocol: p, MaxDelay: time.Minute,
		Client: []kgo.Opt{kgo.SeedBrokers("localhost:9092"), kgo.Dialer(wk.dial)},
	}, configs, wk)
	if err != nil {
		w.t.Fatal(err)
	}
	wk.Member = m
	ctx, cancel := context.WithCancel(context.Background())
	wk.stop = cancel
	go func() { wk.ended <- m.Run(ctx) }()
	return wk
}

func (w *world) close(workers ...*worker) {
	for _, wk := range workers {
		wk.stop()
		if err := <-wk.ended; err != nil {
			w.t.Errorf("Run: %v", err)
		}
	}
	w.broker.Close()
}

// check fails unless exactly the configured work runs on workers, each item once.
func (w *world) check(workers ...*worker) {
	w.t.Helper()
	seen := map[string]int{}
	for _, wk := range workers {
		for _, c := range wk.work().Connectors {
			seen[c]++
		}
		for _, t := range wk.work().Tasks {
			seen[t.String()]++
		}
	}
	all := w.Snapshot(0).Configured
	for _, c := range all.Connectors {
		if seen[c] != 1 {
			w.t.Errorf("connector %s runs %d times", c, seen[c])
		}
		delete(seen, c)
	}
	for _, t := range all.Tasks {
		if seen[t.String()] != 1 {
			w.t.Errorf("task %s runs %d times", t, seen[t.String()])
		}
		delete(seen, t.String())
	}
	if len(seen) > 0 {
		w.t.Errorf("unconfigured work runs: %v", seen)
	}
}

func TestMembersShareWorkAndTakeOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 2, 4)
		a := w.worker("a", Sessioned)
		time.Sleep(10 * time.Second)
		w.check(a)
		b := w.worker("b", Sessioned)
		time.Sleep(20 * time.Second)
		w.check(a, b)
		if n := len(a.work().Tasks); n != 4 {
			t.Errorf("worker a runs %d of 8 tasks", n)
		}
		ga, gb := a.Generation(), b.Generation()
		if !ga.IsLeader() || gb.IsLeader() || gb.LeaderURL != "http://a:8083/" || gb.Protocol != Sessioned || ga.ID != gb.ID {
			t.Errorf("generations %+v and %+v", ga, gb)
		}
		for _, id := range b.work().Tasks {
			if url := ga.Owners.Task(id); url != "http://b:8083/" {
				t.Errorf("the leader believes that %s runs on %q", id, url)
			}
		}
		before := a.work()
		lost := b.work()
		b.sever() // a kill: no farewell
		time.Sleep(40 * time.Second)
		if len(a.work().Tasks) != 4 {
			t.Errorf("lost work moved before the delay: %v", a.work())
		}
		if !b.work().Empty() {
			t.Errorf("a worker without a coordinator still runs %v", b.work())
		}
		time.Sleep(60 * time.Second)
		w.check(a)
		if !before.Minus(a.work()).Empty() || !a.revoked.Minus(lost).Empty() {
			t.Errorf("the survivor lost work: ran %v, runs %v", before, a.work())
		}
		b.heal()
		time.Sleep(30 * time.Second)
		w.check(a, b)
		w.close(a, b)
	})
}

func TestGracefulLeaveAndLeaderChange(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1, 4)
		a := w.worker("a", Sessioned)
		time.Sleep(5 * time.Second)
		b := w.worker("b", Sessioned)
		time.Sleep(10 * time.Second)
		w.check(a, b)
		a.stop()
		if err := <-a.ended; err != nil {
			t.Fatal(err)
		}
		if g := a.Generation(); g.ID != -1 || g.IsLeader() {
			t.Errorf("after Run: %+v", g)
		}
		// A new leader knows of no former owner, so nothing is waited for.
		time.Sleep(5 * time.Second)
		w.check(b)
		if g := b.Generation(); !g.IsLeader() || g.LeaderURL != "http://b:8083/" {
			t.Errorf("the survivor does not lead: %+v", g)
		}
		w.close(b)
	})
}

func TestShortOutageMovesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1, 4)
		a, b := w.worker("a", Sessioned), w.worker("b", Sessioned)
		time.Sleep(20 * time.Second)
		w.check(a, b)
		ranA, ranB, id := a.work(), b.work(), a.Generation().ID
		a.revoked, b.revoked = assign.Assignment{}, assign.Assignment{}
		a.sever()
		b.sever()
		time.Sleep(5 * time.Second) // less than a session
		a.heal()
		b.heal()
		time.Sleep(20 * time.Second)
		w.check(a, b)
		if !ranA.Minus(a.work()).Empty() || !ranB.Minus(b.work()).Empty() || !a.revoked.Empty() || !b.revoked.Empty() {
			t.Errorf("a short outage moved work: a %v → %v, b %v → %v", ranA, a.work(), ranB, b.work())
		}
		if got := a.Generation().ID; got != id {
			t.Errorf("generation %d became %d", id, got)
		}
		w.close(a, b)
	})
}

func TestCoordinatorThatLostTheGroup(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1, 4)
		a, b := w.worker("a", Sessioned), w.worker("b", Sessioned)
		time.Sleep(20 * time.Second)
		w.check(a, b)
		w.broker.Close()
		time.Sleep(4 * time.Second)
		w.start() // with no memory of the group: members are unknown and join anew
		time.Sleep(20 * time.Second)
		w.check(a, b)
		if ga, gb := a.Generation(), b.Generation(); ga.ID < 0 || ga.ID != gb.ID || ga.LeaderID != gb.LeaderID {
			t.Errorf("generations %+v and %+v", ga, gb)
		}
		w.close(a, b)
	})
}

func TestEagerMemberDowngradesTheGroup(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1, 4)
		a := w.worker("a", Sessioned)
		time.Sleep(5 * time.Second)
		b := w.worker("b", Eager)
		time.Sleep(20 * time.Second)
		w.check(a, b)
		if p := a.Generation().Protocol; p != Eager {
			t.Errorf("protocol %s", p)
		}
		w.close(a, b)
	})
}

func TestConfigMismatchThenCatchUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1, 1)
		lag := &lagging{world: w}
		lag.caughtUp.Store(true)
		a := w.workerWith("a", Sessioned, lag)
		time.Sleep(5 * time.Second)
		lag.caughtUp.Store(false)
		b := w.worker("b", Sessioned)
		time.Sleep(5 * time.Second)
		if g := b.Generation(); !g.Mismatch || g.ConfigOffset != 1 {
			t.Errorf("generation %+v, want a mismatch at offset 1", g)
		}
		if len(a.work().Tasks) != 1 {
			t.Errorf("the failed assignment stopped work: %v", a.work())
		}
		lag.caughtUp.Store(true)
		a.RequestRejoin("caught up")
		time.Sleep(10 * time.Second)
		w.check(a, b)
		w.close(a, b)
	})
}

func TestLeaveAbandonAndReturn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1, 4)
		a, b := w.worker("a", Sessioned), w.worker("b", Sessioned)
		time.Sleep(20 * time.Second)
		w.check(a, b)
		if a.Generation().IsLeader() {
			a, b = b, a
		}
		ran := a.work()
		a.Leave("cannot read the config topic")
		a.Abandon()
		time.Sleep(30 * time.Second)
		if g := a.Generation(); g.ID != -1 || !a.work().Empty() {
			t.Errorf("after Leave and Abandon: %+v, runs %v", g, a.work())
		}
		if len(b.work().Tasks) == 4 {
			t.Errorf("work moved before the delay")
		}
		a.RequestRejoin("config topic is readable")
		time.Sleep(90 * time.Second)
		w.check(a, b)
		if !ran.Minus(a.work()).Empty() {
			t.Errorf("the returned worker ran %v and got %v", ran, a.work())
		}
		if slices.Equal(a.work().Tasks, b.work().Tasks) {
			t.Errorf("both run %v", a.work())
		}
		w.close(a, b)
	})
}
