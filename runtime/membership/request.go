package membership

import (
	"context"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"
)

func (m *Member) join(ctx context.Context, e sendJoin) event {
	ctx, cancel := context.WithTimeout(ctx, m.cfg.joinTimeout())
	defer cancel()
	req := kmsg.NewPtrJoinGroupRequest()
	req.Group = m.cfg.Group
	req.SessionTimeoutMillis = int32(m.cfg.SessionTimeout.Milliseconds())
	req.RebalanceTimeoutMillis = int32(m.cfg.RebalanceTimeout.Milliseconds())
	req.MemberID = e.memberID
	req.ProtocolType = ProtocolType
	req.Reason = &e.reason
	for _, o := range e.protocols {
		p := kmsg.NewJoinGroupRequestProtocol()
		p.Name = o.protocol.String()
		p.Metadata = o.metadata.AppendTo(nil)
		req.Protocols = append(req.Protocols, p)
	}
	ev := joined{attempt: e.attempt}
	resp, err := req.RequestWith(ctx, m.client)
	if err != nil {
		ev.err = err
		return ev
	}
	ev.err = kerr.ErrorForCode(resp.ErrorCode)
	ev.memberID, ev.generation, ev.leader = resp.MemberID, resp.Generation, resp.LeaderID
	if resp.Protocol != nil {
		ev.protocol = *resp.Protocol
	}
	ev.members = make(map[string][]byte, len(resp.Members))
	for _, member := range resp.Members {
		ev.members[member.MemberID] = member.ProtocolMetadata
	}
	return ev
}

func (m *Member) sync(ctx context.Context, e sendSync) event {
	ctx, cancel := context.WithTimeout(ctx, m.cfg.joinTimeout())
	defer cancel()
	req := kmsg.NewPtrSyncGroupRequest()
	req.Group = m.cfg.Group
	req.MemberID = e.memberID
	req.Generation = e.generation
	req.ProtocolType = new(ProtocolType)
	req.Protocol = new(e.protocol.String())
	for id, share := range e.shares {
		a := kmsg.NewSyncGroupRequestGroupAssignment()
		a.MemberID, a.MemberAssignment = id, share
		req.GroupAssignment = append(req.GroupAssignment, a)
	}
	ev := synced{attempt: e.attempt}
	resp, err := req.RequestWith(ctx, m.client)
	if err != nil {
		ev.err = err
		return ev
	}
	ev.err, ev.assignment = kerr.ErrorForCode(resp.ErrorCode), resp.MemberAssignment
	return ev
}

func (m *Member) beat(ctx context.Context, e sendHeartbeat) event {
	ctx, cancel := context.WithTimeout(ctx, m.cfg.HeartbeatInterval)
	defer cancel()
	req := kmsg.NewPtrHeartbeatRequest()
	req.Group = m.cfg.Group
	req.MemberID = e.memberID
	req.Generation = e.generation
	ev := beaten{generation: e.generation, sent: time.Now()}
	resp, err := req.RequestWith(ctx, m.client)
	if err != nil {
		ev.err = err
		return ev
	}
	ev.err = kerr.ErrorForCode(resp.ErrorCode)
	return ev
}

// leave is best effort: if it does not arrive, the session times out.
func (m *Member) leave(ctx context.Context, e sendLeave) {
	ctx, cancel := context.WithTimeout(ctx, leaveTimeout)
	defer cancel()
	req := kmsg.NewPtrLeaveGroupRequest()
	req.Group = m.cfg.Group
	req.MemberID = e.memberID
	member := kmsg.NewLeaveGroupRequestMember()
	member.MemberID = e.memberID
	member.Reason = &e.reason
	req.Members = append(req.Members, member)
	resp, err := req.RequestWith(ctx, m.client)
	if err == nil {
		err = kerr.ErrorForCode(resp.ErrorCode)
	}
	if err != nil {
		m.cfg.Logger.Warn("could not tell the coordinator that the worker leaves", "group", m.cfg.Group, "err", err)
	}
}
