package jsonschemaconv

import (
	"fmt"
	"strings"
	"testing"

	"github.com/kurier-io/kurier/converters/jsonschemaconv/jsonschema"
	"github.com/kurier-io/kurier/plugins/data"
)

// describe prints a Connect schema with everything that Equal compares.
func describe(s *data.Schema) string {
	if s == nil {
		return "nothing"
	}
	out := s.Type().Name()
	switch s.Type() {
	case data.ArrayType:
		out = "[" + describe(s.ValueSchema()) + "]"
	case data.MapType:
		out = "map[" + describe(s.KeySchema()) + "]" + describe(s.ValueSchema())
	case data.StructType:
		var fs []string
		for _, f := range s.Fields() {
			fs = append(fs, f.Name+" "+describe(f.Schema))
		}
		out = "{" + strings.Join(fs, ", ") + "}"
	}
	if s.Optional() {
		out += "?"
	}
	if s.HasName() {
		out += " name=" + s.Name()
	}
	if v, ok := s.Version(); ok {
		out += fmt.Sprint(" v", v)
	}
	if d, ok := s.Doc(); ok {
		out += " doc=" + d
	}
	for _, p := range s.Params() {
		out += fmt.Sprintf(" %s=%s", p.Name, p.Value)
	}
	if d, ok := s.Default(); ok {
		out += " default=" + d.String()
	}
	return out
}

func with(settings ...func(*jsonData)) *jsonData {
	o := &jsonData{CacheSize: 10, DecimalFormat: "BASE64", Additional: true, FlattenSingletons: true}
	for _, set := range settings {
		set(o)
	}
	return o
}

func numeric(o *jsonData)     { o.DecimalFormat = "NUMERIC" }
func closed(o *jsonData)      { o.Additional = false }
func generalized(o *jsonData) { o.Generalized = true }
func nonRequired(o *jsonData) { o.OptionalNonReq = true }
func unflattened(o *jsonData) { o.FlattenSingletons = false }
func preserved(o *jsonData)   { o.Preserve = true }
func oldDialect(o *jsonData)  { o.IgnoreModern = true }

