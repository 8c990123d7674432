package protoconv

import (
	"encoding/base64"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/kurier-io/kurier/converters/protoconv/protoschema"
	"github.com/kurier-io/kurier/plugins/data"
)

// A target is a message to write values as.
type target struct {
	schema  *protoschema.Schema
	message protoreflect.MessageDescriptor
}

// A translation turns one Connect schema into a file with one message.
type translation struct {
	*protoData
	file    *descriptorpb.FileDescriptorProto
	dotted  bool // names of other packages need a dot in front: the file's own package has a part that hides them
	unnamed int  // structs and maps without a name so far
	depth   int
}

// translate returns the message of s, as ProtobufData.fromConnectSchema does. It is parsed again from its text, which checks the names.
func (o *protoData) translate(s *data.Schema) (target, error) {
	var file *descriptorpb.FileDescriptorProto
	at := []int{0}
	switch {
	case s == nil:
		return target{}, data.Errorf("a value without a schema cannot be written as Protobuf: let the connector or a transformation give it one, or use a converter that needs none")
	case s.Type() == data.StructType && !o.isUnion(s):
		var err error
		if file, err = o.newFile(s); err != nil {
			return target{}, err
		}
	case s.Logical() == data.NotLogical && wrappers[s.Type()] != "":
		file = protodesc.ToFileDescriptorProto(wrapperspb.File_google_protobuf_wrappers_proto)
		name := protoreflect.Name(wrappers[s.Type()])
		at[0] = wrapperspb.File_google_protobuf_wrappers_proto.Messages().ByName(name).Index()
	default:
		return target{}, data.Errorf("Unsupported root schema of type %s: a Protobuf message is made of a struct or a plain primitive; wrap the value with the HoistField transformation", s.Type())
	}
	raw, err := proto.MarshalOptions{Deterministic: true}.Marshal(file)
	if err != nil {
		return target{}, fmt.Errorf("protobuf: %w", err)
	}
	printed, err := protoschema.Parse(base64.StdEncoding.EncodeToString(raw), nil)
	if err == nil {
		printed, err = protoschema.Parse(printed.String(), nil)
	}
	if err != nil {
		return target{}, data.Errorf("the schema %s cannot be a Protobuf schema: %v", s, err)
	}
	m, err := printed.Message(at...)
	return target{printed, m}, err
}

// wrappers are the messages of single values.
var wrappers = map[data.Type]string{
	data.Int8: "Int32Value", data.Int16: "Int32Value", data.Int32: "Int32Value", data.Int64: "Int64Value", data.Float32: "FloatValue",
	data.Float64: "DoubleValue", data.Boolean: "BoolValue", data.String: "StringValue", data.Bytes: "BytesValue",
}

func (o *protoData) isUnion(s *data.Schema) bool {
	if s.Type() != data.StructType {
		return false
	}
	_, general := s.Param(generalUnion)
	return general && o.Generalized || strings.HasPrefix(s.Name(), unionPrefix)
}

// enumOf returns the name of the enum that a string or number is, and what the parameters of its symbols begin with.
func (o *protoData) enumOf(s *data.Schema) (name, prefix string) {
	if s.Type() != data.String && s.Type() != data.Int32 {
		return "", ""
	}
	for _, p := range []string{protoEnum, generalEnum} {
		if name, ok := s.Param(p); ok && (p == protoEnum || o.Generalized) {
			return name, p + "."
		}
	}
	return "", ""
}

func (o *protoData) newFile(s *data.Schema) (*descriptorpb.FileDescriptorProto, error) {
	t := &translation{protoData: o, file: &descriptorpb.FileDescriptorProto{Name: new("default"), Syntax: new("proto3")}}
	space, name := "", ""
	if s.Name() == "" {
		name = t.nextName()
	} else {
		space, name = o.split(s.Name())
	}
	if space != "" {
		for part := range strings.SplitSeq(space, ".") {
			if !identifier(part) {
				return nil, errName("package", space)
			}
			t.dotted = t.dotted || part == "google" || part == "confluent"
		}
		t.file.Package = &space
	}
	m, err := t.message(name, s)
	if err != nil {
		return nil, err
	}
	t.file.MessageType = append(t.file.MessageType, m)
	return t.file, nil
}

func errName(what, name string) error {
	return data.Errorf("\"%s\" is not a valid identifier for a Protobuf %s: rename it, or set scrub.invalid.names=true", data.Shorten(name), what)
}

