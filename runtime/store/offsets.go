package store

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"sync"
)

// OffsetEntry pairs a source partition with the offset reached in it; a nil Offset removes the partition. Both are maps
// of primitives: strings, integers, floats, booleans, bytes (kept as base64 text) and nil. Integers read back as int64.
type OffsetEntry struct {
	Partition map[string]any
	Offset    map[string]any
}

// OffsetStore keeps source offsets. Implemented by [Offsets].
type OffsetStore interface {
	// Get returns the offset of each partition, nil where there is none, as of the end of the log. The maps must not
	// be changed.
	Get(ctx context.Context, connector string, partitions ...map[string]any) ([]map[string]any, error)
	// Set returns when all entries are durable.
	Set(ctx context.Context, connector string, entries ...OffsetEntry) error
	// List returns all partitions of a connector with their offsets, in no particular order.
	List(ctx context.Context, connector string) ([]OffsetEntry, error)
}

// Offsets keeps source offsets in a log under the keys ["connector",{partition}]. Partitions are compared by content;
// when another writer spelled a partition differently (order of fields, 1 or 1.0), its spelling is written again, so
// that the record keeps its Kafka key. It is safe for concurrent use.
type Offsets struct {
	log    Log
	logger *slog.Logger

	mu         sync.Mutex
	partitions map[string]map[string]*offsetSlot // connector, canonical partition
}

// offsetSlot holds all spellings of one partition; the newest by timestamp, then log order, counts.
type offsetSlot struct {
	partition map[string]any
	spellings []spelling
}

type spelling struct {
	key    string
	offset map[string]any
	at     int64
}

// NewOffsets prepares a store; a nil logger discards.
func NewOffsets(log Log, logger *slog.Logger) *Offsets {
	if logger == nil {
		logger = slog.New(slog.DiscardHandler)
	}
	return &Offsets{log: log, logger: logger, partitions: map[string]map[string]*offsetSlot{}}
}

// Start replays the log.
func (o *Offsets) Start(ctx context.Context) error {
	if err := o.log.Start(ctx, o.apply); err != nil {
		return fmt.Errorf("offset store: %w", err)
	}
	return nil
}

