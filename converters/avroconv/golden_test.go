package avroconv

import (
	"encoding/hex"
	"strings"
	"testing"

	"github.com/kurier-io/kurier/plugins/data"
)

// The rows of the reference's golden cases by number, as the Java classes answered; bytes are those behind the schema id.
func TestGoldenBytes(t *testing.T) {
	row83 := data.StructOf().Name("R").Field("d", data.DecimalOf(2).Default(data.DecimalBytesValue([]byte{0, 0x9c}, 2)).MustBuild()).
		Field("t", data.TimestampOf().MustBuild()).Field("o", data.DecimalOf(2).Optional().MustBuild()).MustBuild()
	row84 := data.StructOf().Name("R").Field("id", of(data.Int32)).Field("n", data.Of(data.String).Optional().Default(str("dv")).MustBuild()).
		Field("r", data.Of(data.Int64).Default(i64(9)).MustBuild()).Field("o", opt(data.String)).MustBuild()
	for _, tc := range []struct {
		row    string
		config string
		s      *data.Schema
		v      data.Value
		want   string
	}{
		{"77 int8", "", of(data.Int8), data.Int8Value(-3), "05"},
		{"77 int32", "", of(data.Int32), i32(64), "8001"},
		{"77 int64", "", of(data.Int64), i64(-65), "8101"},
		{"78 float32", "", of(data.Float32), data.Float32Value(1.5), "0000c03f"},
		{"78 float64", "", of(data.Float64), f64(1.5), "000000000000f83f"},
		{"78 string", "", of(data.String), str("foo"), "06666f6f"},
		{"79 optional", "", opt(data.Int32), i32(5), "020a"},
		{"79 optional with default", "", data.Of(data.Int32).Optional().Default(i32(7)).MustBuild(), i32(5), "000a"},
		{"80 array", "", data.ArrayOf(of(data.Int32)).MustBuild(), arr(i32(1), i32(2)), "04020400"},
		{"80 empty array", "", data.ArrayOf(of(data.Int32)).MustBuild(), arr(), "00"},
		{"81 map", "", data.MapOf(of(data.String), of(data.Int32)).MustBuild(), pairs(str("a"), i32(1)), "0202610200"},
		{"81 map by int", "", data.MapOf(of(data.Int32), of(data.String)).MustBuild(), pairs(i32(1), str("x")), "0202027800"},
		{"82 schemaless", "", nil, i32(5), "00000000020a00000000"},
		{"83 logical types", "", row83, row(row83, data.DecimalBytesValue([]byte{0, 0x9c}, 2), data.TimestampValue(1), dec2(-1, 2)), "04009c020202ff"},
		{"84 defaults", "", row84, row(row84, i32(1), data.Null(), data.Null(), data.Null()), "02000464761200"},
		{"85 without defaults", "ignore.default.for.nullables=true", row84, row(row84, i32(1), data.Null(), i64(1), data.Null()), "02020200"},
		{"6.1 top-level bytes", "", of(data.Bytes), data.BytesValue([]byte{1, 2}), "0102"},
		{"6.1 top-level decimal", "", data.DecimalOf(2).MustBuild(), dec2(-128, 2), "80"},
		{"6.1 optional bytes", "", opt(data.Bytes), data.BytesValue([]byte{1, 2}), "02040102"},
		{"6.5 schemaless null in a list", "", nil, arr(data.Null()), "000000000000000202" + "000000000000000000" + "0000"},
	} {
		c := newRegistry(t).open(t, tc.config)
		b, ok, err := c.FromConnectData([]byte("x"), "t", tc.s, tc.v)
		if got := hex.EncodeToString(b); err != nil || !ok || got != "78"+"0000000001"+tc.want {
			t.Errorf("%s: %s %v, want %s", tc.row, got, err, tc.want)
			continue
		}
		s, v, err := c.ToConnectData("t", b[1:])
		if err != nil {
			t.Errorf("%s: not read: %v", tc.row, err)
			continue
		}
		again, _, err := c.FromConnectData(nil, "t", s, v)
		if err != nil || hex.EncodeToString(again[5:]) != tc.want && !strings.HasPrefix(tc.row, "84") {
			t.Errorf("%s: read and written again: %x %v", tc.row, again, err)
		}
	}
}

