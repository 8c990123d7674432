package server

import (
	"crypto/rand"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/kurier-io/kurier/broker/group"
)

func (s *Server) findCoordinator(r *request, req *kmsg.FindCoordinatorRequest) kmsg.Response {
	resp := kmsg.NewPtrFindCoordinatorResponse()
	if r.version < 4 {
		if resp.ErrorCode, resp.ErrorMessage = s.mayFind(r, req.CoordinatorType, req.CoordinatorKey); resp.ErrorCode != errNone {
			resp.NodeID, resp.Port = -1, -1
			return resp
		}
		resp.NodeID, resp.Host, resp.Port = s.cfg.NodeID, r.listener.AdvertisedHost, r.listener.AdvertisedPort
		return resp
	}
	resp.Coordinators = []kmsg.FindCoordinatorResponseCoordinator{}
	for _, key := range req.CoordinatorKeys {
		row := kmsg.NewFindCoordinatorResponseCoordinator()
		row.Key, row.NodeID, row.Host, row.Port = key, s.cfg.NodeID, r.listener.AdvertisedHost, r.listener.AdvertisedPort
		if row.ErrorCode, row.ErrorMessage = s.mayFind(r, req.CoordinatorType, key); row.ErrorCode != errNone {
			row.NodeID, row.Host, row.Port = -1, "", -1
		}
		resp.Coordinators = append(resp.Coordinators, row)
	}
	return resp
}

// mayFind refuses coordinators that are not offered, and those of groups and
// transactional ids that the client may not know of.
func (s *Server) mayFind(r *request, kind int8, key string) (int16, *string) {
	switch kind {
	case 0:
		return s.check(r, describeGroup, key), nil
	case 1:
		return s.check(r, describeTxn, key), nil
	}
	return errInvalidRequest, new("only coordinators of groups and transactions are offered")
}

// memberID makes an id that cannot be guessed, as it is what fences a member.
func memberID(prefix string) string {
	var b [16]byte
	rand.Read(b[:]) // never fails
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%s-%x-%x-%x-%x-%x", prefix, b[0:4], b[4:6], b[6:8], b[8:10], b[10:])
}

func millis(ms int32) time.Duration { return time.Duration(ms) * time.Millisecond }

func (s *Server) joinGroup(r *request, req *kmsg.JoinGroupRequest) kmsg.Response {
	if code := s.check(r, readGroup, req.Group); code != errNone {
		resp := kmsg.NewPtrJoinGroupResponse()
		resp.ErrorCode, resp.Generation, resp.Members, resp.Protocol = code, -1, []kmsg.JoinGroupResponseMember{}, new("")
		return resp
	}
	prefix := r.clientID
	if req.InstanceID != nil {
		prefix = *req.InstanceID
	}
	join := group.JoinRequest{
		MemberID: req.MemberID, NewID: memberID(prefix), InstanceID: req.InstanceID, ClientID: r.clientID, ClientHost: r.host,
		ProtocolType: req.ProtocolType, Session: millis(req.SessionTimeoutMillis), RebalanceTimeout: millis(req.RebalanceTimeoutMillis),
		RequireKnownID: r.version >= 4, SkipAssignment: r.version >= 9,
	}
	for _, p := range req.Protocols {
		// The group keeps the metadata longer than the frame lives.
		join.Protocols = append(join.Protocols, group.Protocol{Name: p.Name, Metadata: slices.Clone(p.Metadata)})
	}
	got := s.groups.Join(r.ctx, req.Group, join)
	resp := kmsg.NewPtrJoinGroupResponse()
	resp.ErrorCode, resp.Generation, resp.LeaderID, resp.MemberID, resp.SkipAssignment = got.Code, got.Generation, got.Leader, got.ID, got.SkipAssignment
	resp.Members = []kmsg.JoinGroupResponseMember{}
	if got.Code == group.None || r.version < 7 {
		resp.ProtocolType, resp.Protocol = &got.ProtocolType, &got.Protocol
	}
	for _, m := range got.Members {
		row := kmsg.NewJoinGroupResponseMember()
		row.MemberID, row.InstanceID, row.ProtocolMetadata = m.ID, m.InstanceID, m.Metadata
		resp.Members = append(resp.Members, row)
	}
	return resp
}

func (s *Server) syncGroup(r *request, req *kmsg.SyncGroupRequest) kmsg.Response {
	if code := s.check(r, readGroup, req.Group); code != errNone {
		resp := kmsg.NewPtrSyncGroupResponse()
		resp.ErrorCode, resp.MemberAssignment = code, []byte{}
		return resp
	}
	sync := group.SyncRequest{MemberID: req.MemberID, InstanceID: req.InstanceID, Generation: req.Generation,
		ProtocolType: req.ProtocolType, Protocol: req.Protocol, Assignments: make(map[string][]byte, len(req.GroupAssignment))}
	for _, a := range req.GroupAssignment {
		sync.Assignments[a.MemberID] = slices.Clone(a.MemberAssignment)
	}
	got := s.groups.Sync(r.ctx, req.Group, sync)
	resp := kmsg.NewPtrSyncGroupResponse()
	resp.ErrorCode, resp.MemberAssignment = got.Code, got.Assignment
	if resp.MemberAssignment == nil {
		resp.MemberAssignment = []byte{}
	}
	if got.Code == group.None {
		resp.ProtocolType, resp.Protocol = &got.ProtocolType, &got.Protocol
	}
	return resp
}

