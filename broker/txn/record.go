package txn

import (
	"fmt"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/kurier-io/kurier/broker/wireproto"
)

// The record of a transactional id in Kafka's __transaction_state: key version 0,
// value version 1 (TransactionLogValue.json), a null value once it expired.

func tombstone(id string) wireproto.Record {
	k := kmsg.TxnMetadataKey{TransactionalID: id}
	return wireproto.Record{Key: k.AppendTo(nil)}
}

func record(id string, m *metadata) wireproto.Record {
	rec := tombstone(id)
	if m.state == Dead {
		return rec
	}
	v := kmsg.NewTxnMetadataValue()
	v.Version = 1
	v.ProducerID, v.ProducerEpoch = m.producerID, m.epoch
	v.TimeoutMillis, v.State = m.timeout, kmsg.TransactionState(m.state)
	v.LastUpdateTimestamp, v.StartTimestamp = m.updated, m.start
	v.PreviousProducerID, v.NextProducerID = m.prev, m.next
	v.ClientTransactionVersion = m.clientVersion
	if m.state != Empty {
		v.Topics = byTopic(m.partitions.sorted())
	}
	rec.Value = v.AppendTo(nil)
	return rec
}

// byTopic groups sorted partitions; it is never nil.
func byTopic(tps []TopicPartition) []kmsg.TxnMetadataValueTopic {
	topics := []kmsg.TxnMetadataValueTopic{}
	for _, tp := range tps {
		if len(topics) == 0 || topics[len(topics)-1].Topic != tp.Topic {
			topics = append(topics, kmsg.TxnMetadataValueTopic{Topic: tp.Topic})
		}
		t := &topics[len(topics)-1]
		t.Partitions = append(t.Partitions, tp.Partition)
	}
	return topics
}

// decodeKey returns the id of a key. Keys of versions that are not known belong
// to something else: ok is false.
func decodeKey(key []byte) (id string, ok bool, err error) {
	r := wireproto.NewReader(key)
	version := r.Int16()
	if err := r.Err(); err != nil {
		return "", false, fmt.Errorf("txn: key: %w", err)
	}
	if version != 0 {
		return "", false, nil
	}
	id, null := r.NullableString(false)
	if r.Err() != nil || null || id == "" || r.Len() != 0 {
		return "", false, fmt.Errorf("txn: key of %d bytes: %w", len(key), wireproto.ErrShort)
	}
	return id, true, nil
}

// decodeValue reads a value of version 0 or 1. It is written by hand as kmsg's
// reader trusts counts that a damaged record would have.
func decodeValue(value []byte) (metadata, error) {
	m := NewMachine(0).meta
	r := wireproto.NewReader(value)
	version := r.Int16()
	if version != 0 && version != 1 {
		return m, fmt.Errorf("value version %d is not known", version)
	}
	flexible := version == 1
	m.producerID, m.epoch, m.timeout = r.Int64(), r.Int16(), r.Int32()
	m.state = State(r.Int8())
	m.partitions = decodePartitions(r, flexible)
	m.updated, m.start = r.Int64(), r.Int64()
	if flexible {
		decodeTags(r, &m)
	}
	if err := r.Err(); err != nil {
		return m, err
	}
	switch {
	case r.Len() != 0:
		return m, fmt.Errorf("%d bytes after the value", r.Len())
	case m.state < Empty || m.state > PrepareEpochFence:
		return m, fmt.Errorf("state %d is not known", m.state)
	case m.producerID < 0 || m.epoch < 0 || m.timeout < 0:
		return m, fmt.Errorf("producer id %d, epoch %d, timeout %d", m.producerID, m.epoch, m.timeout)
	case m.state == PrepareEpochFence:
		m.state = PrepareAbort
	case m.state.idle():
		m.partitions = nil
	}
	return m, nil
}

func decodePartitions(r *wireproto.Reader, flexible bool) partitions {
	var all []TopicPartition
	for range r.ArrayLen(flexible, 3) {
		topic, _ := r.NullableString(flexible)
		for range r.ArrayLen(flexible, 4) {
			all = append(all, TopicPartition{topic, r.Int32()})
		}
		if flexible {
			r.SkipTags()
		}
		if r.Err() != nil {
			return nil
		}
	}
	if len(all) == 0 {
		return nil
	}
	return partitions(nil).with(all)
}

func decodeTags(r *wireproto.Reader, m *metadata) {
	for n := r.Uvarint(); n > 0 && r.Err() == nil; n-- {
		tag := r.Uvarint()
		f := wireproto.NewReader(r.Span(int(r.Uvarint())))
		switch tag {
		case 0:
			m.prev = f.Int64()
		case 1:
			m.next = f.Int64()
		case 2:
			m.clientVersion = f.Int16()
		default:
			continue // 3 is the next epoch of KIP-939, which is not offered
		}
		if f.Err() != nil || f.Len() != 0 {
			r.Span(-1)
		}
	}
}
