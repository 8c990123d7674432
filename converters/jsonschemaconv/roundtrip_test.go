package jsonschemaconv

import (
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/kurier-io/kurier/converters/jsonschemaconv/jsonschema"
	"github.com/kurier-io/kurier/plugins/data"
)

// genSchema draws schemas that JSON Schema can hold: names of fields are free, defaults and parameters come at random.
func genSchema(t *rapid.T, depth int) *data.Schema {
	kinds := 15
	if depth == 0 {
		kinds = 11
	}
	var b *data.Builder
	switch k := rapid.IntRange(0, kinds).Draw(t, "type"); k {
	case 0, 1, 2, 3, 4, 5, 6, 7, 8:
		b = data.Of(data.Type(k + 1))
	case 9:
		b = data.DecimalOf(int32(rapid.IntRange(0, 4).Draw(t, "scale")))
	case 10:
		b = rapid.SampledFrom([]func() *data.Builder{data.DateOf, data.TimeOf, data.TimestampOf}).Draw(t, "time")()
	case 11:
		b = data.Of(data.String).Param(jsonEnum, "").Param(jsonEnum+".a b", "a b").Param(jsonEnum+".\"ö", "\"ö")
	case 12:
		b = data.ArrayOf(genSchema(t, depth-1))
	case 13:
		key := rapid.SampledFrom([]*data.Schema{of(data.String), opt(data.String), of(data.Int32), of(data.Boolean)}).Draw(t, "key")
		b = data.MapOf(key, genSchema(t, depth-1))
	case 14:
		return genUnion(t, depth-1)
	default:
		b = data.StructOf()
		for i := range rapid.IntRange(0, 4).Draw(t, "fields") {
			b.Field(fmt.Sprintf("f\"%d ü", i), genSchema(t, depth-1))
		}
	}
	if rapid.Bool().Draw(t, "optional") {
		b.Optional()
	}
	if rapid.IntRange(0, 3).Draw(t, "doc") == 0 {
		b.Doc("said \"so\"")
	}
	s, err := b.Build()
	if err != nil {
		t.Fatal(err)
	}
	if s.Logical() == data.NotLogical && rapid.IntRange(0, 3).Draw(t, "named") == 0 {
		b = b.Name("a.B").Version(int32(rapid.IntRange(1, 3).Draw(t, "version")))
		if s.Type() != data.String {
			b.Param("p", "1").Param("", "\n")
		}
	}
	if rapid.IntRange(0, 3).Draw(t, "default") == 0 {
		if def := genValue(t, s); !def.IsNull() {
			with, err := s.WithDefault(def)
			if err != nil {
				t.Fatal(err)
			}
			s = with
		}
	}
	return s
}

// genUnion draws unions whose members no value of another follows.
func genUnion(t *rapid.T, depth int) *data.Schema {
	members := []*data.Schema{
		opt(data.String), opt(data.Boolean), opt(data.Int16), data.ArrayOf(genSchema(t, depth)).Optional().MustBuild(),
		data.StructOf().Field("x", genSchema(t, depth)).Optional().MustBuild(),
	}
	b := data.StructOf().Name(jsonUnion)
	for i, m := range rapid.Permutation(members).Draw(t, "members")[:rapid.IntRange(2, 5).Draw(t, "count")] {
		b.Field(fmt.Sprint(jsonField, i), m)
	}
	if rapid.Bool().Draw(t, "optional") {
		b.Optional()
	}
	return b.MustBuild()
}

