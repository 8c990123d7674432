package commitlog

import (
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/kurier-io/kurier/broker/vfs"
)

// Store holds the logs of all partitions and the journal they share.
type Store struct {
	opts    Options
	fs      vfs.FS
	logger  *slog.Logger
	epoch   int32
	journal *journal // nil with OS durability

	mu   sync.RWMutex
	logs map[ID]*Log

	ckptMu    sync.Mutex   // one checkpoint at a time
	ckptSeq   uint64       // journal sequence that the checkpoint file covers
	ckptBytes atomic.Int64 // journal bytes written by then
	wake      chan struct{}
	stop      chan struct{}
	stopped   sync.WaitGroup

	guard    spaceGuard
	progress *progress             // of recovery
	sick     atomic.Pointer[error] // a flush failed: no append or checkpoint may succeed any more
}

func partitionMetadata(topic [16]byte) []byte {
	return fmt.Appendf(nil, "version: 0\ntopic_id: %s\n", base64.RawURLEncoding.EncodeToString(topic[:]))
}

func dirName(topic string, partition int32) string { return fmt.Sprintf("%s-%d", topic, partition) }

// Open recovers the store. Parts are the partitions that must exist; directories
// of others are removed. NextEpoch is called once if the last stop was not
// clean and returns a leader epoch that was never used before; epoch is used
// otherwise.
func Open(opts Options, parts []Spec, epoch int32, nextEpoch func() (int32, error)) (*Store, error) {
	opts = opts.withDefaults()
	s := &Store{opts: opts, fs: opts.FS, logger: opts.Logger, epoch: epoch, logs: map[ID]*Log{},
		wake: make(chan struct{}, 1), stop: make(chan struct{})}
	s.progress = &progress{report: opts.Progress}
	s.guard.reserve = opts.Reserve
	s.guard.device, _ = opts.FS.(vfs.Device)
	if err := s.recover(parts, nextEpoch); err != nil {
		if vfs.NoSpace(err) {
			err = s.diskFull(err)
		}
		return nil, err
	}
	s.stopped.Go(s.checkpointLoop)
	return s, nil
}

// Exists reports whether the file system holds a store.
func Exists(fsys vfs.FS) bool {
	_, err := fsys.ReadFile(checkpointFile)
	return err == nil
}

func (s *Store) newLog(spec Spec) *Log {
	l := &Log{id: spec.ID, name: spec.Name, dir: dirName(spec.Name, spec.Partition), fs: s.fs, store: s,
		logger: s.logger.With("topic", spec.Name, "partition", spec.Partition), replay: replayer{prods: producers{}}}
	cfg := spec.Config
	l.cfg.Store(&cfg)
	return l
}

// Create adds an empty partition. Its directory is made by the first append.
func (s *Store) Create(spec Spec) *Log {
	s.mu.Lock()
	defer s.mu.Unlock()
	if l := s.logs[spec.ID]; l != nil {
		return l
	}
	l := s.newLog(spec)
	l.segs = []*segment{newSegment(s.fs, l.dir, 0)}
	s.logs[spec.ID] = l
	return l
}

// Log returns a partition, nil if there is none.
func (s *Store) Log(id ID) *Log {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.logs[id]
}

func (s *Store) snapshot() []*Log {
	s.mu.RLock()
	defer s.mu.RUnlock()
	out := make([]*Log, 0, len(s.logs))
	for l := range maps.Values(s.logs) {
		out = append(out, l)
	}
	return out
}

// Delete removes a partition: readers and writers get ErrDeleted, the directory
// is renamed out of the way and then removed.
func (s *Store) Delete(id ID) error {
	s.mu.Lock()
	l := s.logs[id]
	delete(s.logs, id)
	s.mu.Unlock()
	if l == nil {
		return nil
	}
	l.cleanMu.Lock()
	defer l.cleanMu.Unlock()
	l.appendMu.Lock()
	defer l.appendMu.Unlock()
	l.mu.Lock()
	l.deleted = true
	l.notify()
	segs := l.segs
	l.mu.Unlock()
	var errs []error
	for _, seg := range segs {
		seg.dirty.Store(false)
		errs = append(errs, seg.closeFile(true))
	}
	if l.dirMade {
		errs = append(errs, s.discardDir(l.dir, id.Topic))
	}
	return errors.Join(errs...)
}

// discardDir removes a partition directory in two steps, so that a crash between
// them cannot leave half a log under its name.
func (s *Store) discardDir(dir string, topic [16]byte) error {
	gone := fmt.Sprintf("%s.%s-delete", dir, strings.TrimRight(base64.RawURLEncoding.EncodeToString(topic[:]), "="))
	if len(gone) > 250 {
		gone = gone[len(gone)-250:]
	}
	if err := s.fs.Rename(dir, gone); err != nil {
		return err
	}
	if err := s.fs.SyncDir("."); err != nil {
		return err
	}
	return s.fs.RemoveAll(gone)
}

// Close flushes everything, writes the clean-stop marker and closes all files. No
// other method may be running or be called afterwards.
func (s *Store) Close() error {
	close(s.stop)
	s.stopped.Wait()
	var errs []error
	if s.journal != nil {
		errs = append(errs, s.journal.close())
	}
	errs = append(errs, s.finalCheckpoint(errs))
	for _, l := range s.snapshot() {
		for _, seg := range l.segs {
			errs = append(errs, seg.closeFile(true))
		}
	}
	return errors.Join(errs...)
}

// checkpointLoop runs checkpoints by time and by journal size, and closes idle
// files.
func (s *Store) checkpointLoop() {
	tick := time.NewTicker(s.opts.CheckpointEvery)
	defer tick.Stop()
	for {
		select {
		case <-s.stop:
			return
		case <-s.wake:
		case <-tick.C:
			s.closeIdle(2 * s.opts.CheckpointEvery)
		}
		if err := s.Checkpoint(); err != nil {
			s.logger.Error("checkpoint failed; the journal keeps growing until one succeeds", "error", err)
		}
	}
}

// closeIdle closes the files of segments that were not used for a while.
func (s *Store) closeIdle(idle time.Duration) {
	before := time.Now().Add(-idle).UnixNano()
	for _, l := range s.snapshot() {
		l.mu.RLock()
		segs := l.segs
		l.mu.RUnlock()
		for _, seg := range segs {
			if seg.used.Load() < before && !seg.dirty.Load() {
				if err := seg.closeFile(false); err != nil {
					l.logger.Warn("closing an idle segment", "segment", seg.base, "error", err)
				}
			}
		}
	}
}
