package commitlog

import (
	"errors"
	"fmt"
	"slices"

	"github.com/kurier-io/kurier/broker/wireproto"
)

// Timestamped is the answer to a look-up by time; Offset is -1 when there is no
// such record.
type Timestamped struct {
	Offset, Timestamp int64
	Epoch             int32
}

var noRecord = Timestamped{-1, -1, -1}

// OffsetForTime returns the lowest visible offset whose timestamp is at least ts.
func (l *Log) OffsetForTime(ts int64) (Timestamped, error) {
	for _, s := range l.visibleSegments() {
		if s.maxTS < ts {
			continue
		}
		found, err := l.searchSegment(s, func(h wireproto.Batch) bool { return h.MaxTimestamp() >= ts }, ts)
		if err != nil || found.Offset >= 0 {
			return found, err
		}
	}
	return noRecord, nil
}

// MaxTimestamp returns the first visible record that has the largest timestamp.
func (l *Log) MaxTimestamp() (Timestamped, error) {
	best := int64(-1)
	segs := l.visibleSegments()
	for _, s := range segs {
		best = max(best, s.maxTS)
	}
	if best < 0 {
		return noRecord, nil
	}
	found, err := l.OffsetForTime(best)
	if err != nil || found.Offset >= 0 {
		return found, err
	}
	// The record with that timestamp is deleted or not visible yet, or a header
	// says more than its records.
	return l.searchNewest(segs)
}

// newestKept bounds how many batches one look-up decodes.
const newestKept = 64

type candidate struct {
	seg    segView
	pos, n int64
	maxTS  int64
}

// searchNewest looks into the batches whose headers name the largest timestamps,
// largest first, until no other can have more. Headers that lie could make that
// every batch; then the best of those looked at is the answer.
func (l *Log) searchNewest(segs []segView) (Timestamped, error) {
	logStart := l.LogStart()
	var kept []candidate // largest first, and the earlier ones first among equals
	for _, s := range segs {
		_, err := s.seg.scanHeaders(0, s.size, func(h wireproto.Batch, pos, n int64) error {
			c := candidate{s, pos, n, h.MaxTimestamp()}
			if h.LastOffset() < logStart || h.Control() || h.Count() == 0 || len(kept) == newestKept && kept[newestKept-1].maxTS >= c.maxTS {
				return nil
			}
			i, _ := slices.BinarySearchFunc(kept, c, func(a, b candidate) int {
				if a.maxTS >= b.maxTS {
					return -1
				}
				return 1
			})
			kept = slices.Insert(kept, i, c)
			kept = kept[:min(len(kept), newestKept)]
			return nil
		})
		if err != nil && !errors.Is(err, errGone) {
			return noRecord, fmt.Errorf("%w: %w", ErrStorage, err)
		}
	}
	found := noRecord
	for _, c := range kept {
		if c.maxTS < found.Timestamp {
			break
		}
		b, err := c.seg.seg.readBatch(c.pos, c.n)
		if errors.Is(err, errGone) {
			continue
		}
		if err != nil {
			return noRecord, fmt.Errorf("%w: %w", ErrStorage, err)
		}
		got, err := newestIn(b, logStart)
		if err != nil {
			return noRecord, err
		}
		if got.Timestamp > found.Timestamp || got.Timestamp == found.Timestamp && got.Offset >= 0 && got.Offset < found.Offset {
			found = got
		}
	}
	return found, nil
}

// newestIn finds the first record with the largest timestamp of a batch, of those
// from logStart on.
func newestIn(b wireproto.Batch, logStart int64) (Timestamped, error) {
	if b.Attributes()&wireproto.AttrLogAppendTime != 0 {
		return Timestamped{max(b.BaseOffset(), logStart), b.MaxTimestamp(), b.LeaderEpoch()}, nil
	}
	found := noRecord
	payload, err := wireproto.Decompress(b.Codec(), b.Payload(), maxInflate)
	if err != nil {
		return found, err
	}
	err = wireproto.EachRecord(payload, b.Count(), func(r wireproto.Record) error {
		off, t := b.BaseOffset()+int64(r.OffsetDelta), b.BaseTimestamp()+r.TimestampDelta
		if off >= logStart && t > found.Timestamp {
			found = Timestamped{off, t, b.LeaderEpoch()}
		}
		return nil
	})
	return found, err
}

type segView struct {
	seg   *segment
	size  int64
	maxTS int64
	idx   *index
}

func (l *Log) visibleSegments() []segView {
	l.mu.RLock()
	defer l.mu.RUnlock()
	var out []segView
	for _, s := range l.segs {
		if s.base > l.hw.segBase {
			break
		}
		v := segView{seg: s, size: s.size, maxTS: s.maxTS}
		if s.base == l.hw.segBase {
			v.size = l.hw.pos
		}
		if s.idx != nil {
			v.idx = &index{offsets: s.idx.offsets, times: s.idx.times}
		}
		out = append(out, v)
	}
	return out
}

func (l *Log) searchSegment(s segView, match func(wireproto.Batch) bool, ts int64) (Timestamped, error) {
	start := int64(0)
	if s.idx != nil {
		start = s.idx.lookup(s.idx.lookupTime(ts))
	}
	found := noRecord
	logStart := l.LogStart()
	_, err := s.seg.scanHeaders(start, s.size, func(h wireproto.Batch, pos, n int64) error {
		if h.LastOffset() < logStart || h.Control() || !match(h) { // a marker is no record
			return nil
		}
		b, err := s.seg.readBatch(pos, n)
		if err != nil {
			return err
		}
		if found, err = firstAt(b, ts, logStart); err != nil {
			return err
		}
		if found.Offset >= 0 {
			return errStop
		}
		return nil
	})
	if errors.Is(err, errGone) {
		return noRecord, nil // deleted meanwhile, the record with it
	}
	if err != nil {
		return noRecord, fmt.Errorf("%w: %w", ErrStorage, err)
	}
	return found, nil
}

// firstAt finds the first record of a batch with timestamp >= ts and offset >=
// logStart.
func firstAt(b wireproto.Batch, ts, logStart int64) (Timestamped, error) {
	found := noRecord
	if b.Attributes()&wireproto.AttrLogAppendTime != 0 {
		return Timestamped{max(b.BaseOffset(), logStart), b.MaxTimestamp(), b.LeaderEpoch()}, nil
	}
	payload, err := wireproto.Decompress(b.Codec(), b.Payload(), maxInflate)
	if err != nil {
		return found, err
	}
	err = wireproto.EachRecord(payload, b.Count(), func(r wireproto.Record) error {
		off, t := b.BaseOffset()+int64(r.OffsetDelta), b.BaseTimestamp()+r.TimestampDelta
		if t >= ts && off >= logStart {
			found = Timestamped{off, t, b.LeaderEpoch()}
			return errStop
		}
		return nil
	})
	if errors.Is(err, errStop) {
		err = nil
	}
	return found, err
}
