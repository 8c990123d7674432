package vfs

import (
	"errors"
	"syscall"
	"testing"
)

func TestDiskKnowsItsSpace(t *testing.T) {
	d, err := NewDisk(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	s, err := d.Space()
	if errors.Is(err, errors.ErrUnsupported) {
		t.Skip("this system does not tell:", err)
	}
	if err != nil || s.Total <= 0 || s.Free < 0 || s.Free > s.Total || s.Dir == "" {
		t.Errorf("%+v, %v", s, err)
	}
}

// TestMemFillsUp: a write past the capacity stores what fits, as a disk does.
func TestMemFillsUp(t *testing.T) {
	m := NewMem()
	m.SetCapacity(100)
	f, err := m.Create("f")
	if err != nil {
		t.Fatal(err)
	}
	if n, err := f.WriteAt(make([]byte, 80), 0); n != 80 || err != nil {
		t.Fatalf("%d, %v", n, err)
	}
	n, err := f.WriteAt(make([]byte, 50), 60)
	if n != 40 || !NoSpace(err) || !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("wrote %d, %v", n, err)
	}
	if n, err := f.WriteAt(make([]byte, 10), 100); n != 0 || !NoSpace(err) {
		t.Errorf("wrote %d into a full device, %v", n, err)
	}
	if n, err := f.WriteAt(make([]byte, 50), 0); n != 50 || err != nil {
		t.Errorf("overwrote %d, %v", n, err)
	}
	if s, err := m.Space(); err != nil || s.Free != 0 || s.Total != 100 {
		t.Errorf("%+v, %v", s, err)
	}
}
