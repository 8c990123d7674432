//go:build linux || darwin

package vfs

import (
	"errors"
	"syscall"
)

// Space asks the file system that holds the root.
func (d *Disk) Space() (Space, error) {
	var st syscall.Statfs_t
	if err := syscall.Statfs(d.root.Name(), &st); err != nil {
		return Space{Dir: d.root.Name()}, err
	}
	unit := int64(st.Bsize)
	return Space{Dir: d.root.Name(), Total: int64(st.Blocks) * unit, Free: int64(st.Bavail) * unit}, nil
}

// NoSpace reports an error that says that the device, or the user's quota on it,
// is full.
func NoSpace(err error) bool {
	return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT)
}
