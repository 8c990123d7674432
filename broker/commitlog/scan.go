package commitlog

import (
	"github.com/kurier-io/kurier/broker/wireproto"
)

func (l *Log) sizeSegments() error {
	if !l.dirMade {
		return nil // never written to
	}
	l.dirDirty = true // replay or the next line may have made files
	for i, seg := range l.segs {
		f, err := seg.acquire()
		if err != nil {
			return err
		}
		seg.size, err = f.Size()
		seg.fmu.RUnlock()
		if err != nil {
			return err
		}
		if i+1 < len(l.segs) {
			seg.next = l.segs[i+1].base
			if err := seg.closeFile(false); err != nil {
				return err
			}
		}
	}
	return nil
}

// loadSealed takes what sealed segments need in memory from their time index.
func (l *Log) loadSealed(segs []*segment) error {
	for _, seg := range segs {
		if seg.loadIndex() && (seg.maxTS >= 0 || seg.size == 0) {
			seg.loadAborted()
			seg.idx = nil
			continue
		}
		next, size := seg.next, seg.size
		if _, err := l.scan(seg, 0, size, -1); err != nil {
			return err
		}
		seg.next, seg.size = next, size
		seg.finishIndex() // restoreTxns writes it
	}
	return nil
}

// loadIndex reads the index files; false means they cannot be used.
func (s *segment) loadIndex() bool {
	offsets, err1 := s.fs.ReadFile(s.path + ".index")
	times, err2 := s.fs.ReadFile(s.path + ".timeindex")
	if err1 != nil || err2 != nil {
		return false
	}
	idx, ok := decodeIndex(offsets, times, s.size)
	if !ok {
		return false
	}
	s.idx = idx
	if n := len(idx.times); n > 0 {
		s.maxTS, s.maxTSOffset = idx.times[n-1].ts, s.base+int64(idx.times[n-1].rel)
	}
	return true
}

// loadAborted reads the transaction index, or leaves it to restoreTxns.
func (s *segment) loadAborted() {
	b, err := s.fs.ReadFile(s.path + ".txnindex")
	if err == nil {
		s.aborted, s.txnsKnown = decodeAborted(b, s.base, s.next)
	}
}

// scan rebuilds the index of a segment from its batches and returns where the
// first thing that is not a batch begins. Batches at or after offset verify (-1:
// none) are read whole and their checksum is compared.
func (l *Log) scan(seg *segment, from, size, verify int64) (int64, error) {
	interval := l.Config().IndexIntervalBytes
	seg.size, seg.next, seg.maxTS, seg.maxTSOffset, seg.idx = from, seg.base, -1, seg.base, &index{}
	seg.aborted, seg.txnsKnown = nil, size == from
	end, err := seg.scanHeaders(from, size, func(h wireproto.Batch, pos, n int64) error {
		if h.BaseOffset() < seg.next || h.LastOffsetDelta() < 0 || h.LastOffset()-seg.base > 1<<31-1 {
			return errStop
		}
		if verify >= 0 && h.BaseOffset() >= verify {
			if h.BaseOffset() != seg.next {
				return errStop // appends leave no holes
			}
			b, err := seg.readBatch(pos, n)
			if err != nil {
				return err
			}
			if b.CheckCRC() != nil {
				return errStop
			}
		}
		l.store.progress.add(n)
		l.epochs.note(h.LeaderEpoch(), h.BaseOffset())
		seg.note(h.LastOffset(), h.MaxTimestamp(), h.BaseTimestamp(), n, interval)
		return nil
	})
	return end, err
}
