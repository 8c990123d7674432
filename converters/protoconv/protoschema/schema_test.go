package protoschema

import (
	"encoding/base64"
	"io/fs"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/descriptorpb"
)

func mustParse(t testing.TB, text string, refs ...Ref) *Schema {
	t.Helper()
	s, err := Parse(text, refs)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return s
}

var other = Ref{"other.proto", "syntax = \"proto3\";\npackage com.acme;\n\nmessage OtherRecord {\n  int32 an_id = 1;\n}\n"}

// printed has texts, what the registry makes of them, and what it makes of them with normalize.
var printed = []struct{ name, text, want, normalized string }{
	{"documentation's example", "syntax = \"proto3\";package com.acme;\nimport \"other.proto\"; // a comment\n\n/* and another */ message MyRecord {string f1=1; OtherRecord f2 = 2;}",
		"syntax = \"proto3\";\npackage com.acme;\n\nimport \"other.proto\";\n\nmessage MyRecord {\n  string f1 = 1;\n  OtherRecord f2 = 2;\n}\n",
		"syntax = \"proto3\";\npackage com.acme;\n\nimport \"other.proto\";\n\nmessage MyRecord {\n  string f1 = 1;\n  .com.acme.OtherRecord f2 = 2;\n}\n"},
	{"everything of proto3", `syntax = "proto3";
import public "google/type/date.proto";
import "google/protobuf/timestamp.proto";
import "confluent/meta.proto";
option java_package = "com.acme";
option (confluent.file_meta) = { doc: "a \"doc\"", tags: ["x", 'y'] params [{key: "k" value: "v"}] };
enum E { option allow_alias = true; A = 0; B = 1 [deprecated = true]; C = 1; reserved 5, 7 to 9, 20 to max; reserved "X"; }
message M {
  reserved 10, 12 to 14; reserved "old";
  option deprecated = true;
  message N { enum Q { Z = 0; } Q q = 1; }
  oneof choice { string s = 2; N n = 3; }
  optional int32 i = 1;
  map<string, .M.N> m = 4;
  repeated double d = 5 [packed = false, (confluent.field_meta).doc = 'x'];
  google.protobuf.Timestamp t = 6; google.type.Date day = 7;
  E e = 8;
}
message Empty {}
service S { rpc Get (M) returns (stream Empty) { option deprecated = true; } rpc Put (stream Empty) returns (M); }
`, `syntax = "proto3";

import "google/protobuf/timestamp.proto";
import "confluent/meta.proto";
import public "google/type/date.proto";

option java_package = "com.acme";
option (confluent.file_meta) = {
  doc: "a \"doc\"",
  tags: [
    "x",
    "y"
  ],
  params: [
    {
      key: "k",
      value: "v"
    }
  ]
};

enum E {
  reserved 5;
  reserved 7 to 9;
  reserved 20 to max;
  reserved "X";
  option allow_alias = true;
  A = 0;
  B = 1 [deprecated = true];
  C = 1;
}

message M {
  reserved 10;
  reserved 12 to 14;
  reserved "old";

  option deprecated = true;

  optional int32 i = 1;
  map<string, .M.N> m = 4;
  repeated double d = 5 [
    packed = false,
    (confluent.field_meta).doc = "x"
  ];
  google.protobuf.Timestamp t = 6;
  google.type.Date day = 7;
  E e = 8;

  oneof choice {
    string s = 2;
    N n = 3;
  }

  message N {
    Q q = 1;

    enum Q {
      Z = 0;
    }
  }
}

message Empty {}

service S {
  rpc Get (M) returns (stream Empty) {
    option deprecated = true;
  }
  rpc Put (stream Empty) returns (M);
}
`, ""},
	{"proto2", `message A { required string s = 1 [default = "a\n\001"]; optional group G = 2 { optional bytes b = 1; } extensions 100 to max; repeated int32 r = 3 [packed = true]; extend A { optional int32 x = 100; } }
extend A { optional A y = 101; }`, `message A {
  required string s = 1 [default = "a\n\001"];
  optional group G = 2 {
    optional bytes b = 1;
  }
  repeated int32 r = 3 [packed = true];

  extend A {
    optional int32 x = 100;
  }

  extensions 100 to max;
}

extend A {
  optional A y = 101;
}
`, ""},
	{"proto2 said", `syntax = "proto2"; message A {}`, "syntax = \"proto2\";\n\nmessage A {}\n", ""},
	{"editions", `edition = "2023"; option features.field_presence = IMPLICIT; message A { int32 a = 1; reserved b; }`,
		"edition = \"2023\";\n\noption features.field_presence = IMPLICIT;\n\nmessage A {\n  reserved b;\n\n  int32 a = 1;\n}\n", ""},
}

