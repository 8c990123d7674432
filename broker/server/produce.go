package server

import (
	"errors"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/kurier-io/kurier/broker/commitlog"
	"github.com/kurier-io/kurier/broker/metadata"
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
	for i := range req.Topics {
		t := &req.Topics[i]
		out := &resp.Topics[i]
		*out = kmsg.NewProduceResponseTopic()
		out.Topic, out.TopicID = t.Name, t.ID
		out.Partitions = make([]kmsg.ProduceResponseTopicPartition, len(t.Partitions))
		topic, code := c.s.resolve(t.Name, t.ID, peek.Version >= 13)
		for j := range t.Partitions {
			p := &t.Partitions[j]
			row := &out.Partitions[j]
			*row = kmsg.NewProduceResponseTopicPartition()
			row.Partition, row.BaseOffset, row.LogAppendTime, row.LogStartOffset = p.Index, -1, -1, -1
			row.ErrorRecords = []kmsg.ProduceResponseTopicPartitionErrorRecord{}
			res, err := c.s.appendRecords(topic, code, req, p, peek.Version)
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

func (s *Server) appendRecords(topic *metadata.Topic, code int16, req wireproto.ProduceRequest, p *wireproto.ProducePartition, version int16) (commitlog.AppendResult, error) {
	switch {
	case req.Acks < -1 || req.Acks > 1:
		return commitlog.AppendResult{}, &produceError{errInvalidRequiredAcks, fmt.Sprintf("acks=%d is not -1, 0 or 1", req.Acks)}
	case req.Transactional:
		return commitlog.AppendResult{}, &produceError{errTxnIDNotAuthorized, "this broker does not offer transactions"}
	case code != errNone:
		return commitlog.AppendResult{}, &produceError{code, "unknown topic"}
	}
	log := s.log(topic, p.Index)
	if log == nil {
		return commitlog.AppendResult{}, &produceError{errUnknownTopic, fmt.Sprintf("topic %s has no partition %d", topic.Name, p.Index)}
	}
	if topic.Name == offsetsTopic {
		return commitlog.AppendResult{}, &produceError{errInvalidTopic, "clients may not write to an internal topic"}
	}
	batch, err := commitlog.Validate(p.Records, log.Config(), version)
	if err != nil {
		return commitlog.AppendResult{}, err
	}
	return log.Append(batch)
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

func (s *Server) initProducerID(req *kmsg.InitProducerIDRequest) kmsg.Response {
	resp := kmsg.NewPtrInitProducerIDResponse()
	resp.ProducerID, resp.ProducerEpoch = -1, -1
	if req.TransactionalID != nil {
		resp.ErrorCode = errTxnIDNotAuthorized
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