func TestConnectSchemasAsJSONSchemas(t *testing.T) {
	point := data.StructOf().Name("a.Point").Version(2).Field("x", of(data.Int32)).Field("y", opt(data.Int32)).MustBuild()
	union := data.StructOf().Name(jsonUnion).Field(jsonField+"0", opt(data.String)).Field(jsonField+"1", point.AsOptional(true))
	for _, tc := range []struct {
		b    *data.Builder
		want string
		set  []func(*jsonData)
	}{
		{b: data.Of(data.Int8), want: `{"type":"integer","connect.type":"int8"}`},
		{b: data.Of(data.Int16), want: `{"type":"integer","connect.type":"int16"}`},
		{b: data.Of(data.Int32), want: `{"type":"integer","connect.type":"int32"}`},
		{b: data.Of(data.Int64), want: `{"type":"integer","connect.type":"int64"}`},
		{b: data.Of(data.Float32), want: `{"type":"number","connect.type":"float32"}`},
		{b: data.Of(data.Float64), want: `{"type":"number","connect.type":"float64"}`},
		{b: data.Of(data.Boolean), want: `{"type":"boolean"}`},
		{b: data.Of(data.String), want: `{"type":"string"}`},
		{b: data.Of(data.Bytes), want: `{"type":"string","connect.type":"bytes"}`},
		{b: data.Of(data.String).Optional(), want: `{"oneOf":[{"type":"null"},{"type":"string"}]}`},
		{b: data.Of(data.Int32).Optional().Default(i32(7)), want: `{"oneOf":[{"type":"null"},{"type":"integer","default":7,"connect.type":"int32"}]}`},
		{b: data.Of(data.Bytes).Default(data.BytesValue([]byte{255})), want: `{"type":"string","default":"/w==","connect.type":"bytes"}`},
		{b: data.Of(data.String).Name("n").Version(3).Doc("d").Param("a", "b").Param(namespace+".x", "y").Default(str("é\n")),
			want: `{"type":"string","title":"n","description":"d","default":"é\n","connect.version":3,"connect.parameters":{"a":"b"}}`},
		{b: data.Of(data.String).Param(jsonEnum, "").Param(jsonEnum+".A", "A").Param(jsonEnum+".<NULL>", "<NULL>"), want: `{"enum":["A",null]}`},
		{b: data.Of(data.String).Optional().Param(jsonEnum+".A", "A").Param(jsonEnum+".<NULL>", "<NULL>"), want: `{"oneOf":[{"type":"null"},{"enum":["A"]}]}`},
		{b: data.Of(data.String).Param(generalEnum, "").Param(generalEnum+".A", "0").Param(generalEnum+".B", "1"), set: []func(*jsonData){generalized},
			want: `{"connect.parameters":{"org.apache.kafka.connect.data.Enum":"","org.apache.kafka.connect.data.Enum.B":"1","org.apache.kafka.connect.data.Enum.A":"0"},"enum":["A","B"]}`},
		{b: data.ArrayOf(opt(data.Boolean)), want: `{"type":"array","items":{"oneOf":[{"type":"null"},{"type":"boolean"}]}}`},
		{b: data.MapOf(of(data.String), of(data.Int32)), want: `{"type":"object","connect.type":"map","additionalProperties":{"type":"integer","connect.type":"int32"}}`},
		{b: data.MapOf(opt(data.String), of(data.Boolean)),
			want: `{"type":"array","connect.type":"map","items":{"type":"object","properties":{"value":{"type":"boolean","connect.index":1},"key":{"connect.index":0,"oneOf":[{"type":"null"},{"type":"string"}]}}}}`},
		{b: data.DecimalOf(2),
			want: `{"type":"string","title":"org.apache.kafka.connect.data.Decimal","connect.version":1,"connect.type":"bytes","connect.parameters":{"scale":"2"}}`},
		{b: data.DecimalOf(2), set: []func(*jsonData){numeric},
			want: `{"type":"number","title":"org.apache.kafka.connect.data.Decimal","connect.version":1,"connect.type":"bytes","connect.parameters":{"scale":"2"}}`},
		{b: data.DateOf(), want: `{"type":"integer","title":"org.apache.kafka.connect.data.Date","connect.version":1,"connect.type":"int32"}`},
		{b: data.TimeOf(), want: `{"type":"integer","title":"org.apache.kafka.connect.data.Time","connect.version":1,"connect.type":"int32"}`},
		{b: data.TimestampOf(), want: `{"type":"integer","title":"org.apache.kafka.connect.data.Timestamp","connect.version":1,"connect.type":"int64"}`},
		{b: data.StructOf(), want: `{"type":"object"}`},
		{b: data.StructOf().Field("p", point).Field("q", point.AsOptional(true)), set: []func(*jsonData){closed}, want: `{"type":"object","properties":{"p":{"type":"object","title":"a.Point","connect.version":2,"connect.index":0,"properties":{"x":{"type":"integer","connect.index":0,"connect.type":"int32"},"y":{"connect.index":1,"oneOf":[{"type":"null"},{"type":"integer","connect.type":"int32"}]}},"additionalProperties":false},"q":{"connect.index":1,"oneOf":[{"type":"null"},{"type":"object","title":"a.Point","connect.version":2,"properties":{"x":{"type":"integer","connect.index":0,"connect.type":"int32"},"y":{"connect.index":1,"oneOf":[{"type":"null"},{"type":"integer","connect.type":"int32"}]}},"additionalProperties":false}]}},"additionalProperties":false}`},
		{b: data.StructOf().Field("u", union.MustBuild().AsOptional(true)), want: `{"type":"object","properties":{"u":{"connect.index":0,"oneOf":[{"type":"null"},{"type":"string","connect.index":0},{"type":"object","title":"a.Point","connect.version":2,"connect.index":1,"properties":{"x":{"type":"integer","connect.index":0,"connect.type":"int32"},"y":{"connect.index":1,"oneOf":[{"type":"null"},{"type":"integer","connect.type":"int32"}]}}}]}}}`},
		{b: data.StructOf().Field(additionalField, data.MapOf(of(data.String), of(data.Int64)).MustBuild()), set: []func(*jsonData){preserved},
			want: `{"type":"object","additionalProperties":{"type":"integer","connect.type":"int64"}}`},
	} {
		s := tc.b.MustBuild()
		o := with(tc.set...)
		got, err := o.schemaText(s)
		if err != nil || got != tc.want {
			t.Errorf("%s\n%s\n%s %v", describe(s), got, tc.want, err)
			continue
		}
		if _, err := jsonschema.Parse(got, nil); err != nil {
			t.Error(err)
		}
		l, err := load(got, nil)
		if err != nil {
			t.Error(err)
			continue
		}
		back, err := o.read(l, 0)
		if err != nil || describe(back) != describe(s) && !strings.Contains(got, "null]") && !o.Preserve && !strings.Contains(describe(s), namespace+".x") && !strings.Contains(describe(s), "<NULL>") {
			t.Errorf("%s\nwas %s\nis  %s %v", got, describe(s), describe(back), err)
		}
	}
}

