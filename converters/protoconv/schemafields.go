package protoconv

import (
	"slices"
	"strconv"
	"strings"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/descriptorpb"

	"github.com/kurier-io/kurier/plugins/data"
)

// integers are the types that a parameter may ask for instead of the usual one.
var integers = map[data.Type][]string{
	data.Int32: {"int32", "sint32", "sfixed32"},
	data.Int64: {"int64", "uint32", "fixed32", "uint64", "sint64", "fixed64", "sfixed64"},
}

var scalars = map[data.Type]string{
	data.Int8: "int32", data.Int16: "int32", data.Int32: "int32", data.Int64: "int64", data.Float32: "float", data.Float64: "double",
	data.Boolean: "bool", data.String: "string", data.Bytes: "bytes",
}

// field adds a field to a message; oneof is the union that it is a member of.
func (t *translation) field(m *message, name string, s *data.Schema, oneof *int32) error {
	scrubbed := t.scrub(name)
	if !identifier(scrubbed) {
		return errName("field", name)
	}
	f := &descriptorpb.FieldDescriptorProto{Name: &scrubbed, JsonName: new(jsonName(scrubbed)), OneofIndex: oneof, Label: descriptorpb.FieldDescriptorProto_LABEL_OPTIONAL.Enum()}
	n, tagged, err := tagOf(s)
	if err != nil {
		return err
	}
	if !tagged {
		n = m.number()
	}
	f.Number = &n
	switch {
	case s.Type() == data.ArrayType:
		f.Label = descriptorpb.FieldDescriptorProto_LABEL_REPEATED.Enum()
		s = s.ValueSchema()
		switch s.Type() {
		case data.ArrayType:
			return data.Errorf("Array cannot be nested: wrap the inner arrays in a struct")
		case data.MapType:
			return data.Errorf("an array of maps cannot be told from one map in Protobuf: wrap the maps in a struct")
		}
	case s.Type() == data.MapType:
		f.Label = descriptorpb.FieldDescriptorProto_LABEL_REPEATED.Enum()
	case t.OptionalForNullables && s.Optional() && oneof == nil:
		f.Proto3Optional = new(true)
	}
	m.Field = append(m.Field, f)
	return t.setType(m, f, s)
}

func (t *translation) setType(m *message, f *descriptorpb.FieldDescriptorProto, s *data.Schema) error {
	switch s.Logical() {
	case data.LogicalDecimal:
		t.foreign(f, decimalMessage, decimalFile)
		var params [][2]string
		if p, ok := s.Param(precisionParam); ok {
			params = append(params, [2]string{metaPrecision, p})
		}
		t.meta(f, append(params, [2]string{metaScale, strconv.Itoa(int(s.Scale()))})...)
		return nil
	case data.LogicalDate:
		t.foreign(f, dateMessage, dateFile)
		return nil
	case data.LogicalTime:
		t.foreign(f, timeMessage, timeFile)
		return nil
	case data.LogicalTimestamp:
		t.foreign(f, timestampMessage, timestampFile)
		return nil
	}
	if enum, prefix := t.enumOf(s); enum != "" {
		return t.enum(m, f, s, enum, prefix)
	}
	switch s.Type() {
	case data.Int8:
		t.meta(f, [2]string{metaConnectType, "int8"})
	case data.Int16:
		t.meta(f, [2]string{metaConnectType, "int16"})
	case data.StructType:
		if t.isUnion(s) {
			return data.Errorf("a union can only be a field in Protobuf: wrap it in a struct")
		}
		return t.nested(m, f, t.nameOf(s), s)
	case data.MapType:
		return t.entries(m, f, s)
	}
	kind := scalars[s.Type()]
	if asked, _ := s.Param(typeParam); slices.Contains(integers[s.Type()], asked) {
		kind = asked
	}
	if t.WrapperForNullables && s.Optional() {
		name := wrappers[s.Type()]
		switch kind {
		case "uint32", "fixed32":
			name = "UInt32Value"
		case "uint64", "fixed64":
			name = "UInt64Value"
		}
		t.foreign(f, "google.protobuf."+name, wrappersFile)
		return nil
	}
	f.Type = descriptorpb.FieldDescriptorProto_Type(descriptorpb.FieldDescriptorProto_Type_value["TYPE_"+strings.ToUpper(kind)]).Enum()
	return nil
}

// foreign gives a field a message of another file.
func (t *translation) foreign(f *descriptorpb.FieldDescriptorProto, name, file string) {
	t.imports(file)
	if t.dotted {
		name = "." + name
	}
	f.Type, f.TypeName = descriptorpb.FieldDescriptorProto_TYPE_MESSAGE.Enum(), &name
}

// meta adds parameters to a field's option (confluent.field_meta), of a message that has them as field 2.
func (t *translation) meta(f *descriptorpb.FieldDescriptorProto, params ...[2]string) {
	t.imports(metaFile)
	var b []byte
	for _, p := range params {
		var e []byte
		e = protowire.AppendString(protowire.AppendTag(e, 1, protowire.BytesType), p[0])
		e = protowire.AppendString(protowire.AppendTag(e, 2, protowire.BytesType), p[1])
		b = protowire.AppendBytes(protowire.AppendTag(b, metaParams, protowire.BytesType), e)
	}
	f.Options = &descriptorpb.FieldOptions{}
	f.Options.ProtoReflect().SetUnknown(protowire.AppendBytes(protowire.AppendTag(nil, fieldMeta, protowire.BytesType), b))
}

