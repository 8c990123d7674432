package protoconv

import (
	"encoding/hex"
	"strings"
	"testing"

	"github.com/kurier-io/kurier/plugins/data"
)

// TestFraming has the bytes before the message: 00, the id, and the indexes of the message in its file.
func TestFraming(t *testing.T) {
	for _, tc := range []struct {
		s    *data.Schema
		v    data.Value
		want string
	}{
		{data.StructOf().Name("R").Field("a", of(data.Int32)).MustBuild(), i32(5), "00000000010008" + "05"},
		{nil, i32(5), "00000000010208" + "0805"}, // the fifth message of wrappers.proto
		{nil, data.Int8Value(-1), "00000000010208" + "08ffffffffffffffffff01"},
		{nil, i64(0), "00000000010204"},
		{nil, data.BoolValue(true), "0000000001020c" + "0801"},
		{nil, str("é"), "0000000001020e" + "0a02c3a9"},
		{nil, data.BytesValue([]byte{0}), "00000000010210" + "0a0100"},
		{nil, f64(1.5), "000000000100" + "09000000000000f83f"},
		{nil, data.Float32Value(1.5), "00000000010202" + "0d0000c03f"},
	} {
		c := newRegistry(t).open(t)
		s, v := tc.s, tc.v
		if s == nil {
			s = of(map[data.Kind]data.Type{data.KindInt8: data.Int8, data.KindInt32: data.Int32, data.KindInt64: data.Int64, data.KindBool: data.Boolean,
				data.KindString: data.String, data.KindBytes: data.Bytes, data.KindFloat64: data.Float64, data.KindFloat32: data.Float32}[v.Kind()])
		} else {
			v = row(s, v)
		}
		b, ok, err := c.FromConnectData(nil, "t", s, v)
		if err != nil || !ok || hex.EncodeToString(b) != tc.want {
			t.Errorf("%s: %x %v, want %s", s, b, err, tc.want)
			continue
		}
		back, got, err := c.ToConnectData("t", b)
		if err != nil || back.Optional() || got.Int() != v.Int() && v.Struct() == nil {
			t.Errorf("%s: %s %v", s, got, err)
		}
	}
}

func TestIndexes(t *testing.T) {
	for _, tc := range []struct {
		path []int
		want string
	}{{[]int{0}, "00"}, {[]int{1}, "0202"}, {[]int{1, 0}, "040200"}, {[]int{64, 3, 0}, "0680010600"}} {
		b := appendIndexes(nil, tc.path)
		path, body, err := cutIndexes(append(b, 0xff))
		if hex.EncodeToString(b) != tc.want || err != nil || hex.EncodeToString(path) != tc.want || len(body) != 1 {
			t.Errorf("%v: %x %x %v", tc.path, b, path, err)
			continue
		}
		back := parseIndexes(path)
		if len(back) != len(tc.path) || back[0] != tc.path[0] {
			t.Errorf("%v came back as %v", tc.path, back)
		}
	}
	for _, bad := range []string{"", "02", "01", "ff", "04ff", "ffffffffffffffffff7f"} {
		raw, _ := hex.DecodeString(bad)
		if _, _, err := cutIndexes(raw); err == nil {
			t.Errorf("%s was taken", bad)
		}
	}
}

// TestKnownMessages has the bytes of the messages that stand for logical types, without key and length of the field.
func TestKnownMessages(t *testing.T) {
	for _, tc := range []struct {
		s    *data.Schema
		v    data.Value
		want string
	}{
		{data.TimestampOf().MustBuild(), data.TimestampValue(0), ""},
		{data.TimestampOf().MustBuild(), data.TimestampValue(1500), "0801" + "1080cab5ee01"},
		{data.TimestampOf().MustBuild(), data.TimestampValue(-1), "08ffffffffffffffffff01" + "10c08faedc03"},
		{data.DateOf().MustBuild(), data.TimestampValue(0), "08b20f" + "1001" + "1801"},
		{data.DateOf().MustBuild(), data.TimestampValue(17427 * data.MillisPerDay), "08e10f" + "1009" + "1812"}, // 2017-09-18
		{data.TimeOf().MustBuild(), data.TimestampValue(40333140), "080b" + "100c" + "180d" + "2080f6e042"},     // 11:12:13.14
		{data.TimeOf().MustBuild(), data.TimestampValue(0), ""},
		{data.DecimalOf(3).MustBuild(), data.DecimalBytesValue([]byte{0x00, 0xbc, 0x61, 0x4e}, 3), "0a04" + "00bc614e" + "1008" + "1803"}, // 12345.678
		{data.DecimalOf(0).MustBuild(), data.DecimalBytesValue([]byte{0xff, 0xff, 0x85}, 0), "0a0185" + "1003"},                           // -123
		{data.DecimalOf(2).MustBuild(), data.DecimalBytesValue(nil, 2), "0a0100" + "1001" + "1802"},
		{data.DecimalOf(-1).MustBuild(), data.DecimalBytesValue([]byte{9}, -1), "0a0109" + "1001" + "18ffffffffffffffffff01"},
		{data.DecimalOf(0).MustBuild(), data.DecimalBytesValue([]byte{1, 0, 0, 0, 0, 0, 0, 0, 0}, 0), "0a09010000000000000000" + "1014"},
	} {
		s := data.StructOf().Name("R").Field("v", tc.s).MustBuild()
		c := newRegistry(t).open(t)
		b, _, err := c.FromConnectData(nil, "t", s, row(s, tc.v))
		if err != nil || b[6] != 0x0a || int(b[7]) != len(b)-8 || hex.EncodeToString(b[8:]) != tc.want {
			t.Errorf("%s %s: %x %v, want %s", tc.s, tc.v, b[6:], err, tc.want)
			continue
		}
		_, v, err := c.ToConnectData("t", b)
		if err != nil || v.Struct().At(0).String() != tc.v.String() {
			t.Errorf("%s %s came back as %s %v", tc.s, tc.v, v, err)
		}
	}
}

