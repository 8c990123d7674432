package data

import (
	"encoding/binary"
	"errors"
)

// ErrMalformed reports bytes that are not the binary form of a value of the schema.
var ErrMalformed = errors.New("malformed value")

// maxDepth bounds nesting, so that hostile bytes cannot exhaust the stack.
const maxDepth = 128

// A Decoder reads values in binary form. Strings and bytes alias the input; structs and their values come from slabs that
// live as long as any value of them. It is not safe for concurrent use; the zero Decoder is ready.
type Decoder struct {
	structs []Struct
	vals    []Value
}

// Reserve prepares slabs for n structs of s, so that a batch costs two allocations.
func (d *Decoder) Reserve(n int, s *Schema) {
	if s != nil && s.typ == StructType {
		d.structs = make([]Struct, 0, n)
		d.vals = make([]Value, 0, n*len(s.fields))
	}
}

// Decode reads one value of s (nil: a tagged value) and returns the bytes behind it.
func (d *Decoder) Decode(s *Schema, b []byte) (Value, []byte, error) {
	if s == nil {
		return d.tagged(b, 0)
	}
	return d.body(s, b, 0)
}

func (d *Decoder) newStruct(s *Schema) *Struct {
	n := len(s.fields)
	if cap(d.vals)-len(d.vals) < n {
		d.vals = make([]Value, 0, max(n, 256))
	}
	if cap(d.structs) == len(d.structs) {
		d.structs = make([]Struct, 0, 32)
	}
	at := len(d.vals)
	d.vals = d.vals[:at+n]
	d.structs = append(d.structs, Struct{s, d.vals[at : at+n : at+n]})
	return &d.structs[len(d.structs)-1]
}

func (d *Decoder) body(s *Schema, b []byte, depth int) (Value, []byte, error) {
	if depth > maxDepth {
		return Value{}, nil, ErrMalformed
	}
	k := KindFor(s)
	switch k {
	case KindStruct:
		return d.structBody(s, b, depth)
	case KindArray:
		n, rest, nulls, err := countAndNulls(b)
		if err != nil {
			return Value{}, nil, err
		}
		out := make([]Value, n)
		for i := range out {
			if nulls[i/8]&(1<<(i%8)) != 0 {
				continue
			}
			if out[i], rest, err = d.body(s.value, rest, depth+1); err != nil {
				return Value{}, nil, err
			}
		}
		return ArrayValue(out), rest, nil
	case KindMap:
		n, rest, nulls, err := countAndNulls(b)
		if err != nil {
			return Value{}, nil, err
		}
		m := NewMap(min(n, 1024))
		for i := range n {
			var key, val Value
			if key, rest, err = d.body(s.key, rest, depth+1); err != nil {
				return Value{}, nil, err
			}
			if nulls[i/8]&(1<<(i%8)) == 0 {
				if val, rest, err = d.body(s.value, rest, depth+1); err != nil {
					return Value{}, nil, err
				}
			}
			m.Put(key, val)
		}
		return MapValue(m), rest, nil
	}
	return scalar(k, b)
}

func (d *Decoder) structBody(s *Schema, b []byte, depth int) (Value, []byte, error) {
	nb := (len(s.fields) + 7) / 8
	if len(b) < nb {
		return Value{}, nil, ErrMalformed
	}
	nulls, rest := b[:nb], b[nb:]
	st := d.newStruct(s)
	var err error
	for i := range st.vals {
		if nulls[i/8]&(1<<(i%8)) != 0 {
			continue
		}
		// What most columns are is read here, as a call with its three results costs more than the reading.
		f := s.fields[i].Schema
		switch v := &st.vals[i]; {
		case len(rest) >= 8 && (f.kind == KindInt64 || f.kind == KindTimestamp || f.kind == KindFloat64):
			*v = Value{binary.LittleEndian.Uint64(rest), f.kind}
			rest = rest[8:]
		case len(rest) >= 4 && f.kind == KindInt32:
			*v = Int32Value(int32(binary.LittleEndian.Uint32(rest)))
			rest = rest[4:]
		case f.kind == KindString && len(rest) > 0 && rest[0] < 0x80 && int(rest[0]) < len(rest):
			end := 1 + int(rest[0])
			*v = StringOf(rest[1:end])
			rest = rest[end:]
		default:
			if *v, rest, err = d.body(f, rest, depth+1); err != nil {
				return Value{}, nil, err
			}
		}
	}
	return Value{0, st}, rest, nil
}

