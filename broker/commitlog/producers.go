package commitlog

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/kurier-io/kurier/broker/wireproto"
)

// window is how many batches a producer may have in flight and retry (KIP-98).
const window = 5

// maxProducers bounds the producer state of one partition, about 200 bytes a
// producer; past it those that were silent longest are forgotten.
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
	epoch      int16
	n          int8
	ring       [window]sequenced // oldest first
	coordEpoch int32             // of the last marker, -1 before one
	txnFirst   int64             // first offset of the open transaction, -1 for none
	lastTS     int64             // newest timestamp of the last batch
	seen       int64             // when the last batch came, by our clock, for expiry
}

// lastOffset is the offset of the last data batch of the epoch, -1 for none.
func (p *producer) lastOffset() int64 {
	if p.n == 0 {
		return -1
	}
	return p.ring[p.n-1].lastOffset
}

// lastSeq is the sequence of the last record of the epoch, -1 for none.
func (p *producer) lastSeq() int32 {
	if p.n == 0 {
		return -1
	}
	return p.ring[p.n-1].lastSeq
}

func (p *producer) push(s sequenced) {
	if p.n == window {
		copy(p.ring[:], p.ring[1:])
		p.n--
	}
	p.ring[p.n] = s
	p.n++
}

// setEpoch begins a new epoch: its sequences start again, and nothing of the old
// one counts as a retry any more.
func (p *producer) setEpoch(epoch int16) {
	if p.epoch != epoch {
		p.epoch, p.n = epoch, 0
	}
}

// producers is the idempotence and transaction state of a partition: a pure state
// machine over batch headers and markers, so that replaying the log rebuilds it.
type producers map[int64]*producer

// check decides about a data batch of an idempotent producer before it is
// appended. A duplicate returns what was acknowledged the first time. v2 says
// that the batch belongs to a transaction of KIP-890's protocol.
func (ps producers) check(b wireproto.Batch, v2 bool) (dup *sequenced, err error) {
	pid, epoch, seq := b.ProducerID(), b.ProducerEpoch(), b.BaseSequence()
	p := ps[pid]
	if p == nil { // first batch, expired or truncated
		if v2 && b.Transactional() && seq > 0 {
			return nil, fmt.Errorf("%w: producer %d is not known here and starts at sequence %d", ErrOutOfOrderSequence, pid, seq)
		}
		return nil, nil
	}
	if epoch < p.epoch {
		return nil, fmt.Errorf("%w: producer %d sent epoch %d, current is %d", ErrProducerEpoch, pid, epoch, p.epoch)
	}
	if seq < 0 { // offsets of a transaction come from the coordinator and are not numbered
		return nil, p.checkOpen(b)
	}
	if epoch == p.epoch {
		for _, s := range p.ring[:p.n] {
			if s.firstSeq() == seq && s.lastSeq == b.LastSequence() {
				return &s, nil
			}
		}
	}
	want := int32(0)
	if epoch == p.epoch && p.n > 0 {
		want = wireproto.AddSequence(p.lastSeq(), 1)
	}
	if seq != want {
		return nil, fmt.Errorf("%w: producer %d epoch %d sent %d, expected %d", ErrOutOfOrderSequence, pid, epoch, seq, want)
	}
	return nil, p.checkOpen(b)
}

// checkOpen refuses a batch outside of the producer's open transaction.
func (p *producer) checkOpen(b wireproto.Batch) error {
	if p.txnFirst >= 0 && !b.Transactional() {
		return fmt.Errorf("%w: producer %d sent a record outside of its transaction, which is open since offset %d", ErrTxnState, b.ProducerID(), p.txnFirst)
	}
	return nil
}

// checkMarker decides about a marker before it is appended.
func (ps producers) checkMarker(m Marker) error {
	p := ps[m.ProducerID]
	if p == nil {
		return nil
	}
	switch {
	case m.Epoch < p.epoch, m.V2 && m.Epoch == p.epoch && p.txnFirst >= 0:
		return fmt.Errorf("%w: marker of producer %d has epoch %d, current is %d", ErrProducerEpoch, m.ProducerID, m.Epoch, p.epoch)
	case m.CoordinatorEpoch < p.coordEpoch:
		return fmt.Errorf("%w: marker of producer %d has %d, current is %d", ErrCoordinatorEpoch, m.ProducerID, m.CoordinatorEpoch, p.coordEpoch)
	}
	return nil
}

