package commitlog

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	"github.com/kurier-io/kurier/broker/wireproto"
)

// window is how many batches a producer may have in flight and retry (KIP-98).
const window = 5

// maxProducers bounds the producer state of one partition; past it the
// producer that was silent longest is forgotten.
const maxProducers = 100_000

// producerExpiry is producer.id.expiration.ms.
const producerExpiry = 24 * 60 * 60 * 1000

type sequenced struct {
	lastSeq    int32
	delta      int32
	lastOffset int64
	ts         int64
}

func (s sequenced) firstSeq() int32 { return int32((int64(s.lastSeq) - int64(s.delta)) & 0x7fffffff) }

type producer struct {
	epoch int16
	n     int8
	ring  [window]sequenced // oldest first
}

func (p *producer) last() sequenced { return p.ring[p.n-1] }

func (p *producer) push(s sequenced) {
	if p.n == window {
		copy(p.ring[:], p.ring[1:])
		p.n--
	}
	p.ring[p.n] = s
	p.n++
}

// producers is the idempotence state of a partition: a pure state machine over
// batch headers, so that replaying the log rebuilds it.
type producers map[int64]*producer

// check decides about a batch of an idempotent producer before it is
// appended. A duplicate returns what was acknowledged the first time.
func (ps producers) check(b wireproto.Batch) (dup *sequenced, err error) {
	p := ps[b.ProducerID()]
	if p == nil {
		return nil, nil // first batch, expired or truncated: any sequence will do
	}
	switch epoch := b.ProducerEpoch(); {
	case epoch < p.epoch:
		return nil, fmt.Errorf("%w: producer %d sent epoch %d, current is %d", ErrProducerEpoch, b.ProducerID(), epoch, p.epoch)
	case epoch > p.epoch:
		if b.BaseSequence() != 0 {
			return nil, fmt.Errorf("%w: producer %d starts epoch %d at sequence %d", ErrOutOfOrderSequence, b.ProducerID(), epoch, b.BaseSequence())
		}
		return nil, nil
	}
	for _, s := range p.ring[:p.n] {
		if s.firstSeq() == b.BaseSequence() && s.lastSeq == b.LastSequence() {
			return &s, nil
		}
	}
	if p.n > 0 && b.BaseSequence() != wireproto.AddSequence(p.last().lastSeq, 1) {
		return nil, fmt.Errorf("%w: producer %d sent %d after %d", ErrOutOfOrderSequence, b.ProducerID(), b.BaseSequence(), p.last().lastSeq)
	}
	return nil, nil
}

// note records an appended batch; the header is enough.
func (ps producers) note(b wireproto.Batch) {
	pid := b.ProducerID()
	if pid < 0 || b.Control() || b.BaseSequence() < 0 {
		return
	}
	p := ps[pid]
	if p == nil {
		if len(ps) >= maxProducers {
			ps.evict()
		}
		p = &producer{epoch: b.ProducerEpoch()}
		ps[pid] = p
	}
	if p.epoch != b.ProducerEpoch() {
		*p = producer{epoch: b.ProducerEpoch()}
	}
	p.push(sequenced{b.LastSequence(), b.LastOffsetDelta(), b.LastOffset(), b.MaxTimestamp()})
}

func (ps producers) evict() {
	oldest, at := int64(-1), int64(0)
	for pid, p := range ps {
		if oldest < 0 || p.last().ts < at {
			oldest, at = pid, p.last().ts
		}
	}
	delete(ps, oldest)
}

// expire forgets producers that were silent since before now - a day.
func (ps producers) expire(nowMillis int64) {
	for pid, p := range ps {
		if p.last().ts < nowMillis-producerExpiry {
			delete(ps, pid)
		}
	}
}

var errSnapshot = errors.New("commitlog: bad producer snapshot")

const snapshotEntry = 8 + 2 + 1 + window*(4+4+8+8)

// encode writes the snapshot file: version, CRC-32C, then the entries.
func (ps producers) encode() []byte {
	be := binary.BigEndian
	out := make([]byte, 6, 6+len(ps)*snapshotEntry)
	be.PutUint16(out, 2)
	pids := make([]int64, 0, len(ps))
	for pid := range ps {
		pids = append(pids, pid)
	}
	slices.Sort(pids)
	for _, pid := range pids {
		p := ps[pid]
		out = be.AppendUint64(out, uint64(pid))
		out = be.AppendUint16(out, uint16(p.epoch))
		out = append(out, byte(p.n))
		for _, s := range p.ring {
			out = be.AppendUint32(out, uint32(s.lastSeq))
			out = be.AppendUint32(out, uint32(s.delta))
			out = be.AppendUint64(out, uint64(s.lastOffset))
			out = be.AppendUint64(out, uint64(s.ts))
		}
	}
	be.PutUint32(out[2:], wireproto.Checksum(out[6:]))
	return out
}

func decodeProducers(b []byte) (producers, error) {
	be := binary.BigEndian
	if len(b) < 6 || be.Uint16(b) != 2 || wireproto.Checksum(b[6:]) != be.Uint32(b[2:]) || (len(b)-6)%snapshotEntry != 0 {
		return nil, errSnapshot
	}
	ps := make(producers, (len(b)-6)/snapshotEntry)
	for e := range slices.Chunk(b[6:], snapshotEntry) {
		p := &producer{epoch: int16(be.Uint16(e[8:])), n: int8(e[10])}
		if p.n < 1 || p.n > window {
			return nil, errSnapshot
		}
		for i := range p.ring {
			s := e[11+i*24:]
			p.ring[i] = sequenced{int32(be.Uint32(s)), int32(be.Uint32(s[4:])), int64(be.Uint64(s[8:])), int64(be.Uint64(s[16:]))}
		}
		ps[int64(be.Uint64(e))] = p
	}
	return ps, nil
}
