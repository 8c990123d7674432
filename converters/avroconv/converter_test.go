package avroconv

import (
	"encoding/hex"
	"strings"
	"testing"

	"github.com/kurier-io/kurier/converters/subject"
	"github.com/kurier-io/kurier/plugins/connect"
	"github.com/kurier-io/kurier/plugins/data"
	"github.com/kurier-io/kurier/plugins/registry"
)

func TestUnionsComeBack(t *testing.T) {
	text := `["null","int",{"type":"string","connect.doc":"d"},{"type":"record","name":"a.R","fields":[{"name":"x","type":"long"}]},{"type":"enum","name":"a.E","symbols":["P","Q"]},{"type":"fixed","name":"a.F","size":2},{"type":"array","items":"int"}]`
	for _, settings := range []string{"enhanced.avro.schema.support=true", "generalized.sum.type.support=true"} {
		for body, field := range map[string]int{"0206": 0, "040278": 1, "060e": 2, "0802": 3, "0aff01": 4, "0c020800": 5} {
			r := newRegistry(t)
			r.Put("t-value", `{"type":"record","name":"Top","fields":[{"name":"u","type":`+text+`}]}`)
			c := r.open(t, settings)
			in, _ := hex.DecodeString("0000000001" + body)
			s, v, err := c.ToConnectData("t", in)
			if err != nil {
				t.Fatalf("%s %s: %v", settings, body, err)
			}
			u := v.Struct().At(0).Struct()
			for i, m := range u.Values() {
				if m.IsNull() == (i == field) {
					t.Errorf("%s %s: %s", settings, body, u)
				}
			}
			out, _, err := c.FromConnectData(nil, "t2", s, v)
			if err != nil || hex.EncodeToString(out[5:]) != body {
				t.Errorf("%s: written as %x: %v: %s", body, out, err, r.Text("t2-value"))
			}
		}
	}
	_, v, err := readWith(t, text, "00")
	if err != nil || !v.IsNull() {
		t.Error(v, err)
	}
}

func TestGUIDsAreRead(t *testing.T) {
	r := newRegistry(t)
	r.Put("t-value", `"string"`)
	guid := append(make([]byte, 16), 2, 'x')
	guid[15] = 1
	s, v, err := r.open(t).ToConnectData("t", append([]byte{1}, guid...))
	if err != nil || v.Str() != "x" || s.Type() != data.String {
		t.Error(s, v, err)
	}
}

func TestSchemasWithReferencesAreRead(t *testing.T) {
	r := newRegistry(t)
	r.Put("inner", `{"type":"record","name":"a.I","fields":[{"name":"x","type":"int"}]}`)
	r.Mu.Lock()
	r.Add("t-value", subject.Schema{Type: subject.Avro, Text: `{"type":"record","name":"a.R","fields":[{"name":"i","type":"a.I"}]}`, References: []subject.Reference{{Name: "a.I", Subject: "inner", Version: 1}}})
	r.Mu.Unlock()
	_, v, err := r.open(t).ToConnectData("t", []byte{0, 0, 0, 0, 2, 10})
	if err != nil || v.String() != "Struct{i=Struct{x=5}}" {
		t.Error(v, err)
	}
}

// Equal schemas are one pointer, be they written differently or read by another instance.
func TestEqualSchemasAreOnePointer(t *testing.T) {
	r := newRegistry(t)
	r.Put("t-value", `{"type":"record","name":"R","connect.version":1,"fields":[{"name":"a","type":"int"}]}`)
	r.Put("t-value", `{"type":"record","name":"R","connect.version":1,"connect.name":"R","fields":[{"name":"a","type":"int"}]}`)
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
			s, v, err := c.ToConnectData("t", []byte{0, 0, 0, 0, id, 2})
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
	asked := r.Asked
	s := opt(data.Int64)
	for range 5 {
		if _, _, err := c.FromConnectData(nil, "a", s, i64(1)); err != nil {
			t.Fatal(err)
		}
	}
	if asked > 6 || r.Asked != asked+1 {
		t.Error(asked, r.Asked)
	}
}

