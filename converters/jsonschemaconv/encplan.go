package jsonschemaconv

import (
	"strings"

	"github.com/kurier-io/kurier/converters/jsontext"
	"github.com/kurier-io/kurier/plugins/data"
)

// An op is how a value is written.
type op uint8

const (
	opString op = iota + 1
	opInt
	opBool
	opFloat32
	opFloat64
	opTimestamp
	opBytes
	opBase64 // a decimal as bytes
	opNumeric
	opDate
	opTime
	opArray
	opObject
	opPairs
	opStruct
	opUnion
	opVariant
)

// An enc is a plan to write values of a schema as JSON: what is asked of the schema for every value is one load away. It belongs to one
// converter.
type enc struct {
	op     op
	kind   data.Kind
	schema *data.Schema
	also   *data.Schema // another pointer that was found to be equal
	null   string       // what is written for null; "": nothing, the member is left out
	elem   *enc
	key    *enc
	fields []encField
	extra  int  // the field of additional properties; -1: none
	raw    bool // the additional properties are JSON
}

// An encField writes one field of a struct.
type encField struct {
	quick  op // that of enc if [encField.append] knows it, else 0
	kind   data.Kind
	enc    *enc
	prefix string // a comma, the name in quotes and a colon
	null   string // all that is written for null
	name   string
}

// compile plans how values of s are written.
func (o *jsonData) compile(s *data.Schema) (*enc, error) {
	p := &enc{schema: s, kind: data.KindFor(s), extra: -1}
	if err := o.compileBare(p); err != nil {
		return nil, err
	}
	if s.Optional() {
		p.null = "null"
	}
	if def, ok := s.Default(); ok && !def.IsNull() && !o.IgnoreDefault {
		b, err := p.appendDefault(nil, def)
		if err != nil {
			return nil, err
		}
		p.null = string(b)
	}
	return p, nil
}

func (o *jsonData) compileBare(p *enc) (err error) {
	s := p.schema
	switch s.Logical() {
	case data.LogicalDecimal:
		p.op = opBase64
		if o.numeric() {
			p.op = opNumeric
		}
		return nil
	case data.LogicalDate:
		p.op = opDate
		return nil
	case data.LogicalTime:
		p.op = opTime
		return nil
	case data.LogicalTimestamp:
		p.op = opTimestamp
		return nil
	}
	switch s.Type() {
	case data.ArrayType:
		p.op = opArray
		p.elem, err = o.compile(s.ValueSchema())
		return below(err, "[]")
	case data.MapType:
		p.op = opPairs
		if keyed(s) {
			p.op = opObject
		} else if p.key, err = o.compile(s.KeySchema()); err != nil {
			return below(err, "{key}")
		}
		p.elem, err = o.compile(s.ValueSchema())
		return below(err, "{}")
	case data.StructType:
		return o.compileStruct(p)
	default:
		p.op = [...]op{
			data.Int8: opInt, data.Int16: opInt, data.Int32: opInt, data.Int64: opInt, data.Float32: opFloat32, data.Float64: opFloat64,
			data.Boolean: opBool, data.String: opString, data.Bytes: opBytes,
		}[s.Type()]
	}
	return nil
}

func below(err error, name string) error {
	if err == nil {
		return nil
	}
	return data.Below(err, name, "")
}

func (o *jsonData) compileStruct(p *enc) error {
	p.op = opStruct
	switch {
	case isUnion(p.schema):
		p.op = opUnion
	case isVariant(p.schema):
		p.op = opVariant
	}
	p.fields = make([]encField, p.schema.NumFields())
	for i, f := range p.schema.Fields() {
		e, err := o.compile(f.Schema)
		if err != nil {
			return below(err, f.Name)
		}
		prefix := string(append(jsontext.AppendString([]byte{','}, f.Name), ':'))
		p.fields[i] = encField{kind: e.kind, enc: e, prefix: prefix, name: f.Name}
		if e.null != "" {
			p.fields[i].null = prefix + e.null
		}
		if e.op <= opTimestamp {
			p.fields[i].quick = e.op
		}
		if o.additional(f) {
			p.extra, p.raw = i, f.Schema.Name() == additionalText
		}
	}
	return nil
}

// additional reports whether a field holds properties that the object's schema does not name.
func (o *jsonData) additional(f data.Field) bool {
	return o.Preserve && f.Name == additionalField && f.Schema.Type() == data.MapType && keyed(f.Schema)
}

// keyed reports whether a map is an object; others are arrays of keys and values.
func keyed(s *data.Schema) bool {
	return s.KeySchema().Type() == data.String && !s.KeySchema().Optional()
}

func isUnion(s *data.Schema) bool {
	if s.Type() != data.StructType {
		return false
	}
	_, general := s.Param(generalUnion)
	return general || s.Name() == jsonUnion
}

// isVariant reports whether a struct holds any value in Parquet's encoding.
func isVariant(s *data.Schema) bool {
	if s.Name() != variantName || s.NumFields() != 2 {
		return false
	}
	for i, name := range []string{"metadata", "value"} {
		if f := s.Fields()[i]; f.Name != name || f.Schema.Type() != data.Bytes {
			return false
		}
	}
	return true
}

// enumParam returns the parameter that makes a string an enum, "" if it is none. A schema that came from a converter with another setting
// of generalized.sum.type.support keeps its symbols.
func (o *jsonData) enumParam(s *data.Schema) string {
	if s.Type() != data.String {
		return ""
	}
	first, second := jsonEnum, generalEnum
	if o.Generalized {
		first, second = second, first
	}
	for _, name := range []string{first, second} {
		for _, p := range s.Params() {
			if strings.HasPrefix(p.Name, name+".") {
				return name
			}
		}
	}
	return ""
}
