package distributed

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/kurier-io/kurier/plugins/config"
	"github.com/kurier-io/kurier/plugins/registry"
	"github.com/kurier-io/kurier/runtime/assign"
	"github.com/kurier-io/kurier/runtime/herder"
	"github.com/kurier-io/kurier/runtime/membership"
	"github.com/kurier-io/kurier/runtime/settings"
	"github.com/kurier-io/kurier/runtime/store"
	"github.com/kurier-io/kurier/runtime/worker"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	ownURL   = "http://me:8083/"
	otherURL = "http://other:8083/"
)

// events notes what happens, in the order in which it does.
type events struct {
	mu   sync.Mutex
	list []string
}

func (e *events) add(format string, args ...any) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.list = append(e.list, fmt.Sprintf(format, args...))
}

func (e *events) take() []string {
	e.mu.Lock()
	defer e.mu.Unlock()
	out := e.list
	e.list = nil
	return out
}

// A fakeWorker runs nothing, but reports as a worker does. The key tasks of a connector says how many task configurations it makes, const makes
// their content independent of its key v; slow is how long everything of it takes to stop.
type fakeWorker struct {
	*events
	h *Herder

	mu         sync.Mutex
	connectors map[string]map[string]string
	targets    map[string]store.TargetState
	tasks      map[assign.TaskID]worker.TaskStart
	slow       map[string]time.Duration
	broken     map[string]error
}

func (w *fakeWorker) StartConnector(name string, props map[string]string, target store.TargetState) {
	w.add("start connector %s v=%s %s", name, props["v"], target)
	w.mu.Lock()
	if w.connectors[name] != nil {
		w.add("BUG: connector %s runs twice", name)
	}
	w.connectors[name], w.targets[name] = props, target
	w.mu.Unlock()
	w.report(name, target)
}

func (w *fakeWorker) report(name string, target store.TargetState) {
	state := map[store.TargetState]store.State{store.Started: store.Running, store.Paused: store.PausedState, store.Stopped: store.StoppedState}[target]
	w.h.Connector(name, state, "")
	if target == store.Started {
		w.h.Reconfigure(name)
	}
}

func (w *fakeWorker) StopConnectors(ctx context.Context, names ...string) {
	for _, name := range names {
		w.mu.Lock()
		_, runs := w.connectors[name]
		delete(w.connectors, name)
		w.mu.Unlock()
		if runs {
			w.linger(ctx, name)
			w.add("stop connector %s", name)
			w.h.Connector(name, store.Unassigned, "")
		}
	}
}

func (w *fakeWorker) linger(ctx context.Context, name string) {
	w.mu.Lock()
	d := w.slow[name]
	w.mu.Unlock()
	if d == 0 {
		return
	}
	select {
	case <-time.After(d):
	case <-ctx.Done():
		w.add("abandon %s", name)
	}
}

func (w *fakeWorker) TaskConfigs(_ context.Context, name string, _ int) ([]map[string]string, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	cfg := w.connectors[name]
	if cfg == nil || w.targets[name] != store.Started {
		return nil, worker.ErrNotRunning
	}
	if err := w.broken[name]; err != nil {
		w.add("ask %s: %v", name, err)
		return nil, err
	}
	n, _ := strconv.Atoi(cfg["tasks"])
	out := []map[string]string{}
	for i := range n {
		v := cfg["v"]
		if cfg["const"] != "" {
			v = "const"
		}
		out = append(out, map[string]string{"task.class": "T", "v": v, "n": strconv.Itoa(i)})
	}
	return out, nil
}

func (w *fakeWorker) StartTask(s worker.TaskStart) {
	w.add("start task %s v=%s of %d, class %s, %s", s.ID, s.Props["v"], s.Count, s.Connector["connector.class"], s.Target)
	w.mu.Lock()
	if _, runs := w.tasks[s.ID]; runs {
		w.add("BUG: task %s runs twice", s.ID)
	}
	w.tasks[s.ID] = s
	w.mu.Unlock()
	w.h.Task(s.ID, store.Running, "")
}

