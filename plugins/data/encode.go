package data

import (
	"encoding/binary"
	"math"
)

// The binary form of values, as it travels between a plugin and the worker. It is schema driven: a reader needs the schema.
//
//	BOOLEAN, INT8      1 byte
//	INT16/32/64        2, 4, 8 bytes, little endian; FLOAT32/64 their bits likewise
//	Date/Time/Timestamp 8 bytes, milliseconds
//	STRING, BYTES      uvarint length, bytes
//	Decimal            uvarint length of the unscaled bytes, zigzag varint scale, two's complement big endian
//	ARRAY              uvarint count, null bitmap of the elements, the elements that are not null
//	MAP                uvarint count, null bitmap of the values, key and (unless null) value in turn
//	STRUCT             null bitmap of the fields, the fields that are not null
//
// A null bitmap has one bit an element, least significant first, set for null. Without a schema a value is one kind byte
// and its body; arrays and maps then hold such values, and structs have no place there.

// AppendValue appends the binary form of v, which must not be null when s is not nil. Errors name Java's classes.
func AppendValue(dst []byte, s *Schema, v Value) ([]byte, error) {
	if s == nil {
		return appendTagged(dst, v)
	}
	k := v.Kind()
	if k != KindFor(s) {
		return dst, mismatchAt(s, v, "value")
	}
	switch k {
	case KindStruct:
		return appendStruct(dst, s, v)
	case KindArray:
		return appendArray(dst, s, v.Array())
	case KindMap:
		return appendMap(dst, s, v.Map())
	}
	return appendScalar(dst, k, v), nil
}

func appendScalar(dst []byte, k Kind, v Value) []byte {
	switch k {
	case KindBool, KindInt8:
		return append(dst, byte(v.num))
	case KindInt16:
		return binary.LittleEndian.AppendUint16(dst, uint16(v.num))
	case KindInt32, KindFloat32:
		return binary.LittleEndian.AppendUint32(dst, uint32(v.num))
	case KindInt64, KindFloat64, KindTimestamp:
		return binary.LittleEndian.AppendUint64(dst, v.num)
	case KindString, KindBytes:
		return append(binary.AppendUvarint(dst, v.num), v.Bytes()...)
	case KindDecimal:
		raw, scale := v.DecimalBytes()
		dst = binary.AppendUvarint(dst, uint64(len(raw)))
		dst = binary.AppendVarint(dst, int64(scale))
		return append(dst, raw...)
	}
	return dst
}

func appendStruct(dst []byte, s *Schema, v Value) ([]byte, error) {
	if e, ok := v.any.(*EncodedStruct); ok {
		if !s.describes(e.schema) {
			return dst, Errorf("Struct schemas do not match.")
		}
		return append(dst, e.enc...), nil
	}
	st := v.Struct()
	if !s.describes(st.schema) {
		return dst, Errorf("Struct schemas do not match.")
	}
	dst, nulls := appendBitmap(dst, len(st.vals))
	for i := range st.vals {
		f := &s.fields[i]
		if st.vals[i].IsNull() {
			dst[nulls+i/8] |= 1 << (i % 8)
			continue
		}
		var err error
		if dst, err = AppendValue(dst, f.Schema, st.vals[i]); err != nil {
			return dst, Errorf("field %q of %s: %v", f.Name, s, err)
		}
	}
	return dst, nil
}

func appendBitmap(dst []byte, n int) ([]byte, int) {
	start := len(dst)
	for range (n + 7) / 8 {
		dst = append(dst, 0)
	}
	return dst, start
}

func appendArray(dst []byte, s *Schema, elems []Value) ([]byte, error) {
	dst = binary.AppendUvarint(dst, uint64(len(elems)))
	dst, nulls := appendBitmap(dst, len(elems))
	for i, e := range elems {
		if e.IsNull() {
			dst[nulls+i/8] |= 1 << (i % 8)
			continue
		}
		var err error
		if dst, err = AppendValue(dst, s.value, e); err != nil {
			return dst, err
		}
	}
	return dst, nil
}

func appendMap(dst []byte, s *Schema, m *Map) ([]byte, error) {
	dst = binary.AppendUvarint(dst, uint64(m.Len()))
	dst, nulls := appendBitmap(dst, m.Len())
	i := 0
	for k, e := range m.All() {
		if k.IsNull() {
			return dst, Errorf("a map key must not be null")
		}
		var err error
		if dst, err = AppendValue(dst, s.key, k); err != nil {
			return dst, err
		}
		if e.IsNull() {
			dst[nulls+i/8] |= 1 << (i % 8)
		} else if dst, err = AppendValue(dst, s.value, e); err != nil {
			return dst, err
		}
		i++
	}
	return dst, nil
}

