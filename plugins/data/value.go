package data

import (
	"bytes"
	"math"
	"math/big"
	"slices"
	"time"
	"unsafe"
)

// A Kind says what a [Value] holds.
type Kind uint8

// The kinds of values. KindTimestamp stands for java.util.Date: the form of Date, Time and Timestamp values.
const (
	KindNull Kind = iota
	KindBool
	KindInt8
	KindInt16
	KindInt32
	KindInt64
	KindFloat32
	KindFloat64
	KindString
	KindBytes
	KindDecimal
	KindTimestamp
	KindArray
	KindMap
	KindStruct
)

// A Value is any Connect value. The zero Value is null. Values are passed by value; they are 24 bytes and make no
// allocation for scalars, strings and bytes. Strings, bytes and decimals alias the memory they were made from.
type Value struct {
	num uint64
	any any // a Kind for scalars; stringptr, bytesptr, decimalptr; []Value, *Map, *Struct
}

type (
	stringptr  *byte
	bytesptr   *byte
	decimalptr *byte
)

// Kind returns what v holds.
func (v Value) Kind() Kind {
	switch x := v.any.(type) {
	case nil:
		return KindNull
	case Kind:
		return x
	case stringptr:
		return KindString
	case bytesptr:
		return KindBytes
	case decimalptr:
		return KindDecimal
	case []Value:
		return KindArray
	case *Map:
		return KindMap
	case *Struct, *EncodedStruct:
		return KindStruct
	}
	panic("data: impossible value")
}

// IsNull reports whether v is null.
func (v Value) IsNull() bool { return v.any == nil }

// Null returns the null value.
func Null() Value { return Value{} }

// BoolValue returns a Boolean.
func BoolValue(b bool) Value {
	if b {
		return Value{1, KindBool}
	}
	return Value{0, KindBool}
}

// Int8Value returns an INT8.
func Int8Value(i int8) Value { return Value{uint64(i), KindInt8} }

// Int16Value returns an INT16.
func Int16Value(i int16) Value { return Value{uint64(i), KindInt16} }

// Int32Value returns an INT32.
func Int32Value(i int32) Value { return Value{uint64(i), KindInt32} }

// Int64Value returns an INT64.
func Int64Value(i int64) Value { return Value{uint64(i), KindInt64} }

// Float32Value returns a FLOAT32.
func Float32Value(f float32) Value { return Value{uint64(math.Float32bits(f)), KindFloat32} }

// Float64Value returns a FLOAT64. Go's own NaN becomes Java's, which has other bits.
func Float64Value(f float64) Value {
	bits := math.Float64bits(f)
	if bits == goNaN {
		bits--
	}
	return Value{bits, KindFloat64}
}

// goNaN are the bits of math.NaN(); Double.NaN's are one less. As a float both are the same.
const goNaN = 0x7FF8000000000001

// StringValue returns a STRING that shares s's memory.
func StringValue(s string) Value { return Value{uint64(len(s)), stringptr(unsafe.StringData(s))} }

// StringOf returns a STRING that aliases b; b must not change while the value is in use.
func StringOf(b []byte) Value { return Value{uint64(len(b)), stringptr(unsafe.SliceData(b))} }

// BytesValue returns a BYTES value that aliases b. A nil slice is an empty value, not null.
func BytesValue(b []byte) Value { return Value{uint64(len(b)), bytesptr(unsafe.SliceData(b))} }

// TimestampValue returns an instant in milliseconds since the epoch (the form of Date, Time and Timestamp).
func TimestampValue(ms int64) Value { return Value{uint64(ms), KindTimestamp} }

// DecimalBytesValue returns the decimal unscaled × 10^-scale, unscaled being two's complement, big endian; it aliases the bytes.
func DecimalBytesValue(unscaled []byte, scale int32) Value {
	return Value{uint64(len(unscaled))<<32 | uint64(uint32(scale)), decimalptr(unsafe.SliceData(unscaled))}
}

// DecimalValue returns the decimal unscaled × 10^-scale.
func DecimalValue(unscaled *big.Int, scale int32) Value {
	return DecimalBytesValue(bigToBytes(unscaled), scale)
}

// ArrayValue returns an array; it takes over the slice.
func ArrayValue(elems []Value) Value {
	if elems == nil {
		elems = []Value{}
	}
	return Value{0, elems}
}

// MapValue returns a map.
func MapValue(m *Map) Value { return Value{0, m} }

