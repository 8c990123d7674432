package vfs

import (
	"os"
	"syscall"
)

// syncData flushes contents and size but not times, one journal commit of the
// file system less than fsync when a file is overwritten in place.
func syncData(f *os.File) error {
	for {
		err := syscall.Fdatasync(int(f.Fd()))
		if err != syscall.EINTR {
			return err
		}
	}
}

func syncDir(f *os.File) error { return f.Sync() }
