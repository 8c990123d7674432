package jsonconv

import (
	"math"
	"math/big"
	"strings"
	"testing"

	"github.com/kurier-io/kurier/plugins/connect"
	"github.com/kurier-io/kurier/plugins/data"
)

func configured(t interface {
	Helper()
	Fatal(args ...any)
}, props ...string) *Converter {
	t.Helper()
	c, p := New(), connect.Props{}
	for _, kv := range props {
		k, v, _ := strings.Cut(kv, "=")
		p[k] = v
	}
	if err := c.Configure(p, false); err != nil {
		t.Fatal(err)
	}
	return c
}

const (
	off     = "schemas.enable=false"
	numeric = "decimal.format=numeric"
	keep    = "replace.null.with.default=false"
)

func dec(unscaled int64, scale int32) data.Value {
	return data.DecimalValue(big.NewInt(unscaled), scale)
}

func of(t data.Type) *data.Schema  { return data.Of(t).MustBuild() }
func opt(t data.Type) *data.Schema { return data.Of(t).Optional().MustBuild() }

func mapOf(kv ...data.Value) data.Value {
	m := data.NewMap(len(kv) / 2)
	for i := 0; i < len(kv); i += 2 {
		m.Put(kv[i], kv[i+1])
	}
	return data.MapValue(m)
}

var (
	str = data.StringValue
	i32 = data.Int32Value
	i64 = data.Int64Value
	f64 = data.Float64Value
	arr = func(vs ...data.Value) data.Value { return data.ArrayValue(vs) }
)

