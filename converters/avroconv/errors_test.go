package avroconv

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/kurier-io/kurier/converters/subject"
	"github.com/kurier-io/kurier/plugins/connect"
	"github.com/kurier-io/kurier/plugins/data"
)

func TestWrongValuesAreNamedWithTheirPlace(t *testing.T) {
	inner := data.StructOf().Name("I").Field("n", of(data.Int32)).MustBuild()
	s := data.StructOf().Name("R").Field("list", data.ArrayOf(inner).MustBuild()).Field("m", data.MapOf(of(data.String), of(data.Int64)).MustBuild()).
		Field("d", data.DecimalOf(2).Optional().MustBuild()).MustBuild()
	good := arr(row(inner, i32(1)))
	long := strings.Repeat("é", 100)
	for want, v := range map[string]data.Value{
		"Found null value for non-optional schema Schema{INT32}": row(s, arr(row(inner, i32(1)), row(inner, data.Null())), pairs(), data.Null()),
		"(field list[1].n, found null)":                          row(s, arr(row(inner, i32(1)), row(inner, data.Null())), pairs(), data.Null()),
		`Invalid type for INT32: class java.lang.String: let the value agree with its schema, with the Cast transformation for example (field list[0].n, found STRING "éééééééééééééééééééééééééééééé…")`: row(s, arr(row(inner, str(long))), pairs(), data.Null()),
		"(field m{\"k\"}, found INT32 1)":                                                                                 row(s, good, pairs(str("k"), i32(1)), data.Null()),
		"Invalid type for STRING: class java.lang.Integer: let":                                                           row(s, good, pairs(i32(1), i64(1)), data.Null()),
		"Invalid type for Decimal, expected BigDecimal but was class java.lang.Long: let":                                 row(s, good, pairs(), i64(5)),
		"mismatching scale for given Decimal schema. Schema has scale 2, value has scale 1. (field d, found Decimal 0.5)": row(s, good, pairs(), dec2(5, 1)),
		"Mismatching struct schema: the value is of Schema{R:STRUCT}, the field of Schema{I:STRUCT}":                      row(s, arr(row(s, good, pairs(), data.Null())), pairs(), data.Null()),
		"Invalid type for STRUCT: class java.lang.Boolean: let":                                                           data.BoolValue(true),
	} {
		_, _, err := newRegistry(t).open(t).FromConnectData(nil, "t", s, v)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v\nwant %s", err, want)
		}
	}
	if _, _, err := newRegistry(t).open(t).FromConnectData(nil, "t", of(data.Int32), data.Null()); err == nil || !strings.Contains(err.Error(), "Found null value") {
		t.Error(err)
	}
	if b, ok, err := newRegistry(t).open(t).FromConnectData(nil, "t", opt(data.Int32), data.Null()); b != nil || ok || err != nil {
		t.Error(b, ok, err)
	}
}

func TestSchemasThatCannotBeWritten(t *testing.T) {
	one := data.StructOf().Name("x.I").Field("a", of(data.Int32)).MustBuild()
	other := data.StructOf().Name("x.I").Field("a", of(data.String)).MustBuild()
	byInt := data.MapOf(of(data.Int32), of(data.String)).MustBuild()
	byLong := data.MapOf(of(data.Int64), of(data.String)).MustBuild()
	fixed := data.Of(data.Bytes).Name("F").Param(fixedSize, "2").MustBuild()
	enum := data.Of(data.String).Name("E").Param(avroEnum, "E").Param(avroEnum+".A", "A").MustBuild()
	for want, tc := range map[string]struct {
		s        *data.Schema
		v        data.Value
		settings string
	}{
		"Can't redefine: x.I: two different schemas": {data.StructOf().Field("f", one).Field("g", other).MustBuild(), data.Null(), ""},
		"(field g)": {data.StructOf().Field("f", one).Field("g", other).MustBuild(), data.Null(), ""},
		"Can't redefine: io.confluent.connect.avro.MapEntry": {data.StructOf().Field("f", byInt).Field("g", byLong).MustBuild(), data.Null(), ""},
		"Illegal character in: a-b":                          {data.StructOf().Field("a-b", one).MustBuild(), data.Null(), ""},
		"Illegal initial character: 1":                       {data.StructOf().Name("1").MustBuild(), data.Null(), ""},
		"(scrub.invalid.names=true replaces":                 {data.StructOf().Name("1").MustBuild(), data.Null(), ""},
		"must be of type INT32, and is STRING":               {data.Of(data.String).Name(data.DateName).MustBuild(), data.TimestampValue(0), ""},
		"is to be a fixed of 2 bytes and has 3":              {fixed, data.BytesValue([]byte{1, 2, 3}), ""},
		"enum value 'B' is not in the enum symbol set of E":  {enum, str("B"), "enhanced.avro.schema.support=true"},
		"Unscaled value byte array length 3 is greater than fixed size 2": {
			data.DecimalOf(0).Param(fixedSize, "2").MustBuild(), data.DecimalBytesValue([]byte{1, 2, 3}, 0), ""},
	} {
		if tc.v.IsNull() {
			tc.v = data.StructValue(data.NewStruct(tc.s))
		}
		_, _, err := newRegistry(t).open(t, tc.settings).FromConnectData(nil, "t", tc.s, tc.v)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v\nwant %s", err, want)
		}
	}
}

