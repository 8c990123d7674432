package membership

import (
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"

	"github.com/kurier-io/kurier/runtime/assign"
)

type phase uint8

const (
	idle    phase = iota // not in the group
	joining              // JoinGroup under way
	syncing              // SyncGroup under way
	stable
)

func (p phase) String() string { return [...]string{"idle", "joining", "syncing", "stable"}[p] }

// machine decides what a member does next. It is driven by step and wakes at wake's time; it does no I/O.
type machine struct {
	cfg      Config
	configs  Configs
	assignor *assign.Cooperative

	phase      phase
	memberID   string
	generation int32
	completed  int32 // the generation completed last, -1 none
	protocol   Protocol
	attempt    uint64 // numbers joins; answers to older ones are dropped

	last   *Assignment       // newest valid assignment; nil: announce no allocation
	owned  assign.Assignment // what this worker runs or was told to run
	owners *Owners
	shares map[string][]byte // leader, while syncing

	wanted    string // why to rejoin, empty when there is no reason
	out       bool   // left on request: joins again only when asked to
	notBefore time.Time
	failures  int
	scheduled time.Time // rejoin because of a delayed rebalance
	heartbeat time.Time // when the next one is due
	beating   bool
	contact   time.Time // when the coordinator last vouched for us
	callbacks int       // listener calls not yet returned
	blocked   time.Time // since when
}

func newMachine(cfg Config, configs Configs, now time.Time) *machine {
	return &machine{
		cfg: cfg, configs: configs, assignor: assign.NewCooperative(),
		generation: -1, completed: -1, protocol: cfg.Protocol, contact: now,
		wanted: "the worker starts",
	}
}

// step applies one event and returns what to do, in order.
func (m *machine) step(now time.Time, ev event) []effect {
	var out []effect
	switch ev := ev.(type) {
	case tick:
	case joined:
		if ev.attempt == m.attempt && m.phase == joining {
			out = m.onJoined(now, ev)
		}
	case synced:
		if ev.attempt == m.attempt && m.phase == syncing {
			out = m.onSynced(now, ev)
		}
	case beaten:
		m.beating = false
		if ev.generation == m.generation && m.phase == stable {
			out = m.onBeaten(now, ev)
		}
	case returned:
		if m.callbacks--; m.callbacks > 0 {
			m.blocked = now
		} else {
			m.blocked = time.Time{}
		}
	case rejoin:
		m.wanted, m.out, m.notBefore = ev.reason, false, now
	case leave:
		out = m.depart(ev.reason)
		m.out, m.wanted, m.scheduled = true, "", time.Time{}
	case abandon:
		if out = m.revokeAll(now); !m.out && out != nil {
			m.wantAgain("the worker abandoned its work")
		}
	}
	return append(out, m.advance(now)...)
}

// advance does what time alone makes due.
func (m *machine) advance(now time.Time) []effect {
	var out []effect
	if m.lost(now) {
		m.reset(m.memberID)
		m.wantAgain("the coordinator was unreachable for a session timeout")
		out = append(out, m.revokeAll(now)...)
	}
	if m.callbacks > 0 && m.phase != idle && !now.Before(m.blocked.Add(m.cfg.RebalanceTimeout)) {
		out = append(out, m.depart("the herder was busy for longer than the rebalance timeout")...)
		m.wantAgain("the herder was busy for longer than the rebalance timeout")
	}
	if !m.scheduled.IsZero() && !now.Before(m.scheduled) {
		m.scheduled = time.Time{}
		m.wanted = "the scheduled rebalance is due"
	}
	if m.phase == stable && !m.beating && !now.Before(m.heartbeat) {
		m.beating = true
		out = append(out, sendHeartbeat{memberID: m.memberID, generation: m.generation})
	}
	return append(out, m.maybeJoin(now)...)
}

// wake returns when advance has something to do without a further event.
func (m *machine) wake() time.Time {
	var at time.Time
	sooner := func(t time.Time) {
		if !t.IsZero() && (at.IsZero() || t.Before(at)) {
			at = t
		}
	}
	if m.watched() {
		sooner(m.contact.Add(m.cfg.SessionTimeout))
	}
	if m.callbacks > 0 && m.phase != idle {
		sooner(m.blocked.Add(m.cfg.RebalanceTimeout))
	}
	sooner(m.scheduled)
	if m.phase == stable && !m.beating {
		sooner(m.heartbeat)
	}
	if m.joinable() && m.wanted != "" {
		sooner(m.notBefore)
	}
	return at
}