// The rows of the reference that concern writing; the numbers are theirs.
func TestWritesJavasBytes(t *testing.T) {
	deflt := data.StructOf().Field("r", data.Of(data.Int64).Default(i64(9)).MustBuild()).MustBuild()
	row := data.StructOf().
		Field("id", of(data.Int32)).
		Field("n", data.Of(data.String).Optional().Doc("dd").Default(str("dv")).MustBuild()).
		Optional().Name("com.x.S").Version(3).Doc("d").Param("p", "q").MustBuild()
	one := data.NewStruct(row)
	one.SetAt(0, i32(1))
	dec2 := data.DecimalOf(2).MustBuild()
	for _, tc := range []struct {
		name  string
		props []string
		s     *data.Schema
		v     data.Value
		want  string // or an error after !
	}{
		{"table 4.2 int8", nil, of(data.Int8), data.Int8Value(12), `{"schema":{"type":"int8","optional":false},"payload":12}`},
		{"table 4.2 float32", nil, of(data.Float32), data.Float32Value(12.34), `{"schema":{"type":"float","optional":false},"payload":12.34}`},
		{"table 4.2 float64", nil, of(data.Float64), f64(12.34), `{"schema":{"type":"double","optional":false},"payload":12.34}`},
		{"table 4.2 boolean", nil, of(data.Boolean), data.BoolValue(true), `{"schema":{"type":"boolean","optional":false},"payload":true}`},
		{"table 4.2 bytes", nil, of(data.Bytes), data.BytesValue([]byte{0, 1, 255}), `{"schema":{"type":"bytes","optional":false},"payload":"AAH/"}`},
		{"table 4.2 array", nil, data.ArrayOf(of(data.Int32)).MustBuild(), arr(i32(1), i32(2)), `{"schema":{"type":"array","items":{"type":"int32","optional":false},"optional":false},"payload":[1,2]}`},
		{"table 4.2 map", nil, data.MapOf(of(data.String), of(data.Int32)).MustBuild(), mapOf(str("a"), i32(1)), `{"schema":{"type":"map","keys":{"type":"string","optional":false},"values":{"type":"int32","optional":false},"optional":false},"payload":{"a":1}}`},
		{"table 4.2 map int32", nil, data.MapOf(of(data.Int32), of(data.String)).MustBuild(), mapOf(i32(1), str("x")), `{"schema":{"type":"map","keys":{"type":"int32","optional":false},"values":{"type":"string","optional":false},"optional":false},"payload":[[1,"x"]]}`},
		{"table 4.2 null key", []string{off}, data.MapOf(opt(data.String), of(data.Int32)).MustBuild(), mapOf(data.Null(), i32(1)), `{"null":1}`},
		{"table 4.2 struct", nil, row, data.StructValue(one), `{"schema":{"type":"struct","fields":[{"type":"int32","optional":false,"field":"id"},{"type":"string","optional":true,"doc":"dd","default":"dv","field":"n"}],"optional":true,"name":"com.x.S","version":3,"doc":"d","parameters":{"p":"q"}},"payload":{"id":1,"n":"dv"}}`},
		{"table 4.2 Decimal", nil, dec2, dec(156, 2), `{"schema":{"type":"bytes","optional":false,"name":"org.apache.kafka.connect.data.Decimal","version":1,"parameters":{"scale":"2"}},"payload":"AJw="}`},
		{"table 4.2 Decimal numeric", []string{off, numeric}, dec2, dec(156, 2), `1.56`},
		{"table 4.2 Date", nil, data.DateOf().MustBuild(), data.TimestampValue(10000 * data.MillisPerDay), `{"schema":{"type":"int32","optional":false,"name":"org.apache.kafka.connect.data.Date","version":1},"payload":10000}`},
		{"table 4.2 Time", []string{off}, data.TimeOf().MustBuild(), data.TimestampValue(14400000), `14400000`},
		{"table 4.2 Timestamp", []string{off}, data.TimestampOf().MustBuild(), data.TimestampValue(1234567890123), `1234567890123`},
		{"49", nil, opt(data.String), data.Null(), `{"schema":{"type":"string","optional":true},"payload":null}`},
		{"50", []string{off}, opt(data.String), data.Null(), `null`},
		{"52", []string{off}, of(data.String), str("😀"), `"\uD83D\uDE00"`},
		{"53", []string{off}, of(data.String), str("\u2028<>&'/\u007f"), "\"\u2028<>&'/\u007f\""},
		{"4.5 escapes", []string{off}, of(data.String), str("\"\\\b\f\n\r\t\x01\x1fé\xed\xa0\x80"), `"\"\\\b\f\n\r\t\u0001\u001Fé\uD800"`},
		{"54a", []string{off}, of(data.Float64), f64(1e7), `1.0E7`},
		{"54b", []string{off}, of(data.Float64), f64(1e-4), `1.0E-4`},
		{"54c", []string{off}, of(data.Float64), f64(math.Copysign(0, -1)), `-0.0`},
		{"54d", []string{off}, of(data.Float64), f64(math.NaN()), `"NaN"`},
		{"4.6 infinity", []string{off}, of(data.Float32), data.Float32Value(float32(math.Inf(-1))), `"-Infinity"`},
		{"55a", []string{off, numeric}, data.DecimalOf(-3).MustBuild(), dec(1, -3), `1E+3`},
		{"55b", []string{off, numeric}, data.DecimalOf(7).MustBuild(), dec(1, 7), `1E-7`},
		{"55c", []string{off, numeric}, data.DecimalOf(6).MustBuild(), dec(1, 6), `0.000001`},
		{"55d", []string{off, numeric}, dec2, dec(10000, 2), `100.00`},
		{"55e", []string{off, numeric}, data.DecimalOf(10).MustBuild(), dec(0, 10), `0E-10`},
		{"4.6 1.0E+2", []string{off, numeric}, data.DecimalOf(-1).MustBuild(), dec(10, -1), `1.0E+2`},
		{"4.6 negative", []string{off, numeric}, dec2, dec(-5, 2), `-0.05`},
		{"56", []string{off, numeric}, dec2, dec(15, 1), `1.5`},
		{"57", []string{off}, dec2, dec(15, 1), `!Decimal value has mismatching scale for given Decimal schema. Schema has scale 2, value has scale 1.`},
		{"58", []string{keep}, deflt, data.StructValue(data.NewStruct(deflt)), `!Conversion error: null value for field that is required and has no default value`},
		{"58 replaced", []string{off}, deflt, data.StructValue(data.NewStruct(deflt)), `{"r":9}`},
		{"59", []string{off}, nil, mapOf(i32(1), str("x")), `[[1,"x"]]`},
		{"60", []string{off}, nil, data.TimestampValue(0), `!Java class class java.util.Date does not have corresponding schema type.`},
		{"4.3 schemaless", nil, nil, arr(data.Int8Value(1), data.Null(), data.BytesValue([]byte{0}), data.BoolValue(false)), `{"schema":null,"payload":[1,null,"AA==",false]}`},
		{"4.3 schemaless struct", []string{off}, nil, data.StructValue(one), `!Mismatching schema.`},
		{"4.3 mismatching struct", []string{off}, deflt, data.StructValue(one), `!Mismatching schema.`},
		{"4.3 wrong class", []string{off}, of(data.Int32), str("x"), `!Invalid type for INT32: class java.lang.String`},
		{"4.3 wrong Date", []string{off}, data.DateOf().MustBuild(), i32(1), `!Invalid type for Date, expected Date but was class java.lang.Integer`},
		{"4.3 wrong Decimal", []string{off}, dec2, i32(1), `!Invalid type for Decimal, expected BigDecimal but was class java.lang.Integer`},
		{"4.3 null map key, schemaless", []string{off}, nil, mapOf(data.Null(), i32(1), str("a"), i32(2)), `[[null,1],["a",2]]`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			out, ok, err := configured(t, tc.props...).FromConnectData([]byte("x"), "topic", tc.s, tc.v)
			got := string(out)
			if err != nil {
				got = "x!" + data.Cause(err).Error()
			}
			if got != "x"+tc.want || !ok {
				t.Errorf("got  %s\nwant x%s", got, tc.want)
			}
		})
	}
}

func TestOnlyNullWithoutSchemaIsATombstone(t *testing.T) { // row 51
	for _, props := range [][]string{nil, {off}} {
		if _, ok, err := configured(t, props...).FromConnectData(nil, "t", nil, data.Null()); ok || err != nil {
			t.Errorf("ok %v, %v", ok, err)
		}
	}
}
