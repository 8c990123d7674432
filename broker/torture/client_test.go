package torture

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/kurier-io/kurier/broker/wireproto"
)

// requester sends the requests that most tests need, over one connection to a
// node. It returns codes, and -99 for a connection that broke.
type requester struct {
	n    *node
	conn rawConn
}

const broken int16 = -99

func newRequester(t testing.TB, n *node) *requester {
	t.Helper()
	nc, err := n.dial(context.Background(), "", "")
	if err != nil {
		t.Fatal(err)
	}
	return &requester{n, rawConn{nc}}
}

func (r *requester) close() { _ = r.conn.nc.Close() }

func request[R kmsg.Response](r *requester, req kmsg.Request, version int16) (resp R, ok bool) {
	answer, err := r.conn.call(req, version, 10*time.Second)
	if err != nil {
		return resp, false
	}
	return answer.(R), true
}

func (r *requester) create(topic string, partitions int32, configs map[string]string) int16 {
	req := kmsg.NewPtrCreateTopicsRequest()
	row := kmsg.NewCreateTopicsRequestTopic()
	row.Topic, row.NumPartitions, row.ReplicationFactor = topic, partitions, 1
	for k, v := range configs {
		row.Configs = append(row.Configs, kmsg.CreateTopicsRequestTopicConfig{Name: k, Value: &v})
	}
	req.Topics = append(req.Topics, row)
	resp, ok := request[*kmsg.CreateTopicsResponse](r, req, 7)
	if !ok {
		return broken
	}
	return resp.Topics[0].ErrorCode
}

func (r *requester) remove(topic string) int16 {
	req := kmsg.NewPtrDeleteTopicsRequest()
	req.TopicNames = []string{topic}
	resp, ok := request[*kmsg.DeleteTopicsResponse](r, req, 5)
	if !ok {
		return broken
	}
	return resp.Topics[0].ErrorCode
}

func (r *requester) deleteRecords(at Partition, offset int64) int16 {
	req := kmsg.NewPtrDeleteRecordsRequest()
	row, p := kmsg.NewDeleteRecordsRequestTopic(), kmsg.NewDeleteRecordsRequestTopicPartition()
	row.Topic, p.Partition, p.Offset = at.Topic, at.Index, offset
	row.Partitions, req.TimeoutMillis = append(row.Partitions, p), 5000
	req.Topics = append(req.Topics, row)
	resp, ok := request[*kmsg.DeleteRecordsResponse](r, req, 2)
	if !ok {
		return broken
	}
	return resp.Topics[0].Partitions[0].ErrorCode
}

// produce sends one batch with acks=all.
func (r *requester) produce(at Partition, txn *string, version int16, b wireproto.Batch) (offset int64, code int16) {
	req := kmsg.NewPtrProduceRequest()
	row, p := kmsg.NewProduceRequestTopic(), kmsg.NewProduceRequestTopicPartition()
	req.Acks, req.TimeoutMillis, req.TransactionID, row.Topic = -1, 5000, txn, at.Topic
	p.Partition, p.Records = at.Index, b
	row.Partitions = append(row.Partitions, p)
	req.Topics = append(req.Topics, row)
	resp, ok := request[*kmsg.ProduceResponse](r, req, version)
	if !ok {
		return -1, broken
	}
	out := resp.Topics[0].Partitions[0]
	return out.BaseOffset, out.ErrorCode
}

// read fetches a partition to its end as a client does.
func (r *requester) read(at Partition, from int64, committed bool) (values map[int64]string, next int64, err error) {
	values, next = map[int64]string{}, from
	for {
		req := kmsg.NewPtrFetchRequest()
		req.ReplicaID, req.MaxWaitMillis, req.MinBytes, req.MaxBytes, req.SessionEpoch = -1, 0, 1, 1<<20, -1
		if committed {
			req.IsolationLevel = 1
		}
		row, p := kmsg.NewFetchRequestTopic(), kmsg.NewFetchRequestTopicPartition()
		row.Topic, p.Partition, p.FetchOffset, p.PartitionMaxBytes = at.Topic, at.Index, next, 1<<20
		row.Partitions = append(row.Partitions, p)
		req.Topics = append(req.Topics, row)
		resp, ok := request[*kmsg.FetchResponse](r, req, 12)
		if !ok {
			return nil, 0, fmt.Errorf("fetch of %v at %d: no answer", at, next)
		}
		got := resp.Topics[0].Partitions[0]
		if got.ErrorCode != 0 {
			return nil, 0, fmt.Errorf("fetch of %v at %d: code %d", at, next, got.ErrorCode)
		}
		if len(got.RecordBatches) == 0 {
			return values, next, nil
		}
		if next, err = unpack(got, next, committed, values); err != nil {
			return nil, 0, fmt.Errorf("fetch of %v: %w", at, err)
		}
	}
}

