package vfs

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"math/rand/v2"
	"path"
	"slices"
	"strings"
	"sync"
	"syscall"
)

// pageSize is the unit in which a crash keeps or loses unsynced writes.
const pageSize = 4096

// ErrCrashed is returned by every operation on a file system after Crash.
var ErrCrashed = errors.New("vfs: file system crashed")

type memNode struct {
	live   []byte
	synced []byte
	dirty  map[int64]struct{} // pages written since the last sync
}

// Mem is an in-memory file system with the durability rules of a disk: file
// contents survive a crash only if synced, directory entries only after SyncDir
// of their parent; anything else survives or not at random, page by page.
type Mem struct {
	mu      sync.Mutex
	files   map[string]*memNode // live entries
	durable map[string]*memNode // entries that a crash keeps
	dirs    map[string]bool
	crashed bool
	fail    func(op, name string) error
	limit   int64 // of all contents, 0 for none
}

// NewMem returns an empty file system.
func NewMem() *Mem {
	return &Mem{files: map[string]*memNode{}, durable: map[string]*memNode{}, dirs: map[string]bool{".": true}}
}

// FailWith installs a hook that is asked before every "write", "sync",
// "create", "rename" and "remove"; a non-nil error is returned to the caller.
// The hook runs with the file system locked and must not call into it.
func (m *Mem) FailWith(fn func(op, name string) error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.fail = fn
}

// SetCapacity limits the contents of all files to n bytes, 0 for no limit. A write
// past it fails with syscall.ENOSPC after storing what fits, as disks do.
func (m *Mem) SetCapacity(n int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.limit = n
}

// Space tells what SetCapacity leaves; without a limit it is unknown.
func (m *Mem) Space() (Space, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.limit == 0 {
		return Space{Dir: "memory"}, fmt.Errorf("free space: %w", errors.ErrUnsupported)
	}
	return Space{Dir: "memory", Total: m.limit, Free: max(m.limit-m.used(), 0)}, nil
}

func (m *Mem) used() int64 {
	var n int64
	for _, f := range m.files {
		n += int64(len(f.live))
	}
	return n
}

// Crash makes m unusable and returns what a machine would find after losing
// power: synced contents, plus each unsynced page or entry with chance one half.
func (m *Mem) Crash(rng *rand.Rand) *Mem {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.crashed = true
	next := NewMem()
	maps.Copy(next.dirs, m.dirs)
	names := slices.Sorted(maps.Keys(m.files))
	for _, name := range slices.Sorted(maps.Keys(m.durable)) {
		if m.files[name] == nil {
			names = append(names, name)
		}
	}
	for _, name := range names {
		n := m.durable[name]
		if live := m.files[name]; live != n && rng.IntN(2) == 0 {
			n = live // an unsynced create, rename or remove that made it
		}
		if n == nil {
			continue
		}
		data := n.survivors(rng)
		node := &memNode{live: data, synced: slices.Clone(data), dirty: map[int64]struct{}{}}
		next.files[name], next.durable[name] = node, node
	}
	return next
}

func (n *memNode) survivors(rng *rand.Rand) []byte {
	size := len(n.synced)
	if len(n.live) != size && rng.IntN(2) == 0 {
		size = len(n.live)
	}
	out := make([]byte, size)
	copy(out, n.synced)
	for _, p := range slices.Sorted(maps.Keys(n.dirty)) {
		if rng.IntN(2) == 0 {
			lo := min(p*pageSize, int64(size))
			hi := min(lo+pageSize, int64(size), int64(len(n.live)))
			if lo < hi {
				copy(out[lo:hi], n.live[lo:hi])
			}
		}
	}
	return out
}

func (m *Mem) check(op, name string) error {
	if m.crashed {
		return ErrCrashed
	}
	if m.fail != nil {
		return m.fail(op, name)
	}
	return nil
}

func notExist(op, name string) error { return &fs.PathError{Op: op, Path: name, Err: fs.ErrNotExist} }

func (m *Mem) Create(name string) (File, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.check("create", name); err != nil {
		return nil, err
	}
	name = path.Clean(name)
	if !m.dirs[path.Dir(name)] {
		return nil, notExist("create", name)
	}
	n := m.files[name]
	if n == nil {
		n = &memNode{dirty: map[int64]struct{}{}}
		m.files[name] = n
	}
	return &memFile{m, n, name}, nil
}

func (m *Mem) Open(name string) (File, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.crashed {
		return nil, ErrCrashed
	}
	name = path.Clean(name)
	n := m.files[name]
	if n == nil {
		return nil, notExist("open", name)
	}
	return &memFile{m, n, name}, nil
}

func (m *Mem) ReadFile(name string) ([]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	n := m.files[path.Clean(name)]
	if n == nil {
		return nil, notExist("read", name)
	}
	return slices.Clone(n.live), nil
}