func TestPrint(t *testing.T) {
	for _, c := range printed {
		s := mustParse(t, c.text, other)
		if diff := cmp.Diff(c.want, s.String()); diff != "" {
			t.Errorf("%s: %s", c.name, diff)
			continue
		}
		if c.normalized != "" {
			if diff := cmp.Diff(c.normalized, s.Normalized()); diff != "" {
				t.Errorf("%s normalized: %s", c.name, diff)
			}
		}
		checkStable(t, s, other)
	}
}

// checkStable holds that prints are read back as they are, and that the serialized form says the same.
func checkStable(t testing.TB, s *Schema, refs ...Ref) {
	t.Helper()
	if again := mustParse(t, s.String(), refs...); again.String() != s.String() {
		t.Errorf("the print is not stable: %s", cmp.Diff(s.String(), again.String()))
	}
	n := mustParse(t, s.Normalized(), refs...)
	if n.Normalized() != s.Normalized() {
		t.Errorf("the normal form is not stable: %s", cmp.Diff(s.Normalized(), n.Normalized()))
	}
	raw, err := s.Serialized()
	if err != nil {
		t.Fatal(err)
	}
	b := mustParse(t, raw, refs...)
	if again := mustParse(t, b.String(), refs...); again.String() != b.String() {
		t.Errorf("the print of the serialized form is not stable: %s", cmp.Diff(b.String(), again.String()))
	}
	if diff := append(Differences(s, b), Differences(b, s)...); len(diff) > 0 {
		t.Errorf("the serialized form differs: %v", diff)
	}
}

func TestSerializedKeepsOptions(t *testing.T) {
	s := mustParse(t, "syntax = \"proto3\";\n\nimport \"confluent/meta.proto\";\n\nmessage M {\n  string a = 1 [(confluent.field_meta) = {\n    params: [\n      {\n        key: \"k\",\n        value: \"v\"\n      }\n    ]\n  }];\n  string b_c = 2 [json_name = \"x\"];\n}\n")
	raw, err := s.Serialized()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(s.String(), mustParse(t, raw).String()); diff != "" {
		t.Error(diff)
	}
}

func TestMessage(t *testing.T) {
	s := mustParse(t, `syntax = "proto3"; package p; enum E { Z = 0; } message A {} message B { message C { message D {} } }`)
	if s.Name() != "p.A" {
		t.Errorf("name %q", s.Name())
	}
	for want, path := range map[string][]int{"p.A": {0}, "p.B": {1}, "p.B.C.D": {1, 0, 0}} {
		if m, err := s.Message(path...); err != nil || string(m.FullName()) != want {
			t.Errorf("%v is %v, %v, want %s", path, m, err, want)
		}
	}
	for _, path := range [][]int{nil, {2}, {-1}, {0, 0}} {
		if m, err := s.Message(path...); err == nil {
			t.Errorf("%v is %v", path, m.FullName())
		}
	}
	if n := mustParse(t, `syntax = "proto3";`).Name(); n != "" {
		t.Errorf("a file without message is named %q", n)
	}
}

func TestBuiltinFiles(t *testing.T) {
	seen := 0
	err := fs.WalkDir(builtin, "builtin", func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		seen++
		mustParse(t, `syntax = "proto3"; import "`+strings.TrimPrefix(path, "builtin/")+`";`)
		return nil
	})
	if err != nil || seen < 20 {
		t.Errorf("%d files, %v", seen, err)
	}
	for _, known := range []string{"any", "duration", "empty", "field_mask", "struct", "timestamp", "wrappers", "descriptor"} {
		mustParse(t, `syntax = "proto3"; import "google/protobuf/`+known+`.proto";`)
	}
}

