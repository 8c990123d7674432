package worker

import (
	"context"
	"errors"
	"fmt"
	"net"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/kurier-io/kurier/plugins/connect"
	"github.com/kurier-io/kurier/plugins/data"
	"github.com/kurier-io/kurier/runtime/tolerance"
)

// take converts what a poll returned. The bytes of the records stay valid as long as anything refers to them.
func (l *sinkLoop) take(f kgo.Fetches) error {
	for _, e := range f.Errors() {
		if errors.Is(e.Err, context.Canceled) {
			continue // the poll was ended by the loop itself
		}
		if heals(e.Err) {
			l.t.log.Warn("fetching failed and is tried again", "topic", e.Topic, "partition", e.Partition, "err", e.Err)
			continue
		}
		return fmt.Errorf("consuming topic %s partition %d: %w", e.Topic, e.Partition, e.Err)
	}
	n := f.NumRecords()
	if n == 0 {
		return nil
	}
	in := make([]*kgo.Record, 0, n)
	for _, ft := range f {
		for i := range ft.Topics {
			for j := range ft.Topics[i].Partitions {
				p := &ft.Topics[i].Partitions[j]
				tp := connect.TopicPartition{Topic: ft.Topics[i].Topic, Partition: p.Partition}
				if l.owned[tp] == nil || len(p.Records) == 0 {
					continue // taken away since the poll
				}
				l.t.uses(tp.Topic)
				in = append(in, p.Records...)
				l.readyTo[tp] = p.Records[len(p.Records)-1].Offset + 1
			}
		}
	}
	return l.convertAll(in)
}

// convertAll converts records into l.ready, in order.
func (l *sinkLoop) convertAll(in []*kgo.Record) error {
	out := make([]connect.SinkRecord, len(in))
	keep := make([]bool, len(in))
	kept := 0
	err := l.p.lanes.each(len(in), func(ln *lane, from, to int) (int, error) {
		for i := from; i < to; i++ {
			var err error
			if keep[i], err = l.convert(ln, &out[i], in[i]); err != nil {
				return i - from, err
			}
		}
		return to - from, nil
	}, func(from, to int) error {
		for i := from; i < to; i++ {
			if !keep[i] {
				continue
			}
			if kept != i {
				out[kept] = out[i]
			}
			kept++
		}
		return nil
	})
	l.ready = out[:kept]
	return err
}

// heals reports whether the consumer gets over an error by itself: the cluster is away for a while, the group has put the member out, records were
// truncated. What an operator must change does not heal.
func heals(err error) bool {
	if k, ok := errors.AsType[*kerr.Error](err); ok {
		switch k {
		case kerr.UnknownTopicOrPartition, kerr.UnknownMemberID, kerr.IllegalGeneration, kerr.RebalanceInProgress:
			return true
		}
		return k.Retriable
	}
	if _, ok := errors.AsType[*kgo.ErrDataLoss](err); ok {
		return true
	}
	if _, ok := errors.AsType[*kgo.ErrGroupSession](err); ok {
		return true // no answer at all: had the group refused the member, there would be a code
	}
	_, unreachable := errors.AsType[net.Error](err)
	return unreachable || kgo.IsRetryableBrokerErr(err)
}

// skipEmpty advances past records that were all left out: there is nothing to put, but they are dealt with.
func (l *sinkLoop) skipEmpty() {
	for tp, to := range l.readyTo {
		if p := l.owned[tp]; p != nil {
			p.put = to
		}
	}
	clear(l.readyTo)
}

// convert makes a record of bytes: key, value, headers, then transformations.
func (l *sinkLoop) convert(ln *lane, out *connect.SinkRecord, in *kgo.Record) (keep bool, err error) {
	at := func(e *tolerance.StageError) *tolerance.StageError {
		if e != nil {
			e.Record = sinkRecord(in)
		}
		return e
	}
	skip, err := l.p.op.Do(l.t.soft, func() *tolerance.StageError { return at(ln.read(out, in)) })
	if err != nil || skip {
		return false, err
	}
	if ln.chain.Empty() {
		return true, nil
	}
	skip, err = l.p.op.Do(l.t.soft, func() (e *tolerance.StageError) {
		ln.scratch = out.Record
		if keep, e = ln.chain.Apply(&ln.scratch); e == nil {
			out.Record = ln.scratch
		}
		return at(e)
	})
	return keep && !skip && err == nil, err
}

// sinkRecord describes a consumed record for an operator.
func sinkRecord(r *kgo.Record) tolerance.RecordInfo {
	return tolerance.RecordInfo{Topic: r.Topic, Partition: &r.Partition, Offset: &r.Offset}
}

func (ln *lane) read(out *connect.SinkRecord, in *kgo.Record) *tolerance.StageError {
	c := ln.conv
	*out = connect.SinkRecord{
		Record: connect.Record{Topic: in.Topic, Partition: connect.Some(in.Partition), KafkaOffset: connect.Some(in.Offset)},
		Offset: in.Offset, OriginalTopic: in.Topic, OriginalPartition: in.Partition,
		TimestampType: connect.TimestampType(in.Attrs.TimestampType()),
	}
	if ms := in.Timestamp.UnixMilli(); ms >= 0 {
		out.Timestamp = connect.Some(ms)
	}
	var err error
	ln.headers = in.Headers
	if out.KeySchema, out.Key, err = ln.readBytes(c.Key, in.Topic, in.Key); err != nil {
		return &tolerance.StageError{Stage: tolerance.KeyConverter, Class: c.KeyClass, Err: err}
	}
	if out.ValueSchema, out.Value, err = ln.readBytes(c.Value, in.Topic, in.Value); err != nil {
		return &tolerance.StageError{Stage: tolerance.ValueConverter, Class: c.ValueClass, Err: err}
	}
	for i := range in.Headers {
		h := connect.Header{Key: in.Headers[i].Key}
		if h.Schema, h.Value, err = c.Header.ToConnectHeader(in.Topic, h.Key, in.Headers[i].Value); err != nil {
			return &tolerance.StageError{Stage: tolerance.HeaderConverter, Class: c.HeaderCls, Err: fmt.Errorf("header %q: %w", h.Key, err)}
		}
		out.Headers = append(out.Headers, h)
	}
	return nil
}

// readBytes converts a key or value of the record whose headers are at hand.
func (ln *lane) readBytes(c connect.Converter, topic string, b []byte) (*data.Schema, data.Value, error) {
	if headed, is := c.(connect.HeadedConverter); is && len(ln.headers) > 0 {
		return headed.ToConnectDataHeaded(topic, &ln.headers, b)
	}
	return c.ToConnectData(topic, b)
}

// tolerate decides about records that the task itself refused for good.
func (l *sinkLoop) tolerate(d *delivery, bad *connect.BadRecordsError) error {
	for _, b := range bad.Records {
		e := &tolerance.StageError{Stage: tolerance.TaskPut, Class: "org.apache.kafka.connect.sink.SinkTask", Err: b.Err}
		if b.Index >= 0 && b.Index < len(d.records) {
			r := &d.records[b.Index]
			e.Record = tolerance.RecordInfo{Topic: r.OriginalTopic, Partition: &r.OriginalPartition, Offset: &r.Offset}
		}
		if _, err := l.p.op.Tolerate(l.t.soft, e); err != nil {
			return err
		}
	}
	return nil
}
