package group

import (
	"bytes"
	"cmp"
	"slices"
	"time"
)

// Machine is the state machine of one classic group: it has no clock, no locks
// and does no I/O. Times are passed in and effects come out.
type Machine struct {
	ID           string
	limits       Limits
	state        State
	since        time.Time // of state
	protocolType string
	protocol     string
	generation   int32
	leader       string
	members      map[string]*Member
	instances    map[string]string    // group.instance.id to member id
	pending      map[string]time.Time // ids handed out, not yet used
	deadline     time.Time            // of the join or sync phase
	joins        uint64
	eff          Effects
}

// NewMachine returns an empty group.
func NewMachine(id string, limits Limits, now time.Time) *Machine {
	return &Machine{ID: id, limits: limits, state: Empty, since: now, members: map[string]*Member{},
		instances: map[string]string{}, pending: map[string]time.Time{}}
}

func (g *Machine) take() Effects {
	e := g.eff
	g.eff = Effects{}
	return e
}

func (g *Machine) set(s State, now time.Time) { g.state, g.since = s, now }

func (g *Machine) replyJoin(t Token, r JoinResponse) {
	if t == 0 {
		return
	}
	if g.eff.Joins == nil {
		g.eff.Joins = map[Token]JoinResponse{}
	}
	g.eff.Joins[t] = r
}

func (g *Machine) replySync(t Token, r SyncResponse) {
	if t == 0 {
		return
	}
	if g.eff.Syncs == nil {
		g.eff.Syncs = map[Token]SyncResponse{}
	}
	g.eff.Syncs[t] = r
}

// ordered returns the members by order of joining.
func (g *Machine) ordered() []*Member {
	out := make([]*Member, 0, len(g.members))
	for _, m := range g.members {
		out = append(out, m)
	}
	slices.SortFunc(out, func(a, b *Member) int { return cmp.Compare(a.order, b.order) })
	return out
}

// Join handles a JoinGroup request; the answer comes for token, now or later.
func (g *Machine) Join(now time.Time, req JoinRequest, token Token) Effects {
	if code, id := g.join(now, req, token); code != None {
		g.replyJoin(token, JoinResponse{Code: code, Generation: -1, ID: id})
	}
	return g.take()
}

func (g *Machine) join(now time.Time, req JoinRequest, token Token) (Code, string) {
	switch {
	case g.state == Dead:
		return NotAvailable, req.MemberID
	case req.Session < g.limits.MinSession || req.Session > g.limits.MaxSession:
		return InvalidSession, req.MemberID
	case req.ProtocolType == "" || len(req.Protocols) == 0 || !g.compatible(req):
		return InconsistentProtocol, req.MemberID
	}
	if req.MemberID == "" {
		return g.joinUnknown(now, req, token)
	}
	if _, ok := g.pending[req.MemberID]; ok {
		delete(g.pending, req.MemberID)
		g.addMember(now, req, req.MemberID, token)
		return None, ""
	}
	if code := g.check(req.MemberID, req.InstanceID); code != None {
		return code, req.MemberID
	}
	m := g.members[req.MemberID]
	changed := !slices.EqualFunc(m.Protocols, req.Protocols, func(a, b Protocol) bool {
		return a.Name == b.Name && bytes.Equal(a.Metadata, b.Metadata)
	})
	switch {
	case g.state == Stable && (m.ID == g.leader || changed), g.state == CompletingRebalance && changed, g.state == PreparingRebalance:
		g.update(m, req)
		g.park(now, m, token)
		g.rebalance(now)
	default: // a retry of a lost answer: repeat it
		m.deadline = now.Add(m.Session)
		g.replyJoin(token, g.joined(m))
	}
	return None, ""
}

func (g *Machine) joinUnknown(now time.Time, req JoinRequest, token Token) (Code, string) {
	if req.InstanceID != nil {
		if old, ok := g.instances[*req.InstanceID]; ok {
			g.replaceStatic(now, g.members[old], req, token)
			return None, ""
		}
	}
	if g.limits.MaxSize > 0 && len(g.members)+len(g.pending) >= g.limits.MaxSize {
		return GroupFull, ""
	}
	if req.RequireKnownID && req.InstanceID == nil {
		g.promise(req.NewID, now.Add(req.Session))
		return MemberIDRequired, req.NewID
	}
	g.addMember(now, req, req.NewID, token)
	return None, ""
}

// maxPromised bounds the ids that a group has handed out and nobody used yet.
const maxPromised = 1000

// promise remembers an id that was handed out, instead of the one that would
// expire first if there are too many: its client just asks again.
func (g *Machine) promise(id string, until time.Time) {
	if len(g.pending) >= maxPromised {
		var first string
		for id, t := range g.pending {
			if first == "" || t.Before(g.pending[first]) {
				first = id
			}
		}
		delete(g.pending, first)
	}
	g.pending[id] = until
}

