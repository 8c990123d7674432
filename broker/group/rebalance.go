package group

import "time"

// rebalance enters or stays in the join phase, and ends it if everybody is here.
func (g *Machine) rebalance(now time.Time) {
	if g.state != PreparingRebalance {
		for _, m := range g.members {
			g.replySync(m.sync, SyncResponse{Code: RebalanceInProgress})
			m.sync, m.synced = 0, false
			if g.state == CompletingRebalance {
				// The client's turn to come back starts now.
				m.deadline = now.Add(m.Session)
			}
		}
		g.set(PreparingRebalance, now)
		g.deadline = now.Add(g.rebalanceTimeout())
	}
	g.tryComplete(now)
}

func (g *Machine) rebalanceTimeout() time.Duration {
	var d time.Duration
	for _, m := range g.members {
		d = max(d, m.RebalanceTimeout)
	}
	return d
}

func (g *Machine) tryComplete(now time.Time) {
	if len(g.pending) > 0 && len(g.members) > 0 {
		return
	}
	for _, m := range g.members {
		if m.join == 0 {
			return
		}
	}
	g.completeJoin(now)
}

// completeJoin ends the join phase with the members that came.
func (g *Machine) completeJoin(now time.Time) {
	came := 0
	for _, m := range g.ordered() {
		switch {
		case m.join != 0:
			came++
		case m.InstanceID == nil:
			g.drop(m, UnknownMember)
		}
	}
	if came == 0 && len(g.members) > 0 {
		g.deadline = now.Add(g.rebalanceTimeout()) // only static members that are away
		return
	}
	g.generation++
	if len(g.members) == 0 {
		g.set(Empty, now)
		g.protocol, g.leader = "", ""
		g.eff.Persist = true
		return
	}
	if m := g.members[g.leader]; m == nil || m.join == 0 {
		for _, m := range g.ordered() {
			if m.join != 0 {
				g.leader = m.ID
				break
			}
		}
	}
	g.protocol = g.vote()
	g.set(CompletingRebalance, now)
	g.deadline = now.Add(g.rebalanceTimeout())
	for _, m := range g.members {
		if m.join != 0 {
			g.replyJoin(m.join, g.joined(m))
			m.deadline = now.Add(m.Session)
		}
		m.join, m.synced = 0, false
	}
}

// vote picks the protocol: among those that everybody supports, the one that most
// members list first; ties go to the earliest member's choice.
func (g *Machine) vote() string {
	votes := map[string]int{}
	best := ""
	members := g.ordered()
	for _, m := range members {
		for _, p := range m.Protocols {
			if g.supported(p.Name, "") {
				votes[p.Name]++
				break
			}
		}
	}
	for _, m := range members {
		for _, p := range m.Protocols {
			if votes[p.Name] > votes[best] {
				best = p.Name
			}
		}
	}
	return best
}

// drop removes a member, answering what it has waiting.
func (g *Machine) drop(m *Member, code Code) {
	g.replyJoin(m.join, JoinResponse{Code: code, Generation: -1, ID: m.ID})
	g.replySync(m.sync, SyncResponse{Code: code})
	delete(g.members, m.ID)
	if m.InstanceID != nil && g.instances[*m.InstanceID] == m.ID {
		delete(g.instances, *m.InstanceID)
	}
	if g.leader == m.ID {
		g.leader = ""
		if rest := g.ordered(); len(rest) > 0 {
			g.leader = rest[0].ID
		}
	}
}

func (g *Machine) remove(now time.Time, m *Member) {
	g.drop(m, UnknownMember)
	switch g.state {
	case Stable, CompletingRebalance:
		g.rebalance(now)
	case PreparingRebalance:
		g.tryComplete(now)
	}
}

// Sync handles a SyncGroup request; the answer comes for token.
func (g *Machine) Sync(now time.Time, req SyncRequest, token Token) Effects {
	if code := g.sync(now, req, token); code != None {
		g.replySync(token, SyncResponse{Code: code})
	}
	return g.take()
}

func (g *Machine) sync(now time.Time, req SyncRequest, token Token) Code {
	if g.state == Dead {
		return NotAvailable
	}
	if code := g.check(req.MemberID, req.InstanceID); code != None {
		return code
	}
	switch {
	case req.Generation != g.generation:
		return IllegalGeneration
	case req.ProtocolType != nil && *req.ProtocolType != g.protocolType, req.Protocol != nil && *req.Protocol != g.protocol && g.state != PreparingRebalance:
		return InconsistentProtocol
	}
	m := g.members[req.MemberID]
	m.deadline = now.Add(m.Session)
	switch g.state {
	case PreparingRebalance:
		return RebalanceInProgress
	case Stable:
		m.synced = true
		g.replySync(token, g.assigned(m))
	case CompletingRebalance:
		g.replySync(m.sync, SyncResponse{Code: RebalanceInProgress}) // a retry took its place
		m.sync, m.synced = token, true
		if m.ID == g.leader {
			g.assign(now, req.Assignments)
		}
	default:
		return UnknownMember
	}
	return None
}

