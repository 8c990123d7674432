package jsonschemaconv

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/kurier-io/kurier/converters/subject"
	"github.com/kurier-io/kurier/plugins/connect"
	"github.com/kurier-io/kurier/plugins/data"
)

func TestWrongValuesAreNamedWithTheirPlace(t *testing.T) {
	inner := data.StructOf().Name("I").Field("n", of(data.Int32)).MustBuild()
	s := data.StructOf().Name("R").Field("list", data.ArrayOf(inner).MustBuild()).Field("m", data.MapOf(of(data.String), of(data.Int64)).MustBuild()).
		Field("password", opt(data.Int32)).Field("d", data.DecimalOf(2).Optional().MustBuild()).MustBuild()
	good, none := arr(row(inner, i32(1))), data.Null()
	for want, v := range map[string]data.Value{
		`Invalid type for INT32: class java.lang.String: let the value agree`:           row(s, arr(row(inner, str("x"))), pairs(), none, none),
		`(field list[0].n, found STRING "x")`:                                           row(s, arr(row(inner, str("x"))), pairs(), none, none),
		`(field m.k, found INT32 1)`:                                                    row(s, good, pairs(str("k"), i32(1)), none, none),
		"Invalid type for STRING: class java.lang.Integer":                              row(s, good, pairs(i32(1), i64(1)), none, none),
		"Invalid type for Decimal, expected BigDecimal but was class java.lang.Long":    row(s, good, pairs(), none, i64(5)),
		"Schema has scale 2, value has scale 1.":                                        row(s, good, pairs(), none, data.DecimalBytesValue([]byte{1}, 1)),
		"Mismatching schema. The value is of Schema{R:STRUCT}, the field of Schema{I:S": row(s, arr(row(s, good, pairs(), none, none)), pairs(), none, none),
		"Invalid type for STRUCT: class java.lang.Boolean":                              data.BoolValue(true),
		"(field password, found STRING [hidden])":                                       row(s, good, pairs(), str("geheim"), none),
	} {
		_, _, err := newRegistry(t).open(t).FromConnectData(nil, "t", s, v)
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "geheim") {
			t.Errorf("%v\nwant %s", err, want)
		}
	}
}

func TestSchemasThatCannotBeWritten(t *testing.T) {
	for want, s := range map[string]*data.Schema{
		"must be of type INT32, and is STRING": data.StructOf().Field("f", data.Of(data.String).Name(data.DateName).MustBuild()).MustBuild(),
		"has no members (field f)":             data.StructOf().Field("f", data.StructOf().Name(jsonUnion).MustBuild()).MustBuild(),
	} {
		_, _, err := newRegistry(t).open(t).FromConnectData(nil, "t", s, data.StructValue(data.NewStruct(s)))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v\nwant %s", err, want)
		}
	}
	if got := write(t, nil, data.StructValue(data.NewStruct(benchSchema))); !strings.Contains(got, "does not have corresponding schema type") {
		t.Error(got)
	}
	deep := data.Null()
	for range maxDepth + 2 {
		deep = arr(deep)
	}
	if got := write(t, nil, deep); !strings.Contains(got, "nests more than 1000 levels") {
		t.Error(got)
	}
}

func TestBytesOfAnotherFormatAreExplained(t *testing.T) {
	for in, want := range map[string]string{
		`{"a":1}`:                "set value.converter=org.apache.kafka.connect.json.JsonConverter",
		"hello":                  "this looks like text: set value.converter=org.apache.kafka.connect.storage.StringConverter",
		"\x00\x00":               "the message is too short",
		"\xff\xfe\x01":           "they were not written by a serializer",
		"":                       "Unknown magic byte!",
		"\x00\x00\x00\x00\x09{}": "Schema not found",
	} {
		_, _, err := newRegistry(t).open(t).ToConnectData("t", []byte(in))
		if err == nil || !strings.Contains(err.Error(), want) ||
			!strings.HasPrefix(err.Error(), "Converting byte[] to Kafka Connect data failed due to serialization error of topic t: ") {
			t.Errorf("%q: %v", in, err)
		}
	}
	r := newRegistry(t)
	r.Mu.Lock()
	r.Add("t-value", subject.Schema{Type: subject.Avro, Text: `"string"`})
	r.Mu.Unlock()
	if _, _, err := r.open(t).ToConnectData("t", []byte("\x00\x00\x00\x00\x01x")); err == nil || !strings.Contains(err.Error(), "of type AVRO, not JSON: use the converter of that type") {
		t.Error(err)
	}
}

func TestErrorsOfNestedValuesHaveTheirPlace(t *testing.T) {
	schema := `{"type":"object","properties":{"a":{"type":"array","items":{"type":"object","properties":{"secret":{"type":"string","connect.type":"bytes"},"b":{"type":"string","connect.type":"bytes"}}}}}}`
	for body, want := range map[string]string{
		`{"a":[{"b":"AQ=="},{"b":"%` + strings.Repeat("x", 500) + `"}]}`: `(field a[1].b, found "%xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…)`,
		`{"a":[{"secret":"%%"}]}`: "(field a[0].secret, found a value that is not shown)",
		`{"a":[{"b":"x}]}`:        "unexpected end of input at byte",
	} {
		_, _, err := readJSON(t, schema, body)
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "%%") {
			t.Errorf("%v\nwant %s", err, want)
		}
	}
}

