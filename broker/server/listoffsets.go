package server

import (
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/kurier-io/kurier/broker/commitlog"
)

// Special timestamps of ListOffsets.
const (
	tsLatest        = -1
	tsEarliest      = -2
	tsMax           = -3
	tsEarliestLocal = -4
	tsLatestTiered  = -5
	tsEarliestToUp  = -6
)

// readCommitted is the isolation level of consumers that see no open or aborted
// transactions.
const readCommitted = 1

func (s *Server) listOffsets(r *request, req *kmsg.ListOffsetsRequest) kmsg.Response {
	resp := kmsg.NewPtrListOffsetsResponse()
	for i := range req.Topics {
		t := &req.Topics[i]
		out := kmsg.NewListOffsetsResponseTopic()
		out.Topic = t.Topic
		topic := s.meta.Topic(t.Topic)
		seen := map[int32]int{}
		for _, p := range t.Partitions {
			seen[p.Partition]++
		}
		for _, p := range t.Partitions {
			row := kmsg.NewListOffsetsResponseTopicPartition()
			row.Partition, row.Offset, row.Timestamp, row.LeaderEpoch = p.Partition, -1, -1, -1
			log := s.log(topic, p.Partition)
			switch {
			case !s.may(r, describeTopic, t.Topic):
				row.ErrorCode = errTopicAuthorization
			case seen[p.Partition] > 1:
				row.ErrorCode = errInvalidRequest
			case log == nil:
				row.ErrorCode = errUnknownTopic
			default:
				if row.ErrorCode = checkEpoch(p.CurrentLeaderEpoch, log.Epoch()); row.ErrorCode != errNone {
					break
				}
				at, code := s.offsetFor(log, p.Timestamp, r.version, req.IsolationLevel == readCommitted)
				row.ErrorCode, row.Offset, row.Timestamp, row.LeaderEpoch = code, at.Offset, at.Timestamp, at.Epoch
			}
			out.Partitions = append(out.Partitions, row)
		}
		resp.Topics = append(resp.Topics, out)
	}
	return resp
}

func (s *Server) offsetFor(log *commitlog.Log, ts int64, version int16, committed bool) (commitlog.Timestamped, int16) {
	none := commitlog.Timestamped{Offset: -1, Timestamp: -1, Epoch: -1}
	var at commitlog.Timestamped
	var err error
	switch {
	case ts == tsLatest && committed:
		return commitlog.Timestamped{Offset: log.LastStable(), Timestamp: -1, Epoch: log.Epoch()}, errNone
	case ts == tsLatest:
		return commitlog.Timestamped{Offset: log.HighWatermark(), Timestamp: -1, Epoch: log.Epoch()}, errNone
	case ts == tsEarliest, ts == tsEarliestLocal && version >= 8:
		start := log.LogStart()
		return commitlog.Timestamped{Offset: start, Timestamp: -1, Epoch: log.EpochAt(start)}, errNone
	case ts == tsMax && version >= 7:
		at, err = log.MaxTimestamp()
	case ts == tsLatestTiered && version >= 9, ts == tsEarliestToUp && version >= 11:
		return none, errNone
	case ts < 0:
		return none, errUnsupportedVersion
	default:
		at, err = log.OffsetForTime(ts)
	}
	if err != nil {
		s.logger.Error("offset look-up failed", "topic", log.Topic(), "partition", log.ID().Partition, "error", err)
		return none, codeOf(err)
	}
	if committed && at.Offset >= log.LastStable() {
		return none, errNone // not visible to this consumer yet
	}
	return at, errNone
}

func (s *Server) offsetForLeaderEpoch(r *request, req *kmsg.OffsetForLeaderEpochRequest) kmsg.Response {
	resp := kmsg.NewPtrOffsetForLeaderEpochResponse()
	for i := range req.Topics {
		t := &req.Topics[i]
		out := kmsg.NewOffsetForLeaderEpochResponseTopic()
		out.Topic = t.Topic
		topic := s.meta.Topic(t.Topic)
		for _, p := range t.Partitions {
			row := kmsg.NewOffsetForLeaderEpochResponseTopicPartition()
			row.Partition, row.LeaderEpoch, row.EndOffset = p.Partition, -1, -1
			if !s.may(r, describeTopic, t.Topic) {
				row.ErrorCode = errTopicAuthorization
			} else if log := s.log(topic, p.Partition); log == nil {
				row.ErrorCode = errUnknownTopic
			} else if row.ErrorCode = checkEpoch(p.CurrentLeaderEpoch, log.Epoch()); row.ErrorCode == errNone {
				row.LeaderEpoch, row.EndOffset = log.EpochEnd(p.LeaderEpoch)
			}
			out.Partitions = append(out.Partitions, row)
		}
		resp.Topics = append(resp.Topics, out)
	}
	return resp
}
