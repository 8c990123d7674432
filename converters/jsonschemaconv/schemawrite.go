package jsonschemaconv

import (
	"slices"
	"strconv"
	"strings"

	"github.com/kurier-io/kurier/converters/jsontext"
	"github.com/kurier-io/kurier/plugins/data"
)

// anything is the schema of values without a schema.
const anything = `{}`

// schemaText returns the JSON Schema of s, as JsonSchemaData.fromConnectSchema gives it. The order of
// members is the one that texts of Java's converter have in the wild, so that subjects need no new version.
func (o *jsonData) schemaText(s *data.Schema) (string, error) {
	if s == nil {
		return anything, nil
	}
	b, err := o.appendSchema(nil, s, noIndex, false)
	return string(b), err
}

const noIndex = -1

// appendSchema appends the schema of s; index is its field's. Within a union bare leaves out the null of its members.
func (o *jsonData) appendSchema(dst []byte, s *data.Schema, index int, bare bool) (_ []byte, err error) {
	const null = `{"type":"null"},`
	optional := s.Optional() && !bare
	at := len(dst)
	switch {
	case isUnion(s):
		if s.NumFields() == 0 {
			return dst, data.Errorf("the union %s has no members", s)
		}
		if dst = append(appendIndex(dst, index), `,"oneOf":[`...); optional {
			dst = append(dst, null...)
		}
		for _, f := range s.Fields() {
			if dst, err = o.appendSchema(dst, f.Schema, f.Index, true); err != nil {
				return dst, below(err, f.Name)
			}
			dst = append(dst, ',')
		}
		dst[len(dst)-1] = ']'
	case isVariant(s) && optional:
		// Not a oneOf: null is a value of either.
		dst = jsontext.AppendString(append(appendIndex(dst, index), `,"anyOf":[{"type":"null"},{"title":`...), variantName)
		dst = append(dst, "}]"...)
	case isVariant(s):
		dst = appendIndex(jsontext.AppendString(append(dst, `,"title":`...), variantName), index)
	case optional:
		dst = append(append(appendIndex(dst, index), `,"oneOf":[`...), null...)
		if dst, err = o.appendRequired(dst, s, noIndex); err != nil {
			return dst, err
		}
		dst = append(dst, ']')
	default:
		return o.appendRequired(dst, s, index)
	}
	return enclosed(dst, at), nil
}

// enclosed makes an object of members that each bring their comma.
func enclosed(dst []byte, at int) []byte {
	dst[at] = '{'
	return append(dst, '}')
}

func appendIndex(dst []byte, index int) []byte {
	if index == noIndex {
		return dst
	}
	return strconv.AppendInt(append(dst, `,"`+propIndex+`":`...), int64(index), 10)
}

// appendRequired appends the members in the order in which Java's texts have them: first the scalar ones.
func (o *jsonData) appendRequired(dst []byte, s *data.Schema, index int) (_ []byte, err error) {
	if err := checkLogical(s); err != nil {
		return dst, err
	}
	at := len(dst)
	typ, connectType := o.typeName(s)
	if typ != "" {
		dst = jsontext.AppendString(append(dst, `,"type":`...), typ)
	}
	if s.HasName() {
		dst = jsontext.AppendString(append(dst, `,"title":`...), s.Name())
	}
	if text, ok := s.Doc(); ok {
		dst = jsontext.AppendString(append(dst, `,"description":`...), text)
	}
	if def, ok := s.Default(); ok && !def.IsNull() {
		p := &enc{schema: s, kind: data.KindFor(s), extra: -1}
		if err = o.compileBare(p); err != nil {
			return dst, err
		}
		if dst, err = p.appendDefault(append(dst, `,"default":`...), def); err != nil {
			return dst, err
		}
	}
	if v, ok := s.Version(); ok {
		dst = strconv.AppendInt(append(dst, `,"`+propVersion+`":`...), int64(v), 10)
	}
	dst = appendIndex(dst, index)
	if connectType != "" {
		dst = jsontext.AppendString(append(dst, `,"`+propType+`":`...), connectType)
	}
	dst = appendParams(dst, s.Params())
	if dst, err = o.appendNested(dst, s); err != nil {
		return dst, err
	}
	return enclosed(dst, at), nil
}