// The text is one that Java's converter has registered for Debezium's PostgreSQL connector.
func TestTextsAreJavas(t *testing.T) {
	str, long := of(data.String), opt(data.Int64)
	snapshot := data.Of(data.String).Optional().Name("io.debezium.data.Enum").Version(1).Param("allowed", "true,last,false,incremental").Default(data.StringValue("false")).MustBuild()
	s := data.StructOf().Name("io.debezium.connector.postgresql.Source").Field("version", str).Field("connector", str).Field("name", str).Field("ts_ms", of(data.Int64)).
		Field("snapshot", snapshot).Field("db", str).Field("sequence", opt(data.String)).Field("schema", str).Field("table", str).Field("txId", long).
		Field("lsn", long).Field("xmin", long).MustBuild()
	const want = `{"type":"object","title":"io.debezium.connector.postgresql.Source","properties":{"schema":{"type":"string","connect.index":7},` +
		`"sequence":{"connect.index":6,"oneOf":[{"type":"null"},{"type":"string"}]},"xmin":{"connect.index":11,"oneOf":[{"type":"null"},{"type":"integer","connect.type":"int64"}]},` +
		`"connector":{"type":"string","connect.index":1},"lsn":{"connect.index":10,"oneOf":[{"type":"null"},{"type":"integer","connect.type":"int64"}]},"name":{"type":"string","connect.index":2},` +
		`"txId":{"connect.index":9,"oneOf":[{"type":"null"},{"type":"integer","connect.type":"int64"}]},"version":{"type":"string","connect.index":0},` +
		`"ts_ms":{"type":"integer","connect.index":3,"connect.type":"int64"},"snapshot":{"connect.index":4,"oneOf":[{"type":"null"},{"type":"string","title":"io.debezium.data.Enum",` +
		`"default":"false","connect.version":1,"connect.parameters":{"allowed":"true,last,false,incremental"}}]},"db":{"type":"string","connect.index":5},"table":{"type":"string","connect.index":8}}}`
	if got, err := with().schemaText(s); err != nil || got != want {
		t.Errorf("%s\n%s %v", got, want, err)
	}
}

