package data

import (
	"iter"
	"slices"
)

// A Map is an ordered map of values; a key put again keeps its place. Keys are compared with [Value.Equal].
// The zero Map is empty. A Map is not safe for concurrent use.
type Map struct {
	keys, vals []Value
	index      *mapIndex // once there are many keys
	shared     bool      // keys and index belong to a Shape
}

const indexFrom = 8

// NewMap returns an empty map with room for n entries.
func NewMap(n int) *Map { return &Map{keys: make([]Value, 0, n), vals: make([]Value, 0, n)} }

// Len returns the number of entries.
func (m *Map) Len() int { return len(m.keys) }

func (m *Map) find(key Value) int {
	if m.index != nil {
		if i, ok := m.index.at(key); !ok || m.keys[i].Equal(key) {
			return i
		}
	}
	for i := range m.keys {
		if m.keys[i].Equal(key) {
			return i
		}
	}
	return -1
}

// Get returns the value of a key.
func (m *Map) Get(key Value) (Value, bool) {
	if i := m.find(key); i >= 0 {
		return m.vals[i], true
	}
	return Value{}, false
}

// GetString is Get for a string key.
func (m *Map) GetString(key string) (Value, bool) { return m.Get(StringValue(key)) }

// Put sets a key.
func (m *Map) Put(key, v Value) {
	if i := m.find(key); i >= 0 {
		m.vals[i] = v
		return
	}
	if m.shared {
		m.keys, m.index, m.shared = slices.Clone(m.keys), nil, false
	}
	m.keys, m.vals = append(m.keys, key), append(m.vals, v)
	if m.index == nil && len(m.keys) >= indexFrom {
		m.index = indexOf(m.keys)
	} else if m.index != nil {
		m.index.add(key, len(m.keys)-1)
	}
}

// A mapIndex finds keys of any kind, so that a message with many keys costs no more than its bytes.
type mapIndex struct {
	texts  map[string]int
	others map[otherKey]int
}

// An otherKey is a key that is no string: bits of a scalar, or the binary form of anything else.
type otherKey struct {
	kind Kind
	num  uint64
	form string
}

func indexOf(keys []Value) *mapIndex {
	x := &mapIndex{}
	for i, k := range keys {
		x.add(k, i)
	}
	return x
}

func (x *mapIndex) add(key Value, i int) {
	if key.Kind() == KindString {
		if x.texts == nil {
			x.texts = make(map[string]int, 2*indexFrom)
		}
		x.texts[key.Str()] = i
		return
	}
	if x.others == nil {
		x.others = make(map[otherKey]int, 2*indexFrom)
	}
	x.others[otherOf(key)] = i
}

// at returns -1 and false for a key that is not there. Two keys that differ may, seldom, have one form: the caller compares.
func (x *mapIndex) at(key Value) (int, bool) {
	var i int
	var ok bool
	if key.Kind() == KindString {
		i, ok = x.texts[key.Str()]
	} else {
		i, ok = x.others[otherOf(key)]
	}
	if !ok {
		return -1, false
	}
	return i, true
}

func otherOf(key Value) otherKey {
	k := key.Kind()
	switch k {
	case KindBytes:
		return otherKey{kind: k, form: string(key.Bytes())}
	case KindDecimal:
		return otherKey{kind: k, form: FormatDecimal(key.Decimal())}
	case KindArray, KindMap:
		if b, err := appendTagged(nil, key); err == nil {
			return otherKey{kind: k, form: string(b)}
		}
		return otherKey{kind: k, form: key.String()}
	case KindStruct:
		if b, err := AppendValue(nil, key.Struct().schema, key); err == nil {
			return otherKey{kind: k, form: string(b)}
		}
		return otherKey{kind: k, form: key.String()}
	}
	return otherKey{kind: k, num: key.num}
}

// A Shape is the keys that many maps have in common, as the objects of a topic usually do. Maps made from it share them, until one puts a
// key of its own. It is immutable.
type Shape struct {
	keys  []Value
	index *mapIndex
}

// NewShape returns a shape of distinct keys, which it copies.
func NewShape(keys []Value) *Shape {
	s := &Shape{keys: make([]Value, len(keys))}
	for i, k := range keys {
		s.keys[i] = k.Clone()
	}
	if len(keys) >= indexFrom {
		s.index = indexOf(s.keys)
	}
	return s
}

// Keys returns the keys, shared.
func (s *Shape) Keys() []Value { return s.keys }

// Make turns m into the map of the shape's keys to vals, which it takes over; there must be one for each key.
func (s *Shape) Make(m *Map, vals []Value) {
	*m = Map{keys: s.keys, vals: vals, index: s.index, shared: true}
}

// All iterates in insertion order.
func (m *Map) All() iter.Seq2[Value, Value] {
	return func(yield func(Value, Value) bool) {
		for i := range m.keys {
			if !yield(m.keys[i], m.vals[i]) {
				return
			}
		}
	}
}

func (m *Map) equal(o *Map) bool {
	if m.Len() != o.Len() {
		return false
	}
	for k, v := range m.All() {
		if w, ok := o.Get(k); !ok || !v.Equal(w) {
			return false
		}
	}
	return true
}
