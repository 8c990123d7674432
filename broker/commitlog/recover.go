package commitlog

import (
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/kurier-io/kurier/broker/wireproto"
)

// recover brings the store to a state in which every acknowledged append is in
// its segment. See doc.go for the argument.
func (s *Store) recover(parts []Spec, nextEpoch func() (int32, error)) error {
	ckpt, existed, err := s.loadCheckpoint()
	if err != nil {
		return err
	}
	clean := s.wasClean(ckpt.seq)
	for _, p := range parts {
		s.logs[p.ID] = s.newLog(p)
	}
	if err := s.discardStrangers(); err != nil {
		return err
	}
	for _, l := range s.logs {
		if err := l.open(ckpt.logs[l.id]); err != nil {
			return fmt.Errorf("%s: %w", l.dir, err)
		}
	}
	seq := ckpt.seq
	replayed := map[ID]int64{}
	if !clean {
		if seq, err = replay(s.fs, ckpt.seq, s.progress, func(e entry) error { return s.apply(e, ckpt, replayed) }); err != nil {
			return err
		}
	}
	for _, l := range s.logs {
		st := ckpt.logs[l.id]
		if len(l.segs) == 0 {
			l.segs = []*segment{newSegment(l.fs, l.dir, st.end)}
		}
		if err := l.sizeSegments(); err != nil {
			return fmt.Errorf("%s: %w", l.dir, err)
		}
		if !clean {
			for _, seg := range l.segs[l.firstUnsure(st):] {
				s.progress.expect(seg.size)
			}
		}
	}
	if !clean {
		for _, l := range s.logs {
			if err := l.recoverTail(ckpt.logs[l.id], replayed[l.id]); err != nil {
				return fmt.Errorf("%s: %w", l.dir, err)
			}
		}
		if existed { // or the directory is new
			if s.epoch, err = nextEpoch(); err != nil {
				return err
			}
		}
	} else {
		for _, l := range s.logs {
			if err := l.trustTail(ckpt.logs[l.id]); err != nil {
				return fmt.Errorf("%s: %w", l.dir, err)
			}
		}
	}
	// From here on a crash is possible.
	if err := s.fs.Remove(cleanFile); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := s.fs.SyncDir("."); err != nil {
		return err
	}
	for _, l := range s.logs {
		l.hw = l.end()
	}
	s.progress.finish()
	return s.begin(seq)
}

// begin makes the recovered state the new starting point: a checkpoint first,
// and only then a journal that reuses the old files.
func (s *Store) begin(seq uint64) error {
	c := checkpoint{seq: seq, logs: map[ID]logState{}}
	for _, l := range s.logs {
		if l.dirMade {
			if err := l.flush(); err != nil {
				return fmt.Errorf("%s: %w", l.dir, err)
			}
		}
		l.checkpointed, _ = l.state()
		c.logs[l.id] = l.checkpointed
	}
	if err := s.saveCheckpoint(c); err != nil {
		return err
	}
	s.ckptSeq = seq
	if s.opts.Durability == OS {
		return nil
	}
	j, err := startJournal(s.fs, seq, s.opts)
	if err != nil {
		return err
	}
	if s.opts.Durability == Interval {
		j.every = s.opts.FlushInterval
	}
	j.onFail = func(err error) { _ = s.fail(err) } // the appends that it fails report it
	j.onFlush = func(d time.Duration, bytes int, written int64) {
		if s.opts.OnFlush != nil {
			s.opts.OnFlush(d, bytes)
		}
		if written-s.ckptBytes.Load() > s.opts.CheckpointBytes {
			select {
			case s.wake <- struct{}{}:
			default:
			}
		}
	}
	s.journal = j
	go j.run()
	return nil
}

func (s *Store) loadCheckpoint() (c checkpoint, existed bool, err error) {
	b, err := s.fs.ReadFile(checkpointFile)
	if errors.Is(err, fs.ErrNotExist) {
		return checkpoint{logs: map[ID]logState{}}, false, nil
	}
	if err != nil {
		return checkpoint{}, false, err
	}
	c, err = decodeCheckpoint(b)
	return c, true, err
}

