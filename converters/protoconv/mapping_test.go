package protoconv

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kurier-io/kurier/converters/protoconv/protoschema"
	"github.com/kurier-io/kurier/plugins/data"
)

func tag(b *data.Builder, n string) *data.Schema { return b.Param(tagParam, n).MustBuild() }

func status() *data.Builder {
	return data.Of(data.String).Name("Status").Param(protoEnum, "Status").Param(protoEnum+".ACTIVE", "0").Param(protoEnum+".INACTIVE", "1")
}

// writtenSchemas has Connect schemas and the files that are registered for them; the forms of maps, defaults and nested names are those
// of Confluent's documentation and of files that its converter registered.
var writtenSchemas = []struct {
	name string
	o    protoData
	s    *data.Schema
	want string
}{
	{"primitives", protoData{}, data.StructOf().Name("a.b.R").Field("i8", of(data.Int8)).Field("i16", opt(data.Int16)).Field("i32", of(data.Int32)).Field("i64", of(data.Int64)).
		Field("f32", of(data.Float32)).Field("f64", of(data.Float64)).Field("b", of(data.Boolean)).Field("s", opt(data.String)).Field("by", of(data.Bytes)).MustBuild(),
		`syntax = "proto3";
package a.b;

import "confluent/meta.proto";

message R {
  int32 i8 = 1 [(confluent.field_meta) = {
    params: [
      {
        key: "connect.type",
        value: "int8"
      }
    ]
  }];
  int32 i16 = 2 [(confluent.field_meta) = {
    params: [
      {
        key: "connect.type",
        value: "int16"
      }
    ]
  }];
  int32 i32 = 3;
  int64 i64 = 4;
  float f32 = 5;
  double f64 = 6;
  bool b = 7;
  string s = 8;
  bytes by = 9;
}
`},
	{"names and numbers of its own", protoData{}, data.StructOf().Field("K", data.StructOf().Field("F1", data.ArrayOf(of(data.String)).MustBuild()).MustBuild()).
		Field("MAP", data.MapOf(of(data.String), opt(data.String)).MustBuild()).Field("STRUCT", data.StructOf().Field("F1", of(data.Int32)).MustBuild()).
		Field("MAP_MAP", data.MapOf(of(data.String), data.MapOf(of(data.String), of(data.Int32)).MustBuild()).MustBuild()).
		Field("named", data.MapOf(of(data.Int32), of(data.String)).Name("x.map_type").MustBuild()).MustBuild(),
		`syntax = "proto3";

message ConnectDefault1 {
  ConnectDefault2 K = 1;
  repeated ConnectDefault3Entry MAP = 2;
  ConnectDefault4 STRUCT = 3;
  repeated ConnectDefault5Entry MAP_MAP = 4;
  repeated MapTypeEntry named = 5;

  message ConnectDefault2 {
    repeated string F1 = 1;
  }

  message ConnectDefault3Entry {
    string key = 1;
    string value = 2;
  }

  message ConnectDefault4 {
    int32 F1 = 1;
  }

  message ConnectDefault5Entry {
    string key = 1;
    repeated ConnectDefault6Entry value = 2;

    message ConnectDefault6Entry {
      string key = 1;
      int32 value = 2;
    }
  }

  message MapTypeEntry {
    int32 key = 1;
    string value = 2;
  }
}
`},
	{"numbers of parameters", protoData{}, data.StructOf().Name("R").Field("new", of(data.String)).Field("a", tag(data.Of(data.String), "1")).Field("b", tag(data.Of(data.Int32), "3")).
		Field("last", of(data.Int32)).MustBuild(), "syntax = \"proto3\";\n\nmessage R {\n  string new = 2;\n  string a = 1;\n  int32 b = 3;\n  int32 last = 4;\n}\n"},
	{"types of parameters", protoData{}, data.StructOf().Name("R").Field("a", data.Of(data.Int32).Param(typeParam, "sint32").MustBuild()).
		Field("b", data.Of(data.Int64).Param(typeParam, "uint32").MustBuild()).Field("c", data.Of(data.Int32).Param(typeParam, "string").MustBuild()).MustBuild(),
		"syntax = \"proto3\";\n\nmessage R {\n  sint32 a = 1;\n  uint32 b = 2;\n  int32 c = 3;\n}\n"},
	{"logical types", protoData{}, data.StructOf().Name("R").Field("dec", data.DecimalOf(2).Param(precisionParam, "4").MustBuild()).Field("d", data.DateOf().MustBuild()).
		Field("t", data.TimeOf().MustBuild()).Field("ts", data.TimestampOf().MustBuild()).Field("ts2", data.TimestampOf().Optional().MustBuild()).MustBuild(),
		`syntax = "proto3";

import "confluent/type/decimal.proto";
import "confluent/meta.proto";
import "google/type/date.proto";
import "google/type/timeofday.proto";
import "google/protobuf/timestamp.proto";

message R {
  confluent.type.Decimal dec = 1 [(confluent.field_meta) = {
    params: [
      {
        key: "precision",
        value: "4"
      },
      {
        key: "scale",
        value: "2"
      }
    ]
  }];
  google.type.Date d = 2;
  google.type.TimeOfDay t = 3;
  google.protobuf.Timestamp ts = 4;
  google.protobuf.Timestamp ts2 = 5;
}
`},
	{"a name that a field has", protoData{}, data.StructOf().Name("com.google.R").Field("nested", data.StructOf().Name("x.nested").Field("at", data.TimestampOf().MustBuild()).MustBuild()).MustBuild(),
		"syntax = \"proto3\";\npackage com.google;\n\nimport \"google/protobuf/timestamp.proto\";\n\nmessage R {\n  nestedMessage nested = 1;\n\n  message nestedMessage {\n    .google.protobuf.Timestamp at = 1;\n  }\n}\n"},
	{"union and enum", protoData{}, data.StructOf().Name("R").
		Field("some_val_0", data.StructOf().Name(unionPrefix+"some_val").Optional().Field("one_id", tag(data.Of(data.String).Optional(), "1")).Field("other_id", tag(data.Of(data.Int32).Optional(), "2")).MustBuild()).
		Field("status", tag(status().Optional(), "4")).Field("statuses", data.ArrayOf(status().MustBuild()).MustBuild()).MustBuild(),
		"syntax = \"proto3\";\n\nmessage R {\n  Status status = 4;\n  repeated Status statuses = 3;\n\n  oneof some_val {\n    string one_id = 1;\n    int32 other_id = 2;\n  }\n\n  enum Status {\n    ACTIVE = 0;\n    INACTIVE = 1;\n  }\n}\n"},
	{"optional", protoData{OptionalForNullables: true}, data.StructOf().Name("R").Field("a", opt(data.String)).Field("b", of(data.String)).Field("l", data.ArrayOf(opt(data.Int32)).Optional().MustBuild()).
		Field("t", data.DateOf().Optional().MustBuild()).MustBuild(),
		"syntax = \"proto3\";\n\nimport \"google/type/date.proto\";\n\nmessage R {\n  optional string a = 1;\n  string b = 2;\n  repeated int32 l = 3;\n  optional google.type.Date t = 4;\n}\n"},
	{"wrappers", protoData{WrapperForNullables: true}, data.StructOf().Name("R").Field("a", opt(data.String)).Field("b", of(data.String)).
		Field("u", data.Of(data.Int64).Param(typeParam, "uint64").Optional().MustBuild()).Field("m", data.MapOf(opt(data.String), of(data.Int32)).MustBuild()).MustBuild(),
		"syntax = \"proto3\";\n\nimport \"google/protobuf/wrappers.proto\";\n\nmessage R {\n  google.protobuf.StringValue a = 1;\n  string b = 2;\n  google.protobuf.UInt64Value u = 3;\n  repeated ConnectDefault1Entry m = 4;\n\n  message ConnectDefault1Entry {\n    google.protobuf.StringValue key = 1;\n    int32 value = 2;\n  }\n}\n"},
	{"scrubbed", protoData{Scrub: true}, data.StructOf().Name("my-srv.1x.R-é").Field("a-b", of(data.Int32)).Field("1", of(data.Int32)).MustBuild(),
		"syntax = \"proto3\";\npackage my_srv.x1x;\n\nmessage R__C3_A9 {\n  int32 a_b = 1;\n  int32 x1 = 2;\n}\n"},
	{"names that mean something else", protoData{}, data.StructOf().Name("R").Field("a", data.StructOf().Name("x.string").MustBuild()).Field("F", data.StructOf().Name("F").MustBuild()).
		Field("FMessage", of(data.Int32)).Field("option", of(data.Int32)).MustBuild(),
		"syntax = \"proto3\";\n\nmessage R {\n  stringMessage a = 1;\n  FMessageMessage F = 2;\n  int32 FMessage = 3;\n  int32 option = 4;\n\n  message stringMessage {}\n\n  message FMessageMessage {}\n}\n"},
	{"one struct twice", protoData{}, data.StructOf().Name("s.Envelope").Field("before", data.StructOf().Name("s.Value").Field("id", of(data.Int32)).Optional().MustBuild()).
		Field("after", data.StructOf().Name("s.Value").Field("id", of(data.Int32)).MustBuild()).MustBuild(),
		"syntax = \"proto3\";\npackage s;\n\nmessage Envelope {\n  Value before = 1;\n  Value after = 2;\n\n  message Value {\n    int32 id = 1;\n  }\n}\n"},
}

