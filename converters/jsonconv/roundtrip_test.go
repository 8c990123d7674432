package jsonconv

import (
	"encoding/json"
	"math"
	"math/big"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/kurier-io/kurier/plugins/data"
)

// anySchema draws a schema with everything that survives a trip through JSON.
func anySchema(depth int) *rapid.Generator[*data.Schema] {
	return rapid.Custom(func(t *rapid.T) *data.Schema {
		var b *data.Builder
		last := 15
		if depth == 0 {
			last = 12
		}
		switch n := rapid.IntRange(0, last).Draw(t, "type"); n {
		case 9:
			b = data.DecimalOf(rapid.Int32Range(-3, 6).Draw(t, "scale"))
		case 10:
			b = data.DateOf()
		case 11:
			b = data.TimeOf()
		case 12:
			b = data.TimestampOf()
		case 13:
			b = data.ArrayOf(anySchema(depth-1).Draw(t, "items"))
		case 14:
			key := data.Of(rapid.SampledFrom([]data.Type{data.String, data.Int32, data.Boolean}).Draw(t, "key")).MustBuild()
			b = data.MapOf(key, anySchema(depth-1).Draw(t, "values"))
		case 15:
			b = data.StructOf()
			for i, name := range rapid.SliceOfNDistinct(rapid.StringN(1, 8, -1), 0, 6, rapid.ID[string]).Draw(t, "names") {
				b.Field(name, anySchema(depth-1).Draw(t, "field"+string(rune('0'+i))))
			}
			b.Name(rapid.String().Draw(t, "name")).Version(rapid.Int32().Draw(t, "version"))
		default:
			b = data.Of(data.Int8 + data.Type(n))
			if rapid.Bool().Draw(t, "annotated") {
				b.Doc(rapid.String().Draw(t, "doc")).Param("p", rapid.String().Draw(t, "param"))
			}
		}
		if rapid.Bool().Draw(t, "optional") {
			b.Optional()
		}
		s, err := b.Build()
		if err != nil {
			t.Fatal(err)
		}
		if rapid.IntRange(0, 3).Draw(t, "default") == 0 {
			if d := anyValue(t, s); !d.IsNull() {
				if s, err = s.WithDefault(d); err != nil {
					t.Fatal(err)
				}
			}
		}
		return s
	})
}

func anyValue(t *rapid.T, s *data.Schema) data.Value {
	if _, has := s.Default(); s.Optional() && !has && rapid.IntRange(0, 4).Draw(t, "null") == 0 {
		return data.Null()
	}
	switch s.Logical() {
	case data.LogicalDecimal:
		return data.DecimalValue(big.NewInt(rapid.Int64().Draw(t, "unscaled")), s.Scale())
	case data.LogicalDate:
		return data.TimestampValue(rapid.Int64Range(-1e5, 1e5).Draw(t, "day") * data.MillisPerDay)
	case data.LogicalTime:
		return data.TimestampValue(rapid.Int64Range(0, data.MillisPerDay).Draw(t, "time"))
	case data.LogicalTimestamp:
		return data.TimestampValue(rapid.Int64().Draw(t, "instant"))
	}
	switch s.Type() {
	case data.Int8:
		return data.Int8Value(rapid.Int8().Draw(t, "int8"))
	case data.Int16:
		return data.Int16Value(rapid.Int16().Draw(t, "int16"))
	case data.Int32:
		return i32(rapid.Int32().Draw(t, "int32"))
	case data.Int64:
		return i64(rapid.Int64().Draw(t, "int64"))
	case data.Float32: // zero has one sign in JSON
		return data.Float32Value(rapid.Float32().Filter(func(f float32) bool { return f != 0 && !math.IsInf(float64(f), 0) }).Draw(t, "float"))
	case data.Float64:
		return f64(rapid.Float64().Filter(func(f float64) bool { return f != 0 && !math.IsInf(f, 0) }).Draw(t, "double"))
	case data.Boolean:
		return data.BoolValue(rapid.Bool().Draw(t, "boolean"))
	case data.String:
		return str(rapid.String().Draw(t, "string"))
	case data.Bytes:
		return data.BytesValue(rapid.SliceOf(rapid.Byte()).Draw(t, "bytes"))
	case data.ArrayType:
		var out []data.Value
		for range rapid.IntRange(0, 3).Draw(t, "length") {
			out = append(out, orDefault(s.ValueSchema(), anyValue(t, s.ValueSchema())))
		}
		return data.ArrayValue(out)
	case data.MapType:
		m := data.NewMap(0)
		for range rapid.IntRange(0, 3).Draw(t, "length") {
			m.Put(anyValue(t, s.KeySchema()), anyValue(t, s.ValueSchema()))
		}
		return data.MapValue(m)
	}
	st := data.NewStruct(s)
	for i, f := range s.Fields() {
		st.SetAt(i, anyValue(t, f.Schema))
	}
	return data.StructValue(st)
}

