package server

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/kurier-io/kurier/broker/commitlog"
	"github.com/kurier-io/kurier/broker/metadata"
)

// maxPartitions bounds one topic; each partition costs memory and files.
const maxPartitions = 10_000

// ensureTopic returns a topic, creating it with the broker's defaults.
func (s *Server) ensureTopic(name string) (*metadata.Topic, error) {
	if t := s.meta.Topic(name); t != nil {
		return t, nil
	}
	n, configs := s.cfg.NumPartitions, map[string]string(nil)
	if internal(name) {
		n, configs = 1, internalConfigs()
	}
	t, err := s.createTopic(name, n, configs)
	if errors.Is(err, metadata.ErrExists) {
		err = nil // somebody else was faster
	}
	return t, err
}

// createTopic makes a topic durable and opens its partitions.
func (s *Server) createTopic(name string, partitions int32, configs map[string]string) (*metadata.Topic, error) {
	cfg, err := s.logConfig(configs)
	if err != nil {
		return nil, err
	}
	t, err := s.addTopic(name, partitions, configs, cfg)
	if err == nil {
		s.groups.TopicsChanged()
	}
	return t, err
}

func (s *Server) addTopic(name string, partitions int32, configs map[string]string, cfg commitlog.Config) (*metadata.Topic, error) {
	s.topicMu.Lock()
	defer s.topicMu.Unlock()
	t, err := s.meta.Create(name, partitions, configs)
	if err != nil {
		return t, err
	}
	for i := range partitions {
		s.logs.Create(commitlog.Spec{ID: commitlog.ID{Topic: t.ID, Partition: i}, Name: name, Config: cfg})
	}
	s.logger.Info("topic created", "topic", name, "partitions", partitions, "id", t.ID)
	return t, nil
}

// refusal is a request that cannot be granted, with its protocol code.
type refusal struct {
	code int16
	text string
}

func (r *refusal) Error() string { return r.text }

func refuse(code int16, format string, args ...any) error {
	return &refusal{code, fmt.Sprintf(format, args...)}
}

func refusalOf(err error) (int16, *string) {
	if err == nil {
		return errNone, nil
	}
	if r, ok := errors.AsType[*refusal](err); ok {
		return r.code, &r.text
	}
	return codeOf(err), new(err.Error())
}

func (s *Server) createTopics(r *request, req *kmsg.CreateTopicsRequest) kmsg.Response {
	resp := kmsg.NewPtrCreateTopicsResponse()
	seen := map[string]int{}
	for i := range req.Topics {
		seen[req.Topics[i].Topic]++
	}
	for i := range req.Topics {
		t := &req.Topics[i]
		row := kmsg.NewCreateTopicsResponseTopic()
		row.Topic, row.NumPartitions, row.ReplicationFactor = t.Topic, -1, -1
		row.Configs = []kmsg.CreateTopicsResponseTopicConfig{}
		var err error
		if seen[t.Topic] > 1 {
			err = refuse(errInvalidRequest, "topic %q is in the request more than once", t.Topic)
		} else {
			err = s.createOne(r, t, req.ValidateOnly, &row)
		}
		row.ErrorCode, row.ErrorMessage = refusalOf(err)
		resp.Topics = append(resp.Topics, row)
	}
	return resp
}

func (s *Server) createOne(r *request, t *kmsg.CreateTopicsRequestTopic, validateOnly bool, row *kmsg.CreateTopicsResponseTopic) error {
	if !s.mayCreate(r, t.Topic) {
		return refuse(errTopicAuthorization, "not allowed to create topic %q", t.Topic)
	}
	if err := s.meta.CheckName(t.Topic); err != nil {
		return err
	}
	if s.meta.Topic(t.Topic) != nil {
		return refuse(errTopicExists, "topic %q already exists", t.Topic)
	}
	n, err := s.partitionCount(t)
	if err != nil {
		return err
	}
	configs := map[string]string{}
	for _, c := range t.Configs {
		if c.Value == nil {
			return refuse(errInvalidConfig, "config %s has no value", c.Name)
		}
		configs[c.Name] = *c.Value
	}
	if _, err := s.logConfig(configs); err != nil {
		return err
	}
	if !validateOnly {
		created, err := s.createTopic(t.Topic, n, configs)
		if err != nil {
			return err
		}
		row.TopicID = created.ID
	}
	row.NumPartitions, row.ReplicationFactor = n, 1
	if !s.may(r, describeTopicConfigs, t.Topic) {
		row.Configs, row.ConfigErrorCode = []kmsg.CreateTopicsResponseTopicConfig{}, errTopicAuthorization
		return nil
	}
	for _, d := range topicConfigs {
		v, source, _ := s.effective(d, configs)
		c := kmsg.NewCreateTopicsResponseTopicConfig()
		c.Name, c.Value, c.Source = d.name, new(v), int8(source)
		row.Configs = append(row.Configs, c)
	}
	return nil
}

