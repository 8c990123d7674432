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
func (s *Slab) Struct(schema *data.Schema) *data.Struct {
	n := schema.NumFields()
	if len(s.values) < n {
		s.values = make([]data.Value, max(n, slabValues))
	}
	if len(s.structs) == 0 {
		s.structs = make([]data.Struct, slabStructs)
	}
	out := &s.structs[0]
	*out = *data.StructOn(schema, s.values[:n:n])
	s.structs, s.values = s.structs[1:], s.values[n:]
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
