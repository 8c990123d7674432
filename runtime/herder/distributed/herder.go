package distributed

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/kurier-io/kurier/plugins/registry"
	"github.com/kurier-io/kurier/runtime/assign"
	"github.com/kurier-io/kurier/runtime/herder"
	"github.com/kurier-io/kurier/runtime/membership"
	"github.com/kurier-io/kurier/runtime/settings"
	"github.com/kurier-io/kurier/runtime/store"
)

// Group is the worker's membership of its cluster. Implemented by membership.Member.
type Group interface {
	Generation() membership.Generation
	RequestRejoin(reason string)
}

// Validator checks configurations. Implemented by package validation.
type Validator interface {
	Validate(ctx context.Context, config map[string]string) (herder.ConfigInfos, error)
	PluginConfig(name string) (herder.PluginConfig, error)
}

// Secrets masks passwords in answers, and puts them back where a masked value was sent.
type Secrets interface {
	Mask(config map[string]string) map[string]string
	Unmask(submitted, stored map[string]string) map[string]string
}

// SinkOffsets reads what a sink's consumer group has committed.
type SinkOffsets interface {
	GroupOffsets(ctx context.Context, connector string, config map[string]string) ([]herder.ConnectorOffset, error)
}

// Peer speaks to other workers.
type Peer interface {
	// PutTaskConfigs posts task configurations to the leader at url, signed with the session key (nil: not signed).
	PutTaskConfigs(ctx context.Context, url, connector string, configs []map[string]string, key *store.SessionKey) error
}

// Config is what a Herder works with.
type Config struct {
	Settings  *settings.Worker
	WorkerID  string
	Registry  *registry.Registry
	Validator Validator
	Secrets   Secrets
	Sinks     SinkOffsets
	Peer      Peer
	Statuses  *store.Statuses
	Offsets   store.OffsetStore
	Server    herder.ServerInfo
	Logger    *slog.Logger
}

// A Herder implements herder.Herder. Its stores and the group are attached before Run, since they call it back.
type Herder struct {
	Config
	configs *store.Configs
	group   Group
	worker  Worker

	wake    chan struct{}
	calls   chan func()   // for Run's goroutine
	writing chan struct{} // holds one while a write of the leader is under way
	lanes   lanes

	mu        sync.Mutex
	updates   []change
	known     map[string]bool // connectors seen in the config topic
	reconfig  map[string]*reconfiguration
	stable    chan struct{} // closed and replaced whenever the generation changes
	joined    uint64        // completed rebalances; their generations' numbers may begin anew
	ready     bool
	since     time.Time
	stopped   bool
	needsJoin bool // a change was read for which the group must rebalance first

	generation atomic.Int64 // the last one joined, for statuses; -1: none
	rotating   atomic.Bool  // a new session key is being written

	// Of Run's goroutine.
	applied uint64    // the rebalance whose work was started
	tried   uint64    // the rebalance for which the config topic was not read far enough
	retry   time.Time // when to try that again

	background sync.WaitGroup
	life       context.Context // ends when Run's does
	endLife    context.CancelFunc
	ended      chan struct{} // closed when Run returns: nothing runs any more
}

// New returns a herder. Attach must follow.
func New(cfg Config) *Herder {
	life, end := context.WithCancel(context.Background())
	h := &Herder{
		life: life, endLife: end, ended: make(chan struct{}),
		Config: cfg, wake: make(chan struct{}, 1), calls: make(chan func()), writing: make(chan struct{}, 1),
		lanes: lanes{queues: map[string][]func(){}}, reconfig: map[string]*reconfiguration{},
		stable: make(chan struct{}), since: time.Now(), known: map[string]bool{},
	}
	h.generation.Store(-1)
	return h
}

// Attach completes the herder.
func (h *Herder) Attach(configs *store.Configs, group Group, w Worker) {
	h.configs, h.group, h.worker = configs, group, w
}

// errStopping is the answer to everything that comes once Run is ending.
var errStopping = &herder.UnavailableError{Msg: "Worker is shutting down"}

