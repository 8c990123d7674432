package protoconv

import (
	"bytes"
	"encoding/binary"
	"math"
	"unicode/utf8"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/kurier-io/kurier/plugins/data"
)

// A reader reads Protobuf's binary form. Strings and bytes alias the input; structs and their values come from slabs, which live as long
// as any value of them. It is not safe for concurrent use. How deep it goes is bounded by the plan, which is a tree.
type reader struct {
	b       []byte
	i       int
	budget  int // values that may still be made
	structs []data.Struct
	vals    []data.Value
}

// A message of two bytes may stand for a struct of many fields. What the bytes unfold to is bounded by these.
const (
	freeValues    = 1 << 20
	valuesPerByte = 64
)

func (r *reader) fail(format string, args ...any) error {
	return data.Errorf("byte %d: "+format, append([]any{r.i}, args...)...)
}

func (r *reader) short() error { return r.fail("the message ends in the middle of the value") }

func (r *reader) newStruct(s *data.Schema, n int) (*data.Struct, []data.Value, error) {
	if r.budget -= n + 1; r.budget < 0 {
		return nil, nil, r.fail("a message of %d bytes unfolds to too many values", len(r.b))
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

// root reads a message.
func (r *reader) root(p *dec, b []byte) (data.Value, error) {
	r.b, r.i, r.budget = b, 0, freeValues+valuesPerByte*len(b)
	if p.schema.Type() != data.StructType {
		return r.wrapper(p, p.zero[0], len(b))
	}
	st, vals, err := r.newStruct(p.schema, len(p.zero))
	if err != nil {
		return data.Null(), err
	}
	copy(vals, p.zero)
	if err := r.message(p, vals, len(b)); err != nil {
		return data.Null(), err
	}
	return data.StructValue(st), r.finish(p, vals)
}

// wrapper reads the message of one value; was is what it has if the message does not say.
func (r *reader) wrapper(p *dec, was data.Value, end int) (data.Value, error) {
	one := [1]data.Value{was}
	err := r.message(p, one[:], end)
	return one[0], err
}

// key reads the number and the wire type of a field.
func (r *reader) key(end int) (protowire.Number, protowire.Type, error) {
	if c := r.b[r.i]; c < 0x80 && c >= 8 {
		r.i++
		return protowire.Number(c >> 3), protowire.Type(c & 7), nil
	}
	num, typ, n := protowire.ConsumeTag(r.b[r.i:end])
	if n < 0 {
		return 0, 0, r.fail("no field begins here: %v", protowire.ParseError(n))
	}
	if num > protowire.MaxValidNumber {
		return 0, 0, r.fail("no field has the number %d", num)
	}
	r.i += n
	return num, typ, nil
}

func (r *reader) varint(end int) (uint64, error) {
	if r.i < end {
		if c := r.b[r.i]; c < 0x80 {
			r.i++
			return uint64(c), nil
		}
	}
	u, n := protowire.ConsumeVarint(r.b[r.i:end])
	if n < 0 {
		return 0, r.fail("no number begins here: %v", protowire.ParseError(n))
	}
	r.i += n
	return u, nil
}

// length reads a length, and returns where the bytes end.
func (r *reader) length(end int) (int, error) {
	n, err := r.varint(end)
	if err != nil {
		return 0, err
	}
	if n > uint64(end-r.i) {
		return 0, r.fail("a length of %d where %d bytes are left", n, end-r.i)
	}
	return r.i + int(n), nil
}

// message reads fields into vals, which have what was read of the message before, or what it has at first.
func (r *reader) message(p *dec, vals []data.Value, end int) error {
	for r.i < end {
		num, wire, err := r.key(end)
		if err != nil {
			return err
		}
		f := p.find(num)
		if f == nil || wire != f.wire && (!f.repeated || wire != protowire.BytesType) {
			n := protowire.ConsumeFieldValue(num, wire, r.b[r.i:end])
			if n < 0 {
				return r.fail("field %d: %v", num, protowire.ParseError(n))
			}
			r.i += n
			continue
		}
		var out *data.Value
		if f.union < 0 && f.siblings == nil {
			out = &vals[f.at]
		} else if out, err = r.member(f, vals); err != nil {
			return err
		}
		switch {
		case f.repeated:
			err = r.repeated(f, num, wire, out, end)
		case f.op == readEntry:
			err = r.entry(f, out, end)
		case f.op == readString:
			var b []byte
			if b, err = r.text(f, end); err == nil {
				*out = data.StringOf(b)
			}
		case f.op >= readDecimal:
			err = r.nested(f, out, end)
		default:
			err = r.scalar(f, out, end)
		}
		if err != nil {
			return below(err, f.name)
		}
	}
	return nil
}

// member returns where the value of a member of a oneof goes. The other members are not set from then on.
func (r *reader) member(f *decField, vals []data.Value) (*data.Value, error) {
	if f.siblings != nil {
		for _, i := range f.siblings {
			if i != f.at {
				vals[i] = data.Null()
			}
		}
		return &vals[f.at], nil
	}
	var members []data.Value
	if u := vals[f.union]; !u.IsNull() {
		members = u.Struct().Values()
	} else {
		st, fresh, err := r.newStruct(f.members.schema, len(f.members.zero))
		if err != nil {
			return nil, err
		}
		members, vals[f.union] = fresh, data.StructValue(st)
	}
	if members[f.at].IsNull() {
		clear(members)
	}
	return &members[f.at], nil
}

// finish gives a message that was read all that it lacks.
func (r *reader) finish(p *dec, vals []data.Value) error {
	for _, i := range p.maps {
		if vals[i].IsNull() {
			vals[i] = data.MapValue(&data.Map{})
		}
	}
	for _, f := range p.required {
		if vals[f.at].IsNull() {
			return r.fail("the message %s has no %s, which is required", p.schema.Name(), p.schema.Fields()[f.at].Name)
		}
	}
	for _, f := range p.structs {
		if !vals[f.at].IsNull() {
			continue
		}
		var err error
		if vals[f.at], err = r.generate(f.plan); err != nil {
			return err
		}
	}
	return nil
}

// generate makes a struct of a message that was not there.
func (r *reader) generate(p *dec) (data.Value, error) {
	st, vals, err := r.newStruct(p.schema, len(p.zero))
	if err != nil {
		return data.Null(), err
	}
	copy(vals, p.zero)
	for _, f := range p.required {
		vals[f.at] = f.zero
		if f.plan != nil {
			if vals[f.at], err = r.generate(f.plan); err != nil {
				return data.Null(), err
			}
		}
	}
	return data.StructValue(st), r.finish(p, vals)
}

// text reads a string.
func (r *reader) text(f *decField, end int) ([]byte, error) {
	to, err := r.length(end)
	if err != nil {
		return nil, err
	}
	b := r.b[r.i:to:to]
	r.i = to
	if !utf8.Valid(b) {
		if f.strict {
			return nil, r.fail("Protocol message had invalid UTF-8.") // Java's text
		}
		b = bytes.ToValidUTF8(b, []byte("\uFFFD"))
	}
	return b, nil
}

// scalar reads a value that is no message.
func (r *reader) scalar(f *decField, out *data.Value, end int) error {
	switch f.wire {
	case protowire.VarintType:
		u, err := r.varint(end)
		if err == nil {
			f.varint(u, out)
		}
		return err
	case protowire.Fixed32Type:
		if end-r.i < 4 {
			return r.short()
		}
		u := binary.LittleEndian.Uint32(r.b[r.i:])
		r.i += 4
		switch f.op {
		case readFloat:
			*out = data.Float32Value(math.Float32frombits(u))
		case readSfixed32:
			*out = data.Int32Value(int32(u))
		default:
			*out = data.Int64Value(int64(u))
		}
	case protowire.Fixed64Type:
		if end-r.i < 8 {
			return r.short()
		}
		u := binary.LittleEndian.Uint64(r.b[r.i:])
		r.i += 8
		if f.op == readDouble {
			*out = data.Float64Value(math.Float64frombits(u))
		} else {
			*out = data.Int64Value(int64(u))
		}
	default:
		if f.op == readString {
			b, err := r.text(f, end)
			if err == nil {
				*out = data.StringOf(b)
			}
			return err
		}
		to, err := r.length(end)
		if err != nil {
			return err
		}
		*out = data.BytesValue(r.b[r.i:to:to])
		r.i = to
	}
	return nil
}

// varint makes a value of a number of 64 bits; narrower ones are cut, as the encoding wants it.
func (f *decField) varint(u uint64, out *data.Value) {
	switch f.op {
	case readBool:
		*out = data.BoolValue(u != 0)
	case readInt8:
		*out = data.Int8Value(int8(u)) // Java cuts, too
	case readInt16:
		*out = data.Int16Value(int16(u))
	case readInt32:
		*out = data.Int32Value(int32(u))
	case readInt64:
		*out = data.Int64Value(int64(u))
	case readUint32:
		*out = data.Int64Value(int64(uint32(u)))
	case readSint8:
		*out = data.Int8Value(int8(protowire.DecodeZigZag(u & math.MaxUint32)))
	case readSint16:
		*out = data.Int16Value(int16(protowire.DecodeZigZag(u & math.MaxUint32)))
	case readSint32:
		*out = data.Int32Value(int32(protowire.DecodeZigZag(u & math.MaxUint32)))
	case readSint64:
		*out = data.Int64Value(protowire.DecodeZigZag(u))
	case readEnum:
		*out = f.symbol(int32(u))
	}
}