func TestBytesOfAnotherKindAreExplained(t *testing.T) {
	c := newRegistry(t).open(t)
	for in, want := range map[string]string{
		`{"a":1}`:              `Failed to deserialize data for topic t to Avro: Unknown magic byte! The 7 bytes begin with "{\"a\":1}"; this looks like JSON: set value.converter=org.apache.kafka.connect.json.JsonConverter`,
		"plain":                "this looks like text: set value.converter=org.apache.kafka.connect.storage.StringConverter",
		"\x00\x00":             "too short to hold a schema id",
		"\xff\xfe":             "org.apache.kafka.connect.converters.ByteArrayConverter",
		"":                     "Unknown magic byte! The 0 bytes",
		"\x00\x00\x00\x00\x09": "Failed to deserialize data for topic t to Avro: ",
	} {
		if _, _, err := c.ToConnectData("t", []byte(in)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v\nwant %s", in, err, want)
		}
	}
	if s, v, err := c.ToConnectData("t", nil); s != nil || !v.IsNull() || err != nil {
		t.Error(s, v, err)
	}
}

func TestDamagedBytesAreNamedWithTheirPlace(t *testing.T) {
	text := `{"type":"record","name":"R","fields":[{"name":"a","type":["null","string"]},{"name":"l","type":{"type":"array","items":{"type":"enum","name":"E","symbols":["X"]}}},{"name":"m","type":{"type":"map","values":"double"}}]}`
	for body, want := range map[string]string{
		"":                         "byte 0: the message ends in the middle of the value (field a)",
		"04":                       "there is no branch 2 in the union (field a)",
		"0209":                     "a length of -5 where 0 bytes are left (field a)",
		"00020a":                   "there is no symbol 5 in the enum (field l[0])",
		"00c8010000":               "a block of 100 elements where 2 bytes are left (field l)",
		"00ffffffffffffffffff01":   "a block of -9223372036854775808 elements (field l)",
		"000002026100000000000000": `(field m{"a"})`,
		"ffffffffffffffffffff7f":   "more than 64 bits",
	} {
		_, _, err := readWith(t, text, body)
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "the bytes do not fit the schema with id 1") {
			t.Errorf("%s: %v\nwant %s", body, err, want)
		}
	}
}

// What takes no bytes is bounded too: a few bytes must not unfold to gigabytes.
func TestFewBytesDoNotUnfoldToManyValues(t *testing.T) {
	var members []string
	for _, n := range []string{"A", "B", "C", "D", "E", "F", "G", "H"} {
		members = append(members, `{"name":"`+n+`","type":{"type":"record","name":"x`+n+`","fields":[]}}`)
	}
	text := `{"type":"array","items":{"type":"record","name":"R","fields":[` + strings.Join(members, ",") + `]}}`
	huge := "808080808040" // 2^40 as the zigzag of a positive number
	for _, body := range []string{huge + "00", "feffffff0f" + "00", "8080800800"} {
		_, _, err := readWith(t, text, body)
		if err == nil || !strings.Contains(err.Error(), "too many values") && !strings.Contains(err.Error(), "elements where") {
			t.Errorf("%s: %v", body, err)
		}
	}
	if _, v, err := readWith(t, text, "0600"); err != nil || len(v.Array()) != 3 {
		t.Error(v, err)
	}
}

func TestRecursiveSchemasAreRefused(t *testing.T) {
	_, _, err := readWith(t, `{"type":"record","name":"R","fields":[{"name":"next","type":["null","R"]}]}`, "00")
	if err == nil || !strings.Contains(err.Error(), "the Avro record R contains itself") {
		t.Error(err)
	}
	// Each record uses the one before twice.
	text := `{"name":"f0","type":{"type":"record","name":"R0","fields":[]}}`
	for i := range 30 {
		text += fmt.Sprintf(`,{"name":"g%d","type":{"type":"record","name":"R%d","fields":[{"name":"x","type":"R%d"},{"name":"y","type":"R%d"}]}}`, i+1, i+1, i, i)
	}
	_, _, err = readWith(t, `{"type":"record","name":"Top","fields":[`+text+`]}`, "")
	if err == nil || !strings.Contains(err.Error(), "stands for more than") {
		t.Error(err)
	}
}

func TestTheRegistrysErrorsKeepTheirKind(t *testing.T) {
	r := newRegistry(t)
	r.Down = 500
	_, _, err := r.open(t).FromConnectData(nil, "t", of(data.Int32), i32(1))
	if _, retriable := errors.AsType[*connect.RetriableError](err); !retriable || !strings.HasPrefix(err.Error(), "Failed to serialize Avro data from topic t:") {
		t.Error(err)
	}
	_, _, err = r.open(t).ToConnectData("t", []byte{0, 0, 0, 0, 1, 2})
	if _, retriable := errors.AsType[*connect.RetriableError](err); !retriable || !strings.HasPrefix(err.Error(), "Failed to deserialize data for topic t to Avro:") {
		t.Error(err)
	}
	r.Down = 0
	r.Mu.Lock()
	r.Add("t-value", subject.Schema{Type: subject.JSON, Text: "{}"})
	r.Mu.Unlock()
	if _, _, err = r.open(t).ToConnectData("t", []byte{0, 0, 0, 0, 1, 2}); err == nil || !strings.Contains(err.Error(), "is of type JSON, not AVRO") {
		t.Error(err)
	}
}
