package avroconv

import (
	"bytes"
	"fmt"
	"math/big"
	"strings"
	"testing"

	"github.com/linkedin/goavro/v2"
	"github.com/twmb/avro"
	"pgregory.net/rapid"

	"github.com/kurier-io/kurier/plugins/data"
)

// A gen draws schemas, and values that fit them.
type gen struct {
	t        *rapid.T
	named    int
	defaults bool // schemas may have defaults
	entries  int  // the most of a map
}

func (g *gen) name(b *data.Builder, kind string) *data.Builder {
	g.named++
	return b.Name(fmt.Sprintf("%s.%s%d", rapid.SampledFrom([]string{"a", "a.b", "c"}).Draw(g.t, "space"), kind, g.named))
}

func (g *gen) schema(depth int) *data.Schema {
	last := 17
	if depth == 0 {
		last = 13
	}
	var b *data.Builder
	switch n := rapid.IntRange(0, last).Draw(g.t, "type"); n {
	case 9:
		b = data.DecimalOf(rapid.Int32Range(0, 6).Draw(g.t, "scale"))
	case 10:
		b = data.DateOf()
	case 11:
		b = data.TimeOf()
	case 12:
		b = data.TimestampOf()
	case 13:
		b = g.name(data.Of(data.Bytes), "F").Param(fixedSize, fmt.Sprint(rapid.IntRange(1, 9).Draw(g.t, "size")))
	case 14:
		b = data.ArrayOf(g.schema(depth - 1))
	case 15:
		b = data.MapOf(of(data.String), g.schema(depth-1))
	case 16:
		b = g.name(data.MapOf(of(rapid.SampledFrom([]data.Type{data.Int32, data.Int64, data.Boolean}).Draw(g.t, "key")), g.schema(depth-1)), "M")
	case 17:
		b = g.name(data.StructOf(), "R").Version(rapid.Int32Range(1, 9).Draw(g.t, "version"))
		for i := range rapid.IntRange(0, 5).Draw(g.t, "fields") {
			b.Field(fmt.Sprintf("f%d", i), g.schema(depth-1))
		}
	default:
		b = data.Of(data.Int8 + data.Type(n))
		if rapid.IntRange(0, 3).Draw(g.t, "annotated") == 0 {
			b.Doc(rapid.String().Draw(g.t, "doc")).Param("p", rapid.String().Draw(g.t, "param"))
		}
	}
	if rapid.Bool().Draw(g.t, "optional") {
		b.Optional()
	}
	s, err := b.Build()
	if err != nil {
		g.t.Fatal(err)
	}
	if g.defaults && rapid.IntRange(0, 2).Draw(g.t, "default") == 0 {
		if d := g.value(s); !d.IsNull() {
			if s, err = s.WithDefault(d); err != nil {
				g.t.Fatal(err)
			}
		}
	}
	return s
}

func (g *gen) value(s *data.Schema) data.Value {
	if _, has := s.Default(); s.Optional() && !has && rapid.IntRange(0, 4).Draw(g.t, "null") == 0 {
		return data.Null()
	}
	return g.some(s)
}

func (g *gen) some(s *data.Schema) data.Value {
	t := g.t
	switch s.Logical() {
	case data.LogicalDecimal:
		return data.DecimalValue(big.NewInt(rapid.Int64().Draw(t, "unscaled")), s.Scale())
	case data.LogicalDate:
		return data.TimestampValue(rapid.Int64Range(-1e5, 1e5).Draw(t, "day") * data.MillisPerDay)
	case data.LogicalTime:
		return data.TimestampValue(rapid.Int64Range(0, data.MillisPerDay-1).Draw(t, "time"))
	case data.LogicalTimestamp:
		return data.TimestampValue(rapid.Int64Range(-1e13, 1e14).Draw(t, "instant"))
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
	case data.Float32:
		return data.Float32Value(rapid.Float32().Draw(t, "float"))
	case data.Float64:
		return f64(rapid.Float64().Draw(t, "double"))
	case data.Boolean:
		return data.BoolValue(rapid.Bool().Draw(t, "boolean"))
	case data.String:
		return str(rapid.String().Draw(t, "string"))
	case data.Bytes:
		n, least := 9, 0
		if size, ok := s.Param(fixedSize); ok {
			fmt.Sscan(size, &n)
			least = n
		}
		return data.BytesValue(rapid.SliceOfN(rapid.Byte(), least, n).Draw(t, "bytes"))
	case data.ArrayType:
		var out []data.Value
		for range rapid.IntRange(0, 3).Draw(t, "length") {
			out = append(out, g.value(s.ValueSchema()))
		}
		return data.ArrayValue(out)
	case data.MapType:
		m := data.NewMap(0)
		for range rapid.IntRange(0, g.entries).Draw(t, "length") {
			m.Put(g.value(s.KeySchema()), g.value(s.ValueSchema()))
		}
		return data.MapValue(m)
	}
	st := data.NewStruct(s)
	for i, f := range s.Fields() {
		st.SetAt(i, g.value(f.Schema))
	}
	return data.StructValue(st)
}

func (g *gen) record() *data.Schema {
	b := g.name(data.StructOf(), "Top").Version(1)
	for i := range rapid.IntRange(1, 5).Draw(g.t, "fields") {
		b.Field(fmt.Sprintf("f%d", i), g.schema(2))
	}
	return b.MustBuild()
}

