package wire

import (
	"encoding/binary"

	"github.com/kurier-io/kurier/plugins/connect"
	"github.com/kurier-io/kurier/plugins/data"
)

// minRecord is the least size of a record item; a frame's count is checked against it before anything is allocated.
const minRecord = 3

// A SourceBatch is a decoded frame of source records. Strings and bytes of the records alias the frame.
type SourceBatch struct {
	Records []connect.Record
	// Partitions holds, for each record, the number of its source partition (see [SourceBatch.Partition]); 0: none.
	Partitions []uint32
	// Offsets holds, for each record, its source offset for [DecodePosition], aliasing the frame; nil: none.
	Offsets [][]byte

	parts []map[string]any // the stream's dictionary up to this frame; its elements never change
}

// Partition returns the source partition of a number from Partitions. The map must not be changed; it is the same one for all batches of
// a stream.
func (b *SourceBatch) Partition(n uint32) map[string]any {
	if n == 0 || int(n) > len(b.parts) {
		return nil
	}
	return b.parts[n-1]
}

// A Decoder reads the frames of one direction of one stream. It is used by one goroutine at a time.
type Decoder struct {
	schemas []*data.Schema
	topics  []string
	parts   []map[string]any

	b      []byte
	values data.Decoder
	prev   ids
	same   bool
	lastSc *data.Schema // value schema of the record before, to size slabs
}

// NewDecoder returns a decoder with empty dictionaries.
func NewDecoder() *Decoder { return &Decoder{} }

func (d *Decoder) begin(frame []byte) (int, error) {
	if len(frame) < frameHeader {
		return 0, malformed("%d bytes", len(frame))
	}
	n := binary.LittleEndian.Uint32(frame)
	if uint64(n)*minRecord > uint64(len(frame)) {
		return 0, malformed("%d records announced in %d bytes", n, len(frame))
	}
	if frame[4]&flagForget != 0 {
		d.schemas, d.topics, d.parts = nil, nil, nil
	}
	d.b, d.same = frame[frameHeader:], false
	d.values = data.Decoder{}
	if d.lastSc != nil {
		// A row of s takes at least a byte; the slabs cannot exceed a constant times the frame.
		d.values.Reserve(int(min(uint64(n), uint64(len(frame)/max(1, d.lastSc.NumFields()/8)))), d.lastSc)
	}
	return int(n), nil
}

// Source decodes a frame of source records.
func (d *Decoder) Source(frame []byte) (*SourceBatch, error) {
	n, err := d.begin(frame)
	if err != nil {
		return nil, err
	}
	out := &SourceBatch{Records: make([]connect.Record, n), Partitions: make([]uint32, n), Offsets: make([][]byte, n)}
	for i := range n {
		flags, _, err := d.record(&out.Records[i])
		if err != nil {
			return nil, err
		}
		out.Partitions[i] = uint32(d.prev.part)
		if flags&flagOffset != 0 {
			rest, err := data.Skip(d.b)
			if err != nil {
				return nil, malformed("source offset of record %d", i)
			}
			out.Offsets[i] = d.b[:len(d.b)-len(rest)]
			d.b = rest
		}
		if flags&flagHeaders != 0 {
			if err := d.headers(&out.Records[i]); err != nil {
				return nil, err
			}
		}
	}
	out.parts = d.parts
	return out, d.end()
}

// Sink decodes a frame of sink records.
func (d *Decoder) Sink(frame []byte) ([]connect.SinkRecord, error) {
	n, err := d.begin(frame)
	if err != nil {
		return nil, err
	}
	out := make([]connect.SinkRecord, n)
	prev := int64(0)
	for i := range out {
		r := &out[i]
		flags, more, err := d.record(&r.Record)
		if err != nil {
			return nil, err
		}
		if flags&flagHeaders != 0 {
			if err := d.headers(&r.Record); err != nil {
				return nil, err
			}
		}
		delta, ok := d.varint()
		if !ok || len(d.b) == 0 {
			return nil, malformed("offset of record %d", i)
		}
		r.Offset = prev + delta
		prev = r.Offset
		r.TimestampType = connect.TimestampType(int8(d.b[0]))
		d.b = d.b[1:]
		r.OriginalTopic, r.OriginalPartition = r.Topic, r.Partition.V
		if more&moreMoved != 0 {
			t, ok := d.uvarint()
			p, ok2 := d.varint()
			if !ok || !ok2 || t == 0 || t > uint64(len(d.topics)) || int64(int32(p)) != p {
				return nil, malformed("origin of record %d", i)
			}
			r.OriginalTopic, r.OriginalPartition = d.topics[t-1], int32(p)
		}
	}
	return out, d.end()
}

func (d *Decoder) end() error {
	if len(d.b) != 0 {
		return malformed("%d bytes behind the last record", len(d.b))
	}
	return nil
}

