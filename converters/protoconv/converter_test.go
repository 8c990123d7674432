package protoconv

import (
	"encoding/hex"
	"strings"
	"testing"

	"github.com/kurier-io/kurier/converters/subject"
	"github.com/kurier-io/kurier/plugins/connect"
	"github.com/kurier-io/kurier/plugins/data"
	"github.com/kurier-io/kurier/plugins/registry"
)

// TestDefaultsComeBack: without a setting that tells null from zero, what was null is read as zero.
func TestDefaultsComeBack(t *testing.T) {
	c := newRegistry(t).open(t)
	b, ok, err := c.FromConnectData(nil, "t", benchSchema, benchRow())
	if err != nil || !ok {
		t.Fatal(err)
	}
	s, v, err := c.ToConnectData("t", b)
	if err != nil {
		t.Fatal(err)
	}
	const want = "Struct{id=123456789,name=Ada Lovelace,email=ada@example.com,age=36,active=true,score=97.25,city=London,visits=4711,created=Fri Aug 23 14:34:54 UTC 2019,updated=Fri Aug 23 14:36:39 UTC 2019,status=shipped,note=}"
	if v.String() != want || s.Name() != "Value" || v.Struct().Schema() != s {
		t.Errorf("%s %s", s, v)
	}
}

func TestNullsAreNotWritten(t *testing.T) {
	r := newRegistry(t)
	c := r.open(t)
	for _, s := range []*data.Schema{nil, of(data.Int32), opt(data.String), benchSchema} {
		if b, ok, err := c.FromConnectData(nil, "t", s, data.Null()); b != nil || ok || err != nil {
			t.Error(b, ok, err)
		}
	}
	if s, v, err := c.ToConnectData("t", nil); s != nil || !v.IsNull() || err != nil {
		t.Error(s, v, err)
	}
	if r.Asked != 0 {
		t.Error("the registry was asked")
	}
}

// TestNullsAndDefaults has what a field without a value is written as.
func TestNullsAndDefaults(t *testing.T) {
	seven, err := opt(data.Int32).WithDefault(i32(7))
	if err != nil {
		t.Fatal(err)
	}
	s := data.StructOf().Name("R").Field("a", seven).Field("b", opt(data.Int32)).MustBuild()
	for settings, want := range map[string]string{"": "0807", "ignore.default.for.nullables=true": "", "optional.for.nullables=true": "0807"} {
		b, _, err := newRegistry(t).open(t, settings).FromConnectData(nil, "t", s, row(s, data.Null(), data.Null()))
		if err != nil || hex.EncodeToString(b[6:]) != want {
			t.Errorf("%s: %x %v", settings, b, err)
		}
	}
	inner := data.StructOf().Name("I").Field("x", of(data.Int32)).MustBuild()
	withDefault, err := inner.AsOptional(true).WithDefault(row(inner.AsOptional(true), i32(9)))
	if err != nil {
		t.Fatal(err)
	}
	s = data.StructOf().Name("R").Field("a", withDefault).MustBuild()
	b, _, err := newRegistry(t).open(t).FromConnectData(nil, "t", s, row(s, data.Null()))
	if err != nil || hex.EncodeToString(b[6:]) != "0a020809" {
		t.Errorf("%x %v", b, err)
	}
}

func TestMessagesThatAreNotSet(t *testing.T) {
	const text = `message M { N n = 1; oneof o { N m = 2; } message N { int32 a = 1; P p = 2; } message P { string s = 1; } }`
	for settings, want := range map[string]string{"": "Struct{}", "generate.struct.for.nulls=true": "Struct{n=Struct{a=0,p=Struct{s=}}}"} {
		_, v, err := readWith(t, text, "", settings)
		if err != nil || v.String() != want {
			t.Errorf("%s: %s %v", settings, v, err)
		}
	}
	_, v, err := readWith(t, text, "0a00", "generate.struct.for.nulls=true")
	if err != nil || v.String() != "Struct{n=Struct{a=0,p=Struct{s=}}}" {
		t.Error(v, err)
	}
}

func TestUnionsAreWritten(t *testing.T) {
	u := data.StructOf().Name(unionPrefix+"o").Optional().Field("a", tag(data.Of(data.Int32).Optional(), "4")).Field("b", tag(data.Of(data.String).Optional(), "2")).MustBuild()
	s := data.StructOf().Name("R").Field("o_0", u).Field("c", of(data.Int32)).MustBuild()
	for want, v := range map[string]data.Value{
		"0801" + "2000": row(u, i32(0), data.Null()), "0801" + "1200": row(u, data.Null(), str("")), "0801": data.Null(), "0801" + "2005": row(u, i32(5), str("not the first")),
	} {
		b, _, err := newRegistry(t).open(t).FromConnectData(nil, "t", s, row(s, v, i32(1)))
		if err != nil || hex.EncodeToString(b[6:]) != want {
			t.Errorf("%s: %x %v, want %s", v, b[min(6, len(b)):], err, want)
		}
	}
}

