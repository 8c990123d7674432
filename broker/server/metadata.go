package server

import (
	"slices"
	"strings"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/kurier-io/kurier/broker/metadata"
	"github.com/kurier-io/kurier/broker/security/acl"
)

// notAsked is the value of authorized operations that were not requested.
const notAsked = -2147483648

func (s *Server) metadata(r *request, req *kmsg.MetadataRequest) kmsg.Response {
	resp := kmsg.NewPtrMetadataResponse()
	b := kmsg.NewMetadataResponseBroker()
	b.NodeID, b.Host, b.Port = s.cfg.NodeID, r.listener.AdvertisedHost, r.listener.AdvertisedPort
	resp.Brokers = []kmsg.MetadataResponseBroker{b}
	resp.ClusterID, resp.ControllerID = new(s.meta.ClusterID()), s.cfg.NodeID
	resp.AuthorizedOperations = notAsked
	if req.IncludeClusterAuthorizedOperations {
		resp.AuthorizedOperations = s.operations(r, kmsg.ACLResourceTypeCluster, acl.ClusterName)
	}
	resp.Topics = []kmsg.MetadataResponseTopic{}
	if req.Topics == nil || req.Version == 0 && len(req.Topics) == 0 {
		for _, t := range visible(s, r, s.meta.Topics(), topicName) {
			resp.Topics = append(resp.Topics, s.topicRow(r, t, req.IncludeTopicAuthorizedOperations))
		}
		return resp
	}
	auto := s.cfg.AutoCreateTopics && (req.Version < 4 || req.AllowAutoTopicCreation)
	for i := range req.Topics {
		resp.Topics = append(resp.Topics, s.lookupTopic(r, &req.Topics[i], auto, req.IncludeTopicAuthorizedOperations))
	}
	return resp
}

// lookupTopic answers for one requested topic, creating it if allowed. The topic
// is durable before the answer leaves.
func (s *Server) lookupTopic(r *request, want *kmsg.MetadataRequestTopic, auto, ops bool) kmsg.MetadataResponseTopic {
	row := kmsg.NewMetadataResponseTopic()
	row.Topic, row.TopicID = want.Topic, want.TopicID
	row.Partitions, row.AuthorizedOperations = []kmsg.MetadataResponseTopicPartition{}, notAsked
	if want.Topic == nil || want.TopicID != [16]byte{} { // names beside ids are ignored, as in Kafka
		row.Topic = nil
		t := s.meta.TopicByID(want.TopicID)
		if t != nil && s.may(r, describeTopic, t.Name) {
			return s.topicRow(r, t, ops)
		}
		row.ErrorCode = errUnknownTopicID
		return row
	}
	name := *want.Topic
	if row.ErrorCode = s.check(r, describeTopic, name); row.ErrorCode != errNone {
		return row
	}
	if t := s.meta.Topic(name); t != nil {
		return s.topicRow(r, t, ops)
	}
	if err := s.meta.CheckName(name); err != nil {
		row.ErrorCode = codeOf(err)
		return row
	}
	if !auto && !internal(name) {
		row.ErrorCode = errUnknownTopic
		return row
	}
	if !internal(name) && !s.mayCreate(r, name) {
		row.ErrorCode = errTopicAuthorization
		return row
	}
	t, err := s.ensureTopic(name)
	if err != nil {
		s.logger.Error("topic not created", "topic", name, "error", err)
		row.ErrorCode = codeOf(err)
		return row
	}
	return s.topicRow(r, t, ops)
}

func topicName(t *metadata.Topic) string { return t.Name }

func (s *Server) topicRow(r *request, t *metadata.Topic, ops bool) kmsg.MetadataResponseTopic {
	row := kmsg.NewMetadataResponseTopic()
	row.Topic, row.TopicID, row.IsInternal = &t.Name, t.ID, internal(t.Name)
	row.AuthorizedOperations = notAsked
	if ops {
		row.AuthorizedOperations = s.operations(r, kmsg.ACLResourceTypeTopic, t.Name)
	}
	row.Partitions = make([]kmsg.MetadataResponseTopicPartition, t.Partitions)
	self, epoch := []int32{s.cfg.NodeID}, s.logs.Epoch()
	for i := range row.Partitions {
		p := &row.Partitions[i]
		*p = kmsg.NewMetadataResponseTopicPartition()
		p.Partition, p.Leader, p.LeaderEpoch = int32(i), s.cfg.NodeID, epoch
		p.Replicas, p.ISR, p.OfflineReplicas = self, self, []int32{}
	}
	return row
}

