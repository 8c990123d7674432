package group

import (
	"context"
	"sync"
	"time"

	"github.com/kurier-io/kurier/broker/group/consumer"
	"github.com/kurier-io/kurier/broker/wireproto"
)

// shell is one group: its machine, offsets, parked requests and timer.
//
// Locks: the map of groups is locked while a group is, never the other way
// round, and no two groups are locked at once.
type shell struct {
	c  *Coordinator
	id string

	mu        sync.Mutex
	m         *Machine
	cg        *consumer.Machine // nil in a classic group; m is empty otherwise
	topicsSeq uint64            // what cg knows of
	offsets   map[TopicPartition]committed
	pending   map[int64]map[TopicPartition]committed // by producer id
	writes    uint64                                 // counts what the log got, for its order
	parked    map[Token]chan any
	tokens    Token
	timer     *time.Timer
	armed     time.Time // what timer is set to, zero if it is not
	queued    bool      // among the unused
	removed   bool
}

// unlock releases the shell, and drops it if nothing is left of the group: what
// was made up by a request that failed does not stay.
func (g *shell) unlock() {
	if !g.removed && g.disposable() {
		g.drop()
	}
	g.mu.Unlock()
}

// drop removes the shell from the coordinator. Called with mu held.
func (g *shell) drop() {
	g.removed = true
	g.m.set(Dead, time.Now())
	if g.timer != nil {
		g.timer.Stop()
	}
	g.c.mu.Lock()
	if g.c.groups[g.id] == g {
		delete(g.c.groups, g.id)
	}
	g.c.mu.Unlock()
}

func (g *shell) disposable() bool { return g.promised() && len(g.m.pending) == 0 }

// promised reports that there is nothing but, perhaps, ids that were handed out.
func (g *shell) promised() bool {
	return g.cg == nil && g.m.state == Empty && g.m.generation == 0 && len(g.m.members) == 0 &&
		len(g.offsets) == 0 && len(g.pending) == 0
}

// vacant reports that nobody is in the group, of either kind.
func (g *shell) vacant() bool {
	return len(g.m.members) == 0 && len(g.m.pending) == 0 && (g.cg == nil || g.cg.Size() == 0)
}

func (g *shell) state() State {
	if g.cg != nil {
		return State(g.cg.State())
	}
	return g.m.state
}

// subscribed is the set of topics that members consume.
func (g *shell) subscribed() map[string]bool {
	if g.cg != nil {
		return g.cg.Subscribed()
	}
	return g.m.subscribed()
}

// arm sets the timer for the next deadline. Called with mu held.
func (g *shell) arm() {
	next := g.m.Next()
	if g.cg != nil {
		next = g.cg.Next()
	}
	if next.Equal(g.armed) || g.removed {
		return
	}
	g.armed = next
	if g.timer != nil {
		g.timer.Stop()
	}
	if next.IsZero() {
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
	defer g.unlock()
	if g.removed {
		return
	}
	g.armed = time.Time{}
	if g.cg == nil {
		g.run(context.Background(), g.m.Tick(time.Now()))
		return
	}
	g.cg.Tick(time.Now())
	g.storeOrLog(context.Background())
	g.arm()
}

// run performs the effects of a step. Called with mu held.
func (g *shell) run(ctx context.Context, e Effects) {
	if e.Persist {
		err := g.c.storage.Append(context.WithoutCancel(ctx), g.id, []wireproto.Record{g.m.record()})
		if err != nil {
			// The members keep what they have; a restart of the broker would
			// make them join again.
			g.c.logger.Error("group state not stored", "group", g.id, "error", err)
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

func (g *shell) forget(t Token) {
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.parked, t)
}