// record reads definitions up to the next record, and that up to its value.
func (d *Decoder) record(r *connect.Record) (flags, more byte, err error) {
	for {
		if len(d.b) == 0 {
			return 0, 0, malformed("a record is missing")
		}
		item := d.b[0]
		d.b = d.b[1:]
		if item == itemRecord {
			break
		}
		if err := d.define(item); err != nil {
			return 0, 0, err
		}
	}
	if len(d.b) < 2 {
		return 0, 0, malformed("record flags")
	}
	flags, more = d.b[0], d.b[1]
	d.b = d.b[2:]
	if flags&flagSame == 0 {
		for _, p := range [...]*uint64{&d.prev.topic, &d.prev.key, &d.prev.value, &d.prev.part} {
			n, ok := d.uvarint()
			if !ok {
				return 0, 0, malformed("record ids")
			}
			*p = n
		}
		if d.prev.topic == 0 || d.prev.topic > uint64(len(d.topics)) || d.prev.key > uint64(len(d.schemas)) ||
			d.prev.value > uint64(len(d.schemas)) || d.prev.part > uint64(len(d.parts)) {
			return 0, 0, malformed("a record refers to something undefined")
		}
		d.same = true
	} else if !d.same {
		return 0, 0, malformed("no record before the one that repeats it")
	}
	r.Topic, r.KeySchema, r.ValueSchema = d.topics[d.prev.topic-1], d.schemaAt(d.prev.key), d.schemaAt(d.prev.value)
	d.lastSc = r.ValueSchema
	if flags&flagPartition != 0 {
		p, ok := d.varint()
		if !ok || int64(int32(p)) != p {
			return 0, 0, malformed("partition")
		}
		r.Partition = connect.Some(int32(p))
	}
	if flags&flagTimestamp != 0 {
		if len(d.b) < 8 {
			return 0, 0, malformed("timestamp")
		}
		r.Timestamp = connect.Some(int64(binary.LittleEndian.Uint64(d.b)))
		d.b = d.b[8:]
	}
	if flags&flagKey != 0 {
		if r.Key, d.b, err = d.values.Decode(r.KeySchema, d.b); err != nil {
			return 0, 0, malformed("key")
		}
	}
	if flags&flagValue != 0 {
		if r.Value, d.b, err = d.values.Decode(r.ValueSchema, d.b); err != nil {
			return 0, 0, malformed("value")
		}
	}
	return flags, more, nil
}

func (d *Decoder) schemaAt(n uint64) *data.Schema {
	if n == 0 {
		return nil
	}
	return d.schemas[n-1]
}

func (d *Decoder) define(item byte) error {
	if len(d.schemas)+len(d.topics)+len(d.parts) > 3*MaxDefinitions {
		return malformed("more than %d definitions", 3*MaxDefinitions)
	}
	switch item {
	case itemSchema:
		s, rest, err := data.DecodeSchema(d.b)
		if err != nil {
			return malformed("schema definition")
		}
		d.schemas, d.b = append(d.schemas, s), rest
	case itemTopic:
		t, ok := d.text()
		if !ok {
			return malformed("topic definition")
		}
		d.topics = append(d.topics, t)
	case itemPartition:
		var vd data.Decoder
		v, rest, err := vd.Decode(nil, d.b)
		if err != nil {
			return malformed("partition definition")
		}
		p, err := positionOf(v)
		if err != nil {
			return err
		}
		d.parts, d.b = append(d.parts, p), rest
	default:
		return malformed("item %d", item)
	}
	return nil
}

func (d *Decoder) headers(r *connect.Record) error {
	n, ok := d.uvarint()
	if !ok || n > uint64(len(d.b)) {
		return malformed("header count")
	}
	r.Headers = make([]connect.Header, 0, min(n, 64))
	for range n {
		key, ok := d.text()
		id, ok2 := d.uvarint()
		if !ok || !ok2 || id > uint64(len(d.schemas)) || len(d.b) == 0 {
			return malformed("header")
		}
		h := connect.Header{Key: key, Schema: d.schemaAt(id)}
		present := d.b[0]
		d.b = d.b[1:]
		if present != 0 {
			var err error
			if h.Value, d.b, err = d.values.Decode(h.Schema, d.b); err != nil {
				return malformed("header %q", key)
			}
		}
		r.Headers = append(r.Headers, h)
	}
	return nil
}

func (d *Decoder) uvarint() (uint64, bool) {
	n, w := binary.Uvarint(d.b)
	if w <= 0 {
		return 0, false
	}
	d.b = d.b[w:]
	return n, true
}

func (d *Decoder) varint() (int64, bool) {
	n, w := binary.Varint(d.b)
	if w <= 0 {
		return 0, false
	}
	d.b = d.b[w:]
	return n, true
}

// text copies: what it reads outlives the frame.
func (d *Decoder) text() (string, bool) {
	n, ok := d.uvarint()
	if !ok || n > uint64(len(d.b)) {
		return "", false
	}
	s := string(d.b[:n])
	d.b = d.b[n:]
	return s, true
}
