package consumer

import (
	"fmt"
	"slices"
	"time"

	"github.com/kurier-io/kurier/broker/wireproto"
)

// ParseKey reads the key of a record; ok is false if it is not of this protocol.
func ParseKey(key []byte) (kind int16, group, name string, ok bool, err error) {
	r := wireproto.NewReader(key)
	kind = r.Int16()
	if kind < recordGroup || kind > recordCurrent && kind != recordRegex {
		return kind, "", "", false, r.Err()
	}
	group, _ = r.NullableString(false)
	if kind != recordGroup && kind != recordTarget && kind != recordPartitions {
		name, _ = r.NullableString(false)
	}
	return kind, group, name, true, r.Err()
}

// Load replays the value of a record, nil being a tombstone. Compaction may have
// left records of a group in any order, so nothing is concluded before Resume.
func (m *Machine) Load(kind int16, name string, value []byte) error {
	if value == nil {
		m.unload(kind, name)
		return nil
	}
	d := decoder{wireproto.NewReader(value)}
	if v := d.Int16(); v != 0 && d.Err() == nil {
		return fmt.Errorf("group %q: record type %d has version %d; only 0 is known", m.id, kind, v)
	}
	switch kind {
	case recordGroup:
		m.epoch, m.hash = d.Int32(), 0
		d.eachTag(func(tag uint32, r *wireproto.Reader) {
			if tag == 0 {
				m.hash = uint64(r.Int64())
			}
		})
	case recordTarget:
		m.assigned = d.Int32()
	case recordMember:
		d.member(m.load(name))
	case recordTargetMember:
		m.targets[name] = d.partitions()
	case recordCurrent:
		c := m.load(name)
		c.epoch, c.previous, c.state = d.Int32(), d.Int32(), memberState(d.Int8())
		c.assigned, c.revoking = d.partitions(), d.partitions()
	case recordRegex:
		p := &pattern{topics: d.strings()}
		d.Int64()
		p.at = time.UnixMilli(d.Int64())
		m.patterns[name] = p
	}
	if err := d.Err(); err != nil {
		return fmt.Errorf("group %q: record type %d of %q: %w", m.id, kind, name, err)
	}
	return nil
}

func (m *Machine) load(id string) *member {
	c := m.members[id]
	if c == nil {
		c = &member{id: id, previous: -1, assigned: set{}, revoking: set{}}
		m.members[id] = c
	}
	return c
}

func (m *Machine) unload(kind int16, name string) {
	switch kind {
	case recordGroup:
		m.epoch, m.hash = 0, 0
	case recordTarget:
		m.assigned = 0
	case recordMember:
		if c := m.members[name]; c != nil {
			c.known = false
		}
	case recordTargetMember:
		delete(m.targets, name)
	case recordCurrent:
		if c := m.members[name]; c != nil {
			c.epoch, c.previous, c.state, c.assigned, c.revoking = 0, -1, stable, set{}, set{}
		}
	case recordRegex:
		delete(m.patterns, name)
	}
}

// Resume ends the replay: members get a fresh session. It reports whether the
// group exists at all.
func (m *Machine) Resume(now time.Time, cfg Config) bool {
	session := cfg.Session
	if session <= 0 {
		session = defaultSession
	}
	clear(m.owners)
	clear(m.static)
	m.next = time.Time{}
	for _, c := range m.ordered() {
		if !c.known {
			delete(m.members, c.id)
			delete(m.targets, c.id)
			continue
		}
		if c.instance != nil {
			m.static[*c.instance] = c.id
		}
		for _, s := range []set{c.assigned, c.revoking} {
			for p := range s {
				if _, taken := m.owners[p]; taken {
					delete(s, p) // only a damaged log says so
					continue
				}
				m.owners[p] = c.id
			}
		}
		c.deadline = now.Add(session)
		m.due(c.deadline)
		if c.state == unrevoked {
			c.revokeBy = now.Add(c.rebalance)
			m.due(c.revokeBy)
		}
	}
	clear(m.dirty)
	m.assignor = m.preferred()
	m.stale = true
	return m.epoch > 0
}

// decoder reads fields of Kafka's flexible versions.
type decoder struct{ *wireproto.Reader }

func (d decoder) optional() string {
	s, _ := d.NullableString(true)
	return s
}

func (d decoder) nullable() *string {
	s, null := d.NullableString(true)
	if null {
		return nil
	}
	return &s
}

func (d decoder) strings() []string {
	out := []string{}
	for range d.ArrayLen(true, 1) {
		out = append(out, d.optional())
	}
	return out
}

func (d decoder) member(c *member) {
	c.known = true
	c.instance, c.rack = d.nullable(), d.nullable()
	c.clientID, c.clientHost = d.optional(), d.optional()
	c.topics = d.strings()
	slices.Sort(c.topics)
	c.regex = d.optional()
	c.rebalance = time.Duration(d.Int32()) * time.Millisecond
	c.assignor = d.optional()
}

// partitions reads an array of topics with their partitions.
func (d decoder) partitions() set {
	s := set{}
	for range d.ArrayLen(true, 18) {
		id := d.UUID()
		for range d.ArrayLen(true, 4) {
			s.add(partition{id, d.Int32()})
		}
		d.SkipTags()
	}
	return s
}

func (d decoder) eachTag(fn func(uint32, *wireproto.Reader)) {
	for n := d.Uvarint(); n > 0 && d.Err() == nil; n-- {
		tag := d.Uvarint()
		fn(tag, wireproto.NewReader(d.Span(int(d.Uvarint()))))
	}
}
