package wireproto

import (
	"encoding/binary"
	"fmt"
	"math/bits"
)

// Record is a view of one record inside an uncompressed payload.
type Record struct {
	TimestampDelta int64
	OffsetDelta    int32
	Key, Value     []byte // nil means null
	Headers        []byte // count and headers as on the wire
	Raw            []byte // the whole record, length included
}

// NextRecord splits the first record off an uncompressed payload.
func NextRecord(b []byte) (rec Record, rest []byte, err error) {
	length, n := binary.Varint(b)
	if n <= 0 || length < 0 || length > int64(len(b)-n) {
		return Record{}, nil, fmt.Errorf("%w: record length", ErrCorrupt)
	}
	total := n + int(length)
	r := Reader{src: b[n:total]}
	r.Int8()
	rec.TimestampDelta = r.Varint()
	rec.OffsetDelta = int32(r.Varint())
	rec.Key = r.varintBytes()
	rec.Value = r.varintBytes()
	rec.Headers = r.src
	count := r.Varint()
	if count < 0 || count > int64(len(r.src)) {
		r.fail()
	}
	for ; count > 0 && !r.bad; count-- {
		r.Span(int(r.Varint()))
		r.varintBytes()
	}
	if r.bad || len(r.src) != 0 {
		return Record{}, nil, fmt.Errorf("%w: record fields do not fit its length", ErrCorrupt)
	}
	rec.Raw = b[:total:total]
	return rec, b[total:], nil
}

func (r *Reader) varintBytes() []byte {
	n := r.Varint()
	if n < 0 {
		if n != -1 {
			r.fail()
		}
		return nil
	}
	if n > int64(len(r.src)) {
		r.fail()
		return nil
	}
	return r.Span(int(n))
}

// EachRecord calls fn for each record of an uncompressed payload and checks
// that there are exactly count of them and nothing after.
func EachRecord(payload []byte, count int32, fn func(Record) error) error {
	for range count {
		rec, rest, err := NextRecord(payload)
		if err != nil {
			return err
		}
		payload = rest
		if err := fn(rec); err != nil {
			return err
		}
	}
	if len(payload) != 0 {
		return fmt.Errorf("%w: %d bytes after the last record", ErrCorrupt, len(payload))
	}
	return nil
}

func varintLen(v int64) int {
	u := uint64(v<<1) ^ uint64(v>>63)
	return (bits.Len64(u|1) + 6) / 7
}

func bytesLen(b []byte) int {
	if b == nil {
		return varintLen(-1)
	}
	return varintLen(int64(len(b))) + len(b)
}

func appendVarBytes(dst, b []byte) []byte {
	if b == nil {
		return binary.AppendVarint(dst, -1)
	}
	return append(binary.AppendVarint(dst, int64(len(b))), b...)
}

// AppendRecord appends a record. Headers is the wire form; nil means none.
func AppendRecord(dst []byte, r Record) []byte {
	headers := r.Headers
	if headers == nil {
		headers = []byte{0}
	}
	n := 1 + varintLen(r.TimestampDelta) + varintLen(int64(r.OffsetDelta)) + bytesLen(r.Key) + bytesLen(r.Value) + len(headers)
	dst = binary.AppendVarint(dst, int64(n))
	dst = append(dst, 0)
	dst = binary.AppendVarint(dst, r.TimestampDelta)
	dst = binary.AppendVarint(dst, int64(r.OffsetDelta))
	dst = appendVarBytes(dst, r.Key)
	dst = appendVarBytes(dst, r.Value)
	return append(dst, headers...)
}

// NewBatch builds an uncompressed, non-idempotent batch of the broker's own
// records, all stamped ts (milliseconds). Offsets start at zero.
func NewBatch(ts int64, records ...Record) Batch {
	b := make(Batch, HeaderSize, HeaderSize+64*len(records))
	for i, r := range records {
		r.OffsetDelta, r.TimestampDelta = int32(i), 0
		b = AppendRecord(b, r)
	}
	FinishBatch(b, BatchInfo{
		LastOffsetDelta: int32(len(records) - 1), BaseTimestamp: ts, MaxTimestamp: ts,
		ProducerID: -1, ProducerEpoch: -1, BaseSequence: -1, Count: int32(len(records)),
	})
	return b
}

// BatchInfo is the header of a batch that the broker writes itself.
type BatchInfo struct {
	BaseOffset      int64
	LeaderEpoch     int32
	Attributes      int16
	LastOffsetDelta int32
	BaseTimestamp   int64
	MaxTimestamp    int64
	ProducerID      int64
	ProducerEpoch   int16
	BaseSequence    int32
	Count           int32
}

// Info copies the header fields.
func (b Batch) Info() BatchInfo {
	return BatchInfo{
		BaseOffset: b.BaseOffset(), LeaderEpoch: b.LeaderEpoch(), Attributes: b.Attributes(),
		LastOffsetDelta: b.LastOffsetDelta(), BaseTimestamp: b.BaseTimestamp(), MaxTimestamp: b.MaxTimestamp(),
		ProducerID: b.ProducerID(), ProducerEpoch: b.ProducerEpoch(), BaseSequence: b.BaseSequence(), Count: b.Count(),
	}
}

// FinishBatch fills in the header of b, whose payload starts at HeaderSize.
func FinishBatch(b Batch, h BatchInfo) {
	be := binary.BigEndian
	be.PutUint64(b, uint64(h.BaseOffset))
	be.PutUint32(b[8:], uint32(len(b)-12))
	be.PutUint32(b[12:], uint32(h.LeaderEpoch))
	b[16] = 2
	be.PutUint16(b[21:], uint16(h.Attributes))
	be.PutUint32(b[23:], uint32(h.LastOffsetDelta))
	be.PutUint64(b[27:], uint64(h.BaseTimestamp))
	be.PutUint64(b[35:], uint64(h.MaxTimestamp))
	be.PutUint64(b[43:], uint64(h.ProducerID))
	be.PutUint16(b[51:], uint16(h.ProducerEpoch))
	be.PutUint32(b[53:], uint32(h.BaseSequence))
	be.PutUint32(b[57:], uint32(h.Count))
	b.UpdateCRC()
}