func (t *translation) nextName() string {
	t.unnamed++
	return defaultName + strconv.Itoa(t.unnamed)
}

// nameOf is the name of the message for a struct, or a map's entries before their suffix.
func (t *translation) nameOf(s *data.Schema) string {
	if s.Name() == "" {
		return t.nextName()
	}
	_, name := t.split(s.Name())
	return name
}

func (t *translation) imports(file string) {
	if !slices.Contains(t.file.Dependency, file) {
		t.file.Dependency = append(t.file.Dependency, file)
	}
}

// A message is a descriptor in the making.
type message struct {
	*descriptorpb.DescriptorProto
	names   map[string]bool         // of fields
	nested  map[string]*data.Schema // by the name of the nested message or enum
	numbers map[int32]bool          // that parameters name
	next    int32
}

const (
	firstReserved = 19000
	lastReserved  = 19999
)

// number gives the next field number that no parameter names.
func (m *message) number() int32 {
	for m.numbers[m.next] || m.next >= firstReserved && m.next <= lastReserved {
		m.next++
	}
	m.next++
	return m.next - 1
}

// collect learns names and numbers of fields before they are made.
func (t *translation) collect(m *message, s *data.Schema) error {
	for _, f := range s.Fields() {
		if t.isUnion(f.Schema) {
			if err := t.collect(m, f.Schema); err != nil {
				return err
			}
			continue
		}
		m.names[t.scrub(f.Name)] = true
		n, tagged, err := tagOf(f.Schema)
		if err != nil {
			return below(err, f.Name)
		}
		if tagged && m.numbers[n] {
			return below(data.Errorf("two fields have the number %d, by their parameters %s", n, tagParam), f.Name)
		}
		if tagged {
			m.numbers[n] = true
		}
	}
	return nil
}

// tagOf returns the field number that a parameter names.
func tagOf(s *data.Schema) (n int32, ok bool, err error) {
	text, ok := s.Param(tagParam)
	if !ok {
		return 0, false, nil
	}
	v, err := strconv.ParseInt(text, 10, 32)
	if err != nil || v < 1 || v > 1<<29-1 {
		return 0, false, data.Errorf("the parameter %s is %q, not a field number", tagParam, data.Shorten(text))
	}
	return int32(v), true, nil
}

func (t *translation) message(name string, s *data.Schema) (*descriptorpb.DescriptorProto, error) {
	if !identifier(name) {
		return nil, errName("message", name)
	}
	if t.depth++; t.depth > deepest {
		return nil, data.Errorf("the schema nests more than %d levels", deepest)
	}
	defer func() { t.depth-- }()
	m := &message{
		DescriptorProto: &descriptorpb.DescriptorProto{Name: &name}, names: map[string]bool{}, nested: map[string]*data.Schema{},
		numbers: map[int32]bool{}, next: 1,
	}
	if err := t.collect(m, s); err != nil {
		return nil, err
	}
	for _, f := range s.Fields() {
		var err error
		if t.isUnion(f.Schema) {
			err = t.oneof(m, f.Schema)
		} else {
			err = t.field(m, f.Name, f.Schema, nil)
		}
		if err != nil {
			return nil, below(err, f.Name)
		}
	}
	// The oneofs that stand for optional come last, as descriptors want them.
	for _, f := range m.Field {
		if f.GetProto3Optional() {
			f.OneofIndex = new(int32(len(m.OneofDecl)))
			m.OneofDecl = append(m.OneofDecl, &descriptorpb.OneofDescriptorProto{Name: new("_" + f.GetName())})
		}
	}
	return m.DescriptorProto, nil
}

// oneof adds the members of a union.
func (t *translation) oneof(m *message, s *data.Schema) error {
	name, ok := strings.CutPrefix(s.Name(), unionPrefix)
	if general, is := s.Param(generalUnion); !ok && is {
		name = general
	}
	if _, name = t.split(name); !identifier(name) {
		return errName("oneof", name)
	}
	index := int32(len(m.OneofDecl))
	m.OneofDecl = append(m.OneofDecl, &descriptorpb.OneofDescriptorProto{Name: &name})
	for _, f := range s.Fields() {
		if f.Schema.Type() == data.ArrayType || f.Schema.Type() == data.MapType || t.isUnion(f.Schema) {
			return below(data.Errorf("a member of a union cannot be an array, a map or a union in Protobuf: wrap it in a struct"), f.Name)
		}
		if err := t.field(m, f.Name, f.Schema, &index); err != nil {
			return below(err, f.Name)
		}
	}
	return nil
}