func TestSchemasAreWritten(t *testing.T) {
	for _, tc := range writtenSchemas {
		got, err := tc.o.translate(tc.s)
		if err != nil {
			t.Errorf("%s: %v", tc.name, err)
			continue
		}
		if diff := cmp.Diff(tc.want, got.schema.String()); diff != "" {
			t.Errorf("%s: %s", tc.name, diff)
		}
	}
}

func TestPrimitiveRootsAreWrapped(t *testing.T) {
	for typ, want := range map[data.Type]string{
		data.Int8: "google.protobuf.Int32Value", data.Int64: "google.protobuf.Int64Value", data.Boolean: "google.protobuf.BoolValue", data.String: "google.protobuf.StringValue",
		data.Bytes: "google.protobuf.BytesValue", data.Float32: "google.protobuf.FloatValue", data.Float64: "google.protobuf.DoubleValue",
	} {
		got, err := new(protoData).translate(of(typ))
		if err != nil || string(got.message.FullName()) != want || !strings.HasPrefix(got.schema.String(), "syntax = \"proto3\";\npackage google.protobuf;\n") {
			t.Errorf("%s: %v %v", typ, got.message, err)
		}
	}
}

// readSchemas has messages and the Connect schemas that they are read as.
var readSchemas = []struct {
	name, text string
	o          protoData
	want       *data.Schema
}{
	{"integers", `message M { int32 a = 1; sint32 b = 2; sfixed32 c = 3; int64 d = 4; uint32 e = 5; fixed64 f = 16; }`, protoData{}, data.StructOf().Name("M").Version(3).
		Field("a", tag(data.Of(data.Int32).Optional(), "1")).Field("b", tag(data.Of(data.Int32).Optional().Param(typeParam, "sint32"), "2")).
		Field("c", tag(data.Of(data.Int32).Optional().Param(typeParam, "sfixed32"), "3")).Field("d", tag(data.Of(data.Int64).Optional(), "4")).
		Field("e", tag(data.Of(data.Int64).Optional().Param(typeParam, "uint32"), "5")).Field("f", tag(data.Of(data.Int64).Optional().Param(typeParam, "fixed64"), "16")).MustBuild()},
	{"others", `message M { float a = 1; double b = 2; bool c = 3; string d = 4; bytes e = 5; repeated string f = 6; map<string, int32> map_type = 7; repeated ConnectDefault2Entry g = 8;
		message ConnectDefault2Entry { string key = 1; N value = 2; } message N { bool x = 1; } }`, protoData{}, data.StructOf().Name("M").Version(3).
		Field("a", tag(data.Of(data.Float32).Optional(), "1")).Field("b", tag(data.Of(data.Float64).Optional(), "2")).Field("c", tag(data.Of(data.Boolean).Optional(), "3")).
		Field("d", tag(data.Of(data.String).Optional(), "4")).Field("e", tag(data.Of(data.Bytes).Optional(), "5")).Field("f", tag(data.ArrayOf(opt(data.String)).Optional(), "6")).
		Field("map_type", tag(data.MapOf(tag(data.Of(data.String).Optional(), "1"), tag(data.Of(data.Int32).Optional(), "2")).Name("map_type").Optional(), "7")).
		Field("g", tag(data.MapOf(tag(data.Of(data.String).Optional(), "1"), tag(data.StructOf().Name("N").Field("x", tag(data.Of(data.Boolean).Optional(), "1")).Optional(), "2")).Name("connect_default2").Optional(), "8")).
		MustBuild()},
	{"oneof and enum", `message M { enum Status { ACTIVE = 0; INACTIVE = 1; } Status status = 4; oneof some_val { string one_id = 1; int32 other_id = 2; } }`, protoData{GenerateIndex: true}, data.StructOf().Name("M").Version(3).
		Field("some_val_0", data.StructOf().Name(unionPrefix+"some_val").Optional().Field("one_id", tag(data.Of(data.String).Optional(), "1")).Field("other_id", tag(data.Of(data.Int32).Optional(), "2")).MustBuild()).
		Field("status", tag(status().Optional(), "4")).MustBuild()},
	{"generalized, integers, without index", `package p; message M { enum Status { ACTIVE = 0; } Status status = 4; oneof some_val { string one_id = 1; } }`, protoData{Generalized: true, IntForEnums: true, Enhanced: true}, data.StructOf().Name("p.M").Version(3).
		Field("some_val", data.StructOf().Name("some_val").Param(generalUnion, "some_val").Optional().Field("one_id", tag(data.Of(data.String).Optional(), "1")).MustBuild()).
		Field("status", tag(data.Of(data.Int32).Name("p.M.Status").Param(generalEnum, "p.M.Status").Param(generalEnum+".ACTIVE", "0").Optional(), "4")).MustBuild()},
	{"flattened", `message M { string a = 1; oneof o { string b = 2; M2 c = 3; } message M2 {} }`, protoData{FlattenUnions: true}, data.StructOf().Name("M").Version(3).
		Field("b", tag(data.Of(data.String).Optional(), "2")).Field("c", tag(data.StructOf().Name("M2").Optional(), "3")).Field("a", tag(data.Of(data.String).Optional(), "1")).MustBuild()},
	{"logical", `import "confluent/type/decimal.proto"; import "confluent/meta.proto"; import "google/type/date.proto"; import "google/type/timeofday.proto"; import "google/protobuf/timestamp.proto";
		message M { confluent.type.Decimal a = 1 [(confluent.field_meta) = { params: [{key: "precision", value: "8"}, {key: "scale", value: "3"}] }]; google.type.Date b = 2; google.type.TimeOfDay c = 3;
		google.protobuf.Timestamp d = 4; int32 e = 5 [(confluent.field_meta).params = {key: "connect.type", value: "int8"}]; confluent.type.Decimal f = 6; }`, protoData{}, data.StructOf().Name("M").Version(3).
		Field("a", tag(data.DecimalOf(3).Param(precisionParam, "8").Optional(), "1")).Field("b", tag(data.DateOf().Optional(), "2")).Field("c", tag(data.TimeOf().Optional(), "3")).
		Field("d", tag(data.TimestampOf().Optional(), "4")).Field("e", tag(data.Of(data.Int8).Optional(), "5")).Field("f", tag(data.DecimalOf(0).Optional(), "6")).MustBuild()},
	{"optional", `message M { optional int32 a = 1; int32 b = 2; repeated int32 c = 3; N d = 4; message N {} }`, protoData{OptionalForNullables: true}, data.StructOf().Name("M").Version(3).
		Field("a", tag(data.Of(data.Int32).Optional(), "1")).Field("b", tag(data.Of(data.Int32), "2")).Field("c", tag(data.ArrayOf(opt(data.Int32)).Optional(), "3")).
		Field("d", tag(data.StructOf().Name("N").Optional(), "4")).MustBuild()},
	{"wrappers", `import "google/protobuf/wrappers.proto"; message M { google.protobuf.StringValue a = 1; int32 b = 2; google.protobuf.UInt32Value c = 3; }`, protoData{WrapperForNullables: true}, data.StructOf().Name("M").Version(3).
		Field("a", tag(data.Of(data.String).Optional(), "1")).Field("b", tag(data.Of(data.Int32), "2")).Field("c", tag(data.Of(data.Int64).Param(typeParam, "uint32").Optional(), "3")).MustBuild()},
	{"wrappers as structs", `import "google/protobuf/wrappers.proto"; message M { google.protobuf.StringValue a = 1; }`, protoData{}, data.StructOf().Name("M").Version(3).
		Field("a", tag(data.StructOf().Name("StringValue").Field("value", tag(data.Of(data.String).Optional(), "1")).Optional(), "1")).MustBuild()},
}

