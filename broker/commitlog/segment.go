package commitlog

import (
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/kurier-io/kurier/broker/vfs"
	"github.com/kurier-io/kurier/broker/wireproto"
)

// segment is one .log file. The mutable fields belong to the log's mu; the
// file handle opens on first use and is closed again when idle.
type segment struct {
	fs   vfs.FS
	path string // without suffix
	base int64

	next        int64 // offset after the last record
	size        int64
	maxTS       int64 // -1 when empty
	maxTSOffset int64
	firstTS     int64     // of the first batch, -1 when empty
	born        time.Time // of the first append in this process, for segment.ms without timestamps
	idx         *index    // while active
	jitter      float64   // share of segment.jitter.ms by which it rolls early
	aborted     []aborted // transactions whose abort marker is here; appended to, never changed
	txnsKnown   bool      // during recovery: aborted came from a file
	dirty       atomic.Bool
	indexDirty  bool
	snapDirty   bool // the producer snapshot at base is not flushed

	fmu  sync.RWMutex
	file vfs.File
	gone bool // deleted or replaced
	used atomic.Int64
}

func segmentName(base int64) string { return fmt.Sprintf("%020d", base) }

func newSegment(fs vfs.FS, dir string, base int64) *segment {
	return &segment{fs: fs, path: dir + "/" + segmentName(base), base: base, next: base,
		maxTS: -1, maxTSOffset: base, firstTS: -1, idx: &index{}, jitter: rand.Float64()}
}

var errGone = errors.New("commitlog: segment was replaced")

// acquire returns the file with the segment's read lock held; the caller calls
// s.fmu.RUnlock when done with it.
func (s *segment) acquire() (vfs.File, error) {
	for {
		s.fmu.RLock()
		if s.file != nil {
			s.used.Store(time.Now().UnixNano())
			return s.file, nil
		}
		gone := s.gone
		s.fmu.RUnlock()
		if gone {
			return nil, errGone
		}
		s.fmu.Lock()
		if s.file == nil && !s.gone {
			f, err := s.fs.Create(s.path + ".log")
			if err != nil {
				s.fmu.Unlock()
				return nil, err
			}
			s.file = f
		}
		s.fmu.Unlock()
	}
}

// closeFile drops the handle; retire also forbids reopening.
func (s *segment) closeFile(retire bool) error {
	s.fmu.Lock()
	defer s.fmu.Unlock()
	s.gone = s.gone || retire
	if s.file == nil {
		return nil
	}
	err := s.file.Close()
	s.file = nil
	return err
}

func (s *segment) readAt(p []byte, off int64) (int, error) {
	f, err := s.acquire()
	if err != nil {
		return 0, err
	}
	defer s.fmu.RUnlock()
	n, err := f.ReadAt(p, off)
	if errors.Is(err, io.EOF) && n > 0 {
		err = nil
	}
	return n, err
}

func (s *segment) writeAt(p []byte, off int64) error {
	f, err := s.acquire()
	if err != nil {
		return err
	}
	defer s.fmu.RUnlock()
	_, err = f.WriteAt(p, off)
	s.dirty.Store(true) // after the write: a flush in between must not hide it
	return err
}

func (s *segment) sync() error {
	if !s.dirty.CompareAndSwap(true, false) {
		return nil
	}
	f, err := s.acquire()
	if err != nil {
		if errors.Is(err, errGone) {
			return nil
		}
		return err
	}
	defer s.fmu.RUnlock()
	return f.Sync()
}

func (s *segment) truncate(size int64) error {
	f, err := s.acquire()
	if err != nil {
		return err
	}
	defer s.fmu.RUnlock()
	s.dirty.Store(true)
	return f.Truncate(size)
}

// note accounts for a batch of n bytes at the end of the segment.
func (s *segment) note(last, maxTS, baseTS int64, n, interval int64) {
	if maxTS > s.maxTS {
		s.maxTS, s.maxTSOffset = maxTS, last
	}
	if s.size == 0 {
		s.firstTS = baseTS
	}
	if s.idx != nil {
		s.idx.add(s, last, s.size, n, interval)
	}
	s.size += n
	s.next = last + 1
}

// scanHeaders walks the batches of the file from pos up to end and calls fn
// with each header. It stops at the first thing that is not a batch and returns
// the position reached.
func (s *segment) scanHeaders(pos, end int64, fn func(h wireproto.Batch, pos, n int64) error) (int64, error) {
	var h [wireproto.HeaderSize]byte
	for pos+wireproto.HeaderSize <= end {
		if n, err := s.readAt(h[:], pos); err != nil || n < len(h) {
			if err != nil && !errors.Is(err, io.EOF) {
				return pos, err
			}
			return pos, nil
		}
		n, err := wireproto.PeekLength(h[:])
		if err != nil || pos+int64(n) > end {
			return pos, nil
		}
		if err := fn(h[:], pos, int64(n)); err != nil {
			if errors.Is(err, errStop) {
				return pos, nil
			}
			return pos, err
		}
		pos += int64(n)
	}
	return pos, nil
}

// errStop ends a scan without being an error.
var errStop = errors.New("stop")

// readBatch reads the whole batch at pos into a new slice.
func (s *segment) readBatch(pos, n int64) (wireproto.Batch, error) {
	b := make([]byte, n)
	got, err := s.readAt(b, pos)
	if err != nil {
		return nil, err
	}
	if int64(got) < n {
		return nil, io.ErrUnexpectedEOF
	}
	return b, nil
}

// writeIndex writes the index files of a segment that is sealed or being closed,
// after finishIndex. The caller marks them dirty.
func (s *segment) writeIndex() error {
	offsets, times := s.idx.encode()
	if err := writePlain(s.fs, s.path+".index", offsets); err != nil {
		return err
	}
	if err := writePlain(s.fs, s.path+".timeindex", times); err != nil {
		return err
	}
	return writePlain(s.fs, s.path+".txnindex", encodeAborted(s.aborted))
}

// finishIndex adds the largest timestamp, which Kafka expects in the last entry of
// the time index.
func (s *segment) finishIndex() { s.idx.addTime(s) }

// syncIndex makes the index files durable.
func (s *segment) syncIndex() error {
	for _, suffix := range []string{".index", ".timeindex", ".txnindex"} {
		if err := syncFile(s.fs, s.path+suffix); err != nil {
			return err
		}
	}
	return nil
}

func syncFile(fs vfs.FS, name string) error {
	f, err := fs.Open(name)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// writePlain replaces the contents of a file that can be rebuilt; it syncs
// nothing.
func writePlain(fs vfs.FS, name string, data []byte) error {
	f, err := fs.Create(name)
	if err != nil {
		return err
	}
	err = f.Truncate(0)
	if err == nil && len(data) > 0 {
		_, err = f.WriteAt(data, 0)
	}
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	return err
}

// position returns where to start reading to find offset.
func (s *segment) position(idx *index, offset, size int64) int64 {
	if idx != nil {
		return idx.lookup(offset - s.base)
	}
	pos, _ := lookupFile(s.fs, s.path+".index", offset-s.base, size)
	return pos
}

func (s *segment) remove() error {
	err := s.closeFile(true)
	for _, suffix := range []string{".log", ".index", ".timeindex", ".txnindex", producersSuffix} {
		if rerr := s.fs.Remove(s.path + suffix); rerr != nil && suffix == ".log" && err == nil {
			err = rerr
		}
	}
	return err
}
