package avroconv

import (
	"encoding/binary"
	"math"

	"github.com/kurier-io/kurier/converters/avroconv/avroschema"
	"github.com/kurier-io/kurier/converters/javatext"
	"github.com/kurier-io/kurier/plugins/data"
)

// The fields of Anything, in their order.
const (
	anyBoolean = iota
	anyBytes
	anyDouble
	anyFloat
	anyInt
	anyLong
	anyString
	anyArray
	anyMap
	anyFields
)

// anything is the schema of values without a schema: a record that contains itself.
func anything() *avroschema.Type {
	t := &avroschema.Type{Kind: avroschema.Record, Name: avroschema.Name{Space: namespace, Simple: "Anything"}}
	entry := &avroschema.Type{Kind: avroschema.Record, Name: avroschema.Name{Space: namespace, Simple: mapEntry}, Fields: []avroschema.Field{
		{Name: "key", Type: t, Order: "ascending"}, {Name: "value", Type: t, Order: "ascending"},
	}}
	for i := range anyFields {
		var typ *avroschema.Type
		name := ""
		switch i {
		case anyArray:
			typ, name = &avroschema.Type{Kind: avroschema.Array, Elem: t}, "array"
		case anyMap:
			typ, name = &avroschema.Type{Kind: avroschema.Array, Elem: entry}, "map"
		default:
			typ = &avroschema.Type{Kind: [...]avroschema.Kind{avroschema.Boolean, avroschema.Bytes, avroschema.Double, avroschema.Float, avroschema.Int, avroschema.Long, avroschema.String}[i]}
			name = typ.Kind.String()
		}
		t.Fields = append(t.Fields, avroschema.Field{Name: name, Type: union(null(), typ), Default: &avroschema.Value{Kind: avroschema.JSONNull}, Order: "ascending"})
	}
	return t
}

// variantType is the schema of Confluent's Variant.
func variantType() *avroschema.Type {
	return &avroschema.Type{
		Kind: avroschema.Record, Name: avroschema.Name{Space: "confluent.type", Simple: "Variant"},
		Fields: []avroschema.Field{
			{Name: "metadata", Type: &avroschema.Type{Kind: avroschema.Bytes}, Order: "ascending"},
			{Name: "value", Type: &avroschema.Type{Kind: avroschema.Bytes}, Order: "ascending"},
		},
		Props: []avroschema.Member{textProp(propLogical, "variant")},
	}
}

// maxDepth bounds the nesting of values whose schema does not bound it.
const maxDepth = 128

// appendAnything writes a value by its own kind: a record in which one field is set, or none for null.
func appendAnything(dst []byte, v data.Value, depth int) ([]byte, error) {
	if depth > maxDepth {
		return dst, data.Errorf("the value nests more than %d levels", maxDepth)
	}
	field := -1
	switch v.Kind() {
	case data.KindBool:
		field = anyBoolean
	case data.KindBytes:
		field = anyBytes
	case data.KindFloat64:
		field = anyDouble
	case data.KindFloat32:
		field = anyFloat
	case data.KindInt8, data.KindInt16, data.KindInt32:
		field = anyInt
	case data.KindInt64:
		field = anyLong
	case data.KindString:
		field = anyString
	case data.KindArray:
		field = anyArray
	case data.KindMap:
		field = anyMap
	case data.KindNull:
	default:
		return dst, data.Errorf("Unknown Java type for schemaless data: %s %s: give the record a schema, or turn the value into a string or a number", javatext.Class(v), data.Excerpt("", v))
	}
	const none, set = 0, 2 // branches of the unions with null
	for i := range anyFields {
		if i != field {
			dst = append(dst, none)
			continue
		}
		dst = append(dst, set)
		var err error
		if dst, err = appendMember(dst, v, depth); err != nil {
			return dst, err
		}
	}
	return dst, nil
}

func appendMember(dst []byte, v data.Value, depth int) ([]byte, error) {
	var err error
	switch v.Kind() {
	case data.KindBool:
		return append(dst, byte(v.Millis())), nil
	case data.KindString, data.KindBytes:
		return append(appendLong(dst, int64(len(v.Bytes()))), v.Bytes()...), nil
	case data.KindFloat64:
		return binary.LittleEndian.AppendUint64(dst, math.Float64bits(v.Float())), nil
	case data.KindFloat32:
		return binary.LittleEndian.AppendUint32(dst, math.Float32bits(v.Float32())), nil
	case data.KindArray:
		if len(v.Array()) > 0 {
			dst = appendLong(dst, int64(len(v.Array())))
		}
		for i, e := range v.Array() {
			if dst, err = appendAnything(dst, e, depth+1); err != nil {
				return dst, data.InField(err, elementStep(i), e)
			}
		}
		return append(dst, 0), nil
	case data.KindMap:
		if v.Map().Len() > 0 {
			dst = appendLong(dst, int64(v.Map().Len()))
		}
		for k, e := range v.Map().All() {
			if dst, err = appendAnything(dst, k, depth+1); err == nil {
				dst, err = appendAnything(dst, e, depth+1)
			}
			if err != nil {
				return dst, data.InField(err, entryStep(k), e)
			}
		}
		return append(dst, 0), nil
	}
	return appendLong(dst, v.Int()), nil
}
