package wireproto

import (
	"encoding/binary"
	"errors"
)

// ErrShort reports input that ends before the value it announces, or a value
// outside its domain.
var ErrShort = errors.New("wireproto: malformed or truncated input")

// Reader decodes protocol primitives from a byte slice. After the first
// failure every method returns a zero value and Err returns ErrShort. No method
// allocates according to a length it has not checked against the input.
type Reader struct {
	src []byte
	bad bool
}

// NewReader returns a reader of b, which it does not copy.
func NewReader(b []byte) *Reader { return &Reader{src: b} }

// Err returns ErrShort once any read has failed.
func (r *Reader) Err() error {
	if r.bad {
		return ErrShort
	}
	return nil
}

// Len is the number of unread bytes.
func (r *Reader) Len() int { return len(r.src) }

// Rest returns the unread bytes and leaves the reader where it is.
func (r *Reader) Rest() []byte { return r.src }

func (r *Reader) fail() { r.bad, r.src = true, nil }

// Span returns the next n bytes without copying.
func (r *Reader) Span(n int) []byte {
	if n < 0 || n > len(r.src) {
		r.fail()
		return nil
	}
	b := r.src[:n:n]
	r.src = r.src[n:]
	return b
}

// Int8 reads one byte.
func (r *Reader) Int8() int8 {
	if b := r.Span(1); b != nil {
		return int8(b[0])
	}
	return 0
}

// Int16 reads a big-endian int16.
func (r *Reader) Int16() int16 {
	if b := r.Span(2); b != nil {
		return int16(binary.BigEndian.Uint16(b))
	}
	return 0
}

// Int32 reads a big-endian int32.
func (r *Reader) Int32() int32 {
	if b := r.Span(4); b != nil {
		return int32(binary.BigEndian.Uint32(b))
	}
	return 0
}

// Int64 reads a big-endian int64.
func (r *Reader) Int64() int64 {
	if b := r.Span(8); b != nil {
		return int64(binary.BigEndian.Uint64(b))
	}
	return 0
}

// UUID reads 16 bytes.
func (r *Reader) UUID() (id [16]byte) {
	copy(id[:], r.Span(16))
	return id
}

// Uvarint reads an unsigned varint of at most 32 bits.
func (r *Reader) Uvarint() uint32 {
	v, n := binary.Uvarint(r.src)
	if n <= 0 || v > 1<<32-1 {
		r.fail()
		return 0
	}
	r.src = r.src[n:]
	return uint32(v)
}

// Varint reads a zig-zag varint of at most 64 bits.
func (r *Reader) Varint() int64 {
	v, n := binary.Varint(r.src)
	if n <= 0 {
		r.fail()
		return 0
	}
	r.src = r.src[n:]
	return v
}

// NullableBytes reads bytes with an int32 length or, when compact, a uvarint
// length plus one. Null is nil; empty is not.
func (r *Reader) NullableBytes(compact bool) []byte {
	n := int64(0)
	if compact {
		n = int64(r.Uvarint()) - 1
	} else {
		n = int64(r.Int32())
	}
	if n < 0 {
		return nil
	}
	if n > int64(len(r.src)) {
		r.fail()
		return nil
	}
	return r.Span(int(n))
}

// NullableString reads a string with an int16 length or, when compact, a
// uvarint length plus one.
func (r *Reader) NullableString(compact bool) (s string, null bool) {
	n := int64(0)
	if compact {
		n = int64(r.Uvarint()) - 1
	} else {
		n = int64(r.Int16())
	}
	if n < 0 {
		return "", true
	}
	if n > int64(len(r.src)) {
		r.fail()
		return "", true
	}
	return string(r.Span(int(n))), false
}

// ArrayLen reads an array length and refuses one that the remaining bytes
// cannot hold at minSize bytes an element. Null is -1.
func (r *Reader) ArrayLen(compact bool, minSize int) int {
	n := int64(0)
	if compact {
		n = int64(r.Uvarint()) - 1
	} else {
		n = int64(r.Int32())
	}
	if n < 0 {
		return -1
	}
	if n*int64(minSize) > int64(len(r.src)) {
		r.fail()
		return 0
	}
	return int(n)
}

// SkipTags skips a tagged-field section; unknown tags are never an error.
func (r *Reader) SkipTags() {
	for n := r.Uvarint(); n > 0 && !r.bad; n-- {
		r.Uvarint()
		r.Span(int(r.Uvarint()))
	}
}
