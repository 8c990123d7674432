package commitlog

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/kurier-io/kurier/broker/vfs"
)

const (
	maxReserve     = 512 << 20
	reservePercent = 2
	// The device is asked again after this time, or after an append volume that
	// is a part of what is free: others write to it too.
	spaceInterval     = 2 * time.Second
	fullInterval      = 250 * time.Millisecond
	maxSpaceAllowance = 64 << 20
)

// spaceGuard refuses appends while the device has less free space than the reserve.
// The cost of an append that passes is two atomic operations.
type spaceGuard struct {
	device  vfs.Device // nil when the file system cannot tell
	reserve int64      // as configured

	allowance atomic.Int64 // bytes that may be written before the next look
	until     atomic.Int64 // time of the next look, nanoseconds
	full      atomic.Pointer[diskFullError]
	mu        sync.Mutex // one look at a time
}

type diskFullError struct {
	space   vfs.Space
	reserve int64
}

func (e *diskFullError) Error() string {
	return fmt.Sprintf("%v: %d of %d MiB are free in %s and %d MiB are kept back; remove topics, shorten retention or add space, and appends go on by themselves",
		ErrDiskFull, e.space.Free>>20, e.space.Total>>20, e.space.Dir, e.reserve>>20)
}

func (e *diskFullError) Unwrap() []error { return []error{ErrStorage, ErrDiskFull} }

// reserveOf is the reserve in force on a device.
func reserveOf(configured int64, s vfs.Space) int64 {
	if configured != 0 {
		return configured
	}
	return min(maxReserve, s.Total/100*reservePercent)
}

// admit accounts for an append of n bytes and refuses it when there is no room.
func (g *spaceGuard) admit(n int64, now time.Time) error {
	if g.device == nil || g.reserve < 0 {
		return nil
	}
	// What goes to the segment goes to the journal too.
	if g.allowance.Add(-2*n) < 0 || now.UnixNano() >= g.until.Load() {
		g.look(now)
	}
	if full := g.full.Load(); full != nil {
		return full
	}
	return nil
}

func (g *spaceGuard) look(now time.Time) {
	if !g.mu.TryLock() {
		return // somebody is looking
	}
	defer g.mu.Unlock()
	if g.full.Load() != nil && now.UnixNano() < g.until.Load() {
		return
	}
	s, err := g.device.Space()
	if err != nil { // appends find out themselves
		g.full.Store(nil)
		g.allowance.Store(maxSpaceAllowance)
		g.until.Store(now.Add(spaceInterval).UnixNano())
		return
	}
	reserve := reserveOf(g.reserve, s)
	if s.Free < reserve {
		g.full.Store(&diskFullError{s, reserve})
		g.until.Store(now.Add(fullInterval).UnixNano())
		return
	}
	g.full.Store(nil)
	g.allowance.Store(min((s.Free-reserve)/4, maxSpaceAllowance))
	g.until.Store(now.Add(spaceInterval).UnixNano())
}

// admit refuses an append that must not even begin: after a failed flush, while the
// journal waits for space, and, unless it may use the reserve, below that.
func (s *Store) admit(n int64, now time.Time, useReserve bool) error {
	if err := s.sick.Load(); err != nil {
		return *err
	}
	if s.journal != nil && s.journal.full.Load() {
		return s.diskFull(errors.New("the journal waits for space"))
	}
	if useReserve {
		return nil
	}
	return s.guard.admit(n, now)
}

// diskFull describes a write that found no space.
func (s *Store) diskFull(cause error) error {
	e := &diskFullError{}
	if s.guard.device == nil {
		return fmt.Errorf("%w: %w: %w", ErrStorage, ErrDiskFull, cause)
	}
	if space, err := s.guard.device.Space(); err == nil {
		e.space, e.reserve = space, max(reserveOf(s.opts.Reserve, space), 0)
	}
	return fmt.Errorf("%w: %w", e, cause)
}

// storageError names a failed write that changed nothing.
func (s *Store) storageError(err error) error {
	if vfs.NoSpace(err) {
		return s.diskFull(err)
	}
	return fmt.Errorf("%w: %w", ErrStorage, err)
}

// fail makes the store refuse appends until it is opened again, because a flush
// failed: the kernel may have dropped the pages and forgotten the error, so that a
// second flush that succeeds would prove nothing. It returns the error to report,
// which is the first one.
func (s *Store) fail(err error) error {
	if !errors.Is(err, ErrStorage) {
		err = fmt.Errorf("%w: %w", ErrStorage, err)
	}
	if s.sick.CompareAndSwap(nil, &err) {
		s.logger.Error("storage failed; the broker accepts no more records until it is restarted", "error", err)
	}
	first := *s.sick.Load()
	if s.journal != nil {
		s.journal.fail(first)
	}
	return first
}

// Healthy returns nil, or why the store accepts no more appends until it is
// opened again. A full disk is not such a reason: that passes. Any goroutine may
// call it.
func (s *Store) Healthy() error {
	if err := s.sick.Load(); err != nil {
		return *err
	}
	if s.journal != nil {
		return s.journal.failure()
	}
	return nil
}

// Space is the size of the device that holds the store and what is free on it;
// ok is false where that cannot be known. It asks the operating system each time.
func (s *Store) Space() (total, free int64, ok bool) {
	if s.guard.device == nil {
		return 0, 0, false
	}
	space, err := s.guard.device.Space()
	return space.Total, space.Free, err == nil
}

// JournalBytes is the size of the journal's files in use, spares not counted.
func (s *Store) JournalBytes() int64 {
	if s.journal == nil {
		return 0
	}
	return s.journal.bytes.Load()
}