func TestFlattenedUnions(t *testing.T) {
	const text = `message M { oneof o { string a = 1; int32 b = 2; } }`
	for body, want := range map[string]string{"": "Struct{}", "1000": "Struct{b=0}", "10000a0161": "Struct{a=a}"} {
		_, v, err := readWith(t, text, body, "flatten.unions=true")
		if err != nil || v.String() != want {
			t.Errorf("%s: %s %v", body, v, err)
		}
	}
}

func TestEnumsAsIntegers(t *testing.T) {
	s, v, err := readWith(t, `message M { enum E { A = 0; B = 3; } E e = 1; }`, "0803", "int.for.enums=true")
	if err != nil || v.String() != "Struct{e=3}" {
		t.Fatal(v, err)
	}
	b, _, err := newRegistry(t).open(t).FromConnectData(nil, "t", s, v)
	if err != nil || hex.EncodeToString(b[6:]) != "0803" {
		t.Errorf("%x %v", b, err)
	}
}

func TestReferencesAreResolved(t *testing.T) {
	r := newRegistry(t)
	r.Put("inner", "syntax = \"proto3\"; package p; message Inner { Deep deep = 1; } message Deep { int32 x = 1; }")
	r.Mu.Lock()
	r.Add("middle", subject.Schema{Type: subject.Protobuf, Text: "syntax = \"proto3\"; import \"inner.proto\"; message Middle { p.Inner inner = 1; }", References: []subject.Reference{{Name: "inner.proto", Subject: "inner", Version: 1}}})
	r.Add("t-value", subject.Schema{Type: subject.Protobuf, Text: "syntax = \"proto3\"; import \"middle.proto\"; message Outer { message N { Middle m = 1; } }", References: []subject.Reference{{Name: "middle.proto", Subject: "middle", Version: 1}}})
	r.Mu.Unlock()
	c := r.open(t)
	_, v, err := c.ToConnectData("t", []byte{0, 0, 0, 0, 3, 4, 0, 0, 0x0a, 6, 0x0a, 4, 0x0a, 2, 8, 5})
	if err != nil || v.String() != "Struct{m=Struct{inner=Struct{deep=Struct{x=5}}}}" {
		t.Error(v, err)
	}
	if _, _, err = c.ToConnectData("t", []byte{0, 0, 0, 0, 3, 2, 2}); err == nil || !strings.Contains(err.Error(), "no message at [1]") {
		t.Error(err)
	}
	_, v, err = c.ToConnectData("t", append([]byte{1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}, 2, 2, 8, 7)) // by GUID
	if err != nil || v.String() != "Struct{x=7}" {
		t.Error(v, err)
	}
}

// Schemas that older versions of Confluent's converter registered use options that they do not import.
func TestAMissingImportOfOptionsIsForgiven(t *testing.T) {
	s, v, err := readWith(t, `message M { int32 a = 1 [(confluent.field_meta) = { params: [{ value: "int8", key: "connect.type" }] }]; }`, "0805")
	if err != nil || s.Fields()[0].Schema.Type() != data.Int8 || v.String() != "Struct{a=5}" {
		t.Error(s, v, err)
	}
}

