package server

import (
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/kurier-io/kurier/broker/group"
	"github.com/kurier-io/kurier/broker/txn"
)

func (s *Server) initProducerID(r *request, req *kmsg.InitProducerIDRequest) kmsg.Response {
	resp := kmsg.NewPtrInitProducerIDResponse()
	resp.ProducerID, resp.ProducerEpoch = -1, -1
	if req.TransactionalID != nil {
		if resp.ErrorCode = s.check(r, writeTxn, *req.TransactionalID); resp.ErrorCode != errNone {
			return resp
		}
		init := txn.InitRequest{TransactionalID: *req.TransactionalID, TimeoutMillis: req.TransactionTimeoutMillis, ProducerID: -1, ProducerEpoch: -1}
		if r.version >= 3 {
			init.ProducerID, init.ProducerEpoch = req.ProducerID, req.ProducerEpoch
		}
		resp.ProducerID, resp.ProducerEpoch, resp.ErrorCode = s.txns.InitProducerID(r.ctx, init)
		if resp.ErrorCode == txn.ProducerFenced && r.version < 4 {
			resp.ErrorCode = errInvalidProducerEpoch // PRODUCER_FENCED came with version 4
		}
		return resp
	}
	if !s.mayCluster(r, idempotent) && !s.cfg.Authorizer.AllowedSomewhere(r.who, writeTopic.op, writeTopic.kind) {
		resp.ErrorCode = errClusterAuthorization
		return resp
	}
	id, err := s.meta.ProducerID()
	if err != nil {
		s.logger.Error("no producer id", "error", err)
		resp.ErrorCode = errCoordNotAvailable
		return resp
	}
	resp.ProducerID, resp.ProducerEpoch = id, 0
	return resp
}

// fencedBefore translates PRODUCER_FENCED for versions that do not know it.
func fencedBefore(code int16, version, since int16) int16 {
	if code == txn.ProducerFenced && version < since {
		return errInvalidProducerEpoch
	}
	return code
}

// txnTopic is a topic of AddPartitionsToTxn, in either form of the request.
type txnTopic struct {
	name       string
	partitions []int32
}

// addToTxn checks all partitions and adds them if all are good; one code for
// each topic and partition.
func (s *Server) addToTxn(r *request, id string, pid int64, epoch int16, topics []txnTopic, verify bool) func(topic string, partition int32) int16 {
	codes := map[txn.TopicPartition]int16{}
	var tps []txn.TopicPartition
	failed := false
	for _, t := range topics {
		topic := s.meta.Topic(t.name)
		for _, p := range t.partitions {
			tp := txn.TopicPartition{Topic: t.name, Partition: p}
			switch {
			case !s.may(r, writeTopic, t.name):
				codes[tp], failed = errTopicAuthorization, true
			case internal(t.name) || s.log(topic, p) == nil:
				codes[tp], failed = errUnknownTopic, true
			default:
				tps = append(tps, tp)
			}
		}
	}
	all := s.check(r, writeTxn, id)
	switch {
	case all != errNone:
	case failed:
		all = errOperationNotAttempted
	case verify:
		hold, code := s.txns.Verify(id, pid, epoch, tps)
		if all = code; code == txn.None {
			hold.Release()
		}
	default:
		all = s.txns.AddPartitions(r.ctx, id, pid, epoch, tps)
	}
	return func(topic string, partition int32) int16 {
		if code := codes[txn.TopicPartition{Topic: topic, Partition: partition}]; code != errNone && all != errTxnIDAuthorization {
			return code
		}
		return all
	}
}

func (s *Server) addPartitionsToTxn(r *request, req *kmsg.AddPartitionsToTxnRequest) kmsg.Response {
	resp := kmsg.NewPtrAddPartitionsToTxnResponse()
	if r.version < 4 {
		var topics []txnTopic
		for _, t := range req.Topics {
			topics = append(topics, txnTopic{t.Topic, t.Partitions})
		}
		code := s.addToTxn(r, req.TransactionalID, req.ProducerID, req.ProducerEpoch, topics, false)
		for _, t := range req.Topics {
			row := kmsg.NewAddPartitionsToTxnResponseTopic()
			row.Topic = t.Topic
			for _, p := range t.Partitions {
				part := kmsg.NewAddPartitionsToTxnResponseTopicPartition()
				part.Partition, part.ErrorCode = p, fencedBefore(code(t.Topic, p), r.version, 2)
				row.Partitions = append(row.Partitions, part)
			}
			resp.Topics = append(resp.Topics, row)
		}
		return resp
	}
	// From version 4 on this is spoken between brokers.
	resp.Transactions = []kmsg.AddPartitionsToTxnResponseTransaction{}
	if resp.ErrorCode = s.checkCluster(r, clusterAction); resp.ErrorCode != errNone {
		return resp
	}
	for _, x := range req.Transactions {
		var topics []txnTopic
		for _, t := range x.Topics {
			topics = append(topics, txnTopic{t.Topic, t.Partitions})
		}
		code := s.addToTxn(r, x.TransactionalID, x.ProducerID, x.ProducerEpoch, topics, x.VerifyOnly)
		out := kmsg.NewAddPartitionsToTxnResponseTransaction()
		out.TransactionalID = x.TransactionalID
		for _, t := range x.Topics {
			row := kmsg.NewAddPartitionsToTxnResponseTransactionTopic()
			row.Topic = t.Topic
			for _, p := range t.Partitions {
				part := kmsg.NewAddPartitionsToTxnResponseTransactionTopicPartition()
				part.Partition, part.ErrorCode = p, code(t.Topic, p)
				row.Partitions = append(row.Partitions, part)
			}
			out.Topics = append(out.Topics, row)
		}
		resp.Transactions = append(resp.Transactions, out)
	}
	return resp
}

