package commitlog

import (
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/kurier-io/kurier/broker/vfs"
	"github.com/kurier-io/kurier/broker/wireproto"
)

const (
	journalDir   = "journal"
	frameMagic   = 0x4b4a4631 // "KJF1"
	frameHeader  = 4 + 4 + 8 + 4 + 4
	frameAlign   = 4096
	growStep     = 1 << 20
	maxPending   = 4 << 20
	keptSpares   = 6 // what a checkpoint frees at once, and some
	kindData     = 1
	kindExtent   = 2
	entryHeader  = 1 + 16 + 4 + 8 + 8 + 8 + 4
	retainBuffer = 6 << 20
)

// entry is one appended batch as the journal knows it.
type entry struct {
	id         ID
	baseOffset int64
	segBase    int64
	pos        int64
	data       []byte // of kindData
	crc        uint32 // of kindExtent: the batch checksum
	length     uint32
	extent     bool
}

func appendEntry(dst []byte, e entry) []byte {
	be := binary.BigEndian
	kind := byte(kindData)
	if e.extent {
		kind = kindExtent
	}
	dst = append(dst, kind)
	dst = append(dst, e.id.Topic[:]...)
	dst = be.AppendUint32(dst, uint32(e.id.Partition))
	dst = be.AppendUint64(dst, uint64(e.baseOffset))
	dst = be.AppendUint64(dst, uint64(e.segBase))
	dst = be.AppendUint64(dst, uint64(e.pos))
	dst = be.AppendUint32(dst, e.length)
	if e.extent {
		return be.AppendUint32(dst, e.crc)
	}
	return append(dst, e.data...)
}

// journal is the group-commit write-ahead log. Appenders add entries to the
// pending group; one goroutine writes and flushes a group at a time, so that
// the next group gathers while the device is busy.
type journal struct {
	fs     vfs.FS
	size   int64
	every  time.Duration // pause between flushes, 0 for none
	bypass int           // bytes of a log in a group from which they are flushed in place
	logger *slog.Logger
	// onFlush is told after each flush how long it took, how many bytes it wrote,
	// and how many were since the start.
	onFlush func(d time.Duration, bytes int, written int64)
	// onFail is told once why the journal failed.
	onFail func(error)

	mu      sync.Mutex
	cond    *sync.Cond // room in the pending group, or work for the flusher
	pending *group
	spare   []byte
	failed  error
	closing bool
	stopped chan struct{}
	rush    chan struct{} // cuts the pause between flushes short

	// Owned by the flusher, except as noted.
	file    vfs.File
	filled  int64 // bytes of the file that exist
	off     int64
	nextSeq atomic.Uint64
	written atomic.Int64 // since the start, for checkpoint triggers
	bytes   atomic.Int64 // of the live files
	full    atomic.Bool  // waiting for space: appends must not begin

	filesMu sync.Mutex
	files   []journalFile // live, oldest first
	spares  int
	serial  int
}

type journalFile struct {
	first uint64 // sequence
	size  int64
}

func journalName(seq uint64) string { return fmt.Sprintf("%s/%020d.wal", journalDir, seq) }
func spareName(i int) string        { return fmt.Sprintf("%s/spare-%06d", journalDir, i) }

// startJournal begins a new journal at seq; nothing of an earlier one may be
// needed any more. The caller sets the hooks and starts run.
func startJournal(fs vfs.FS, seq uint64, o Options) (*journal, error) {
	j := &journal{fs: fs, size: o.JournalBytes, bypass: o.BypassBytes, logger: o.Logger, stopped: make(chan struct{}), rush: make(chan struct{}, 1)}
	j.cond = sync.NewCond(&j.mu)
	j.pending = newGroup(nil)
	j.nextSeq.Store(seq)
	if err := fs.MkdirAll(journalDir); err != nil {
		return nil, err
	}
	names, err := fs.ReadDir(journalDir)
	if err != nil {
		return nil, err
	}
	for _, n := range names { // keep up to two for reuse
		if j.spares < keptSpares {
			j.spares++
			j.serial++
			if err := fs.Rename(journalDir+"/"+n, journalDir+"/recycle-"+fmt.Sprint(j.serial)); err != nil {
				return nil, err
			}
			continue
		}
		if err := fs.Remove(journalDir + "/" + n); err != nil {
			return nil, err
		}
	}
	for i := 1; i <= j.serial; i++ {
		if err := fs.Rename(journalDir+"/recycle-"+fmt.Sprint(i), spareName(i)); err != nil {
			return nil, err
		}
	}
	if err := j.rotate(); err != nil {
		return nil, err
	}
	return j, nil
}

