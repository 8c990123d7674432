package jsonschemaconv

import (
	"strings"
	"testing"

	"github.com/kurier-io/kurier/converters/subject"
	"github.com/kurier-io/kurier/plugins/connect"
	"github.com/kurier-io/kurier/plugins/data"
	"github.com/kurier-io/kurier/plugins/registry"
)

// write returns the JSON that a new converter writes; "null" is Kafka's, `null` after a prefix is JSON's.
func write(t *testing.T, s *data.Schema, v data.Value, settings ...string) string {
	t.Helper()
	b, ok, err := newRegistry(t).open(t, settings...).FromConnectData(nil, "t", s, v)
	if err != nil {
		return err.Error()
	}
	if !ok {
		return "nothing"
	}
	if string(b[:5]) != "\x00\x00\x00\x00\x01" {
		t.Errorf("prefix %x", b[:5])
	}
	return string(b[5:])
}

func TestNulls(t *testing.T) {
	s := data.StructOf().Field("req", of(data.String)).Field("opt", opt(data.String)).
		Field("def", data.Of(data.Int32).Optional().Default(i32(7)).MustBuild()).Field("last", of(data.Boolean)).MustBuild()
	unset := data.StructValue(data.NewStruct(s))
	list := data.ArrayOf(of(data.String)).MustBuild()
	union := data.StructOf().Name(jsonUnion).Field(jsonField+"0", opt(data.String)).Field(jsonField+"1", opt(data.Int32)).MustBuild()
	both := data.StructOf().Field("u", union).Field("v", union.AsOptional(true)).MustBuild()
	noMember := row(union, data.Null(), data.Null())
	for _, tc := range []struct {
		name     string
		s        *data.Schema
		v        data.Value
		settings string
		want     string
	}{
		{"no schema", nil, data.Null(), "", "nothing"},
		{"optional", opt(data.String), data.Null(), "", "null"},
		{"required", of(data.String), data.Null(), "", "nothing"},
		{"default", data.Of(data.Int32).Default(i32(7)).MustBuild(), data.Null(), "", "7"},
		{"ignored default", data.Of(data.Int32).Default(i32(7)).MustBuild(), data.Null(), "ignore.default.for.nullables=true", "nothing"},
		{"fields", s, unset, "", `{"opt":null,"def":7}`},
		{"fields ignoring defaults", s, unset, "ignore.default.for.nullables=true", `{"opt":null,"def":null}`},
		{"no field", data.StructOf().Field("a", of(data.String)).MustBuild(), data.StructValue(data.NewStruct(data.StructOf().Field("a", of(data.String)).MustBuild())), "", `{}`},
		{"element", list, data.ArrayValue([]data.Value{data.Null(), str("x")}), "", `[null,"x"]`},
		{"unset unions", both, row(both, noMember, noMember), "", `{"v":null}`},
	} {
		if got := write(t, tc.s, tc.v, tc.settings); got != tc.want {
			t.Errorf("%s: %s, want %s", tc.name, got, tc.want)
		}
	}
}