func TestTheVersionIsTheRegistrys(t *testing.T) {
	r := newRegistry(t)
	r.Put("t-value", `"int"`)
	r.Put("t-value", `{"type":"record","name":"R","fields":[]}`)
	c := r.open(t)
	s, _, err := c.ToConnectData("t", []byte{0, 0, 0, 0, 2})
	if v, ok := s.Version(); err != nil || !ok || v != 2 {
		t.Error(v, ok, err)
	}
	// The subject of a copied topic does not know the schema: Java fails there, here the version is not known.
	s, _, err = c.ToConnectData("copy", []byte{0, 0, 0, 0, 2})
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
	_, _, err := c.FromConnectData(nil, "t", of(data.Int32), i32(1))
	if err == nil || !strings.Contains(err.Error(), "the message value must only be a record schema") {
		t.Error(err)
	}
}

func TestPromotionsOfTheLatestVersion(t *testing.T) {
	for text, want := range map[string]string{
		`"long"`: "0a", `"float"`: "0000a040", `"double"`: "0000000000001440", `["string","long"]`: "020a", `["null","double","int"]`: "040a",
	} {
		r := newRegistry(t)
		r.Put("t-value", text)
		b, _, err := r.open(t, "auto.register.schemas=false", "use.latest.version=true").FromConnectData(nil, "t", of(data.Int32), i32(5))
		if err != nil || hex.EncodeToString(b[5:]) != want {
			t.Errorf("%s: %x %v, want %s", text, b, err, want)
		}
	}
}

func TestJavaPropertiesAreRemoved(t *testing.T) {
	r := newRegistry(t)
	s := data.Of(data.String).Param("avro.java.string", "String").Param("avro.x", "y").MustBuild()
	if _, _, err := r.open(t, "avro.remove.java.properties=true").FromConnectData(nil, "t", s, str("x")); err != nil {
		t.Fatal(err)
	}
	if want := `{"type":"string","connect.parameters":{"avro.x":"y"},"avro.x":"y"}`; r.Text("t-value") != want {
		t.Error(r.Text("t-value"))
	}
}

func TestVariantsComeBack(t *testing.T) {
	plain := of(data.Bytes)
	v := data.StructOf().Name(variant).Field("metadata", plain).Field("value", plain).MustBuild()
	s := data.StructOf().Name("R").Version(1).Field("v", v).Field("w", v.AsOptional(true)).MustBuild()
	r := newRegistry(t)
	c := r.open(t)
	in := row(s, row(v, data.BytesValue([]byte{1}), data.BytesValue([]byte{2})), data.Null())
	b, _, err := c.FromConnectData(nil, "t", s, in)
	if err != nil || hex.EncodeToString(b[5:]) != "0201020200" {
		t.Fatalf("%x %v", b, err)
	}
	if want := `{"type":"record","name":"Variant","namespace":"confluent.type","fields":[{"name":"metadata","type":"bytes"},{"name":"value","type":"bytes"}],"logicalType":"variant"}`; !strings.Contains(r.Text("t-value"), want) {
		t.Error(r.Text("t-value"))
	}
	back, out, err := c.ToConnectData("t", b)
	if err != nil || !back.Equal(s) || out.String() != in.String() {
		t.Error(out, err)
	}
}

func TestTheConverterIsFoundByItsClass(t *testing.T) {
	pool := subject.NewPool()
	defer pool.Close()
	reg := registry.New()
	if err := reg.Add(Register(pool)...); err != nil {
		t.Fatal(err)
	}
	e, ok := reg.Find("io.confluent.connect.avro.AvroConverter", registry.ConverterKind)
	if !ok {
		t.Fatal("not found")
	}
	if err := e.NewConverter().Configure(connect.Props{}, true); err == nil || !strings.Contains(err.Error(), "schema.registry.url") {
		t.Error(err)
	}
}