func (s *Server) addOffsetsToTxn(r *request, req *kmsg.AddOffsetsToTxnRequest) kmsg.Response {
	resp := kmsg.NewPtrAddOffsetsToTxnResponse()
	if resp.ErrorCode = s.check(r, writeTxn, req.TransactionalID); resp.ErrorCode != errNone {
		return resp
	}
	if resp.ErrorCode = s.check(r, readGroup, req.Group); resp.ErrorCode != errNone {
		return resp
	}
	code := s.txns.AddOffsets(r.ctx, req.TransactionalID, req.ProducerID, req.ProducerEpoch, req.Group)
	resp.ErrorCode = fencedBefore(code, r.version, 2)
	return resp
}

func (s *Server) endTxn(r *request, req *kmsg.EndTxnRequest) kmsg.Response {
	resp := kmsg.NewPtrEndTxnResponse()
	resp.ProducerID, resp.ProducerEpoch = -1, -1
	if resp.ErrorCode = s.check(r, writeTxn, req.TransactionalID); resp.ErrorCode != errNone {
		return resp
	}
	pid, epoch, code := s.txns.End(r.ctx, req.TransactionalID, req.ProducerID, req.ProducerEpoch, req.Commit, r.version >= 5)
	if resp.ErrorCode = fencedBefore(code, r.version, 2); code == txn.None {
		resp.ProducerID, resp.ProducerEpoch = pid, epoch
	}
	return resp
}

