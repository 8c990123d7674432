package rawconv

import (
	"encoding/hex"
	"math"
	"math/big"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/kurier-io/kurier/plugins/connect"
	"github.com/kurier-io/kurier/plugins/data"
	"github.com/kurier-io/kurier/plugins/registry"
)

func made(t testing.TB, class string, props connect.Props) connect.Converter {
	t.Helper()
	r := registry.New()
	if err := r.Add(Register()...); err != nil {
		t.Fatal(err)
	}
	e, ok := r.Find(class, registry.ConverterKind)
	if !ok {
		t.Fatalf("no %s", class)
	}
	c := e.NewConverter()
	if err := c.Configure(props, false); err != nil {
		t.Fatal(err)
	}
	return c
}

func header(t testing.TB) connect.HeaderConverter {
	t.Helper()
	r := registry.New()
	if err := r.Add(Register()...); err != nil {
		t.Fatal(err)
	}
	e, ok := r.Find("SimpleHeaderConverter", registry.HeaderConverterKind)
	if !ok {
		t.Fatal("no SimpleHeaderConverter")
	}
	h := e.NewHeader()
	if err := h.Configure(nil); err != nil {
		t.Fatal(err)
	}
	return h
}

func mapOf(kv ...data.Value) data.Value {
	m := data.NewMap(0)
	for i := 0; i < len(kv); i += 2 {
		m.Put(kv[i], kv[i+1])
	}
	return data.MapValue(m)
}

var (
	str     = data.StringValue
	nothing = data.Null()
)

// Rows 45 and 47, and the rules of section 5 of the reference. The text of an error stands behind an exclamation mark.
func TestWrites(t *testing.T) {
	st := data.NewStruct(data.StructOf().Field("a", data.Of(data.Int8).MustBuild()).Field("n", data.Of(data.String).Optional().MustBuild()).
		Field("b", data.Of(data.String).MustBuild()).MustBuild())
	st.SetAt(0, data.Int8Value(1))
	st.SetAt(2, str("x"))
	strSchema := data.Of(data.String).MustBuild()
	for _, tc := range []struct {
		class string
		s     *data.Schema
		v     data.Value
		want  string
	}{
		{"StringConverter", nil, mapOf(str("a"), data.Int8Value(1), str("b"), data.ArrayValue([]data.Value{str("x"), nothing, data.Float64Value(1.5)})), "{a=1, b=[x, null, 1.5]}"},
		{"StringConverter", nil, data.StructValue(st), "Struct{a=1,b=x}"},
		{"StringConverter", nil, data.DecimalValue(big.NewInt(1), 8), "1E-8"},
		{"StringConverter", nil, data.TimestampValue(0), "Thu Jan 01 00:00:00 UTC 1970"},
		{"StringConverter", nil, str("a\xed\xa0\x80b\xff"), "a?b\uFFFD"},
		{"StringConverter", strSchema, nothing, "null"},
		{"ByteArrayConverter", nil, data.BytesValue([]byte("xy")), "xy"},
		{"ByteArrayConverter", strSchema, str("x"), "!Invalid schema type for ByteArrayConverter: STRING"},
		{"ByteArrayConverter", nil, str("x"), "!ByteArrayConverter is not compatible with objects of type class java.lang.String"},
		{"BooleanConverter", nil, data.BoolValue(true), "\x01"},
		{"BooleanConverter", strSchema, str("x"), "!Invalid schema type for BooleanConverter: STRING"},
		{"BooleanConverter", nil, str("x"), "!BooleanConverter is not compatible with objects of type class java.lang.String"},
		{"IntegerConverter", nil, data.Int32Value(258), "\x00\x00\x01\x02"},
		{"IntegerConverter", nil, data.Int64Value(258), "!Failed to serialize to integer (was class java.lang.Long): "},
		{"ShortConverter", nil, data.Int16Value(-2), "\xff\xfe"},
		{"LongConverter", nil, data.Int64Value(1), "\x00\x00\x00\x00\x00\x00\x00\x01"},
		{"FloatConverter", nil, data.Float32Value(float32(math.NaN())), "\x7f\xc0\x00\x00"},
		{"DoubleConverter", nil, data.Float64Value(1), "\x3f\xf0\x00\x00\x00\x00\x00\x00"},
		{"DoubleConverter", nil, nothing, "null"},
	} {
		out, ok, err := made(t, tc.class, nil).FromConnectData([]byte(">"), "t", tc.s, tc.v)
		got := strings.TrimPrefix(string(out), ">")
		switch {
		case err != nil:
			got = "!" + err.Error()
		case !ok:
			got = "null"
		}
		if got != tc.want {
			t.Errorf("%s: %q, want %q", tc.class, got, tc.want)
		}
	}
}