func TestTheLatestVersionIsWrittenByName(t *testing.T) {
	s := data.StructOf().Name("x.R").Field("a", of(data.Int32)).Field("b", opt(data.String)).Field("c", tag(data.Of(data.Int64), "9")).MustBuild()
	v := row(s, i32(1), str("b"), i64(3))
	latest := []string{"auto.register.schemas=false", "use.latest.version=true", "latest.compatibility.strict=false"}
	for text, want := range map[string]string{
		"package x; message Other {} message R { string b = 1; int64 a = 2; }":                       "0202" + "0a0162" + "1001",
		"package y; message Other {} message R { int32 a = 7; sint64 renamed = 9; }":                 "0202" + "3801" + "4806",
		"message Only { message R {} double x = 1; bytes b = 2; }":                                   "00" + "120162",
		"package x; message R { fixed32 a = 1; optional string b = 4; uint32 c = 5; }":               "00" + "0d01000000" + "220162" + "2803",
		"import \"google/protobuf/wrappers.proto\"; message R { google.protobuf.Int64Value a = 1; }": "00" + "0a020801",
	} {
		r := newRegistry(t)
		r.Put("t-value", "syntax = \"proto3\"; "+text)
		b, _, err := r.open(t, latest...).FromConnectData(nil, "t", s, v)
		if err != nil || hex.EncodeToString(b[5:]) != want {
			t.Errorf("%s: %x %v, want %s", text, b, err, want)
		}
	}
	for text, want := range map[string]string{
		`syntax = "proto3"; message A {} message B {}`:                                                                "has no message x.R",
		`syntax = "proto3"; message R { bool a = 1; }`:                                                                "Schema{INT32} cannot be written as the Protobuf type bool (field a)",
		`syntax = "proto3"; message R { repeated int32 a = 1; }`:                                                      "cannot be written as the Protobuf type repeated int32",
		`syntax = "proto2"; message R { required int32 z = 1; }`:                                                      "has a required field z, which the record lacks",
		`syntax = "proto3"; message R { int32 a = 9; }`:                                                               "Failed to serialize Protobuf data from topic t",
		`syntax = "proto3"; import "google/protobuf/timestamp.proto"; message R { google.protobuf.Timestamp a = 1; }`: "cannot be written as the Protobuf type google.protobuf.Timestamp",
	} {
		r := newRegistry(t)
		r.Put("t-value", text)
		_, _, err := r.open(t, latest...).FromConnectData(nil, "t", s, v)
		if strings.Contains(text, "a = 9") {
			if err != nil { // c has number 9, but a has the name
				t.Error(err)
			}
			continue
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
}

func TestTheLatestVersionIsChecked(t *testing.T) {
	s := data.StructOf().Name("R").Field("a", of(data.Int32)).MustBuild()
	for text, strict := range map[string]string{"message R { string a = 1; }": "Incompatible schema of type 'PROTOBUF'. Set latest.compatibility.strict=false", "message R { int64 a = 1; int32 b = 2; }": ""} {
		r := newRegistry(t)
		r.Put("t-value", "syntax = \"proto3\"; "+text)
		_, _, err := r.open(t, "auto.register.schemas=false", "use.latest.version=true").FromConnectData(nil, "t", s, row(s, i32(1)))
		if strict == "" && err != nil || strict != "" && (err == nil || !strings.Contains(err.Error(), strict)) {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// Equal schemas are one pointer, be they written differently or read by another instance.
func TestEqualSchemasAreOnePointer(t *testing.T) {
	r := newRegistry(t)
	r.Put("a", `syntax = "proto3"; message R { int32 a = 1; }`)
	r.Put("b", `syntax = "proto3"; package other; message R { int32 a = 1; }`)
	pool := subject.NewPool()
	defer pool.Close()
	entry := Register(pool)[0]
	var first *data.Schema
	for range 2 {
		c := entry.NewConverter().(*Converter)
		if err := c.Configure(connect.Props{"schema.registry.url": r.URL}, false); err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		for _, id := range []byte{1, 2} {
			s, v, err := c.ToConnectData("t", []byte{0, 0, 0, 0, id, 0, 8, 2})
			if err != nil || first != nil && s != first || v.Struct().Schema() != s {
				t.Error(s, err)
			}
			first = s
		}
	}
}

func TestTheRegistryIsAskedOnceASchema(t *testing.T) {
	r := newRegistry(t)
	c := r.open(t)
	for range 3 {
		for _, topic := range []string{"a", "b"} {
			b, _, err := c.FromConnectData(nil, topic, of(data.Int32), i32(1))
			if err != nil {
				t.Fatal(err)
			}
			if _, _, err := c.ToConnectData(topic, b); err != nil {
				t.Fatal(err)
			}
		}
	}
	if r.Asked > 6 {
		t.Error(r.Asked)
	}
}

func TestTheVersionIsTheRegistrys(t *testing.T) {
	r := newRegistry(t)
	r.Put("t-value", `syntax = "proto3"; message A {}`)
	r.Put("t-value", `syntax = "proto3"; message R {}`)
	c := r.open(t)
	s, _, err := c.ToConnectData("t", []byte{0, 0, 0, 0, 2, 0})
	if v, ok := s.Version(); err != nil || !ok || v != 2 {
		t.Error(v, ok, err)
	}
	// The subject of a copied topic does not know the schema: Java fails there, here the version is not known.
	s, _, err = c.ToConnectData("copy", []byte{0, 0, 0, 0, 2, 0})
	if v, ok := s.Version(); err != nil || ok {
		t.Error(v, ok, err)
	}
}

func TestSubjectsMayBeNamedAfterRecords(t *testing.T) {
	r := newRegistry(t)
	c := r.open(t, "value.subject.name.strategy=io.confluent.kafka.serializers.subject.RecordNameStrategy")
	s := data.StructOf().Name("a.R").MustBuild()
	if _, _, err := c.FromConnectData(nil, "t", s, row(s)); err != nil || r.Text("a.R") == "" {
		t.Error(err)
	}
}

func TestTheConverterIsFoundByItsClass(t *testing.T) {
	pool := subject.NewPool()
	defer pool.Close()
	reg := registry.New()
	if err := reg.Add(Register(pool)...); err != nil {
		t.Fatal(err)
	}
	e, ok := reg.Find("io.confluent.connect.protobuf.ProtobufConverter", registry.ConverterKind)
	if !ok {
		t.Fatal("not found")
	}
	for want, props := range map[string]connect.Props{"schema.registry.url": {}, "skip.known.types": {"schema.registry.url": "http://localhost:1", "skip.known.types": "false"}} {
		if err := e.NewConverter().Configure(props, true); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
}
