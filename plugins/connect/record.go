package connect

import "github.com/kurier-io/kurier/plugins/data"

// An Opt is a value that may be absent.
type Opt[T any] struct {
	V   T
	Set bool
}

// Some returns a present value.
func Some[T any](v T) Opt[T] { return Opt[T]{v, true} }

// A Header is one record header; keys may repeat and their order is kept.
type Header struct {
	Key    string
	Schema *data.Schema
	Value  data.Value
}

// NewHeader returns a header whose value fits its schema; the error texts are Java's. A nil schema takes any value, and becomes the
// struct's own when it is one.
func NewHeader(key string, s *data.Schema, v data.Value) (Header, error) {
	if s == nil {
		if st := v.Struct(); st != nil {
			s = st.Schema()
		}
		return Header{key, s, v}, nil
	}
	if v.IsNull() && !s.Optional() {
		return Header{}, data.Errorf("A null value requires an optional schema but was %s", s)
	}
	if err := data.Validate(s, v); err != nil {
		return Header{}, data.Errorf("The value %s is not compatible with the schema %s", v, s)
	}
	return Header{key, s, v}, nil
}

// A Record is what source and sink records share (Java: ConnectRecord). A nil schema means a schemaless value.
type Record struct {
	Topic       string
	Partition   Opt[int32] // unset: the producer's partitioner chooses
	KeySchema   *data.Schema
	Key         data.Value
	ValueSchema *data.Schema
	Value       data.Value
	Timestamp   Opt[int64] // milliseconds since the epoch
	Headers     []Header
	// KafkaOffset is the offset that a sink record was consumed from; unset for source records, and ignored when a sink record is delivered
	// (SinkRecord.Offset is). Transformations read it.
	KafkaOffset Opt[int64]
	// OwnedKey and OwnedValue are Key and Value as structs that a transformation has made for this record alone, and of which it kept
	// nothing: the next one of the chain may write into them. A transformation that shares such a struct sets the field to nil; one that
	// replaces the value need not. Both are nil outside of a chain.
	OwnedKey, OwnedValue *data.Struct
}

// A SourceRecord is a record on its way from an external system into a topic.
//
// SourcePartition names the stream of the source system that the record belongs to, and SourceOffset the position in it behind the
// record: after a restart the task is given the offset of the last record that is safely in its topic. Partition maps must not be
// changed once they were used. A record without a partition takes that of the next record of the same batch which has one. A nil
// SourceOffset says that the record marks no position of its own, so a batch may carry one offset, on its last record.
type SourceRecord struct {
	Record
	SourcePartition map[string]any
	SourceOffset    map[string]any
}

// A TimestampType tells who set a consumed record's timestamp.
type TimestampType int8

// The timestamp types of Kafka.
const (
	NoTimestampType TimestampType = iota - 1
	CreateTime
	LogAppendTime
)

// A SinkRecord is a record on its way from a topic into an external system.
type SinkRecord struct {
	Record
	Offset        int64
	TimestampType TimestampType

	// The coordinates in Kafka before any transformation (KIP-793).
	OriginalTopic     string
	OriginalPartition int32
}

// A TopicPartition names a partition of a topic.
type TopicPartition struct {
	Topic     string
	Partition int32
}