// unpack takes records out of batches and leaves out aborted transactions as the
// Java client does.
func unpack(got kmsg.FetchResponseTopicPartition, from int64, committed bool, values map[int64]string) (next int64, err error) {
	next = from
	queue, skip := got.AbortedTransactions, map[int64]bool{}
	for rest := got.RecordBatches; len(rest) > 0; {
		var b wireproto.Batch
		if b, rest, err = wireproto.NextBatch(rest); err != nil {
			return next, err
		}
		if err := b.CheckCRC(); err != nil {
			return next, err
		}
		for len(queue) > 0 && queue[0].FirstOffset <= b.LastOffset() {
			skip[queue[0].ProducerID] = true
			queue = queue[1:]
		}
		next = max(next, b.LastOffset()+1)
		if b.Control() {
			m, err := wireproto.ParseMarker(b)
			if err != nil {
				return next, err
			}
			if !m.Commit {
				delete(skip, b.ProducerID())
			}
			continue
		}
		if committed && b.Transactional() && skip[b.ProducerID()] {
			continue
		}
		payload, err := wireproto.Decompress(b.Codec(), b.Payload(), 64<<20)
		if err != nil {
			return next, err
		}
		if err := wireproto.EachRecord(payload, b.Count(), func(r wireproto.Record) error {
			if o := b.BaseOffset() + int64(r.OffsetDelta); o >= from {
				values[o] = string(r.Value)
			}
			return nil
		}); err != nil {
			return next, err
		}
	}
	return next, nil
}

// bounds asks for log start, last stable offset and high watermark.
func (r *requester) bounds(at Partition) (out [3]int64, err error) {
	for i, q := range []struct {
		time  int64
		level int8
	}{{-2, 0}, {-1, 1}, {-1, 0}} {
		req := kmsg.NewPtrListOffsetsRequest()
		row, p := kmsg.NewListOffsetsRequestTopic(), kmsg.NewListOffsetsRequestTopicPartition()
		req.ReplicaID, req.IsolationLevel, row.Topic, p.Partition, p.Timestamp = -1, q.level, at.Topic, at.Index, q.time
		row.Partitions = append(row.Partitions, p)
		req.Topics = append(req.Topics, row)
		resp, ok := request[*kmsg.ListOffsetsResponse](r, req, 7)
		if !ok {
			return out, fmt.Errorf("offsets of %v: no answer", at)
		}
		got := resp.Topics[0].Partitions[0]
		if got.ErrorCode != 0 {
			return out, fmt.Errorf("offsets of %v: code %d", at, got.ErrorCode)
		}
		out[i] = got.Offset
	}
	return out, nil
}

// final reads a partition in both isolation levels.
func (r *requester) final(at Partition) (Final, error) {
	b, err := r.bounds(at)
	if err != nil {
		return Final{}, err
	}
	f := Final{At: at, Start: b[0], Stable: b[1], End: b[2]}
	if f.All, _, err = r.read(at, f.Start, false); err != nil {
		return f, err
	}
	f.Committed, _, err = r.read(at, f.Start, true)
	return f, err
}

// producer is a transactional or idempotent producer of single requests, in
// either protocol of KIP-890.
type producer struct {
	r     *requester
	id    *string // nil for idempotent only
	v2    bool
	pid   int64
	epoch int16
	seqs  map[Partition]int32
}

func (p *producer) init() int16 {
	req := kmsg.NewPtrInitProducerIDRequest()
	req.TransactionalID, req.TransactionTimeoutMillis, req.ProducerID, req.ProducerEpoch = p.id, 60_000, -1, -1
	resp, ok := request[*kmsg.InitProducerIDResponse](p.r, req, 4)
	if !ok {
		return broken
	}
	if resp.ErrorCode == 0 {
		p.pid, p.epoch, p.seqs = resp.ProducerID, resp.ProducerEpoch, map[Partition]int32{}
	}
	return resp.ErrorCode
}