func orDefault(s *data.Schema, v data.Value) data.Value {
	if def, ok := s.Default(); ok && v.IsNull() {
		return def
	}
	return v
}

func TestValuesComeBackWithTheirSchema(t *testing.T) {
	for _, props := range [][]string{nil, {numeric}, {keep}} {
		rapid.Check(t, func(rt *rapid.T) {
			s := anySchema(3).Draw(rt, "schema")
			v := anyValue(rt, s)
			c := configured(t, props...)
			b, ok, err := c.FromConnectData(nil, "t", s, v)
			if err != nil || !ok || !json.Valid(b) {
				rt.Fatalf("%v: %s", err, b)
			}
			s2, v2, err := c.ToConnectData("t", b)
			if err != nil {
				rt.Fatalf("%v: %s", err, b)
			}
			if !s.Equal(s2) {
				rt.Fatalf("another schema: %s", b)
			}
			// Structs carry the schema that was read; their text form compares the fields. Bytes decide the rest.
			b2, _, err := c.FromConnectData(nil, "t", s2, v2)
			if err != nil || string(b) != string(b2) {
				rt.Fatalf("%v\n%s\n%s", err, b, b2)
			}
			if !v.Equal(v2) {
				rt.Fatalf("%s came back as %s", v, v2)
			}
		})
	}
}

func TestSchemalessValuesComeBack(t *testing.T) {
	c := configured(t, off)
	var value func(depth int) *rapid.Generator[data.Value]
	value = func(depth int) *rapid.Generator[data.Value] {
		return rapid.Custom(func(t *rapid.T) data.Value {
			last := 6
			if depth == 0 {
				last = 4
			}
			switch rapid.IntRange(0, last).Draw(t, "kind") {
			case 0:
				return data.Null()
			case 1:
				return data.BoolValue(rapid.Bool().Draw(t, "b"))
			case 2:
				return i64(rapid.Int64().Draw(t, "i"))
			case 3:
				return f64(rapid.Float64().Filter(func(f float64) bool { return f != 0 && !math.IsInf(f, 0) }).Draw(t, "f"))
			case 4:
				return str(rapid.String().Draw(t, "s"))
			case 5:
				return data.ArrayValue(rapid.SliceOfN(value(depth-1), 0, 4).Draw(t, "a"))
			}
			m := data.NewMap(0)
			for range rapid.IntRange(0, 12).Draw(t, "n") {
				m.Put(str(rapid.String().Draw(t, "k")), value(depth-1).Draw(t, "v"))
			}
			return data.MapValue(m)
		})
	}
	rapid.Check(t, func(t *rapid.T) {
		v := value(3).Draw(t, "v")
		b, ok, err := c.FromConnectData(nil, "t", nil, v)
		if err != nil || ok == v.IsNull() {
			t.Fatal(ok, err)
		}
		if _, back, err := c.ToConnectData("t", b); ok && (err != nil || !back.Equal(v)) {
			t.Fatalf("%s: %s, %v", b, back, err)
		}
	})
}