// rotate starts a new file, recycled if there is one. Stale frames in it carry
// older sequence numbers, which recovery does not accept.
func (j *journal) rotate() error {
	seq := j.nextSeq.Load()
	name := journalName(seq)
	j.filesMu.Lock()
	defer j.filesMu.Unlock()
	recycled := false
	if j.spares > 0 {
		names, err := j.fs.ReadDir(journalDir)
		if err != nil {
			return err
		}
		for _, n := range names {
			if len(n) > 6 && n[:6] == "spare-" {
				if err := j.fs.Rename(journalDir+"/"+n, name); err != nil {
					return err
				}
				j.spares--
				recycled = true
				break
			}
		}
	}
	f, err := j.fs.Create(name)
	if err != nil {
		return err
	}
	filled := int64(0)
	if recycled {
		if filled, err = f.Size(); err != nil {
			return errors.Join(err, f.Close())
		}
	}
	if err := j.fs.SyncDir(journalDir); err != nil {
		return errors.Join(err, f.Close())
	}
	if j.file != nil {
		if err := j.file.Close(); err != nil {
			return errors.Join(err, f.Close())
		}
	}
	j.file, j.filled, j.off = f, filled, 0
	j.files = append(j.files, journalFile{seq, filled})
	j.bytes.Add(filled)
	return nil
}

// add queues an entry and returns the group that will carry it. It blocks while
// the pending group is full. Callers hold their log's append lock, so entries of
// one partition are in offset order.
func (j *journal) add(e entry, end logEnd, bypass *segment) (*group, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	for j.failed == nil && !j.closing && len(j.pending.buf) > maxPending && !j.full.Load() {
		j.cond.Wait()
	}
	if j.failed != nil {
		return nil, j.failed
	}
	if j.closing {
		return nil, ErrClosed
	}
	g := j.pending
	if g.n == 0 {
		j.cond.Broadcast()
	}
	g.buf = appendEntry(g.buf, e)
	g.n++
	if bypass != nil {
		g.sync(bypass, end.log)
	}
	end.bytes = len(e.data)
	if l := end.log; l.group == g {
		if old := &g.ends[l.groupIdx]; old.seg == end.seg {
			end.bytes += old.bytes
		}
		g.ends[l.groupIdx] = end
	} else {
		l.group, l.groupIdx = g, len(g.ends)
		g.ends = append(g.ends, end)
	}
	return g, nil
}

func (j *journal) run() {
	defer close(j.stopped)
	for {
		j.mu.Lock()
		for j.pending.n == 0 && !j.closing {
			j.cond.Wait()
		}
		if j.pending.n == 0 {
			j.mu.Unlock()
			return
		}
		if j.every > 0 && !j.closing {
			j.mu.Unlock()
			j.pause()
			j.mu.Lock()
		}
		g := j.pending
		j.pending = newGroup(j.spare)
		j.spare = nil
		j.cond.Broadcast()
		failed := j.failed
		j.mu.Unlock()

		if failed == nil {
			failed = j.flush(g)
		}
		j.finish(g, failed)
	}
}

// pause waits between flushes, or until somebody is in a hurry.
func (j *journal) pause() {
	t := time.NewTimer(j.every)
	defer t.Stop()
	select {
	case <-t.C:
	case <-j.rush:
	}
}

// hurry makes the next flush begin now.
func (j *journal) hurry() {
	select {
	case j.rush <- struct{}{}:
	default:
	}
}

// finish publishes the outcome of a group.
func (j *journal) finish(g *group, err error) {
	if err != nil {
		if !errors.Is(err, ErrStorage) {
			err = fmt.Errorf("%w: %w", ErrStorage, err)
		}
		j.fail(err)
	} else {
		for _, e := range g.ends {
			e.log.advance(e.end)
		}
		if cap(g.buf) <= retainBuffer {
			j.mu.Lock()
			j.spare = g.buf
			j.mu.Unlock()
		}
	}
	g.err = err
	g.buf, g.ends = nil, nil
	close(g.done)
}

