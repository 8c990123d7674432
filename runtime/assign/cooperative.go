package assign

import (
	"cmp"
	"maps"
	"slices"
	"time"
)

// Member is one worker as its JoinGroup metadata describes it.
type Member struct {
	ID           string
	ConfigOffset int64      // how far the worker has read the config topic
	Owned        Assignment // what the worker runs now
}

// Input is everything a leader knows when a rebalance round begins.
type Input struct {
	Members    []Member
	Configured Assignment // every connector and task in the config topic, paused and failed ones included
	Now        time.Time
	// MaxDelay is scheduled.rebalance.max.delay.ms; 0 reassigns lost work at once.
	MaxDelay time.Duration
	// Generation is the generation being assigned; LastGeneration the one that this worker completed last
	// (-1: none). When it is not the one assigned last, the previous assignment never took effect.
	Generation     int32
	LastGeneration int32
}

// Share is what one member is told: items to start and items to give up, relative to what it owns.
type Share struct {
	Assigned Assignment
	Revoked  Assignment
}

// Output is the leader's decision for one round.
type Output struct {
	Shares map[string]Share // one per member
	// Delay is positive while lost work waits for its owner: every member rejoins after it.
	Delay time.Duration
}

// MaxConfigOffset returns the highest config offset among members, or -1.
func MaxConfigOffset(members []Member) int64 {
	highest := int64(-1)
	for _, m := range members {
		highest = max(highest, m.ConfigOffset)
	}
	return highest
}

// revokeBackoff is the base of the pause between consecutive revoking rebalances: 40 ms, 1.6 s, 64 s, …
// capped by the maximal delay (KAFKA-12495).
const revokeBackoff = 40

// Cooperative is the incremental cooperative assignor (KIP-415). Its state lives as long as the worker
// leads; a new leader starts with a fresh one. The zero value is not ready: use [NewCooperative].
// It is not safe for concurrent use.
type Cooperative struct {
	previous       set // what should be running once everyone applied the last decision
	revoked        set // what the last decision took away
	generation     int32
	members        map[string]bool // members of the last round
	candidates     map[string]bool // empty members seen while waiting: returned workers
	candidateOrder []string
	deadline       time.Time // zero: no delayed rebalance is scheduled
	delay          time.Duration
	revokedLast    bool // the previous round revoked for balance
	revokeRounds   int
}

// NewCooperative returns an assignor that has decided nothing yet.
func NewCooperative() *Cooperative {
	return &Cooperative{
		previous: newSet(), revoked: newSet(), generation: -1,
		members: map[string]bool{}, candidates: map[string]bool{},
	}
}

// load is the growing next assignment of one member.
type load struct {
	id string
	Assignment
}

func connectorsOf(l *load) *[]string { return &l.Connectors }
func tasksOf(l *load) *[]TaskID      { return &l.Tasks }

// Assign decides one round and remembers it. Members must not be empty. The decision is deterministic in the
// state and the input; member order does not matter.
func (c *Cooperative) Assign(in Input) Output {
	members := slices.Clone(in.Members)
	slices.SortFunc(members, func(a, b Member) int { return cmp.Compare(a.ID, b.ID) })
	if c.generation != in.LastGeneration {
		c.previous = newSet()
	}
	configured, active := newSet(in.Configured), newSet()
	for _, m := range members {
		active.add(m.Owned)
	}
	if !c.revoked.empty() {
		if c.revoked.overlaps(active) { // the last revocation did not reach its member: believe the members
			c.previous = newSet(active.list())
		}
		c.revoked = newSet()
	}
	// Java looks at the previous assignment only, so that a new leader leaves deleted connectors running.
	deleted := newSet(c.previous.list(), active.list()).minus(configured)
	lost := c.previous.minus(active, deleted)
	created := configured.minus(c.previous, active)
	unwanted := duplicated(members) // every copy of a duplicate goes; the next round hands it out once
	unwanted.add(deleted.list())

	loads := make([]*load, len(members))
	revoke := make(map[string]set, len(members))
	for i, m := range members {
		own := newSet(m.Owned)
		gone := unwanted.in(own.list())
		revoke[m.ID] = newSet(gone)
		loads[i] = &load{id: m.ID, Assignment: Assignment{}.Union(m.Owned.Minus(gone))}
	}
	reassign := c.handleLost(in, lost, loads)
	c.rebalance(in, configured, loads, revoke)

	work := newSet(created.list(), reassign)
	fill(loads, work.sortedConnectors(), connectorsOf)
	fill(loads, work.sortedTasks(), tasksOf)
	return c.conclude(in, members, loads, revoke, lost, deleted)
}

