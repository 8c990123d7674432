package wireproto

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
)

// HeaderSize is the size of a record batch header, magic 2.
const HeaderSize = 61

// Attribute bits of a record batch.
const (
	AttrCodecMask     = 0x07
	AttrLogAppendTime = 0x08
	AttrTransactional = 0x10
	AttrControl       = 0x20
	AttrDeleteHorizon = 0x40
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// Checksum is CRC-32C, the polynomial of record batches and of the journal.
func Checksum(b []byte) uint32 { return crc32.Checksum(b, castagnoli) }

// ErrIncomplete reports a batch that continues past the end of its input.
var ErrIncomplete = errors.New("wireproto: incomplete record batch")

// ErrCorrupt reports a batch that cannot be what a producer sent.
var ErrCorrupt = errors.New("wireproto: corrupt record batch")

// Batch is a view of one record batch of format 2, header included. The
// accessors assume at least HeaderSize bytes, which NextBatch guarantees.
type Batch []byte

// PeekLength returns the total size of the batch that starts at b[0], of which
// only the first 17 bytes need to be present.
func PeekLength(b []byte) (int, error) {
	if len(b) < 17 {
		return 0, ErrIncomplete
	}
	n := int64(int32(binary.BigEndian.Uint32(b[8:]))) + 12
	if n < HeaderSize {
		return 0, fmt.Errorf("%w: length %d", ErrCorrupt, n)
	}
	if b[16] != 2 {
		return 0, fmt.Errorf("%w: magic %d", ErrCorrupt, int8(b[16]))
	}
	return int(n), nil
}

// NextBatch splits the first batch off b.
func NextBatch(b []byte) (batch Batch, rest []byte, err error) {
	n, err := PeekLength(b)
	if err != nil {
		return nil, nil, err
	}
	if n > len(b) {
		return nil, nil, ErrIncomplete
	}
	return Batch(b[:n:n]), b[n:], nil
}

func (b Batch) BaseOffset() int64      { return int64(binary.BigEndian.Uint64(b)) }
func (b Batch) LeaderEpoch() int32     { return int32(binary.BigEndian.Uint32(b[12:])) }
func (b Batch) CRC() uint32            { return binary.BigEndian.Uint32(b[17:]) }
func (b Batch) Attributes() int16      { return int16(binary.BigEndian.Uint16(b[21:])) }
func (b Batch) LastOffsetDelta() int32 { return int32(binary.BigEndian.Uint32(b[23:])) }
func (b Batch) BaseTimestamp() int64   { return int64(binary.BigEndian.Uint64(b[27:])) }
func (b Batch) MaxTimestamp() int64    { return int64(binary.BigEndian.Uint64(b[35:])) }
func (b Batch) ProducerID() int64      { return int64(binary.BigEndian.Uint64(b[43:])) }
func (b Batch) ProducerEpoch() int16   { return int16(binary.BigEndian.Uint16(b[51:])) }
func (b Batch) BaseSequence() int32    { return int32(binary.BigEndian.Uint32(b[53:])) }
func (b Batch) Count() int32           { return int32(binary.BigEndian.Uint32(b[57:])) }

// LastOffset is the offset of the last record that the batch was produced with.
func (b Batch) LastOffset() int64 { return b.BaseOffset() + int64(b.LastOffsetDelta()) }

// Codec is the compression codec, 0 to 4 when valid.
func (b Batch) Codec() int { return int(b.Attributes() & AttrCodecMask) }

// Control reports a batch of transaction markers.
func (b Batch) Control() bool { return b.Attributes()&AttrControl != 0 }

// Transactional reports a batch, data or marker, that belongs to a transaction.
func (b Batch) Transactional() bool { return b.Attributes()&AttrTransactional != 0 }

// Payload is the record section, compressed if Codec says so.
func (b Batch) Payload() []byte { return b[HeaderSize:] }

// LastSequence is the sequence of the last record; sequences wrap from
// 2^31-1 to 0.
func (b Batch) LastSequence() int32 {
	return AddSequence(b.BaseSequence(), b.LastOffsetDelta())
}

// AddSequence adds modulo 2^31.
func AddSequence(seq, n int32) int32 {
	return int32((int64(seq) + int64(n)) & 0x7fffffff)
}

// SetBaseOffset patches the base offset, which the checksum does not cover.
func (b Batch) SetBaseOffset(o int64) { binary.BigEndian.PutUint64(b, uint64(o)) }

// SetLeaderEpoch patches the leader epoch, which the checksum does not cover.
func (b Batch) SetLeaderEpoch(e int32) { binary.BigEndian.PutUint32(b[12:], uint32(e)) }

// SetLogAppendTime marks the batch as stamped by the broker at ts and
// recomputes its checksum.
func (b Batch) SetLogAppendTime(ts int64) {
	binary.BigEndian.PutUint16(b[21:], uint16(b.Attributes())|AttrLogAppendTime)
	binary.BigEndian.PutUint64(b[35:], uint64(ts))
	b.UpdateCRC()
}

// SetTransactional makes the batch part of a producer's transaction, without
// sequence numbers, and recomputes the CRC.
func (b Batch) SetTransactional(pid int64, epoch int16) {
	binary.BigEndian.PutUint16(b[21:], uint16(b.Attributes()|AttrTransactional))
	binary.BigEndian.PutUint64(b[43:], uint64(pid))
	binary.BigEndian.PutUint16(b[51:], uint16(epoch))
	binary.BigEndian.PutUint32(b[53:], 0xffffffff)
	b.UpdateCRC()
}

// UpdateCRC recomputes the checksum.
func (b Batch) UpdateCRC() { binary.BigEndian.PutUint32(b[17:], Checksum(b[21:])) }

// CheckCRC verifies the checksum.
func (b Batch) CheckCRC() error {
	if got := Checksum(b[21:]); got != b.CRC() {
		return fmt.Errorf("%w: checksum %08x, header says %08x", ErrCorrupt, got, b.CRC())
	}
	return nil
}
