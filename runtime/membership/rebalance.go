package membership

import (
	"maps"
	"slices"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"

	"github.com/kurier-io/kurier/runtime/assign"
)

func (m *machine) onJoined(now time.Time, ev joined) []effect {
	switch {
	case ev.err == kerr.MemberIDRequired:
		m.reset(ev.memberID)
		m.wanted = "the coordinator gave the worker its member id"
		return nil
	case ev.err != nil:
		if m.groupError(ev.err) {
			return fatalf("join group %q: %w", m.cfg.Group, ev.err)
		}
		m.reset(m.memberID)
		m.retryLater(now, "the last join failed")
		m.hurry(now, ev.err)
		return []effect{note{"could not join the group", []any{"err", ev.err}}}
	}
	p, ok := protocolNamed(ev.protocol)
	if !ok {
		return fatalf("join group %q: the coordinator chose protocol %q, which this worker did not offer", m.cfg.Group, ev.protocol)
	}
	m.phase, m.contact = syncing, now
	m.memberID, m.generation, m.protocol = ev.memberID, ev.generation, p
	s := sendSync{attempt: m.attempt, memberID: m.memberID, generation: m.generation, protocol: p}
	var out []effect
	m.owners = nil
	if ev.leader == m.memberID {
		s.shares, out = m.lead(now, ev)
	} else {
		m.assignor = assign.NewCooperative() // only an unbroken leadership may rely on its memory
	}
	return append(out, s)
}

// lead is the leader's half of a rebalance.
func (m *machine) lead(now time.Time, ev joined) (map[string][]byte, []effect) {
	var notes []effect
	urls := make(map[string]string, len(ev.members))
	var members []assign.Member
	for _, id := range slices.Sorted(maps.Keys(ev.members)) {
		md, err := DecodeMetadata(ev.members[id])
		if err != nil {
			notes = append(notes, note{"ignoring unreadable metadata of a member", []any{"member", id, "err", err}})
			md = Metadata{ConfigOffset: -1}
		}
		member := assign.Member{ID: id, ConfigOffset: md.ConfigOffset}
		if md.Allocation != nil {
			member.Owned = md.Allocation.Assigned
		}
		urls[id] = md.URL
		members = append(members, member)
	}
	target := assign.MaxConfigOffset(members)
	snap := m.configs.Snapshot(target)
	a := Assignment{Version: m.protocol, Leader: m.memberID, LeaderURL: m.cfg.URL, ConfigOffset: snap.Offset}
	shares := make(map[string][]byte, len(members))
	if snap.Offset < target {
		a.Error, a.ConfigOffset = configMismatch, target
		for _, member := range members {
			shares[member.ID] = a.AppendTo(nil)
		}
		return shares, append(notes, note{"the config topic is not read far enough to assign work",
			[]any{"offset", snap.Offset, "wanted", target}})
	}
	decided := m.decide(now, members, snap)
	owners := &Owners{connectors: map[string]string{}, tasks: map[assign.TaskID]string{}}
	for _, member := range members {
		s := decided.Shares[member.ID]
		a.Assigned, a.Revoked, a.Delay = s.Assigned, s.Revoked, decided.Delay
		shares[member.ID] = a.AppendTo(nil)
		if m.protocol != Eager {
			owners.add(urls[member.ID], member.Owned.Minus(s.Revoked))
		}
		owners.add(urls[member.ID], s.Assigned)
	}
	m.owners = owners
	return shares, notes
}

func (m *machine) decide(now time.Time, members []assign.Member, snap ConfigSnapshot) assign.Output {
	if m.protocol != Eager {
		return m.assignor.Assign(assign.Input{
			Members: members, Configured: snap.Configured, Now: now, MaxDelay: m.cfg.MaxDelay,
			Generation: m.generation, LastGeneration: m.completed,
		})
	}
	ids := make([]string, len(members))
	for i, member := range members {
		ids[i] = member.ID
	}
	out := assign.Output{Shares: map[string]assign.Share{}}
	for id, a := range assign.Eager(ids, snap.Configured) {
		out.Shares[id] = assign.Share{Assigned: a}
	}
	return out
}

func (m *machine) onSynced(now time.Time, ev synced) []effect {
	if ev.err != nil {
		if m.groupError(ev.err) {
			return fatalf("sync group %q: %w", m.cfg.Group, ev.err)
		}
		if m.phase != idle {
			m.reset(m.memberID)
		}
		m.retryLater(now, "the last sync failed")
		m.hurry(now, ev.err)
		return []effect{note{"could not sync with the group", []any{"err", ev.err}}}
	}
	a, err := DecodeAssignment(ev.assignment)
	if err != nil {
		m.reset(m.memberID)
		m.retryLater(now, "the last assignment was unreadable")
		return []effect{note{"could not read the assignment of the leader", []any{"err", err}}}
	}
	m.phase, m.contact, m.completed, m.failures = stable, now, m.generation, 0
	m.heartbeat = now.Add(m.cfg.HeartbeatInterval)
	if a.Error != assignmentOK {
		// The herder catches up and asks to rejoin; the heartbeat interval bounds how long it is waited for.
		m.wanted, m.notBefore = "the last assignment failed", now.Add(m.cfg.HeartbeatInterval)
		m.last = &Assignment{Error: a.Error, Leader: a.Leader, LeaderURL: a.LeaderURL, ConfigOffset: a.ConfigOffset}
		return m.call(now, callAssigned{m.snapshot()})
	}
	return m.adopt(now, a)
}

// adopt turns a valid assignment into listener calls.
func (m *machine) adopt(now time.Time, a Assignment) []effect {
	var gone assign.Assignment
	if m.protocol == Eager {
		gone = m.owned.Minus(a.Assigned)
		m.owned = a.Assigned
	} else {
		gone = m.owned.Minus(m.owned.Minus(a.Revoked))
		m.owned = m.owned.Minus(a.Revoked).Union(a.Assigned)
	}
	m.last = &a
	if a.Delay > 0 {
		m.scheduled = now.Add(a.Delay)
	}
	var out []effect
	if !gone.Empty() {
		out = m.call(now, callRevoked{leader: a.Leader, work: gone})
		if m.protocol != Eager { // so that the leader can hand it out
			m.wanted = "the worker gave up revoked work"
		}
	}
	return append(out, m.call(now, callAssigned{m.snapshot()})...)
}

// hurry drops the back-off when the answer only says that the group moved on. An answer that takes the membership away
// is hurried once, lest a confused coordinator be asked in a loop.
func (m *machine) hurry(now time.Time, err error) {
	switch err {
	case kerr.RebalanceInProgress:
		m.notBefore = now
	case kerr.UnknownMemberID, kerr.GroupIDNotFound, kerr.IllegalGeneration, kerr.FencedInstanceID:
		if m.failures <= 1 {
			m.notBefore = now
		}
	}
}

func (m *machine) onBeaten(now time.Time, ev beaten) []effect {
	m.heartbeat = ev.sent.Add(m.cfg.HeartbeatInterval)
	switch ev.err {
	case nil:
		m.contact = ev.sent
	case kerr.RebalanceInProgress:
		m.contact = ev.sent
		m.wanted = "the group rebalances"
	default:
		if m.groupError(ev.err) {
			return fatalf("heartbeat to group %q: %w", m.cfg.Group, ev.err)
		}
		if m.phase == idle {
			m.wanted, m.notBefore = "the coordinator no longer knows the worker", now
		}
		m.heartbeat = now.Add(min(m.cfg.RetryBackoffMax, m.cfg.HeartbeatInterval))
		return []effect{note{"heartbeat failed", []any{"err", ev.err}}}
	}
	return nil
}
