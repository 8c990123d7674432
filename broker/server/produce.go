package server

import (
	"errors"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/kurier-io/kurier/broker/commitlog"
	"github.com/kurier-io/kurier/broker/metadata"
	"github.com/kurier-io/kurier/broker/quota"
	"github.com/kurier-io/kurier/broker/wireproto"
)

// produce appends in the reader's goroutine, which keeps the order of a
// connection, and leaves waiting for durability to the writer.
func (c *conn) produce(r *request, peek wireproto.Peek, body []byte) (pending, error) {
	req, err := wireproto.ReadProduce(body, peek.Version)
	if err != nil {
		return nil, fmt.Errorf("produce version %d: %w", peek.Version, err)
	}
	resp := kmsg.NewPtrProduceResponse()
	resp.SetVersion(peek.Version)
	resp.Topics = make([]kmsg.ProduceResponseTopic, len(req.Topics))
	var waits []appended
	failed := false
	txn := c.s.beginProduce(r, &req)
	defer txn.release()
	for i := range req.Topics {
		t := &req.Topics[i]
		out := &resp.Topics[i]
		*out = kmsg.NewProduceResponseTopic()
		out.Topic, out.TopicID = t.Name, t.ID
		out.Partitions = make([]kmsg.ProduceResponseTopicPartition, len(t.Partitions))
		topic, code := c.s.resolve(t.Name, t.ID, peek.Version >= 13)
		if name := t.Name; topic != nil || peek.Version < 13 {
			if topic != nil {
				name = topic.Name
			}
			if !c.s.may(r, writeTopic, name) {
				code = errTopicAuthorization
			}
		}
		for j := range t.Partitions {
			p := &t.Partitions[j]
			row := &out.Partitions[j]
			*row = kmsg.NewProduceResponseTopicPartition()
			row.Partition, row.BaseOffset, row.LogAppendTime, row.LogStartOffset = p.Index, -1, -1, -1
			row.ErrorRecords = []kmsg.ProduceResponseTopicPartitionErrorRecord{}
			res, err := c.s.appendRecords(topic, code, txn, req, p, peek.Version)
			if err != nil {
				failed = true
				fillError(row, err, peek.Version)
				continue
			}
			row.BaseOffset, row.LogAppendTime, row.LogStartOffset = res.BaseOffset, res.LogAppendTime, res.LogStart
			if req.Acks == -1 {
				waits = append(waits, appended{row, res})
			}
		}
	}
	resp.ThrottleMillis = c.charge(quota.ProduceRate, r.clientID, len(body))
	if req.Acks == 0 {
		if failed {
			return nil, fmt.Errorf("%w: a produce with acks=0 was refused", errClose)
		}
		return nil, nil
	}
	timeout := time.Duration(max(req.TimeoutMillis, 1)) * time.Millisecond
	return func() (*reply, error) {
		waitAll(waits, timeout, peek.Version)
		p := c.answer(peek, resp, resp.IsFlexible())
		return p()
	}, nil
}

type appended struct {
	row *kmsg.ProduceResponseTopicPartition
	res commitlog.AppendResult
}

func waitAll(waits []appended, timeout time.Duration, version int16) {
	if len(waits) == 0 {
		return
	}
	done := make(chan struct{})
	timer := time.AfterFunc(timeout, func() { close(done) })
	defer timer.Stop()
	for _, w := range waits {
		if err := w.res.Wait(done); err != nil {
			fillError(w.row, err, version)
			w.row.BaseOffset, w.row.LogAppendTime = -1, -1
		}
	}
}

// produceError is a refusal that has no error of the log behind it.
type produceError struct {
	code int16
	text string
}

func (e *produceError) Error() string { return e.text }

func fillError(row *kmsg.ProduceResponseTopicPartition, err error, version int16) {
	row.ErrorCode = codeOf(err)
	if pe, ok := errors.AsType[*produceError](err); ok {
		row.ErrorCode = pe.code
	}
	row.ErrorMessage = new(err.Error())
	if re, ok := errors.AsType[*commitlog.RecordError](err); ok && version >= 8 {
		rec := kmsg.NewProduceResponseTopicPartitionErrorRecord()
		rec.RelativeOffset, rec.ErrorMessage = re.Index, new(re.Err.Error())
		row.ErrorRecords = append(row.ErrorRecords, rec)
	}
}

func (s *Server) appendRecords(topic *metadata.Topic, code int16, txn *producing, req wireproto.ProduceRequest, p *wireproto.ProducePartition, version int16) (commitlog.AppendResult, error) {
	switch {
	case req.Acks < -1 || req.Acks > 1:
		return commitlog.AppendResult{}, &produceError{errInvalidRequiredAcks, fmt.Sprintf("acks=%d is not -1, 0 or 1", req.Acks)}
	case txn.code != errNone:
		return commitlog.AppendResult{}, &produceError{txn.code, "not allowed to use the transactional id"}
	case code == errTopicAuthorization:
		return commitlog.AppendResult{}, &produceError{code, "not allowed to write to the topic"}
	case code != errNone:
		return commitlog.AppendResult{}, &produceError{code, "unknown topic"}
	}
	log := s.log(topic, p.Index)
	if log == nil {
		return commitlog.AppendResult{}, &produceError{errUnknownTopic, fmt.Sprintf("topic %s has no partition %d", topic.Name, p.Index)}
	}
	if internal(topic.Name) {
		return commitlog.AppendResult{}, &produceError{errInvalidTopic, "clients may not write to an internal topic"}
	}
	batch, err := commitlog.Validate(p.Records, log.Config(), version)
	if err != nil {
		return commitlog.AppendResult{}, err
	}
	options, err := txn.admit(topic.Name, p.Index, batch)
	if err != nil {
		return commitlog.AppendResult{}, err
	}
	res, err := log.AppendWith(batch, options)
	if err == nil && s.cfg.Observer != nil {
		s.cfg.Observer.Produced(topic.Name, 1, len(batch))
	}
	return res, err
}

// resolve finds a topic by id or by name.
func (s *Server) resolve(name string, id [16]byte, byID bool) (*metadata.Topic, int16) {
	if byID {
		if t := s.meta.TopicByID(id); t != nil {
			return t, errNone
		}
		return nil, errUnknownTopicID
	}
	if t := s.meta.Topic(name); t != nil {
		return t, errNone
	}
	return nil, errUnknownTopic
}

// log finds a partition, nil if the topic does not have it.
func (s *Server) log(t *metadata.Topic, partition int32) *commitlog.Log {
	if t == nil || partition < 0 || partition >= t.Partitions {
		return nil
	}
	return s.logs.Log(commitlog.ID{Topic: t.ID, Partition: partition})
}