func TestJSONSchemasAsConnectSchemas(t *testing.T) {
	for _, tc := range []struct {
		text, want string
		set        []func(*jsonData)
	}{
		{text: `{"type":"integer"}`, want: "int64"},
		{text: `{"type":"number"}`, want: "float64"},
		{text: `{"type":"array","items":true}`, want: "[{metadata bytes, value bytes} name=org.apache.kafka.connect.data.Variant]"},
		{text: `{"properties":{"a":{"title":"no name"}}}`, set: []func(*jsonData){nonRequired}, want: "{a {metadata bytes, value bytes}? name=org.apache.kafka.connect.data.Variant}"},
		{text: `{"type":"boolean","connect.version":4}`, want: "boolean v4"},
		{text: `{"type":"string","format":"date-time"}`, want: "string"},
		{text: `{"maxLength":5}`, want: "string"},
		{text: `{"minimum":5}`, want: "float64"},
		{text: `{"type":"string","connect.type":"bytes"}`, want: "bytes"},
		{text: `{"type":"number","connect.type":"bytes","title":"org.apache.kafka.connect.data.Decimal","connect.parameters":{"scale":"3"}}`, want: "bytes name=org.apache.kafka.connect.data.Decimal scale=3"},
		{text: `{"type":"number","connect.type":"int8"}`, want: "int8"},
		{text: `{"type":["null","string"],"title":"t","default":"x"}`, want: "string? name=t default=x"},
		{text: `{"type":["string","integer","null"]}`, want: "{io.confluent.connect.json.OneOf.field.0 string?, io.confluent.connect.json.OneOf.field.1 int64?}? name=io.confluent.connect.json.OneOf"},
		{text: `{"oneOf":[{"type":"integer"},{"type":"null"}]}`, want: "int64?"},
		{text: `{"anyOf":[{"type":"integer"},{"$ref":"#/definitions/none"}],"definitions":{"none":{"type":"null"}}}`, want: "int64?"},
		{text: `{"oneOf":[{"type":"integer","title":"t"}]}`, want: "int64 name=t"},
		{text: `{"oneOf":[{"type":"integer"}]}`, set: []func(*jsonData){unflattened}, want: "{io.confluent.connect.json.OneOf.field.0 int64?} name=io.confluent.connect.json.OneOf"},
		{text: `{"anyOf":[{"type":"integer"},{"type":"string"}],"title":"lost","description":"d"}`,
			want: "{io.confluent.connect.json.OneOf.field.0 int64?, io.confluent.connect.json.OneOf.field.1 string?} name=io.confluent.connect.json.OneOf doc=d"},
		{text: `{"properties":{"a":{"oneOf":[{"type":"integer"},{"type":"null"}]},"b":{"oneOf":[{"type":"integer"},{"type":"string"}]}}}`, set: []func(*jsonData){generalized},
			want: "{a int64?, b {connect_union_field_0 int64?, connect_union_field_1 string?} name=connect_union_1 org.apache.kafka.connect.data.Union=connect_union_1}"},
		{text: `{"enum":["a","b"]}`, want: "string io.confluent.connect.json.Enum= io.confluent.connect.json.Enum.a=a io.confluent.connect.json.Enum.b=b"},
		{text: `{"type":"string","enum":["a"],"title":"t"}`, want: "string name=t io.confluent.connect.json.Enum= io.confluent.connect.json.Enum.a=a"},
		{text: `{"enum":["a",null,7]}`, want: "string? io.confluent.connect.json.Enum= io.confluent.connect.json.Enum.a=a io.confluent.connect.json.Enum.<NULL>=<NULL> io.confluent.connect.json.Enum.7=7"},
		{text: `{"enum":["a","b"]}`, set: []func(*jsonData){generalized}, want: "string org.apache.kafka.connect.data.Enum= org.apache.kafka.connect.data.Enum.a=0 org.apache.kafka.connect.data.Enum.b=1"},
		{text: `{"type":"integer","enum":[1,2]}`, want: "int64"},
		{text: `{"const":"a"}`, want: "string"}, {text: `{"const":1}`, want: "int64"}, {text: `{"const":1.5}`, want: "float64"}, {text: `{"const":true}`, want: "boolean"},
		{text: `{"type":"array","items":{"type":"string"},"description":"d"}`, want: "[string] doc=d"},
		{text: `{"type":"object","additionalProperties":{"type":"string"},"connect.type":"map"}`, want: "map[string]string"},
		{text: `{"type":"array","connect.type":"map","items":{"type":"object","properties":{"value":{"type":"string"},"key":{"type":"integer"}}}}`, want: "map[int64]string"},
		{text: `{"type":"object","properties":{"b":{"type":"string"},"a":{"type":"integer"}}}`, want: "{b string, a int64}"},
		{text: `{"type":"object","properties":{"c":{"type":"string","connect.index":2},"a":{"type":"integer","connect.index":0},"b":{"$ref":"#/definitions/s","connect.index":1}},"definitions":{"s":{"type":"string","title":"S"}}}`,
			want: "{a int64, b string name=S, c string}"},
		{text: `{"type":"object","properties":{"a":{"type":"integer"},"b":{"type":"string"}},"required":["b"]}`, set: []func(*jsonData){nonRequired}, want: "{a int64?, b string}"},
		{text: `{"title":"T","allOf":[{"$ref":"#/definitions/base"},{"properties":{"b":{"type":"string"}},"required":["b","a"]}],"definitions":{"base":{"type":"object","properties":{"a":{"type":"integer"},"c":{"type":"integer"}}}}}`,
			set: []func(*jsonData){nonRequired}, want: "{a int64, c int64?, b string} name=T"},
		{text: `{"allOf":[{"type":"string"},{"maxLength":5}]}`, want: "string"},
		{text: `{"allOf":[{"type":"number"},{"type":"integer"}]}`, want: "int64"},
		{text: `{"allOf":[{"type":"string"},{"oneOf":[{"type":"string"},{"type":"null"}]}]}`, want: "string?"},
		{text: `{"$ref":"#/definitions/a/items/0","definitions":{"a":{"items":[{"type":"boolean"}]}}}`, want: "boolean"},
		{text: `{"$ref":"#pt","definitions":{"x":{"$id":"#pt","type":"boolean"}}}`, want: "boolean"},
		{text: `{"$ref":"other.json#/definitions/a~1b%20c","definitions":{"x":{"$id":"other.json","definitions":{"a/b c":{"type":"string"}}}}}`, want: "string"},
		{text: `{"$schema":"https://json-schema.org/draft/2020-12/schema","$ref":"#/$defs/a","properties":{"y":{"type":"string"}},"$defs":{"a":{"properties":{"x":{"type":"string"}}}}}`, want: "{y string, x string}"},
		{text: `{"$schema":"https://json-schema.org/draft/2020-12/schema","$ref":"#/$defs/a","properties":{"y":{"type":"string"}},"$defs":{"a":{"properties":{"x":{"type":"string"}}}}}`, set: []func(*jsonData){oldDialect}, want: "{x string}"},
		{text: `{"$schema":"http://json-schema.org/draft-04/schema#","id":"http://x/y","properties":{"a":{"$ref":"#/definitions/d"}},"definitions":{"d":{"id":"#q","type":"string"}}}`, want: "{a string}"},
		{text: `{"type":"string","id":"is no keyword","title":"n"}`, want: "string name=n"},
		{text: `{"type":"integer","default":"5"}`, want: "int64 default=0"}, // Java's coercion
		{text: `{"type":"integer","default":5,"connect.type":"int16"}`, want: "int16 default=5"},
		{text: `{"type":"object","properties":{"a":{"type":"integer"}},"default":{"a":5}}`, want: "{a int64} default=Struct{a=5}"},
		{text: `{"type":"object","properties":{"a":{"type":"integer"}}}`, set: []func(*jsonData){preserved},
			want: "{a int64, __connect_additional_properties__ map[string]string? name=io.confluent.connect.json.AdditionalProperties}"},
		{text: `{"type":"object","additionalProperties":{"type":"integer"}}`, set: []func(*jsonData){preserved}, want: "{__connect_additional_properties__ map[string]int64?}"},
		{text: `{"type":"object","additionalProperties":false}`, set: []func(*jsonData){preserved}, want: "{}"},
	} {
		l, err := load(tc.text, nil)
		if err != nil {
			t.Error(err)
			continue
		}
		s, err := with(tc.set...).read(l, 0)
		if err != nil || describe(s) != tc.want {
			t.Errorf("%s\n%s\n%s %v", tc.text, describe(s), tc.want, err)
		}
	}
}

