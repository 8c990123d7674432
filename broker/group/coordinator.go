package group

import (
	"context"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Coordinator runs the groups. Its methods may be called from any goroutine;
// Join and Sync block until the group answers or ctx ends, and whatever writes
// blocks until the storage has it.
type Coordinator struct {
	storage     Storage
	limits      Limits
	retention   time.Duration
	logger      *slog.Logger
	topics      Topics // nil: no groups of the new protocol
	groupConfig func(group string) GroupConfig
	topicsSeq   atomic.Uint64 // counts TopicsChanged

	mu     sync.Mutex
	groups map[string]*shell
	unused []*shell // hold nothing but member ids that were handed out; oldest first
	closed bool

	txnMu      sync.Mutex // a leaf: nothing else is locked under it
	txns       map[int64]map[string]struct{}
	partitions int32 // of the offsets topic
}

// NewCoordinator returns a coordinator without groups. Offsets of an empty group
// are forgotten after retention.
func NewCoordinator(storage Storage, limits Limits, retention time.Duration, logger *slog.Logger) *Coordinator {
	return &Coordinator{storage: storage, limits: limits, retention: retention, logger: logger, groups: map[string]*shell{},
		txns: map[int64]map[string]struct{}{}, partitions: 1}
}

// SetConsumer enables groups of the new protocol (KIP-848). It is called before
// Load. Config may be nil; it is called with every heartbeat and must be quick.
func (c *Coordinator) SetConsumer(topics Topics, config func(group string) GroupConfig) {
	c.topics, c.groupConfig = topics, config
}

// Start arms the timers of the groups that Load brought back, and drops what only
// tombstones left. It is called once, after Load and before anything else.
func (c *Coordinator) Start() {
	for _, g := range c.shells() {
		g.mu.Lock()
		g.resume()
		g.arm()
		g.unlock()
	}
}

// Expel removes every member that joined from a host. The broker calls it after
// loading, for members of the process that it was itself a part of: they cannot
// have outlived it, so nobody needs to wait for their sessions to end.
func (c *Coordinator) Expel(ctx context.Context, host string) {
	for _, g := range c.shells() {
		g.mu.Lock()
		for _, m := range g.m.ordered() {
			if m.ClientHost == host {
				_, eff := g.m.Leave(time.Now(), m.ID, nil)
				g.run(ctx, eff)
			}
		}
		if g.cg != nil && g.cg.Expel(time.Now(), host) > 0 {
			g.storeOrLog(ctx)
		}
		g.unlock()
	}
}

// Close stops the timers and releases parked requests with NotAvailable.
func (c *Coordinator) Close() {
	c.mu.Lock()
	c.closed = true
	c.mu.Unlock()
	for _, g := range c.shells() {
		g.mu.Lock()
		g.removed = true
		if g.timer != nil {
			g.timer.Stop()
		}
		for t, ch := range g.parked {
			close(ch)
			delete(g.parked, t)
		}
		g.mu.Unlock()
	}
}

func (c *Coordinator) shells() []*shell {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Collect(maps.Values(c.groups))
}

func (c *Coordinator) each(fn func(*shell) error) error {
	for _, g := range c.shells() {
		g.mu.Lock()
		var err error
		if !g.removed {
			err = fn(g)
		}
		g.unlock()
		if err != nil {
			return err
		}
	}
	return nil
}

// lock returns a locked shell that is still part of the coordinator. If there is
// none, and none is to be created, the code says why: absent, or that the
// coordinator cannot answer.
func (c *Coordinator) lock(id string, create bool, absent Code) (*shell, Code) {
	for {
		c.mu.Lock()
		g := c.groups[id]
		switch {
		case c.closed:
			g, absent = nil, NotAvailable
		case g == nil && create && c.limits.MaxGroups > 0 && len(c.groups) >= c.limits.MaxGroups:
			absent = NotAvailable
		case g == nil && create:
			g = c.create(id)
		}
		c.mu.Unlock()
		if g == nil {
			return nil, absent
		}
		g.mu.Lock()
		if !g.removed {
			return g, None
		}
		g.mu.Unlock()
	}
}

// create adds a group. Called with mu held.
func (c *Coordinator) create(id string) *shell {
	g := &shell{c: c, id: id, m: NewMachine(id, c.limits, time.Now()), offsets: map[TopicPartition]committed{},
		pending: map[int64]map[TopicPartition]committed{}, parked: map[Token]chan any{}}
	c.groups[id] = g
	return g
}

// maxUnused bounds the groups that have neither members nor anything stored, but
// only promises to clients that asked for a member id.
const maxUnused = 1024

// noteUnused takes a group in among the unused ones and gives up the oldest when
// there are too many: a client comes back with its id at once or never, and one
// whose group is gone gets a new id.
func (c *Coordinator) noteUnused(g *shell) {
	var victim *shell
	c.mu.Lock()
	c.unused = append(c.unused, g)
	if len(c.unused) > maxUnused {
		victim = c.unused[0]
		c.unused = slices.Delete(c.unused, 0, 1)
	}
	c.mu.Unlock()
	if victim == nil {
		return
	}
	victim.mu.Lock()
	defer victim.mu.Unlock()
	victim.queued = false
	if !victim.removed && victim.promised() {
		victim.drop()
	}
}