// TestValuesComeBackWithTheirSchema writes and reads. A null field with a default comes back as the default, so values have none there.
func TestValuesComeBackWithTheirSchema(t *testing.T) {
	r := newRegistry(t)
	c := r.open(t)
	rapid.Check(t, func(rt *rapid.T) {
		g := &gen{t: rt, defaults: true, entries: 3}
		s := g.record()
		v := g.some(s)
		b, ok, err := c.FromConnectData(nil, "t", s, v)
		if err != nil || !ok {
			rt.Fatal(err)
		}
		s2, v2, err := c.ToConnectData("t", b)
		if err != nil {
			rt.Fatalf("%v: %s", err, r.Text("t-value"))
		}
		if !s.Equal(s2) {
			rt.Fatalf("another schema from %s", r.Text("t-value"))
		}
		b2, _, err := c.FromConnectData(nil, "t", s2, v2)
		if err != nil || !bytes.Equal(b, b2) {
			rt.Fatalf("%s %v, want %s", v2, err, v)
		}
		if v.String() != v2.String() {
			rt.Fatalf("%s, want %s", v2, v)
		}
	})
}

// TestOtherLibrariesReadAndWriteTheSame has goavro and twmb/avro read what we write, and write it again.
func TestOtherLibrariesReadAndWriteTheSame(t *testing.T) {
	r := newRegistry(t)
	c := r.open(t)
	rapid.Check(t, func(rt *rapid.T) {
		g := &gen{t: rt, entries: 1} // maps have no order
		s := g.record()
		v := g.some(s)
		b, _, err := c.FromConnectData(nil, "t", s, v)
		if err != nil {
			rt.Fatal(err)
		}
		_, _, _ = c.ToConnectData("t", b)
		text := r.Schemas[int(b[3])<<8|int(b[4])-1].Text
		body := b[5:]
		codec, err := goavro.NewCodec(text)
		if err != nil {
			rt.Fatalf("goavro: %v: %s", err, text)
		}
		native, rest, err := codec.NativeFromBinary(body)
		if err != nil || len(rest) > 0 {
			rt.Fatalf("goavro: %v: %s", err, text)
		}
		again, err := codec.BinaryFromNative(nil, native)
		if err != nil || !bytes.Equal(again, body) {
			rt.Fatalf("goavro wrote %x, want %x: %v: %s", again, body, err, text)
		}
		other, err := avro.Parse(text)
		if err != nil {
			rt.Fatalf("twmb/avro: %v: %s", err, text)
		}
		var any2 any
		if rest, err = other.Decode(body, &any2); err != nil || len(rest) > 0 {
			rt.Fatalf("twmb/avro: %v: %s", err, text)
		}
		if again, err = other.AppendEncode(nil, any2); err != nil || !bytes.Equal(again, body) {
			rt.Fatalf("twmb/avro wrote %x, want %x: %v: %s", again, body, err, text)
		}
	})
}

// TestMapsOfOthersAreRead reads what twmb/avro wrote of maps and arrays, whose blocks it may form in another way.
func TestBlocksOfAllFormsAreRead(t *testing.T) {
	for _, body := range []string{"04020400", "02020204" + "00", "0304020400", "0102" + "02" + "0102" + "04" + "00"} {
		s, v, err := readWith(t, `{"type":"array","items":"int"}`, body)
		if err != nil || v.String() != "[1, 2]" || s.Type() != data.ArrayType {
			t.Errorf("%s: %s %v", body, v, err)
		}
	}
	_, v, err := readWith(t, `{"type":"map","values":"int"}`, "010602610202"+"026202"+"00")
	if err != nil || v.Map().Len() != 2 {
		t.Errorf("%s %v", v, err)
	}
}

// TestSchemaless writes and reads values without a schema.
func TestSchemalessValuesComeBack(t *testing.T) {
	c := newRegistry(t).open(t)
	var value func(t *rapid.T, depth int) data.Value
	value = func(t *rapid.T, depth int) data.Value {
		last := 9
		if depth == 0 {
			last = 7
		}
		switch rapid.IntRange(0, last).Draw(t, "kind") {
		case 1:
			return data.BoolValue(rapid.Bool().Draw(t, "b"))
		case 2:
			return i32(rapid.Int32().Draw(t, "i"))
		case 3:
			return i64(rapid.Int64().Draw(t, "l"))
		case 4:
			return f64(rapid.Float64().Draw(t, "d"))
		case 5:
			return data.Float32Value(rapid.Float32().Draw(t, "f"))
		case 6:
			return str(rapid.String().Draw(t, "s"))
		case 7:
			return data.BytesValue(rapid.SliceOf(rapid.Byte()).Draw(t, "bytes"))
		case 8:
			var out []data.Value
			for range rapid.IntRange(0, 3).Draw(t, "n") {
				out = append(out, value(t, depth-1))
			}
			return data.ArrayValue(out)
		case 9:
			m := data.NewMap(0)
			for range rapid.IntRange(0, 3).Draw(t, "n") {
				m.Put(value(t, 0), value(t, depth-1))
			}
			return data.MapValue(m)
		}
		return data.Null()
	}
	rapid.Check(t, func(t *rapid.T) {
		v := value(t, 3)
		b, ok, err := c.FromConnectData(nil, "t", nil, v)
		if err != nil || ok == v.IsNull() {
			t.Fatal(ok, err)
		}
		if !ok {
			return
		}
		s, back, err := c.ToConnectData("t", b)
		if err != nil || s != nil || !back.Equal(v) {
			t.Fatalf("%s: %s %v", v, back, err)
		}
	})
	_, _, err := c.FromConnectData(nil, "t", nil, arr(data.TimestampValue(1)))
	if err == nil || !strings.Contains(err.Error(), "Unknown Java type for schemaless data: class java.util.Date") || !strings.Contains(err.Error(), "[0]") {
		t.Error(err)
	}
}