func TestJSONSchemasThatConnectCannotHold(t *testing.T) {
	bomb := `{"properties":{"a":{"$ref":"#/definitions/d0"}},"definitions":{`
	for i := range 40 {
		bomb += fmt.Sprintf(`"d%d":{"properties":{"x":{"$ref":"#/definitions/d%d"},"y":{"$ref":"#/definitions/d%d"}}},`, i, i+1, i+1)
	}
	bomb += `"d40":{"type":"string"}}}`
	for text, want := range map[string]string{
		`{"type":"array"}`: "Array schema did not specify the items type",
		`{"type":"array","items":[{"type":"string"}]}`: "Array schema did not specify the items type",
		`false`:           "FalseSchema",
		`{"type":"null"}`: "NullSchema",
		`{"title":"T","properties":{"next":{"$ref":"#"}}}`:                                                         `"T" contains itself, which Connect schemas cannot`,
		`{"allOf":[{"properties":{"a":{"$ref":"#"}}}]}`:                                                            "contains itself",
		`{"$ref":"#/definitions/a","definitions":{"a":{"$ref":"#/definitions/b"},"b":{"$ref":"#/definitions/a"}}}`: "contains itself",
		`{"oneOf":[{"$ref":"#"},{"type":"null"}]}`:                                                                 "contains itself",
		`{"$ref":"#/definitions/a"}`:                                                                               `$ref "#/definitions/a" leads nowhere`,
		`{"$ref":"http://127.0.0.1:1/x"}`:                                                                          "leads nowhere: register the schema",
		`{"type":"object","connect.type":"map"}`:                                                                   "give it additionalProperties",
		`{"type":"string","title":"org.apache.kafka.connect.data.Date"}`:                                           "must be of type INT32, and is STRING",
		`{"type":"number","connect.type":"bytes","title":"org.apache.kafka.connect.data.Decimal"}`:                 "scale parameter not found",
		`{"type":"integer","connect.type":"int7"}`:                                                                 "Unsupported type int7",
		`{"type":"string","connect.type":"bytes","default":"%"}`:                                                   "the default \"%\" of the JSON Schema does not fit",
		`{"oneOf":[{"type":"null"}]}`:                                                                              "no alternative but null",
		`{"not":{"type":"string"}}`:                                                                                "has no type",
		bomb:                                                                                                       "unfolds to more than",
	} {
		l, err := load(text, nil)
		if err != nil {
			t.Errorf("%.100s: %v", text, err)
			continue
		}
		s, err := with().read(l, 0)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.100s: %v %v\nwant %s", text, describe(s), err, want)
		}
	}
	if _, err := load(strings.Repeat(`{"items":`, 1100)+"1"+strings.Repeat("}", 1100), nil); err == nil {
		t.Error("a schema of any depth is read")
	}
	if _, err := load(`{"type":"string","type":"integer"}`, nil); err == nil {
		t.Error("a keyword given twice is read")
	}
}
