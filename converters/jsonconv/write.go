package jsonconv

import (
	"strconv"

	"github.com/kurier-io/kurier/converters/javatext"
	"github.com/kurier-io/kurier/converters/jsontext"
	"github.com/kurier-io/kurier/plugins/data"
)

// A writer appends values as JSON, by the rules of JsonConverter.convertToJson.
type writer struct {
	replaceNull bool
	numeric     bool // decimals as numbers
}

func (w *writer) append(dst []byte, p *plan, v data.Value) ([]byte, error) {
	if p == nil {
		return w.schemaless(dst, v)
	}
	k := v.Kind()
	if k == data.KindNull {
		switch {
		case p.subst:
			return w.appendDefault(dst, p)
		case p.optional:
			return append(dst, "null"...), nil
		}
		return dst, data.Errorf("Conversion error: null value for field that is required and has no default value")
	}
	if k != p.kind {
		return dst, wrongClass(p, v)
	}
	switch k {
	case data.KindString:
		return jsontext.AppendString(dst, v.Str()), nil
	case data.KindBool:
		return strconv.AppendBool(dst, v.Bool()), nil
	case data.KindInt8, data.KindInt16, data.KindInt32, data.KindInt64:
		return strconv.AppendInt(dst, v.Int(), 10), nil
	case data.KindFloat32:
		return jsontext.AppendFloat(dst, v.Float(), 32), nil
	case data.KindFloat64:
		return jsontext.AppendFloat(dst, v.Float(), 64), nil
	case data.KindBytes:
		return jsontext.AppendBase64(dst, v.Bytes()), nil
	case data.KindDecimal, data.KindTimestamp:
		return w.appendLogical(dst, p, v)
	case data.KindArray:
		return w.appendArray(dst, p.elem, v.Array())
	case data.KindMap:
		return w.appendMap(dst, p, v.Map())
	default:
		st := v.Struct()
		if st.Schema() != p.schema && !st.Schema().Equal(p.schema) {
			return dst, data.Errorf("Mismatching schema.")
		}
		return w.appendStruct(dst, p, st)
	}
}

// appendDefault writes the default value. A struct there has the schema without the default, so it is not compared.
func (w *writer) appendDefault(dst []byte, p *plan) ([]byte, error) {
	if p.def.Kind() == data.KindStruct && p.kind == data.KindStruct {
		return w.appendStruct(dst, p, p.def.Struct())
	}
	return w.append(dst, p, p.def)
}

func (w *writer) appendStruct(dst []byte, p *plan, st *data.Struct) ([]byte, error) {
	dst = append(dst, '{')
	var err error
	for i := range p.fields {
		f := &p.fields[i]
		dst = append(dst, f.prefix...)
		if dst, err = w.append(dst, f.plan, st.At(i)); err != nil {
			return dst, data.InField(err, p.schema.Fields()[i].Name, st.At(i))
		}
	}
	return append(dst, '}'), nil
}

func (w *writer) appendArray(dst []byte, elem *plan, a []data.Value) ([]byte, error) {
	dst = append(dst, '[')
	var err error
	for i, e := range a {
		if i > 0 {
			dst = append(dst, ',')
		}
		if dst, err = w.append(dst, elem, e); err != nil {
			return dst, data.InElement(err, i, e)
		}
	}
	return append(dst, ']'), nil
}

// appendMap writes an object if the declared type of the keys is STRING, whatever the keys are, else an array of pairs.
func (w *writer) appendMap(dst []byte, p *plan, m *data.Map) ([]byte, error) {
	if p.keyed {
		return w.appendObject(dst, p.key, p.elem, m)
	}
	return w.appendPairs(dst, p.key, p.elem, m)
}

