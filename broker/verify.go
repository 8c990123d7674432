package broker

import (
	"errors"
	"fmt"
	"os"

	"github.com/kurier-io/kurier/broker/commitlog"
	"github.com/kurier-io/kurier/broker/vfs"
)

// Damage and Verified are what Verify reports.
type (
	Damage   = commitlog.Damage
	Verified = commitlog.Verified
)

// Verify reads all records of a data directory whose broker is stopped and
// reports damage such as bad sectors leave. It changes nothing. Errors:
// *LockedError, or plain ones.
func Verify(dir string, found func(Damage), done func(bytes int64)) (v Verified, err error) {
	if _, err := os.Stat(dir); err != nil {
		return v, fmt.Errorf("broker: data directory: %w", err)
	}
	lock, err := lockDir(dir)
	if err != nil {
		return v, err
	}
	defer func() { err = errors.Join(err, lock.release()) }()
	disk, err := vfs.NewDisk(dir)
	if err != nil {
		return v, err
	}
	defer func() { err = errors.Join(err, disk.Close()) }()
	if err := checkFormat(disk, dir); err != nil {
		return v, err
	}
	return commitlog.Verify(disk, found, done)
}
