package broker

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/kurier-io/kurier/broker/vfs"
)

// The file that says what a data directory is. Apache Kafka has one of the same
// name, which tells its directories from ours.
const (
	formatFile = "meta.properties"
	formatKey  = "kurier.format"
	// format is the version of everything in the directory. A release that changes
	// a file so that this one could not read it raises it.
	format = "1"
)

// checkFormat refuses a directory that this release cannot read, before anything
// in it is touched.
func checkFormat(disk vfs.FS, dir string) error {
	b, err := disk.ReadFile(formatFile)
	if errors.Is(err, fs.ErrNotExist) {
		return nil // new, or from before there were formats
	}
	if err != nil {
		return fmt.Errorf("broker: %w", err)
	}
	for line := range strings.Lines(string(b)) {
		key, version, _ := strings.Cut(strings.TrimSpace(line), "=")
		switch {
		case key != formatKey:
		case version == format:
			return nil
		default:
			return fmt.Errorf("broker: %s has data format %s, this release reads format %s; start the release that wrote it, or a later one", dir, version, format)
		}
	}
	return fmt.Errorf("broker: %s/%s is not one of Kurier's: is this the data directory of an Apache Kafka broker? Point log.dirs at an empty directory", dir, formatFile)
}

// writeFormat marks the directory as one of this format.
func writeFormat(disk vfs.FS, clusterID string, nodeID int32) error {
	want := fmt.Appendf(nil, "# Written by Kurier.\nversion=1\n%s=%s\ncluster.id=%s\nnode.id=%d\n", formatKey, format, clusterID, nodeID)
	if have, err := disk.ReadFile(formatFile); err == nil && bytes.Equal(have, want) {
		return nil
	}
	if err := vfs.WriteFile(disk, ".", formatFile, want); err != nil {
		return fmt.Errorf("broker: %s: %w", formatFile, err)
	}
	return nil
}