func TestValuesAreWritten(t *testing.T) {
	m := data.NewMap(0)
	m.Put(str("k\"é"), i32(1))
	m.Put(str("l"), i32(2))
	pairs := data.NewMap(0)
	pairs.Put(i32(1), str("a"))
	pairs.Put(i32(2), str("b"))
	dec := data.DecimalBytesValue([]byte{0, 156}, 2)
	for _, tc := range []struct {
		s        *data.Schema
		v        data.Value
		settings string
		want     string
	}{
		{of(data.Int8), i8(-5), "", "-5"},
		{of(data.Float32), data.Float32Value(1.5), "", "1.5"},
		{of(data.Float64), f64(1e10), "", "1.0E10"},
		{of(data.String), str("a\"\\\n\x01😀é"), "", `"a\"\\\n\u0001\uD83D\uDE00é"`},
		{of(data.Bytes), data.BytesValue([]byte{1, 2, 255}), "", `"AQL/"`},
		{data.DecimalOf(2).MustBuild(), dec, "", `"AJw="`},
		{data.DecimalOf(2).MustBuild(), dec, "decimal.format=numeric", `1.56`},
		{data.DateOf().MustBuild(), data.TimestampValue(data.MillisPerDay * 3), "", "3"},
		{data.TimeOf().MustBuild(), data.TimestampValue(1234), "", "1234"},
		{data.TimestampOf().MustBuild(), data.TimestampValue(-1), "", "-1"},
		{data.MapOf(of(data.String), of(data.Int32)).MustBuild(), data.MapValue(m), "", `{"k\"é":1,"l":2}`},
		{data.MapOf(of(data.Int32), of(data.String)).MustBuild(), data.MapValue(pairs), "", `[{"key":1,"value":"a"},{"key":2,"value":"b"}]`},
		{data.MapOf(of(data.String), of(data.Int32)).MustBuild(), data.MapValue(data.NewMap(0)), "", `{}`},
		{data.MapOf(of(data.String), of(data.Int32)).MustBuild(), data.MapValue(m), "json.indent.output=true", "{\n  \"k\\\"é\" : 1,\n  \"l\" : 2\n}"},
		{data.MapOf(of(data.Int32), of(data.String)).MustBuild(), data.MapValue(pairs), "json.indent.output=true", "[ {\n  \"key\" : 1,\n  \"value\" : \"a\"\n}, {\n  \"key\" : 2,\n  \"value\" : \"b\"\n} ]"},
		{data.ArrayOf(data.ArrayOf(of(data.Int8)).MustBuild()).MustBuild(), data.ArrayValue([]data.Value{data.ArrayValue(nil), data.ArrayValue([]data.Value{i8(1), i8(2)})}), "json.indent.output=true", "[ [ ], [ 1, 2 ] ]"},
		{nil, data.MapValue(m), "", `{"k\"é":1,"l":2}`},
		{nil, data.MapValue(pairs), "", `[{"key":1,"value":"a"},{"key":2,"value":"b"}]`},
		{nil, data.ArrayValue([]data.Value{data.Null(), data.BoolValue(true), f64(0.5), dec, data.BytesValue(nil), data.MapValue(data.NewMap(0))}), "", `[null,true,0.5,1.56,"",{}]`},
	} {
		if got := write(t, tc.s, tc.v, tc.settings); got != tc.want {
			t.Errorf("%s: %s, want %s", tc.v, got, tc.want)
		}
	}
}

// A default that is a struct has the schema that asks for it.
func TestDefaultsAreValues(t *testing.T) {
	s, v, err := readJSON(t, `{"type":"object","properties":{"a":{"type":"object","properties":{"b":{"type":"string"}},"default":{"b":"x"}}}}`, `{}`)
	if err != nil || data.Validate(s, v) != nil || v.String() != "Struct{a=Struct{b=x}}" {
		t.Error(v, err, data.Validate(s, v))
	}
	if got := write(t, s, v); got != `{"a":{"b":"x"}}` {
		t.Error(got)
	}
}

// readJSON reads a body with a schema from the registry.
func readJSON(t *testing.T, schema, body string, settings ...string) (*data.Schema, data.Value, error) {
	t.Helper()
	r := newRegistry(t)
	r.Put("t-value", schema)
	return r.open(t, settings...).ToConnectData("t", []byte("\x00\x00\x00\x00\x01"+body))
}

