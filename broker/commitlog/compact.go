package commitlog

import (
	"crypto/sha256"
	"fmt"
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
	start   int64              // log start
	latest  map[keyHash]int64  // last offset of each key seen in the dirty part
	mapEnd  int64              // first offset that latest does not know about
	lastOf  map[int64]struct{} // last offsets of active producers
	limit   int                // of keys
	removed int64
}

// compactAll compacts every log that is due.
func (s *Store) compactAll(now time.Time) error {
	var due []*Log
	for _, l := range s.snapshot() {
		if l.Config().Compact && len(l.compactable(now)) > 0 {
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

// compactable returns the sealed segments that compaction may rewrite, nil if it
// is not due.
func (l *Log) compactable(now time.Time) []*segment {
	cfg := l.Config()
	l.mu.RLock()
	defer l.mu.RUnlock()
	if l.deleted {
		return nil
	}
	var out []*segment
	var dirty, total int64
	oldest := now.UnixMilli()
	for i, s := range l.segs[:len(l.segs)-1] {
		end := l.segs[i+1].base
		if end > l.hw.offset || cfg.MinCompactionLagMillis > 0 && s.maxTS > now.UnixMilli()-cfg.MinCompactionLagMillis {
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
		mapEnd: l.cleanedTo, lastOf: map[int64]struct{}{}, limit: limit}
	l.mu.RUnlock()
	for len(segs) > 0 && segs[len(segs)-1].next > flushed {
		segs = segs[:len(segs)-1]
	}
	if len(segs) == 0 {
		return nil
	}
	l.appendMu.Lock()
	for _, p := range l.prods {
		c.lastOf[p.last().lastOffset] = struct{}{}
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

// filter returns what stays of a batch: the batch itself, a smaller one, or nil.
func (c *compaction) filter(b wireproto.Batch, payload []byte) (wireproto.Batch, error) {
	info := b.Info()
	horizon := int64(-1)
	if info.Attributes&wireproto.AttrDeleteHorizon != 0 {
		horizon = info.BaseTimestamp
	}
	var kept []wireproto.Record
	tombstones := false
	maxTS := int64(-1)
	err := wireproto.EachRecord(payload, info.Count, func(r wireproto.Record) error {
		off := info.BaseOffset + int64(r.OffsetDelta)
		if off < c.mapEnd {
			if last, ok := c.latest[hashKey(r.Key)]; r.Key == nil || off < c.start || ok && last > off {
				return nil
			}
			if r.Value == nil {
				if horizon >= 0 && horizon <= c.now {
					return nil
				}
				tombstones = true
			}
		}
		kept = append(kept, r)
		maxTS = max(maxTS, info.BaseTimestamp+r.TimestampDelta)
		return nil
	})
	if err != nil {
		return nil, err
	}
	mark := tombstones && horizon < 0
	if len(kept) == 0 {
		// An empty batch stays where a producer's sequence or, at the end, the
		// position of readers would get lost without it.
		_, active := c.lastOf[b.LastOffset()]
		if !(active && info.ProducerID >= 0) && b.LastOffset()+1 < c.mapEnd {
			return nil, nil
		}
	}
	if len(kept) == int(info.Count) && !mark {
		return b, nil
	}
	if len(kept) > 0 && info.Attributes&wireproto.AttrLogAppendTime == 0 {
		info.MaxTimestamp = maxTS
	}
	oldBase := info.BaseTimestamp
	if mark {
		info.Attributes |= wireproto.AttrDeleteHorizon
		info.BaseTimestamp = c.now + c.cfg.DeleteRetentionMillis
	}
	var records []byte
	for _, r := range kept {
		if !mark {
			records = append(records, r.Raw...)
			continue
		}
		r.TimestampDelta += oldBase - info.BaseTimestamp
		records = wireproto.AppendRecord(records, r)
	}
	if records, err = wireproto.Compress(b.Codec(), records); err != nil {
		return nil, err
	}
	info.Count = int32(len(kept))
	out := make(wireproto.Batch, wireproto.HeaderSize, wireproto.HeaderSize+len(records))
	out = append(out, records...)
	wireproto.FinishBatch(out, info)
	return out, nil
}
