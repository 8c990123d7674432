package jsonschemaconv

import (
	"strconv"
	"strings"

	"github.com/kurier-io/kurier/converters/jsonschemaconv/jsontext"
	"github.com/kurier-io/kurier/plugins/data"
)

// anything is the schema of values without a schema.
const anything = `{}`

// schemaText returns the JSON Schema of s, as JsonSchemaData.fromConnectSchema gives it. The members are always in one order; Java's
// come as its hash tables have them.
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
	if isUnion(s) {
		if dst = append(dst, `{"oneOf":[`...); optional {
			dst = append(dst, null...)
		}
		for _, f := range s.Fields() {
			if dst, err = o.appendSchema(dst, f.Schema, f.Index, true); err != nil {
				return dst, below(err, f.Name)
			}
			dst = append(dst, ',')
		}
		if s.NumFields() == 0 {
			return dst, data.Errorf("the union %s has no members", s)
		}
		dst[len(dst)-1] = ']'
		return append(appendIndex(dst, index), '}'), nil
	}
	if isVariant(s) && optional {
		// Not a oneOf: null is a value of either.
		dst = jsontext.AppendString(append(dst, `{"anyOf":[{"type":"null"},{"title":`...), variantName)
		return append(appendIndex(append(dst, `}]`...), index), '}'), nil
	} else if isVariant(s) {
		dst = jsontext.AppendString(append(dst, `{"title":`...), variantName)
		return append(appendIndex(dst, index), '}'), nil
	}
	if !optional {
		return o.appendRequired(dst, s, index)
	}
	if dst, err = o.appendRequired(append(append(dst, `{"oneOf":[`...), null...), s, noIndex); err != nil {
		return dst, err
	}
	return append(appendIndex(append(dst, ']'), index), '}'), nil
}

func appendIndex(dst []byte, index int) []byte {
	if index == noIndex {
		return dst
	}
	return strconv.AppendInt(append(dst, `,"`+propIndex+`":`...), int64(index), 10)
}

func (o *jsonData) appendRequired(dst []byte, s *data.Schema, index int) ([]byte, error) {
	if err := checkLogical(s); err != nil {
		return dst, err
	}
	dst, connectType, err := o.appendType(append(dst, '{'), s)
	if err != nil {
		return dst, err
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
	dst = appendParams(dst, s.Params())
	if connectType != "" {
		dst = jsontext.AppendString(append(dst, `,"`+propType+`":`...), connectType)
	}
	return append(appendIndex(dst, index), '}'), nil
}

func appendParams(dst []byte, params []data.Param) []byte {
	end := byte('{')
	for _, p := range params {
		if strings.HasPrefix(p.Name, namespace) {
			continue
		}
		if end == '{' {
			dst = append(dst, `,"`+propParams+`":`...)
		}
		dst = jsontext.AppendString(append(dst, end), p.Name)
		dst = jsontext.AppendString(append(dst, ':'), p.Value)
		end = ','
	}
	if end == ',' {
		dst = append(dst, '}')
	}
	return dst
}

// appendType appends what the type of the schema needs, and returns its connect.type.
func (o *jsonData) appendType(dst []byte, s *data.Schema) (_ []byte, connectType string, err error) {
	switch s.Type() {
	case data.Int8, data.Int16, data.Int32, data.Int64:
		return append(dst, `"type":"integer"`...), s.Type().Name(), nil
	case data.Float32, data.Float64:
		return append(dst, `"type":"number"`...), s.Type().Name(), nil
	case data.Boolean:
		return append(dst, `"type":"boolean"`...), "", nil
	case data.Bytes:
		if s.Logical() == data.LogicalDecimal && o.numeric() {
			return append(dst, `"type":"number"`...), typeBytes, nil
		}
		return append(dst, `"type":"string"`...), typeBytes, nil
	case data.String:
		if name := o.enumParam(s); name != "" {
			return appendEnum(dst, name+".", s), "", nil
		}
		return append(dst, `"type":"string"`...), "", nil
	case data.ArrayType:
		dst, err = o.appendSchema(append(dst, `"type":"array","items":`...), s.ValueSchema(), noIndex, false)
		return dst, "", below(err, "[]")
	case data.MapType:
		dst, err = o.appendMap(dst, s)
		return dst, typeMap, err
	}
	dst, err = o.appendProperties(dst, s)
	return dst, "", err
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

func (o *jsonData) appendMap(dst []byte, s *data.Schema) (_ []byte, err error) {
	if keyed(s) {
		dst, err = o.appendSchema(append(dst, `"type":"object","additionalProperties":`...), s.ValueSchema(), noIndex, false)
		return dst, below(err, "{}")
	}
	if dst, err = o.appendSchema(append(dst, `"type":"array","items":{"type":"object","properties":{"key":`...), s.KeySchema(), 0, false); err != nil {
		return dst, below(err, "{key}")
	}
	if dst, err = o.appendSchema(append(dst, `,"value":`...), s.ValueSchema(), 1, false); err != nil {
		return dst, below(err, "{}")
	}
	return append(dst, "}}"...), nil
}

func (o *jsonData) appendProperties(dst []byte, s *data.Schema) (_ []byte, err error) {
	dst = append(dst, `"type":"object","properties":`...)
	end := byte('{')
	var rest *data.Schema
	for _, f := range s.Fields() {
		if o.additional(f) {
			rest = f.Schema
			continue
		}
		dst = append(jsontext.AppendString(append(dst, end), f.Name), ':')
		if dst, err = o.appendSchema(dst, f.Schema, f.Index, false); err != nil {
			return dst, below(err, f.Name)
		}
		end = ','
	}
	if end == '{' {
		dst = append(dst, '{')
	}
	dst = append(dst, '}')
	switch {
	case rest != nil && rest.Name() != additionalText:
		dst, err = o.appendSchema(append(dst, `,"additionalProperties":`...), rest.ValueSchema(), noIndex, false)
	case rest == nil && !o.Additional:
		dst = append(dst, `,"additionalProperties":false`...)
	}
	return dst, err
}
