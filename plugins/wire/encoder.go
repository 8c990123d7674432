package wire

import (
	"encoding/binary"
	"fmt"
	"maps"

	"github.com/kurier-io/kurier/plugins/connect"
	"github.com/kurier-io/kurier/plugins/data"
)

// An Encoder turns batches into frames for one direction of one stream. It is used by one goroutine at a time.
type Encoder struct {
	schemas  map[*data.Schema]uint64 // by pointer, the usual case
	known    map[string]uint64       // by encoded form, for connectors that build equal schemas again and again
	topics   map[string]uint64
	parts    map[string]uint64
	lastPart map[string]any
	lastID   uint64
	scratch  []byte
	prev     ids
	hasPrev  bool
}

type ids struct{ topic, key, value, part uint64 }

// NewEncoder returns an encoder with empty dictionaries.
func NewEncoder() *Encoder {
	e := &Encoder{}
	e.forget()
	return e
}

func (e *Encoder) forget() {
	e.schemas, e.known, e.topics, e.parts = map[*data.Schema]uint64{}, map[string]uint64{}, map[string]uint64{}, map[string]uint64{}
	e.lastPart, e.lastID, e.hasPrev = nil, 0, false
}

func (e *Encoder) begin(dst []byte, n int) []byte {
	var flags byte
	if len(e.schemas) >= MaxDefinitions || len(e.known) >= MaxDefinitions || len(e.topics) >= MaxDefinitions || len(e.parts) >= MaxDefinitions {
		e.forget()
		flags = flagForget
	}
	e.hasPrev = false
	dst = binary.LittleEndian.AppendUint32(dst, uint32(n))
	return append(dst, flags)
}

// Source appends a frame of source records to dst. A record that does not fit its schema is an error that names it; dst is then
// unchanged and the encoder must not be used any more, since the reader has not seen what it defined.
func (e *Encoder) Source(dst []byte, recs []connect.SourceRecord) ([]byte, error) {
	out := e.begin(dst, len(recs))
	for i := range recs {
		r := &recs[i]
		part := r.SourcePartition
		for j := i + 1; part == nil && j < len(recs); j++ {
			part = recs[j].SourcePartition
			if part == nil {
				continue
			}
			// Give the run its partition at once, so that a batch without partitions stays linear.
			for k := i; k < j; k++ {
				recs[k].SourcePartition = part
			}
		}
		var err error
		var id ids
		if out, id.part, err = e.partition(out, part); err != nil {
			return dst, recordError(i, &r.Record, err)
		}
		var flags byte
		if r.SourceOffset != nil {
			flags |= flagOffset
		}
		if out, err = e.common(out, &r.Record, id, flags, 0); err != nil {
			return dst, recordError(i, &r.Record, err)
		}
		if r.SourceOffset != nil {
			if out, err = AppendPosition(out, r.SourceOffset); err != nil {
				return dst, recordError(i, &r.Record, err)
			}
		}
		if out, err = e.headers(out, r.Headers); err != nil {
			return dst, recordError(i, &r.Record, err)
		}
	}
	return out, nil
}

// Sink appends a frame of sink records to dst; errors as for Source.
func (e *Encoder) Sink(dst []byte, recs []connect.SinkRecord) ([]byte, error) {
	out := e.begin(dst, len(recs))
	prev := int64(0)
	for i := range recs {
		r := &recs[i]
		var more byte
		var orig uint64
		if r.OriginalTopic != r.Topic || !r.Partition.Set || r.OriginalPartition != r.Partition.V {
			more = moreMoved
			out, orig = e.topic(out, r.OriginalTopic)
		}
		var err error
		if out, err = e.common(out, &r.Record, ids{}, 0, more); err != nil {
			return dst, recordError(i, &r.Record, err)
		}
		if out, err = e.headers(out, r.Headers); err != nil {
			return dst, recordError(i, &r.Record, err)
		}
		out = binary.AppendVarint(out, r.Offset-prev)
		prev = r.Offset
		out = append(out, byte(r.TimestampType))
		if more != 0 {
			out = binary.AppendUvarint(out, orig)
			out = binary.AppendVarint(out, int64(r.OriginalPartition))
		}
	}
	return out, nil
}

func recordError(i int, r *connect.Record, err error) error {
	return &connect.BadRecordsError{Records: []connect.RecordError{{Index: i, Err: fmt.Errorf("record for topic %q: %w", r.Topic, err)}}}
}