// watched reports whether silence of the coordinator endangers work: others may get it while it runs here. While
// a join or sync is under way the coordinator keeps the membership itself.
func (m *machine) watched() bool {
	return !m.owned.Empty() && (m.phase == idle || m.phase == stable) && !m.out
}

func (m *machine) lost(now time.Time) bool {
	return m.watched() && !now.Before(m.contact.Add(m.cfg.SessionTimeout))
}

func (m *machine) joinable() bool {
	return m.callbacks == 0 && (m.phase == stable || m.phase == idle && !m.out)
}

func (m *machine) wantAgain(reason string) {
	if m.wanted == "" {
		m.wanted = reason
	}
}

func (m *machine) maybeJoin(now time.Time) []effect {
	if !m.joinable() || m.wanted == "" || now.Before(m.notBefore) {
		return nil
	}
	if m.protocol == Eager && !m.owned.Empty() { // eager members give everything up before each rebalance
		return m.revokeAll(now)
	}
	snap := m.configs.Snapshot(-1)
	var own *Assignment
	if m.last != nil {
		own = new(*m.last)
		own.Assigned, own.Revoked, own.Delay, own.Error = m.owned, assign.Assignment{}, 0, assignmentOK
	}
	j := sendJoin{memberID: m.memberID, reason: m.wanted}
	for _, p := range m.cfg.Protocol.offered() {
		md := Metadata{Version: p, URL: m.cfg.URL, ConfigOffset: snap.Offset}
		if own != nil && p != Eager {
			md.Allocation = new(*own)
			md.Allocation.Version = p
		}
		j.protocols = append(j.protocols, offer{p, md})
	}
	m.attempt++
	j.attempt = m.attempt
	m.phase, m.wanted, m.scheduled = joining, "", time.Time{}
	return []effect{j}
}

// reset forgets the generation; what runs here goes on.
func (m *machine) reset(memberID string) {
	m.phase, m.generation, m.memberID = idle, -1, memberID
	m.beating, m.shares = false, nil
}

// depart leaves the group without stopping work.
func (m *machine) depart(reason string) []effect {
	id := m.memberID
	m.attempt++ // an answer to a join under way comes too late
	m.reset("")
	if id == "" {
		return nil
	}
	return []effect{sendLeave{memberID: id, reason: reason}}
}

// revokeAll gives up all work and any memory of it.
func (m *machine) revokeAll(now time.Time) []effect {
	gone := m.owned
	m.owned, m.last, m.owners = assign.Assignment{}, nil, nil
	if gone.Empty() {
		return nil
	}
	return m.call(now, callRevoked{work: gone})
}

func (m *machine) call(now time.Time, e effect) []effect {
	if m.callbacks == 0 {
		m.blocked = now
	}
	m.callbacks++
	return []effect{e}
}

func (m *machine) retryLater(now time.Time, reason string) {
	m.failures++
	wait := m.cfg.RetryBackoff
	for range min(m.failures-1, 16) {
		wait *= 2
	}
	m.notBefore = now.Add(min(wait, m.cfg.RetryBackoffMax))
	m.wanted = reason
}

// snapshot describes the state for other goroutines.
func (m *machine) snapshot() Generation {
	g := Generation{ID: -1, MemberID: m.memberID, Protocol: m.protocol, Assigned: m.owned}
	if m.last != nil {
		g.LeaderID, g.LeaderURL, g.ConfigOffset = m.last.Leader, m.last.LeaderURL, m.last.ConfigOffset
		g.Delay, g.Mismatch = m.last.Delay, m.last.Error != assignmentOK
	}
	if m.phase == stable {
		g.ID, g.Owners = m.generation, m.owners
	}
	return g
}

// groupError sorts the error codes of group requests.
func (m *machine) groupError(err error) (fatal bool) {
	switch err {
	case kerr.UnknownMemberID, kerr.FencedInstanceID, kerr.GroupIDNotFound:
		m.reset("")
	case kerr.IllegalGeneration:
		m.reset(m.memberID)
	case kerr.GroupAuthorizationFailed, kerr.InvalidGroupID, kerr.InconsistentGroupProtocol,
		kerr.InvalidSessionTimeout, kerr.GroupMaxSizeReached:
		return true
	}
	return false
}

func fatalf(format string, args ...any) []effect {
	return []effect{fatal{fmt.Errorf(format, args...)}}
}