// Run starts and stops work until ctx is done; then it stops everything in order: connectors and tasks, whose last offsets and statuses are
// written before it returns. The config store must have been started.
func (h *Herder) Run(ctx context.Context) error {
	defer context.AfterFunc(ctx, h.endLife)()
	defer close(h.ended)
	h.mu.Lock()
	for _, name := range h.configs.Snapshot().Connectors() {
		h.known[name] = true
	}
	h.mu.Unlock()
	ticker := time.NewTicker(time.Second) // what a lost wake-up would cost
	defer ticker.Stop()
	for {
		h.step(ctx)
		select {
		case <-ctx.Done():
			return h.shutdown()
		case <-h.wake:
		case <-ticker.C:
			h.keepKeyYoung(ctx)
		case f := <-h.calls:
			f()
		}
	}
}

func (h *Herder) shutdown() error {
	h.endLife()
	h.mu.Lock()
	h.stopped = true
	h.mu.Unlock()
	h.lanes.serving.Wait() // what was begun may still start something
	for _, done := range h.stop(h.worker.Running()) {
		<-done
	}
	h.lanes.serving.Wait()
	h.background.Wait()
	return nil
}

func (h *Herder) wakeUp() {
	select {
	case h.wake <- struct{}{}:
	default:
	}
}

// do runs f on Run's goroutine and waits for it.
func (h *Herder) do(ctx context.Context, f func()) error {
	done := make(chan struct{})
	select {
	case h.calls <- func() { f(); close(done) }:
	case <-ctx.Done():
		return timedOut(ctx)
	case <-h.life.Done():
		return errStopping
	}
	<-done
	return nil
}

func timedOut(ctx context.Context) error {
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return errors.New("Request timed out. The worker is busy starting or stopping connectors.") // begins like Kafka Connect's text
	}
	return context.Cause(ctx)
}

// OnAssigned implements membership.Listener.
func (h *Herder) OnAssigned(_ context.Context, g membership.Generation) {
	h.Logger.Info("joined the cluster", "generation", g.ID, "leader", g.LeaderURL, "connectors", len(g.Assigned.Connectors), "tasks", len(g.Assigned.Tasks), "delay", g.Delay)
	h.generation.Store(int64(g.ID))
	h.mu.Lock()
	h.joined++
	close(h.stable)
	h.stable = make(chan struct{})
	if !h.ready {
		h.ready, h.since = true, time.Now()
	}
	h.mu.Unlock()
	h.wakeUp()
}

// OnRevoked implements membership.Listener.
func (h *Herder) OnRevoked(ctx context.Context, _ string, connectors []string, tasks []assign.TaskID) {
	h.Logger.Info("giving up work", "connectors", connectors, "tasks", len(tasks))
	var stopping []<-chan struct{}
	// Through Run's goroutine, which may be starting just this at the moment.
	err := h.do(ctx, func() { stopping = h.stop(assign.Assignment{Connectors: connectors, Tasks: tasks}) })
	for _, done := range stopping {
		<-done
	}
	if errors.Is(err, errStopping) {
		select {
		case <-h.ended: // stops everything
			err = nil
		case <-ctx.Done():
		}
	}
	if err != nil && ctx.Err() == nil {
		h.Logger.Warn("work could not be given up in order", "err", err)
	}
}

// Snapshot implements membership.Configs.
func (h *Herder) Snapshot(int64) membership.ConfigSnapshot {
	s := h.configs.Snapshot()
	return membership.ConfigSnapshot{Offset: s.Offset, Configured: s.Configured()}
}

// About implements herder.Herder.
func (h *Herder) About() herder.Server { return about{h} }

type about struct{ h *Herder }

func (a about) Info() herder.ServerInfo { return a.h.Server }

// Health asks Run's goroutine for a sign of life.
func (a about) Health(ctx context.Context) herder.Health {
	a.h.mu.Lock()
	h := herder.Health{Started: a.h.ready, Since: a.h.since}
	a.h.mu.Unlock()
	if !h.Started {
		h.Message = "Worker is still starting up."
		return h
	}
	if err := a.h.do(ctx, func() {}); err != nil {
		h.Message = "Worker was unable to handle this request and may be unable to handle other requests."
		return h
	}
	h.Ready, h.Message = true, "Worker has completed startup and is ready to handle requests."
	return h
}