func (s *Store) wasClean(seq uint64) bool {
	b, err := s.fs.ReadFile(cleanFile)
	return err == nil && strings.TrimSpace(string(b)) == strconv.FormatUint(seq, 10)
}

// discardStrangers removes partition directories of topics that are gone, and
// notes which partitions have a directory.
func (s *Store) discardStrangers() error {
	names, err := s.fs.ReadDir(".")
	if err != nil {
		return err
	}
	byDir := make(map[string]*Log, len(s.logs))
	for _, l := range s.logs {
		byDir[l.dir] = l
	}
	for _, name := range names {
		if strings.HasSuffix(name, "-delete") {
			if err := s.fs.RemoveAll(name); err != nil {
				return err
			}
			continue
		}
		meta, err := s.fs.ReadFile(name + "/partition.metadata")
		l := byDir[name]
		switch {
		case err == nil && l != nil && string(meta) == string(partitionMetadata(l.id.Topic)):
			l.dirMade = true
		case err == nil && l == nil && name != journalDir:
			// A directory with that file is a partition's; its topic was deleted.
			if err := s.discardDir(name, [16]byte{}); err != nil {
				return err
			}
		case l != nil:
			// Of an earlier topic of the name, or made by an append whose
			// metadata did not reach the disk: the journal says what was in it.
			if err := s.dropForeign(l, err == nil && validMetadata(meta)); err != nil {
				return err
			}
		}
	}
	return nil
}

// validMetadata tells a partition.metadata file from what a crash may leave of one
// that was never flushed.
func validMetadata(b []byte) bool {
	_, id, ok := strings.Cut(strings.TrimSpace(string(b)), "topic_id: ")
	raw, err := base64.RawURLEncoding.DecodeString(id)
	return ok && err == nil && len(raw) == 16
}

// dropForeign decides about a directory whose metadata is not the log's own.
func (s *Store) dropForeign(l *Log, other bool) error {
	if other {
		return s.discardDir(l.dir, [16]byte{})
	}
	if err := writePlain(s.fs, l.dir+"/partition.metadata", partitionMetadata(l.id.Topic)); err != nil {
		return err
	}
	l.dirMade, l.dirDirty = true, true
	return nil
}

// apply writes a journaled batch back to where it was.
func (s *Store) apply(e entry, ckpt checkpoint, replayed map[ID]int64) error {
	l := s.logs[e.id]
	st := ckpt.logs[e.id]
	if l == nil || e.baseOffset < st.end || e.baseOffset < st.start {
		return nil // deleted topic, or already in place
	}
	if !l.dirMade {
		if err := l.makeDir(); err != nil {
			return err
		}
	}
	seg := l.segmentAt(e.segBase)
	if e.extent {
		b, err := seg.readBatch(e.pos, int64(e.length))
		if err != nil || wireproto.Batch(b).BaseOffset() != e.baseOffset || wireproto.Batch(b).CRC() != e.crc || wireproto.Batch(b).CheckCRC() != nil {
			return &CorruptError{File: seg.path + ".log", Detail: fmt.Sprintf("the batch at offset %d, flushed before it was acknowledged, is not there", e.baseOffset)}
		}
		replayed[e.id] = wireproto.Batch(b).LastOffset() + 1
		return nil
	}
	b, rest, err := wireproto.NextBatch(e.data)
	if err != nil || len(rest) != 0 || b.BaseOffset() != e.baseOffset || b.LastOffsetDelta() < 0 {
		return wireproto.ErrShort
	}
	if err := seg.writeAt(b, e.pos); err != nil {
		return err
	}
	replayed[e.id] = b.LastOffset() + 1
	return nil
}

func parseSegmentName(name, suffix string) (int64, bool) {
	digits, ok := strings.CutSuffix(name, suffix)
	if !ok || len(digits) != 20 {
		return 0, false
	}
	base, err := strconv.ParseInt(digits, 10, 64)
	return base, err == nil && base >= 0
}

func (l *Log) segmentAt(base int64) *segment {
	i, ok := slices.BinarySearchFunc(l.segs, base, func(s *segment, b int64) int { return int(min(max(s.base-b, -1), 1)) })
	if !ok {
		l.segs = slices.Insert(l.segs, i, newSegment(l.fs, l.dir, base))
		l.dirDirty = true
	}
	return l.segs[i]
}

