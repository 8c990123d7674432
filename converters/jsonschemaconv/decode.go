package jsonschemaconv

import (
	"errors"

	"github.com/kurier-io/kurier/converters/jsonschemaconv/variant"
	"github.com/kurier-io/kurier/converters/jsontext"
	"github.com/kurier-io/kurier/plugins/data"
)

// A reader turns JSON into values in one walk over the text, by the rules of JsonSchemaData.toConnectData. Strings without escapes alias
// the text; structs, maps and their values come from slabs, which live as long as any value of them. It is not safe for concurrent use.
type reader struct {
	jsontext.Scanner
	budget  int // field values that may still be made
	structs []data.Struct
	vals    []data.Value
	maps    []data.Map
}

// How much one allocation serves.
const (
	slabValues  = 512
	slabStructs = 64
	slabMaps    = 32
)

// An object of two bytes may stand for a struct of a thousand fields. What a message may unfold to is bounded by these.
const (
	freeValues    = 1 << 20
	valuesPerByte = 64
)

func (r *reader) reset(b []byte) {
	r.Reset(b)
	r.budget = freeValues + valuesPerByte*len(b)
}

func (r *reader) newStruct(s *data.Schema, n int) (*data.Struct, []data.Value, error) {
	if r.budget -= n + 1; r.budget < 0 {
		return nil, nil, data.Errorf("the message unfolds to too many values: its structs have many fields, few of which are in it")
	}
	if cap(r.vals)-len(r.vals) < n {
		r.vals = make([]data.Value, 0, max(n, slabValues))
	}
	if cap(r.structs) == len(r.structs) {
		r.structs = make([]data.Struct, 0, slabStructs)
	}
	at := len(r.vals)
	r.vals = r.vals[:at+n]
	vals := r.vals[at : at+n : at+n]
	r.structs = append(r.structs, *data.StructOn(s, vals))
	return &r.structs[len(r.structs)-1], vals, nil
}

func (r *reader) newMap() *data.Map {
	if len(r.maps) == cap(r.maps) {
		r.maps = make([]data.Map, 0, slabMaps)
	}
	r.maps = r.maps[:len(r.maps)+1]
	return &r.maps[len(r.maps)-1]
}

// read reads one value into out. JSON of another type is null, false or zero, as in Java.
func (r *reader) read(p *dec, out *data.Value) (err error) {
	c := r.Next()
	if p.op == readAny {
		return r.any(c, out)
	}
	if c == 'n' && (p.op != readVariant || p.opt || !p.def.IsNull()) {
		if err := r.Word("null"); err != nil {
			return err
		}
		if p.def.IsNull() && !p.opt {
			return data.Errorf("Invalid null value for required %s field", p.schema.Type())
		}
		*out = p.def
		return nil
	}
	switch p.op {
	case readString:
		if c != '"' {
			*out = data.Null()
			return r.Skip()
		}
		var b []byte
		if b, err = r.text(); err == nil {
			*out = data.StringOf(b)
		}
	case readInt8, readInt16, readInt32, readInt64, readFloat32, readFloat64:
		return r.numeric(p.op, c, out)
	case readBool:
		*out = data.BoolValue(c == 't')
		return r.Skip()
	case readStruct:
		return r.structure(p, c, out)
	case readTimestamp, readDate, readTime:
		return r.instant(p, c, out)
	default:
		return r.other(p, c, out)
	}
	return err
}

func (r *reader) other(p *dec, c byte, out *data.Value) (err error) {
	switch p.op {
	case readEnum:
		return r.symbol(c, out)
	case readBytes:
		return r.bytes(c, out)
	case readDecimal:
		return r.decimal(p, c, out)
	case readArray:
		return r.array(p.elem, c, out)
	case readObject:
		return r.object(p, c, out)
	case readPairs:
		return r.pairs(p, c, out)
	case readVariant:
		return r.variant(p, out)
	default:
		return r.union(p, c, out)
	}
}

// text reads a string; the result aliases the input unless it has escapes.
func (r *reader) text() ([]byte, error) {
	raw, escaped, err := r.Str()
	if escaped && err == nil {
		raw = jsontext.Unescape(raw)
	}
	return raw, err
}

