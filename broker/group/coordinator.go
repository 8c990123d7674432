package group

import (
	"context"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/kurier-io/kurier/broker/wireproto"
)

// Coordinator runs the groups. Its methods may be called from any goroutine;
// Join and Sync block until the group answers or ctx ends.
type Coordinator struct {
	storage   Storage
	limits    Limits
	retention time.Duration
	logger    *slog.Logger

	mu     sync.Mutex
	groups map[string]*shell
	closed bool

	txnMu      sync.Mutex // a leaf: nothing else is locked under it
	txns       map[int64]map[string]struct{}
	partitions int32 // of the offsets topic
}

// shell is one group: its machine, offsets, parked requests and timer.
type shell struct {
	c *Coordinator

	mu      sync.Mutex
	m       *Machine
	offsets map[TopicPartition]committed
	pending map[int64]map[TopicPartition]committed // by producer id
	writes  uint64                                 // counts what the log got, for its order
	parked  map[Token]chan any
	tokens  Token
	timer   *time.Timer
	removed bool
}

// NewCoordinator returns a coordinator without groups. Offsets of an empty group
// are forgotten after retention.
func NewCoordinator(storage Storage, limits Limits, retention time.Duration, logger *slog.Logger) *Coordinator {
	return &Coordinator{storage: storage, limits: limits, retention: retention, logger: logger, groups: map[string]*shell{},
		txns: map[int64]map[string]struct{}{}, partitions: 1}
}

// group returns the shell of a group, or nil.
func (c *Coordinator) group(id string, create bool) *shell {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return nil
	}
	g := c.groups[id]
	if g == nil && create {
		g = &shell{c: c, m: NewMachine(id, c.limits, time.Now()), offsets: map[TopicPartition]committed{},
			pending: map[int64]map[TopicPartition]committed{}, parked: map[Token]chan any{}}
		c.groups[id] = g
	}
	return g
}

// lock returns a locked shell that is still part of the coordinator, or nil.
func (c *Coordinator) lock(id string, create bool) *shell {
	for {
		g := c.group(id, create)
		if g == nil {
			return nil
		}
		g.mu.Lock()
		if !g.removed {
			return g
		}
		g.mu.Unlock()
	}
}

// Start arms the timers of the groups that Load brought back, and drops empty
// shells that only tombstones left.
func (c *Coordinator) Start() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for id, g := range c.groups {
		g.mu.Lock()
		if g.disposable() {
			g.removed = true
			delete(c.groups, id)
		} else {
			g.arm()
		}
		g.mu.Unlock()
	}
}

// Expel removes every member that joined from a host. The broker calls it after
// loading, for members of the process that it was itself a part of: they cannot
// have outlived it, so nobody needs to wait for their sessions to end.
func (c *Coordinator) Expel(ctx context.Context, host string) {
	c.mu.Lock()
	groups := slices.Collect(maps.Values(c.groups))
	c.mu.Unlock()
	for _, g := range groups {
		g.mu.Lock()
		for _, m := range g.m.ordered() {
			if m.ClientHost == host {
				_, eff := g.m.Leave(time.Now(), m.ID, nil)
				g.run(ctx, eff)
			}
		}
		g.mu.Unlock()
	}
}

