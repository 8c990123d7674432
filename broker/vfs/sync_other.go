//go:build !linux

package vfs

import (
	"os"
	"runtime"
)

func syncData(f *os.File) error { return f.Sync() }

// syncDir is a no-op on Windows, where directory handles cannot be flushed and
// the file system journals renames itself.
func syncDir(f *os.File) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	return f.Sync()
}