func (o *Offsets) apply(r Record) {
	connector, partition, err := decodeOffsetKey(r.Key)
	var offset map[string]any
	if err == nil && r.Value != nil {
		offset, err = decodeObject(r.Value)
	}
	var canonical string
	if err == nil {
		canonical, err = canonicalPartition(partition)
	}
	if err != nil {
		o.logger.Error("ignoring a record of the offsets topic", "partition", r.Partition, "offset", r.Offset, "err", err)
		return
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	slots := o.partitions[connector]
	if slots == nil {
		if offset == nil {
			return
		}
		slots = map[string]*offsetSlot{}
		o.partitions[connector] = slots
	}
	slot := slots[canonical]
	if slot == nil {
		slot = &offsetSlot{partition: partition}
		slots[canonical] = slot
	}
	slot.put(spelling{key: string(r.Key), offset: offset, at: r.Timestamp})
	if len(slot.spellings) == 0 {
		delete(slots, canonical)
	}
	if len(slots) == 0 {
		delete(o.partitions, connector)
	}
}

// put replaces a spelling and keeps the list ordered, newest last.
func (s *offsetSlot) put(n spelling) {
	kept := s.spellings[:0]
	for _, old := range s.spellings {
		if old.key != n.key {
			kept = append(kept, old)
		}
	}
	s.spellings = kept
	if n.offset == nil {
		return
	}
	i := len(kept)
	for i > 0 && kept[i-1].at > n.at {
		i--
	}
	s.spellings = append(s.spellings, spelling{})
	copy(s.spellings[i+1:], s.spellings[i:])
	s.spellings[i] = n
}

func (s *offsetSlot) newest() spelling { return s.spellings[len(s.spellings)-1] }

// Get implements [OffsetStore].
func (o *Offsets) Get(ctx context.Context, connector string, partitions ...map[string]any) ([]map[string]any, error) {
	if err := o.log.ReadToEnd(ctx); err != nil {
		return nil, fmt.Errorf("offset store: connector %s: read to end: %w", connector, err)
	}
	out := make([]map[string]any, len(partitions))
	for i, p := range partitions {
		canonical, err := canonicalPartition(p)
		if err != nil {
			return nil, fmt.Errorf("offset store: connector %s: source partition: %w", connector, err)
		}
		o.mu.Lock()
		if slot := o.partitions[connector][canonical]; slot != nil {
			out[i] = slot.newest().offset
		}
		o.mu.Unlock()
	}
	return out, nil
}

// List implements [OffsetStore].
func (o *Offsets) List(ctx context.Context, connector string) ([]OffsetEntry, error) {
	if err := o.log.ReadToEnd(ctx); err != nil {
		return nil, fmt.Errorf("offset store: connector %s: read to end: %w", connector, err)
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	out := make([]OffsetEntry, 0, len(o.partitions[connector]))
	for _, slot := range o.partitions[connector] {
		out = append(out, OffsetEntry{Partition: slot.partition, Offset: slot.newest().offset})
	}
	return out, nil
}

// Set implements [OffsetStore].
func (o *Offsets) Set(ctx context.Context, connector string, entries ...OffsetEntry) error {
	records, err := o.Records(connector, entries...)
	if err == nil {
		err = o.log.Append(ctx, records...)
	}
	if err != nil {
		return fmt.Errorf("offset store: connector %s: %w", connector, err)
	}
	return nil
}

// Records returns what Set would write, for producers that write offsets in a transaction of their own.
func (o *Offsets) Records(connector string, entries ...OffsetEntry) ([]Record, error) {
	var out []Record
	for _, e := range entries {
		canonical, err := canonicalPartition(e.Partition)
		if err != nil {
			return nil, fmt.Errorf("source partition: %w", err)
		}
		var value []byte
		if e.Offset != nil {
			if err := flat(e.Offset); err != nil {
				return nil, fmt.Errorf("source offset: %w", err)
			}
			if value, err = appendMap(nil, e.Offset); err != nil {
				return nil, fmt.Errorf("source offset: %w", err)
			}
		}
		keys, err := o.keys(connector, canonical, e.Partition)
		if err != nil {
			return nil, err
		}
		for _, key := range keys[:len(keys)-1] { // outdated spellings go
			out = append(out, Record{Key: []byte(key)})
		}
		out = append(out, Record{Key: []byte(keys[len(keys)-1]), Value: value})
	}
	return out, nil
}

// keys returns the known spellings, the one to write last.
func (o *Offsets) keys(connector, canonical string, partition map[string]any) ([]string, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if slot := o.partitions[connector][canonical]; slot != nil {
		var keys []string
		for _, s := range slot.spellings {
			keys = append(keys, s.key)
		}
		return keys, nil
	}
	b := append(appendString([]byte{'['}, connector), ',')
	b, err := appendMap(b, partition)
	return []string{string(append(b, ']'))}, err
}

var errOffsetKey = errors.New(`key: want ["connector",{partition}]`)

func decodeOffsetKey(key []byte) (connector string, partition map[string]any, err error) {
	v, err := decodeJSON(key)
	if err != nil {
		return "", nil, fmt.Errorf("key: %w", err)
	}
	list, ok := v.([]any)
	if !ok || len(list) != 2 {
		return "", nil, errOffsetKey
	}
	connector, ok = list[0].(string)
	if !ok {
		return "", nil, errOffsetKey
	}
	partition, ok = list[1].(map[string]any)
	if !ok && list[1] != nil {
		return "", nil, errOffsetKey
	}
	return connector, partition, nil
}

// flat refuses maps whose values are not primitive, as Connect's OffsetUtils does.
func flat(m map[string]any) error {
	for k, v := range m {
		if _, nested := v.(map[string]any); nested {
			return fmt.Errorf("field %q: maps may not be nested", k)
		}
	}
	return nil
}

// canonicalPartition is equal for partitions of equal content: keys sorted, integral floats as integers.
func canonicalPartition(p map[string]any) (string, error) {
	n := make(map[string]any, len(p))
	for k, v := range p {
		if f, ok := v.(float32); ok {
			v = float64(f)
		}
		if f, ok := v.(float64); ok && f == math.Trunc(f) && math.Abs(f) < 1<<53 {
			v = int64(f)
		}
		n[k] = v
	}
	b, err := appendMap(nil, n)
	return string(b), err
}
