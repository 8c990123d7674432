package server

import (
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/kurier-io/kurier/broker/group"
	"github.com/kurier-io/kurier/broker/metadata"
)

func (s *Server) offsetCommit(r *request, req *kmsg.OffsetCommitRequest) kmsg.Response {
	resp := kmsg.NewPtrOffsetCommitResponse()
	commit := group.CommitRequest{Member: req.MemberID, Instance: req.InstanceID, Generation: req.Generation,
		Offsets: map[group.TopicPartition]group.Offset{}}
	for i := range req.Topics {
		t := &req.Topics[i]
		out := kmsg.NewOffsetCommitResponseTopic()
		out.Topic, out.TopicID = t.Topic, t.TopicID
		topic, code := s.resolve(t.Topic, t.TopicID, r.version >= 10)
		if topic != nil && !s.may(r, readTopic, topic.Name) || topic == nil && r.version < 10 && !s.may(r, readTopic, t.Topic) {
			code = errTopicAuthorization
		}
		for _, p := range t.Partitions {
			row := kmsg.NewOffsetCommitResponseTopicPartition()
			epoch := p.LeaderEpoch
			if r.version < 6 {
				epoch = -1
			}
			row.Partition = p.Partition
			if row.ErrorCode = code; code == errNone {
				row.ErrorCode = takeOffset(commit.Offsets, topic, p.Partition, group.Offset{Offset: p.Offset, LeaderEpoch: epoch}, p.Metadata)
			}
			out.Partitions = append(out.Partitions, row)
		}
		resp.Topics = append(resp.Topics, out)
	}
	code := s.check(r, readGroup, req.Group)
	if code == errNone {
		var err error
		if code, err = s.groups.Commit(r.ctx, req.Group, commit); err != nil {
			s.logger.Error("offsets not stored", "group", req.Group, "error", err)
		}
	}
	if code == group.IllegalGeneration && r.version >= 9 {
		if _, known := s.groups.Describe(req.Group); !known {
			code = group.GroupNotFound
		}
	}
	if code != group.None {
		for i := range resp.Topics {
			for j := range resp.Topics[i].Partitions {
				if p := &resp.Topics[i].Partitions[j]; p.ErrorCode == errNone {
					p.ErrorCode = code
				}
			}
		}
	}
	return resp
}

// takeOffset adds an offset to what is committed, or says why not.
func takeOffset(into map[group.TopicPartition]group.Offset, t *metadata.Topic, partition int32, o group.Offset, meta *string) int16 {
	if meta != nil {
		o.Metadata = *meta
	}
	switch {
	case partition < 0 || partition >= t.Partitions:
		return errUnknownTopic
	case len(o.Metadata) > group.MaxMetadata:
		return errOffsetMetadataLarge
	}
	into[group.TopicPartition{Topic: t.Name, Partition: partition}] = o
	return errNone
}

func (s *Server) offsetFetch(r *request, req *kmsg.OffsetFetchRequest) kmsg.Response {
	resp := kmsg.NewPtrOffsetFetchResponse()
	if r.version < 8 {
		topics := make([]kmsg.OffsetFetchRequestGroupTopic, len(req.Topics))
		for i, t := range req.Topics {
			topics[i] = kmsg.OffsetFetchRequestGroupTopic{Topic: t.Topic, Partitions: t.Partitions}
		}
		if req.Topics == nil {
			topics = nil
		}
		resp.Topics = []kmsg.OffsetFetchResponseTopic{}
		f := group.FetchRequest{Group: req.Group, Epoch: -1, Stable: req.RequireStable}
		rows, code := s.committed(r, f, topics)
		if resp.ErrorCode = code; code != errNone {
			return resp
		}
		for _, t := range rows {
			out := kmsg.NewOffsetFetchResponseTopic()
			out.Topic = t.Topic
			for _, p := range t.Partitions {
				row := kmsg.NewOffsetFetchResponseTopicPartition()
				row.Partition, row.Offset, row.LeaderEpoch, row.Metadata, row.ErrorCode = p.Partition, p.Offset, p.LeaderEpoch, p.Metadata, p.ErrorCode
				out.Partitions = append(out.Partitions, row)
			}
			resp.Topics = append(resp.Topics, out)
		}
		return resp
	}
	resp.Groups = []kmsg.OffsetFetchResponseGroup{}
	for i := range req.Groups {
		g := &req.Groups[i]
		out := kmsg.NewOffsetFetchResponseGroup()
		out.Group, out.Topics = g.Group, []kmsg.OffsetFetchResponseGroupTopic{}
		f := group.FetchRequest{Group: g.Group, Epoch: -1, Stable: req.RequireStable}
		if r.version >= 9 {
			f.Member, f.Epoch = g.MemberID, g.MemberEpoch
		}
		out.Topics, out.ErrorCode = s.committed(r, f, g.Topics)
		resp.Groups = append(resp.Groups, out)
	}
	return resp
}