func appendParams(dst []byte, params []data.Param) []byte {
	params = slices.DeleteFunc(slices.Clone(params), func(p data.Param) bool { return strings.HasPrefix(p.Name, namespace) })
	if len(params) == 0 {
		return dst
	}
	dst = append(dst, `,"`+propParams+`":`...)
	at := len(dst)
	for _, p := range javaOrder(params, func(p data.Param) string { return p.Name }) {
		dst = jsontext.AppendString(append(dst, ','), p.Name)
		dst = jsontext.AppendString(append(dst, ':'), p.Value)
	}
	return enclosed(dst, at)
}

// typeName returns the type of a schema, which an enum has not, and its connect.type.
func (o *jsonData) typeName(s *data.Schema) (typ, connectType string) {
	switch s.Type() {
	case data.Int8, data.Int16, data.Int32, data.Int64:
		return "integer", s.Type().Name()
	case data.Float32, data.Float64:
		return "number", s.Type().Name()
	case data.Boolean:
		return "boolean", ""
	case data.Bytes:
		if s.Logical() == data.LogicalDecimal && o.numeric() {
			return "number", typeBytes
		}
		return "string", typeBytes
	case data.String:
		if o.enumParam(s) != "" {
			return "", ""
		}
		return "string", ""
	case data.ArrayType:
		return "array", ""
	case data.MapType:
		if keyed(s) {
			return "object", typeMap
		}
		return "array", typeMap
	}
	return "object", ""
}

// appendNested appends what a schema has that is no scalar.
func (o *jsonData) appendNested(dst []byte, s *data.Schema) (_ []byte, err error) {
	switch s.Type() {
	case data.String:
		if name := o.enumParam(s); name != "" {
			dst = appendEnum(append(dst, ','), name+".", s)
		}
	case data.ArrayType:
		dst, err = o.appendSchema(append(dst, `,"items":`...), s.ValueSchema(), noIndex, false)
		return dst, below(err, "[]")
	case data.MapType:
		if keyed(s) {
			dst, err = o.appendSchema(append(dst, `,"additionalProperties":`...), s.ValueSchema(), noIndex, false)
			return dst, below(err, "{}")
		}
		entry := []data.Field{{Name: "key", Index: 0, Schema: s.KeySchema()}, {Name: "value", Index: 1, Schema: s.ValueSchema()}}
		dst, err = o.appendFields(append(dst, `,"items":{"type":"object"`...), entry)
		return append(dst, '}'), err
	case data.StructType:
		return o.appendProperties(dst, s)
	}
	return dst, nil
}

// appendEnum appends the symbols. Those of an optional schema leave null to the schema around it.
func appendEnum(dst []byte, prefix string, s *data.Schema) []byte {
	dst = append(dst, `"enum":[`...)
	for _, p := range s.Params() {
		symbol, ok := strings.CutPrefix(p.Name, prefix)
		switch {
		case !ok || symbol == nullSymbol && s.Optional():
			continue
		case symbol == nullSymbol:
			dst = append(dst, "null,"...)
		default:
			dst = append(jsontext.AppendString(dst, symbol), ',')
		}
	}
	if dst[len(dst)-1] == ',' {
		dst = dst[:len(dst)-1]
	}
	return append(dst, ']')
}

func (o *jsonData) appendFields(dst []byte, fields []data.Field) (_ []byte, err error) {
	if len(fields) == 0 {
		return dst, nil
	}
	dst = append(dst, `,"properties":`...)
	at := len(dst)
	for _, f := range javaOrder(fields, func(f data.Field) string { return f.Name }) {
		dst = append(jsontext.AppendString(append(dst, ','), f.Name), ':')
		if dst, err = o.appendSchema(dst, f.Schema, f.Index, false); err != nil {
			return dst, below(err, f.Name)
		}
	}
	return enclosed(dst, at), nil
}

func (o *jsonData) appendProperties(dst []byte, s *data.Schema) (_ []byte, err error) {
	fields := s.Fields()
	var rest *data.Schema
	if i := slices.IndexFunc(fields, o.additional); i >= 0 {
		rest = fields[i].Schema
		fields = slices.Delete(slices.Clone(fields), i, i+1)
	}
	if dst, err = o.appendFields(dst, fields); err != nil {
		return dst, err
	}
	switch {
	case rest != nil && rest.Name() != additionalText:
		dst, err = o.appendSchema(append(dst, `,"additionalProperties":`...), rest.ValueSchema(), noIndex, false)
	case rest == nil && !o.Additional:
		dst = append(dst, `,"additionalProperties":false`...)
	}
	return dst, err
}