// Close stops the timers and releases parked requests with NotAvailable.
func (c *Coordinator) Close() {
	c.mu.Lock()
	c.closed = true
	groups := slices.Collect(maps.Values(c.groups))
	c.mu.Unlock()
	for _, g := range groups {
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

func (g *shell) disposable() bool {
	return g.m.state == Empty && g.m.generation == 0 && len(g.offsets) == 0 && len(g.pending) == 0 && len(g.m.pending) == 0 && len(g.m.members) == 0
}

// arm sets the timer for the machine's next deadline. Called with mu held.
func (g *shell) arm() {
	next := g.m.Next()
	if g.timer != nil {
		g.timer.Stop()
	}
	if next.IsZero() || g.removed {
		return
	}
	d := max(time.Until(next), time.Millisecond)
	if g.timer == nil {
		g.timer = time.AfterFunc(d, g.tick)
		return
	}
	g.timer.Reset(d)
}

func (g *shell) tick() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.removed {
		return
	}
	g.run(context.Background(), g.m.Tick(time.Now()))
}

// run performs the effects of a step. Called with mu held.
func (g *shell) run(ctx context.Context, e Effects) {
	if e.Persist {
		err := g.c.storage.Append(context.WithoutCancel(ctx), g.m.ID, []wireproto.Record{g.m.record()})
		if err != nil {
			// The members keep what they have; a restart of the broker would
			// make them join again.
			g.c.logger.Error("group state not stored", "group", g.m.ID, "error", err)
			for t := range e.Syncs {
				e.Syncs[t] = SyncResponse{Code: NotAvailable}
			}
		}
	}
	for t, r := range e.Joins {
		g.deliver(t, r)
	}
	for t, r := range e.Syncs {
		g.deliver(t, r)
	}
	g.arm()
}

func (g *shell) deliver(t Token, r any) {
	if ch := g.parked[t]; ch != nil {
		ch <- r // has room for its one answer
		delete(g.parked, t)
	}
}

func (g *shell) park() (Token, chan any) {
	g.tokens++
	ch := make(chan any, 1)
	g.parked[g.tokens] = ch
	return g.tokens, ch
}

// Join handles JoinGroup.
func (c *Coordinator) Join(ctx context.Context, group string, req JoinRequest) JoinResponse {
	refuse := func(code Code) JoinResponse { return JoinResponse{Code: code, Generation: -1, ID: req.MemberID} }
	if group == "" {
		return refuse(InvalidGroupID)
	}
	if req.Session < c.limits.MinSession || req.Session > c.limits.MaxSession {
		return refuse(InvalidSession)
	}
	g := c.lock(group, req.MemberID == "")
	if g == nil {
		return refuse(UnknownMember)
	}
	token, ch := g.park()
	g.run(ctx, g.m.Join(time.Now(), req, token))
	g.mu.Unlock()
	select {
	case r, ok := <-ch:
		if ok {
			return r.(JoinResponse)
		}
	case <-ctx.Done():
		g.forget(token)
	}
	return refuse(NotAvailable)
}

// Sync handles SyncGroup.
func (c *Coordinator) Sync(ctx context.Context, group string, req SyncRequest) SyncResponse {
	g := c.lock(group, false)
	if g == nil {
		return SyncResponse{Code: UnknownMember}
	}
	token, ch := g.park()
	g.run(ctx, g.m.Sync(time.Now(), req, token))
	g.mu.Unlock()
	select {
	case r, ok := <-ch:
		if ok {
			return r.(SyncResponse)
		}
	case <-ctx.Done():
		g.forget(token)
	}
	return SyncResponse{Code: NotAvailable}
}

func (g *shell) forget(t Token) {
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.parked, t)
}

// Heartbeat handles Heartbeat.
func (c *Coordinator) Heartbeat(group, member string, instance *string, generation int32) Code {
	g := c.lock(group, false)
	if g == nil {
		return UnknownMember
	}
	defer g.mu.Unlock()
	code := g.m.Heartbeat(time.Now(), member, instance, generation)
	g.arm()
	return code
}

// Leave handles one member of LeaveGroup.
func (c *Coordinator) Leave(ctx context.Context, group, member string, instance *string) Code {
	g := c.lock(group, false)
	if g == nil {
		return UnknownMember
	}
	defer g.mu.Unlock()
	code, eff := g.m.Leave(time.Now(), member, instance)
	g.run(ctx, eff)
	return code
}

// Description is a group as DescribeGroups and ListGroups show it.
type Description struct {
	ID, ProtocolType, Protocol string
	State                      State
	Members                    []Member
}

func (g *shell) describe() Description {
	d := Description{ID: g.m.ID, ProtocolType: g.m.protocolType, State: g.m.state}
	if g.m.state == Stable {
		d.Protocol = g.m.protocol
	}
	for _, m := range g.m.ordered() {
		c := *m
		if g.m.state != Stable {
			c.Assignment = nil
		}
		if meta := m.metadata(g.m.protocol); meta != nil && g.m.state == Stable {
			c.Protocols = []Protocol{{g.m.protocol, meta}}
		} else {
			c.Protocols = nil
		}
		d.Members = append(d.Members, c)
	}
	return d
}

// Describe returns a group; ok is false if it does not exist.
func (c *Coordinator) Describe(group string) (d Description, ok bool) {
	g := c.lock(group, false)
	if g == nil {
		return Description{ID: group, State: Dead}, false
	}
	defer g.mu.Unlock()
	return g.describe(), true
}

// List returns all groups by id, without members.
func (c *Coordinator) List() []Description {
	c.mu.Lock()
	shells := slices.Collect(maps.Values(c.groups))
	c.mu.Unlock()
	var out []Description
	for _, g := range shells {
		g.mu.Lock()
		if !g.removed && !g.disposable() {
			out = append(out, Description{ID: g.m.ID, ProtocolType: g.m.protocolType, State: g.m.state})
		}
		g.mu.Unlock()
	}
	slices.SortFunc(out, func(a, b Description) int { return strings.Compare(a.ID, b.ID) })
	return out
}
