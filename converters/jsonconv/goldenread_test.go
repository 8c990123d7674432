package jsonconv

import (
	"math"
	"math/big"
	"testing"

	"github.com/kurier-io/kurier/plugins/data"
)

func envelope(schema, payload string) string {
	return `{"schema":` + schema + `,"payload":` + payload + `}`
}

func show(s *data.Schema, v data.Value) string { return s.String() + " " + v.String() }

func TestReadsAsJava(t *testing.T) {
	requires := "!" + envelopeText + " The key is value.converter.schemas.enable."
	dec2 := `{"type":"bytes","name":"org.apache.kafka.connect.data.Decimal","version":1,"parameters":{"scale":"2"}}`
	date := `{"type":"int32","name":"org.apache.kafka.connect.data.Date","version":1}`
	stamp := `{"type":"int64","name":"org.apache.kafka.connect.data.Timestamp","version":1}`
	st := `{"type":"struct","fields":[{"field":"a","type":"int32"},{"field":"b","type":"string","optional":true,"default":"x"}]}`
	serial := "!Converting byte[] to Kafka Connect data failed due to serialization error: "
	for _, tc := range []struct {
		name, props, in string
		want            data.Value
		err             string
	}{
		{"61a", off, "", data.Null(), ""},
		{"61b", off, " ", data.Null(), ""},
		{"62a", off, "1 2", i64(1), ""},
		{"62b", off, `{"a":1}x`, mapOf(str("a"), i64(1)), ""},
		{"62c", off, "007", i64(7), ""},
		{"4.4 leading zeros", off, "0123.5", f64(123.5), ""},
		{"63", off, "9223372036854775808", i64(math.MinInt64), ""},
		{"64a", off, "1e2", f64(100), ""},
		{"64b", off, "12.0", f64(12), ""},
		{"4.4 overflow", off, "1E400", f64(math.Inf(1)), ""},
		{"4.4 negative zero", off, "-0.0", f64(0), ""},
		{"65", off, `{"a":1,"a":2}`, mapOf(str("a"), i64(2)), ""},
		{"4.4 byte order mark", off, "\uFEFF[true]", arr(data.BoolValue(true)), ""},
		{"4.4 lone surrogate", off, `"\ud800"`, str("\xed\xa0\x80"), ""},
		{"4.4 pair", off, `"\ud83d\uDE00"`, str("😀"), ""},
		{"66a", "", `{"payload":12}`, data.Null(), requires},
		{"66b", "", `12`, data.Null(), requires},
		{"66c", "", `null`, data.Null(), requires},
		{"66d", "", ``, data.Null(), requires},
		{"66 extra", "", `{"schema":null,"payload":1,"x":2}`, data.Null(), requires},
		{"66 order", "", `{"payload":12,"schema":{"type":"int32"}}`, i32(12), ""},
		{"4.4 null schema", "", envelope("null", "[1]"), arr(i64(1)), ""},
		{"67a", "", envelope(`{"type":"int32"}`, `"12"`), i32(0), ""},
		{"67b", "", envelope(`{"type":"int32"}`, `12.9`), i32(12), ""},
		{"67 huge exponent", "", envelope(`{"type":"int32"}`, `1e1000000000`), i32(0), ""},
		{"67 exponent", "", envelope(`{"type":"int64"}`, `-12.345e2`), i64(-1234), ""},
		{"68", "", envelope(`{"type":"int8"}`, `300`), data.Int8Value(44), ""},
		{"69", "", envelope(`{"type":"string"}`, `12`), data.Null(), ""},
		{"4.4 bytes from number", "", envelope(`{"type":"bytes"}`, `5`), data.Null(), ""},
		{"4.4 boolean from text", "", envelope(`{"type":"boolean"}`, `"true"`), data.BoolValue(false), ""},
		{"70", "", envelope(`{"type":"float32"}`, `1`), data.Null(), "!Unknown schema type: float32"},
		{"71", "", envelope(`{"type":"double"}`, `"NaN"`), f64(0), ""},
		{"72a", "", envelope(`{"type":"array","items":{"type":"int32"}}`, `5`), arr(), ""},
		{"72b", "", envelope(`{"type":"array","items":{"type":"int32"}}`, `{"a":1}`), arr(i32(1)), ""},
		{"73", "", envelope(`{"type":"map","keys":{"type":"int32"},"values":{"type":"int32"}}`, `{"1":2}`), data.Null(), "!Maps with non-string fields should be encoded as JSON array of tuples, but found OBJECT"},
		{"map of tuples", "", envelope(`{"type":"map","keys":{"type":"int32"},"values":{"type":"string"}}`, `[[1,"x"] , [2,"y"]]`), mapOf(i32(1), str("x"), i32(2), str("y")), ""},
		{"4.4 no tuple", "", envelope(`{"type":"map","keys":{"type":"int32"},"values":{"type":"int32"}}`, `[5]`), data.Null(), "!Found invalid map entry instead of array tuple: NUMBER"},
		{"4.4 long tuple", "", envelope(`{"type":"map","keys":{"type":"int32"},"values":{"type":"int32"}}`, `[[1,2,3]]`), data.Null(), "!Found invalid map entry, expected length 2 but found :3"},
		{"4.4 string map", "", envelope(`{"type":"map","keys":{"type":"string"},"values":{"type":"int32"}}`, `"x"`), data.Null(), "!Maps with string fields should be encoded as JSON objects, but found STRING"},
		{"74", "", envelope(dec2, `1.500`), data.DecimalValue(big.NewInt(1500), 3), ""},
		{"Decimal base64", "", envelope(dec2, `"AJw="`), dec(156, 2), ""},
		{"4.4 Decimal type", "", envelope(dec2, `true`), data.Null(), "!Invalid type for Decimal, underlying representation should be numeric or bytes but was BOOLEAN"},
		{"4.4 Decimal text", "", envelope(dec2, `"%%"`), data.Null(), "!Invalid bytes for Decimal field"},
		{"75", "", envelope(`{"type":"int32","default":null}`, `1`), data.Null(), "!Invalid null value for required INT32 field"},
		{"4.4 Date", "", envelope(date, `10000`), data.TimestampValue(10000 * data.MillisPerDay), ""},
		{"4.4 Date from text", "", envelope(date, `"x"`), data.Null(), "!Invalid type for Date, underlying representation should be integer but was STRING"},
		{"4.4 Date too large", "", envelope(date, `3000000000`), data.Null(), "!Invalid type for Date, underlying representation should be integer but was NUMBER"},
		{"4.4 Timestamp", "", envelope(stamp, `1.5`), data.Null(), "!Invalid type for Timestamp, underlying representation should be integral but was NUMBER"},
		{"4.4 bad bytes", "", envelope(`{"type":"bytes"}`, `"%"`), data.Null(), "!Invalid bytes field"},
		{"4.4 required null", "", envelope(`{"type":"int32"}`, `null`), data.Null(), "!Invalid null value for required INT32 field"},
		{"4.4 no object", "", envelope(st, `[1]`), data.Null(), "!Structs should be encoded as JSON objects, but found ARRAY"},
		{"4.4 missing member", "", envelope(st, `{"z":[{}]}`), data.Null(), "!Invalid null value for required INT32 field"},
		{"4.4 string member", "", envelope(`{"type":"struct","fields":[{"field":"s","type":"string"}]}`, `{"s":1}`), data.Null(), `!Invalid value: null used for required field: "s", schema type: STRING`},
		{"4.4 array member", "", envelope(`{"type":"struct","fields":[{"field":"s","type":"array","items":{"type":"string"}}]}`, `{"s":[1]}`), data.Null(), `!Invalid value: null used for required element of array field: "s", schema type: STRING`},
		{"4.4 no type", "", envelope(`{}`, `1`), data.Null(), "!Schema must contain 'type' field"},
		{"4.4 no items", "", envelope(`{"type":"array"}`, `1`), data.Null(), "!Array schema did not specify the element type"},
		{"4.4 no keys", "", envelope(`{"type":"map"}`, `1`), data.Null(), "!Map schema did not specify the key type"},
		{"4.4 no values", "", envelope(`{"type":"map","keys":{"type":"string"}}`, `1`), data.Null(), "!Map schema did not specify the value type"},
		{"4.4 no fields", "", envelope(`{"type":"struct"}`, `1`), data.Null(), `!Struct schema's "fields" argument is not an array.`},
		{"4.4 no field name", "", envelope(`{"type":"struct","fields":[{"type":"int8"}]}`, `1`), data.Null(), "!Struct schema's field name not specified properly"},
		{"4.4 parameters", "", envelope(`{"type":"int8","parameters":{"a":1}}`, `1`), data.Null(), "!Schema parameters must have string values."},
		{"4.4 syntax", off, `{"a":'b'}`, data.Null(), serial + `unexpected character '\'': was expecting a value at byte 6`},
		{"4.4 trailing comma", off, `[1,]`, data.Null(), serial + `unexpected character ']': was expecting a value at byte 4`},
		{"4.4 control", off, "\"\x01\"", data.Null(), serial + `illegal unquoted control character 0x01 in a string at byte 2`},
		{"4.4 plus", off, "+1", data.Null(), serial + `unexpected character '+': was expecting a value at byte 1`},
		{"syntax before data", "", `{"schema":{"type":"float32"},"payload":tru}`, data.Null(), serial + `unrecognized token: was expecting null, true, false, a number, a string, an array or an object at byte 40`},
		{"syntax before envelope", "", `{"x":1`, data.Null(), serial + `unexpected end of input at byte 7`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var props []string
			if tc.props != "" {
				props = append(props, tc.props)
			}
			s, v, err := configured(t, props...).ToConnectData("topic", []byte(tc.in))
			switch {
			case tc.err == "" && (err != nil || !v.Equal(tc.want)):
				t.Errorf("%v, got %s, want %s", err, show(s, v), tc.want)
			case tc.err != "" && (err == nil || "!"+data.Cause(err).Error() != tc.err):
				t.Errorf("got %v (%s)\nwant %s", err, show(s, v), tc.err[1:])
			}
		})
	}
}