// compatible reports whether the request fits the protocol type of the group and
// shares a protocol with every other member.
func (g *Machine) compatible(req JoinRequest) bool {
	others := 0
	for _, m := range g.members {
		if m.ID != req.MemberID {
			others++
		}
	}
	if others == 0 {
		return true
	}
	if req.ProtocolType != g.protocolType {
		return false
	}
	return slices.ContainsFunc(req.Protocols, func(p Protocol) bool { return g.supported(p.Name, req.MemberID) })
}

func (g *Machine) supported(name, except string) bool {
	for _, m := range g.members {
		if m.ID != except && !slices.ContainsFunc(m.Protocols, func(p Protocol) bool { return p.Name == name }) {
			return false
		}
	}
	return true
}

// check finds a member, fencing one whose instance id now belongs to another.
func (g *Machine) check(id string, instance *string) Code {
	if instance != nil {
		owner, ok := g.instances[*instance]
		switch {
		case !ok:
			return UnknownMember
		case owner != id:
			return FencedInstance
		}
	}
	if g.members[id] == nil {
		return UnknownMember
	}
	return None
}

func (g *Machine) update(m *Member, req JoinRequest) {
	m.Protocols, m.Session, m.RebalanceTimeout = req.Protocols, req.Session, req.RebalanceTimeout
	m.ClientID, m.ClientHost = req.ClientID, req.ClientHost
	if m.RebalanceTimeout <= 0 {
		m.RebalanceTimeout = req.Session
	}
}

func (g *Machine) addMember(now time.Time, req JoinRequest, id string, token Token) {
	if len(g.members) == 0 {
		g.protocolType = req.ProtocolType
	}
	g.joins++
	m := &Member{ID: id, InstanceID: req.InstanceID, order: g.joins}
	g.update(m, req)
	g.members[id] = m
	if req.InstanceID != nil {
		g.instances[*req.InstanceID] = id
	}
	if g.leader == "" {
		g.leader = id
	}
	g.park(now, m, token)
	g.rebalance(now)
}

// park makes the member wait for the end of the join phase. A request that it
// left waiting is answered, as its client has given it up.
func (g *Machine) park(now time.Time, m *Member, token Token) {
	g.replyJoin(m.join, JoinResponse{Code: UnknownMember, Generation: -1, ID: m.ID})
	m.join, m.deadline = token, now.Add(m.Session)
}

// replaceStatic gives a static member that came back a new id. If the group would
// choose the same protocol again it goes on undisturbed (KIP-345). The metadata
// are not compared: they say what the member owned when it joined, which differs
// from what it says after a start.
func (g *Machine) replaceStatic(now time.Time, m *Member, req JoinRequest, token Token) {
	g.replyJoin(m.join, JoinResponse{Code: FencedInstance, Generation: -1, ID: m.ID})
	g.replySync(m.sync, SyncResponse{Code: FencedInstance})
	delete(g.members, m.ID)
	wasLeader := g.leader == m.ID
	if wasLeader {
		g.leader = req.NewID
	}
	m.ID, m.join, m.sync = req.NewID, 0, 0
	g.members[m.ID] = m
	g.instances[*req.InstanceID] = m.ID
	g.update(m, req)
	m.deadline = now.Add(m.Session)
	if g.state == Stable && g.vote() == g.protocol {
		r := g.joined(m)
		if wasLeader && !req.SkipAssignment {
			// An old client would assign again: let it believe that it follows.
			r.Leader, r.Members = g.anotherThan(m.ID), nil
		}
		r.SkipAssignment = wasLeader && req.SkipAssignment
		g.eff.Persist = true
		g.replyJoin(token, r)
		return
	}
	g.park(now, m, token)
	g.rebalance(now)
}

// anotherThan names a leader that is not id; any string will do when alone.
func (g *Machine) anotherThan(id string) string {
	for _, m := range g.ordered() {
		if m.ID != id {
			return m.ID
		}
	}
	return id + "-previous"
}

// joined is the answer to a member of the current generation.
func (g *Machine) joined(m *Member) JoinResponse {
	r := JoinResponse{Generation: g.generation, ProtocolType: g.protocolType, Protocol: g.protocol, Leader: g.leader, ID: m.ID}
	if m.ID == g.leader {
		for _, o := range g.ordered() {
			r.Members = append(r.Members, JoinedMember{o.ID, o.InstanceID, o.metadata(g.protocol)})
		}
	}
	return r
}

// Restore puts back a group as it was persisted. Members get a fresh session.
func (g *Machine) Restore(now time.Time, protocolType, protocol, leader string, generation int32, members []Member) {
	g.protocolType, g.protocol, g.leader, g.generation = protocolType, protocol, leader, generation
	g.members, g.instances = map[string]*Member{}, map[string]string{}
	for _, m := range members {
		g.joins++
		m.order, m.deadline, m.synced = g.joins, now.Add(m.Session), true
		g.members[m.ID] = &m
		if m.InstanceID != nil {
			g.instances[*m.InstanceID] = m.ID
		}
	}
	g.set(Empty, now)
	if len(members) > 0 {
		g.set(Stable, now)
	}
}
