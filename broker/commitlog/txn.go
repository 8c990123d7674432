package commitlog

import (
	"cmp"
	"encoding/binary"
	"slices"
	"sort"

	"github.com/kurier-io/kurier/broker/wireproto"
)

// Marker ends a transaction on a partition (KIP-98). V2 says that the
// transaction runs under KIP-890, where each one has an epoch of its own and the
// marker carries the next.
type Marker struct {
	ProducerID       int64
	Epoch            int16
	Commit           bool
	CoordinatorEpoch int32
	V2               bool
}

// AbortedTxn tells a consumer to skip the records of a producer from an offset up
// to its next abort marker.
type AbortedTxn struct {
	ProducerID, FirstOffset int64
}

// txn is a transaction that holds the last stable offset back: open, or ended by
// a marker that is not below the high watermark yet.
type txn struct {
	pid   int64
	first logPos
	end   int64 // offset of the marker, -1 while open
}

// txns is ordered by first offset, which is the order in which they begin.
type txns []txn

func (t *txns) begin(pid int64, first logPos) { *t = append(*t, txn{pid, first, -1}) }

// end notes the marker of a transaction and returns the first offset that is
// undecided after it, which Kafka keeps in the transaction index.
func (t txns) end(pid, first, marker int64) (stable int64) {
	i := sort.Search(len(t), func(i int) bool { return t[i].first.offset >= first })
	if i < len(t) && t[i].pid == pid {
		t[i].end = marker
	}
	for _, o := range t {
		if o.end < 0 {
			return o.first.offset
		}
	}
	return marker + 1
}

// stable is the place before which everything is decided and visible.
func (t txns) stable(hw logPos) logPos {
	for _, o := range t {
		if o.end < 0 || o.end >= hw.offset {
			if o.first.offset < hw.offset {
				return o.first
			}
			break
		}
	}
	return hw
}

// settle forgets what no longer holds anything back: at the front always, and
// behind a transaction that stays open once that is the larger part.
func (t *txns) settle(hw int64) {
	n := 0
	for n < len(*t) && (*t)[n].end >= 0 && (*t)[n].end < hw {
		n++
	}
	*t = (*t)[n:]
	if len(*t) < 64 {
		return
	}
	settled := 0
	for _, o := range *t {
		if o.end >= 0 && o.end < hw {
			settled++
		}
	}
	if settled > len(*t)/2 {
		*t = slices.Clone(slices.DeleteFunc(*t, func(o txn) bool { return o.end >= 0 && o.end < hw }))
	}
}

// aborted is one entry of a transaction index: the transaction's first offset, its
// marker, and the last stable offset after it.
type aborted struct {
	pid, first, last, stable int64
}

const abortedSize = 2 + 4*8

// encodeAborted writes a .txnindex file in Kafka's layout.
func encodeAborted(entries []aborted) []byte {
	be := binary.BigEndian
	out := make([]byte, 0, len(entries)*abortedSize)
	for _, a := range entries {
		out = be.AppendUint16(out, 0)
		for _, v := range [...]int64{a.pid, a.first, a.last, a.stable} {
			out = be.AppendUint64(out, uint64(v))
		}
	}
	return out
}

// decodeAborted reads the index of a segment that holds the offsets from base to
// before next, refusing what cannot be one.
func decodeAborted(b []byte, base, next int64) (entries []aborted, ok bool) {
	if len(b)%abortedSize != 0 {
		return nil, false
	}
	be := binary.BigEndian
	for e := range slices.Chunk(b, abortedSize) {
		a := aborted{int64(be.Uint64(e[2:])), int64(be.Uint64(e[10:])), int64(be.Uint64(e[18:])), int64(be.Uint64(e[26:]))}
		after := base - 1
		if n := len(entries); n > 0 {
			after = entries[n-1].last
		}
		if be.Uint16(e) != 0 || a.pid < 0 || a.first < 0 || a.last <= max(a.first, after) || a.last >= next || a.stable < 0 {
			return nil, false
		}
		entries = append(entries, a)
	}
	return entries, true
}

// overlapping returns the aborted transactions with records in [from, to), by
// first offset. Lists are those of consecutive segments, each ordered by marker.
func overlapping(lists [][]aborted, from, to int64) []AbortedTxn {
	var out []AbortedTxn
	for _, list := range lists {
		i := sort.Search(len(list), func(i int) bool { return list[i].last >= from })
		for _, a := range list[i:] {
			if a.first < to {
				out = append(out, AbortedTxn{a.pid, a.first})
			}
			if a.stable >= to {
				// Whatever ends later began at or after to.
				slices.SortFunc(out, func(a, b AbortedTxn) int { return cmp.Compare(a.FirstOffset, b.FirstOffset) })
				return out
			}
		}
	}
	slices.SortFunc(out, func(a, b AbortedTxn) int { return cmp.Compare(a.FirstOffset, b.FirstOffset) })
	return out
}

// LastStable is the offset below which every transaction is decided and visible:
// what a read_committed consumer may read up to.
func (l *Log) LastStable() int64 {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.stable().offset
}

// stable is LastStable as a position. Called with mu held.
func (l *Log) stable() logPos {
	at := l.replay.txns.stable(l.hw)
	if at.offset < l.logStart { // its first records were deleted
		return logPos{l.logStart, -1, 0}
	}
	return at
}

// replayer feeds batches of the log, in order, to the producer state; recovery and
// appends share the machine.
type replayer struct {
	prods producers
	txns  txns
}

// data replays a data batch, of which the header is enough. Now is our clock.
func (r *replayer) data(b wireproto.Batch, at logPos, now int64) {
	if r.prods.note(b, now) {
		r.txns.begin(b.ProducerID(), at)
	}
}

// marker replays a marker and returns the entry of the transaction index that an
// abort makes.
func (r *replayer) marker(m Marker, ts, offset, now int64) (entry aborted, ok bool) {
	first := r.prods.mark(m, ts, now)
	if first < 0 {
		return aborted{}, false
	}
	stable := r.txns.end(m.ProducerID, first, offset)
	return aborted{m.ProducerID, first, offset, stable}, !m.Commit
}