func TestParseRefuses(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"not proto":    {"syntax = \"proto3\";\nmessage {", "default:2:9"},
		"Avro":         {`{"type":"string"}`, "default:1:1"},
		"base64 junk":  {"AAAA", "neither"},
		"unknown type": {`syntax = "proto3"; message A { B b = 1; }`, "unknown type B"},
		"unknown file": {`syntax = "proto3"; import "/etc/passwd";`, "name it in the references"},
		"outside":      {`syntax = "proto3"; import "../../schema.go";`, "name it in the references"},
		"itself":       {`syntax = "proto3"; import "default";`, "cycle"},
		"number twice": {`syntax = "proto3"; message A { int32 a = 1; int32 b = 1; }`, "1"},
	} {
		if _, err := Parse(c.text, nil); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want one with %q", name, err, c.want)
		}
	}
}

// TestDescriptorsThatNoTextHas refuses names that would print as something else.
func TestDescriptorsThatNoTextHas(t *testing.T) {
	for _, name := range []string{"A {} message B", "a b", "\xff", "M;"} {
		raw, err := proto.Marshal(&descriptorpb.FileDescriptorProto{Name: new("default"), MessageType: []*descriptorpb.DescriptorProto{{Name: &name}}})
		if err != nil {
			raw = append([]byte{0x22, byte(len(name) + 2), 0x0a, byte(len(name))}, name...)
		}
		if s, err := Parse(base64.StdEncoding.EncodeToString(raw), nil); err == nil {
			t.Errorf("%q is %q", name, s.String())
		}
	}
}

func TestIncompatibilities(t *testing.T) {
	in := func(fields string) string {
		return `syntax = "proto3"; package p; message M { ` + fields + ` } message N {} enum E { Z = 0; }`
	}
	two := func(fields string) string { return `syntax = "proto2"; package p; message M { ` + fields + ` }` }
	for _, c := range []struct{ name, reader, writer, want string }{
		{"the same", in("int32 a = 1;"), in("int32 a = 1;"), ""},
		{"field added", in("int32 a = 1; string b = 2;"), in("int32 a = 1;"), ""},
		{"field removed", in(""), in("int32 a = 1;"), ""},
		{"field renamed", in("int32 b = 1;"), in("int32 a = 1;"), ""},
		{"varints", in("int64 a = 1; bool b = 2; E c = 3; uint32 d = 4;"), in("int32 a = 1; uint64 b = 2; int32 c = 3; E d = 4;"), ""},
		{"strings", in("bytes a = 1;"), in("string a = 1;"), ""},
		{"zigzag", in("sint32 a = 1; sint64 b = 2;"), in("int32 a = 1; sint32 b = 2;"), "FIELD_SCALAR_KIND_CHANGED #/M/1"},
		{"fixed", in("fixed32 a = 1; sfixed64 b = 2; fixed64 c = 3;"), in("sfixed32 a = 1; fixed64 b = 2; fixed32 c = 3;"), "FIELD_SCALAR_KIND_CHANGED #/M/3"},
		{"float", in("double a = 1;"), in("float a = 1;"), "FIELD_SCALAR_KIND_CHANGED #/M/1"},
		{"scalar to message", in("N a = 1;"), in("string a = 1;"), "FIELD_KIND_CHANGED #/M/1"},
		{"other message", in("M a = 1;"), in("N a = 1;"), "FIELD_NAMED_TYPE_CHANGED #/M/1"},
		{"map", in("map<string, int32> a = 1;"), in("map<string, string> a = 1;"), "FIELD_SCALAR_KIND_CHANGED #/M/1"},
		{"map of longs", in("map<string, int64> a = 1;"), in("map<bytes_, int32> a = 1;"), "parse"},
		{"map to message", in("N a = 1;"), in("map<string, int32> a = 1;"), "FIELD_KIND_CHANGED #/M/1"},
		{"repeated numbers", in("repeated int32 a = 1;"), in("int32 a = 1;"), "FIELD_NUMERIC_LABEL_CHANGED #/M/1"},
		{"repeated strings", in("repeated string a = 1;"), in("string a = 1;"), ""},
		{"message removed", `syntax = "proto3"; package p; message M {}`, in(""), "MESSAGE_REMOVED #/N"},
		{"nested message removed", in(""), in("message I {}"), "MESSAGE_REMOVED #/M/I"},
		{"message added", in("message I {}"), in(""), ""},
		{"package changed", strings.Replace(in("N n = 1;"), "package p", "package q", 1), in("N n = 1;"), ""},
		{"enum constants changed", strings.Replace(in(""), "Z = 0", "Y = 0; X = 1", 1), in(""), ""},
		{"one field into a new oneof", in("oneof o { int32 a = 1; string b = 2; }"), in("int32 a = 1;"), ""},
		{"two fields into a oneof", in("oneof o { int32 a = 1; string b = 2; }"), in("int32 a = 1; string b = 2;"), "MULTIPLE_FIELDS_MOVED_TO_ONEOF #/M/o"},
		{"field into an old oneof", in("oneof o { int32 a = 1; string b = 2; }"), in("int32 a = 1; oneof o { string b = 2; }"), "FIELD_MOVED_TO_EXISTING_ONEOF #/M/o/1"},
		{"oneof field removed", in("oneof o { int32 a = 1; }"), in("oneof o { int32 a = 1; string b = 2; }"), "ONEOF_FIELD_REMOVED #/M/o/2"},
		{"optional", in("optional int32 a = 1; optional string b = 2;"), in("int32 a = 1; string b = 2;"), ""},
		{"required added", two("required int32 a = 1;"), two(""), "REQUIRED_FIELD_ADDED #/M/1"},
		{"required removed", two(""), two("required int32 a = 1;"), "REQUIRED_FIELD_REMOVED #/M/1"},
		{"group", two("optional group A = 1 {optional int32 x = 1;}"), two("optional group A = 1 {optional string x = 1;}"), "FIELD_SCALAR_KIND_CHANGED #/M/A/1"},
		{"recursive", in("M m = 1;"), in("M m = 1;"), ""},
	} {
		r, err := Parse(c.reader, nil)
		w, err2 := Parse(c.writer, nil)
		if c.want == "parse" {
			if err == nil && err2 == nil {
				t.Errorf("%s: parsed", c.name)
			}
			continue
		}
		if err != nil || err2 != nil {
			t.Errorf("%s: %v, %v", c.name, err, err2)
			continue
		}
		var got []string
		for _, d := range Differences(r, w) {
			got = append(got, d.Type+" "+d.Path)
		}
		if g := strings.Join(got, ", "); g != c.want {
			t.Errorf("%s: got %q, want %q", c.name, g, c.want)
		}
	}
}