// Numbers of confluent/meta.proto.
const (
	fieldMeta  = 1088
	metaParams = 2
)

// keywords cannot be names of types, as they mean something else where the type of a field is.
var keywords = map[string]bool{
	"double": true, "float": true, "int32": true, "int64": true, "uint32": true, "uint64": true, "sint32": true, "sint64": true, "fixed32": true,
	"fixed64": true, "sfixed32": true, "sfixed64": true, "bool": true, "string": true, "bytes": true, "group": true, "map": true, "message": true, "enum": true,
	"oneof": true, "optional": true, "required": true, "repeated": true, "reserved": true, "option": true, "extend": true, "extensions": true, "stream": true,
}

// claim finds a name for a type nested in m: with the suffix of Java's if a field has it. A message that has the name already is used again if it is of an equal schema.
func (t *translation) claim(m *message, name string, s *data.Schema) (claimed string, known bool, err error) {
	for m.names[name] || keywords[name] {
		name += "Message"
	}
	have, known := m.nested[name]
	if known && !t.sameType(have, s) {
		return "", false, data.Errorf("two different schemas are named %s: give one of them another name", data.Shorten(name))
	}
	m.nested[name] = s
	return name, known, nil
}

// sameType compares what is nested; fields of a type may have different numbers, and be optional or not.
func (o *protoData) sameType(a, b *data.Schema) bool {
	if a == b || a.Equal(b) {
		return true
	}
	if a.Type() != b.Type() || a.NumFields() != b.NumFields() {
		return false
	}
	switch a.Type() {
	case data.StructType:
		for i, f := range a.Fields() {
			g := b.Fields()[i]
			if f.Name != g.Name || !f.Schema.Equal(g.Schema) {
				return false
			}
		}
		return true
	case data.MapType:
		return a.KeySchema().Equal(b.KeySchema()) && a.ValueSchema().Equal(b.ValueSchema())
	}
	_, prefix := o.enumOf(a)
	symbols := func(s *data.Schema) (out []data.Param) {
		for _, p := range s.Params() {
			if strings.HasPrefix(p.Name, prefix) {
				out = append(out, p)
			}
		}
		return out
	}
	return slices.Equal(symbols(a), symbols(b))
}

func (t *translation) nested(m *message, f *descriptorpb.FieldDescriptorProto, name string, s *data.Schema) error {
	name, known, err := t.claim(m, name, s)
	if err != nil {
		return err
	}
	f.Type, f.TypeName = descriptorpb.FieldDescriptorProto_TYPE_MESSAGE.Enum(), &name
	if known {
		return nil
	}
	n, err := t.message(name, s)
	m.NestedType = append(m.NestedType, n)
	return err
}

// entries gives a field the messages of a map's entries. Like Java's they are plain messages, not those of the map syntax.
func (t *translation) entries(m *message, f *descriptorpb.FieldDescriptorProto, s *data.Schema) error {
	entry := data.StructOf().Field(keyName, s.KeySchema()).Field(valueName, s.ValueSchema())
	as, err := entry.Build()
	if err != nil {
		return err
	}
	return t.nested(m, f, entryName(t.nameOf(s)), as)
}

func (t *translation) enum(m *message, f *descriptorpb.FieldDescriptorProto, s *data.Schema, name, prefix string) error {
	_, name = t.split(name)
	name, known, err := t.claim(m, name, s)
	if err != nil {
		return err
	}
	if !identifier(name) {
		return errName("enum", name)
	}
	f.Type, f.TypeName = descriptorpb.FieldDescriptorProto_TYPE_ENUM.Enum(), &name
	if known {
		return nil
	}
	e := &descriptorpb.EnumDescriptorProto{Name: &name}
	numbers := map[int32]bool{}
	for i, sym := range symbolsOf(s, prefix) {
		symbol, n := t.scrub(sym.Name), int32(i)
		if v, err := strconv.ParseInt(sym.Value, 10, 32); err == nil {
			n = int32(v)
		}
		if !identifier(symbol) {
			return errName("enum symbol", symbol)
		}
		if numbers[n] && e.Options == nil {
			e.Options = &descriptorpb.EnumOptions{AllowAlias: proto.Bool(true)}
		}
		numbers[n] = true
		e.Value = append(e.Value, &descriptorpb.EnumValueDescriptorProto{Name: &symbol, Number: &n})
	}
	m.EnumType = append(m.EnumType, e)
	return nil
}

// symbolsOf returns symbols and their numbers, in the order of the parameters.
func symbolsOf(s *data.Schema, prefix string) (out []data.Param) {
	for _, p := range s.Params() {
		if symbol, ok := strings.CutPrefix(p.Name, prefix); ok {
			out = append(out, data.Param{Name: symbol, Value: p.Value})
		}
	}
	return out
}