func TestGoldenSchemas(t *testing.T) {
	inner := data.StructOf().Name("com.x.I").Field("a", of(data.Int32)).MustBuild()
	unnamed := func(field string, s *data.Schema) *data.Schema { return data.StructOf().Field(field, s).MustBuild() }
	for _, tc := range []struct {
		row, config string
		s           *data.Schema
		want        string
	}{
		{"86", "", opt(data.Int8), `["null",{"type":"int","connect.type":"int8"}]`},
		{"87", "", data.Of(data.Int32).Optional().Default(i32(7)).MustBuild(), `[{"type":"int","connect.default":7},"null"]`},
		{"88", "", data.Of(data.Int32).Name("a.b.C").Version(4).Doc("doc").Param("x", "y").Param("avro.prop", "z").Default(i32(7)).MustBuild(),
			`{"type":"int","connect.doc":"doc","connect.version":4,"connect.parameters":{"x":"y","avro.prop":"z"},"connect.default":7,"connect.name":"a.b.C","avro.prop":"z"}`},
		{"89", "", data.StructOf().Name("com.x.T").Field("x", inner).Field("y", inner.AsOptional(true)).Field("z", inner).MustBuild(),
			`{"type":"record","name":"T","namespace":"com.x","fields":[{"name":"x","type":{"type":"record","name":"I","fields":[{"name":"a","type":"int"}],"connect.name":"com.x.I"}},{"name":"y","type":["null","I"],"default":null},{"name":"z","type":"I"}],"connect.name":"com.x.T"}`},
		{"90", "", data.StructOf().Field("a", unnamed("b", of(data.Int32))).Field("c", unnamed("d", of(data.Int32))).MustBuild(),
			`{"type":"record","name":"ConnectDefault","namespace":"io.confluent.connect.avro","fields":[{"name":"a","type":{"type":"record","name":"ConnectDefault2","fields":[{"name":"b","type":"int"}]}},{"name":"c","type":{"type":"record","name":"ConnectDefault3","fields":[{"name":"d","type":"int"}]}}]}`},
		{"91", "scrub.invalid.names=true", data.StructOf().Name("my-topic.1Value").Field("a-b", of(data.Int32)).Field("é", of(data.Int32)).Field("1x", of(data.Int32)).MustBuild(),
			`{"type":"record","name":"x1Value","namespace":"my_topic","fields":[{"name":"a_b","type":"int"},{"name":"_C3_A9","type":"int"},{"name":"x1x","type":"int"}],"connect.name":"my-topic.1Value"}`},
		{"6.4 decimal", "", data.DecimalOf(2).MustBuild(), `{"type":"bytes","scale":2,"precision":64,"connect.version":1,"connect.parameters":{"scale":"2"},"connect.name":"org.apache.kafka.connect.data.Decimal","logicalType":"decimal"}`},
		{"6.4 map by int", "", data.MapOf(of(data.Int32), opt(data.String)).MustBuild(), `{"type":"array","items":{"type":"record","name":"MapEntry","namespace":"io.confluent.connect.avro","fields":[{"name":"key","type":"int"},{"name":"value","type":["null","string"],"default":null}]}}`},
		{"6.4 schemaless", "", nil, `{"type":"record","name":"Anything","namespace":"io.confluent.connect.avro","fields":[{"name":"boolean","type":["null","boolean"],"default":null},{"name":"bytes","type":["null","bytes"],"default":null},{"name":"double","type":["null","double"],"default":null},{"name":"float","type":["null","float"],"default":null},{"name":"int","type":["null","int"],"default":null},{"name":"long","type":["null","long"],"default":null},{"name":"string","type":["null","string"],"default":null},{"name":"array","type":["null",{"type":"array","items":"Anything"}],"default":null},{"name":"map","type":["null",{"type":"array","items":{"type":"record","name":"MapEntry","fields":[{"name":"key","type":"Anything"},{"name":"value","type":"Anything"}]}}],"default":null}]}`},
	} {
		c := newRegistry(t).open(t, tc.config)
		own, err := c.translate(tc.s)
		if err != nil || own.String() != tc.want {
			t.Errorf("%s: %v\n got %s\nwant %s", tc.row, err, own, tc.want)
		}
	}
}

// read registers a schema, reads bytes with it and returns what came of it.
func readWith(t *testing.T, text, body string, settings ...string) (*data.Schema, data.Value, error) {
	t.Helper()
	r := newRegistry(t)
	r.Put("t-value", text)
	b, err := hex.DecodeString("0000000001" + body)
	if err != nil {
		t.Fatal(err)
	}
	return r.open(t, settings...).ToConnectData("t", b)
}