// FuzzRead looks for panics, for values that do not fit the schema they come with (a null read from a wrong type apart), and for
// texts that are valid JSON and refused.
func FuzzRead(f *testing.F) {
	f.Add([]byte(`{"schema":{"type":"struct","fields":[{"type":"int32","field":"a"},{"type":"array","items":{"type":"string","optional":true},"field":"b","default":["x"]}]},"payload":{"b":["1\n","\ud83d\ude00"],"a":-1.5e3}}`))
	f.Add([]byte(`{"payload":[[1,2]],"schema":{"type":"map","keys":{"type":"int8"},"values":{"type":"double"},"version":3,"parameters":{"a":"b"}}}`))
	f.Add([]byte(`{"schema":{"type":"bytes","name":"org.apache.kafka.connect.data.Decimal","parameters":{"scale":"2"}},"payload":1.50}`))
	f.Add([]byte(`[1e999,-0,"\u00e9",{"a":{}},true,null]`))
	on, plainText := configured(f), configured(f, off)
	f.Fuzz(func(t *testing.T, b []byte) {
		if s, v, err := on.ToConnectData("t", b); err == nil && b != nil {
			if _, _, err := on.FromConnectData(nil, "t", s, v); err != nil && data.Validate(s, v) == nil && s.Logical() == data.NotLogical && !hasLogical(s) {
				t.Fatalf("read but not written: %v", err)
			}
		}
		_, _, err := plainText.ToConnectData("t", b)
		if err != nil && json.Valid(b) && !strings.Contains(err.Error(), "exceeds the maximum") && !strings.Contains(err.Error(), "UTF-8") {
			t.Fatalf("valid JSON was refused: %v", err)
		}
	})
}

// hasLogical is true for schemas whose values may have another scale or time than the schema says, which only writing checks.
func hasLogical(s *data.Schema) bool {
	if s == nil || s.Logical() != data.NotLogical {
		return s != nil
	}
	for _, f := range s.Fields() {
		if hasLogical(f.Schema) {
			return true
		}
	}
	return hasLogical(s.KeySchema()) || hasLogical(s.ValueSchema())
}

func TestNestingIsBounded(t *testing.T) {
	deep := strings.Repeat("[", 100_000)
	for _, props := range [][]string{nil, {off}} {
		_, _, err := configured(t, props...).ToConnectData("t", []byte(deep))
		if err == nil || !strings.Contains(err.Error(), "nesting depth exceeds the maximum of 1000") {
			t.Error(err)
		}
	}
	s := strings.Repeat(`{"type":"array","items":`, 5000) + `{"type":"int8"}` + strings.Repeat("}", 5000)
	if _, _, err := configured(t).ToConnectData("t", []byte(envelope(s, "1"))); err == nil || !strings.Contains(err.Error(), "nesting depth") {
		t.Error(err)
	}
}

func TestConfiguredSchema(t *testing.T) {
	content := `schema.content={"type":"struct","fields":[{"field":"a","type":"int32"}]}`
	c := configured(t, content)
	for _, in := range []string{`{"a":1}`, `{"schema":null,"payload":{"a":1}}`, `{"payload":{"a":1},"schema":5}`} {
		s, v, err := c.ToConnectData("t", []byte(in))
		if err != nil || v.String() != "Struct{a=1}" || s != c.content {
			t.Errorf("%s: %s, %v", in, v, err)
		}
	}
	err := New().Configure(map[string]string{"schema.content": `{"type":"x"}`}, false)
	if err == nil || !strings.Contains(err.Error(), "Unknown schema type: x") {
		t.Error(err)
	}
}

func TestSettingsAreChecked(t *testing.T) {
	err := New().Configure(map[string]string{"decimal.format": "foo"}, false)
	if want := "Invalid value foo for configuration decimal.format: String must be one of (case insensitive): NUMERIC, BASE64"; err == nil || err.Error() != want {
		t.Error(err)
	}
}

func TestHeadersNameTheirOwnSetting(t *testing.T) {
	h := NewHeader()
	if err := h.Configure(nil); err != nil {
		t.Fatal(err)
	}
	if _, _, err := h.ToConnectHeader("t", "k", []byte("1")); err == nil || !strings.Contains(err.Error(), "header.converter.schemas.enable") {
		t.Error(err)
	}
	b, ok, err := h.FromConnectHeader(nil, "t", "k", of(data.Int8), data.Int8Value(1))
	if !ok || err != nil || string(b) != envelope(`{"type":"int8","optional":false}`, "1") {
		t.Errorf("%s %v", b, err)
	}
}