func (s *Server) describeCluster(r *request, req *kmsg.DescribeClusterRequest) kmsg.Response {
	resp := kmsg.NewPtrDescribeClusterResponse()
	resp.ClusterID, resp.ControllerID, resp.EndpointType = s.meta.ClusterID(), s.cfg.NodeID, 1
	resp.ClusterAuthorizedOperations = notAsked
	resp.Brokers = []kmsg.DescribeClusterResponseBroker{}
	if req.Version >= 1 && req.EndpointType != 1 {
		resp.ErrorCode, resp.EndpointType = errUnsupportedEndpoint, req.EndpointType
		if req.EndpointType == 2 {
			resp.ErrorCode = errMismatchedEndpoint
		}
		resp.ErrorMessage = new("this endpoint is a broker")
		return resp
	}
	if req.IncludeClusterAuthorizedOperations {
		resp.ClusterAuthorizedOperations = s.operations(r, kmsg.ACLResourceTypeCluster, acl.ClusterName)
	}
	b := kmsg.NewDescribeClusterResponseBroker()
	b.NodeID, b.Host, b.Port = s.cfg.NodeID, r.listener.AdvertisedHost, r.listener.AdvertisedPort
	resp.Brokers = append(resp.Brokers, b)
	return resp
}

// maxDescribed is max.request.partition.size.limit.
const maxDescribed = 2000

func (s *Server) describeTopicPartitions(r *request, req *kmsg.DescribeTopicPartitionsRequest) kmsg.Response {
	resp := kmsg.NewPtrDescribeTopicPartitionsResponse()
	resp.Topics = []kmsg.DescribeTopicPartitionsResponseTopic{}
	var names []string
	for _, t := range req.Topics {
		names = append(names, t.Topic)
	}
	if len(names) == 0 {
		for _, t := range visible(s, r, s.meta.Topics(), topicName) {
			names = append(names, t.Name)
		}
	}
	slices.Sort(names)
	names = slices.Compact(names)
	left := maxDescribed
	if l := int(req.ResponsePartitionLimit); l > 0 {
		left = min(left, l)
	}
	for _, name := range names {
		from := int32(0)
		if req.Cursor != nil {
			switch c := strings.Compare(name, req.Cursor.Topic); {
			case c < 0:
				continue
			case c == 0:
				from = max(req.Cursor.Partition, 0)
			}
		}
		if left == 0 {
			next := kmsg.NewDescribeTopicPartitionsResponseNextCursor()
			next.Topic, next.Partition = name, from
			resp.NextCursor = &next
			break
		}
		row := kmsg.NewDescribeTopicPartitionsResponseTopic()
		row.Topic, row.Partitions = new(name), []kmsg.DescribeTopicPartitionsResponseTopicPartition{}
		row.AuthorizedOperations = notAsked
		t := s.meta.Topic(name)
		if !s.may(r, describeTopic, name) {
			row.ErrorCode = errTopicAuthorization
			resp.Topics = append(resp.Topics, row)
			continue
		}
		if t == nil {
			row.ErrorCode = errUnknownTopic
			if metadata.ValidName(name) != nil {
				row.ErrorCode = errInvalidTopic
			}
			resp.Topics = append(resp.Topics, row)
			continue
		}
		row.TopicID, row.IsInternal, row.AuthorizedOperations = t.ID, internal(name), s.operations(r, kmsg.ACLResourceTypeTopic, name)
		self, epoch := []int32{s.cfg.NodeID}, s.logs.Epoch()
		for ; from < t.Partitions && left > 0; from++ {
			p := kmsg.NewDescribeTopicPartitionsResponseTopicPartition()
			p.Partition, p.LeaderID, p.LeaderEpoch, p.Replicas, p.ISR = from, s.cfg.NodeID, epoch, self, self
			p.EligibleLeaderReplicas, p.LastKnownELR, p.OfflineReplicas = []int32{}, []int32{}, []int32{}
			row.Partitions = append(row.Partitions, p)
			left--
		}
		resp.Topics = append(resp.Topics, row)
		if from < t.Partitions {
			next := kmsg.NewDescribeTopicPartitionsResponseNextCursor()
			next.Topic, next.Partition = name, from
			resp.NextCursor = &next
			break
		}
	}
	return resp
}