func readSchema(t testing.TB, o *protoData, text string) (*data.Schema, error) {
	t.Helper()
	if !strings.HasPrefix(text, "syntax") {
		text = `syntax = "proto3"; ` + text
	}
	p, err := protoschema.Parse(text, nil)
	if err != nil {
		t.Fatal(err)
	}
	m, _ := p.Message(0)
	return o.read(m, 3)
}

func TestSchemasAreRead(t *testing.T) {
	for _, tc := range readSchemas {
		got, err := readSchema(t, &tc.o, tc.text)
		if err != nil {
			t.Errorf("%s: %v", tc.name, err)
			continue
		}
		if !got.Equal(tc.want) {
			t.Errorf("%s: %s", tc.name, cmp.Diff(describe(tc.want, 0), describe(got, 0)))
		}
	}
}

// describe prints all of a schema for a difference.
func describe(s *data.Schema, depth int) string {
	v, _ := s.Version()
	out := s.String()
	if s.Optional() {
		out += "?"
	}
	if v != 0 {
		out += " v"
	}
	for _, p := range s.Params() {
		out += " " + p.Name + "=" + p.Value
	}
	in := "\n" + strings.Repeat("  ", depth+1)
	if s.KeySchema() != nil {
		out += in + "key " + describe(s.KeySchema(), depth+1)
	}
	if s.ValueSchema() != nil {
		out += in + "value " + describe(s.ValueSchema(), depth+1)
	}
	for _, f := range s.Fields() {
		out += in + f.Name + " " + describe(f.Schema, depth+1)
	}
	return out
}