func genValue(t *rapid.T, s *data.Schema) data.Value {
	if s.Optional() && rapid.IntRange(0, 2).Draw(t, "null") == 0 {
		return data.Null()
	}
	switch s.Logical() {
	case data.LogicalDecimal:
		b := rapid.SliceOfN(rapid.Byte(), 1, 12).Draw(t, "unscaled")
		return data.DecimalBytesValue(b, s.Scale())
	case data.LogicalDate:
		return data.TimestampValue(rapid.Int64Range(-100000, 100000).Draw(t, "day") * data.MillisPerDay)
	case data.LogicalTime:
		return data.TimestampValue(rapid.Int64Range(0, data.MillisPerDay-1).Draw(t, "time"))
	case data.LogicalTimestamp:
		return data.TimestampValue(rapid.Int64().Draw(t, "ms"))
	}
	switch s.Type() {
	case data.Int8:
		return data.Int8Value(rapid.Int8().Draw(t, "i8"))
	case data.Int16:
		return data.Int16Value(rapid.Int16().Draw(t, "i16"))
	case data.Int32:
		return i32(rapid.Int32().Draw(t, "i32"))
	case data.Int64:
		return i64(rapid.Int64().Draw(t, "i64"))
	case data.Float32:
		return data.Float32Value(rapid.Float32().Draw(t, "f32") + 0)
	case data.Float64:
		return f64(rapid.Float64().Draw(t, "f64") + 0)
	case data.Boolean:
		return data.BoolValue(rapid.Bool().Draw(t, "bool"))
	case data.String:
		if len(s.Params()) > 0 {
			return str(rapid.SampledFrom([]string{"a b", "\"ö"}).Draw(t, "symbol"))
		}
		return str(rapid.String().Draw(t, "text"))
	case data.Bytes:
		return data.BytesValue(rapid.SliceOf(rapid.Byte()).Draw(t, "bytes"))
	case data.ArrayType:
		var a []data.Value
		for range rapid.IntRange(0, 3).Draw(t, "len") {
			a = append(a, genValue(t, s.ValueSchema()))
		}
		return data.ArrayValue(a)
	case data.MapType:
		m := data.NewMap(0)
		for range rapid.IntRange(0, 3).Draw(t, "len") {
			m.Put(genValue(t, s.KeySchema()), genValue(t, s.ValueSchema()))
		}
		return data.MapValue(m)
	}
	vals := make([]data.Value, s.NumFields())
	if isUnion(s) {
		i := rapid.IntRange(0, len(vals)-1).Draw(t, "member")
		vals[i] = genValue(t, s.Fields()[i].Schema.AsOptional(false))
		if st := vals[i].Struct(); st != nil {
			vals[i] = row(s.Fields()[i].Schema, st.Values()...)
		}
		return row(s, vals...)
	}
	for i, f := range s.Fields() {
		vals[i] = genValue(t, f.Schema)
	}
	return row(s, vals...)
}

// Every schema and value comes back as it was, except that a null with a default is the default.
func TestRoundTrips(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		o := &jsonData{
			DecimalFormat: rapid.SampledFrom([]string{"BASE64", "NUMERIC"}).Draw(t, "format"),
			Additional:    rapid.Bool().Draw(t, "additional"), FlattenSingletons: true, IgnoreDefault: true,
		}
		s := genSchema(t, 3)
		text, err := o.schemaText(s)
		if err != nil {
			t.Fatal(err)
		}
		parsed, err := jsonschema.Parse(text, nil)
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		l, err := load(text, nil)
		if err != nil {
			t.Fatal(err)
		}
		back, err := o.read(l, 0)
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		if !back.Equal(s) {
			again, _ := o.schemaText(back)
			t.Fatalf("schema\n%s\n%s", text, again)
		}
		v := genValue(t, s)
		plan, err := o.compile(s)
		if err != nil {
			t.Fatal(err)
		}
		out, err := plan.append(nil, v)
		if err != nil {
			t.Fatal(err)
		}
		if err := parsed.Validate(out); err != nil && !strings.Contains(string(out), `"NaN"`) {
			t.Fatalf("%s does not follow %s: %v", out, text, err)
		}
		var r reader
		var got data.Value
		r.reset(out)
		if err := r.read(o.decoder(back), &got); err != nil {
			t.Fatalf("%s: %v", out, err)
		}
		second, err := plan.append(nil, got)
		if err != nil || string(second) != string(out) {
			t.Fatalf("%s\n%s %v", out, second, err)
		}
		if o.numeric() && strings.Contains(text, data.DecimalName) {
			return // a decimal's bytes may be longer than they must
		}
		if got.String() != v.String() {
			t.Fatalf("%s\n%s\n%s", out, got, v)
		}
	})
}
