package commitlog

import (
	"cmp"
	"maps"
	"slices"
	"sort"
	"time"

	"github.com/kurier-io/kurier/broker/wireproto"
)

// restoreTxns rebuilds what producers and transactions need at the end of the log,
// and the transaction index of segments that have none: from the newest usable
// snapshot at or before the first of those, and the batches after it. Index files
// that recovery made anew are written.
func (l *Log) restoreTxns(end int64) error {
	l.replay = replayer{prods: producers{}}
	if !l.dirMade {
		return nil
	}
	need := end
	for _, seg := range l.segs {
		if !seg.txnsKnown && seg.size > 0 {
			need = min(need, seg.base)
			break
		}
	}
	from, err := l.loadSnapshot(need, end)
	if err != nil {
		return err
	}
	now := time.Now().UnixMilli()
	for i, seg := range l.segs {
		if i+1 < len(l.segs) && l.segs[i+1].base <= from {
			continue
		}
		if err := l.replaySegment(seg, from, now); err != nil {
			return err
		}
	}
	l.replay.txns = slices.DeleteFunc(l.replay.txns, func(t txn) bool { return t.end >= 0 })
	l.replay.prods.expire(now)
	for _, seg := range l.segs[:len(l.segs)-1] {
		if seg.txnsKnown && seg.idx == nil {
			continue
		}
		if err := l.rewriteIndex(seg); err != nil {
			return err
		}
	}
	return nil
}

// rewriteIndex writes the index files of a sealed segment again.
func (l *Log) rewriteIndex(seg *segment) error {
	if seg.idx == nil { // only the transaction index is new
		if err := writePlain(l.fs, seg.path+".txnindex", encodeAborted(seg.aborted)); err != nil {
			return err
		}
	} else if err := seg.writeIndex(); err != nil {
		return err
	}
	seg.idx, seg.indexDirty, seg.txnsKnown = nil, true, true
	return nil
}

// loadSnapshot loads the newest usable snapshot at or before need, and returns the
// offset to replay from. Files that can never be used are removed.
func (l *Log) loadSnapshot(need, end int64) (from int64, err error) {
	names, err := l.fs.ReadDir(l.dir)
	if err != nil {
		return 0, err
	}
	files := map[int64]string{}
	for _, n := range names {
		path := l.dir + "/" + n
		if off, ok := parseSegmentName(n, producersSuffix); ok {
			files[off] = path
		} else if _, ok := parseSegmentName(n, ".snapshot"); ok {
			if b, err := l.fs.ReadFile(path); err == nil && oldSnapshot(b) {
				if err := l.fs.Remove(path); err != nil {
					return 0, err
				}
				l.dirDirty = true
			}
		}
	}
	for _, off := range slices.Backward(slices.Sorted(maps.Keys(files))) {
		b, err := l.fs.ReadFile(files[off])
		ps, derr := decodeProducers(b, off)
		if err != nil || derr != nil || off > end || off < l.segs[0].base {
			if err := l.fs.Remove(files[off]); err != nil {
				return 0, err
			}
			continue
		}
		if off > need {
			continue
		}
		l.replay.prods = ps
		return off, l.resolveOpen(off)
	}
	return l.segs[0].base, nil
}

// replaySegment feeds the batches of a segment from an offset on to the state.
func (l *Log) replaySegment(seg *segment, from, now int64) error {
	_, err := seg.scanHeaders(0, seg.size, func(h wireproto.Batch, pos, n int64) error {
		if h.BaseOffset() < from || h.ProducerID() < 0 {
			return nil
		}
		if !h.Control() {
			l.replay.data(h, logPos{h.BaseOffset(), seg.base, pos}, now)
			return nil
		}
		b, err := seg.readBatch(pos, n)
		if err != nil {
			return err
		}
		c, err := wireproto.ParseMarker(b)
		if err != nil {
			return nil // a control batch of another kind; those that we write can be read
		}
		m := Marker{ProducerID: b.ProducerID(), Epoch: b.ProducerEpoch(), Commit: c.Commit, CoordinatorEpoch: c.CoordinatorEpoch}
		if e, ok := l.replay.marker(m, b.MaxTimestamp(), b.BaseOffset(), now); ok && !seg.txnsKnown {
			seg.aborted = append(seg.aborted, e)
		}
		return nil
	})
	return err
}

// resolveOpen finds the first records of the transactions that were open at a
// snapshot. One of which nothing is left before the snapshot is forgotten: it may
// have been decided, and compaction took its records and then its marker. While any
// are left the marker is too, or has not come; and what follows the snapshot begins
// the transaction again.
func (l *Log) resolveOpen(snapshot int64) error {
	for pid, p := range l.replay.prods {
		if p.txnFirst < 0 {
			continue
		}
		at, err := l.findTxn(pid, p.txnFirst, snapshot)
		if err != nil {
			return err
		}
		if p.txnFirst = at.offset; at.offset >= 0 {
			l.replay.txns.begin(pid, at)
		}
	}
	slices.SortFunc(l.replay.txns, func(a, b txn) int { return cmp.Compare(a.first.offset, b.first.offset) })
	return nil
}

// findTxn looks up the first batch of a transaction in [from, to); the offset of
// the answer is -1 when there is none.
func (l *Log) findTxn(pid, from, to int64) (logPos, error) {
	at := logPos{-1, -1, 0}
	i := max(sort.Search(len(l.segs), func(i int) bool { return l.segs[i].base > from })-1, 0)
	for ; i < len(l.segs) && l.segs[i].base < to && at.offset < 0; i++ {
		seg := l.segs[i]
		_, err := seg.scanHeaders(seg.position(seg.idx, from, seg.size), seg.size, func(h wireproto.Batch, pos, _ int64) error {
			switch {
			case h.BaseOffset() >= to:
				return errStop
			case h.BaseOffset() < from || h.ProducerID() != pid || !h.Transactional() || h.Control() || h.Count() == 0:
				return nil
			}
			at = logPos{h.BaseOffset(), seg.base, pos}
			return errStop
		})
		if err != nil {
			return at, err
		}
	}
	return at, nil
}
