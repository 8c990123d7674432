package protoconv

import (
	"bytes"
	"fmt"
	"math/big"
	"testing"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/dynamicpb"
	"pgregory.net/rapid"

	"github.com/kurier-io/kurier/plugins/data"
)

// A gen draws schemas, and values that fit them.
type gen struct {
	t     *rapid.T
	named int
	nulls bool // scalars may be null
	enums bool // so may enums
}

func (g *gen) name(kind string) string {
	g.named++
	return fmt.Sprintf("%s.%s%d", rapid.SampledFrom([]string{"a", "a.b", "google.c"}).Draw(g.t, "space"), kind, g.named)
}

var anyData = &protoData{}

// Where a schema is used says what it may be.
const (
	asField = iota
	asElement
	asMember
	asKey
)

func (g *gen) schema(depth, use int) *data.Schema {
	last := map[int]int{asField: 17, asElement: 15, asMember: 15, asKey: 8}[use]
	if depth == 0 {
		last = min(last, 14)
	}
	var b *data.Builder
	switch n := rapid.IntRange(0, last).Draw(g.t, "type"); n {
	case 9:
		b = data.DecimalOf(rapid.Int32Range(-3, 6).Draw(g.t, "scale"))
		if rapid.Bool().Draw(g.t, "precise") {
			b.Param(precisionParam, "30")
		}
	case 10:
		b = data.DateOf()
	case 11:
		b = data.TimeOf()
	case 12:
		b = data.TimestampOf()
	case 13:
		g.named++
		name := fmt.Sprintf("E%d", g.named)
		b = data.Of(data.String).Name(name).Param(protoEnum, name)
		for i := range 3 {
			b.Param(fmt.Sprintf("%s.%s_S%d", protoEnum, name, i), fmt.Sprint(i*i*-100))
		}
	case 14:
		t := rapid.SampledFrom([]data.Type{data.Int32, data.Int64}).Draw(g.t, "integer")
		b = data.Of(t).Param(typeParam, rapid.SampledFrom(integers[t][1:]).Draw(g.t, "as"))
	case 15:
		b = data.StructOf().Name(g.name("R"))
		g.fill(b, depth-1)
	case 16:
		b = data.ArrayOf(g.schema(depth-1, asElement))
	case 17:
		b = data.MapOf(g.schema(0, asKey), g.schema(depth-1, asElement)).Name(fmt.Sprintf("m_%d", g.named))
		g.named++
	default:
		b = data.Of(data.Int8 + data.Type(n))
	}
	if use == asMember || use == asElement || use != asKey && rapid.Bool().Draw(g.t, "optional") {
		b.Optional()
	}
	s, err := b.Build()
	if err != nil {
		g.t.Fatal(err)
	}
	return s
}

// fill adds fields, and perhaps a union, which comes first when it is read.
func (g *gen) fill(b *data.Builder, depth int) {
	if rapid.IntRange(0, 2).Draw(g.t, "union") == 0 {
		u := data.StructOf().Name(unionPrefix + "choice").Optional()
		for i := range rapid.IntRange(1, 4).Draw(g.t, "members") {
			u.Field(fmt.Sprintf("u_%d", i), g.schema(depth, asMember))
		}
		b.Field("choice_0", u.MustBuild())
	}
	for i := range rapid.IntRange(0, 5).Draw(g.t, "fields") {
		b.Field(fmt.Sprintf("f_%d", i), g.schema(depth, asField))
	}
}

func (g *gen) value(s *data.Schema) data.Value {
	if enum, _ := anyData.enumOf(s); enum != "" && !g.enums {
		return g.some(s)
	}
	if s.Optional() && g.nulls && s.Type() != data.ArrayType && s.Type() != data.MapType && rapid.IntRange(0, 3).Draw(g.t, "null") == 0 {
		return data.Null()
	}
	return g.some(s)
}

