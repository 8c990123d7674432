package vfs

import (
	"errors"
	"syscall"

	"golang.org/x/sys/windows"
)

// Space asks the volume that holds the root.
func (d *Disk) Space() (Space, error) {
	s := Space{Dir: d.root.Name()}
	name, err := windows.UTF16PtrFromString(s.Dir)
	if err != nil {
		return s, err
	}
	var free, total uint64
	if err := windows.GetDiskFreeSpaceEx(name, &free, &total, nil); err != nil {
		return s, err
	}
	s.Free, s.Total = int64(free), int64(total)
	return s, nil
}

// NoSpace reports an error that says that the device is full.
func NoSpace(err error) bool {
	return errors.Is(err, windows.ERROR_DISK_FULL) || errors.Is(err, windows.ERROR_HANDLE_DISK_FULL) || errors.Is(err, syscall.ENOSPC)
}