func TestIncompatibilitiesOfImports(t *testing.T) {
	text := `syntax = "proto3"; import "o.proto"; message M { O o = 1; }`
	r := mustParse(t, text, Ref{"o.proto", `syntax = "proto3"; message O { string a = 1; }`})
	w := mustParse(t, text, Ref{"o.proto", `syntax = "proto3"; message O { int32 a = 1; }`})
	want := []string{`{errorType:"FIELD_SCALAR_KIND_CHANGED", description:"The kind of a SCALAR field at path '#/M/1/1' in the new schema does not match its kind in the old schema"}`}
	if diff := cmp.Diff(want, Incompatibilities(r, w)); diff != "" {
		t.Error(diff)
	}
}

func FuzzParse(f *testing.F) {
	for _, c := range printed {
		f.Add(c.text)
	}
	f.Add("CgdkZWZhdWx0IgMKAU0=")
	f.Fuzz(func(t *testing.T, text string) {
		s, err := Parse(text, []Ref{other})
		if err != nil {
			return
		}
		if diff := Differences(s, s); len(diff) > 0 {
			t.Errorf("%q is not compatible with itself: %v", text, diff)
		}
		if _, ok := serialized(text); !ok {
			checkStable(t, s, other)
		}
	})
}

func FuzzIncompatibilities(f *testing.F) {
	f.Add(printed[0].text, printed[0].want)
	f.Add(printed[1].text, printed[2].text)
	f.Fuzz(func(t *testing.T, reader, writer string) {
		r, err := Parse(reader, []Ref{other})
		if err != nil {
			return
		}
		w, err := Parse(writer, []Ref{other})
		if err != nil {
			return
		}
		if a, b := Incompatibilities(r, w), Incompatibilities(r, w); !cmp.Equal(a, b) {
			t.Errorf("not the same twice: %v", cmp.Diff(a, b))
		}
	})
}
