package consumer

import (
	"cmp"
	"slices"
	"time"
)

// Kafka's defaults of group.consumer.*.
const (
	defaultSession  = 45 * time.Second
	defaultInterval = 5 * time.Second
)

// memberState says how far a member is on its way to its target.
type memberState int8

const (
	stable     memberState = 0
	unrevoked  memberState = 1 // must give something up first
	unreleased memberState = 2 // waits for what others hold
)

type member struct {
	id                   string
	instance, rack       *string
	clientID, clientHost string
	topics               []string // sorted, without duplicates
	regex                string   // empty: none
	assignor             string   // empty: no wish
	rebalance            time.Duration

	epoch, previous    int32
	state              memberState
	assigned, revoking set
	held               uint64 // counts changes of the two sets

	deadline time.Time // of the session
	revokeBy time.Time // of the revocation, zero if none is under way
	resend   bool      // the last assignment did not reach the client
	known    bool      // its metadata was loaded
}

// Machine is the state machine of one group. It has no clock and no locks; its
// only view of the world is Topics.
type Machine struct {
	id       string
	topics   Topics
	cfg      Config
	epoch    int32
	hash     uint64 // of the subscribed topics, as of epoch
	assigned int32  // the epoch that targets are for
	assignor string // that made them
	members  map[string]*member
	static   map[string]string // group.instance.id to member id
	targets  map[string]set
	owners   map[partition]string // who holds it, or must still revoke it
	patterns map[string]*pattern
	stale    bool // the topics may have changed
	emptied  time.Time
	next     time.Time // no deadline is earlier
	dirty    map[recordKey]struct{}
}

// New returns a group without members.
func New(id string, topics Topics) *Machine {
	return &Machine{id: id, topics: topics, members: map[string]*member{}, static: map[string]string{}, targets: map[string]set{},
		owners: map[partition]string{}, patterns: map[string]*pattern{}, dirty: map[recordKey]struct{}{}}
}

// Size is the number of members.
func (m *Machine) Size() int { return len(m.members) }

// Emptied is when the last member left, zero if that is not known.
func (m *Machine) Emptied() time.Time { return m.emptied }

// TopicsChanged makes the next heartbeat look at the topics again.
func (m *Machine) TopicsChanged() { m.stale = true }

// Resend makes the next heartbeat of a member bring its assignment: the shell
// could not deliver the last answer.
func (m *Machine) Resend(id string) {
	if c := m.members[id]; c != nil {
		c.resend = true
	}
}

// State is the state of the group.
func (m *Machine) State() State {
	switch {
	case len(m.members) == 0:
		return Empty
	case m.epoch > m.assigned:
		return Assigning
	}
	for _, c := range m.members {
		if c.state != stable || c.epoch != m.assigned {
			return Reconciling
		}
	}
	return Stable
}

// Check validates what an OffsetCommit or OffsetFetch says about its member:
// commits of nobody are allowed while the group is empty.
func (m *Machine) Check(id string, epoch int32) Code {
	if epoch < 0 && len(m.members) == 0 {
		return none
	}
	c := m.members[id]
	switch {
	case c == nil:
		return unknownMember
	case c.epoch != epoch:
		return staleEpoch
	}
	return none
}

// Subscribed is the set of topics that the members consume.
func (m *Machine) Subscribed() map[string]bool {
	out := map[string]bool{}
	for _, c := range m.members {
		for t := range m.subscription(c) {
			out[t] = true
		}
	}
	return out
}

// Next is when Tick should be called: no later than the earliest deadline, zero
// if there is none.
func (m *Machine) Next() time.Time { return m.next }

// due makes sure that Next is not after t.
func (m *Machine) due(t time.Time) {
	if m.next.IsZero() || t.Before(m.next) {
		m.next = t
	}
}

// Tick lets time pass: members whose session or revocation took too long go.
func (m *Machine) Tick(now time.Time) {
	for _, c := range m.ordered() {
		late := !c.revokeBy.IsZero() && !c.revokeBy.After(now)
		if late || !c.deadline.After(now) {
			m.remove(now, c)
		}
	}
	m.next = time.Time{}
	for _, c := range m.members {
		m.due(c.deadline)
		if !c.revokeBy.IsZero() {
			m.due(c.revokeBy)
		}
	}
}

// Expel removes the members that joined from a host, and says how many.
func (m *Machine) Expel(now time.Time, host string) (n int) {
	for _, c := range m.ordered() {
		if c.clientHost == host {
			m.remove(now, c)
			n++
		}
	}
	return n
}

func (m *Machine) ordered() []*member {
	out := make([]*member, 0, len(m.members))
	for _, c := range m.members {
		out = append(out, c)
	}
	slices.SortFunc(out, func(a, b *member) int { return cmp.Compare(a.id, b.id) })
	return out
}

// remove takes a member out; what it held is free.
func (m *Machine) remove(now time.Time, c *member) {
	m.forget(c)
	m.dropPatterns()
	m.hash = m.topicHash()
	m.bump()
	if len(m.members) == 0 {
		m.emptied = now
	}
}

func (m *Machine) forget(c *member) {
	m.hold(c, nil, nil)
	delete(m.members, c.id)
	delete(m.targets, c.id)
	if c.instance != nil && m.static[*c.instance] == c.id {
		delete(m.static, *c.instance)
	}
	m.mark(recordMember, c.id)
	m.mark(recordTargetMember, c.id)
	m.mark(recordCurrent, c.id)
}

func (m *Machine) bump() {
	m.epoch++
	m.mark(recordGroup, "")
}

// hold sets what a member holds and must revoke.
func (m *Machine) hold(c *member, assigned, revoking set) {
	for _, s := range []set{c.assigned, c.revoking} {
		for p := range s {
			if m.owners[p] == c.id {
				delete(m.owners, p)
			}
		}
	}
	c.assigned, c.revoking = assigned, revoking
	c.held++
	for _, s := range []set{assigned, revoking} {
		for p := range s {
			m.owners[p] = c.id
		}
	}
	m.mark(recordCurrent, c.id)
}