func (w *writer) appendObject(dst []byte, key, elem *plan, m *data.Map) ([]byte, error) {
	dst = append(dst, '{')
	var err error
	first := true
	for k, e := range m.All() {
		if !first {
			dst = append(dst, ',')
		}
		first = false
		switch k.Kind() {
		case data.KindString:
			dst = jsontext.AppendString(dst, k.Str())
		case data.KindNull:
			if dst, err = w.nullKey(dst, key); err != nil {
				return dst, err
			}
		default:
			return dst, wrongClass(key, k)
		}
		dst = append(dst, ':')
		if dst, err = w.append(dst, elem, e); err != nil {
			return dst, data.InField(err, k.Str(), e)
		}
	}
	return append(dst, '}'), nil
}

// nullKey writes the text of the JSON value that a null key turns into: its default or the word null.
func (w *writer) nullKey(dst []byte, key *plan) ([]byte, error) {
	switch {
	case key == nil || !key.subst && key.optional:
		return append(dst, `"null"`...), nil
	case key.subst:
		return jsontext.AppendString(dst, key.def.Str()), nil
	}
	return w.append(dst, key, data.Null())
}

func (w *writer) appendPairs(dst []byte, key, elem *plan, m *data.Map) ([]byte, error) {
	dst = append(dst, '[')
	var err error
	first := true
	for k, e := range m.All() {
		if !first {
			dst = append(dst, ',')
		}
		first = false
		if dst, err = w.append(append(dst, '['), key, k); err != nil {
			return dst, err
		}
		if dst, err = w.append(append(dst, ','), elem, e); err != nil {
			return dst, err
		}
		dst = append(dst, ']')
	}
	return append(dst, ']'), nil
}

func (w *writer) appendLogical(dst []byte, p *plan, v data.Value) ([]byte, error) {
	if p.logical == data.LogicalDecimal && w.numeric {
		return javatext.AppendDecimal(dst, v), nil // the scale is not checked: the text has its own
	}
	base, err := data.ToBase(p.schema, v)
	if err != nil {
		return dst, err
	}
	if p.logical == data.LogicalDecimal {
		return jsontext.AppendBase64(dst, base.Bytes()), nil
	}
	return strconv.AppendInt(dst, base.Int(), 10), nil
}

func wrongClass(p *plan, v data.Value) error {
	class := javatext.Class(v)
	switch p.logical {
	case data.LogicalDecimal:
		return data.Errorf("Invalid type for Decimal, expected BigDecimal but was %s", class)
	case data.LogicalDate:
		return data.Errorf("Invalid type for Date, expected Date but was %s", class)
	case data.LogicalTime:
		return data.Errorf("Invalid type for Time, expected Date but was %s", class)
	case data.LogicalTimestamp:
		return data.Errorf("Invalid type for Timestamp, expected Date but was %s", class)
	}
	if p.typ == data.Bytes {
		return data.Errorf("Invalid type for bytes type: %s", class)
	}
	return data.Errorf("Invalid type for %s: %s", p.typ, class)
}

// schemaless writes a value by its own kind.
func (w *writer) schemaless(dst []byte, v data.Value) ([]byte, error) {
	switch v.Kind() {
	case data.KindNull:
		return append(dst, "null"...), nil
	case data.KindString:
		return jsontext.AppendString(dst, v.Str()), nil
	case data.KindBool:
		return strconv.AppendBool(dst, v.Bool()), nil
	case data.KindInt8, data.KindInt16, data.KindInt32, data.KindInt64:
		return strconv.AppendInt(dst, v.Int(), 10), nil
	case data.KindFloat32:
		return jsontext.AppendFloat(dst, v.Float(), 32), nil
	case data.KindFloat64:
		return jsontext.AppendFloat(dst, v.Float(), 64), nil
	case data.KindBytes:
		return jsontext.AppendBase64(dst, v.Bytes()), nil
	case data.KindArray:
		return w.appendArray(dst, nil, v.Array())
	case data.KindMap:
		m := v.Map()
		for k := range m.All() {
			if k.Kind() != data.KindString {
				return w.appendPairs(dst, nil, nil, m)
			}
		}
		return w.appendObject(dst, nil, nil, m)
	case data.KindStruct:
		return dst, data.Errorf("Mismatching schema.")
	}
	return dst, data.Errorf("Java class %s does not have corresponding schema type.", javatext.Class(v))
}