func TestValuesAreRead(t *testing.T) {
	object := `{"type":"object","properties":{"a":{"type":"integer","connect.type":"int8"},"b":{"oneOf":[{"type":"null"},{"type":"string","default":"d"}]},"c":{"type":"boolean"}}}`
	oneOf := `{"oneOf":[{"type":"integer"},{"type":"string"},{"type":"object","properties":{"a":{"type":"string"},"b":{"type":"string"}}},{"type":"object","properties":{"b":{"type":"string"},"c":{"type":"string"}}},{"type":"array","items":{"type":"boolean"}}]}`
	pairs := `{"type":"array","connect.type":"map","items":{"type":"object","properties":{"key":{"type":"integer"},"value":{"oneOf":[{"type":"null"},{"type":"string"}]}}}}`
	decimal := `{"type":"number","connect.type":"bytes","title":"org.apache.kafka.connect.data.Decimal","connect.parameters":{"scale":"2"}}`
	day := `{"type":"integer","connect.type":"int32","title":"org.apache.kafka.connect.data.Date"}`
	for _, tc := range []struct{ schema, body, settings, want string }{
		{object, ` {"a": 300, "c": true, "x": [1, {"y": 2}], "b": "\u00e9\n"} `, "", "Struct{a=44,b=é\n,c=true}"},
		{object, `{"c":false}`, "", "Struct{b=d,c=false}"},
		{object, `{"b":null}`, "", "Struct{b=d}"},
		{object, `{"b":null}`, "ignore.default.for.nullables=true", "Struct{}"},
		{object, `{"a":1,"a":2}`, "", "Struct{a=2,b=d}"},
		{object, `{"a":"no number","b":5,"c":"no boolean"}`, "", "Struct{a=0,c=false}"}, // as Java coerces
		{object, `{"a":null}`, "", "Invalid null value for required INT8 field (field a"},
		{object, `[]`, "", "Structs should be encoded as JSON objects, but found ARRAY"},
		{object, `{"a":1`, "", "unexpected end of input"},
		{object, ``, "", "unexpected end of input"},
		{`{"type":"integer"}`, `1e3`, "", "1000"},
		{`{"type":"integer"}`, `1e999999999`, "", "0"},
		{`{"type":"number"}`, `1e999999999`, "", "Infinity"},
		{`{"type":"string"}`, `null`, "", "Invalid null value for required STRING field"},
		{`{"type":["null","string"]}`, `null`, "", "null"},
		{`{"enum":["a",1]}`, `1`, "", "1"},
		{decimal, `1.5`, "", "1.5"},
		{decimal, `"AJw="`, "", "1.56"},
		{decimal, `1e99999999999`, "", "the exponent of a number is too large at byte 3"},
		{decimal, `"?"`, "", "Invalid bytes for Decimal field"},
		{decimal, `true`, "", "Invalid type for Decimal, underlying representation should be numeric or bytes but was BOOLEAN"},
		{day, `3`, "", "Sun Jan 04 00:00:00 UTC 1970"},
		{day, `3.0`, "", "Invalid type for Date, underlying representation should be integer but was NUMBER"},
		{`{"type":"string","connect.type":"bytes"}`, `"%"`, "", "Invalid bytes field"},
		{pairs, `[{"key":1,"value":"a"},{"value":null,"key":2}]`, "", "{1=a, 2=null}"},
		{pairs, `[{"key":1}]`, "", "expected length 2 but found :1"},
		{pairs, `[1]`, "", "Found invalid map entry instead of object: NUMBER"},
		{pairs, `{}`, "", "Maps with non-string fields should be encoded as JSON array of objects, but found OBJECT"},
		{`{"type":"object","additionalProperties":{"type":"integer"},"connect.type":"map"}`, `{"a":1,"b":2,"a":3}`, "", "{a=3, b=2}"},
		{`{"type":"array","items":{"type":"integer"}}`, `[1,2]`, "", "[1, 2]"},
		{`{"type":"array","items":{"type":"integer"}}`, `{"x":1}`, "", "[1]"}, // as Java iterates
		{`{"type":"array","items":{"type":"integer"}}`, `5`, "", "[]"},
		{oneOf, `5`, "", "Struct{io.confluent.connect.json.OneOf.field.0=5}"},
		{oneOf, `"s"`, "", "Struct{io.confluent.connect.json.OneOf.field.1=s}"},
		{oneOf, `{"b":"x","c":"y"}`, "", "Struct{io.confluent.connect.json.OneOf.field.3=Struct{b=x,c=y}}"},
		{oneOf, `{"a":"x","c":"y"}`, "", "Struct{io.confluent.connect.json.OneOf.field.2=Struct{a=x}}"},
		{oneOf, `{}`, "", "Struct{io.confluent.connect.json.OneOf.field.2=Struct{}}"},
		{oneOf, `[true]`, "", "Struct{io.confluent.connect.json.OneOf.field.4=[true]}"},
		{oneOf, `1.5`, "", "Did not find matching oneof field for data"},
		{`{"oneOf":[{"type":"integer"},{"type":"string","connect.type":"bytes"}]}`, `"AQ=="`, "", "Struct{io.confluent.connect.json.OneOf.field.1=01}"},
		{`{}`, `{"a":[1,2.5,"x",null,true,{}]}`, "", "{a=[1, 2.5, x, null, true, {}]}"},
		{`true`, `5`, "", "5"},
		{`{"type":"object","properties":{"a":{"type":"integer"}}}`, `{"x":{"y":[1, 2]},"a":1,"z":"t"}`, "preserve.additional.properties=true", `Struct{a=1,__connect_additional_properties__={x={"y":[1, 2]}, z="t"}}`},
		{`{"type":"object","properties":{"a":{"type":"integer"}},"additionalProperties":{"type":"number"}}`, `{"x":5,"a":1}`, "preserve.additional.properties=true", `Struct{a=1,__connect_additional_properties__={x=5.0}}`},
		{`{"type":"integer","maximum":3}`, `4`, "json.fail.invalid.schema=true", "the value does not follow the schema with id 1"},
		{`{"type":"integer","maximum":3}`, `2`, "json.fail.invalid.schema=true", "2"},
		{`{"type":"integer","maximum":3}`, `4`, "", "4"},
	} {
		s, v, err := readJSON(t, tc.schema, tc.body, tc.settings)
		got := v.String()
		if err != nil {
			got = err.Error()
		} else if s != nil && v.Kind() == data.KindStruct && v.Struct().Schema() != s {
			t.Errorf("%s: the struct has another schema", tc.body)
		}
		if got != tc.want && (err == nil || !strings.Contains(got, tc.want)) {
			t.Errorf("%s %s\ngot  %s\nwant %s", tc.schema, tc.body, got, tc.want)
		}
	}
}

