package protoconv

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"unicode/utf8"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/dynamicpb"

	"github.com/kurier-io/kurier/plugins/data"
)

// benchSchema is the row of the reference's measurements: 12 fields, 7 of them optional.
var benchSchema = data.StructOf().Name("srv.public.orders.Value").
	Field("id", of(data.Int64)).Field("name", opt(data.String)).Field("email", opt(data.String)).Field("age", opt(data.Int32)).
	Field("active", of(data.Boolean)).Field("score", opt(data.Float64)).Field("city", opt(data.String)).Field("visits", of(data.Int32)).
	Field("created", data.TimestampOf().MustBuild()).Field("updated", data.TimestampOf().Optional().MustBuild()).
	Field("status", of(data.String)).Field("note", opt(data.String)).MustBuild()

func benchRow() data.Value {
	return row(benchSchema, i64(123456789), str("Ada Lovelace"), str("ada@example.com"), i32(36), data.BoolValue(true), f64(97.25), str("London"),
		i32(4711), data.TimestampValue(1566570894346), data.TimestampValue(1566570999999), str("shipped"), data.Null())
}

func narrow() (*data.Schema, data.Value) {
	s := data.StructOf().Name("narrow").Field("id", of(data.Int64)).Field("name", opt(data.String)).Field("at", data.TimestampOf().MustBuild()).MustBuild()
	return s, row(s, i64(123456789), str("Ada Lovelace"), data.TimestampValue(1566570894346))
}

func wide() (*data.Schema, data.Value) {
	b := data.StructOf().Name("wide")
	var vals []data.Value
	for i := range 10 {
		for j, f := range benchSchema.Fields() {
			b.Field(fmt.Sprintf("%s%d", f.Name, i), f.Schema)
			vals = append(vals, benchRow().Struct().At(j))
		}
	}
	s := b.MustBuild()
	return s, row(s, vals...)
}

func benchWrite(b *testing.B, s *data.Schema, v data.Value) {
	c := newRegistry(b).open(b)
	var out []byte
	b.ReportAllocs()
	for b.Loop() {
		var err error
		if out, _, err = c.FromConnectData(out[:0], "t", s, v); err != nil {
			b.Fatal(err)
		}
	}
	b.SetBytes(int64(len(out)))
	rate(b, 1)
}

func rate(b *testing.B, batch int) {
	b.ReportMetric(float64(batch)*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
}

func BenchmarkWrite(b *testing.B) { benchWrite(b, benchSchema, benchRow()) }

func BenchmarkWriteNarrow(b *testing.B) {
	s, v := narrow()
	benchWrite(b, s, v)
}

func BenchmarkWriteWide(b *testing.B) {
	s, v := wide()
	benchWrite(b, s, v)
}

func benchRead(b *testing.B, s *data.Schema, v data.Value) {
	c := newRegistry(b).open(b)
	in, _, err := c.FromConnectData(nil, "t", s, v)
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(in)))
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := c.ToConnectData("t", in); err != nil {
			b.Fatal(err)
		}
	}
	rate(b, 1)
}

func BenchmarkRead(b *testing.B) { benchRead(b, benchSchema, benchRow()) }

func BenchmarkReadNarrow(b *testing.B) {
	s, v := narrow()
	benchRead(b, s, v)
}

func BenchmarkReadWide(b *testing.B) {
	s, v := wide()
	benchRead(b, s, v)
}

// floor is what a programmer would write by hand for the row, with the same checks.
func floor(dst []byte, s *data.Schema, v data.Value) ([]byte, bool) {
	st := v.Struct()
	if st == nil || st.Schema() != s {
		return dst, false
	}
	dst = append(dst, 0, 0, 0, 0, 1, 0)
	f := st.Values()
	ok := true
	number := func(n protowire.Number, v data.Value, k data.Kind) {
		if ok = ok && v.Kind() == k; v.Int() != 0 {
			dst = protowire.AppendVarint(protowire.AppendTag(dst, n, protowire.VarintType), uint64(v.Int()))
		}
	}
	text := func(n protowire.Number, v data.Value) {
		if ok = ok && v.Kind() == data.KindString && utf8.ValidString(v.Str()); v.Str() != "" {
			dst = protowire.AppendString(protowire.AppendTag(dst, n, protowire.BytesType), v.Str())
		}
	}
	instant := func(n protowire.Number, v data.Value) {
		ok = ok && v.Kind() == data.KindTimestamp
		dst = protowire.AppendTag(dst, n, protowire.BytesType)
		at := len(dst) + 1
		seconds, ms := v.Millis()/1000, v.Millis()%1000
		if ms < 0 {
			seconds, ms = seconds-1, ms+1000
		}
		dst = protowire.AppendVarint(append(dst, 0, 8), uint64(seconds))
		dst = protowire.AppendVarint(append(dst, 16), uint64(ms*1_000_000))
		dst[at-1] = byte(len(dst) - at)
	}
	set := func(i int) bool { return !f[i].IsNull() }
	number(1, f[0], data.KindInt64)
	for _, i := range [...]int{1, 2} {
		if set(i) {
			text(protowire.Number(i+1), f[i])
		}
	}
	if set(3) {
		number(4, f[3], data.KindInt32)
	}
	number(5, f[4], data.KindBool)
	if set(5) {
		ok = ok && f[5].Kind() == data.KindFloat64
		dst = protowire.AppendFixed64(protowire.AppendTag(dst, 6, protowire.Fixed64Type), math.Float64bits(f[5].Float()))
	}
	if set(6) {
		text(7, f[6])
	}
	number(8, f[7], data.KindInt32)
	instant(9, f[8])
	if set(9) {
		instant(10, f[9])
	}
	text(11, f[10])
	if set(11) {
		text(12, f[11])
	}
	return dst, ok
}

