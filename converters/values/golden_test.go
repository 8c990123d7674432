package values

import (
	"math/big"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/kurier-io/kurier/plugins/data"
)

// describe prints a schema with its element types: array[int8], map<string,int8>, - without one.
func describe(s *data.Schema) string {
	switch {
	case s == nil:
		return "-"
	case s.Type() == data.ArrayType:
		return "array[" + describe(s.ValueSchema()) + "]"
	case s.Type() == data.MapType:
		return "map<" + describe(s.KeySchema()) + "," + describe(s.ValueSchema()) + ">"
	case s.HasName():
		return s.Name()[strings.LastIndexByte(s.Name(), '.')+1:]
	}
	return s.Type().Name()
}

func i8s(ns ...int8) data.Value {
	var out []data.Value
	for _, n := range ns {
		out = append(out, data.Int8Value(n))
	}
	return data.ArrayValue(out)
}

func mapOf(kv ...data.Value) data.Value {
	m := data.NewMap(0)
	for i := 0; i < len(kv); i += 2 {
		m.Put(kv[i], kv[i+1])
	}
	return data.MapValue(m)
}

var str = data.StringValue

// Rows 11 to 38 of the reference. Where Java gives an array or map schema without element schema, there is none here.
func TestParse(t *testing.T) {
	big1, _ := new(big.Int).SetString("9223372036854775808", 10)
	for _, tc := range []struct {
		row, in, schema string
		want            data.Value
	}{
		{"11", "null", "-", data.Null()},
		{"12", " null ", "-", data.Null()},
		{"13", "TRUE", "string", str("TRUE")},
		{"14", "true}", "string", str("true}")},
		{"", "true", "boolean", data.BoolValue(true)},
		{"", "", "string", str("")},
		{"15a", "128", "int16", data.Int16Value(128)},
		{"15b", "-129", "int16", data.Int16Value(-129)},
		{"15c", "32768", "int32", data.Int32Value(32768)},
		{"15d", "2147483648", "int64", data.Int64Value(2147483648)},
		{"16", "9223372036854775808", "Decimal", data.DecimalValue(big1, 0)},
		{"17a", "1.0", "int8", data.Int8Value(1)},
		{"17b", "1e3", "int16", data.Int16Value(1000)},
		{"17c", "-0.0", "int8", data.Int8Value(0)},
		{"18", "3.14159265358979", "float32", data.Float32Value(3.1415927)},
		{"19a", "1.5e39", "float64", data.Float64Value(1.5e39)},
		{"19b", "1e400", "Decimal", data.DecimalValue(big.NewInt(1), -400)},
		{"20", "12345678901234567890.5", "float32", data.Float32Value(1.2345679e19)},
		{"21a", "1,2", "int8", data.Int8Value(1)},
		{"21b", "1::2", "int8", data.Int8Value(1)},
		{"21c", "14:34:54", "int8", data.Int8Value(14)},
		{"22a", "12 abc", "string", str("12 abc")},
		{"22b", "0x10", "string", str("0x10")},
		{"22c", "NaN", "string", str("NaN")},
		{"2.2", "1_000", "string", str("1_000")},
		{"2.2", "٣", "int8", data.Int8Value(3)},
		{"2.2", "007", "int8", data.Int8Value(7)},
		{"2.2", "1e-50", "float32", data.Float32Value(0)},
		{"2.2", "{}x", "-", mapOf()},
		{"14 KAFKA-17792", "1e100000000", "string", str("1e100000000")},
		{"23", " 12 ", "int8", data.Int8Value(12)},
		{"24", "2019-08-23", "Date", data.TimestampValue(1566518400000)},
		{"25", "2019-13-45", "Date", data.TimestampValue(1581638400000)},
		{"26a", `14\:34\:54.346Z`, "Time", data.TimestampValue(52494346)},
		{"26b", "14:34:54.346Z", "Time", data.TimestampValue(52494346)},
		{"27 in UTC", "2019-08-23T14:34:54.346Z", "Timestamp", data.TimestampValue(1566570894346)},
		{"28", "[1, 2, 3000]", "array[int16]", data.ArrayValue([]data.Value{data.Int16Value(1), data.Int16Value(2), data.Int16Value(3000)})},
		{"29", `[1,"a"]`, "-", data.ArrayValue([]data.Value{data.Int8Value(1), str("a")})},
		{"30", "[1,null]", "string", str("[1,null]")},
		{"31a", "[1,2,]", "array[int8]", i8s(1, 2)},
		{"31b", "[1,2]x", "array[int8]", i8s(1, 2)},
		{"31c", "[1,,2]", "string", str("[1,,2]")},
		{"32", `{"a":1,"b":2.5}`, "map<string,float32>", mapOf(str("a"), data.Float32Value(1), str("b"), data.Float32Value(2.5))},
		{"33", `{"a":1 "b":2}`, "map<string,int8>", mapOf(str("a"), data.Int8Value(1), str("b"), data.Int8Value(2))},
		{"34", `{"a":1,"b":"x"}`, "-", mapOf(str("a"), data.Int8Value(1), str("b"), str("x"))},
		{"2.2", `{"a":1,"b":null}`, "string", str(`{"a":1,"b":null}`)},
		{"35a", "{a:1}", "string", str("{a:1}")},
		{"35b", "{null:1}", "string", str("{null:1}")},
		{"36", `["a\"b"]`, "array[string]", data.ArrayValue([]data.Value{str(`a\"b`)})},
		{"37", `"quoted"`, "string", str(`"quoted"`)},
		{"38", `["2019-08-23"]`, "array[Date]", data.ArrayValue([]data.Value{data.TimestampValue(1566518400000)})},
	} {
		s, v := Parse(tc.in)
		if describe(s) != tc.schema || !v.Equal(tc.want) {
			t.Errorf("row %s: %s gave %s %s, want %s %s", tc.row, tc.in, describe(s), v, tc.schema, tc.want)
		}
	}
}