// StructValue returns a struct; a nil pointer gives null.
func StructValue(s *Struct) Value {
	if s == nil {
		return Value{}
	}
	return Value{0, s}
}

// Bool returns a boolean; false for other kinds.
func (v Value) Bool() bool {
	k, _ := v.any.(Kind)
	return k == KindBool && v.num != 0
}

// Int returns an INT8 … INT64 or the milliseconds of an instant, widened. Other kinds give their raw bits.
func (v Value) Int() int64 { return int64(v.num) } // integers are held with their sign extended

// Float returns a FLOAT32 or FLOAT64, widened.
func (v Value) Float() float64 {
	if k, _ := v.any.(Kind); k == KindFloat32 {
		return float64(math.Float32frombits(uint32(v.num)))
	}
	return math.Float64frombits(v.num)
}

// Float32 returns a FLOAT32.
func (v Value) Float32() float32 { return math.Float32frombits(uint32(v.num)) }

// Millis returns an instant's milliseconds since the epoch.
func (v Value) Millis() int64 { return int64(v.num) }

// Time returns an instant as UTC time.
func (v Value) Time() time.Time { return time.UnixMilli(int64(v.num)).UTC() }

// Str returns a STRING, aliasing the value's memory; "" for other kinds.
func (v Value) Str() string {
	if p, ok := v.any.(stringptr); ok {
		return unsafe.String((*byte)(p), int(v.num))
	}
	return ""
}

// Bytes returns a BYTES value, or the text of a STRING, aliasing the value's memory; the caller must not change it.
func (v Value) Bytes() []byte {
	switch p := v.any.(type) {
	case bytesptr:
		return unsafe.Slice((*byte)(p), int(v.num))
	case stringptr:
		return unsafe.Slice((*byte)(p), int(v.num))
	}
	return nil
}

// DecimalBytes returns a decimal's unscaled value in two's complement, aliasing the value's memory, and its scale.
func (v Value) DecimalBytes() ([]byte, int32) {
	p, ok := v.any.(decimalptr)
	if !ok {
		return nil, 0
	}
	return unsafe.Slice((*byte)(p), int(v.num>>32)), int32(uint32(v.num))
}

// Decimal returns a decimal's unscaled value and scale.
func (v Value) Decimal() (*big.Int, int32) {
	raw, scale := v.DecimalBytes()
	return bytesToBig(raw), scale
}

// Array returns the elements, shared; nil for other kinds.
func (v Value) Array() []Value {
	a, _ := v.any.([]Value)
	return a
}

// Map returns the map; nil for other kinds.
func (v Value) Map() *Map {
	m, _ := v.any.(*Map)
	return m
}

// Struct returns the struct; nil for other kinds. An encoded struct is decoded by each call.
func (v Value) Struct() *Struct {
	switch s := v.any.(type) {
	case *Struct:
		return s
	case *EncodedStruct:
		return s.decode()
	}
	return nil
}

// Clone returns a copy that aliases nothing.
func (v Value) Clone() Value {
	switch x := v.any.(type) {
	case stringptr:
		return StringOf(bytes.Clone(v.Bytes()))
	case bytesptr:
		return BytesValue(slices.Clip(append([]byte{}, v.Bytes()...)))
	case decimalptr:
		raw, scale := v.DecimalBytes()
		return DecimalBytesValue(bytes.Clone(raw), scale)
	case []Value:
		out := make([]Value, len(x))
		for i := range x {
			out[i] = x[i].Clone()
		}
		return ArrayValue(out)
	case *Map:
		m := NewMap(x.Len())
		for k, e := range x.All() {
			m.Put(k.Clone(), e.Clone())
		}
		return MapValue(m)
	case *Struct:
		return StructValue(x.Clone())
	case *EncodedStruct:
		return StructValue(x.decode().Clone())
	}
	return v
}

// Equal compares deeply: kinds must agree, floats by bits, decimals by unscaled value and scale.
func (v Value) Equal(o Value) bool {
	k := v.Kind()
	if k != o.Kind() {
		return false
	}
	switch k {
	case KindNull:
		return true
	case KindString, KindBytes:
		return bytes.Equal(v.Bytes(), o.Bytes())
	case KindDecimal:
		a, as := v.Decimal()
		b, bs := o.Decimal()
		return as == bs && a.Cmp(b) == 0
	case KindArray:
		return slices.EqualFunc(v.Array(), o.Array(), Value.Equal)
	case KindMap:
		return v.Map().equal(o.Map())
	case KindStruct:
		return v.Struct().Equal(o.Struct())
	}
	return v.num == o.num
}