func TestGoldenReading(t *testing.T) {
	s, _, err := readWith(t, `{"type":"record","name":"R","fields":[{"name":"a","type":["string","null"],"default":"x"}]}`, "02")
	if f, _ := s.Field("a"); err != nil || !f.Schema.Optional() {
		t.Error("92:", err)
	} else if _, has := f.Schema.Default(); has {
		t.Error("92: the default was kept")
	}
	two := `["null",{"type":"record","name":"a.R","fields":[]},{"type":"record","name":"b.R","fields":[]}]`
	if _, _, err = readWith(t, two, "00"); err == nil || !strings.Contains(err.Error(), "Multiple union schemas map to the Connect union field name") {
		t.Error("93:", err)
	}
	if s, v, err := readWith(t, two, "04", "enhanced.avro.schema.support=true"); err != nil || s.Fields()[1].Name != "b.R" || v.Struct().At(1).IsNull() {
		t.Error("93, enhanced:", err)
	}
	r := newRegistry(t)
	for _, other := range []string{`"int"`, `"long"`, `"float"`, `"double"`, `"string"`, `"boolean"`} {
		r.Put("t-value", other)
	}
	r.Put("t-value", `{"type":"long","logicalType":"timestamp-millis"}`)
	_, _, err = r.open(t).ToConnectData("t", []byte{0, 0, 0, 0, 7, 2})
	if want := "Mismatched versions: version already added to SchemaBuilder (1) differs from version in source schema (7)"; err == nil || !strings.Contains(err.Error(), want) {
		t.Error("94:", err)
	}
}

// Row 95: Java writes {a:"A",b:"B"} with the registered fields b, a as 02410242, swapped. Here fields are matched by name.
func TestLatestVersionIsWrittenByName(t *testing.T) {
	s := data.StructOf().Name("R").Field("a", of(data.String)).Field("b", of(data.String)).MustBuild()
	v := row(s, str("A"), str("B"))
	latest := []string{"auto.register.schemas=false", "use.latest.version=true"}
	for text, want := range map[string]string{
		`{"type":"record","name":"R","fields":[{"name":"b","type":"string"},{"name":"a","type":"string"}]}`:                                                                                                                                                   "02420241",
		`{"type":"record","name":"R","fields":[{"name":"x","type":["null","long"],"default":null},{"name":"c","type":{"type":"array","items":"int"},"default":[1]},{"name":"a","type":"string"}]}`:                                                            "00" + "020200" + "0241",
		`{"type":"record","name":"R","fields":[{"name":"z","aliases":["b"],"type":["null","string"]},{"name":"e","type":{"type":"enum","name":"E","symbols":["X","Y"]},"default":"Y"}]}`:                                                                      "020242" + "02",
		`{"type":"record","name":"R","fields":[{"name":"a","type":"bytes"},{"name":"d","type":"double","default":1},{"name":"m","type":{"type":"map","values":"boolean"},"default":{"k":true}}]}`:                                                             "0241" + "000000000000f03f" + "02026b0100",
		`{"type":"record","name":"R","fields":[{"name":"f","type":{"type":"fixed","name":"F","size":2},"default":"\u00ff\u0001"},{"name":"r","type":{"type":"record","name":"I","fields":[{"name":"q","type":["int","string"],"default":3}]},"default":{}}]}`: "ff01" + "0006",
	} {
		r := newRegistry(t)
		r.Put("t-value", text)
		b, _, err := r.open(t, latest...).FromConnectData(nil, "t", s, v)
		if err != nil || hex.EncodeToString(b[5:]) != want {
			t.Errorf("%s: %x %v, want %s", text, b, err, want)
		}
	}
	r := newRegistry(t)
	r.Put("t-value", `{"type":"record","name":"R","fields":[{"name":"n","type":"int"}]}`)
	_, _, err := r.open(t, latest...).FromConnectData(nil, "t", s, v)
	if err == nil || !strings.Contains(err.Error(), "Incompatible schema of type 'AVRO'. Set latest.compatibility.strict=false") || !strings.Contains(err.Error(), "the reader's field n") {
		t.Error(err)
	}
	_, _, err = r.open(t, append(latest, "latest.compatibility.strict=false")...).FromConnectData(nil, "t", s, v)
	if err == nil || !strings.Contains(err.Error(), "a field n without a default") {
		t.Error(err)
	}
}