// assign ends the sync phase with the leader's plan.
func (g *Machine) assign(now time.Time, plan map[string][]byte) {
	g.set(Stable, now)
	g.eff.Persist = true
	for _, m := range g.members {
		m.Assignment = plan[m.ID]
		g.replySync(m.sync, g.assigned(m))
		if m.sync != 0 {
			m.deadline = now.Add(m.Session)
		}
		m.sync = 0
	}
}

func (g *Machine) assigned(m *Member) SyncResponse {
	return SyncResponse{ProtocolType: g.protocolType, Protocol: g.protocol, Assignment: m.Assignment}
}

// Heartbeat keeps a member alive and tells it about a rebalance.
func (g *Machine) Heartbeat(now time.Time, id string, instance *string, generation int32) Code {
	if g.state == Dead {
		return NotAvailable
	}
	if code := g.check(id, instance); code != None {
		return code
	}
	if generation != g.generation {
		return IllegalGeneration
	}
	m := g.members[id]
	m.deadline = now.Add(m.Session)
	if g.state == PreparingRebalance {
		return RebalanceInProgress
	}
	return None
}

// Leave removes a member by id, or a static one by its instance id alone.
func (g *Machine) Leave(now time.Time, id string, instance *string) (Code, Effects) {
	if g.state == Dead {
		return NotAvailable, Effects{}
	}
	if instance != nil && id == "" {
		id = g.instances[*instance]
	}
	if _, ok := g.pending[id]; ok {
		delete(g.pending, id)
		if g.state == PreparingRebalance {
			g.tryComplete(now)
		}
		return None, g.take()
	}
	if code := g.check(id, instance); code != None {
		return code, Effects{}
	}
	g.remove(now, g.members[id])
	return None, g.take()
}

// CheckCommit decides whether an offset commit is allowed, and counts it as a
// sign of life.
func (g *Machine) CheckCommit(now time.Time, id string, instance *string, generation int32) Code {
	switch {
	case g.state == Dead:
		return NotAvailable
	case generation < 0 && g.state == Empty:
		return None // a consumer that assigns itself, or a tool
	case generation < 0 && id == "" && instance == nil:
		return UnknownMember // only members may commit while there are any
	}
	if code := g.checkGeneration(now, id, instance, generation); code != None {
		return code
	}
	if g.state == CompletingRebalance {
		return RebalanceInProgress
	}
	return None
}

// CheckTxnCommit is CheckCommit for offsets of a transaction: producers before
// KIP-447 do not name their consumer and are not checked.
func (g *Machine) CheckTxnCommit(now time.Time, id string, instance *string, generation int32) Code {
	switch {
	case g.state == Dead:
		return NotAvailable
	case generation < 0 && (g.state == Empty || id == "" && instance == nil):
		return None
	}
	return g.checkGeneration(now, id, instance, generation)
}

func (g *Machine) checkGeneration(now time.Time, id string, instance *string, generation int32) Code {
	if code := g.check(id, instance); code != None {
		return code
	}
	if generation != g.generation {
		return IllegalGeneration
	}
	m := g.members[id]
	m.deadline = now.Add(m.Session)
	return None
}

// unsynced reports whether some member of a stable group has not fetched its
// assignment: it may do so until the rebalance timeout.
func (g *Machine) unsynced() bool {
	if g.state != Stable {
		return false
	}
	for _, m := range g.members {
		if !m.synced {
			return true
		}
	}
	return false
}

// Next is the earliest time at which Tick has something to do, zero if none.
func (g *Machine) Next() time.Time {
	var next time.Time
	sooner := func(t time.Time) {
		if next.IsZero() || t.Before(next) {
			next = t
		}
	}
	for _, t := range g.pending {
		sooner(t)
	}
	for _, m := range g.members {
		if m.join == 0 && m.sync == 0 {
			sooner(m.deadline)
		}
	}
	if g.state == PreparingRebalance || g.state == CompletingRebalance || g.unsynced() {
		sooner(g.deadline)
	}
	return next
}

// Tick lets time pass: it expires sessions, unused ids and phases.
func (g *Machine) Tick(now time.Time) Effects {
	due := func(t time.Time) bool { return !t.After(now) }
	for id, t := range g.pending {
		if due(t) {
			delete(g.pending, id)
			if g.state == PreparingRebalance {
				g.tryComplete(now)
			}
		}
	}
	for _, m := range g.ordered() {
		if g.members[m.ID] == m && m.join == 0 && m.sync == 0 && due(m.deadline) {
			g.remove(now, m)
		}
	}
	switch {
	case g.state == PreparingRebalance && due(g.deadline):
		clear(g.pending)
		g.completeJoin(now)
	case (g.state == CompletingRebalance || g.unsynced()) && due(g.deadline):
		for _, m := range g.ordered() {
			if !m.synced {
				g.drop(m, UnknownMember)
			}
		}
		g.rebalance(now)
	}
	return g.take()
}