func TestProto2SchemasAreRead(t *testing.T) {
	const text = `syntax = "proto2"; message M { required int32 r = 1; optional int32 o = 2 [default = 7]; repeated int32 l = 3; }`
	for _, tc := range []struct {
		o    protoData
		want string // which fields are optional
	}{
		{protoData{}, "r,o,l"}, {protoData{OptionalForNullables: true, OptionalForProto2: true}, "o,l"}, {protoData{OptionalForNullables: true}, "l"},
	} {
		s, err := readSchema(t, &tc.o, text)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, f := range s.Fields() {
			if f.Schema.Optional() {
				got = append(got, f.Name)
			}
		}
		if strings.Join(got, ",") != tc.want {
			t.Errorf("%+v: %v", tc.o, got)
		}
	}
}

func TestSchemasThatCannotBeRead(t *testing.T) {
	for want, text := range map[string]string{
		"the message M contains itself":   `message M { N n = 1; } message N { repeated M m = 1; }`,
		"(field n.m)":                     `message M { N n = 1; } message N { repeated M m = 1; }`,
		"XEntry contains itself":          `message M { repeated XEntry e = 1; } message XEntry { string key = 1; repeated XEntry value = 2; }`,
		"Unknown schema type: GROUP":      `syntax = "proto2"; message M { optional group G = 1 { optional int32 a = 1; } }`,
		`is "x", not a number`:            `import "confluent/type/decimal.proto"; import "confluent/meta.proto"; message M { confluent.type.Decimal a = 1 [(confluent.field_meta).params = {key: "scale", value: "x"}]; }`,
		"unfolds to more than 100000":     doubling(18),
		"the schema nests more than 100 ": chain(120),
	} {
		if _, err := readSchema(t, &protoData{}, text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
}
