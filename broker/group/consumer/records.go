package consumer

import (
	"cmp"
	"encoding/binary"
	"maps"
	"slices"

	"github.com/kurier-io/kurier/broker/wireproto"
)

// The types of records in __consumer_offsets, which are the versions of their
// keys. Type 4 came before the hash in type 3.
const (
	recordGroup        int16 = 3  // ConsumerGroupMetadata
	recordPartitions   int16 = 4  // ConsumerGroupPartitionMetadata
	recordMember       int16 = 5  // ConsumerGroupMemberMetadata
	recordTarget       int16 = 6  // ConsumerGroupTargetAssignmentMetadata
	recordTargetMember int16 = 7  // ConsumerGroupTargetAssignmentMember
	recordCurrent      int16 = 8  // ConsumerGroupCurrentMemberAssignment
	recordRegex        int16 = 16 // ConsumerGroupRegularExpression
)

// recordKey names a record of the group; name is a member or a pattern.
type recordKey struct {
	kind int16
	name string
}

func (m *Machine) mark(kind int16, name string) { m.dirty[recordKey{kind, name}] = struct{}{} }

// Records returns what changed since Stored, to be written in one batch. It is
// nil if nothing did.
func (m *Machine) Records() []wireproto.Record {
	if len(m.dirty) == 0 {
		return nil
	}
	return m.encode(slices.Collect(maps.Keys(m.dirty)))
}

// Stored tells that the records are durable.
func (m *Machine) Stored() { clear(m.dirty) }

// Tombstones returns records that delete the group, which must be empty.
func (m *Machine) Tombstones() []wireproto.Record {
	keys := slices.Collect(maps.Keys(m.dirty)) // of members whose tombstones were not stored
	keys = append(keys, recordKey{recordGroup, ""}, recordKey{recordTarget, ""})
	for expr := range m.patterns {
		keys = append(keys, recordKey{recordRegex, expr})
	}
	slices.SortFunc(keys, compareKeys)
	out := []wireproto.Record{}
	for _, k := range slices.Compact(keys) {
		out = append(out, wireproto.Record{Key: m.key(k)})
	}
	return out
}

func compareKeys(a, b recordKey) int {
	return cmp.Or(cmp.Compare(a.kind, b.kind), cmp.Compare(a.name, b.name))
}

func (m *Machine) encode(keys []recordKey) []wireproto.Record {
	slices.SortFunc(keys, compareKeys)
	out := make([]wireproto.Record, 0, len(keys))
	for _, k := range keys {
		out = append(out, wireproto.Record{Key: m.key(k), Value: m.value(k)})
	}
	return out
}

func (m *Machine) key(k recordKey) []byte {
	b := binary.BigEndian.AppendUint16(nil, uint16(k.kind))
	b = appendString(b, m.id)
	if k.kind != recordGroup && k.kind != recordTarget {
		b = appendString(b, k.name)
	}
	return b
}

func appendString(b []byte, s string) []byte {
	return append(binary.BigEndian.AppendUint16(b, uint16(len(s))), s...)
}

// value encodes the state that a key stands for; nil if it is gone.
func (m *Machine) value(k recordKey) []byte {
	e := encoder{0, 0} // version 0
	switch k.kind {
	case recordGroup:
		e.int32(m.epoch)
		if m.hash == 0 {
			e.uvarint(0)
		} else {
			e.uvarint(1)
			e.tag(0, binary.BigEndian.AppendUint64(nil, m.hash))
		}
		return e
	case recordTarget:
		e.int32(m.assigned)
	case recordMember:
		c := m.members[k.name]
		if c == nil {
			return nil
		}
		e.nullable(c.instance)
		e.nullable(c.rack)
		e.string(c.clientID)
		e.string(c.clientHost)
		e.strings(c.topics)
		e.optional(c.regex)
		e.int32(int32(c.rebalance.Milliseconds()))
		e.optional(c.assignor)
	case recordTargetMember:
		s, ok := m.targets[k.name]
		if !ok {
			return nil
		}
		e.partitions(s)
	case recordCurrent:
		c := m.members[k.name]
		if c == nil {
			return nil
		}
		e.int32(c.epoch)
		e.int32(c.previous)
		e = append(e, byte(c.state))
		e.partitions(c.assigned)
		e.partitions(c.revoking)
	case recordRegex:
		p := m.patterns[k.name]
		if p == nil {
			return nil
		}
		e.strings(p.topics)
		e.int64(0) // the version of the metadata, which has none here
		e.int64(p.at.UnixMilli())
	}
	e.uvarint(0) // tags
	return e
}

// encoder appends fields of Kafka's flexible versions.
type encoder []byte

func (e *encoder) int32(v int32)    { *e = binary.BigEndian.AppendUint32(*e, uint32(v)) }
func (e *encoder) int64(v int64)    { *e = binary.BigEndian.AppendUint64(*e, uint64(v)) }
func (e *encoder) uvarint(v uint64) { *e = binary.AppendUvarint(*e, v) }

func (e *encoder) string(s string) {
	e.uvarint(uint64(len(s)) + 1)
	*e = append(*e, s...)
}

func (e *encoder) nullable(s *string) {
	if s == nil {
		e.uvarint(0)
		return
	}
	e.string(*s)
}

// optional writes an empty string as null.
func (e *encoder) optional(s string) {
	if s == "" {
		e.uvarint(0)
		return
	}
	e.string(s)
}

func (e *encoder) strings(list []string) {
	e.uvarint(uint64(len(list)) + 1)
	for _, s := range list {
		e.string(s)
	}
}

func (e *encoder) partitions(s set) {
	topics := s.topics()
	e.uvarint(uint64(len(topics)) + 1)
	for _, t := range topics {
		*e = append(*e, t.ID[:]...)
		e.uvarint(uint64(len(t.Partitions)) + 1)
		for _, n := range t.Partitions {
			e.int32(n)
		}
		e.uvarint(0)
	}
}

func (e *encoder) tag(number uint64, value []byte) {
	e.uvarint(number)
	e.uvarint(uint64(len(value)))
	*e = append(*e, value...)
}
