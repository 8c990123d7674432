package protoconv

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
		Field("d", data.DateOf().Optional().MustBuild()).MustBuild()
	good := arr(row(inner, i32(1)))
	for want, v := range map[string]data.Value{
		"Found null value for non-optional schema Schema{INT32}":      row(s, arr(row(inner, i32(1)), row(inner, data.Null())), pairs(), data.Null()),
		"(field list[1].n, found null)":                               row(s, arr(row(inner, i32(1)), row(inner, data.Null())), pairs(), data.Null()),
		"an array in Protobuf cannot hold null":                       row(s, arr(data.Null()), pairs(), data.Null()),
		"Invalid type for INT32: class java.lang.String":              row(s, arr(row(inner, str("x"))), pairs(), data.Null()),
		`(field list[0].n, found STRING "x")`:                         row(s, arr(row(inner, str("x"))), pairs(), data.Null()),
		`(field m{STRING "k"}, found INT32 1)`:                        row(s, good, pairs(str("k"), i32(1)), data.Null()),
		"Invalid type for STRING: class java.lang.Integer: let":       row(s, good, pairs(i32(1), i64(1)), data.Null()),
		"Invalid type for Date, expected Date but was class":          row(s, good, pairs(), i64(5)),
		"Kafka Connect Date type should not have any time fields":     row(s, good, pairs(), data.TimestampValue(1)),
		"the year 0 does not fit google.type.Date":                    row(s, good, pairs(), data.TimestampValue(-719163*data.MillisPerDay)),
		"Mismatching struct schema: the value is of Schema{R:STRUCT}": row(s, arr(row(s, good, pairs(), data.Null())), pairs(), data.Null()),
		"Invalid type for STRUCT: class java.lang.Boolean":            data.BoolValue(true),
	} {
		_, _, err := newRegistry(t).open(t).FromConnectData(nil, "t", s, v)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v\nwant %s", err, want)
		}
	}
}

func TestSchemasThatCannotBeWritten(t *testing.T) {
	one := data.StructOf().Name("x.I").Field("a", of(data.Int32)).MustBuild()
	other := data.StructOf().Name("x.I").Field("a", of(data.String)).MustBuild()
	array := data.ArrayOf(of(data.Int32)).MustBuild()
	in := func(s *data.Schema) *data.Schema { return data.StructOf().Name("R").Field("f", s).MustBuild() }
	union := func(s *data.Schema) *data.Schema {
		return in(data.StructOf().Name(unionPrefix+"u").Optional().Field("m", s).MustBuild())
	}
	deep := of(data.Int32)
	for range 120 {
		deep = data.StructOf().Field("f", deep).MustBuild()
	}
	for want, s := range map[string]*data.Schema{
		"two different schemas are named I":          data.StructOf().Field("f", one).Field("g", other).MustBuild(),
		"(field g)":                                  data.StructOf().Field("f", one).Field("g", other).MustBuild(),
		`"a-b" is not a valid identifier`:            data.StructOf().Field("a-b", one).MustBuild(),
		"set scrub.invalid.names=true":               data.StructOf().Name("1").MustBuild(),
		`"my-srv.x" is not a valid identifier for a`: data.StructOf().Name("my-srv.x.R").MustBuild(),
		"Array cannot be nested":                     in(data.ArrayOf(array).MustBuild()),
		"an array of maps":                           in(data.ArrayOf(data.MapOf(of(data.String), of(data.String)).MustBuild()).MustBuild()),
		"a member of a union cannot be an array":     union(array),
		"two fields have the number 3":               data.StructOf().Field("f", tag(data.Of(data.Int32), "3")).Field("g", tag(data.Of(data.Int32), "3")).MustBuild(),
		`.Tag is "x", not a field number`:            in(tag(data.Of(data.Int32), "x")),
		"nests more than 100 levels":                 deep,
		"cannot be a Protobuf schema: protobuf: ":    in(tag(data.Of(data.Int32), "19500")),
		"Unsupported root schema of type ARRAY":      array,
		"Unsupported root schema of type INT64":      data.TimestampOf().MustBuild(),
		"a value without a schema cannot be written": nil,
	} {
		v := i32(1)
		if s != nil && s.Type() == data.StructType {
			v = data.StructValue(data.NewStruct(s))
		}
		_, _, err := newRegistry(t).open(t).FromConnectData(nil, "t", s, v)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v\nwant %s", err, want)
		}
	}
}

func TestNumbersThatDoNotFit(t *testing.T) {
	s := data.StructOf().Name("R").Field("a", data.Of(data.Int64).Param(typeParam, "uint32").MustBuild()).MustBuild()
	c := newRegistry(t).open(t)
	for n, ok := range map[int64]bool{0: true, 1<<32 - 1: true, 1 << 32: false, -1: false} {
		_, _, err := c.FromConnectData(nil, "t", s, row(s, i64(n)))
		if ok != (err == nil) || err != nil && !strings.Contains(err.Error(), "does not fit the Protobuf type of the field, which takes 0 to 4294967295 (field a, found INT64") {
			t.Errorf("%d: %v", n, err)
		}
	}
	e := data.StructOf().Name("R").Field("e", status().MustBuild()).MustBuild()
	if _, _, err := c.FromConnectData(nil, "t", e, row(e, str("GONE"))); err == nil || !strings.Contains(err.Error(), "enum value 'GONE' is not in the enum symbol set of R.Status") {
		t.Error(err)
	}
}

