package txn

import (
	"context"
	"fmt"

	"github.com/kurier-io/kurier/broker/wireproto"
)

// Storage is the compacted log that transactional ids live in. Records of one id
// must become durable in the order in which they were given, and one that failed
// must not appear after a later one. The coordinator gives it one record of an
// id at a time, but many ids at once.
type Storage interface {
	// Append writes a record and returns when it is durable.
	Append(ctx context.Context, id string, rec wireproto.Record) error
	// Write is Append without the wait: a crash may lose the record, and then
	// everything of this id after it too.
	Write(id string, rec wireproto.Record) error
}

// Marker is the control record that ends a transaction in a partition.
type Marker struct {
	ProducerID       int64
	Epoch            int16
	Commit           bool
	CoordinatorEpoch int32
	V2               bool // Epoch is higher than that of the data before it (KIP-890)
}

// Markers writes markers.
type Markers interface {
	// Write appends the marker to each partition, skips partitions that no
	// longer exist, and returns when all are durable. After an error or a crash
	// it is called again with the same arguments, and must then accept partitions
	// that have the marker already. A TV1 marker (V2 is false) comes with the epoch
	// of the data, and of the next transaction's data.
	Write(ctx context.Context, m Marker, tps []TopicPartition) error
}

// ProducerIDs hands out producer ids that were never handed out before, also not
// before a restart.
type ProducerIDs interface {
	ProducerID() (int64, error)
}

// Offsets knows in which partition of the offsets topic a group lives.
type Offsets interface {
	Partition(group string) TopicPartition
}

// Load replays one record of the storage, in order, before the coordinator
// serves; Resume comes after the last. A nil value is a tombstone. The slices are
// not kept. Keys of versions other than 0 are skipped.
func (c *Coordinator) Load(key, value []byte) error {
	id, ok, err := decodeKey(key)
	if err != nil || !ok {
		return err
	}
	m := NewMachine(c.config.MaxTimeout)
	if value != nil {
		if m.meta, err = decodeValue(value); err != nil {
			return fmt.Errorf("txn: transactional id %q: %w", id, err)
		}
	}
	if value == nil || m.meta.state == Dead {
		c.remove(id)
		return nil
	}
	s, _ := c.find(id, true)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.m = m
	s.publish()
	return nil
}
