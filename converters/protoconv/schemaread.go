package protoconv

import (
	"fmt"
	"strconv"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/kurier-io/kurier/plugins/data"
)

// A reading turns one message into a Connect schema.
type reading struct {
	*protoData
	within []protoreflect.FullName // messages from the root to here
	fields int                     // that may still be made
}

// mostFields bounds a schema, which repeats a message wherever it is used.
const mostFields = 100_000

// read returns the Connect schema of a message, as ProtobufData.toConnectSchema does; version 0 is none.
func (o *protoData) read(m protoreflect.MessageDescriptor, version int) (*data.Schema, error) {
	r := &reading{protoData: o, fields: mostFields}
	var b *data.Builder
	var err error
	if inner := unwrap(m); inner != nil && o.WrapperForRaw {
		b, err = r.scalar(inner)
	} else {
		b, err = r.structOf(m)
	}
	if err != nil {
		return nil, err
	}
	if version > 0 {
		b.Version(int32(version))
	}
	return b.Build()
}

// unwrap returns the field of a wrapper message, nil if m is none.
func unwrap(m protoreflect.MessageDescriptor) protoreflect.FieldDescriptor {
	switch m.FullName() {
	case "google.protobuf.DoubleValue", "google.protobuf.FloatValue", "google.protobuf.Int64Value", "google.protobuf.UInt64Value",
		"google.protobuf.Int32Value", "google.protobuf.UInt32Value", "google.protobuf.BoolValue", "google.protobuf.StringValue", "google.protobuf.BytesValue":
		return m.Fields().ByNumber(1)
	}
	return nil
}

func (o *protoData) nameOfType(d protoreflect.Descriptor) string {
	if o.Enhanced {
		return string(d.FullName())
	}
	return string(d.Name())
}

func (r *reading) structOf(m protoreflect.MessageDescriptor) (*data.Builder, error) {
	for _, above := range r.within {
		if above == m.FullName() {
			return nil, data.Errorf("the message %s contains itself, which schemas of Kafka Connect cannot here", m.FullName())
		}
	}
	if len(r.within) >= deepest {
		return nil, data.Errorf("the schema nests more than %d levels", deepest)
	}
	r.within = append(r.within, m.FullName())
	defer func() { r.within = r.within[:len(r.within)-1] }()
	b := data.StructOf().Name(r.nameOfType(m))
	for i := range m.Oneofs().Len() {
		if o := m.Oneofs().Get(i); !o.IsSynthetic() {
			if err := r.oneof(b, o); err != nil {
				return nil, err
			}
		}
	}
	for i := range m.Fields().Len() {
		f := m.Fields().Get(i)
		if oneofOf(f) != nil {
			continue
		}
		s, err := r.field(f)
		if err != nil {
			return nil, below(err, string(f.Name()))
		}
		b.Field(string(f.Name()), s)
	}
	return b, nil
}

// oneofOf returns the oneof that a field is a member of; the one that optional makes is none.
func oneofOf(f protoreflect.FieldDescriptor) protoreflect.OneofDescriptor {
	if o := f.ContainingOneof(); o != nil && !o.IsSynthetic() {
		return o
	}
	return nil
}

// unionName is the name of the field that stands for a oneof.
func (o *protoData) unionName(d protoreflect.OneofDescriptor) string {
	if o.GenerateIndex {
		return fmt.Sprintf("%s_%d", d.Name(), d.Index())
	}
	return string(d.Name())
}

func (r *reading) oneof(b *data.Builder, o protoreflect.OneofDescriptor) error {
	u := b
	if !r.FlattenUnions {
		u = data.StructOf().Optional()
		if r.Generalized {
			u.Name(string(o.Name())).Param(generalUnion, string(o.Name()))
		} else {
			u.Name(unionPrefix + string(o.Name()))
		}
	}
	for i := range o.Fields().Len() {
		f := o.Fields().Get(i)
		s, err := r.field(f)
		if err != nil {
			return below(err, string(f.Name()))
		}
		u.Field(string(f.Name()), s)
	}
	if r.FlattenUnions {
		return nil
	}
	s, err := u.Build()
	if err == nil {
		b.Field(r.unionName(o), s)
	}
	return err
}

