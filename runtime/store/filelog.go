package store

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync"
)

// FileLog keeps the newest value of each key in a file: one JSON object {"key":…,"value":…} per line, both embedded as
// JSON, sorted by key. Standalone workers keep their offsets in it. Each Append replaces the file as a whole (temporary
// file, fsync, rename), so that a crash leaves either the old or the new one. It is safe for concurrent use within one
// process; a file belongs to one process.
type FileLog struct {
	path string

	mu      sync.Mutex
	entries map[string][]byte
	apply   func(Record)
	next    int64
}

// NewFileLog prepares a log in path, which need not exist.
func NewFileLog(path string) *FileLog { return &FileLog{path: path, entries: map[string][]byte{}} }

type fileEntry struct {
	Key   json.RawMessage `json:"key"`
	Value json.RawMessage `json:"value"`
}

// Start implements [Log]. A file that holds anything else fails: it is not overwritten.
func (l *FileLog) Start(_ context.Context, apply func(Record)) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.apply = apply
	f, err := os.Open(l.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 64<<20)
	for n := 1; lines.Scan(); n++ {
		var e fileEntry
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil || len(e.Key) == 0 {
			return fmt.Errorf("%s, line %d is no {\"key\":…,\"value\":…}: move the file away to start without offsets (a file of "+
				"Java's connect-standalone cannot be read)", l.path, n)
		}
		l.entries[string(e.Key)] = e.Value
		l.deliver(Record{Key: e.Key, Value: e.Value})
	}
	return lines.Err()
}

func (l *FileLog) deliver(r Record) {
	r.Offset = l.next
	l.next++
	l.apply(r)
}

// ReadToEnd implements [Log].
func (l *FileLog) ReadToEnd(context.Context) error { return nil }

// Append implements [Log].
func (l *FileLog) Append(_ context.Context, records ...Record) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	next := maps.Clone(l.entries)
	for _, r := range records {
		if !json.Valid(r.Key) || r.Value != nil && !json.Valid(r.Value) {
			return fmt.Errorf("record %q is no JSON", r.Key)
		}
		if r.Value == nil {
			delete(next, string(r.Key))
		} else {
			next[string(r.Key)] = r.Value
		}
	}
	if err := l.write(next); err != nil {
		return err
	}
	l.entries = next
	for _, r := range records {
		l.deliver(r)
	}
	return nil
}

func (l *FileLog) write(entries map[string][]byte) (err error) {
	dir := filepath.Dir(l.path)
	f, err := os.CreateTemp(dir, filepath.Base(l.path)+".*.tmp")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(f.Name()))
		}
	}()
	b := bufio.NewWriter(f)
	for _, k := range slices.Sorted(maps.Keys(entries)) {
		fmt.Fprintf(b, `{"key":%s,"value":%s}`+"\n", k, entries[k]) // errors stay in b until Flush
	}
	err = errors.Join(b.Flush(), f.Sync(), f.Close())
	if err != nil {
		return err
	}
	if err := os.Rename(f.Name(), l.path); err != nil {
		return err
	}
	return syncDir(dir)
}
