// Package store keeps what a Connect cluster must not forget: source offsets, connector and task configurations with
// their target states, and statuses.
//
// Each store is a replay of keyed records over a [Log]. The memory log serves standalone mode and tests; package
// kafkastore keeps the same records in compacted topics, byte for byte as Kafka Connect writes them.
package store

import (
	"context"
	"sync"
)

// Record is one entry of a log. A nil Value is a tombstone. Records handed to a store must not be changed.
type Record struct {
	Key, Value []byte
	Partition  int32
	Offset     int64
	Timestamp  int64 // milliseconds since the epoch
}

// Log is an ordered log of keyed records. Start is called once, before the others.
type Log interface {
	// Start delivers all records up to the current end before it returns, and later ones until the log is closed.
	// Calls of apply never overlap; it must not block.
	Start(ctx context.Context, apply func(Record)) error
	// ReadToEnd returns when everything that was in the log when it was called has been applied.
	ReadToEnd(ctx context.Context) error
	// Append returns when all records are durable. After an error some of them may be.
	Append(ctx context.Context, records ...Record) error
}

// MemoryLog forgets everything when the process ends. It is safe for concurrent use.
type MemoryLog struct {
	mu      sync.Mutex
	records []Record
	next    int64
	apply   func(Record)
}

// NewMemoryLog returns a log that begins with the given records.
func NewMemoryLog(records ...Record) *MemoryLog { return &MemoryLog{records: records} }

// Start implements [Log].
func (l *MemoryLog) Start(_ context.Context, apply func(Record)) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.apply = apply
	for _, r := range l.records {
		l.deliver(r)
	}
	l.records = nil // only the replay needs them
	return nil
}

// ReadToEnd implements [Log].
func (l *MemoryLog) ReadToEnd(context.Context) error { return nil }

// Append implements [Log].
func (l *MemoryLog) Append(_ context.Context, records ...Record) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, r := range records {
		l.deliver(r)
	}
	return nil
}

func (l *MemoryLog) deliver(r Record) {
	r.Offset = l.next
	l.next++
	l.apply(r)
}
