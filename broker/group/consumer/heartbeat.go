package consumer

import (
	"fmt"
	"regexp"
	"slices"
	"time"
)

// Heartbeat handles one ConsumerGroupHeartbeat. Records says afterwards what is
// to be stored before it is answered.
func (m *Machine) Heartbeat(now time.Time, cfg Config, req Request) Response {
	m.cfg = cfg
	if req.MemberID == "" && req.Epoch == 0 {
		req.MemberID = req.NewID
	}
	if code, msg := validate(&req); code != none {
		return refuse(code, "%s", msg)
	}
	if req.Epoch < 0 {
		return m.leave(now, &req)
	}
	var re *regexp.Regexp
	if req.Regex != nil && *req.Regex != "" {
		var err error
		if re, err = compile(*req.Regex); err != nil {
			return refuse(invalidRegex, "SubscribedTopicRegex %q is not valid: %v.", *req.Regex, err)
		}
	}
	c, r := m.admit(&req)
	if c == nil {
		return r
	}
	before, held := c.assigned, c.held
	joined := c.epoch == 0 && c.previous < 0
	subscribed := m.subscribe(now, c, &req, re)
	changed := m.refresh(now, subscribed)
	if joined || subscribed || changed {
		m.bump()
	}
	if m.epoch > m.assigned {
		m.retarget()
	}
	m.reconcile(now, c, req.Owned)
	session := cfg.Session
	if session <= 0 {
		session = defaultSession
	}
	c.deadline = now.Add(session)
	m.due(c.deadline)
	r = Response{MemberID: c.id, Epoch: c.epoch, Interval: cfg.Interval}
	if r.Interval <= 0 {
		r.Interval = defaultInterval
	}
	// A client sends everything when it does not know what it missed.
	full := req.RebalanceTimeout >= 0 && (req.Topics != nil || req.Regex != nil) && req.Owned != nil
	if req.Epoch == 0 || full || c.resend || held != c.held && !before.equal(c.assigned) {
		r.Assignment = c.assigned.topics()
		c.resend = false
	}
	return r
}

// maxKey bounds what goes into the key of a record, as a string of it.
const maxKey = 1<<15 - 1

func refuse(code Code, format string, args ...any) Response {
	return Response{Code: code, Message: fmt.Sprintf(format, args...)}
}

// validate checks a request by itself.
func validate(r *Request) (Code, string) {
	empty := func(s *string) bool { return s != nil && *s == "" }
	switch {
	case r.MemberID == "" || len(r.MemberID) > maxKey:
		return invalidRequest, fmt.Sprintf("MemberId can't be empty, nor longer than %d bytes.", maxKey)
	case r.Regex != nil && len(*r.Regex) > maxKey:
		return invalidRegex, fmt.Sprintf("SubscribedTopicRegex can't be longer than %d bytes.", maxKey)
	case empty(r.InstanceID):
		return invalidRequest, "InstanceId can't be empty."
	case empty(r.RackID):
		return invalidRequest, "RackId can't be empty."
	case r.Epoch < leaveStaticallyEpoch:
		return invalidRequest, "MemberEpoch is invalid."
	case r.Epoch == leaveStaticallyEpoch && r.InstanceID == nil:
		return invalidRequest, "InstanceId can't be null."
	case r.Epoch == 0 && r.RebalanceTimeout < 0:
		return invalidRequest, "RebalanceTimeoutMs must be provided in first request."
	case r.Epoch == 0 && (r.Owned == nil || len(r.Owned) > 0):
		return invalidRequest, "TopicPartitions must be empty when (re-)joining."
	case r.Epoch == 0 && r.Topics == nil && r.Regex == nil:
		return invalidRequest, "Either SubscribedTopicNames or SubscribedTopicRegex must be non-null when (re-)joining."
	case r.Assignor != nil && assignors[*r.Assignor] == nil:
		return unsupportedAssignor, fmt.Sprintf("ServerAssignor %s is not supported. Supported assignors: uniform, range.", *r.Assignor)
	}
	return none, ""
}

// admit finds the member of a heartbeat, or lets it join.
func (m *Machine) admit(req *Request) (*member, Response) {
	if req.InstanceID != nil {
		return m.admitStatic(req)
	}
	c := m.members[req.MemberID]
	switch {
	case c == nil && req.Epoch > 0:
		return nil, refuse(unknownMember, "Member %s is not a member of group %s.", req.MemberID, m.id)
	case c == nil:
		return m.newMember(req)
	}
	return m.checkEpoch(c, req)
}

func (m *Machine) admitStatic(req *Request) (*member, Response) {
	owner, taken := m.static[*req.InstanceID]
	switch {
	case !taken && req.Epoch > 0:
		return nil, refuse(unknownMember, "Instance id %s is unknown.", *req.InstanceID)
	case !taken && m.members[req.MemberID] != nil:
		return nil, refuse(invalidRequest, "Member %s joined with another InstanceId.", req.MemberID)
	case !taken:
		return m.newMember(req)
	}
	old := m.members[owner]
	switch {
	case req.Epoch > 0 && owner != req.MemberID:
		return nil, refuse(fencedInstance, "Static member %s with instance id %s was fenced by member %s.", req.MemberID, *req.InstanceID, owner)
	case req.Epoch > 0 || owner == req.MemberID && old.epoch != leaveStaticallyEpoch:
		return m.checkEpoch(old, req)
	case owner != req.MemberID && m.members[req.MemberID] != nil:
		return nil, refuse(invalidRequest, "Member %s joined with another InstanceId.", req.MemberID)
	case old.epoch != leaveStaticallyEpoch:
		return nil, refuse(unreleasedInstance, "Static member %s with instance id %s cannot join the group because the instance id is owned by member %s.",
			req.MemberID, *req.InstanceID, owner)
	}
	return m.replace(old, req.MemberID), Response{}
}