func TestValuesAreCheckedWhenAsked(t *testing.T) {
	r := newRegistry(t)
	r.Put("t-value", `{"type":"string","maxLength":3}`)
	c := r.open(t, "auto.register.schemas=false", "use.latest.version=true", "latest.compatibility.strict=false", "json.fail.invalid.schema=true")
	if b, _, err := c.FromConnectData(nil, "t", of(data.String), str("abc")); err != nil || string(b[5:]) != `"abc"` {
		t.Error(err)
	}
	_, _, err := c.FromConnectData(nil, "t", of(data.String), str("abcd"))
	if err == nil || !strings.Contains(err.Error(), "the value does not follow the schema with id 1") ||
		!strings.HasPrefix(err.Error(), "Converting Kafka Connect data to byte[] failed due to serialization error of topic t: ") {
		t.Error(err)
	}
	for _, huge := range []string{"1e999999999", strings.Repeat("9", 2000), strings.Repeat("[", 2000)} {
		if _, _, err := readJSON(t, `{"type":"number","multipleOf":0.1}`, huge, "json.fail.invalid.schema=true"); err == nil {
			t.Errorf("%.20s is read", huge)
		}
	}
}

// A small message does not become a large one, whatever the schema.
func TestMessagesDoNotUnfold(t *testing.T) {
	fields := make([]string, 2000)
	for i := range fields {
		fields[i] = fmt.Sprintf(`"f%d":{"type":"string"}`, i)
	}
	schema := `{"type":"array","items":{"type":"object","properties":{` + strings.Join(fields, ",") + `}}}`
	_, v, err := readJSON(t, schema, "["+strings.Repeat("{},", 100)+"{}]")
	if err != nil || len(v.Array()) != 101 {
		t.Error(err)
	}
	if _, _, err = readJSON(t, schema, "["+strings.Repeat("{},", 10000)+"{}]"); err == nil || !strings.Contains(err.Error(), "unfolds to too many values") {
		t.Error(err)
	}
}

func TestTheLatestVersion(t *testing.T) {
	const latest = `{"type":"object","properties":{"a":{"type":"integer"}},"additionalProperties":false}`
	one := data.StructOf().Field("a", of(data.Int32)).MustBuild()
	two := data.StructOf().Field("a", of(data.Int32)).Field("b", of(data.Int32)).MustBuild()
	r := newRegistry(t)
	r.Put("t-value", latest)
	settings := []string{"auto.register.schemas=false", "use.latest.version=true", "object.additional.properties=false"}
	c := r.open(t, settings...)
	if b, _, err := c.FromConnectData(nil, "t", one, row(one, i32(1))); err != nil || string(b) != "\x00\x00\x00\x00\x01"+`{"a":1}` {
		t.Errorf("%q %v", b, err)
	}
	_, _, err := c.FromConnectData(nil, "t", two, row(two, i32(1), i32(2)))
	if err == nil || !strings.Contains(err.Error(), "Incompatible schema of type 'JSON'. Set latest.compatibility.strict=false") {
		t.Error(err)
	}
	if _, _, err := r.open(t, append(settings, "latest.compatibility.strict=false")...).FromConnectData(nil, "t", two, row(two, i32(1), i32(2))); err != nil {
		t.Error(err)
	}
	// What has no schema of its own is checked value by value.
	if b, _, err := c.FromConnectData(nil, "t", nil, pairs(str("a"), i32(1))); err != nil || string(b[5:]) != `{"a":1}` {
		t.Error(err)
	}
	if _, _, err := c.FromConnectData(nil, "t", nil, pairs(str("b"), i32(1))); err == nil || !strings.Contains(err.Error(), "does not follow the schema with id 1") {
		t.Error(err)
	}
}

func TestTheLatestVersionIsAskedForAgain(t *testing.T) {
	r := newRegistry(t)
	r.Put("t-value", `{"type":"integer"}`)
	c := r.open(t, "auto.register.schemas=false", "use.latest.version=true", "latest.cache.ttl.sec=3600")
	s := of(data.Int32)
	for range 2 {
		if _, _, err := c.FromConnectData(nil, "t", s, i32(1)); err != nil {
			t.Fatal(err)
		}
	}
	first := c.lastWritten
	if until := time.Until(first.until); until < 50*time.Minute || until > time.Hour {
		t.Error(until)
	}
	first.until = time.Now().Add(-time.Second)
	if _, _, err := c.FromConnectData(nil, "t", s, i32(1)); err != nil || c.lastWritten == first {
		t.Error("what has grown old is used", err)
	}
}

func TestARegistryThatIsDownIsTriedAgain(t *testing.T) {
	r := newRegistry(t)
	r.Down = 503
	_, _, err := r.open(t).FromConnectData(nil, "t", of(data.Int32), i32(1))
	if _, ok := errors.AsType[*connect.RetriableError](err); !ok || !strings.Contains(err.Error(), "topic t") {
		t.Error(err)
	}
	c := r.open(t)
	if err := errors.Join(c.Close(), c.Close()); err != nil {
		t.Error(err)
	}
	if _, _, err := c.ToConnectData("t", []byte("\x00\x00\x00\x00\x01x")); err == nil {
		t.Error("a closed converter asks the registry")
	}
}
