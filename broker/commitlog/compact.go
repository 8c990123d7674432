package commitlog

import (
	"crypto/sha256"
	"fmt"
	"sort"
	"time"

	"github.com/kurier-io/kurier/broker/wireproto"
)

// maxCompactionKeys bounds the memory of one compaction; what does not fit is
// left for the next one.
const maxCompactionKeys = 1 << 20

// keyHash identifies a key; at 128 bits two keys do not meet by accident.
type keyHash [16]byte

func hashKey(key []byte) keyHash {
	sum := sha256.Sum256(key)
	return keyHash(sum[:16])
}

// compaction is one cleaning of one log.
type compaction struct {
	log     *Log
	cfg     Config
	now     int64
	start   int64               // log start
	latest  map[keyHash]int64   // last offset of each key seen in the dirty part
	mapEnd  int64               // first offset that latest does not know about
	active  map[int64]lastBatch // of active producers
	aborted map[int64][]aborted // by producer, in order
	ongoing map[int64]struct{}  // producers with a batch of the transaction being read
	limit   int                 // of keys
	removed int64
}

// lastBatch is what identifies the batch that carries a producer's state: its last
// data batch or, when its epoch has none, the marker that set the epoch.
type lastBatch struct {
	epoch  int16
	offset int64 // of the data batch, -1 for none
}

// compactAll compacts every log that is due.
func (s *Store) compactAll(now time.Time) error {
	var due []*Log
	for _, l := range s.snapshot() {
		if !l.Config().Compact {
			continue
		}
		if err := l.rollOverdue(now); err != nil {
			return fmt.Errorf("%s: %w", l.dir, err)
		}
		if len(l.compactable(now)) > 0 {
			due = append(due, l)
		}
	}
	if len(due) == 0 {
		return nil
	}
	// Replay must not write into a segment that is about to be rewritten.
	if err := s.Checkpoint(); err != nil {
		return err
	}
	for _, l := range due {
		if err := l.compact(now, maxCompactionKeys); err != nil {
			return fmt.Errorf("%s: compaction: %w", l.dir, err)
		}
	}
	return nil
}

// rollOverdue seals an active segment that holds records past max.compaction.lag.ms,
// which no append may come to do.
func (l *Log) rollOverdue(now time.Time) error {
	cfg := l.Config()
	if cfg.MaxCompactionLagMillis <= 0 || cfg.MaxCompactionLagMillis == 1<<63-1 {
		return nil
	}
	l.appendMu.Lock()
	defer l.appendMu.Unlock()
	seg := l.active()
	if seg == nil || seg.size == 0 || seg.firstTS < 0 || now.UnixMilli()-seg.firstTS <= cfg.MaxCompactionLagMillis {
		return nil
	}
	return l.roll(now)
}

// compactable returns the sealed segments that compaction may rewrite, nil if it
// is not due. It never passes the last stable offset.
func (l *Log) compactable(now time.Time) []*segment {
	cfg := l.Config()
	l.mu.RLock()
	defer l.mu.RUnlock()
	if l.deleted {
		return nil
	}
	var out []*segment
	var dirty, total int64
	oldest, stable := now.UnixMilli(), l.stable().offset
	for i, s := range l.segs[:len(l.segs)-1] {
		end := l.segs[i+1].base
		if end > stable || cfg.MinCompactionLagMillis > 0 && s.maxTS > now.UnixMilli()-cfg.MinCompactionLagMillis {
			break
		}
		total += s.size
		if end > l.cleanedTo {
			dirty += s.size
			if s.firstTS >= 0 {
				oldest = min(oldest, s.firstTS)
			}
		}
		out = append(out, s)
	}
	overdue := now.UnixMilli()-oldest > cfg.MaxCompactionLagMillis
	if dirty == 0 || float64(dirty) < cfg.MinCleanableRatio*float64(total) && !overdue {
		return nil
	}
	return out
}

