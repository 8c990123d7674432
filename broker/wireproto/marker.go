package wireproto

import (
	"encoding/binary"
	"fmt"
)

// ControlMarker is the content of a transaction marker.
type ControlMarker struct {
	Commit           bool
	CoordinatorEpoch int32
}

// NewMarker builds the control batch that ends a transaction: one record whose key
// is version 0 and type (0 abort, 1 commit) and whose value is version 0 and the
// coordinator epoch (KIP-98).
func NewMarker(ts, producerID int64, epoch int16, m ControlMarker) Batch {
	be := binary.BigEndian
	var key [4]byte
	if m.Commit {
		be.PutUint16(key[2:], 1)
	}
	var value [6]byte
	be.PutUint32(value[2:], uint32(m.CoordinatorEpoch))
	b := make(Batch, HeaderSize, HeaderSize+24)
	b = AppendRecord(b, Record{Key: key[:], Value: value[:]})
	FinishBatch(b, BatchInfo{
		Attributes: AttrTransactional | AttrControl, BaseTimestamp: ts, MaxTimestamp: ts,
		ProducerID: producerID, ProducerEpoch: epoch, BaseSequence: -1, Count: 1,
	})
	return b
}

// ParseMarker reads a control batch. One that compaction emptied, or of another
// type than a marker, is an error.
func ParseMarker(b Batch) (ControlMarker, error) {
	bad := func(what string) (ControlMarker, error) {
		return ControlMarker{}, fmt.Errorf("%w: control batch at offset %d %s", ErrCorrupt, b.BaseOffset(), what)
	}
	if len(b) < HeaderSize || !b.Control() || b.Count() != 1 || b.Codec() != CodecNone {
		return bad("does not hold one plain record")
	}
	r, rest, err := NextRecord(b.Payload())
	if err != nil || len(rest) != 0 {
		return bad("does not hold one record")
	}
	be := binary.BigEndian
	if len(r.Key) < 4 || len(r.Value) < 6 {
		return bad("has a short record")
	}
	kind := be.Uint16(r.Key[2:])
	if kind > 1 {
		return bad(fmt.Sprintf("is of type %d, not a transaction marker", kind))
	}
	return ControlMarker{Commit: kind == 1, CoordinatorEpoch: int32(be.Uint32(r.Value[2:]))}, nil
}