// What preserve.additional.properties keeps is written where it was.
func TestAdditionalPropertiesComeBack(t *testing.T) {
	r := newRegistry(t)
	r.Put("t-value", `{"type":"object","properties":{"a":{"type":"integer"}}}`)
	c := r.open(t, "preserve.additional.properties=true")
	const body = `{"a":1,"x":{"y":[1, 2]},"z":"t"}`
	s, v, err := c.ToConnectData("t", []byte("\x00\x00\x00\x00\x01"+body))
	if err != nil {
		t.Fatal(err)
	}
	b, _, err := c.FromConnectData(nil, "u", s, v)
	if err != nil || string(b[5:]) != body {
		t.Errorf("%s %v", b, err)
	}
	if want := `{"type":"object","connect.version":1,"properties":{"a":{"type":"integer","connect.index":0,"connect.type":"int64"}}}`; r.Text("u-value") != want {
		t.Error(r.Text("u-value"))
	}
	for k, want := range map[string]string{"a": "is a field of the struct, too", "x": "is no JSON"} {
		m := data.NewMap(0)
		m.Put(str(k), str("1 2"))
		if _, _, err := c.FromConnectData(nil, "u", s, row(s, i64(1), data.MapValue(m))); err == nil || !strings.Contains(err.Error(), want) {
			t.Error(err)
		}
	}
}

// Parts of a schema that take any value are Variants, which are written as the values that they are.
func TestVariantsComeBack(t *testing.T) {
	r := newRegistry(t)
	r.Put("t-value", `{"type":"object","properties":{"a":{},"b":{"anyOf":[{"type":"null"},{}]},"c":{"type":"string"}}}`)
	c := r.open(t, "json.fail.invalid.schema=true")
	for body, want := range map[string]string{
		`{"a":{"x":[1,-2.50,"t",null]},"b":true,"c":"d"}`: "",
		`{"a":null,"b":null}`:                             `{"a":null,"b":null}`,
		`{"b":{"z":1, "y":{"z":2}}}`:                      `{"b":{"y":{"z":2},"z":1}}`,
		`{"a":1e2,"b":12345678901234567890}`:              `{"a":100.0,"b":12345678901234567890}`,
	} {
		s, v, err := c.ToConnectData("t", []byte("\x00\x00\x00\x00\x01"+body))
		if err != nil {
			t.Errorf("%s: %v", body, err)
			continue
		}
		b, _, err := c.FromConnectData(nil, "u", s, v)
		if want == "" {
			want = body
		}
		if got := string(b[min(5, len(b)):]); err != nil || got != want {
			t.Errorf("%s is written as %s: %v", body, got, err)
		}
	}
	if want := `{"type":"object","connect.version":1,"properties":{"a":{"title":"org.apache.kafka.connect.data.Variant","connect.index":0},` +
		`"b":{"connect.index":1,"anyOf":[{"type":"null"},{"title":"org.apache.kafka.connect.data.Variant"}]},"c":{"type":"string","connect.index":2}}}`; r.Text("u-value") != want {
		t.Error(r.Text("u-value"))
	}
	s := data.StructOf().Name(variantName).Field("metadata", of(data.Bytes)).Field("value", of(data.Bytes)).MustBuild()
	if got := write(t, s, row(s, data.BytesValue([]byte{1, 0, 0}), data.BytesValue([]byte{9}))); !strings.Contains(got, "the bytes are no Variant") {
		t.Error(got)
	}
	r.Put("v-value", r.Text("u-value"))
	if s, v, err := r.open(t).ToConnectData("v", []byte("\x00\x00\x00\x00\x02{\"a\":[1}")); err == nil {
		t.Error(s, v)
	}
}

