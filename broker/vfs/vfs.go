// Package vfs is the file-system seam of the broker's storage. Disk is the
// real thing, confined to one directory; Mem is an in-memory file system that
// can be crashed, forgetting whatever was not synced.
//
// Names are slash-separated and relative to the root of the file system.
package vfs

import "io"

// File is an open file. Methods may be called from several goroutines.
type File interface {
	io.ReaderAt
	io.WriterAt
	io.Closer
	// Sync makes the contents durable, and the size as far as it is needed to
	// read them (fdatasync). It says nothing about the directory entry.
	Sync() error
	Truncate(size int64) error
	Size() (int64, error)
}

// FS is a tree of files. Create, Rename, Remove and MkdirAll change directory
// entries, which are durable after SyncDir of the parent.
type FS interface {
	// Create opens a file for reading and writing, making it if missing; it does
	// not truncate.
	Create(name string) (File, error)
	// Open opens an existing file for reading and writing.
	Open(name string) (File, error)
	ReadFile(name string) ([]byte, error)
	Rename(from, to string) error
	// Remove deletes a file or an empty directory.
	Remove(name string) error
	RemoveAll(name string) error
	MkdirAll(name string) error
	// ReadDir returns the names of the entries of a directory, sorted.
	ReadDir(name string) ([]string, error)
	SyncDir(name string) error
}

// WriteFile replaces a file atomically and durably: temporary file, sync,
// rename, sync of the parent dir.
func WriteFile(fs FS, dir, name string, data []byte) error {
	path := dir + "/" + name
	if dir == "." {
		path = name
	}
	tmp := path + ".tmp"
	f, err := fs.Create(tmp)
	if err != nil {
		return err
	}
	err = f.Truncate(0)
	if err == nil {
		_, err = f.WriteAt(data, 0)
	}
	if err == nil {
		err = f.Sync()
	}
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return err
	}
	if err := fs.Rename(tmp, path); err != nil {
		return err
	}
	return fs.SyncDir(dir)
}
