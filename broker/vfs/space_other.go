//go:build !linux && !darwin && !windows

package vfs

import (
	"errors"
	"fmt"
	"syscall"
)

// Space is not known on this system: only a write that fails tells of a full disk.
func (d *Disk) Space() (Space, error) {
	return Space{Dir: d.root.Name()}, fmt.Errorf("free space of %s: %w", d.root.Name(), errors.ErrUnsupported)
}

// NoSpace reports an error that says that the device is full.
func NoSpace(err error) bool { return errors.Is(err, syscall.ENOSPC) }