// committed answers for one group; nil topics means all that have offsets. A
// missing offset, or group, is offset -1 and no error.
func (s *Server) committed(r *request, f group.FetchRequest, topics []kmsg.OffsetFetchRequestGroupTopic) ([]kmsg.OffsetFetchResponseGroupTopic, int16) {
	out := []kmsg.OffsetFetchResponseGroupTopic{}
	if f.Group == "" {
		return out, errInvalidGroupID
	}
	if code := s.check(r, describeGroup, f.Group); code != errNone {
		return out, code
	}
	got := s.groups.FetchOffsets(f)
	if got.Code != group.None {
		return out, got.Code
	}
	version, offsets := r.version, got.Offsets
	if topics == nil {
		byTopic := map[string][]int32{}
		for tp := range offsets {
			if s.may(r, describeTopic, tp.Topic) {
				byTopic[tp.Topic] = append(byTopic[tp.Topic], tp.Partition)
			}
		}
		for tp := range got.Unstable {
			if _, ok := offsets[tp]; !ok && s.may(r, describeTopic, tp.Topic) {
				byTopic[tp.Topic] = append(byTopic[tp.Topic], tp.Partition)
			}
		}
		for name, partitions := range byTopic {
			t := kmsg.OffsetFetchRequestGroupTopic{Topic: name, Partitions: partitions}
			if topic := s.meta.Topic(name); topic != nil {
				t.TopicID = topic.ID
			} else if version >= 10 {
				continue // no id to answer with
			}
			topics = append(topics, t)
		}
	}
	for _, t := range topics {
		row := kmsg.NewOffsetFetchResponseGroupTopic()
		row.Topic, row.TopicID = t.Topic, t.TopicID
		name, code := t.Topic, errNone
		if version >= 10 {
			var topic *metadata.Topic
			if topic, code = s.resolve("", t.TopicID, true); topic != nil {
				name = topic.Name
			}
		}
		if code == errNone && !s.may(r, describeTopic, name) {
			code = errTopicAuthorization
		}
		for _, p := range t.Partitions {
			part := kmsg.NewOffsetFetchResponseGroupTopicPartition()
			part.Partition, part.Offset, part.LeaderEpoch, part.Metadata, part.ErrorCode = p, -1, -1, new(""), code
			tp := group.TopicPartition{Topic: name, Partition: p}
			if o, ok := offsets[tp]; code == errNone && got.Unstable[tp] {
				part.ErrorCode = errUnstableOffsets
			} else if ok && code == errNone {
				part.Offset, part.LeaderEpoch, part.Metadata = o.Offset, o.LeaderEpoch, new(o.Metadata)
			}
			row.Partitions = append(row.Partitions, part)
		}
		out = append(out, row)
	}
	return out, errNone
}

func (s *Server) offsetDelete(r *request, req *kmsg.OffsetDeleteRequest) kmsg.Response {
	resp := kmsg.NewPtrOffsetDeleteResponse()
	var tps []group.TopicPartition
	if resp.ErrorCode = s.check(r, deleteGroup, req.Group); resp.ErrorCode != errNone {
		return resp
	}
	for _, t := range req.Topics {
		if !s.may(r, readTopic, t.Topic) {
			continue
		}
		for _, p := range t.Partitions {
			tps = append(tps, group.TopicPartition{Topic: t.Topic, Partition: p.Partition})
		}
	}
	code, codes, err := s.groups.DeleteOffsets(r.ctx, req.Group, tps)
	if err != nil {
		s.logger.Error("offsets not deleted", "group", req.Group, "error", err)
		code = errCoordNotAvailable
	}
	if resp.ErrorCode = code; code != group.None {
		return resp
	}
	for _, t := range req.Topics {
		row := kmsg.NewOffsetDeleteResponseTopic()
		row.Topic = t.Topic
		for _, p := range t.Partitions {
			part := kmsg.NewOffsetDeleteResponseTopicPartition()
			part.Partition, part.ErrorCode = p.Partition, s.check(r, readTopic, t.Topic)
			if part.ErrorCode == errNone {
				part.ErrorCode = codes[group.TopicPartition{Topic: t.Topic, Partition: p.Partition}]
			}
			row.Partitions = append(row.Partitions, part)
		}
		resp.Topics = append(resp.Topics, row)
	}
	return resp
}
