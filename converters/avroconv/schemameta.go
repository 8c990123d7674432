package avroconv

import (
	"slices"
	"strconv"
	"strings"

	"github.com/kurier-io/kurier/converters/avroconv/avroschema"
	"github.com/kurier-io/kurier/plugins/data"
)

func textValue(s string) avroschema.Value {
	return avroschema.Value{Kind: avroschema.JSONString, Text: s}
}

func intValue(n int64) avroschema.Value {
	return avroschema.Value{Kind: avroschema.JSONInt, Text: strconv.FormatInt(n, 10)}
}

func textProp(name, s string) avroschema.Member {
	return avroschema.Member{Name: name, Value: textValue(s)}
}

func intProp(name string, n int64) avroschema.Member {
	return avroschema.Member{Name: name, Value: intValue(n)}
}

// params returns the parameters as they are written; the mark of defaults that came from Avro is not.
func (o *avroData) params(s *data.Schema) avroschema.Value {
	out := avroschema.Value{Kind: avroschema.JSONObject}
	for _, p := range s.Params() {
		if (o.DiscardTypeDefault || p.Name != fieldDefault) && !(o.RemoveJava && p.Name == javaString) {
			out.Members = append(out.Members, textProp(p.Name, p.Value))
		}
	}
	return out
}

// annotate adds what Avro cannot say of a Connect schema, in Java's order: ids of schemas depend on it.
func (o *avroData) annotate(t *avroschema.Type, s *data.Schema) error {
	add := func(m avroschema.Member) {
		if !slices.ContainsFunc(t.Props, func(p avroschema.Member) bool { return p.Name == m.Name }) {
			t.Props = append(t.Props, m)
		}
	}
	if o.MetaData {
		if doc, ok := s.Doc(); ok {
			add(textProp(propDoc, doc))
		}
		if v, ok := s.Version(); ok {
			add(intProp(propVersion, int64(v)))
		}
		if ps := o.params(s); len(ps.Members) > 0 {
			add(avroschema.Member{Name: propParams, Value: ps})
		}
		_, fromAvro := s.Param(fieldDefault)
		if def, ok := s.Default(); ok && !def.IsNull() && (o.DiscardTypeDefault || !fromAvro) {
			v, err := o.jsonDefault(s, def)
			if err != nil {
				return err
			}
			add(avroschema.Member{Name: propDefault, Value: v})
		}
		if s.HasName() {
			add(textProp(propName, s.Name()))
		}
		if s.Type() == data.Int8 || s.Type() == data.Int16 {
			add(textProp(propType, s.Type().Name()))
		}
	}
	if l := s.Logical(); l != data.NotLogical {
		want := map[data.Logical]data.Type{data.LogicalDecimal: data.Bytes, data.LogicalDate: data.Int32, data.LogicalTime: data.Int32, data.LogicalTimestamp: data.Int64}[l]
		if s.Type() != want {
			return data.Errorf("a schema named %s must be of type %s, and is %s", s.Name(), want, s.Type())
		}
		add(textProp(propLogical, map[data.Logical]string{
			data.LogicalDecimal: "decimal", data.LogicalDate: "date", data.LogicalTime: "time-millis", data.LogicalTimestamp: "timestamp-millis",
		}[l]))
	}
	for _, p := range s.Params() {
		if strings.HasPrefix(p.Name, "avro") && !(o.RemoveJava && p.Name == javaString) {
			add(textProp(p.Name, p.Value))
		}
	}
	return nil
}

// jsonDefault prints a default as AvroData.defaultValueFromConnect does.
func (o *avroData) jsonDefault(s *data.Schema, v data.Value) (avroschema.Value, error) {
	none := avroschema.Value{Kind: avroschema.JSONNull}
	if v.IsNull() {
		return none, nil
	}
	if v.Kind() != data.KindFor(s) {
		return none, errKind(s, v)
	}
	v, err := data.ToBase(s, v)
	if err != nil {
		return none, err
	}
	switch s.Type() {
	case data.Int8, data.Int16, data.Int32, data.Int64:
		return intValue(v.Int()), nil
	case data.Float32, data.Float64:
		return avroschema.Value{Kind: avroschema.JSONFloat, Float: v.Float(), Single: s.Type() == data.Float32}, nil
	case data.Boolean:
		return avroschema.Value{Kind: avroschema.JSONBool, Bool: v.Bool()}, nil
	case data.String:
		return textValue(strings.Clone(v.Str())), nil
	case data.Bytes:
		return textValue(latin1(v.Bytes())), nil
	case data.ArrayType:
		out := avroschema.Value{Kind: avroschema.JSONArray}
		for _, e := range v.Array() {
			j, err := o.jsonDefault(s.ValueSchema(), e)
			if err != nil {
				return none, err
			}
			out.Elems = append(out.Elems, j)
		}
		return out, nil
	case data.MapType:
		return o.jsonMap(s, v.Map())
	}
	return o.jsonStruct(s, v.Struct())
}

func (o *avroData) jsonMap(s *data.Schema, m *data.Map) (avroschema.Value, error) {
	out := avroschema.Value{Kind: avroschema.JSONArray}
	if o.avroMap(s) {
		out.Kind = avroschema.JSONObject
	}
	for k, e := range m.All() {
		val, err := o.jsonDefault(s.ValueSchema(), e)
		if err != nil {
			return out, err
		}
		if out.Kind == avroschema.JSONObject {
			out.Members = append(out.Members, avroschema.Member{Name: strings.Clone(k.Str()), Value: val})
			continue
		}
		key, err := o.jsonDefault(s.KeySchema(), k)
		if err != nil {
			return out, err
		}
		out.Elems = append(out.Elems, avroschema.Value{Kind: avroschema.JSONArray, Elems: []avroschema.Value{key, val}})
	}
	return out, nil
}

func (o *avroData) jsonStruct(s *data.Schema, st *data.Struct) (avroschema.Value, error) {
	out := avroschema.Value{Kind: avroschema.JSONObject}
	for i, f := range s.Fields() {
		j, err := o.jsonDefault(f.Schema, st.AtWithDefault(i))
		if err != nil || isUnion(s) {
			return j, err
		}
		out.Members = append(out.Members, avroschema.Member{Name: o.scrub(f.Name), Value: j})
	}
	return out, nil
}

// latin1 is how Avro's JSON holds bytes.
func latin1(b []byte) string {
	out := make([]rune, len(b))
	for i, c := range b {
		out[i] = rune(c)
	}
	return string(out)
}

// fromLatin1 is the inverse; Java makes question marks of what does not fit.
func fromLatin1(s string) []byte {
	out := make([]byte, 0, len(s))
	for _, r := range s {
		if r > 0xff {
			r = '?'
		}
		out = append(out, byte(r))
	}
	return out
}