// compact removes what a later record of the same key replaces from the sealed
// segments. Offsets and order stay.
func (l *Log) compact(now time.Time, limit int) error {
	l.cleanMu.Lock()
	defer l.cleanMu.Unlock()
	segs := l.compactable(now)
	l.mu.RLock()
	flushed := l.checkpointed.end
	c := &compaction{log: l, cfg: l.Config(), now: now.UnixMilli(), start: l.logStart, latest: map[keyHash]int64{},
		mapEnd: l.cleanedTo, active: map[int64]lastBatch{}, aborted: map[int64][]aborted{}, ongoing: map[int64]struct{}{}, limit: limit}
	for _, s := range l.segs {
		for _, a := range s.aborted {
			c.aborted[a.pid] = append(c.aborted[a.pid], a)
		}
	}
	for n := len(segs); n > 0 && (segs[n-1].next > flushed || l.segs[n].snapDirty); n-- {
		segs = segs[:n-1] // a snapshot that is not flushed is known only from the records before it
	}
	l.mu.RUnlock()
	if len(segs) == 0 {
		return nil
	}
	l.appendMu.Lock()
	for pid, p := range l.replay.prods {
		c.active[pid] = lastBatch{p.epoch, p.lastOffset()}
	}
	l.appendMu.Unlock()
	if err := c.index(segs); err != nil {
		return err
	}
	for len(segs) > 0 && segs[0].base < c.mapEnd {
		n, size := 1, segs[0].size
		for n < len(segs) && segs[n].base < c.mapEnd && size+segs[n].size <= c.cfg.SegmentBytes && segs[n].next-segs[0].base <= 1<<31-1 {
			size += segs[n].size
			n++
		}
		if err := c.rewrite(segs[:n]); err != nil {
			return err
		}
		segs = segs[n:]
	}
	l.mu.Lock()
	l.cleanedTo = c.mapEnd
	l.mu.Unlock()
	l.logger.Debug("log compacted", "to", c.mapEnd, "removed_bytes", c.removed)
	return nil
}

// index fills latest from the dirty part of the log.
func (c *compaction) index(segs []*segment) error {
	for _, s := range segs {
		if s.next <= c.mapEnd {
			continue
		}
		full := false
		_, err := s.scanHeaders(0, s.size, func(h wireproto.Batch, pos, n int64) error {
			if h.LastOffset() < c.mapEnd {
				return nil
			}
			if len(c.latest) >= c.limit {
				full = true
				return errStop
			}
			payload, b, err := c.open(s, pos, n)
			if err != nil {
				return err
			}
			c.mapEnd = b.LastOffset() + 1
			if b.Control() || c.wasAborted(b) {
				return nil // neither replaces what came before
			}
			return wireproto.EachRecord(payload, b.Count(), func(r wireproto.Record) error {
				if r.Key != nil {
					c.latest[hashKey(r.Key)] = b.BaseOffset() + int64(r.OffsetDelta)
				}
				return nil
			})
		})
		if err != nil || full {
			return err
		}
		c.mapEnd = s.next
	}
	return nil
}

func (c *compaction) open(s *segment, pos, n int64) (payload []byte, b wireproto.Batch, err error) {
	if b, err = s.readBatch(pos, n); err != nil {
		return nil, nil, err
	}
	if err = b.CheckCRC(); err != nil {
		return nil, nil, fmt.Errorf("offset %d: %w", b.BaseOffset(), err)
	}
	payload, err = wireproto.Decompress(b.Codec(), b.Payload(), maxInflate)
	return payload, b, err
}

// wasAborted reports a data batch of a transaction that was aborted.
func (c *compaction) wasAborted(b wireproto.Batch) bool {
	if !b.Transactional() || b.Control() {
		return false
	}
	list := c.aborted[b.ProducerID()]
	i := sort.Search(len(list), func(i int) bool { return list[i].last > b.BaseOffset() })
	return i < len(list) && list[i].first <= b.BaseOffset()
}
