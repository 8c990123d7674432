package commitlog

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/kurier-io/kurier/broker/vfs"
	"github.com/kurier-io/kurier/broker/wireproto"
)

const (
	checkpointFile  = "checkpoint"
	cleanFile       = "clean-stop"
	checkpointEntry = 16 + 4 + 8 + 8 + 8
)

// logState is what the checkpoint knows of a partition: everything before end
// is in its segment files and flushed; compaction has seen what is before
// cleaned.
type logState struct {
	end, start, cleaned int64
}

type checkpoint struct {
	seq  uint64 // first journal frame that is not covered
	logs map[ID]logState
}

func (c checkpoint) encode() []byte {
	be := binary.BigEndian
	out := make([]byte, 4, 4+2+8+4+len(c.logs)*checkpointEntry)
	out = be.AppendUint16(out, 1)
	out = be.AppendUint64(out, c.seq)
	out = be.AppendUint32(out, uint32(len(c.logs)))
	for id, s := range c.logs {
		out = append(out, id.Topic[:]...)
		out = be.AppendUint32(out, uint32(id.Partition))
		out = be.AppendUint64(out, uint64(s.end))
		out = be.AppendUint64(out, uint64(s.start))
		out = be.AppendUint64(out, uint64(s.cleaned))
	}
	be.PutUint32(out, wireproto.Checksum(out[4:]))
	return out
}

func decodeCheckpoint(b []byte) (checkpoint, error) {
	bad := &CorruptError{File: checkpointFile, Detail: "checksum or length is wrong"}
	if len(b) < 18 || wireproto.Checksum(b[4:]) != binary.BigEndian.Uint32(b) {
		return checkpoint{}, bad
	}
	r := wireproto.NewReader(b[4:])
	if v := r.Int16(); v != 1 {
		bad.Detail = fmt.Sprintf("version %d is newer than this program", v)
		return checkpoint{}, bad
	}
	c := checkpoint{seq: uint64(r.Int64()), logs: map[ID]logState{}}
	for range r.ArrayLen(false, checkpointEntry) {
		id := ID{Topic: r.UUID(), Partition: r.Int32()}
		st := logState{r.Int64(), r.Int64(), r.Int64()}
		if st.start < 0 || st.end < 0 || st.cleaned < 0 {
			return checkpoint{}, bad
		}
		c.logs[id] = st
	}
	if r.Err() != nil || r.Len() != 0 {
		return checkpoint{}, bad
	}
	return c, nil
}

// parallelSyncs is how many files are flushed at once.
const parallelSyncs = 16

