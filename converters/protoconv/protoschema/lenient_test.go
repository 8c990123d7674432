package protoschema

import (
	"encoding/base64"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/descriptorpb"
)

func TestOptionsWithoutTheirImport(t *testing.T) {
	text := "syntax = \"proto3\";\nmessage A {\n  int32 a = 1 [(confluent.field_meta) = { params: [{ key: \"connect.type\", value: \"int8\" }] }];\n}\n"
	s, err := Parse(text, nil)
	if err != nil || strings.Contains(s.String(), "import") || !strings.Contains(s.String(), "field_meta") {
		t.Fatalf("%v\n%s", err, s)
	}
	again, err := Parse(s.String(), nil)
	if err != nil || again.String() != s.String() {
		t.Errorf("%v\n%s", err, again)
	}
	importing := "syntax = \"proto3\";\nimport \"a.proto\";\nmessage B {\n  A a = 1;\n}\n"
	if _, err := Parse(importing, []Ref{{Name: "a.proto", Text: text}}); err != nil {
		t.Errorf("as a reference: %v", err)
	}
	if _, err := Parse("syntax = \"proto3\";\nmessage A {\n  int32 a = 1 [(other.meta) = 1];\n}\n", nil); err == nil {
		t.Error("an unknown option was taken")
	}
}

func TestASerializedDescriptorWithoutJSONNames(t *testing.T) {
	field := func(name string, number int32) *descriptorpb.FieldDescriptorProto {
		return &descriptorpb.FieldDescriptorProto{Name: &name, Number: &number, Type: new(descriptorpb.FieldDescriptorProto_TYPE_INT32), Label: new(descriptorpb.FieldDescriptorProto_LABEL_OPTIONAL)}
	}
	raw, err := proto.Marshal(&descriptorpb.FileDescriptorProto{
		Name: new("x.proto"), Syntax: new("proto3"),
		MessageType: []*descriptorpb.DescriptorProto{{Name: new("V"), Field: []*descriptorpb.FieldDescriptorProto{field("id", 1), field("first_name", 2)}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	s, err := Parse(base64.StdEncoding.EncodeToString(raw), nil)
	if err != nil {
		t.Fatal(err)
	}
	if got := s.File().Messages().Get(0).Fields().Get(1).JSONName(); got != "firstName" {
		t.Error(got)
	}
	if strings.Contains(s.String(), "json_name") {
		t.Error(s)
	}
}