// get returns the entry of a producer, making room for a new one.
func (ps producers) get(pid int64, epoch int16) *producer {
	p := ps[pid]
	if p == nil {
		if len(ps) >= maxProducers {
			ps.evict(maxProducers / 64)
		}
		p = &producer{epoch: epoch, coordEpoch: -1, txnFirst: -1, lastTS: -1}
		ps[pid] = p
	}
	return p
}

// note records an appended data batch; the header is enough. It reports whether
// the batch opened a transaction.
func (ps producers) note(b wireproto.Batch, now int64) (opened bool) {
	pid := b.ProducerID()
	if pid < 0 || b.Control() || b.BaseSequence() < 0 && !b.Transactional() {
		return false
	}
	p := ps.get(pid, b.ProducerEpoch())
	p.setEpoch(b.ProducerEpoch())
	if b.BaseSequence() >= 0 {
		p.push(sequenced{b.LastSequence(), b.LastOffsetDelta(), b.LastOffset(), b.MaxTimestamp()})
	}
	p.lastTS, p.seen = b.MaxTimestamp(), now
	// Compaction empties a batch only below the last stable offset, where no
	// transaction is open.
	if b.Transactional() && p.txnFirst < 0 && b.Count() > 0 {
		p.txnFirst = b.BaseOffset()
		return true
	}
	return false
}

// mark records an appended marker and returns the first offset of the
// transaction that it ended, -1 for none.
func (ps producers) mark(m Marker, ts, now int64) (first int64) {
	p := ps.get(m.ProducerID, m.Epoch)
	p.setEpoch(m.Epoch)
	first, p.txnFirst = p.txnFirst, -1
	p.coordEpoch, p.lastTS, p.seen = max(p.coordEpoch, m.CoordinatorEpoch), ts, now
	return first
}

// evict forgets the n producers without an open transaction that were silent
// longest.
func (ps producers) evict(n int) {
	idle := make([]int64, 0, len(ps))
	for pid, p := range ps {
		if p.txnFirst < 0 {
			idle = append(idle, pid)
		}
	}
	slices.SortFunc(idle, func(a, b int64) int { return cmp.Compare(ps[a].seen, ps[b].seen) })
	for _, pid := range idle[:min(max(n, 1), len(idle))] {
		delete(ps, pid)
	}
}

// expire forgets producers without an open transaction that were silent for a
// day. The clock is ours and not that of the records: a producer that copies old
// data is not a silent one.
func (ps producers) expire(now int64) {
	for pid, p := range ps {
		if p.txnFirst < 0 && p.seen < now-producerExpiry {
			delete(ps, pid)
		}
	}
}

// ProducerState is what DescribeProducers tells of one producer.
type ProducerState struct {
	ProducerID       int64
	Epoch            int16
	LastSequence     int32 // -1 when the epoch has no data yet
	LastTimestamp    int64
	CoordinatorEpoch int32 // -1 before the first marker
	TxnStartOffset   int64 // -1 when no transaction is open
}

// Producers lists the producers known to the partition, by id.
func (l *Log) Producers() []ProducerState {
	l.appendMu.Lock()
	defer l.appendMu.Unlock()
	out := make([]ProducerState, 0, len(l.replay.prods))
	for pid, p := range l.replay.prods {
		out = append(out, ProducerState{pid, p.epoch, p.lastSeq(), p.lastTS, p.coordEpoch, p.txnFirst})
	}
	slices.SortFunc(out, func(a, b ProducerState) int { return cmp.Compare(a.ProducerID, b.ProducerID) })
	return out
}

// OpenTransaction returns the first offset of the producer's open transaction in
// this partition.
func (l *Log) OpenTransaction(pid int64) (firstOffset int64, open bool) {
	l.appendMu.Lock()
	defer l.appendMu.Unlock()
	if p := l.replay.prods[pid]; p != nil && p.txnFirst >= 0 {
		return p.txnFirst, true
	}
	return -1, false
}