func (s *Server) partitionCount(t *kmsg.CreateTopicsRequestTopic) (int32, error) {
	if len(t.ReplicaAssignment) > 0 {
		if t.NumPartitions != -1 || t.ReplicationFactor != -1 {
			return 0, refuse(errInvalidRequest, "both a replica assignment and a count were given")
		}
		seen := make([]bool, len(t.ReplicaAssignment))
		for _, a := range t.ReplicaAssignment {
			if a.Partition < 0 || int(a.Partition) >= len(seen) || seen[a.Partition] || !slices.Equal(a.Replicas, []int32{s.cfg.NodeID}) {
				return 0, refuse(errInvalidAssignment, "partitions must be numbered from 0 and assigned to broker %d alone", s.cfg.NodeID)
			}
			seen[a.Partition] = true
		}
		return int32(len(seen)), nil
	}
	n := t.NumPartitions
	switch {
	case t.ReplicationFactor < 1 && t.ReplicationFactor != -1:
		return 0, refuse(errInvalidReplication, "replication factor %d: must be above 0, or -1 for the default", t.ReplicationFactor)
	case n == -1:
		n = s.cfg.NumPartitions
	case n <= 0 || n > maxPartitions:
		return 0, refuse(errInvalidPartitions, "%d partitions: must be between 1 and %d", n, maxPartitions)
	}
	if rf := t.ReplicationFactor; rf > 1 && s.cfg.ClampReplication {
		s.logger.Warn("a topic was asked for with more replicas than there are brokers and gets one", "topic", t.Topic, "asked", rf)
	} else if rf != -1 && rf != 1 {
		return 0, refuse(errInvalidReplication, "replication factor %d: this broker is a cluster of one, use 1 or -1", rf)
	}
	return n, nil
}

func (s *Server) deleteTopics(r *request, req *kmsg.DeleteTopicsRequest) kmsg.Response {
	resp := kmsg.NewPtrDeleteTopicsResponse()
	topics := req.Topics
	for _, name := range req.TopicNames {
		topics = append(topics, kmsg.DeleteTopicsRequestTopic{Topic: &name})
	}
	for _, want := range topics {
		row := kmsg.NewDeleteTopicsResponseTopic()
		row.Topic, row.TopicID = want.Topic, want.TopicID
		var t *metadata.Topic
		var code int16
		if want.Topic != nil {
			t, code = s.resolve(*want.Topic, [16]byte{}, false)
		} else {
			t, code = s.resolve("", want.TopicID, true)
		}
		row.ErrorCode = code
		switch {
		case t == nil:
			if want.Topic != nil && !s.may(r, deleteTopic, *want.Topic) {
				row.ErrorCode = errTopicAuthorization // whether it exists is none of their business
			}
		case !s.may(r, deleteTopic, t.Name):
			row.ErrorCode = errTopicAuthorization
			if want.Topic == nil && !s.may(r, describeTopic, t.Name) {
				row.ErrorCode = errUnknownTopicID
			}
		default:
			row.Topic, row.TopicID = &t.Name, t.ID
			row.ErrorCode, row.ErrorMessage = refusalOf(s.deleteTopic(r.ctx, t))
		}
		resp.Topics = append(resp.Topics, row)
	}
	return resp
}

func (s *Server) deleteTopic(ctx context.Context, t *metadata.Topic) error {
	if internal(t.Name) {
		return refuse(errInvalidTopic, "%s is internal and cannot be deleted", t.Name)
	}
	if err := s.removeTopic(t.ID); err != nil {
		return err
	}
	s.groups.TopicsChanged()
	if s.cfg.Observer != nil {
		s.cfg.Observer.Forget(t.Name)
	}
	return s.groups.DropTopic(ctx, t.Name)
}

func (s *Server) removeTopic(id metadata.TopicID) error {
	s.topicMu.Lock()
	defer s.topicMu.Unlock()
	t := s.meta.TopicByID(id) // with its present partitions
	if t == nil {
		return metadata.ErrUnknown
	}
	if err := s.meta.Delete(t.ID); err != nil {
		return err
	}
	for i := range t.Partitions {
		if err := s.logs.Delete(commitlog.ID{Topic: t.ID, Partition: i}); err != nil {
			// The topic is gone; the next start removes what is left of it.
			s.logger.Warn("deleting partition files", "topic", t.Name, "partition", i, "error", err)
		}
	}
	s.logger.Info("topic deleted", "topic", t.Name, "id", t.ID)
	return nil
}

func (s *Server) createPartitions(r *request, req *kmsg.CreatePartitionsRequest) kmsg.Response {
	resp := kmsg.NewPtrCreatePartitionsResponse()
	for i := range req.Topics {
		row := kmsg.NewCreatePartitionsResponseTopic()
		row.Topic = req.Topics[i].Topic
		row.ErrorCode, row.ErrorMessage = refusalOf(s.growTopic(r, &req.Topics[i], req.ValidateOnly))
		resp.Topics = append(resp.Topics, row)
	}
	return resp
}

func (s *Server) growTopic(r *request, want *kmsg.CreatePartitionsRequestTopic, validateOnly bool) error {
	if !s.may(r, alterTopic, want.Topic) {
		return refuse(errTopicAuthorization, "not allowed to alter topic %q", want.Topic)
	}
	err := s.addPartitions(want, validateOnly)
	if err == nil && !validateOnly {
		s.groups.TopicsChanged()
	}
	return err
}

