package jsonschemaconv

import (
	"strconv"

	"github.com/kurier-io/kurier/converters/javatext"
	"github.com/kurier-io/kurier/converters/jsonschemaconv/variant"
	"github.com/kurier-io/kurier/converters/jsontext"
	"github.com/kurier-io/kurier/plugins/data"
)

// append writes one value. What leaves out a member of an object is null elsewhere.
func (p *enc) append(dst []byte, v data.Value) ([]byte, error) {
	if p.nothing(v) {
		if p.null == "" {
			return append(dst, "null"...), nil
		}
		return append(dst, p.null...), nil
	}
	if v.Kind() != p.kind {
		return dst, wrongClass(p.schema, v)
	}
	switch p.op {
	case opString:
		return jsontext.AppendString(dst, v.Str()), nil
	case opInt:
		return strconv.AppendInt(dst, v.Int(), 10), nil
	case opBool:
		return strconv.AppendBool(dst, v.Bool()), nil
	case opFloat32:
		return jsontext.AppendFloat(dst, v.Float(), 32), nil
	case opFloat64:
		return jsontext.AppendFloat(dst, v.Float(), 64), nil
	case opTimestamp:
		return strconv.AppendInt(dst, v.Millis(), 10), nil
	case opBytes:
		return jsontext.AppendBase64(dst, v.Bytes()), nil
	case opNumeric:
		return javatext.AppendDecimal(dst, v), nil // the scale is not checked: the text has its own
	case opBase64:
		base, err := data.ToBase(p.schema, v)
		return jsontext.AppendBase64(dst, base.Bytes()), err
	case opDate, opTime:
		base, err := data.ToBase(p.schema, v)
		return strconv.AppendInt(dst, base.Int(), 10), err
	case opArray:
		return p.appendArray(dst, v.Array())
	case opObject:
		return p.appendObject(append(dst, '{'), v.Map())
	case opPairs:
		return p.appendPairs(dst, v.Map())
	}
	st := v.Struct()
	if !p.fits(st) {
		return dst, mismatch(p.schema, st.Schema())
	}
	switch p.op {
	case opUnion:
		return p.appendUnion(dst, st)
	case opVariant:
		return variant.AppendJSON(dst, st.At(0).Bytes(), st.At(1).Bytes())
	}
	return p.appendStruct(dst, st.Values())
}

// nothing reports whether a value is null, or a union of which no member is set.
func (p *enc) nothing(v data.Value) bool {
	if v.IsNull() {
		return true
	}
	if p.op != opUnion || v.Kind() != data.KindStruct {
		return false
	}
	for i, m := range v.Struct().Values() {
		if i < len(p.fields) && (!m.IsNull() || p.fields[i].substituted()) {
			return false
		}
	}
	return true
}

// substituted reports whether null stands for a default.
func (f *encField) substituted() bool { return f.enc.null != "" && f.enc.null != "null" }

// fits reports whether a struct has the schema that the plan was made for.
func (p *enc) fits(st *data.Struct) bool {
	s := st.Schema()
	if s != p.schema && s != p.also {
		if !s.Equal(p.schema) {
			return false
		}
		p.also = s
	}
	return len(st.Values()) == len(p.fields)
}

// appendDefault writes the default of the schema. A struct there has the schema without the default, so it is not compared.
func (p *enc) appendDefault(dst []byte, def data.Value) ([]byte, error) {
	if def.Kind() == data.KindStruct {
		p.also = def.Struct().Schema()
	}
	dst, err := p.append(dst, def)
	p.also = nil
	return dst, err
}

// appendStruct writes the fields. Each brings its comma, the first of which then becomes the bracket.
func (p *enc) appendStruct(dst []byte, vals []data.Value) ([]byte, error) {
	at := len(dst)
	var err error
	for i := range p.fields {
		f := &p.fields[i]
		v := vals[i]
		switch {
		case v.IsNull():
			if i != p.extra {
				dst = append(dst, f.null...)
			}
		case f.quick != 0 && v.Kind() == f.kind:
			dst = f.append(append(dst, f.prefix...), v)
		case i == p.extra && v.Kind() == data.KindMap:
			if dst, err = p.appendExtra(dst, f.enc, v.Map()); err != nil {
				return dst, data.InField(err, f.name, v)
			}
		case f.enc.nothing(v):
			dst = append(dst, f.null...)
		default:
			if dst, err = f.enc.append(append(dst, f.prefix...), v); err != nil {
				return dst, data.InField(err, f.name, v)
			}
		}
	}
	if len(dst) == at {
		return append(dst, '{', '}'), nil
	}
	dst[at] = '{'
	return append(dst, '}'), nil
}