// numeric reads a number with Java's narrowing; whatever is no number is zero.
func (r *reader) numeric(op dop, c byte, out *data.Value) error {
	var n int64
	var f float64
	if c == '-' || c-'0' <= 9 {
		text, frac, err := r.Number()
		switch {
		case err != nil:
			return err
		case op == readFloat32:
			f = jsontext.Float(text, 32)
		case op == readFloat64:
			f = jsontext.Float(text, 64)
		case frac:
			n = jsontext.Truncate(text)
		default:
			n, _ = jsontext.Integer(text)
		}
	} else if err := r.Skip(); err != nil {
		return err
	}
	switch op {
	case readInt8:
		*out = data.Int8Value(int8(n))
	case readInt16:
		*out = data.Int16Value(int16(n))
	case readInt32:
		*out = data.Int32Value(int32(n))
	case readInt64:
		*out = data.Int64Value(n)
	case readFloat32:
		*out = data.Float32Value(float32(f))
	default:
		*out = data.Float64Value(f)
	}
	return nil
}

// symbol reads a symbol of an enum; numbers and booleans, which enums of JSON may have, are read as their text.
func (r *reader) symbol(c byte, out *data.Value) error {
	if c == '"' {
		b, err := r.text()
		*out = data.StringOf(b)
		return err
	}
	at := r.Pos()
	if err := r.Skip(); err != nil {
		return err
	}
	*out = data.StringOf(r.Since(at))
	return nil
}

func (r *reader) bytes(c byte, out *data.Value) error {
	if c != '"' {
		*out = data.Null()
		return r.Skip()
	}
	text, err := r.text()
	if err != nil {
		return err
	}
	b, ok := jsontext.Base64(text)
	if !ok {
		return data.Errorf("Invalid bytes field: the text is not Base64")
	}
	*out = data.BytesValue(b)
	return nil
}

func (r *reader) decimal(p *dec, c byte, out *data.Value) error {
	switch {
	case c == '"':
		text, err := r.text()
		if err != nil {
			return err
		}
		b, ok := jsontext.Base64(text)
		if !ok || len(b) == 0 {
			return data.Errorf("Invalid bytes for Decimal field: the text is not Base64 of a number")
		}
		*out = data.DecimalBytesValue(b, p.schema.Scale())
		return nil
	case c == '-' || c-'0' <= 9:
		text, _, err := r.Number()
		if err != nil {
			return err
		}
		v, ok := jsontext.Decimal(text)
		if !ok {
			return data.Errorf("the exponent of the number %s is too large for a Decimal", data.Shorten(string(text)))
		}
		*out = v
		return nil
	}
	return r.wrong(c, "Invalid type for Decimal, underlying representation should be numeric or bytes but was ")
}

func (r *reader) instant(p *dec, c byte, out *data.Value) error {
	msg := "Invalid type for Timestamp, underlying representation should be integral but was "
	switch p.op {
	case readDate:
		msg = "Invalid type for Date, underlying representation should be integer but was "
	case readTime:
		msg = "Invalid type for Time, underlying representation should be integer but was "
	}
	if c != '-' && c-'0' > 9 {
		return r.wrong(c, msg)
	}
	text, frac, err := r.Number()
	if err != nil {
		return err
	}
	n, exact := int64(0), false
	if !frac {
		n, exact = jsontext.Integer(text)
	}
	if p.op == readTimestamp && !frac {
		*out = data.TimestampValue(n)
		return nil
	}
	if frac || !exact || n != int64(int32(n)) {
		return data.Errorf("%sNUMBER", msg)
	}
	*out, err = data.FromBase(p.schema, data.Int32Value(int32(n)))
	return err
}

func (r *reader) variant(p *dec, out *data.Value) error {
	metadata, value, err := variant.Encode(&r.Scanner)
	if err != nil {
		return err
	}
	st, vals, err := r.newStruct(p.schema, 2)
	if err != nil {
		return err
	}
	vals[0], vals[1] = data.BytesValue(metadata), data.BytesValue(value)
	*out = data.StructValue(st)
	return nil
}

// wrong skips a value and reports its JSON type.
func (r *reader) wrong(c byte, msg string) error {
	if err := r.Skip(); err != nil {
		return err
	}
	return data.Errorf("%s%s", msg, jsontext.NodeType(c))
}

// inField adds the field, and the text of its value, to an error; a syntax error has its place already.
func (r *reader) inField(err error, name string, start int) error {
	if _, is := errors.AsType[*jsontext.SyntaxError](err); is {
		return err
	}
	if data.Secret(name) {
		return data.Below(err, name, "a value that is not shown")
	}
	text := r.Since(start)
	return data.Below(err, name, data.Shorten(string(text[:min(len(text), 200)])))
}
