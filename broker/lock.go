package broker

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// LockedError says that another process uses the data directory.
type LockedError struct {
	Dir string
	PID int // 0 if unknown
}

func (e *LockedError) Error() string {
	if e.PID > 0 {
		return fmt.Sprintf("broker: data directory %s is in use by process %d", e.Dir, e.PID)
	}
	return fmt.Sprintf("broker: data directory %s is in use by another process", e.Dir)
}

// ListenError says that the listener's address cannot be used.
type ListenError struct {
	Addr string
	Err  error
}

func (e *ListenError) Error() string {
	return fmt.Sprintf("broker: cannot listen on %s: %v", e.Addr, e.Err)
}

func (e *ListenError) Unwrap() error { return e.Err }

// dirLock is the exclusive claim on a data directory. The operating system
// drops it with the process, however that ends.
type dirLock struct{ f *os.File }

func lockDir(dir string) (*dirLock, error) {
	f, err := os.OpenFile(filepath.Join(dir, ".lock"), os.O_RDWR|os.O_CREATE, 0o640)
	if err != nil {
		return nil, err
	}
	if err := tryLock(f); err != nil {
		if errors.Is(err, errLocked) {
			err = &LockedError{Dir: dir, PID: lockOwner(dir)}
		}
		return nil, errors.Join(err, f.Close())
	}
	// The pid is for the error message of the next one; the lock does not
	// depend on it.
	if err := os.WriteFile(filepath.Join(dir, ".pid"), []byte(strconv.Itoa(os.Getpid())+"\n"), 0o640); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return &dirLock{f}, nil
}

func lockOwner(dir string) int {
	b, err := os.ReadFile(filepath.Join(dir, ".pid"))
	if err != nil {
		return 0
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(b)))
	if err != nil {
		return 0
	}
	return pid
}

func (l *dirLock) release() error { return l.f.Close() }

var errLocked = errors.New("locked")
