//go:build unix

package host

import (
	"io"
	"os"
	"path/filepath"
	"syscall"
)

// claim locks a socket directory for as long as the result is open, so that others can tell it from one whose worker was killed.
func claim(dir string) (io.Closer, error) {
	f, err := os.Open(dir)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		_ = f.Close()
		return nil, err
	}
	return f, nil
}

// sweep removes the socket directories of workers that were killed: nobody holds them any more.
func sweep(tempDir string) {
	if tempDir == "" {
		tempDir = os.TempDir()
	}
	dirs, err := filepath.Glob(filepath.Join(tempDir, socketPrefix+"*"))
	if err != nil {
		return
	}
	for _, dir := range dirs {
		lock, err := claim(dir)
		if err != nil {
			continue
		}
		_ = os.RemoveAll(dir) // another worker may be sweeping too
		_ = lock.Close()
	}
}