func TestNullIsReadAsNothing(t *testing.T) {
	if s, v, err := configured(t).ToConnectData("t", nil); s != nil || !v.IsNull() || err != nil {
		t.Error(show(s, v), err)
	}
}

func TestMissingMembersTakeTheirDefault(t *testing.T) {
	in := []byte(envelope(`{"type":"struct","fields":[{"field":"a","type":"int32","default":5},{"field":"b","type":"string","optional":true,"default":"x"}]}`, `{"b":null}`))
	_, v, err := configured(t).ToConnectData("t", in)
	if err != nil || v.String() != "Struct{a=5,b=x}" {
		t.Error(v, err)
	}
	if _, _, err = configured(t, keep).ToConnectData("t", in); err == nil || err.Error() != "Invalid null value for required INT32 field (field a, found null or nothing)" {
		t.Error(err)
	}
}

// Row 76: Java writes the members in the order of its HashMap; here the order is kept, and the content is the same.
func TestMembersKeepTheirOrder(t *testing.T) {
	in := `{"id":1,"name":2,"email":3,"created_at":4,"updated_at":5,"amount":6,"zeta":7,"alpha":8,"x1":9,"x2":10,"x3":11,"x4":12,"x5":13}`
	java := `{"zeta":7,"amount":6,"created_at":4,"updated_at":5,"alpha":8,"name":2,"x1":9,"x2":10,"id":1,"x3":11,"x4":12,"x5":13,"email":3}`
	c := configured(t, off)
	_, v, err := c.ToConnectData("t", []byte(in))
	if err != nil {
		t.Fatal(err)
	}
	out, _, err := c.FromConnectData(nil, "t", nil, v)
	if err != nil || string(out) != in {
		t.Errorf("%s, %v", out, err)
	}
	if _, j, err := c.ToConnectData("t", []byte(java)); err != nil || !j.Equal(v) {
		t.Errorf("%v, %v", j, err)
	}
}

func TestEqualSchemasAreOnePointer(t *testing.T) {
	c := configured(t)
	a, _, err := c.ToConnectData("t", []byte(envelope(`{"type":"int32","optional":true}`, "1")))
	if err != nil {
		t.Fatal(err)
	}
	for _, in := range []string{
		envelope(`{"type":"int32","optional":true}`, "2"),
		envelope(`{ "optional":true, "type":"int32" }`, "2"),
		`{"payload":1,"schema":{"type":"int32","optional":true}}`,
	} {
		if b, _, err := c.ToConnectData("t", []byte(in)); err != nil || a != b {
			t.Errorf("%s: %p and %p, %v", in, a, b, err)
		}
	}
}