func TestGUIDsAndReferences(t *testing.T) {
	r := newRegistry(t)
	r.Put("inner", `{"type":"object","title":"I","properties":{"x":{"type":"integer"}}}`)
	r.Mu.Lock()
	r.Add("t-value", subject.Schema{Type: subject.JSON, Text: `{"type":"object","properties":{"i":{"$ref":"inner.json"},"j":{"$ref":"inner.json#/properties/x"}}}`,
		References: []subject.Reference{{Name: "inner.json", Subject: "inner", Version: 1}}})
	r.Mu.Unlock()
	c := r.open(t, "json.fail.invalid.schema=true")
	const body = `{"i":{"x":5},"j":6}`
	s, v, err := c.ToConnectData("t", []byte("\x00\x00\x00\x00\x02"+body))
	if err != nil || v.String() != "Struct{i=Struct{x=5},j=6}" || s.Fields()[0].Schema.Name() != "I" {
		t.Error(v, err)
	}
	guid := append(append(make([]byte, 16), 2), body...)
	guid[0], guid[15], guid[16] = 1, 0, 2
	if _, v, err = c.ToConnectData("t", guid); err != nil || v.String() != "Struct{i=Struct{x=5},j=6}" {
		t.Error(v, err)
	}
}

func TestEqualSchemasAreOnePointer(t *testing.T) {
	r := newRegistry(t)
	r.Put("t-value", `{"type":"object","title":"R","connect.version":1,"properties":{"a":{"type":"integer"}}}`)
	r.Put("t-value", `{"title":"R","type":"object","connect.version":1,"properties":{"a":{"type":"integer","connect.type":"int64"}}}`)
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
		for _, id := range []string{"\x01", "\x02"} {
			s, v, err := c.ToConnectData("t", []byte("\x00\x00\x00\x00"+id+`{"a":2}`))
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
	r.Put("t-value", `{"type":"string"}`)
	r.Put("t-value", `{"oneOf":[{"type":"null"},{"type":"integer"}]}`)
	c := r.open(t)
	s, _, err := c.ToConnectData("t", []byte("\x00\x00\x00\x00\x025"))
	if describe(s) != "int64? v2" || err != nil {
		t.Error(describe(s), err)
	}
	if s, _, err = c.ToConnectData("copy", []byte("\x00\x00\x00\x00\x025")); describe(s) != "int64?" || err != nil {
		t.Error(describe(s), err)
	}
}

func TestTheConverterIsFoundByItsClass(t *testing.T) {
	pool := subject.NewPool()
	defer pool.Close()
	reg := registry.New()
	if err := reg.Add(Register(pool)...); err != nil {
		t.Fatal(err)
	}
	e, ok := reg.Find("io.confluent.connect.json.JsonSchemaConverter", registry.ConverterKind)
	if !ok {
		t.Fatal("not found")
	}
	if err := e.NewConverter().Configure(connect.Props{}, true); err == nil || !strings.Contains(err.Error(), "schema.registry.url") {
		t.Error(err)
	}
}
