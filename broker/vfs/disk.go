package vfs

import (
	"os"
)

// Disk is a directory of the operating system. All access goes through an
// os.Root, so no name can leave it.
type Disk struct {
	root *os.Root
}

// NewDisk opens dir, which must exist.
func NewDisk(dir string) (*Disk, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	return &Disk{root: root}, nil
}

// Close releases the directory handle; open files stay usable.
func (d *Disk) Close() error { return d.root.Close() }

type diskFile struct{ *os.File }

func (f diskFile) Sync() error { return syncData(f.File) }

func (f diskFile) Size() (int64, error) {
	st, err := f.Stat()
	if err != nil {
		return 0, err
	}
	return st.Size(), nil
}

func (d *Disk) open(name string, flag int) (File, error) {
	f, err := d.root.OpenFile(name, flag, 0o640)
	if err != nil {
		return nil, err
	}
	return diskFile{f}, nil
}

func (d *Disk) Create(name string) (File, error)     { return d.open(name, os.O_RDWR|os.O_CREATE) }
func (d *Disk) Open(name string) (File, error)       { return d.open(name, os.O_RDWR) }
func (d *Disk) ReadFile(name string) ([]byte, error) { return d.root.ReadFile(name) }
func (d *Disk) Rename(from, to string) error         { return d.root.Rename(from, to) }
func (d *Disk) Remove(name string) error             { return d.root.Remove(name) }
func (d *Disk) RemoveAll(name string) error          { return d.root.RemoveAll(name) }
func (d *Disk) MkdirAll(name string) error           { return d.root.MkdirAll(name, 0o750) }

func (d *Disk) ReadDir(name string) ([]string, error) {
	f, err := d.root.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	entries, err := f.ReadDir(-1)
	if err != nil {
		return nil, err
	}
	return sortedNames(entries), nil
}

func (d *Disk) SyncDir(name string) error {
	f, err := d.root.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	return syncDir(f)
}
