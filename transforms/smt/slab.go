package smt

import "github.com/kurier-io/kurier/plugins/data"

// Sizes of slabs: large enough that a record of a dozen fields costs a small part of an allocation, small enough that one record which
// is kept for long does not keep much else.
const (
	slabStructs = 64
	slabValues  = 512
	slabText    = 2048
)

// A Slab is where a transformation puts the structs and texts it makes. What it hands out lives as long as anything of the same block;
// nothing is used twice. It is not safe for concurrent use; the zero Slab is ready.
type Slab struct {
	structs []data.Struct
	values  []data.Value
	text    []byte
}

// Struct returns a struct with every field unset.
func (s *Slab) Struct(schema *data.Schema) *data.Struct { return s.room(schema, 0) }

// spare is how many fields the next transformations of a chain may add to a roomy struct without moving it.
const spare = 3

// Roomy is Struct, with room for some more fields behind.
func (s *Slab) Roomy(schema *data.Schema) *data.Struct { return s.room(schema, spare) }

func (s *Slab) room(schema *data.Schema, more int) *data.Struct {
	n := schema.NumFields()
	size := n + more
	if len(s.values) < size {
		s.values = make([]data.Value, max(size, slabValues))
	}
	if len(s.structs) == 0 {
		s.structs = make([]data.Struct, slabStructs)
	}
	out := &s.structs[0]
	*out = *data.StructOn(schema, s.values[:n:size])
	s.structs, s.values = s.structs[1:], s.values[size:]
	return out
}

// Text returns an empty slice to append to, with room for some bytes; hand the result to Keep.
func (s *Slab) Text(room int) []byte {
	if cap(s.text) < room {
		s.text = make([]byte, 0, max(room, slabText))
	}
	return s.text
}

// Keep returns a text that was appended to what Text returned, as a value.
func (s *Slab) Keep(b []byte) data.Value {
	if cap(b) == cap(s.text) { // it did not outgrow the slab
		s.text = b[len(b):]
	}
	return data.StringOf(b[:len(b):len(b)])
}