func (w *fakeWorker) StopTasks(ctx context.Context, ids ...assign.TaskID) {
	for _, id := range slices.SortedFunc(slices.Values(ids), assign.TaskID.Compare) {
		w.mu.Lock()
		_, runs := w.tasks[id]
		delete(w.tasks, id)
		w.mu.Unlock()
		if runs {
			w.linger(ctx, id.Connector)
			w.add("stop task %s", id)
			w.h.Task(id, store.Unassigned, "")
		}
	}
}

func (w *fakeWorker) SetTarget(name string, target store.TargetState) {
	w.mu.Lock()
	_, runs := w.connectors[name]
	w.targets[name] = target
	w.mu.Unlock()
	w.add("target of %s %s", name, target)
	if runs {
		w.report(name, target)
	}
}

func (w *fakeWorker) Running() assign.Assignment {
	w.mu.Lock()
	defer w.mu.Unlock()
	return assign.Assignment{Connectors: slices.Collect(maps.Keys(w.connectors)), Tasks: slices.Collect(maps.Keys(w.tasks))}
}

func (w *fakeWorker) RunsConnector(name string) bool {
	return slices.Contains(w.Running().Connectors, name)
}

func (w *fakeWorker) RunsTask(id assign.TaskID) bool { return slices.Contains(w.Running().Tasks, id) }

// A fakeGroup rebalances when the test says so.
type fakeGroup struct {
	*events
	mu  sync.Mutex
	gen membership.Generation
}

func (g *fakeGroup) Generation() membership.Generation {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.gen
}

func (g *fakeGroup) set(gen membership.Generation) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.gen = gen
}

func (g *fakeGroup) RequestRejoin(reason string) { g.add("rejoin: %s", reason) }

type fakePeer struct {
	*events
	mu  sync.Mutex
	err error
}

func (p *fakePeer) PutTaskConfigs(_ context.Context, url, connector string, configs []map[string]string, key *store.SessionKey) error {
	signed := "unsigned"
	if key != nil {
		signed = "signed with " + key.Algorithm
	}
	p.add("post %d tasks of %s to %s, %s", len(configs), connector, url, signed)
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.err
}

// checks takes every configuration whose key bad is not set, and hides the key secret.
type checks struct{}

func (checks) Validate(_ context.Context, cfg map[string]string) (herder.ConfigInfos, error) {
	if cfg["bad"] == "" {
		return herder.ConfigInfos{}, nil
	}
	return herder.ConfigInfos{ErrorCount: 1, Configs: []herder.ConfigInfo{{Value: config.Value{Errors: []string{"bad is " + cfg["bad"]}}}}}, nil
}

func (checks) PluginConfig(string) (herder.PluginConfig, error) {
	return herder.PluginConfig{}, errors.New("not asked for here")
}

func (checks) Mask(cfg map[string]string) map[string]string {
	cfg = maps.Clone(cfg)
	if cfg["secret"] != "" {
		cfg["secret"] = config.Hidden
	}
	return cfg
}

func (checks) Unmask(submitted, stored map[string]string) map[string]string {
	submitted = maps.Clone(submitted)
	if submitted["secret"] == config.Hidden {
		submitted["secret"] = stored["secret"]
	}
	return submitted
}

// A slowLog is a log whose reads and writes the test can hold up or fail.
type slowLog struct {
	*store.MemoryLog
	mu     sync.Mutex
	append func(store.Record) error
	read   func(context.Context) error
}

func (l *slowLog) Append(ctx context.Context, records ...store.Record) error {
	l.mu.Lock()
	check := l.append
	l.mu.Unlock()
	for _, r := range records {
		if check != nil {
			if err := check(r); err != nil {
				return err
			}
		}
		if err := l.MemoryLog.Append(ctx, r); err != nil {
			return err
		}
	}
	return nil
}

func (l *slowLog) ReadToEnd(ctx context.Context) error {
	l.mu.Lock()
	read := l.read
	l.mu.Unlock()
	if read != nil {
		return read(ctx)
	}
	return nil
}

// A node is a herder under test in a bubble of virtual time.
type node struct {
	*events
	t     *testing.T
	h     *Herder
	w     *fakeWorker
	group *fakeGroup
	peer  *fakePeer
	log   *slowLog
	end   context.CancelFunc
	done  chan struct{}
	gen   int32
}