func (s *Server) txnOffsetCommit(r *request, req *kmsg.TxnOffsetCommitRequest) kmsg.Response {
	resp := kmsg.NewPtrTxnOffsetCommitResponse()
	commit := group.TxnCommitRequest{Group: req.Group, ProducerID: req.ProducerID, ProducerEpoch: req.ProducerEpoch, Generation: -1,
		Offsets: map[group.TopicPartition]group.Offset{}}
	if r.version >= 3 {
		commit.MemberID, commit.InstanceID, commit.Generation = req.MemberID, req.InstanceID, req.Generation
	}
	for i := range req.Topics {
		t := &req.Topics[i]
		out := kmsg.NewTxnOffsetCommitResponseTopic()
		out.Topic = t.Topic
		topic, code := s.resolve(t.Topic, [16]byte{}, false)
		if !s.may(r, readTopic, t.Topic) {
			code = errTopicAuthorization
		}
		for _, p := range t.Partitions {
			row := kmsg.NewTxnOffsetCommitResponseTopicPartition()
			epoch := p.LeaderEpoch
			if r.version < 2 {
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
	code := s.commitInTxn(r, req.TransactionalID, commit)
	if code != errNone {
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

func (s *Server) commitInTxn(r *request, id string, commit group.TxnCommitRequest) int16 {
	if code := s.check(r, writeTxn, id); code != errNone {
		return code
	}
	if code := s.check(r, readGroup, commit.Group); code != errNone {
		return code
	}
	part, err := s.groupPartition(commit.Group)
	if err != nil {
		s.logger.Error("no offsets topic", "error", err)
		return errCoordNotAvailable
	}
	tps := []txn.TopicPartition{part}
	if r.version >= 5 {
		if code := s.txns.Implicit(r.ctx, id, commit.ProducerID, commit.ProducerEpoch, tps); code != txn.None {
			return code
		}
	} else {
		hold, code := s.txns.Verify(id, commit.ProducerID, commit.ProducerEpoch, tps)
		if code != txn.None {
			return fencedBefore(code, r.version, 5)
		}
		defer hold.Release()
	}
	code, err := s.groups.CommitTxn(r.ctx, commit)
	if err != nil {
		s.logger.Error("offsets of a transaction not stored", "group", commit.Group, "transactional_id", id, "error", err)
		if c := codeOf(err); c == errInvalidProducerEpoch {
			return c
		}
	}
	return code
}

// writeTxnMarkers lets an operator end a transaction that hangs; between
// brokers it is not needed here.
func (s *Server) writeTxnMarkers(r *request, req *kmsg.WriteTxnMarkersRequest) kmsg.Response {
	resp := kmsg.NewPtrWriteTxnMarkersResponse()
	allowed := s.mayCluster(r, alterCluster) || s.mayCluster(r, clusterAction)
	for i := range req.Markers {
		m := &req.Markers[i]
		out := kmsg.NewWriteTxnMarkersResponseMarker()
		out.ProducerID = m.ProducerID
		for _, t := range m.Topics {
			row := kmsg.NewWriteTxnMarkersResponseMarkerTopic()
			row.Topic = t.Topic
			topic := s.meta.Topic(t.Topic)
			for _, p := range t.Partitions {
				part := kmsg.NewWriteTxnMarkersResponseMarkerTopicPartition()
				part.Partition = p
				switch log := s.log(topic, p); {
				case !allowed:
					part.ErrorCode = errClusterAuthorization
				case log == nil:
					part.ErrorCode = errUnknownTopic
				default:
					marker := txn.Marker{ProducerID: m.ProducerID, Epoch: m.ProducerEpoch, Commit: m.Committed, CoordinatorEpoch: m.CoordinatorEpoch, V2: m.TransactionVersion >= 2}
					part.ErrorCode = codeOf(s.markers.Write(r.ctx, marker, []txn.TopicPartition{{Topic: t.Topic, Partition: p}}))
				}
				row.Partitions = append(row.Partitions, part)
			}
			out.Topics = append(out.Topics, row)
		}
		resp.Markers = append(resp.Markers, out)
	}
	return resp
}

func (s *Server) describeProducers(r *request, req *kmsg.DescribeProducersRequest) kmsg.Response {
	resp := kmsg.NewPtrDescribeProducersResponse()
	for _, t := range req.Topics {
		row := kmsg.NewDescribeProducersResponseTopic()
		row.Topic = t.Topic
		topic := s.meta.Topic(t.Topic)
		for _, p := range t.Partitions {
			part := kmsg.NewDescribeProducersResponseTopicPartition()
			part.Partition, part.ActiveProducers = p, []kmsg.DescribeProducersResponseTopicPartitionActiveProducer{}
			log := s.log(topic, p)
			switch {
			case !s.may(r, readTopic, t.Topic):
				part.ErrorCode = errTopicAuthorization
			case log == nil:
				part.ErrorCode = errUnknownTopic
			default:
				for _, state := range log.Producers() {
					active := kmsg.NewDescribeProducersResponseTopicPartitionActiveProducer()
					active.ProducerID, active.ProducerEpoch, active.LastSequence = state.ProducerID, int32(state.Epoch), state.LastSequence
					active.LastTimestamp, active.CoordinatorEpoch, active.CurrentTxnStartOffset = state.LastTimestamp, state.CoordinatorEpoch, state.TxnStartOffset
					part.ActiveProducers = append(part.ActiveProducers, active)
				}
			}
			row.Partitions = append(row.Partitions, part)
		}
		resp.Topics = append(resp.Topics, row)
	}
	return resp
}

func (s *Server) describeTransactions(r *request, req *kmsg.DescribeTransactionsRequest) kmsg.Response {
	resp := kmsg.NewPtrDescribeTransactionsResponse()
	for _, id := range req.TransactionalIDs {
		row := kmsg.NewDescribeTransactionsResponseTransactionState()
		row.TransactionalID, row.Topics = id, []kmsg.DescribeTransactionsResponseTransactionStateTopic{}
		if row.ErrorCode = s.check(r, describeTxn, id); row.ErrorCode == errNone {
			var d txn.Description
			if d, row.ErrorCode = s.txns.Describe(id); row.ErrorCode == errNone {
				row.State, row.TimeoutMillis, row.StartTimestamp = d.State.String(), d.TimeoutMillis, d.StartMillis
				row.ProducerID, row.ProducerEpoch = d.ProducerID, d.ProducerEpoch
				for _, tp := range d.Partitions {
					if !s.may(r, describeTopic, tp.Topic) {
						continue
					}
					if n := len(row.Topics); n == 0 || row.Topics[n-1].Topic != tp.Topic {
						row.Topics = append(row.Topics, kmsg.DescribeTransactionsResponseTransactionStateTopic{Topic: tp.Topic})
					}
					last := &row.Topics[len(row.Topics)-1]
					last.Partitions = append(last.Partitions, tp.Partition)
				}
			}
		}
		resp.TransactionStates = append(resp.TransactionStates, row)
	}
	return resp
}

func (s *Server) listTransactions(r *request, req *kmsg.ListTransactionsRequest) kmsg.Response {
	resp := kmsg.NewPtrListTransactionsResponse()
	f := txn.Filter{States: req.StateFilters, ProducerIDs: req.ProducerIDFilters, OlderThan: -1}
	if r.version >= 1 {
		f.OlderThan = time.Duration(req.DurationFilterMillis) * time.Millisecond
	}
	if req.TransactionalIDPattern != nil {
		f.IDPattern = *req.TransactionalIDPattern
	}
	rows, unknown, code := s.txns.List(time.Now(), f)
	resp.ErrorCode, resp.UnknownStateFilters = code, unknown
	resp.TransactionStates = []kmsg.ListTransactionsResponseTransactionState{}
	for _, d := range rows {
		if !s.may(r, describeTxn, d.ID) {
			continue
		}
		row := kmsg.NewListTransactionsResponseTransactionState()
		row.TransactionalID, row.ProducerID, row.TransactionState = d.ID, d.ProducerID, d.State.String()
		resp.TransactionStates = append(resp.TransactionStates, row)
	}
	return resp
}