func BenchmarkWriteByHand(b *testing.B) {
	v := benchRow()
	var out []byte
	b.ReportAllocs()
	for b.Loop() {
		var ok bool
		if out, ok = floor(out[:0], benchSchema, v); !ok {
			b.Fatal("not written")
		}
	}
	rate(b, 1)
}

func TestTheFloorWritesTheSame(t *testing.T) {
	want, _, err := newRegistry(t).open(t).FromConnectData(nil, "t", benchSchema, benchRow())
	got, ok := floor(nil, benchSchema, benchRow())
	if err != nil || !ok || string(want) != string(got) {
		t.Errorf("%x\n%x %v", want, got, err)
	}
}

func benchMessage(b *testing.B) protoreflect.MessageDescriptor {
	own, err := new(protoData).translate(benchSchema)
	if err != nil {
		b.Fatal(err)
	}
	return own.message
}

// BenchmarkWriteDynamicpb fills a message of protobuf-go and marshals it, as a converter that is built on it must.
func BenchmarkWriteDynamicpb(b *testing.B) {
	m, v := benchMessage(b), benchRow()
	var out []byte
	b.ReportAllocs()
	for b.Loop() {
		msg := dynamicpb.NewMessage(m)
		oracle(b, msg, v)
		var err error
		if out, err = (proto.MarshalOptions{}).MarshalAppend(out[:0], msg); err != nil {
			b.Fatal(err)
		}
	}
	rate(b, 1)
}

// BenchmarkReadDynamicpb only parses the message.
func BenchmarkReadDynamicpb(b *testing.B) {
	m := benchMessage(b)
	msg := dynamicpb.NewMessage(m)
	oracle(b, msg, benchRow())
	in, err := proto.Marshal(msg)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if err := proto.Unmarshal(in, dynamicpb.NewMessage(m)); err != nil {
			b.Fatal(err)
		}
	}
	rate(b, 1)
}

// BenchmarkFrameToProtobuf decodes a batch of rows from their binary form, as the worker does with a plugin's frame, and writes each. The
// two allocations a batch are the decoder's slabs.
func BenchmarkFrameToProtobuf(b *testing.B) {
	const batch = 1000
	var frame []byte
	for range batch {
		var err error
		if frame, err = data.AppendValue(frame, benchSchema, benchRow()); err != nil {
			b.Fatal(err)
		}
	}
	c := newRegistry(b).open(b)
	var out []byte
	b.ReportAllocs()
	for b.Loop() {
		var d data.Decoder
		d.Reserve(batch, benchSchema)
		for rest := frame; len(rest) > 0; {
			v, next, err := d.Decode(benchSchema, rest)
			if err != nil {
				b.Fatal(err)
			}
			rest = next
			if out, _, err = c.FromConnectData(out[:0], "t", benchSchema, v); err != nil {
				b.Fatal(err)
			}
		}
	}
	rate(b, batch)
}

// nested has what rows do not have: messages in messages, arrays, a map and a decimal.
func nested() (*data.Schema, data.Value) {
	item := data.StructOf().Name("Item").Field("sku", of(data.String)).Field("count", of(data.Int32)).Field("price", data.DecimalOf(2).MustBuild()).MustBuild()
	s := data.StructOf().Name("Order").Field("id", of(data.Int64)).Field("items", data.ArrayOf(item).MustBuild()).
		Field("tags", data.MapOf(of(data.String), of(data.String)).MustBuild()).Field("scores", data.ArrayOf(of(data.Int32)).MustBuild()).MustBuild()
	var items []data.Value
	for i := range 5 {
		items = append(items, row(item, str("sku-1234567"), i32(int32(i)), data.DecimalBytesValue([]byte{12, 34}, 2)))
	}
	return s, row(s, i64(7), arr(items...), pairs(str("color"), str("red"), str("size"), str("XL")), arr(i32(1), i32(1000), i32(1000000)))
}

func BenchmarkWriteNested(b *testing.B) {
	s, v := nested()
	benchWrite(b, s, v)
}

func BenchmarkReadNested(b *testing.B) {
	s, v := nested()
	benchRead(b, s, v)
}

func TestWritingMakesNoAllocation(t *testing.T) {
	for name, make := range map[string]func() (*data.Schema, data.Value){
		"usual": func() (*data.Schema, data.Value) { return benchSchema, benchRow() }, "nested": nested, "wide": wide,
	} {
		s, v := make()
		c := newRegistry(t).open(t)
		out := append([]byte{}, strings.Repeat("x", 1<<14)...)[:0]
		if n := testing.AllocsPerRun(100, func() { _, _, _ = c.FromConnectData(out, "t", s, v) }); n != 0 {
			t.Errorf("%s: %v allocations a row", name, n)
		}
	}
}

func TestReadingMakesLessThanOneAllocation(t *testing.T) {
	c := newRegistry(t).open(t)
	in, _, err := c.FromConnectData(nil, "t", benchSchema, benchRow())
	if err != nil {
		t.Fatal(err)
	}
	if n := testing.AllocsPerRun(1000, func() { _, _, _ = c.ToConnectData("t", in) }); n > 0 { // the average, rounded down
		t.Errorf("%v allocations a row", n)
	}
}