func TestBytesOfAnotherKindAreExplained(t *testing.T) {
	c := newRegistry(t).open(t)
	for in, want := range map[string]string{
		`{"a":1}`:                  `Failed to deserialize data for topic t to Protobuf: Unknown magic byte! The 7 bytes begin with "{\"a\":1}"; this looks like JSON: set value.converter=org.apache.kafka.connect.json.JsonConverter`,
		"plain":                    "this looks like text: set value.converter=org.apache.kafka.connect.storage.StringConverter",
		"\x00\x00":                 "too short to hold a schema id",
		"\xff\xfe":                 "org.apache.kafka.connect.converters.ByteArrayConverter",
		"":                         "Unknown magic byte! The 0 bytes",
		"\x00\x00\x00\x00\x09":     "the message indexes after the schema id are damaged",
		"\x00\x00\x00\x00\x09\x00": "Failed to deserialize data for topic t to Protobuf: ",
	} {
		if _, _, err := c.ToConnectData("t", []byte(in)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v\nwant %s", in, err, want)
		}
	}
}

func TestDamagedBytesAreNamedWithTheirPlace(t *testing.T) {
	const text = `import "google/type/date.proto"; import "google/type/timeofday.proto"; message R { string a = 1; repeated N l = 2; map<string, N> m = 3; message N { fixed32 x = 1; } repeated fixed64 p = 4; google.type.Date d = 5; google.type.TimeOfDay t = 6; }`
	for body, want := range map[string]string{
		"0a":                     "byte 1: no number begins here: unexpected EOF (field a)",
		"0a05":                   "a length of 5 where 0 bytes are left (field a)",
		"0a01ff":                 "Protocol message had invalid UTF-8. (field a)",
		"1200120201":             "a length of 2 where 1 bytes are left (field l[1])",
		"12050d01020304":         "",
		"12030d0102":             "the message ends in the middle of the value (field l[0].x)",
		"1a0512030d0102":         "the message ends in the middle of the value (field m.value.x)",
		"220100":                 "the message ends in the middle of the value (field p[0])",
		"07":                     "no field begins here",
		"0c":                     "mismatching end group marker",
		"2a0308e10f":             "the date 2017-0-0 is not in the calendar, or not complete (field d)",
		"3202081a":               "the time 26:0:0 is not one of a day (field t)",
		"ffffffffffffffffffff7f": "no field begins here",
	} {
		_, _, err := readWith(t, text, body)
		if want == "" {
			if err != nil {
				t.Errorf("%s: %v", body, err)
			}
			continue
		}
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "the bytes do not fit the schema with id 1") {
			t.Errorf("%s: %v\nwant %s", body, err, want)
		}
	}
	_, _, err := readWith(t, `syntax = "proto2"; message R { required int32 a = 1; }`, "")
	if err == nil || !strings.Contains(err.Error(), "the message R has no a, which is required") {
		t.Error(err)
	}
}

// A message of two bytes may stand for a struct of many fields: a few bytes must not unfold to gigabytes.
func TestFewBytesDoNotUnfoldToManyValues(t *testing.T) {
	var b strings.Builder
	b.WriteString("message R { repeated N l = 1; message N { ")
	for i := range 2000 {
		fmt.Fprintf(&b, "int32 f%d = %d; ", i, i+1)
	}
	b.WriteString("} }")
	if _, _, err := readWith(t, b.String(), strings.Repeat("0a00", 100)); err != nil {
		t.Error(err)
	}
	_, _, err := readWith(t, b.String(), strings.Repeat("0a00", 2000))
	if err == nil || !strings.Contains(err.Error(), "a message of 4000 bytes unfolds to too many values") {
		t.Error(err)
	}
}

func TestSchemasOfAnotherTypeAreRefused(t *testing.T) {
	r := newRegistry(t)
	r.Mu.Lock()
	r.Add("t-value", subject.Schema{Type: subject.Avro, Text: `"int"`})
	r.Mu.Unlock()
	_, _, err := r.open(t).ToConnectData("t", []byte{0, 0, 0, 0, 1, 0})
	if err == nil || !strings.Contains(err.Error(), "is of type AVRO, not PROTOBUF: use the converter of that type") {
		t.Error(err)
	}
}

func TestARegistryThatIsDownMayComeBack(t *testing.T) {
	r := newRegistry(t)
	r.Mu.Lock()
	r.Down = 503
	r.Mu.Unlock()
	c := r.open(t)
	_, _, err := c.FromConnectData(nil, "t", of(data.Int32), i32(1))
	if _, retriable := errors.AsType[*connect.RetriableError](err); !retriable {
		t.Errorf("%v is not retriable", err)
	}
	r.Mu.Lock()
	r.Down = 0
	r.Mu.Unlock()
	if _, _, err := c.FromConnectData(nil, "t", of(data.Int32), i32(1)); err != nil {
		t.Error(err)
	}
}