// countAndNulls checks the count against what the input can hold before anything is allocated for it: a bit an element.
func countAndNulls(b []byte) (int, []byte, []byte, error) {
	n, w := binary.Uvarint(b)
	if w <= 0 || n > uint64(len(b))*8 {
		return 0, nil, nil, ErrMalformed
	}
	b = b[w:]
	nb := (int(n) + 7) / 8
	if len(b) < nb {
		return 0, nil, nil, ErrMalformed
	}
	return int(n), b[nb:], b[:nb], nil
}

func scalar(k Kind, b []byte) (Value, []byte, error) {
	switch k {
	case KindBool, KindInt8:
		if len(b) >= 1 {
			if k == KindBool {
				return BoolValue(b[0] != 0), b[1:], nil
			}
			return Int8Value(int8(b[0])), b[1:], nil
		}
	case KindInt16:
		if len(b) >= 2 {
			return Int16Value(int16(binary.LittleEndian.Uint16(b))), b[2:], nil
		}
	case KindInt32:
		if len(b) >= 4 {
			return Int32Value(int32(binary.LittleEndian.Uint32(b))), b[4:], nil
		}
	case KindFloat32:
		if len(b) >= 4 {
			return Value{uint64(binary.LittleEndian.Uint32(b)), KindFloat32}, b[4:], nil
		}
	case KindInt64:
		if len(b) >= 8 {
			return Value{binary.LittleEndian.Uint64(b), KindInt64}, b[8:], nil
		}
	case KindFloat64:
		if len(b) >= 8 {
			return Value{binary.LittleEndian.Uint64(b), KindFloat64}, b[8:], nil
		}
	case KindTimestamp:
		if len(b) >= 8 {
			return Value{binary.LittleEndian.Uint64(b), KindTimestamp}, b[8:], nil
		}
	case KindString, KindBytes:
		n, w := binary.Uvarint(b)
		if w > 0 && n <= uint64(len(b)-w) {
			end := w + int(n)
			if k == KindString {
				return StringOf(b[w:end]), b[end:], nil
			}
			return BytesValue(b[w:end:end]), b[end:], nil
		}
	case KindDecimal:
		n, w := binary.Uvarint(b)
		if w > 0 && n <= uint64(len(b)) {
			scale, w2 := binary.Varint(b[w:])
			if w2 > 0 && int64(int32(scale)) == scale && n <= uint64(len(b)-w-w2) {
				at := w + w2
				return DecimalBytesValue(b[at:at+int(n)], int32(scale)), b[at+int(n):], nil
			}
		}
	}
	return Value{}, nil, ErrMalformed
}

func (d *Decoder) tagged(b []byte, depth int) (Value, []byte, error) {
	if len(b) == 0 || depth > maxDepth {
		return Value{}, nil, ErrMalformed
	}
	k := Kind(b[0])
	b = b[1:]
	switch k {
	case KindNull:
		return Value{}, b, nil
	case KindArray, KindMap:
		n, w := binary.Uvarint(b)
		if w <= 0 || n > uint64(len(b)) {
			return Value{}, nil, ErrMalformed
		}
		b = b[w:]
		if k == KindArray {
			out := make([]Value, 0, min(n, 1024))
			for range n {
				v, rest, err := d.tagged(b, depth+1)
				if err != nil {
					return Value{}, nil, err
				}
				out, b = append(out, v), rest
			}
			return ArrayValue(out), b, nil
		}
		m := NewMap(int(min(n, 1024)))
		for range n {
			key, rest, err := d.tagged(b, depth+1)
			if err != nil {
				return Value{}, nil, err
			}
			val, rest, err := d.tagged(rest, depth+1)
			if err != nil {
				return Value{}, nil, err
			}
			m.Put(key, val)
			b = rest
		}
		return MapValue(m), b, nil
	case KindStruct:
		return Value{}, nil, ErrMalformed
	}
	return scalar(k, b)
}

// Skip returns the bytes behind a tagged value (one without a schema), without building it.
func Skip(b []byte) ([]byte, error) { return skip(b, 0) }

func skip(b []byte, depth int) ([]byte, error) {
	if len(b) == 0 || depth > maxDepth {
		return nil, ErrMalformed
	}
	k := Kind(b[0])
	b = b[1:]
	switch k {
	case KindNull:
		return b, nil
	case KindArray, KindMap:
		n, w := binary.Uvarint(b)
		if w <= 0 || n > uint64(len(b)) {
			return nil, ErrMalformed
		}
		b = b[w:]
		if k == KindMap {
			n *= 2
		}
		for range n {
			var err error
			if b, err = skip(b, depth+1); err != nil {
				return nil, err
			}
		}
		return b, nil
	}
	_, rest, err := scalar(k, b)
	return rest, err
}