// isEntries reports whether a field is a map: of the map syntax, or as this converter writes them.
func isEntries(f protoreflect.FieldDescriptor) bool {
	if f.IsMap() {
		return true
	}
	if !f.IsList() || f.Message() == nil {
		return false
	}
	m := f.Message()
	name := string(m.Name())
	return len(name) > len(entrySuffix) && name[len(name)-len(entrySuffix):] == entrySuffix && m.Fields().Len() == 2 &&
		m.Fields().Get(0).Name() == keyName && m.Fields().Get(1).Name() == valueName && oneofOf(m.Fields().Get(0)) == nil && oneofOf(m.Fields().Get(1)) == nil
}

// nullable reports whether a scalar field tells null from zero.
func (o *protoData) nullable(f protoreflect.FieldDescriptor) bool {
	if !f.HasPresence() || f.Cardinality() == protoreflect.Required {
		return false
	}
	return f.ParentFile().Syntax() != protoreflect.Proto2 || o.OptionalForProto2 || oneofOf(f) != nil
}

// optional says whether the schema of a field is.
func (o *protoData) optional(f protoreflect.FieldDescriptor) bool {
	switch {
	case !o.OptionalForNullables && !o.WrapperForNullables:
		return true
	case f.Cardinality() == protoreflect.Repeated, f.Message() != nil && f.Cardinality() != protoreflect.Required:
		return true
	}
	return o.nullable(f)
}

// field returns the schema of a field, with its number.
func (r *reading) field(f protoreflect.FieldDescriptor) (*data.Schema, error) {
	if r.fields--; r.fields < 0 {
		return nil, data.Errorf("the schema unfolds to more than %d fields", mostFields)
	}
	var b *data.Builder
	var err error
	if isEntries(f) {
		b, err = r.mapOf(f)
	} else {
		b, err = r.element(f)
	}
	if err != nil {
		return nil, err
	}
	if f.IsList() && !isEntries(f) {
		elem, err := b.Optional().Build()
		if err != nil {
			return nil, err
		}
		b = data.ArrayOf(elem)
	}
	if r.optional(f) {
		b.Optional()
	}
	return b.Param(tagParam, strconv.Itoa(int(f.Number()))).Build()
}

func (r *reading) mapOf(f protoreflect.FieldDescriptor) (*data.Builder, error) {
	for _, above := range r.within {
		if above == f.Message().FullName() {
			return nil, data.Errorf("the message %s contains itself, which schemas of Kafka Connect cannot here", above)
		}
	}
	r.within = append(r.within, f.Message().FullName())
	defer func() { r.within = r.within[:len(r.within)-1] }()
	k, err := r.field(f.Message().Fields().Get(0))
	if err != nil {
		return nil, below(err, "{key}")
	}
	v, err := r.field(f.Message().Fields().Get(1))
	if err != nil {
		return nil, below(err, "{}")
	}
	return data.MapOf(k, v).Name(mapName(string(f.Message().Name()))), nil
}

// element is the schema of a field without its number, or of one element of a repeated field.
func (r *reading) element(f protoreflect.FieldDescriptor) (*data.Builder, error) {
	if f.Message() == nil {
		return r.scalar(f)
	}
	if f.Kind() == protoreflect.GroupKind {
		return nil, data.Errorf("Unknown schema type: GROUP")
	}
	switch f.Message().FullName() {
	case decimalMessage:
		return decimalOf(f)
	case dateMessage:
		return data.DateOf(), nil
	case timeMessage:
		return data.TimeOf(), nil
	case timestampMessage:
		return data.TimestampOf(), nil
	}
	if inner := unwrap(f.Message()); inner != nil && r.unwraps() {
		if b := smallInt(f, inner); b != nil {
			return b, nil
		}
		return r.scalar(inner)
	}
	return r.structOf(f.Message())
}

// unwraps reports whether wrapper messages are read as the values in them.
func (o *protoData) unwraps() bool { return o.WrapperForRaw || o.WrapperForNullables }

