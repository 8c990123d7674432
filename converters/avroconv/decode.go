package avroconv

import (
	"bytes"
	"encoding/binary"
	"math"
	"unicode/utf8"

	"github.com/kurier-io/kurier/plugins/data"
)

// A reader reads Avro's binary form. Strings and bytes alias the input; structs and their values come from slabs, which live as long as
// any value of them. It is not safe for concurrent use.
type reader struct {
	b       []byte
	i       int
	budget  int // values that may still be made
	structs []data.Struct
	vals    []data.Value
}

// Every value but the empty ones takes a byte at least. What more a message may unfold to, as the empty records of an array or the
// members of a union that are not set, is bounded by these.
const (
	freeValues    = 1 << 20
	valuesPerByte = 64
)

func (r *reader) reset(b []byte) {
	r.b, r.i, r.budget = b, 0, freeValues+valuesPerByte*len(b)
}

func (r *reader) fail(format string, args ...any) error {
	return data.Errorf("byte %d: "+format, append([]any{r.i}, args...)...)
}

func (r *reader) short() error { return r.fail("the message ends in the middle of the value") }

func (r *reader) spend(n int) error {
	if r.budget -= n; r.budget < 0 {
		return r.fail("a message of %d bytes unfolds to too many values", len(r.b))
	}
	return nil
}

// long reads a variable-length number.
func (r *reader) long() (int64, error) {
	if r.i < len(r.b) {
		if c := r.b[r.i]; c < 0x80 {
			r.i++
			return int64(c>>1) ^ -int64(c&1), nil
		}
	}
	u, n := binary.Uvarint(r.b[r.i:])
	if n <= 0 {
		if n == 0 {
			return 0, r.short()
		}
		return 0, r.fail("a number has more than 64 bits")
	}
	r.i += n
	return int64(u>>1) ^ -int64(u&1), nil
}

func (r *reader) int() (int32, error) {
	n, err := r.long()
	if err == nil && int64(int32(n)) != n {
		err = r.fail("the number %d has more than 32 bits", n)
	}
	return int32(n), err
}

func (r *reader) take(n int) ([]byte, error) {
	if n > len(r.b)-r.i {
		return nil, r.short()
	}
	b := r.b[r.i : r.i+n : r.i+n]
	r.i += n
	return b, nil
}

// counted reads a length and as many bytes.
func (r *reader) counted() ([]byte, error) {
	n, err := r.long()
	if err != nil {
		return nil, err
	}
	if n < 0 || n > int64(len(r.b)-r.i) {
		return nil, r.fail("a length of %d where %d bytes are left", n, len(r.b)-r.i)
	}
	return r.take(int(n))
}

// text is counted for strings; like Java's it replaces what is not UTF-8.
func (r *reader) text() ([]byte, error) {
	b, err := r.counted()
	if err == nil && !utf8.Valid(b) {
		b = bytes.ToValidUTF8(b, []byte("\uFFFD"))
	}
	return b, err
}

func (r *reader) newStruct(s *data.Schema, n int) (*data.Struct, []data.Value, error) {
	if err := r.spend(n + 1); err != nil {
		return nil, nil, err
	}
	if cap(r.vals)-len(r.vals) < n {
		r.vals = make([]data.Value, 0, max(n, 512))
	}
	if cap(r.structs) == len(r.structs) {
		r.structs = make([]data.Struct, 0, 64)
	}
	at := len(r.vals)
	r.vals = r.vals[:at+n]
	vals := r.vals[at : at+n : at+n]
	r.structs = append(r.structs, *data.StructOn(s, vals))
	return &r.structs[len(r.structs)-1], vals, nil
}

// read reads one value into out, which is null before.
func (r *reader) read(p *dec, out *data.Value) (err error) {
	if p.wrapped {
		n, err := r.long()
		switch {
		case err != nil:
			return err
		case n == int64(p.null):
			return nil
		case n != int64(p.branch):
			return r.fail("there is no branch %d in the union", n)
		}
	}
	switch p.op {
	case readString:
		var b []byte
		if b, err = r.text(); err == nil {
			*out = data.StringOf(b)
		}
	case readInt32:
		var n int32
		n, err = r.int()
		*out = data.Int32Value(n)
	case readInt64:
		var n int64
		n, err = r.long()
		*out = data.Int64Value(n)
	case readTimestamp:
		var n int64
		n, err = r.long()
		*out = data.TimestampValue(n)
	case readBool:
		if r.i >= len(r.b) {
			return r.short()
		}
		*out = data.BoolValue(r.b[r.i] == 1)
		r.i++
	case readDouble:
		var b []byte
		if b, err = r.take(8); err == nil {
			*out = data.Float64Value(math.Float64frombits(binary.LittleEndian.Uint64(b)))
		}
	case readRecord:
		return r.record(p, out)
	default:
		return r.other(p, out)
	}
	return err
}

func (r *reader) record(p *dec, out *data.Value) error {
	st, vals, err := r.newStruct(p.schema, len(p.members))
	if err != nil {
		return err
	}
	for i, m := range p.members {
		if err := r.read(m, &vals[i]); err != nil {
			return data.Below(err, p.names[i], "")
		}
	}
	*out = data.StructValue(st)
	return nil
}

func (r *reader) other(p *dec, out *data.Value) (err error) {
	var b []byte
	var n int32
	switch p.op {
	case readInt8:
		n, err = r.int()
		*out = data.Int8Value(int8(n)) // Java cuts, too
	case readInt16:
		n, err = r.int()
		*out = data.Int16Value(int16(n))
	case readFloat:
		if b, err = r.take(4); err == nil {
			*out = data.Float32Value(math.Float32frombits(binary.LittleEndian.Uint32(b)))
		}
	case readBytesOp:
		b, err = r.counted()
		*out = data.BytesValue(b)
	case readFixed:
		b, err = r.take(p.size)
		*out = data.BytesValue(b)
	case readDecimal:
		if p.size >= 0 {
			b, err = r.take(p.size)
		} else {
			b, err = r.counted()
		}
		if err == nil && len(b) == 0 {
			return r.fail("a decimal of no bytes")
		}
		*out = data.DecimalBytesValue(b, p.schema.Scale())
	case readDate:
		n, err = r.int()
		*out = data.TimestampValue(int64(n) * data.MillisPerDay)
	case readTime:
		if n, err = r.int(); err == nil {
			*out, err = data.FromBase(p.schema, data.Int32Value(n))
		}
	case readEnum:
		n, err = r.int()
		if err == nil && (n < 0 || int(n) >= len(p.symbols)) {
			return r.fail("there is no symbol %d in the enum", n)
		}
		if err == nil {
			*out = p.symbols[n]
		}
	case readArray:
		return r.array(p, out)
	case readMap, readEntries:
		return r.mapValue(p, out)
	case readUnion:
		return r.union(p, out)
	case readNull:
	case readAny:
		*out, err = r.anything(0)
	}
	return err
}