func (s *Server) addPartitions(want *kmsg.CreatePartitionsRequestTopic, validateOnly bool) error {
	s.topicMu.Lock()
	defer s.topicMu.Unlock()
	t := s.meta.Topic(want.Topic)
	switch {
	case t == nil:
		return refuse(errUnknownTopic, "topic %q does not exist", want.Topic)
	case internal(t.Name):
		return refuse(errInvalidTopic, "%s is internal", t.Name)
	case want.Count == t.Partitions:
		return refuse(errInvalidPartitions, "topic already has %d partitions", t.Partitions)
	case want.Count < t.Partitions:
		return refuse(errInvalidPartitions, "topic has %d partitions, which cannot be reduced to %d", t.Partitions, want.Count)
	case want.Count > maxPartitions:
		return refuse(errInvalidPartitions, "more than %d partitions", maxPartitions)
	case want.Assignment != nil && len(want.Assignment) != int(want.Count-t.Partitions):
		return refuse(errInvalidAssignment, "%d assignments for %d new partitions", len(want.Assignment), want.Count-t.Partitions)
	}
	for _, a := range want.Assignment {
		if !slices.Equal(a.Replicas, []int32{s.cfg.NodeID}) {
			return refuse(errInvalidAssignment, "partitions can only be assigned to broker %d", s.cfg.NodeID)
		}
	}
	if validateOnly {
		return nil
	}
	cfg, err := s.logConfig(t.Configs)
	if err != nil {
		return err
	}
	old := t.Partitions
	if t, err = s.meta.Update(t.ID, func(t *metadata.Topic) error {
		t.Partitions = want.Count
		return nil
	}); err != nil {
		return err
	}
	for i := old; i < t.Partitions; i++ {
		s.logs.Create(commitlog.Spec{ID: commitlog.ID{Topic: t.ID, Partition: i}, Name: t.Name, Config: cfg})
	}
	return nil
}

func (s *Server) deleteRecords(r *request, req *kmsg.DeleteRecordsRequest) kmsg.Response {
	resp := kmsg.NewPtrDeleteRecordsResponse()
	for i := range req.Topics {
		t := &req.Topics[i]
		row := kmsg.NewDeleteRecordsResponseTopic()
		row.Topic = t.Topic
		topic := s.meta.Topic(t.Topic)
		for _, p := range t.Partitions {
			out := kmsg.NewDeleteRecordsResponseTopicPartition()
			out.Partition, out.LowWatermark = p.Partition, -1
			log := s.log(topic, p.Partition)
			switch {
			case !s.may(r, deleteTopic, t.Topic):
				out.ErrorCode = errTopicAuthorization
			case log == nil:
				out.ErrorCode = errUnknownTopic
			case internal(t.Topic):
				out.ErrorCode = errInvalidTopic
			case log.Config().Compact && !log.Config().Delete:
				out.ErrorCode = errPolicyViolation
			default:
				start, err := log.DeleteRecords(p.Offset)
				out.LowWatermark, out.ErrorCode = start, codeOf(err)
			}
			row.Partitions = append(row.Partitions, out)
		}
		resp.Topics = append(resp.Topics, row)
	}
	return resp
}

func (s *Server) describeLogDirs(r *request, req *kmsg.DescribeLogDirsRequest) kmsg.Response {
	resp := kmsg.NewPtrDescribeLogDirsResponse()
	if resp.ErrorCode = s.checkCluster(r, describeCluster); resp.ErrorCode != errNone {
		resp.Dirs = []kmsg.DescribeLogDirsResponseDir{}
		return resp
	}
	dir := kmsg.NewDescribeLogDirsResponseDir()
	dir.Dir, dir.TotalBytes, dir.UsableBytes = s.cfg.LogDir, -1, -1
	if total, free, ok := s.logs.Space(); ok {
		dir.TotalBytes, dir.UsableBytes = total, free
	}
	dir.Topics = []kmsg.DescribeLogDirsResponseDirTopic{}
	add := func(t *metadata.Topic, wanted func(int32) bool) {
		row := kmsg.NewDescribeLogDirsResponseDirTopic()
		row.Topic = t.Name
		for i := range t.Partitions {
			if log := s.log(t, i); log != nil && wanted(i) {
				p := kmsg.NewDescribeLogDirsResponseDirTopicPartition()
				p.Partition, p.Size = i, log.Size()
				row.Partitions = append(row.Partitions, p)
			}
		}
		dir.Topics = append(dir.Topics, row)
	}
	if req.Topics == nil {
		for _, t := range s.meta.Topics() {
			add(t, func(int32) bool { return true })
		}
	}
	for _, want := range req.Topics {
		if t := s.meta.Topic(want.Topic); t != nil {
			add(t, func(i int32) bool { return slices.Contains(want.Partitions, i) })
		}
	}
	resp.Dirs = []kmsg.DescribeLogDirsResponseDir{dir}
	return resp
}
