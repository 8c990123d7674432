package data

import (
	"iter"
	"maps"
	"slices"
)

// A Map is an ordered map of values; a key put again keeps its place. Keys are compared with [Value.Equal].
// The zero Map is empty. A Map is not safe for concurrent use.
type Map struct {
	keys, vals []Value
	index      map[string]int // string keys, once there are many
	shared     bool           // keys and index belong to a Shape
}

const indexFrom = 8

// NewMap returns an empty map with room for n entries.
func NewMap(n int) *Map { return &Map{keys: make([]Value, 0, n), vals: make([]Value, 0, n)} }

// Len returns the number of entries.
func (m *Map) Len() int { return len(m.keys) }

func (m *Map) find(key Value) int {
	if m.index != nil && key.Kind() == KindString {
		if i, ok := m.index[key.Str()]; ok {
			return i
		}
		return -1
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
		m.keys, m.index, m.shared = slices.Clone(m.keys), maps.Clone(m.index), false
	}
	m.keys, m.vals = append(m.keys, key), append(m.vals, v)
	if m.index == nil && len(m.keys) >= indexFrom {
		m.index = indexOf(m.keys)
	} else if m.index != nil && key.Kind() == KindString {
		m.index[key.Str()] = len(m.keys) - 1
	}
}

func indexOf(keys []Value) map[string]int {
	index := make(map[string]int, 2*len(keys))
	for i, k := range keys {
		if k.Kind() == KindString {
			index[k.Str()] = i
		}
	}
	return index
}

// A Shape is the keys that many maps have in common, as the objects of a topic usually do. Maps made from it share them, until one puts a
// key of its own. It is immutable.
type Shape struct {
	keys  []Value
	index map[string]int
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
