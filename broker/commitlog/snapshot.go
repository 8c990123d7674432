package commitlog

import (
	"encoding/binary"
	"errors"
	"maps"
	"slices"

	"github.com/kurier-io/kurier/broker/wireproto"
)

// producersSuffix names our producer snapshots. They hold five batches a producer
// where Kafka's .snapshot holds one, so they must not carry that name: its tools
// would read them.
const producersSuffix = ".producers"

var errSnapshot = errors.New("commitlog: bad producer snapshot")

const (
	snapshotVersion = 3
	snapshotHead    = 2 + 4
	snapshotSlot    = 4 + 4 + 8 + 8
	snapshotFixed   = 8 + 2 + 4 + 8 + 8 + 8 + 1
	snapshotEntry   = snapshotFixed + window*snapshotSlot
)

// encode writes the snapshot file: version, CRC-32C of the rest, entries by id.
func (ps producers) encode() []byte {
	be := binary.BigEndian
	out := make([]byte, snapshotHead, snapshotHead+len(ps)*snapshotEntry)
	be.PutUint16(out, snapshotVersion)
	for _, pid := range slices.Sorted(maps.Keys(ps)) {
		p := ps[pid]
		out = be.AppendUint64(out, uint64(pid))
		out = be.AppendUint16(out, uint16(p.epoch))
		out = be.AppendUint32(out, uint32(p.coordEpoch))
		out = be.AppendUint64(out, uint64(p.txnFirst))
		out = be.AppendUint64(out, uint64(p.lastTS))
		out = be.AppendUint64(out, uint64(p.seen))
		out = append(out, byte(p.n))
		for i, s := range p.ring {
			if i >= int(p.n) {
				s = sequenced{} // what an older epoch left
			}
			out = be.AppendUint32(out, uint32(s.lastSeq))
			out = be.AppendUint32(out, uint32(s.delta))
			out = be.AppendUint64(out, uint64(s.lastOffset))
			out = be.AppendUint64(out, uint64(s.ts))
		}
	}
	be.PutUint32(out[2:], wireproto.Checksum(out[snapshotHead:]))
	return out
}

// decodeProducers reads a snapshot of the state before offset end back.
func decodeProducers(b []byte, end int64) (producers, error) {
	be := binary.BigEndian
	if len(b) < snapshotHead || be.Uint16(b) != snapshotVersion || (len(b)-snapshotHead)%snapshotEntry != 0 ||
		wireproto.Checksum(b[snapshotHead:]) != be.Uint32(b[2:]) {
		return nil, errSnapshot
	}
	ps := make(producers, (len(b)-snapshotHead)/snapshotEntry)
	for e := range slices.Chunk(b[snapshotHead:], snapshotEntry) {
		pid := int64(be.Uint64(e))
		p := &producer{epoch: int16(be.Uint16(e[8:])), coordEpoch: int32(be.Uint32(e[10:])), txnFirst: int64(be.Uint64(e[14:])),
			lastTS: int64(be.Uint64(e[22:])), seen: int64(be.Uint64(e[30:])), n: int8(e[38])}
		if pid < 0 || p.n < 0 || p.n > window || p.txnFirst < -1 || p.txnFirst >= end {
			return nil, errSnapshot
		}
		for i := range p.ring {
			s := e[snapshotFixed+i*snapshotSlot:]
			p.ring[i] = sequenced{int32(be.Uint32(s)), int32(be.Uint32(s[4:])), int64(be.Uint64(s[8:])), int64(be.Uint64(s[16:]))}
		}
		ps[pid] = p
	}
	return ps, nil
}

// oldSnapshot tells a .snapshot file that an earlier version of this package
// wrote (version 2) from Kafka's own (version 1).
func oldSnapshot(b []byte) bool { return len(b) >= 2 && binary.BigEndian.Uint16(b) == 2 }