func (s *Server) heartbeat(r *request, req *kmsg.HeartbeatRequest) kmsg.Response {
	resp := kmsg.NewPtrHeartbeatResponse()
	if resp.ErrorCode = s.check(r, readGroup, req.Group); resp.ErrorCode != errNone {
		return resp
	}
	resp.ErrorCode = s.groups.Heartbeat(req.Group, req.MemberID, req.InstanceID, req.Generation)
	return resp
}

func (s *Server) leaveGroup(r *request, req *kmsg.LeaveGroupRequest) kmsg.Response {
	resp := kmsg.NewPtrLeaveGroupResponse()
	resp.Members = []kmsg.LeaveGroupResponseMember{}
	if resp.ErrorCode = s.check(r, readGroup, req.Group); resp.ErrorCode != errNone {
		return resp
	}
	if r.version < 3 {
		resp.ErrorCode = s.groups.Leave(r.ctx, req.Group, req.MemberID, nil)
		return resp
	}
	for _, m := range req.Members {
		row := kmsg.NewLeaveGroupResponseMember()
		row.MemberID, row.InstanceID = m.MemberID, m.InstanceID
		row.ErrorCode = s.groups.Leave(r.ctx, req.Group, m.MemberID, m.InstanceID)
		resp.Members = append(resp.Members, row)
	}
	return resp
}

func (s *Server) describeGroups(r *request, req *kmsg.DescribeGroupsRequest) kmsg.Response {
	resp := kmsg.NewPtrDescribeGroupsResponse()
	for _, id := range req.Groups {
		if code := s.check(r, describeGroup, id); code != errNone {
			row := kmsg.NewDescribeGroupsResponseGroup()
			row.Group, row.ErrorCode, row.Members, row.AuthorizedOperations = id, code, []kmsg.DescribeGroupsResponseGroupMember{}, notAsked
			resp.Groups = append(resp.Groups, row)
			continue
		}
		d, ok := s.groups.Describe(id)
		row := kmsg.NewDescribeGroupsResponseGroup()
		row.Group, row.State, row.ProtocolType, row.Protocol = id, string(d.State), d.ProtocolType, d.Protocol
		row.Members, row.AuthorizedOperations = []kmsg.DescribeGroupsResponseGroupMember{}, notAsked
		if req.IncludeAuthorizedOperations {
			row.AuthorizedOperations = s.operations(r, kmsg.ACLResourceTypeGroup, id)
		}
		if !ok && r.version >= 6 {
			row.ErrorCode, row.ErrorMessage = errGroupNotFound, new(fmt.Sprintf("group %s not found", id))
		}
		for _, m := range d.Members {
			member := kmsg.NewDescribeGroupsResponseGroupMember()
			member.MemberID, member.InstanceID, member.ClientID, member.ClientHost = m.ID, m.InstanceID, m.ClientID, m.ClientHost
			member.ProtocolMetadata, member.MemberAssignment = []byte{}, []byte{}
			if len(m.Protocols) > 0 {
				member.ProtocolMetadata = append(member.ProtocolMetadata, m.Protocols[0].Metadata...)
			}
			member.MemberAssignment = append(member.MemberAssignment, m.Assignment...)
			row.Members = append(row.Members, member)
		}
		resp.Groups = append(resp.Groups, row)
	}
	return resp
}

func (s *Server) listGroups(r *request, req *kmsg.ListGroupsRequest) kmsg.Response {
	resp := kmsg.NewPtrListGroupsResponse()
	resp.Groups = []kmsg.ListGroupsResponseGroup{}
	contains := func(filter []string, v string) bool {
		return len(filter) == 0 || slices.ContainsFunc(filter, func(f string) bool { return strings.EqualFold(f, v) })
	}
	whole := s.mayCluster(r, describeCluster)
	for _, d := range s.groups.List() {
		if !contains(req.StatesFilter, string(d.State)) || !contains(req.TypesFilter, d.Type) || !whole && !s.may(r, describeGroup, d.ID) {
			continue
		}
		row := kmsg.NewListGroupsResponseGroup()
		row.Group, row.ProtocolType, row.GroupState, row.GroupType = d.ID, d.ProtocolType, string(d.State), d.Type
		resp.Groups = append(resp.Groups, row)
	}
	return resp
}

func (s *Server) deleteGroups(r *request, req *kmsg.DeleteGroupsRequest) kmsg.Response {
	resp := kmsg.NewPtrDeleteGroupsResponse()
	for _, id := range req.Groups {
		row := kmsg.NewDeleteGroupsResponseGroup()
		row.Group = id
		if row.ErrorCode = s.check(r, deleteGroup, id); row.ErrorCode != errNone {
			resp.Groups = append(resp.Groups, row)
			continue
		}
		code, err := s.groups.Delete(r.ctx, id)
		if err != nil {
			s.logger.Error("group not deleted", "group", id, "error", err)
			code = errCoordNotAvailable
		}
		row.ErrorCode = code
		resp.Groups = append(resp.Groups, row)
	}
	return resp
}