func readWith(t testing.TB, text, body string, settings ...string) (*data.Schema, data.Value, error) {
	t.Helper()
	r := newRegistry(t)
	if !strings.HasPrefix(text, "syntax") {
		text = `syntax = "proto3"; ` + text
	}
	r.Put("t-value", text)
	raw, err := hex.DecodeString("000000000100" + body)
	if err != nil {
		t.Fatal(err)
	}
	return r.open(t, settings...).ToConnectData("t", raw)
}

// TestWhatTheEncodingAllows has what writers may do, and this one does not.
func TestWhatTheEncodingAllows(t *testing.T) {
	const known = `import "google/protobuf/timestamp.proto"; import "google/type/timeofday.proto"; import "google/type/date.proto"; import "confluent/type/decimal.proto"; import "google/protobuf/wrappers.proto"; `
	for _, tc := range []struct{ name, text, body, want string }{
		{"the last counts", "message M { int32 a = 1; string b = 2; }", "0801" + "120161" + "0802" + "120162", "Struct{a=2,b=b}"},
		{"unknown fields", "message M { int32 a = 1; }", "1001" + "1a0161" + "210102030405060708" + "0801" + "2d01020304" + "33080534", "Struct{a=1}"},
		{"fields of another wire type", "message M { int32 a = 1; string b = 2; }", "0a0161" + "1005" + "0801", "Struct{a=1,b=}"},
		{"packed and not", "message M { repeated int32 a = 1; repeated int32 b = 2 [packed = false]; }", "0a020102" + "0803" + "0a0104" + "12020506" + "1007", "Struct{a=[1, 2, 3, 4],b=[5, 6, 7]}"},
		{"repeated fields that take turns", "message M { repeated string a = 1; repeated fixed32 b = 2; }", "0a0161" + "1501000000" + "0a0162" + "120402000000", "Struct{a=[a, b],b=[1, 2]}"},
		{"merged messages", "message M { N n = 1; message N { int32 a = 1; int32 b = 2; repeated int32 c = 3; } }", "0a0408011801" + "0a0410021802", "Struct{n=Struct{a=1,b=2,c=[1, 2]}}"},
		{"merged members", "message M { oneof o { N n = 1; N m = 2; int32 i = 3; } message N { int32 a = 1; int32 b = 2; } }", "0a020801" + "0a021002", "Struct{o_0=Struct{n=Struct{a=1,b=2}}}"},
		{"the last member counts", "message M { oneof o { N n = 1; N m = 2; int32 i = 3; } message N { int32 a = 1; int32 b = 2; } }", "0a020801" + "12021002" + "0a021002", "Struct{o_0=Struct{n=Struct{a=0,b=2}}}"},
		{"merged known messages", known + "message M { google.protobuf.Timestamp a = 1; google.type.TimeOfDay b = 2; google.type.Date c = 3; confluent.type.Decimal d = 4; google.protobuf.Int32Value e = 5; }",
			"0a020801" + "0a061080cab5ee01" + "12020801" + "12021001" + "1a0708b20f10011801" + "1a021802" + "22050a010f1002" + "22021803" + "2a020805" + "2a00",
			"Struct{a=Thu Jan 01 00:00:01 UTC 1970,b=Thu Jan 01 01:01:00 UTC 1970,c=Fri Jan 02 00:00:00 UTC 1970,d=0.015,e=5}"},
		{"map entries", "message M { map<string, int32> a = 1; }", "0a05" + "1001" + "0a0161" + "0a030a0162" + "0a05" + "0a0161" + "1003" + "0a00", "Struct{a={a=3, b=0, =0}}"},
		{"an entry without its message", "message M { map<int32, N> a = 1; message N { int32 x = 1; } }", "0a020801", "Struct{a={1=Struct{x=0}}}"},
		{"numbers are cut", "message M { int32 a = 1; bool b = 2; uint32 c = 3; sint32 d = 4; }", "08ffffffffffffffff7f" + "1002" + "18ffffffff1f" + "2003", "Struct{a=-1,b=true,c=4294967295,d=-2}"},
		{"unknown symbols", "message M { enum E { A = 0; B = 1; } E a = 1; E b = 2; repeated E c = 3; }", "0807" + "1a020105", "Struct{a=UNKNOWN_ENUM_VALUE_E_7,b=A,c=[B, UNKNOWN_ENUM_VALUE_E_5]}"},
		{"far numbers", "message M { int32 a = 536870911; int32 b = 600; }", "f8ffffff0f05" + "c02506", "Struct{a=5,b=6}"},
		{"nothing", "message M { int32 a = 1; string b = 2; bytes c = 3; repeated int32 d = 4; map<int32, int32> e = 5; N f = 6; optional int32 g = 7; message N {} }", "", "Struct{a=0,b=,c=,d=[],e={}}"},
		{"proto2", `syntax = "proto2"; message M { required int32 a = 1; optional int32 b = 2 [default = 7]; optional string c = 3; }`, "0801" + "1a01ff", "Struct{a=1,c=\uFFFD}"},
	} {
		_, v, err := readWith(t, tc.text, tc.body)
		got := v.String()
		if err != nil || got != tc.want {
			t.Errorf("%s: %s %v, want %s", tc.name, got, err, tc.want)
		}
	}
}