func appendTagged(dst []byte, v Value) ([]byte, error) {
	k := v.Kind()
	dst = append(dst, byte(k))
	var err error
	switch k {
	case KindNull:
	case KindArray:
		dst = binary.AppendUvarint(dst, uint64(len(v.Array())))
		for _, e := range v.Array() {
			if dst, err = appendTagged(dst, e); err != nil {
				return dst, err
			}
		}
	case KindMap:
		dst = binary.AppendUvarint(dst, uint64(v.Map().Len()))
		for mk, e := range v.Map().All() {
			if dst, err = appendTagged(dst, mk); err != nil {
				return dst, err
			}
			if dst, err = appendTagged(dst, e); err != nil {
				return dst, err
			}
		}
	case KindStruct:
		return dst, Errorf("a struct value needs its schema: set the record's key or value schema")
	default:
		dst = appendScalar(dst, k, v)
	}
	return dst, nil
}

// An EncodedStruct is a struct in binary form: what a [RowEncoder] builds. It saves the detour over [Struct] where a connector
// decodes its own wire format straight into ours.
type EncodedStruct struct {
	schema *Schema
	enc    []byte
}

func (e *EncodedStruct) decode() *Struct {
	d := Decoder{}
	v, _, err := d.body(e.schema, e.enc, 0)
	if err != nil {
		panic("data: EncodedStruct does not hold its schema: " + err.Error())
	}
	return v.Struct()
}

// EncodedValue returns a struct value over e; e must stay unchanged while the value is in use.
func EncodedValue(e *EncodedStruct) Value { return Value{0, e} }

// A RowEncoder writes structs field by field in binary form. The fields must come in schema order and fit their types: it
// does not check, a connector's tests do. It is not safe for concurrent use.
type RowEncoder struct {
	schema *Schema
	buf    []byte
	start  int
	next   int
}

// NewRowEncoder returns an encoder of structs of s.
func NewRowEncoder(s *Schema) *RowEncoder { return &RowEncoder{schema: s} }

// Reset forgets all rows: values made from them become invalid. Call it when their batch was handed on.
func (r *RowEncoder) Reset() { r.buf = r.buf[:0] }

// Size returns the bytes of all rows since Reset.
func (r *RowEncoder) Size() int { return len(r.buf) }

// Begin starts a row.
func (r *RowEncoder) Begin() {
	r.start, r.next = len(r.buf), 0
	r.buf, _ = appendBitmap(r.buf, len(r.schema.fields))
}

// End finishes the row into e. When the encoder's buffer has grown since, earlier rows keep their old memory.
func (r *RowEncoder) End(e *EncodedStruct) {
	e.schema, e.enc = r.schema, r.buf[r.start:len(r.buf):len(r.buf)]
}

// Null writes a null field.
func (r *RowEncoder) Null() {
	r.buf[r.start+r.next/8] |= 1 << (r.next % 8)
	r.next++
}

// Uint8 writes a BOOLEAN or INT8.
func (r *RowEncoder) Uint8(b byte) { r.buf, r.next = append(r.buf, b), r.next+1 }

// Uint16 writes an INT16.
func (r *RowEncoder) Uint16(i uint16) {
	r.buf, r.next = binary.LittleEndian.AppendUint16(r.buf, i), r.next+1
}

// Uint32 writes an INT32 or the bits of a FLOAT32.
func (r *RowEncoder) Uint32(i uint32) {
	r.buf, r.next = binary.LittleEndian.AppendUint32(r.buf, i), r.next+1
}

// Uint64 writes an INT64, the bits of a FLOAT64, or an instant's milliseconds.
func (r *RowEncoder) Uint64(i uint64) {
	r.buf, r.next = binary.LittleEndian.AppendUint64(r.buf, i), r.next+1
}

// Float64 writes a FLOAT64.
func (r *RowEncoder) Float64(f float64) { r.Uint64(math.Float64bits(f)) }

// Bytes writes a STRING or BYTES field.
func (r *RowEncoder) Bytes(b []byte) {
	r.buf, r.next = append(binary.AppendUvarint(r.buf, uint64(len(b))), b...), r.next+1
}

// Value writes any value that is not null, of the field's schema.
func (r *RowEncoder) Value(v Value) error {
	var err error
	if r.buf, err = AppendValue(r.buf, r.schema.fields[r.next].Schema, v); err != nil {
		return Errorf("field %q of %s: %v", r.schema.fields[r.next].Name, r.schema, err)
	}
	r.next++
	return nil
}
