package commitlog

import (
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"maps"
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
	if !clean {
		replayed := map[ID]int64{}
		if seq, err = replay(s.fs, ckpt.seq, func(e entry) error { return s.apply(e, ckpt, replayed) }); err != nil {
			return err
		}
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
	every := time.Duration(0)
	if s.opts.Durability == Interval {
		every = s.opts.FlushInterval
	}
	j, err := startJournal(s.fs, seq, s.opts.JournalBytes, every, s.logger)
	if err != nil {
		return err
	}
	j.onBytes = func(written int64) {
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
	if len(l.segs) == 0 {
		l.segs = []*segment{newSegment(l.fs, l.dir, st.end)}
	}
	if err := l.sizeSegments(); err != nil {
		return err
	}
	active := l.segs[len(l.segs)-1]
	if err := l.loadSealed(l.segs[:len(l.segs)-1]); err != nil {
		return err
	}
	if !active.loadIndex() {
		if _, err := l.scan(active, 0, active.size, -1); err != nil {
			return err
		}
	}
	active.next = max(st.end, active.base)
	l.next = active.next
	if active.size > 0 {
		var h [wireproto.HeaderSize]byte
		if n, err := active.readAt(h[:], 0); err == nil && n == len(h) {
			active.firstTS = wireproto.Batch(h[:]).BaseTimestamp()
		}
	}
	return l.restoreProducers(l.next)
}

// recoverTail rebuilds everything from the checkpoint on by reading batches, and
// cuts what is not one. Batches beyond the journal are kept if they are whole:
// they were not acknowledged with acks=all, but may have been with acks=1.
func (l *Log) recoverTail(st logState, replayed int64) error {
	if len(l.segs) == 0 {
		l.segs = []*segment{newSegment(l.fs, l.dir, st.end)}
	}
	if err := l.sizeSegments(); err != nil {
		return err
	}
	first := max(0, len(l.segs)-1)
	for first > 0 && l.segs[first].base >= st.end {
		first--
	}
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
		seg.finishIndex()
		if err := seg.writeIndex(); err != nil {
			return err
		}
		seg.idx, seg.indexDirty = nil, true
	}
	l.next = max(next, l.logStart)
	if want := max(st.end, replayed); l.next < want {
		return &CorruptError{File: l.dir, Detail: fmt.Sprintf("records up to offset %d were flushed, but only those before %d can be read", want, l.next)}
	}
	l.epochs.truncate(l.next)
	return l.restoreProducers(l.next)
}

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
			seg.idx = nil
			continue
		}
		next, size := seg.next, seg.size
		if _, err := l.scan(seg, 0, size, -1); err != nil {
			return err
		}
		seg.next, seg.size = next, size
		seg.finishIndex()
		if err := seg.writeIndex(); err != nil {
			return err
		}
		seg.idx, seg.indexDirty = nil, true
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

// scan rebuilds the index of a segment from its batches and returns where the
// first thing that is not a batch begins. Batches at or after offset verify (-1:
// none) are read whole and their checksum is compared.
func (l *Log) scan(seg *segment, from, size, verify int64) (int64, error) {
	interval := l.Config().IndexIntervalBytes
	seg.size, seg.next, seg.maxTS, seg.maxTSOffset, seg.idx = from, seg.base, -1, seg.base, &index{}
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
		l.epochs.note(h.LeaderEpoch(), h.BaseOffset())
		seg.note(h.LastOffset(), h.MaxTimestamp(), h.BaseTimestamp(), n, interval)
		return nil
	})
	return end, err
}

// restoreProducers loads the newest usable snapshot at or before end and replays
// the headers after it. Older and newer snapshots are removed.
func (l *Log) restoreProducers(end int64) error {
	l.prods = producers{}
	if !l.dirMade {
		return nil
	}
	names, err := l.fs.ReadDir(l.dir)
	if err != nil {
		return err
	}
	from := l.segs[0].base
	offsets := map[int64]string{}
	for _, n := range names {
		if off, ok := parseSegmentName(n, ".snapshot"); ok {
			offsets[off] = n
		}
	}
	for _, off := range slices.Backward(slices.Sorted(maps.Keys(offsets))) {
		b, err := l.fs.ReadFile(l.dir + "/" + offsets[off])
		if ps, derr := decodeProducers(b); err == nil && derr == nil && off <= end {
			l.prods, from = ps, off
			break
		}
		if err := l.fs.Remove(l.dir + "/" + offsets[off]); err != nil {
			return err
		}
	}
	for _, seg := range l.segs {
		if seg.next <= from {
			continue
		}
		if _, err := seg.scanHeaders(0, seg.size, func(h wireproto.Batch, _, _ int64) error {
			if h.BaseOffset() >= from {
				l.prods.note(h)
			}
			return nil
		}); err != nil {
			return err
		}
	}
	l.prods.expire(time.Now().UnixMilli())
	return nil
}