func (g *gen) some(s *data.Schema) data.Value {
	t := g.t
	switch s.Logical() {
	case data.LogicalDecimal:
		n := big.NewInt(rapid.Int64().Draw(t, "unscaled"))
		if rapid.Bool().Draw(t, "long") {
			n.Mul(n, n)
		}
		return data.DecimalValue(n, s.Scale())
	case data.LogicalDate:
		return data.TimestampValue(rapid.Int64Range(-719162, 2932896).Draw(t, "day") * data.MillisPerDay)
	case data.LogicalTime:
		return data.TimestampValue(rapid.Int64Range(0, data.MillisPerDay-1).Draw(t, "time"))
	case data.LogicalTimestamp:
		return data.TimestampValue(rapid.Int64Range(-1e13, 1e14).Draw(t, "instant"))
	}
	if enum, prefix := anyData.enumOf(s); enum != "" {
		return str(rapid.SampledFrom(symbolsOf(s, prefix)).Draw(t, "symbol").Name)
	}
	switch s.Type() {
	case data.Int8:
		return data.Int8Value(rapid.Int8().Draw(t, "int8"))
	case data.Int16:
		return data.Int16Value(rapid.Int16().Draw(t, "int16"))
	case data.Int32:
		return i32(rapid.Int32().Draw(t, "int32"))
	case data.Int64:
		if as, _ := s.Param(typeParam); as == "uint32" || as == "fixed32" {
			return i64(int64(rapid.Uint32().Draw(t, "uint32")))
		}
		return i64(rapid.Int64().Draw(t, "int64"))
	case data.Float32:
		return data.Float32Value(rapid.Float32().Draw(t, "float"))
	case data.Float64:
		return f64(rapid.Float64().Draw(t, "double"))
	case data.Boolean:
		return data.BoolValue(rapid.Bool().Draw(t, "boolean"))
	case data.String:
		return str(rapid.StringN(-1, -1, 200).Draw(t, "string"))
	case data.Bytes:
		return data.BytesValue(rapid.SliceOfN(rapid.Byte(), 0, 200).Draw(t, "bytes"))
	case data.ArrayType:
		var out []data.Value
		for range rapid.IntRange(0, 3).Draw(t, "length") {
			out = append(out, g.some(s.ValueSchema()))
		}
		return data.ArrayValue(out)
	case data.MapType:
		m := data.NewMap(0)
		for range rapid.IntRange(0, 3).Draw(t, "length") {
			m.Put(g.some(s.KeySchema()), g.value(s.ValueSchema()))
		}
		return data.MapValue(m)
	}
	st := data.NewStruct(s)
	if anyData.isUnion(s) {
		i := rapid.IntRange(0, s.NumFields()-1).Draw(t, "member")
		st.SetAt(i, g.some(s.Fields()[i].Schema))
		return data.StructValue(st)
	}
	for i, f := range s.Fields() {
		st.SetAt(i, g.value(f.Schema))
	}
	return data.StructValue(st)
}

func (g *gen) record() *data.Schema {
	b := data.StructOf().Name(g.name("Top"))
	g.fill(b, 2)
	return b.MustBuild()
}

// oracle sets a value in a message of protobuf-go, field by field.
func oracle(t testing.TB, m protoreflect.Message, v data.Value) {
	st := v.Struct()
	for i, f := range st.Schema().Fields() {
		x := st.At(i)
		if x.IsNull() {
			continue
		}
		if anyData.isUnion(f.Schema) {
			oracle(t, m, x)
			continue
		}
		fd := m.Descriptor().Fields().ByName(protoreflect.Name(f.Name))
		switch f.Schema.Type() {
		case data.ArrayType:
			list := m.Mutable(fd).List()
			for _, e := range x.Array() {
				list.Append(oracleValue(t, fd, f.Schema.ValueSchema(), e))
			}
		case data.MapType:
			list := m.Mutable(fd).List()
			for k, e := range x.Map().All() {
				entry := list.NewElement()
				kf, vf := fd.Message().Fields().Get(0), fd.Message().Fields().Get(1)
				entry.Message().Set(kf, oracleValue(t, kf, f.Schema.KeySchema(), k))
				if !e.IsNull() {
					entry.Message().Set(vf, oracleValue(t, vf, f.Schema.ValueSchema(), e))
				}
				list.Append(entry)
			}
		default:
			m.Set(fd, oracleValue(t, fd, f.Schema, x))
		}
	}
}

func oracleValue(t testing.TB, fd protoreflect.FieldDescriptor, s *data.Schema, v data.Value) protoreflect.Value {
	n := v.Int()
	switch fd.Kind() {
	case protoreflect.BoolKind:
		return protoreflect.ValueOfBool(v.Bool())
	case protoreflect.Int32Kind, protoreflect.Sint32Kind, protoreflect.Sfixed32Kind:
		return protoreflect.ValueOfInt32(int32(n))
	case protoreflect.Int64Kind, protoreflect.Sint64Kind, protoreflect.Sfixed64Kind:
		return protoreflect.ValueOfInt64(n)
	case protoreflect.Uint32Kind, protoreflect.Fixed32Kind:
		return protoreflect.ValueOfUint32(uint32(n))
	case protoreflect.Uint64Kind, protoreflect.Fixed64Kind:
		return protoreflect.ValueOfUint64(uint64(n))
	case protoreflect.FloatKind:
		return protoreflect.ValueOfFloat32(v.Float32())
	case protoreflect.DoubleKind:
		return protoreflect.ValueOfFloat64(v.Float())
	case protoreflect.StringKind:
		return protoreflect.ValueOfString(v.Str())
	case protoreflect.BytesKind:
		return protoreflect.ValueOfBytes(v.Bytes())
	case protoreflect.EnumKind:
		return protoreflect.ValueOfEnum(fd.Enum().Values().ByName(protoreflect.Name(v.Str())).Number())
	}
	m := dynamicpb.NewMessage(fd.Message())
	fields := fd.Message().Fields()
	set := func(number protoreflect.FieldNumber, n int64) {
		f := fields.ByNumber(number)
		m.Set(f, oracleValue(t, f, s, i64(n)))
	}
	switch fd.Message().FullName() {
	case decimalMessage:
		unscaled, scale := v.Decimal()
		raw, _ := data.DecimalValue(unscaled, 0).DecimalBytes()
		m.Set(fields.ByNumber(1), protoreflect.ValueOfBytes(raw))
		set(2, int64(len(new(big.Int).Abs(unscaled).String())))
		set(3, int64(scale))
	case timestampMessage:
		set(1, v.Time().Unix())
		set(2, int64(v.Time().Nanosecond()))
	case dateMessage:
		y, mo, d := v.Time().Date()
		set(1, int64(y))
		set(2, int64(mo))
		set(3, int64(d))
	case timeMessage:
		h, mi, sec := v.Time().Clock()
		set(1, int64(h))
		set(2, int64(mi))
		set(3, int64(sec))
		set(4, int64(v.Time().Nanosecond()))
	default:
		if unwrap(fd.Message()) != nil {
			f := fields.ByNumber(1)
			m.Set(f, oracleValue(t, f, s, v))
		} else {
			oracle(t, m, v)
		}
	}
	return protoreflect.ValueOfMessage(m)
}