// common writes definitions that the record needs, then the record up to its value.
func (e *Encoder) common(dst []byte, r *connect.Record, id ids, flags, more byte) ([]byte, error) {
	var err error
	dst, id.topic = e.topic(dst, r.Topic)
	if dst, id.key, err = e.schema(dst, r.KeySchema); err != nil {
		return dst, err
	}
	if dst, id.value, err = e.schema(dst, r.ValueSchema); err != nil {
		return dst, err
	}
	for i := range r.Headers {
		if dst, _, err = e.schema(dst, r.Headers[i].Schema); err != nil {
			return dst, err
		}
	}
	if e.hasPrev && id == e.prev {
		flags |= flagSame
	}
	if r.Partition.Set {
		flags |= flagPartition
	}
	if r.Timestamp.Set {
		flags |= flagTimestamp
	}
	if !r.Key.IsNull() {
		flags |= flagKey
	}
	if !r.Value.IsNull() {
		flags |= flagValue
	}
	if len(r.Headers) > 0 {
		flags |= flagHeaders
	}
	dst = append(dst, itemRecord, flags, more)
	if flags&flagSame == 0 {
		for _, n := range [...]uint64{id.topic, id.key, id.value, id.part} {
			dst = binary.AppendUvarint(dst, n)
		}
		e.prev, e.hasPrev = id, true
	}
	if r.Partition.Set {
		dst = binary.AppendVarint(dst, int64(r.Partition.V))
	}
	if r.Timestamp.Set {
		dst = binary.LittleEndian.AppendUint64(dst, uint64(r.Timestamp.V))
	}
	if flags&flagKey != 0 {
		if dst, err = data.AppendValue(dst, r.KeySchema, r.Key); err != nil {
			return dst, fmt.Errorf("key: %w", err)
		}
	}
	if flags&flagValue != 0 {
		if dst, err = data.AppendValue(dst, r.ValueSchema, r.Value); err != nil {
			return dst, fmt.Errorf("value: %w", err)
		}
	}
	return dst, nil
}

func (e *Encoder) headers(dst []byte, hs []connect.Header) ([]byte, error) {
	if len(hs) == 0 {
		return dst, nil
	}
	dst = binary.AppendUvarint(dst, uint64(len(hs)))
	for i := range hs {
		h := &hs[i]
		dst = appendText(dst, h.Key)
		_, id, err := e.schema(nil, h.Schema) // defined by common already
		if err != nil {
			return dst, err
		}
		dst = binary.AppendUvarint(dst, id)
		if h.Value.IsNull() {
			dst = append(dst, 0)
			continue
		}
		if dst, err = data.AppendValue(append(dst, 1), h.Schema, h.Value); err != nil {
			return dst, fmt.Errorf("header %q: %w", h.Key, err)
		}
	}
	return dst, nil
}

func (e *Encoder) schema(dst []byte, s *data.Schema) ([]byte, uint64, error) {
	if s == nil {
		return dst, 0, nil
	}
	if id, ok := e.schemas[s]; ok {
		return dst, id, nil
	}
	var err error
	if e.scratch, err = data.AppendSchema(e.scratch[:0], s); err != nil {
		return dst, 0, err
	}
	id, ok := e.known[string(e.scratch)]
	if !ok {
		id = uint64(len(e.known) + 1)
		e.known[string(e.scratch)] = id
		dst = append(append(dst, itemSchema), e.scratch...)
	}
	e.schemas[s] = id
	return dst, id, nil
}

func (e *Encoder) topic(dst []byte, topic string) ([]byte, uint64) {
	id, ok := e.topics[topic]
	if !ok {
		id = uint64(len(e.topics) + 1)
		e.topics[string([]byte(topic))] = id
		dst = appendText(append(dst, itemTopic), topic)
	}
	return dst, id
}

func (e *Encoder) partition(dst []byte, p map[string]any) ([]byte, uint64, error) {
	if p == nil {
		return dst, 0, nil
	}
	if e.lastID != 0 && maps.Equal(e.lastPart, p) {
		return dst, e.lastID, nil
	}
	var err error
	if e.scratch, err = AppendPosition(e.scratch[:0], p); err != nil {
		return dst, 0, fmt.Errorf("source partition: %w", err)
	}
	id, ok := e.parts[string(e.scratch)]
	if !ok {
		id = uint64(len(e.parts) + 1)
		e.parts[string(e.scratch)] = id
		dst = append(append(dst, itemPartition), e.scratch...)
	}
	e.lastPart, e.lastID = maps.Clone(p), id
	return dst, id, nil
}

func appendText(dst []byte, s string) []byte {
	return append(binary.AppendUvarint(dst, uint64(len(s))), s...)
}
