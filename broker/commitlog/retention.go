package commitlog

import (
	"fmt"
	"time"
)

// Available is the number of visible bytes from offset on, exact to an index
// interval; zero at or past the high watermark.
func (l *Log) Available(offset int64) int64 {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.available(offset, l.hw)
}

// AvailableCommitted is Available for a read_committed consumer, up to the last
// stable offset.
func (l *Log) AvailableCommitted(offset int64) int64 {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.available(offset, l.stable())
}

func (l *Log) available(offset int64, limit logPos) int64 {
	if offset >= limit.offset || l.deleted {
		return 0
	}
	var n int64
	for i := len(l.segs) - 1; i >= 0; i-- {
		s := l.segs[i]
		size := s.size
		switch {
		case s.base > limit.segBase:
			continue
		case s.base == limit.segBase:
			size = limit.pos
		}
		if s.base <= offset {
			if s.idx != nil {
				size -= s.idx.lookup(offset - s.base)
			}
			return max(n+size, 1)
		}
		n += size
	}
	return max(n, 1)
}

// Deleted reports whether the partition is gone.
func (l *Log) Deleted() bool {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.deleted
}

// DeleteRecords raises the log start to offset, -1 for the high watermark, and
// returns the new start once it is durable.
func (l *Log) DeleteRecords(offset int64) (int64, error) {
	l.mu.Lock()
	if offset == -1 {
		offset = l.hw.offset
	}
	if offset < 0 || offset > l.hw.offset {
		hw := l.hw.offset
		l.mu.Unlock()
		return -1, fmt.Errorf("%w: %d is beyond the high watermark %d", ErrOffsetOutOfRange, offset, hw)
	}
	if offset <= l.logStart {
		start := l.logStart
		l.mu.Unlock()
		return start, nil
	}
	l.logStart = offset
	l.notify() // it may have passed a transaction that was open
	l.mu.Unlock()
	if err := l.store.Checkpoint(); err != nil {
		return -1, err
	}
	return offset, l.dropSegments()
}

// retain raises the log start past what retention.ms and retention.bytes no
// longer keep, and reports whether it did. Files go with dropSegments, after a
// checkpoint.
func (l *Log) retain(now time.Time) (bool, error) {
	cfg := l.Config()
	if !cfg.Delete {
		return false, nil
	}
	expired := func(s *segment) bool {
		return cfg.RetentionMillis >= 0 && s.size > 0 && s.maxTS >= 0 && s.maxTS < now.UnixMilli()-cfg.RetentionMillis
	}
	l.appendMu.Lock()
	if seg := l.active(); seg != nil && expired(seg) {
		if err := l.roll(now); err != nil {
			l.appendMu.Unlock()
			return false, err
		}
	}
	l.appendMu.Unlock()

	l.mu.Lock()
	defer l.mu.Unlock()
	var total int64
	for _, s := range l.segs {
		total += s.size
	}
	start := l.logStart
	for i, s := range l.segs[:len(l.segs)-1] {
		end := l.segs[i+1].base
		tooBig := cfg.RetentionBytes >= 0 && total-s.size >= cfg.RetentionBytes
		if end > l.hw.offset || !expired(s) && !tooBig {
			break
		}
		total -= s.size
		start = max(start, end)
	}
	raised := start > l.logStart
	l.logStart = start
	if raised {
		l.notify()
	}
	return raised, nil
}

// dropSegments deletes the segments that end at or before the log start, which
// must be in the checkpoint already: the journal may not bring them back.
func (l *Log) dropSegments() error {
	l.cleanMu.Lock()
	defer l.cleanMu.Unlock()
	l.mu.Lock()
	start := min(l.logStart, l.checkpointed.start)
	n := 0
	for n+1 < len(l.segs) && l.segs[n+1].base <= start {
		n++
	}
	for n > 0 && l.segs[n].snapDirty {
		n-- // what it says of producers is only in the records before it
	}
	gone := l.segs[:n]
	l.segs = append([]*segment(nil), l.segs[n:]...)
	l.dirDirty = l.dirDirty || n > 0
	l.mu.Unlock()
	for _, s := range gone {
		s.dirty.Store(false)
		if err := s.remove(); err != nil {
			return err
		}
	}
	return nil
}

// Clean applies retention and compaction to all logs. The broker calls it from
// one goroutine, now and then.
func (s *Store) Clean(now time.Time) error {
	var raised []*Log
	for _, l := range s.snapshot() {
		ok, err := l.retain(now)
		if err != nil {
			return fmt.Errorf("%s: %w", l.dir, err)
		}
		if ok {
			raised = append(raised, l)
		}
	}
	if len(raised) > 0 {
		if err := s.Checkpoint(); err != nil {
			return err
		}
		for _, l := range raised {
			if err := l.dropSegments(); err != nil {
				return fmt.Errorf("%s: %w", l.dir, err)
			}
		}
	}
	return s.compactAll(now)
}

// Epoch is the leader epoch of all partitions.
func (s *Store) Epoch() int32 { return s.epoch }
