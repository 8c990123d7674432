package jsonconv

import (
	"strconv"

	"github.com/kurier-io/kurier/converters/jsontext"
	"github.com/kurier-io/kurier/plugins/data"
)

// jsonType gives the names of types in schema JSON: float and double are Java's names there.
func jsonType(t data.Type) string {
	switch t {
	case data.Float32:
		return "float"
	case data.Float64:
		return "double"
	}
	return t.Name()
}

func typeOf(name string) (data.Type, bool) {
	switch name {
	case "float":
		return data.Float32, true
	case "double":
		return data.Float64, true
	case "float32", "float64":
		return 0, false
	}
	return data.ParseType(name)
}

// appendSchema appends a schema as JsonConverter.asJsonSchema does; field is the name within a struct, nil outside.
func (w *writer) appendSchema(dst []byte, s *data.Schema, field *string) ([]byte, error) {
	if s == nil {
		return append(dst, "null"...), nil
	}
	var err error
	dst = jsontext.AppendString(append(dst, `{"type":`...), jsonType(s.Type()))
	switch s.Type() {
	case data.ArrayType:
		dst, err = w.appendSchema(append(dst, `,"items":`...), s.ValueSchema(), nil)
	case data.MapType:
		if dst, err = w.appendSchema(append(dst, `,"keys":`...), s.KeySchema(), nil); err == nil {
			dst, err = w.appendSchema(append(dst, `,"values":`...), s.ValueSchema(), nil)
		}
	case data.StructType:
		dst = append(dst, `,"fields":[`...)
		for i, f := range s.Fields() {
			if i > 0 {
				dst = append(dst, ',')
			}
			if dst, err = w.appendSchema(dst, f.Schema, &f.Name); err != nil {
				return dst, err
			}
		}
		dst = append(dst, ']')
	}
	if err != nil {
		return dst, err
	}
	dst = strconv.AppendBool(append(dst, `,"optional":`...), s.Optional())
	if s.HasName() {
		dst = jsontext.AppendString(append(dst, `,"name":`...), s.Name())
	}
	if v, ok := s.Version(); ok {
		dst = strconv.AppendInt(append(dst, `,"version":`...), int64(v), 10)
	}
	if doc, ok := s.Doc(); ok {
		dst = jsontext.AppendString(append(dst, `,"doc":`...), doc)
	}
	if ps := s.Params(); ps != nil {
		dst = append(dst, `,"parameters":{`...)
		for i, p := range ps {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = jsontext.AppendString(append(jsontext.AppendString(dst, p.Name), ':'), p.Value)
		}
		dst = append(dst, '}')
	}
	if def, ok := s.Default(); ok && !def.IsNull() {
		p := w.compile(s)
		p.def = def
		if dst, err = w.appendDefault(append(dst, `,"default":`...), p); err != nil {
			return dst, err
		}
	}
	if field != nil {
		dst = jsontext.AppendString(append(dst, `,"field":`...), *field)
	}
	return append(dst, '}'), nil
}