func decimalOf(f protoreflect.FieldDescriptor) (*data.Builder, error) {
	params := metaOf(f)
	scale := int64(0)
	if text, ok := params[metaScale]; ok {
		var err error
		if scale, err = strconv.ParseInt(text, 10, 32); err != nil {
			return nil, data.Errorf("the parameter scale is %q, not a number", data.Shorten(text))
		}
	}
	b := data.DecimalOf(int32(scale))
	if p, ok := params[metaPrecision]; ok {
		b.Param(precisionParam, p)
	}
	return b, nil
}

// metaOf returns the parameters of a field's option (confluent.field_meta).
func metaOf(f protoreflect.FieldDescriptor) map[string]string {
	raw, err := proto.Marshal(f.Options())
	if err != nil {
		return nil
	}
	out := map[string]string{}
	for meta := range messagesIn(raw, fieldMeta) {
		for e := range messagesIn(meta, metaParams) {
			var k, v string
			for b := range messagesIn(e, 1) {
				k = string(b)
			}
			for b := range messagesIn(e, 2) {
				v = string(b)
			}
			out[k] = v
		}
	}
	return out
}

// messagesIn iterates over the values of a field that has a length.
func messagesIn(b []byte, number protowire.Number) func(func([]byte) bool) {
	return func(yield func([]byte) bool) {
		for len(b) > 0 {
			num, typ, n := protowire.ConsumeTag(b)
			if n < 0 {
				return
			}
			size := protowire.ConsumeFieldValue(num, typ, b[n:])
			if size < 0 {
				return
			}
			if num == number && typ == protowire.BytesType {
				v, _ := protowire.ConsumeBytes(b[n:])
				if !yield(v) {
					return
				}
			}
			b = b[n+size:]
		}
	}
}

// smallInt is the schema of an integer that an option of its field calls smaller than it is, nil if there is none.
func smallInt(f, inner protoreflect.FieldDescriptor) *data.Builder {
	if inner.Kind() != protoreflect.Int32Kind && inner.Kind() != protoreflect.Sint32Kind && inner.Kind() != protoreflect.Sfixed32Kind {
		return nil
	}
	switch metaOf(f)[metaConnectType] {
	case "int8":
		return data.Of(data.Int8)
	case "int16":
		return data.Of(data.Int16)
	}
	return nil
}

func (r *reading) scalar(f protoreflect.FieldDescriptor) (*data.Builder, error) {
	if b := smallInt(f, f); b != nil {
		return b, nil
	}
	switch k := f.Kind(); k {
	case protoreflect.Int32Kind:
		return data.Of(data.Int32), nil
	case protoreflect.Sint32Kind, protoreflect.Sfixed32Kind:
		return data.Of(data.Int32).Param(typeParam, k.String()), nil
	case protoreflect.Int64Kind:
		return data.Of(data.Int64), nil
	case protoreflect.Uint32Kind, protoreflect.Fixed32Kind, protoreflect.Uint64Kind, protoreflect.Sint64Kind, protoreflect.Fixed64Kind, protoreflect.Sfixed64Kind:
		return data.Of(data.Int64).Param(typeParam, k.String()), nil
	case protoreflect.FloatKind:
		return data.Of(data.Float32), nil
	case protoreflect.DoubleKind:
		return data.Of(data.Float64), nil
	case protoreflect.BoolKind:
		return data.Of(data.Boolean), nil
	case protoreflect.StringKind:
		return data.Of(data.String), nil
	case protoreflect.BytesKind:
		return data.Of(data.Bytes), nil
	case protoreflect.EnumKind:
		return r.enum(f.Enum()), nil
	default:
		return nil, data.Errorf("Unknown schema type: %s", k)
	}
}

func (r *reading) enum(e protoreflect.EnumDescriptor) *data.Builder {
	b := data.Of(data.String)
	if r.IntForEnums {
		b = data.Of(data.Int32)
	}
	param := protoEnum
	if r.Generalized {
		param = generalEnum
	}
	name := r.nameOfType(e)
	b.Name(name).Param(param, name)
	for i := range e.Values().Len() {
		v := e.Values().Get(i)
		b.Param(param+"."+string(v.Name()), strconv.Itoa(int(v.Number())))
	}
	return b
}
