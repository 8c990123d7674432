package jsonschemaconv

import (
	"strconv"

	"github.com/kurier-io/kurier/converters/javatext"
	"github.com/kurier-io/kurier/converters/jsontext"
	"github.com/kurier-io/kurier/plugins/data"
)

// maxDepth bounds the nesting of values whose schema does not bound it.
const maxDepth = 1000

// appendAnything writes a value by its own kind. A map whose keys are not all strings is an array of keys and values.
func (c *Converter) appendAnything(dst []byte, v data.Value, depth int) ([]byte, error) {
	if depth > maxDepth {
		return dst, data.Errorf("the value nests more than %d levels", maxDepth)
	}
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
	case data.KindDecimal:
		return javatext.AppendDecimal(dst, v), nil
	case data.KindArray:
		dst = append(dst, '[')
		var err error
		for i, e := range v.Array() {
			if i > 0 {
				dst = append(dst, ',')
			}
			if dst, err = c.appendAnything(dst, e, depth+1); err != nil {
				return dst, data.InElement(err, i, e)
			}
		}
		return append(dst, ']'), nil
	case data.KindMap:
		return c.appendAnyMap(dst, v.Map(), depth)
	}
	return dst, data.Errorf("Java class %s does not have corresponding schema type: give the record a schema, or turn the value into a string or a number", javatext.Class(v))
}

func (c *Converter) appendAnyMap(dst []byte, m *data.Map, depth int) ([]byte, error) {
	begin, name, value, end := `{`, "", `:`, `}`
	for k := range m.All() {
		if k.Kind() != data.KindString {
			begin, name, value, end = `[`, `{"key":`, `,"value":`, `}]`
			break
		}
	}
	dst = append(dst, begin...)
	var err error
	first := true
	for k, e := range m.All() {
		if !first {
			dst = append(append(dst, end[:len(end)-1]...), ',')
		}
		first = false
		if dst, err = c.appendAnything(append(dst, name...), k, depth+1); err == nil {
			dst, err = c.appendAnything(append(dst, value...), e, depth+1)
		}
		if err != nil {
			return dst, data.InField(err, "{"+data.Shorten(k.String())+"}", e)
		}
	}
	if first {
		return append(dst, end[len(end)-1]), nil
	}
	return append(dst, end...), nil
}