func newNode(t *testing.T) *node {
	t.Helper()
	reg := registry.New()
	if err := reg.Add(registry.Source[struct{}]("x.FooSourceConnector", nil, nil), registry.Sink[struct{}]("x.BarSinkConnector", nil, nil)); err != nil {
		t.Fatal(err)
	}
	ev := &events{}
	n := &node{
		events: ev, t: t, group: &fakeGroup{events: ev, gen: membership.Generation{ID: -1, Protocol: membership.Sessioned}},
		peer: &fakePeer{events: ev}, log: &slowLog{MemoryLog: store.NewMemoryLog()}, done: make(chan struct{}),
	}
	statuses := store.NewStatuses(store.NewMemoryLog(), nil)
	n.h = New(Config{
		Settings: &settings.Worker{
			Distributed: true, TaskShutdownGracefulTimeout: 5 * time.Second, REST: settings.REST{MaskSecrets: true},
			Group: settings.Group{WorkerSyncTimeout: 3 * time.Second, KeyTTL: time.Hour, VerificationAlgorithm: []string{herder.KeyAlgorithm}},
		},
		WorkerID: "me:8083", Registry: reg, Validator: checks{}, Secrets: checks{}, Peer: n.peer, Statuses: statuses, Logger: slog.New(slog.DiscardHandler),
	})
	n.w = &fakeWorker{
		events: ev, h: n.h, connectors: map[string]map[string]string{}, targets: map[string]store.TargetState{},
		tasks: map[assign.TaskID]worker.TaskStart{}, slow: map[string]time.Duration{}, broken: map[string]error{},
	}
	configs := store.NewConfigs(n.log, n.h.OnConfig, nil)
	n.h.Attach(configs, n.group, n.w)
	if err := errors.Join(statuses.Start(t.Context()), configs.Start(t.Context())); err != nil {
		t.Fatal(err)
	}
	ctx, end := context.WithCancel(t.Context())
	n.end = end
	go func() {
		defer close(n.done)
		if err := n.h.Run(ctx); err != nil {
			t.Error(err)
		}
	}()
	synctest.Wait()
	return n
}

func (n *node) stop() {
	n.end()
	<-n.done
}

// rebalance completes one in which this worker leads and gets all that is configured, but for what is refused.
func (n *node) rebalance(change ...func(*membership.Generation)) {
	n.gen++
	g := membership.Generation{
		ID: n.gen, MemberID: "me", LeaderID: "me", LeaderURL: ownURL, Protocol: membership.Sessioned,
		ConfigOffset: n.h.configs.Snapshot().Offset, Assigned: n.h.configs.Snapshot().Configured(),
	}
	for _, c := range change {
		c(&g)
	}
	rejoining := n.group.Generation()
	rejoining.ID = -1
	n.group.set(rejoining)
	if gone := n.w.Running().Minus(g.Assigned); !gone.Empty() {
		n.h.OnRevoked(n.t.Context(), g.LeaderURL, gone.Connectors, gone.Tasks)
	}
	n.group.set(g)
	n.h.OnAssigned(n.t.Context(), g)
	synctest.Wait()
}

// settle rebalances as long as that is asked for, and forgets what happened.
func (n *node) settle() {
	n.t.Helper()
	for range 10 {
		n.rebalance()
		if !slices.ContainsFunc(n.take(), func(e string) bool { return strings.HasPrefix(e, "rejoin") }) {
			return
		}
	}
	n.t.Fatal("the group does not come to rest")
}

func follow(g *membership.Generation) { g.LeaderID, g.LeaderURL = "other", otherURL }

func (n *node) put(name string, pairs ...string) herder.ConnectorInfo {
	n.t.Helper()
	cfg := map[string]string{"connector.class": "x.FooSourceConnector", "tasks": "1", "tasks.max": "9"}
	for _, p := range pairs {
		k, v, _ := strings.Cut(p, "=")
		cfg[k] = v
	}
	_, info, err := n.h.Put(n.t.Context(), name, cfg, "", true)
	if err != nil {
		n.t.Fatal(err)
	}
	synctest.Wait()
	return info
}