func (m *Mem) Rename(from, to string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.check("rename", from); err != nil {
		return err
	}
	from, to = path.Clean(from), path.Clean(to)
	if n := m.files[from]; n != nil {
		delete(m.files, from)
		m.files[to] = n
		return nil
	}
	if !m.dirs[from] {
		return notExist("rename", from)
	}
	for _, set := range []map[string]*memNode{m.files, m.durable} {
		for name, n := range maps.Clone(set) {
			if strings.HasPrefix(name, from+"/") {
				delete(set, name)
				set[to+strings.TrimPrefix(name, from)] = n
			}
		}
	}
	delete(m.dirs, from)
	m.dirs[to] = true
	return nil
}

func (m *Mem) Remove(name string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.check("remove", name); err != nil {
		return err
	}
	name = path.Clean(name)
	if m.files[name] == nil && !m.dirs[name] {
		return notExist("remove", name)
	}
	delete(m.files, name)
	delete(m.dirs, name)
	return nil
}

func (m *Mem) RemoveAll(name string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.check("remove", name); err != nil {
		return err
	}
	name = path.Clean(name)
	for f := range maps.Clone(m.files) {
		if f == name || strings.HasPrefix(f, name+"/") {
			delete(m.files, f)
		}
	}
	delete(m.dirs, name)
	return nil
}

func (m *Mem) MkdirAll(name string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.crashed {
		return ErrCrashed
	}
	for name = path.Clean(name); name != "."; name = path.Dir(name) {
		m.dirs[name] = true
	}
	return nil
}

func (m *Mem) ReadDir(name string) ([]string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	name = path.Clean(name)
	if !m.dirs[name] {
		return nil, notExist("readdir", name)
	}
	set := map[string]bool{}
	for f := range m.files {
		if path.Dir(f) == name {
			set[path.Base(f)] = true
		}
	}
	for d := range m.dirs {
		if d != "." && path.Dir(d) == name {
			set[path.Base(d)] = true
		}
	}
	return slices.Sorted(maps.Keys(set)), nil
}

func (m *Mem) SyncDir(name string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.check("sync", name); err != nil {
		return err
	}
	name = path.Clean(name)
	for f := range maps.Clone(m.durable) {
		if path.Dir(f) == name && m.files[f] == nil {
			delete(m.durable, f)
		}
	}
	for f, n := range m.files {
		if path.Dir(f) == name {
			m.durable[f] = n
		}
	}
	return nil
}

type memFile struct {
	m    *Mem
	n    *memNode
	name string
}

func (f *memFile) ReadAt(p []byte, off int64) (int, error) {
	f.m.mu.Lock()
	defer f.m.mu.Unlock()
	if off >= int64(len(f.n.live)) {
		return 0, io.EOF
	}
	n := copy(p, f.n.live[off:])
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

func (f *memFile) WriteAt(p []byte, off int64) (int, error) {
	f.m.mu.Lock()
	defer f.m.mu.Unlock()
	if err := f.m.check("write", f.name); err != nil {
		return 0, err
	}
	var full error
	if need := off + int64(len(p)); need > int64(len(f.n.live)) {
		if grow := need - int64(len(f.n.live)); f.m.limit > 0 && f.m.used()+grow > f.m.limit {
			fits := max(f.m.limit-f.m.used(), 0) // from the present end on
			p = p[:min(max(int64(len(f.n.live))+fits-off, 0), int64(len(p)))]
			full = &fs.PathError{Op: "write", Path: f.name, Err: syscall.ENOSPC}
			if len(p) == 0 {
				return 0, full
			}
			need = off + int64(len(p))
		}
		if need > int64(len(f.n.live)) {
			f.n.live = append(f.n.live, make([]byte, need-int64(len(f.n.live)))...)
		}
	}
	copy(f.n.live[off:], p)
	for pg := off / pageSize; pg*pageSize < off+int64(len(p)); pg++ {
		f.n.dirty[pg] = struct{}{}
	}
	return len(p), full
}

func (f *memFile) Sync() error {
	f.m.mu.Lock()
	defer f.m.mu.Unlock()
	if err := f.m.check("sync", f.name); err != nil {
		return err
	}
	n := f.n
	if len(n.synced) > len(n.live) {
		n.synced = n.synced[:len(n.live)]
	} else {
		n.synced = append(n.synced, make([]byte, len(n.live)-len(n.synced))...)
	}
	for p := range n.dirty {
		lo := min(p*pageSize, int64(len(n.live)))
		hi := min(lo+pageSize, int64(len(n.live)))
		copy(n.synced[lo:hi], n.live[lo:hi])
	}
	clear(n.dirty)
	return nil
}

func (f *memFile) Truncate(size int64) error {
	f.m.mu.Lock()
	defer f.m.mu.Unlock()
	if err := f.m.check("write", f.name); err != nil {
		return err
	}
	if size <= int64(len(f.n.live)) {
		f.n.live = slices.Clone(f.n.live[:size])
	} else {
		f.n.live = append(f.n.live, make([]byte, size-int64(len(f.n.live)))...)
	}
	for pg := size / pageSize; pg*pageSize < int64(len(f.n.synced)); pg++ {
		f.n.dirty[pg] = struct{}{}
	}
	return nil
}

func (f *memFile) Size() (int64, error) {
	f.m.mu.Lock()
	defer f.m.mu.Unlock()
	return int64(len(f.n.live)), nil
}

func (f *memFile) Close() error { return nil }