// open lists the segments of the log and finishes interrupted swaps.
func (l *Log) open(st logState) error {
	l.logStart, l.cleanedTo = st.start, st.cleaned
	if !l.dirMade {
		l.segs = []*segment{newSegment(l.fs, l.dir, st.end)}
		return nil
	}
	names, err := l.finishSwaps()
	if err != nil {
		return err
	}
	for _, n := range names {
		if base, ok := parseSegmentName(n, ".log"); ok {
			l.segs = append(l.segs, newSegment(l.fs, l.dir, base))
		}
	}
	// A crash may bring back segments that retention had deleted.
	gone := 0
	for gone+1 < len(l.segs) && l.segs[gone+1].base <= l.logStart {
		if err := l.segs[gone].remove(); err != nil {
			return err
		}
		gone++
	}
	l.segs, l.dirDirty = l.segs[gone:], l.dirDirty || gone > 0
	if b, err := l.fs.ReadFile(l.dir + "/leader-epoch-checkpoint"); err == nil {
		l.epochs = decodeEpochs(b)
	}
	return nil
}

// end is the log end as a position. Only during recovery.
func (l *Log) end() logPos {
	seg := l.segs[len(l.segs)-1]
	return logPos{l.next, seg.base, seg.size}
}

// trustTail loads the log as a clean stop left it.
func (l *Log) trustTail(st logState) error {
	active := l.segs[len(l.segs)-1]
	if err := l.loadSealed(l.segs[:len(l.segs)-1]); err != nil {
		return err
	}
	active.next = max(st.end, active.base)
	if active.loadIndex() {
		active.loadAborted()
	} else if _, err := l.scan(active, 0, active.size, -1); err != nil {
		return err
	}
	active.next = max(st.end, active.base)
	l.next = active.next
	if active.size > 0 {
		var h [wireproto.HeaderSize]byte
		if n, err := active.readAt(h[:], 0); err == nil && n == len(h) {
			active.firstTS = wireproto.Batch(h[:]).BaseTimestamp()
		}
	}
	return l.restoreTxns(l.next)
}

// firstUnsure is the index of the first segment that may hold more, or other,
// than what the checkpoint covers.
func (l *Log) firstUnsure(st logState) int {
	first := max(0, len(l.segs)-1)
	for first > 0 && l.segs[first].base >= st.end {
		first--
	}
	return first
}

// recoverTail rebuilds everything from the checkpoint on by reading batches, and
// cuts what is not one. Batches beyond the journal are kept if they are whole:
// they were not acknowledged with acks=all, but may have been with acks=1.
func (l *Log) recoverTail(st logState, replayed int64) error {
	first := l.firstUnsure(st)
	if err := l.loadSealed(l.segs[:first]); err != nil {
		return err
	}
	next := l.segs[first].base
	i := first
	for ; i < len(l.segs); i++ {
		seg := l.segs[i]
		if i > first && seg.base != next && seg.base > st.end {
			break // the segment before it lost its end
		}
		size := seg.size
		end, err := l.scan(seg, 0, size, st.end)
		if err != nil {
			return err
		}
		if i+1 < len(l.segs) && l.segs[i+1].base <= st.end {
			seg.next = l.segs[i+1].base // compaction may have taken the last batch
		}
		next = seg.next
		if end < size {
			if err := seg.truncate(end); err != nil {
				return err
			}
			i++
			break
		}
	}
	for _, seg := range l.segs[i:] {
		if err := seg.remove(); err != nil {
			return err
		}
		l.dirDirty = true
	}
	l.segs = l.segs[:i]
	for _, seg := range l.segs[first : len(l.segs)-1] {
		seg.finishIndex() // restoreTxns writes it
	}
	l.next = max(next, l.logStart)
	if want := max(st.end, replayed); l.next < want {
		return &CorruptError{File: l.dir, Detail: fmt.Sprintf("records up to offset %d were flushed, but only those before %d can be read", want, l.next)}
	}
	l.epochs.truncate(l.next)
	return l.restoreTxns(l.next)
}