// Checkpoint flushes every segment written since the last one, records how far
// each log is on disk, and recycles the journal before that.
func (s *Store) Checkpoint() error {
	s.ckptMu.Lock()
	defer s.ckptMu.Unlock()
	if err := s.Healthy(); err != nil {
		return err
	}
	c := checkpoint{logs: map[ID]logState{}}
	var written int64
	if s.journal != nil {
		// Every entry of an earlier frame was written to its segment before
		// it was queued, so the flush below covers it.
		c.seq = s.journal.nextSeq.Load()
		written = s.journal.written.Load()
	}
	logs := s.snapshot()
	var (
		wg    sync.WaitGroup
		slots = make(chan struct{}, parallelSyncs)
		mu    sync.Mutex
		errs  []error
		moved bool
	)
	for _, l := range logs {
		st, dirty := l.state()
		c.logs[l.id] = st
		if !dirty && st == l.checkpointed {
			continue
		}
		moved = true
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			if err := l.flush(); err != nil {
				mu.Lock()
				errs = append(errs, fmt.Errorf("%s: %w", l.dir, err))
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	if err := errors.Join(errs...); err != nil {
		if slices.ContainsFunc(errs, func(err error) bool { return !vfs.NoSpace(err) }) {
			return s.fail(err)
		}
		return s.storageError(err)
	}
	if !moved && c.seq == s.ckptSeq && len(c.logs) > 0 {
		return nil
	}
	if err := s.saveCheckpoint(c); err != nil {
		return s.checkpointError(err)
	}
	for _, l := range logs {
		l.mu.Lock()
		l.checkpointed = c.logs[l.id]
		l.mu.Unlock()
	}
	s.ckptSeq = c.seq
	s.ckptBytes.Store(written)
	if s.journal != nil {
		if err := s.journal.release(c.seq); err != nil {
			return s.checkpointError(err)
		}
	}
	return nil
}

// checkpointError tells a full disk, after which the next checkpoint may succeed,
// from anything else, after which none can be trusted.
func (s *Store) checkpointError(err error) error {
	if vfs.NoSpace(err) {
		return s.storageError(err)
	}
	return s.fail(err)
}

func (s *Store) saveCheckpoint(c checkpoint) error {
	if err := s.fs.SyncDir("."); err != nil {
		return err
	}
	return vfs.WriteFile(s.fs, ".", checkpointFile, c.encode())
}

// state returns what a flush that starts now will make true.
func (l *Log) state() (st logState, dirty bool) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	dirty = l.dirDirty || l.epochDue
	for _, seg := range l.segs {
		dirty = dirty || seg.dirty.Load() || seg.indexDirty || seg.snapDirty
	}
	return logState{l.next, l.logStart, l.cleanedTo}, dirty
}

// flush makes the files of the log durable. An error that vfs.NoSpace recognises
// is of a file that was written anew, and the next flush does it again; any other
// is of a flush.
func (l *Log) flush() error {
	l.mu.Lock()
	segs, dir := l.segs, l.dirDirty
	var indexes, snaps []*segment
	for _, seg := range segs {
		if seg.indexDirty {
			indexes = append(indexes, seg)
			seg.indexDirty = false
		}
		if seg.snapDirty {
			snaps = append(snaps, seg)
		}
	}
	var history []byte
	if l.epochDue {
		history = l.epochs.encode()
	}
	l.dirDirty, l.epochDue = false, false
	l.mu.Unlock()

	err := l.flushFiles(segs, indexes, snaps, history, dir)
	l.mu.Lock()
	defer l.mu.Unlock()
	if err == nil {
		for _, seg := range snaps {
			seg.snapDirty = false
		}
		return nil
	}
	if l.deleted {
		return nil
	}
	l.dirDirty = l.dirDirty || dir
	l.epochDue = l.epochDue || history != nil
	return err
}

func (l *Log) flushFiles(segs, indexes, snaps []*segment, history []byte, dir bool) error {
	for _, seg := range segs {
		if err := seg.sync(); err != nil {
			return flushError(err)
		}
	}
	for _, seg := range indexes {
		if err := seg.syncIndex(); err != nil {
			return flushError(err)
		}
	}
	for _, seg := range snaps {
		if err := syncFile(l.fs, seg.path+producersSuffix); err != nil {
			return flushError(err)
		}
	}
	if history != nil {
		if err := vfs.WriteFile(l.fs, l.dir, "leader-epoch-checkpoint", history); err != nil {
			return err
		}
	}
	if dir {
		return flushError(l.fs.SyncDir(l.dir))
	}
	return nil
}

// flushError hides from vfs.NoSpace that a flush failed for want of space: unlike a
// write, it cannot be tried again.
func flushError(err error) error {
	if err == nil || !vfs.NoSpace(err) {
		return err
	}
	return fmt.Errorf("flush: %v", err)
}

// finalCheckpoint saves what a clean start reads: indexes, producer state and the
// marker.
func (s *Store) finalCheckpoint(errs []error) error {
	if errors.Join(errs...) != nil {
		return nil // the next start recovers from the journal
	}
	for _, l := range s.snapshot() {
		if !l.dirMade {
			continue
		}
		seg := l.segs[len(l.segs)-1]
		seg.finishIndex()
		if err := seg.writeIndex(); err != nil {
			return err
		}
		seg.indexDirty = true
		if err := writePlain(l.fs, l.dir+"/"+segmentName(l.next)+producersSuffix, l.replay.prods.encode()); err != nil {
			return err
		}
		l.dirDirty = true
	}
	if err := s.Checkpoint(); err != nil {
		return err
	}
	return vfs.WriteFile(s.fs, ".", cleanFile, fmt.Appendf(nil, "%d\n", s.ckptSeq))
}