func (m *Machine) newMember(req *Request) (*member, Response) {
	if m.cfg.MaxSize > 0 && len(m.members) >= m.cfg.MaxSize {
		return nil, refuse(groupFull, "The consumer group has reached its maximum capacity of %d members.", m.cfg.MaxSize)
	}
	c := &member{id: req.MemberID, instance: req.InstanceID, previous: -1, assigned: set{}, revoking: set{}}
	m.members[c.id] = c
	if c.instance != nil {
		m.static[*c.instance] = c.id
	}
	m.mark(recordMember, c.id)
	return c, Response{}
}

// replace gives a static member that came back its new id; its target stays, so
// that nobody else notices.
func (m *Machine) replace(old *member, id string) *member {
	target, held := m.targets[old.id], old.assigned
	m.forget(old)
	c := *old
	c.id, c.epoch, c.previous, c.state, c.revokeBy = id, 0, 0, stable, time.Time{}
	m.members[id], m.targets[id], m.static[*c.instance] = &c, target, id
	m.hold(&c, held, set{})
	m.mark(recordMember, id)
	m.mark(recordTargetMember, id)
	return &c
}

// checkEpoch compares what the member believes with what is known. One epoch
// back is accepted from a member that owns nothing it should not: it may have
// missed an answer. A member that starts over owns nothing any more.
func (m *Machine) checkEpoch(c *member, req *Request) (*member, Response) {
	switch {
	case req.Epoch == c.epoch:
	case req.Epoch == 0:
		m.hold(c, set{}, set{})
		c.epoch, c.previous, c.state, c.revokeBy = 0, 0, stable, time.Time{}
	case req.Epoch != c.previous || req.Owned == nil || !owned(req.Owned, c.assigned):
		return nil, refuse(fencedEpoch, "The member epoch %d of member %s is not the one known by the group coordinator (%d). The member must abandon all its partitions and rejoin.",
			req.Epoch, c.id, c.epoch)
	}
	return c, Response{}
}

// owned reports whether all of tps are in s.
func owned(tps []TopicPartitions, s set) bool {
	for _, tp := range tps {
		for _, n := range tp.Partitions {
			if !s.has(partition{tp.ID, n}) {
				return false
			}
		}
	}
	return true
}

// subscribe takes over what the request says about the member and reports whether
// that needs a new epoch.
func (m *Machine) subscribe(now time.Time, c *member, req *Request, re *regexp.Regexp) (bump bool) {
	changed := false
	str := func(dst **string, v *string) {
		if v != nil && (*dst == nil || **dst != *v) {
			*dst, changed = v, true
		}
	}
	str(&c.rack, req.RackID)
	if c.clientID != req.ClientID || c.clientHost != req.ClientHost {
		c.clientID, c.clientHost, changed = req.ClientID, req.ClientHost, true
	}
	if req.RebalanceTimeout >= 0 && c.rebalance != req.RebalanceTimeout {
		c.rebalance, changed = req.RebalanceTimeout, true
	}
	if req.Assignor != nil && c.assignor != *req.Assignor {
		was := m.preferred()
		c.assignor, changed = *req.Assignor, true
		bump = m.preferred() != was
	}
	if req.Topics != nil {
		slices.Sort(req.Topics)
		topics := slices.Compact(req.Topics)
		if !slices.Equal(topics, c.topics) {
			c.topics, bump = topics, true
		}
	}
	if req.Regex != nil && *req.Regex != c.regex {
		c.regex, bump = *req.Regex, true
		if re != nil {
			m.match(now, c.regex, re)
		}
		m.dropPatterns()
	}
	if changed || bump {
		m.mark(recordMember, c.id)
	}
	return bump
}

// leave takes a member out, or marks a static one as away until its session ends.
func (m *Machine) leave(now time.Time, req *Request) Response {
	c := m.members[req.MemberID]
	if req.InstanceID != nil {
		owner, ok := m.static[*req.InstanceID]
		switch {
		case !ok:
			return refuse(unknownMember, "Instance id %s is unknown.", *req.InstanceID)
		case owner != req.MemberID:
			return refuse(fencedInstance, "Static member %s with instance id %s was fenced by member %s.", req.MemberID, *req.InstanceID, owner)
		}
	}
	if c == nil {
		return refuse(unknownMember, "Member %s is not a member of group %s.", req.MemberID, m.id)
	}
	if req.Epoch == leaveStaticallyEpoch {
		c.epoch, c.previous, c.state, c.revokeBy = leaveStaticallyEpoch, leaveStaticallyEpoch, stable, time.Time{}
		m.hold(c, c.assigned, set{})
	} else {
		m.remove(now, c)
	}
	return Response{MemberID: c.id, Epoch: req.Epoch}
}