// fail makes the journal refuse everything from now on.
func (j *journal) fail(err error) {
	j.mu.Lock()
	first := j.failed == nil
	if first {
		j.failed = err
	}
	j.cond.Broadcast()
	j.mu.Unlock()
	if first && j.onFail != nil {
		j.onFail(err)
	}
}

func (j *journal) failure() error {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.failed
}

// flush writes one frame and makes it durable. A failed flush is never retried:
// after it the state of the pages is unknown. Only a full disk is waited for, while
// the frame is being written: its records have their offsets and may have been
// acknowledged with acks=1, so they cannot be taken back, but no others are let in.
func (j *journal) flush(g *group) error {
	start := time.Now()
	g.slim(j.bypass)
	for s, l := range g.syncs {
		if err := l.syncBypassed(s); err != nil {
			return err
		}
	}
	need := (int64(len(g.buf)) + frameAlign - 1) / frameAlign * frameAlign
	seq := j.nextSeq.Load()
	sealFrame(g.buf, seq, g.n)
	for {
		err := j.place(g.buf, need)
		if err == nil {
			break
		}
		if !vfs.NoSpace(err) || !j.waitForSpace(err) {
			return err
		}
	}
	if j.full.CompareAndSwap(true, false) {
		j.logger.Info("the journal has space again")
	}
	if err := j.file.Sync(); err != nil {
		return err
	}
	j.off += need
	j.nextSeq.Store(seq + 1)
	if written := j.written.Add(need); j.onFlush != nil {
		j.onFlush(time.Since(start), int(need), written)
	}
	return nil
}

// place writes a frame, which may be written again after a failure.
func (j *journal) place(frame []byte, need int64) error {
	if err := j.room(need); err != nil {
		return err
	}
	_, err := j.file.WriteAt(frame, j.off)
	return err
}

// waitForSpace pauses before the next attempt. False means that the store is being
// closed and the frame must be given up.
func (j *journal) waitForSpace(err error) bool {
	if !j.full.Swap(true) {
		j.logger.Warn("disk full: the journal waits for space, appends are refused", "error", err)
	}
	j.mu.Lock()
	j.cond.Broadcast() // those who wait for room in the group
	closing := j.closing
	j.mu.Unlock()
	if closing {
		return false
	}
	time.Sleep(fullInterval)
	return true
}

func sealFrame(buf []byte, seq uint64, n uint32) {
	be := binary.BigEndian
	be.PutUint32(buf, frameMagic)
	be.PutUint64(buf[8:], seq)
	be.PutUint32(buf[16:], uint32(len(buf)-frameHeader))
	be.PutUint32(buf[20:], n)
	be.PutUint32(buf[4:], wireproto.Checksum(buf[8:]))
}

var zeroes [growStep]byte

// room makes sure that need bytes of real, zero-filled file are there:
// overwriting them costs a flush of data only, appending one of metadata too.
func (j *journal) room(need int64) error {
	if j.off > 0 && j.off+need > j.size {
		if err := j.rotate(); err != nil {
			return err
		}
	}
	step := min(growStep, j.size)
	for j.filled < j.off+need {
		if _, err := j.file.WriteAt(zeroes[:step], j.filled); err != nil {
			return err
		}
		j.filled += step
		j.bytes.Add(step)
		j.filesMu.Lock()
		j.files[len(j.files)-1].size = j.filled
		j.filesMu.Unlock()
	}
	return nil
}

// release recycles the files that hold only frames before seq.
func (j *journal) release(seq uint64) error {
	j.filesMu.Lock()
	defer j.filesMu.Unlock()
	for len(j.files) > 1 && j.files[1].first <= seq {
		name := journalName(j.files[0].first)
		if j.spares < keptSpares {
			j.serial++
			if err := j.fs.Rename(name, spareName(j.serial)); err != nil {
				return err
			}
			j.spares++
		} else if err := j.fs.Remove(name); err != nil {
			return err
		}
		j.bytes.Add(-j.files[0].size)
		j.files = j.files[1:]
	}
	return j.fs.SyncDir(journalDir)
}

// close flushes what is pending and stops the flusher.
func (j *journal) close() error {
	j.mu.Lock()
	j.closing = true
	j.cond.Broadcast()
	j.mu.Unlock()
	j.hurry()
	<-j.stopped
	j.mu.Lock()
	err := j.failed
	j.mu.Unlock()
	return errors.Join(err, j.file.Close())
}