// A way is how records are written and read with some settings, without a registry.
type way struct{ *protoData }

func (w way) write(t *rapid.T, s *data.Schema, v data.Value) (target, []byte) {
	own, err := w.translate(s)
	if err != nil {
		t.Fatal(err)
	}
	p, err := w.compile(s, own.message)
	if err != nil {
		t.Fatal(err)
	}
	b, err := p.appendRoot(nil, v)
	if err != nil {
		t.Fatal(err)
	}
	return own, b
}

func (w way) read(t *rapid.T, own target, b []byte) (*data.Schema, data.Value) {
	s, err := w.protoData.read(own.message, 0)
	if err != nil {
		t.Fatalf("%v: %s", err, own.schema)
	}
	p, err := w.decoder(s, own.message)
	if err != nil {
		t.Fatalf("%v: %s", err, own.schema)
	}
	var r reader
	v, err := r.root(p, b)
	if err != nil {
		t.Fatalf("%v: %s", err, own.schema)
	}
	if err := v.Struct().Validate(); err != nil {
		t.Fatalf("%v: %s", err, own.schema)
	}
	return s, v
}

// TestProtobufGoReadsAndWritesTheSame draws records, and has protobuf-go read what is written, and reads what protobuf-go writes. Where a
// setting keeps nulls apart from zeros, the record comes back.
func TestProtobufGoReadsAndWritesTheSame(t *testing.T) {
	for name, mode := range map[string]struct {
		o     protoData
		nulls bool
	}{
		"plain": {protoData{}, false}, "nulls": {protoData{}, true}, "optional": {protoData{OptionalForNullables: true}, true}, "wrapped": {protoData{WrapperForNullables: true}, true},
	} {
		t.Run(name, func(t *testing.T) {
			mode.o.GenerateIndex, mode.o.OptionalForProto2 = true, true
			w := way{&mode.o}
			rapid.Check(t, func(rt *rapid.T) {
				g := &gen{t: rt, nulls: mode.nulls, enums: name != "wrapped"} // there is no wrapper of an enum
				s := g.record()
				v := g.some(s)
				own, b := w.write(rt, s, v)
				want, got := dynamicpb.NewMessage(own.message), dynamicpb.NewMessage(own.message)
				oracle(t, want, v)
				if err := proto.Unmarshal(b, got); err != nil || !proto.Equal(got, want) {
					rt.Fatalf("%v\n%v\nwant\n%v\n%s", err, got, want, own.schema)
				}
				theirs, err := proto.Marshal(want)
				if err != nil || len(theirs) != len(b) {
					rt.Fatalf("%x, %x by protobuf-go: %v", b, theirs, err)
				}
				s2, v2 := w.read(rt, own, theirs)
				if name != "nulls" && v.String() != v2.String() {
					rt.Fatalf("%s\nwant\n%s\n%s", v2, v, own.schema)
				}
				if _, again := w.write(rt, s2, v2); name != "nulls" && !bytes.Equal(again, b) {
					rt.Fatalf("%x, then %x", b, again)
				}
			})
		})
	}
}

// TestMessagesMerge reads one message after another as protobuf-go does, which the encoding calls merging.
func TestMessagesMerge(t *testing.T) {
	w := way{&protoData{OptionalForNullables: true, GenerateIndex: true}}
	rapid.Check(t, func(rt *rapid.T) {
		g := &gen{t: rt, nulls: true, enums: true}
		s := g.record()
		own, both := w.write(rt, s, g.some(s))
		_, second := w.write(rt, s, g.some(s))
		both = append(both, second...)
		merged := dynamicpb.NewMessage(own.message)
		if err := proto.Unmarshal(both, merged); err != nil {
			rt.Fatal(err)
		}
		one, err := proto.Marshal(merged)
		if err != nil {
			rt.Fatal(err)
		}
		_, want := w.read(rt, own, one)
		if _, got := w.read(rt, own, both); got.String() != want.String() {
			rt.Fatalf("%s\nwant\n%s", got, want)
		}
	})
}