// conclude records the decision and expresses it relative to what members own.
func (c *Cooperative) conclude(in Input, members []Member, loads []*load, revoke map[string]set, lost, deleted set) Output {
	owned := make(map[string]set, len(members))
	c.members = make(map[string]bool, len(members))
	for _, m := range members {
		owned[m.ID] = newSet(m.Owned).minus(deleted)
		c.members[m.ID] = true
	}
	out := Output{Shares: make(map[string]Share, len(loads)), Delay: c.delay}
	c.previous = newSet()
	for _, l := range loads {
		c.previous.add(l.Assignment)
		out.Shares[l.id] = Share{
			Assigned: newSet(l.Assignment).minus(owned[l.id]).list(),
			Revoked:  revoke[l.id].list(),
		}
	}
	for _, r := range revoke {
		c.revoked.add(r.list())
	}
	c.previous.remove(c.revoked.list())
	c.previous.add(lost.list())
	c.generation = in.Generation
	return out
}

// rebalance takes the excess of overloaded members away, unless lost work is waited for or the last round
// did so as well, in which case it first waits.
func (c *Cooperative) rebalance(in Input, configured set, loads []*load, revoke map[string]set) {
	if c.delay != 0 {
		c.revokedLast = false
		return
	}
	surplus := surplus(configured, loads)
	switch {
	case len(surplus) == 0:
		if c.revokedLast {
			c.revokedLast, c.revokeRounds = false, 0
		}
		return
	case c.revokedLast:
		c.revokeRounds++
		if c.delay = backoff(c.revokeRounds, in.MaxDelay); c.delay != 0 {
			c.deadline = in.Now.Add(c.delay)
			return
		}
	default:
		c.revokedLast = true
	}
	for _, l := range loads {
		revoke[l.id].add(surplus[l.id])
		l.Assignment = l.Minus(surplus[l.id])
	}
}

func surplus(configured set, loads []*load) map[string]Assignment {
	if configured.empty() || !slices.ContainsFunc(loads, func(l *load) bool { return !l.Empty() }) {
		return nil
	}
	out := map[string]Assignment{}
	for id, cs := range excess(loads, len(configured.connectors), connectorsOf) {
		out[id] = Assignment{Connectors: cs}
	}
	for id, ts := range excess(loads, len(configured.tasks), tasksOf) {
		out[id] = Assignment{Connectors: out[id].Connectors, Tasks: ts}
	}
	return out
}

func backoff(rounds int, most time.Duration) time.Duration {
	d := time.Millisecond
	for range rounds {
		if d >= most {
			break
		}
		d *= revokeBackoff
	}
	return min(d, most)
}

// handleLost decides about work whose owner disappeared: wait for it, give it to workers that came back empty
// (in place, into loads), or return it to be handed out like new work.
func (c *Cooperative) handleLost(in Input, lost set, loads []*load) Assignment {
	if lost.empty() && !c.revokedLast {
		c.resetDelay()
		return Assignment{}
	}
	present := make(map[string]*load, len(loads))
	for _, l := range loads {
		present[l.id] = l
	}
	scheduled := !c.deadline.IsZero()
	departed := func() bool {
		for id := range maps.Keys(c.members) {
			if present[id] == nil {
				return true
			}
		}
		return false
	}
	if !scheduled && !departed() {
		// Nobody left: some member did not receive its last assignment.
		return lost.list()
	}
	if in.MaxDelay == 0 {
		return lost.list()
	}
	if scheduled && !in.Now.Before(c.deadline) {
		var back []*load
		for _, id := range c.candidateOrder {
			if present[id] != nil {
				back = append(back, present[id])
			}
		}
		c.resetDelay()
		c.revokedLast = false
		if len(back) == 0 {
			return lost.list()
		}
		for i, conn := range lost.sortedConnectors() {
			l := back[i%len(back)]
			l.Connectors = append(l.Connectors, conn)
		}
		for i, t := range lost.sortedTasks() {
			l := back[i%len(back)]
			l.Tasks = append(l.Tasks, t)
		}
		return Assignment{}
	}
	for _, l := range loads {
		if l.Empty() && !c.candidates[l.id] {
			c.candidates[l.id] = true
			c.candidateOrder = append(c.candidateOrder, l.id)
		}
	}
	if scheduled {
		// Whole milliseconds, upwards: the protocol carries no fractions and nobody may rejoin too early.
		c.delay = (c.deadline.Sub(in.Now) + time.Millisecond - 1).Truncate(time.Millisecond)
	} else {
		c.delay = in.MaxDelay
	}
	c.deadline = in.Now.Add(c.delay)
	return Assignment{}
}

func (c *Cooperative) resetDelay() {
	clear(c.candidates)
	c.candidateOrder = nil
	c.deadline = time.Time{}
	c.delay = 0
}