// Rows 46 and 48.
func TestReads(t *testing.T) {
	for _, tc := range []struct{ class, in, want string }{
		{"StringConverter", "616263", "STRING abc"},
		{"StringConverter", "61fffe", "STRING a\uFFFD\uFFFD"},
		{"StringConverter", "null", "STRING null"},
		{"ByteArrayConverter", "00ff", "BYTES 00ff"},
		{"ByteArrayConverter", "null", "BYTES null"},
		{"BooleanConverter", "00", "BOOLEAN false"},
		{"BooleanConverter", "02", "!Failed to deserialize boolean: Unexpected byte received by BooleanDeserializer: 2"},
		{"BooleanConverter", "0000", "!Failed to deserialize boolean: Size of data received by BooleanDeserializer is not 1"},
		{"IntegerConverter", "00000102", "INT32 258"},
		{"IntegerConverter", "00", "!Failed to deserialize integer: Size of data received by IntegerDeserializer is not 4"},
		{"FloatConverter", "00", "!Failed to deserialize float: Size of data received by Deserializer is not 4"},
		{"DoubleConverter", "3ff0000000000000", "FLOAT64 1.0"},
		{"ShortConverter", "null", "INT16 null"},
	} {
		var in []byte
		if tc.in != "null" {
			in, _ = hex.DecodeString(tc.in)
		}
		s, v, err := made(t, tc.class, nil).ToConnectData("t", in)
		got := ""
		if err != nil {
			got = "!" + err.Error()
		} else {
			got = s.Type().String() + " " + v.String()
			if !s.Optional() {
				t.Errorf("%s: the schema must allow null", tc.class)
			}
		}
		if got != tc.want {
			t.Errorf("%s of %s: %s, want %s", tc.class, tc.in, got, tc.want)
		}
	}
}

func TestStringsComeBackInEveryEncoding(t *testing.T) {
	for _, enc := range []string{"UTF-8", "utf-16", "UTF-16LE", "UTF-16BE"} {
		c := made(t, "StringConverter", connect.Props{"converter.encoding": enc})
		rapid.Check(t, func(t *rapid.T) {
			text := rapid.String().Draw(t, "text")
			b, _, err := c.FromConnectData(nil, "t", nil, str(text))
			if err != nil {
				t.Fatal(err)
			}
			if b == nil {
				b = []byte{}
			}
			if _, v, err := c.ToConnectData("t", b); err != nil || v.Str() != text {
				t.Fatalf("%s: %q, %v", enc, v.Str(), err)
			}
		})
	}
	c := made(t, "StringConverter", connect.Props{"converter.encoding": "ISO-8859-1"})
	if b, _, _ := c.FromConnectData(nil, "t", nil, str("é€")); string(b) != "\xe9?" {
		t.Errorf("%q", b)
	}
	err := (&stringConverter{}).configure(connect.Props{"converter.encoding": "nope"})
	if err == nil || !strings.Contains(err.Error(), "Unsupported encoding nope") {
		t.Error(err)
	}
}

// Rows 42 and 43; what values.Parse infers is tested there.
func TestSimpleHeader(t *testing.T) {
	h := header(t)
	if s, v, err := h.ToConnectHeader("t", "k", []byte{0xff, 0xfe}); err != nil || s.Type() != data.String || v.Str() != "\uFFFD\uFFFD" {
		t.Errorf("%s %q %v", s, v.Str(), err)
	}
	if s, v, err := h.ToConnectHeader("t", "k", nil); s != nil || !v.IsNull() || err != nil {
		t.Errorf("%s %s %v", s, v, err)
	}
	buf := []byte("42")
	for range 2 { // the second time from memory
		if s, v, _ := h.ToConnectHeader("t", "k", buf); s.Type() != data.Int8 || v.Int() != 42 {
			t.Errorf("%s %s", s, v)
		}
	}
	copy(buf, "xx")
	if _, v, _ := h.ToConnectHeader("t", "k", buf); v.Str() != "xx" {
		t.Errorf("what is remembered follows the buffer: %s", v)
	}
	if b, ok, err := h.FromConnectHeader(nil, "t", "k", nil, data.Float64Value(1.10)); string(b) != "1.1" || !ok || err != nil {
		t.Errorf("%s %v %v", b, ok, err)
	}
	if _, ok, _ := h.FromConnectHeader(nil, "t", "k", nil, nothing); ok {
		t.Error("null is not text")
	}
}

func BenchmarkString(b *testing.B) {
	c := made(b, "StringConverter", nil)
	v := str("the quick brown fox jumps over the lazy dog")
	var out []byte
	b.ReportAllocs()
	for b.Loop() {
		out, _, _ = c.FromConnectData(out[:0], "t", nil, v)
	}
}

func BenchmarkSimpleHeaderRead(b *testing.B) {
	h := header(b)
	in := []byte("2019-08-23T14:34:54.346Z")
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := h.ToConnectHeader("t", "k", in); err != nil {
			b.Fatal(err)
		}
	}
}