func (p *producer) batch(at Partition, key, value string) wireproto.Batch {
	b := wireproto.NewBatch(time.Now().UnixMilli(), wireproto.Record{Key: []byte(key), Value: []byte(value)})
	info := b.Info()
	info.ProducerID, info.ProducerEpoch, info.BaseSequence = p.pid, p.epoch, p.seqs[at]
	if p.id != nil {
		info.Attributes |= wireproto.AttrTransactional
	}
	wireproto.FinishBatch(b, info)
	return b
}

func (p *producer) produce(at Partition, key, value string) (int64, int16) {
	version := int16(11)
	if p.id != nil && p.v2 {
		version = 12
	} else if p.id != nil {
		req := kmsg.NewPtrAddPartitionsToTxnRequest()
		req.TransactionalID, req.ProducerID, req.ProducerEpoch = *p.id, p.pid, p.epoch
		req.Topics = []kmsg.AddPartitionsToTxnRequestTopic{{Topic: at.Topic, Partitions: []int32{at.Index}}}
		resp, ok := request[*kmsg.AddPartitionsToTxnResponse](p.r, req, 3)
		if !ok {
			return -1, broken
		}
		if code := resp.Topics[0].Partitions[0].ErrorCode; code != 0 {
			return -1, code
		}
	}
	offset, code := p.r.produce(at, p.id, version, p.batch(at, key, value))
	if code == 0 {
		p.seqs[at]++
	}
	return offset, code
}

// commitOffset stores the offset of a group with the transaction.
func (p *producer) commitOffset(group string, at Partition, offset int64) int16 {
	version := int16(3)
	if p.v2 {
		version = 5
	} else {
		req := kmsg.NewPtrAddOffsetsToTxnRequest()
		req.TransactionalID, req.ProducerID, req.ProducerEpoch, req.Group = *p.id, p.pid, p.epoch, group
		resp, ok := request[*kmsg.AddOffsetsToTxnResponse](p.r, req, 3)
		if !ok {
			return broken
		}
		if resp.ErrorCode != 0 {
			return resp.ErrorCode
		}
	}
	req := kmsg.NewPtrTxnOffsetCommitRequest()
	req.TransactionalID, req.ProducerID, req.ProducerEpoch, req.Group, req.Generation = *p.id, p.pid, p.epoch, group, -1
	row, part := kmsg.NewTxnOffsetCommitRequestTopic(), kmsg.NewTxnOffsetCommitRequestTopicPartition()
	row.Topic, part.Partition, part.Offset = at.Topic, at.Index, offset
	row.Partitions = append(row.Partitions, part)
	req.Topics = append(req.Topics, row)
	resp, ok := request[*kmsg.TxnOffsetCommitResponse](p.r, req, version)
	if !ok {
		return broken
	}
	return resp.Topics[0].Partitions[0].ErrorCode
}

func (p *producer) end(commit bool) int16 {
	req := kmsg.NewPtrEndTxnRequest()
	req.TransactionalID, req.ProducerID, req.ProducerEpoch, req.Commit = *p.id, p.pid, p.epoch, commit
	version := int16(4)
	if p.v2 {
		version = 5
	}
	resp, ok := request[*kmsg.EndTxnResponse](p.r, req, version)
	if !ok {
		return broken
	}
	if resp.ErrorCode == 0 && p.v2 {
		if p.pid != resp.ProducerID || p.epoch != resp.ProducerEpoch {
			p.seqs = map[Partition]int32{}
		}
		p.pid, p.epoch = resp.ProducerID, resp.ProducerEpoch
	}
	return resp.ErrorCode
}

// committed returns the offset of a group, -1 for none.
func (r *requester) committed(group string, at Partition) (int64, int16) {
	req := kmsg.NewPtrOffsetFetchRequest()
	req.Group, req.RequireStable = group, true
	req.Topics = []kmsg.OffsetFetchRequestTopic{{Topic: at.Topic, Partitions: []int32{at.Index}}}
	resp, ok := request[*kmsg.OffsetFetchResponse](r, req, 7)
	if !ok {
		return -1, broken
	}
	p := resp.Topics[0].Partitions[0]
	return p.Offset, p.ErrorCode
}