// append writes a value of the usual kinds, which was checked.
func (f *encField) append(dst []byte, v data.Value) []byte {
	switch f.quick {
	case opString:
		return jsontext.AppendString(dst, v.Str())
	case opInt, opTimestamp:
		return strconv.AppendInt(dst, v.Int(), 10)
	case opBool:
		return strconv.AppendBool(dst, v.Bool())
	case opFloat32:
		return jsontext.AppendFloat(dst, v.Float(), 32)
	default:
		return jsontext.AppendFloat(dst, v.Float(), 64)
	}
}

// appendExtra writes the additional properties as further members.
func (p *enc) appendExtra(dst []byte, e *enc, m *data.Map) ([]byte, error) {
	var err error
	for k, v := range m.All() {
		if k.Kind() != data.KindString {
			return dst, wrongClass(e.schema.KeySchema(), k)
		}
		if _, named := p.schema.Field(k.Str()); named {
			return dst, data.Errorf("the additional property %s is a field of the struct, too", data.Shorten(k.Str()))
		}
		dst = append(jsontext.AppendString(append(dst, ','), k.Str()), ':')
		if !p.raw || v.Kind() != data.KindString {
			if dst, err = e.elem.append(dst, v); err != nil {
				return dst, data.InField(err, k.Str(), v)
			}
			continue
		}
		var s jsontext.Scanner
		s.Reset(v.Bytes())
		if err := s.Skip(); err != nil || s.Next() != 0 || s.Pos() != len(v.Bytes()) {
			return dst, data.Errorf("the additional property %s is no JSON: %s", data.Shorten(k.Str()), data.Excerpt(k.Str(), v))
		}
		dst = append(dst, v.Bytes()...)
	}
	return dst, nil
}

func (p *enc) appendArray(dst []byte, a []data.Value) ([]byte, error) {
	dst = append(dst, '[')
	var err error
	for i := range a {
		if i > 0 {
			dst = append(dst, ',')
		}
		if dst, err = p.elem.append(dst, a[i]); err != nil {
			return dst, data.InElement(err, i, a[i])
		}
	}
	return append(dst, ']'), nil
}

func (p *enc) appendObject(dst []byte, m *data.Map) ([]byte, error) {
	var err error
	first := true
	for k, v := range m.All() {
		if k.Kind() != data.KindString {
			return dst, wrongClass(p.schema.KeySchema(), k)
		}
		if !first {
			dst = append(dst, ',')
		}
		first = false
		dst = append(jsontext.AppendString(dst, k.Str()), ':')
		if dst, err = p.elem.append(dst, v); err != nil {
			return dst, data.InField(err, k.Str(), v)
		}
	}
	return append(dst, '}'), nil
}

func (p *enc) appendPairs(dst []byte, m *data.Map) ([]byte, error) {
	dst = append(dst, '[')
	var err error
	first := true
	for k, v := range m.All() {
		if !first {
			dst = append(dst, ',')
		}
		first = false
		if dst, err = p.key.append(append(dst, `{"key":`...), k); err != nil {
			return dst, data.InField(err, "{key}", k)
		}
		if dst, err = p.elem.append(append(dst, `,"value":`...), v); err != nil {
			return dst, data.InField(err, "{"+data.Shorten(k.String())+"}", v)
		}
		dst = append(dst, '}')
	}
	return append(dst, ']'), nil
}

// appendUnion writes the first member that is set.
func (p *enc) appendUnion(dst []byte, st *data.Struct) ([]byte, error) {
	for i, v := range st.Values() {
		f := &p.fields[i]
		if v.IsNull() && !f.substituted() {
			continue
		}
		dst, err := f.enc.append(dst, v)
		if err != nil {
			return dst, data.InField(err, f.name, v)
		}
		return dst, nil
	}
	return p.append(dst, data.Null())
}
