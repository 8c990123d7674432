package protoconv

import (
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/dynamicpb"

	"github.com/kurier-io/kurier/converters/protoconv/protoschema"
	"github.com/kurier-io/kurier/plugins/data"
)

// fuzzed has messages with all that a decoder tells apart.
var fuzzed = []string{
	`syntax = "proto3"; message M { int32 a = 1; sint32 b = 2; sfixed32 c = 3; int64 d = 4; uint32 e = 5; fixed64 f = 6; sint64 g = 7; fixed32 h = 8; float i = 9; double j = 10; bool k = 11; string l = 12; bytes m = 13; enum E { A = 0; B = 1; } E n = 14; uint64 o = 1500; }`,
	`syntax = "proto3"; message M { repeated int32 a = 1; repeated string b = 2; repeated N c = 3; map<string, N> d = 4; map<int32, bytes> e = 5; repeated fixed32 f = 6 [packed = false]; repeated double g = 7; message N { int32 x = 1; N2 y = 2; } message N2 { repeated bool z = 1; } repeated XEntry h = 8; message XEntry { optional string key = 1; optional int64 value = 2; } }`,
	`syntax = "proto3"; message M { oneof o { int32 a = 1; string b = 2; N c = 3; } oneof p { N d = 4; bytes e = 5; } optional int32 f = 6; optional N g = 7; message N { int32 x = 1; string y = 2; } }`,
	`syntax = "proto2"; message M { required int32 a = 1; optional string b = 2 [default = "x"]; repeated N c = 3; optional N d = 4; message N { required bool x = 1; } enum E { A = 3; } optional E e = 5; repeated int32 f = 6 [packed = true]; }`,
	`syntax = "proto3"; import "google/protobuf/timestamp.proto"; import "google/type/timeofday.proto"; import "google/type/date.proto"; import "confluent/type/decimal.proto"; import "google/protobuf/wrappers.proto";
	message M { google.protobuf.Timestamp a = 1; google.type.TimeOfDay b = 2; google.type.Date c = 3; confluent.type.Decimal d = 4; google.protobuf.StringValue e = 5; repeated google.protobuf.Timestamp f = 6; map<string, confluent.type.Decimal> g = 7; }`,
}

// FuzzRead reads bytes: no panic; what protobuf-go refuses is refused, and nothing else but values that Connect has no place for; a value
// fits the schema that it comes with, and is written and read again as the same.
func FuzzRead(f *testing.F) {
	var messages []protoreflect.MessageDescriptor
	for _, text := range fuzzed {
		s, err := protoschema.Parse(text, nil)
		if err != nil {
			f.Fatal(err)
		}
		m, _ := s.Message(0)
		messages = append(messages, m)
		for flags := range byte(4) {
			for _, body := range []string{"", "\x08\x01\x12\x01a\x1a\x02\x08\x01\x22\x02\x0a\x00", "\x0a\x02\x08\x01\x12\x00\x32\x02\x08\x05", "\x08\x01\x0a\x03\x01\x02\x03\x22\x05\x0a\x01\x05\x18\x02\x1a\x06\x08\xe1\x0f\x10\x01\x18\x02"} {
				f.Add(byte(len(messages)-1), flags, []byte(body))
			}
		}
	}
	f.Fuzz(func(t *testing.T, which, flags byte, body []byte) {
		m := messages[int(which)%len(messages)]
		o := &protoData{
			OptionalForNullables: flags&1 != 0, WrapperForNullables: flags&2 != 0, GenerateStruct: flags&4 != 0, FlattenUnions: flags&8 != 0, IntForEnums: flags&16 != 0,
			WrapperForRaw: flags&32 != 0, OptionalForProto2: flags&64 == 0, GenerateIndex: true,
		}
		s, err := o.read(m, 0)
		if err != nil {
			t.Fatal(err)
		}
		plan, err := o.decoder(s, m)
		if err != nil {
			t.Fatal(err)
		}
		var r reader
		v, err := r.root(plan, body)
		panicked, theirs := unmarshal(body, m)
		if panicked {
			return
		}
		if (theirs == nil) != (err == nil) {
			for _, only := range []string{"not in the calendar", "not one of a day", "too many values"} {
				if err != nil && strings.Contains(err.Error(), only) {
					return
				}
			}
			t.Fatalf("%v; protobuf-go: %v", err, theirs)
		}
		if err != nil {
			return
		}
		if err := v.Struct().Validate(); err != nil {
			t.Fatalf("%s: %v", v, err)
		}
		again(t, o, s, m, v)
	})
}

// unmarshal has protobuf-go read a message. Its maps panic when a key comes twice, the second time with another wire type.
func unmarshal(body []byte, m protoreflect.MessageDescriptor) (panicked bool, err error) {
	defer func() { panicked = recover() != nil }()
	return false, proto.Unmarshal(body, dynamicpb.NewMessage(m))
}

// again writes a value as the message that it was read from, and reads it.
func again(t *testing.T, o *protoData, s *data.Schema, m protoreflect.MessageDescriptor, v data.Value) {
	p, err := o.compile(s, m)
	if err != nil {
		t.Fatal(err)
	}
	b, err := p.appendRoot(nil, v)
	if err != nil {
		for _, only := range []string{"is not in the enum symbol set", "the year"} { // what symbols that are not known are called; google.type.Date says nothing of other years
			if strings.Contains(err.Error(), only) {
				return
			}
		}
		t.Fatalf("%s: %v", v, err)
	}
	if err := proto.Unmarshal(b, dynamicpb.NewMessage(m)); err != nil {
		t.Fatalf("%x: %v", b, err)
	}
	plan, err := o.decoder(s, m)
	if err != nil {
		t.Fatal(err)
	}
	var r reader
	back, err := r.root(plan, b)
	if err != nil || back.String() != v.String() {
		t.Fatalf("%s\nwas %s: %v", back, v, err)
	}
}
