package server

import (
	"slices"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/kurier-io/kurier/broker/group"
	"github.com/kurier-io/kurier/broker/group/consumer"
)

func (s *Server) consumerGroupHeartbeat(r *request, req *kmsg.ConsumerGroupHeartbeatRequest) kmsg.Response {
	resp := kmsg.NewPtrConsumerGroupHeartbeatResponse()
	if resp.ErrorCode = s.check(r, readGroup, req.Group); resp.ErrorCode != errNone {
		return resp
	}
	for _, name := range req.SubscribedTopicNames {
		if resp.ErrorCode = s.check(r, describeTopic, name); resp.ErrorCode != errNone {
			return resp
		}
	}
	beat := group.ConsumerHeartbeatRequest{Group: req.Group, Request: consumer.Request{
		MemberID: req.MemberID, Epoch: req.MemberEpoch, InstanceID: req.InstanceID, RackID: req.RackID, ClientID: r.clientID, ClientHost: r.host,
		RebalanceTimeout: -1, Topics: req.SubscribedTopicNames, Regex: req.SubscribedTopicRegex, Assignor: req.ServerAssignor,
	}}
	if req.RebalanceTimeoutMillis >= 0 {
		beat.RebalanceTimeout = millis(req.RebalanceTimeoutMillis)
	}
	if r.version == 0 {
		beat.NewID = strings.TrimPrefix(memberID(""), "-")
	}
	if req.Topics != nil {
		beat.Owned = make([]consumer.TopicPartitions, 0, len(req.Topics))
		for _, t := range req.Topics {
			beat.Owned = append(beat.Owned, consumer.TopicPartitions{ID: t.TopicID, Partitions: t.Partitions})
		}
	}
	got := s.groups.ConsumerHeartbeat(r.ctx, beat)
	resp.ErrorCode = got.Code
	if got.Message != "" {
		resp.ErrorMessage = &got.Message
	}
	if got.MemberID != "" {
		resp.MemberID = &got.MemberID
	}
	resp.MemberEpoch, resp.HeartbeatIntervalMillis = got.Epoch, int32(got.Interval/time.Millisecond)
	if got.Assignment != nil {
		a := kmsg.NewConsumerGroupHeartbeatResponseAssignment()
		a.Topics = []kmsg.ConsumerGroupHeartbeatResponseAssignmentTopic{}
		for _, t := range got.Assignment {
			a.Topics = append(a.Topics, kmsg.ConsumerGroupHeartbeatResponseAssignmentTopic{TopicID: t.ID, Partitions: t.Partitions})
		}
		resp.Assignment = &a
	}
	return resp
}

func (s *Server) consumerGroupDescribe(r *request, req *kmsg.ConsumerGroupDescribeRequest) kmsg.Response {
	resp := kmsg.NewPtrConsumerGroupDescribeResponse()
	for _, id := range req.Groups {
		row := kmsg.NewConsumerGroupDescribeResponseGroup()
		row.Group, row.Members, row.AuthorizedOperations = id, []kmsg.ConsumerGroupDescribeResponseGroupMember{}, notAsked
		if row.ErrorCode = s.check(r, describeGroup, id); row.ErrorCode != errNone {
			resp.Groups = append(resp.Groups, row)
			continue
		}
		d := s.groups.ConsumerDescribe(id)
		row.ErrorCode, row.State, row.Epoch, row.AssignmentEpoch, row.AssignorName = d.Code, string(d.State), d.Epoch, d.AssignmentEpoch, d.Assignor
		if d.Message != "" {
			row.ErrorMessage = &d.Message
		}
		if req.IncludeAuthorizedOperations {
			row.AuthorizedOperations = s.operations(r, kmsg.ACLResourceTypeGroup, id)
		}
		for _, m := range d.Members {
			if !s.mayRead(r, m) {
				row.ErrorCode, row.Members = errTopicAuthorization, []kmsg.ConsumerGroupDescribeResponseGroupMember{}
				break
			}
			row.Members = append(row.Members, memberRow(m))
		}
		resp.Groups = append(resp.Groups, row)
	}
	return resp
}

// mayRead: a group is described only to those who may see all of its topics.
func (s *Server) mayRead(r *request, m consumer.MemberDescription) bool {
	hidden := func(t consumer.NamedPartitions) bool { return !s.may(r, describeTopic, t.Topic) }
	return !slices.ContainsFunc(m.Assignment, hidden) && !slices.ContainsFunc(m.Target, hidden)
}

func memberRow(m consumer.MemberDescription) kmsg.ConsumerGroupDescribeResponseGroupMember {
	row := kmsg.NewConsumerGroupDescribeResponseGroupMember()
	row.MemberID, row.InstanceID, row.RackID, row.MemberEpoch = m.ID, m.InstanceID, m.RackID, m.Epoch
	row.ClientID, row.ClientHost, row.SubscribedTopics, row.SubscribedTopicRegex = m.ClientID, m.ClientHost, m.Topics, m.Regex
	if row.SubscribedTopics == nil {
		row.SubscribedTopics = []string{}
	}
	row.MemberType = 1 // of the new protocol
	named := func(in []consumer.NamedPartitions) kmsg.Assignment {
		out := kmsg.NewAssignment()
		out.TopicPartitions = []kmsg.AssignmentTopicPartition{}
		for _, t := range in {
			out.TopicPartitions = append(out.TopicPartitions, kmsg.AssignmentTopicPartition{TopicID: t.ID, Topic: t.Topic, Partitions: t.Partitions})
		}
		return out
	}
	row.Assignment, row.TargetAssignment = named(m.Assignment), named(m.Target)
	return row
}

// Lookup implements group.Topics.
func (s *Server) Lookup(name string) (id consumer.TopicID, partitions int32, ok bool) {
	t := s.meta.Topic(name)
	if t == nil {
		return id, 0, false
	}
	return t.ID, t.Partitions, true
}

// Names implements group.Topics. As in Kafka, a pattern may match internal
// topics; clients leave them out themselves.
func (s *Server) Names() []string {
	topics := s.meta.Topics()
	out := make([]string, len(topics))
	for i, t := range topics {
		out[i] = t.Name
	}
	return out
}
