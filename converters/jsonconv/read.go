package jsonconv

import (
	"hash/maphash"

	"github.com/kurier-io/kurier/converters/jsontext"
	"github.com/kurier-io/kurier/plugins/data"
)

// A reader turns JSON into values in one walk over the text, by the rules of JsonConverter.convertToConnect. Strings without escapes
// alias the text.
type reader struct {
	jsontext.Scanner
	replaceNull bool
	// coerced says that a value of the wrong JSON type was read as null somewhere in the value at hand. Java finds out only when the
	// value is put into a struct.
	coerced bool
	slab    []data.Value
	maps    []data.Map
	structs []data.Struct
	shapes  *shapes
}

func newReader(replaceNull bool) reader {
	return reader{replaceNull: replaceNull, shapes: &shapes{seed: maphash.MakeSeed()}}
}

func (r *reader) reset(b []byte) {
	r.Scanner.Reset(b)
	r.coerced = false
}

// value reads a value of s; nil: a schemaless one.
func (r *reader) value(s *data.Schema) (data.Value, error) {
	c := r.Next()
	if s == nil {
		return r.any(c)
	}
	if c == 'n' {
		if err := r.Word("null"); err != nil {
			return data.Value{}, err
		}
		return r.null(s)
	}
	switch s.Logical() {
	case data.NotLogical:
	case data.LogicalDecimal:
		return r.decimal(s, c)
	default:
		return r.instant(s, c)
	}
	switch s.Type() {
	case data.String:
		if c != '"' {
			return r.asNull()
		}
		text, err := r.text()
		return data.StringOf(text), err
	case data.Boolean:
		v := data.BoolValue(c == 't')
		return v, r.Skip()
	case data.Bytes:
		return r.bytes(c)
	case data.StructType:
		return r.structure(s, c)
	case data.ArrayType:
		return r.array(s.ValueSchema(), c)
	case data.MapType:
		return r.mapping(s, c)
	default:
		return r.numeric(s.Type(), c)
	}
}

// null is what a missing member or the word null stands for.
func (r *reader) null(s *data.Schema) (data.Value, error) {
	if def, ok := s.Default(); ok && r.replaceNull && !def.IsNull() {
		return def, nil
	}
	if s.Optional() {
		return data.Null(), nil
	}
	return data.Null(), data.Errorf("Invalid null value for required %s field", s.Type())
}

func (r *reader) asNull() (data.Value, error) {
	r.coerced = true
	return data.Null(), r.Skip()
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
func (r *reader) numeric(t data.Type, c byte) (data.Value, error) {
	var n int64
	var f float64
	if c == '-' || c-'0' <= 9 {
		text, frac, err := r.Number()
		switch {
		case err != nil:
			return data.Value{}, err
		case t == data.Float32:
			f = jsontext.Float(text, 32)
		case t == data.Float64:
			f = jsontext.Float(text, 64)
		case frac:
			n = jsontext.Truncate(text)
		default:
			n, _ = jsontext.Integer(text)
		}
	} else if err := r.Skip(); err != nil {
		return data.Value{}, err
	}
	switch t {
	case data.Int8:
		return data.Int8Value(int8(n)), nil
	case data.Int16:
		return data.Int16Value(int16(n)), nil
	case data.Int32:
		return data.Int32Value(int32(n)), nil
	case data.Int64:
		return data.Int64Value(n), nil
	case data.Float32:
		return data.Float32Value(float32(f)), nil
	default:
		return data.Float64Value(f), nil
	}
}

func (r *reader) bytes(c byte) (data.Value, error) {
	if c != '"' {
		return r.asNull()
	}
	text, err := r.text()
	if err != nil {
		return data.Value{}, err
	}
	b, ok := jsontext.Base64(text)
	if !ok {
		return data.Value{}, data.Errorf("Invalid bytes field")
	}
	return data.BytesValue(b), nil
}

func (r *reader) decimal(s *data.Schema, c byte) (data.Value, error) {
	switch {
	case c == '"':
		text, err := r.text()
		if err != nil {
			return data.Value{}, err
		}
		b, ok := jsontext.Base64(text)
		if !ok || len(b) == 0 {
			return data.Value{}, data.Errorf("Invalid bytes for Decimal field")
		}
		return data.DecimalBytesValue(b, s.Scale()), nil
	case c == '-' || c-'0' <= 9:
		text, _, err := r.Number()
		if err != nil {
			return data.Value{}, err
		}
		v, ok := jsontext.Decimal(text)
		if !ok {
			return v, data.Errorf("the exponent of the number %s is too large for a Decimal", text)
		}
		return v, nil
	}
	return r.wrong(c, "Invalid type for Decimal, underlying representation should be numeric or bytes but was ")
}

func (r *reader) instant(s *data.Schema, c byte) (data.Value, error) {
	msg := "Invalid type for Timestamp, underlying representation should be integral but was "
	switch s.Logical() {
	case data.LogicalDate:
		msg = "Invalid type for Date, underlying representation should be integer but was "
	case data.LogicalTime:
		msg = "Invalid type for Time, underlying representation should be integer but was "
	}
	if c != '-' && c-'0' > 9 {
		return r.wrong(c, msg)
	}
	text, frac, err := r.Number()
	if err != nil {
		return data.Value{}, err
	}
	n, exact := int64(0), false
	if !frac {
		n, exact = jsontext.Integer(text)
	}
	if frac || s.Logical() != data.LogicalTimestamp && (!exact || n != int64(int32(n))) {
		return data.Value{}, data.Errorf("%sNUMBER", msg)
	}
	if s.Logical() == data.LogicalTimestamp {
		return data.TimestampValue(n), nil
	}
	return data.FromBase(s, data.Int32Value(int32(n)))
}

// wrong skips a value and reports its JSON type.
func (r *reader) wrong(c byte, msg string) (data.Value, error) {
	if err := r.Skip(); err != nil {
		return data.Value{}, err
	}
	return data.Value{}, data.Errorf("%s%s", msg, jsontext.NodeType(c))
}

// any reads a schemaless value: integral numbers are INT64 (wrapping), others FLOAT64.
func (r *reader) any(c byte) (data.Value, error) {
	switch c {
	case '{':
		return r.object(nil)
	case '[':
		return r.array(nil, c)
	case '"':
		text, err := r.text()
		return data.StringOf(text), err
	case 't':
		return data.BoolValue(true), r.Word("true")
	case 'f':
		return data.BoolValue(false), r.Word("false")
	case 'n':
		return data.Null(), r.Word("null")
	}
	if c != '-' && c-'0' > 9 {
		return data.Value{}, r.Unexpected()
	}
	text, frac, err := r.Number()
	if err != nil {
		return data.Value{}, err
	}
	if frac {
		return data.Float64Value(jsontext.Float(text, 64)), nil
	}
	n, _ := jsontext.Integer(text)
	return data.Int64Value(n), nil
}