// Rows 39 to 42.
func TestAppend(t *testing.T) {
	st := data.NewStruct(data.StructOf().Field("d", data.Of(data.String).Optional().MustBuild()).Field("t", data.TimestampOf().MustBuild()).MustBuild())
	st.SetAt(1, data.TimestampValue(1566570894346))
	for _, tc := range []struct {
		v    data.Value
		want string
	}{
		{mapOf(str("a"), data.Int8Value(1), str("b"), data.ArrayValue([]data.Value{str("x"), data.Null(), data.Float64Value(1.5)})), `{"a":1,"b":["x",null,1.5]}`},
		{data.TimestampValue(3600000), "01:00:00.000Z"},
		{data.TimestampValue(-1), "23:59:59.999Z"},
		{data.TimestampValue(8640000000), "1970-04-11"},
		{data.Float64Value(1e10), "1.0E10"},
		{data.Float64Value(1e-5), "1.0E-5"},
		{data.Float64Value(1234567), "1234567.0"},
		{data.Float64Value(12345678), "1.2345678E7"},
		{data.Float64Value(0.001), "0.001"},
		{data.StructValue(st), `{"d":null,"t":2019-08-23T14:34:54.346Z}`},
		{str(`a"b`), `a"b`},
		{data.ArrayValue([]data.Value{str(`a"\`)}), `["a\"\\"]`},
		{data.BytesValue([]byte{1, 2, 3}), "AQID"},
		{data.DecimalValue(big.NewInt(1), -3), "1E+3"},
		{data.DecimalValue(big.NewInt(1), 8), "1E-8"},
	} {
		if got := string(Append(nil, tc.v)); got != tc.want {
			t.Errorf("%s, want %s", got, tc.want)
		}
	}
}

func TestNumbersComeBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.Int64().Draw(t, "n")
		if s, v := Parse(string(Append(nil, data.Int64Value(n)))); v.Int() != n || data.KindFor(s) != v.Kind() {
			t.Fatalf("%d gave %s", n, v)
		}
	})
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{`{"a":[1,2.5,"x"],"b":{}}`, "[[[[", "14:34:54.346Z", `"\`, "-1e5", `[1,"2019-08-23" ,`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		s, v := Parse(text)
		if s == nil && v.Kind() != data.KindNull && v.Kind() != data.KindArray && v.Kind() != data.KindMap {
			t.Fatalf("%q: a %s without schema", text, v.Kind().JavaClass())
		}
		if err := data.Validate(s, v); err != nil {
			t.Fatalf("%q: %v", text, err)
		}
	})
}
