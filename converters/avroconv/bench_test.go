package avroconv

import (
	"encoding/binary"
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/linkedin/goavro/v2"
	"github.com/twmb/avro"

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

// floor is what a programmer would write by hand for the row, with the same checks.
func floor(dst []byte, s *data.Schema, v data.Value) ([]byte, bool) {
	st := v.Struct()
	if st == nil || st.Schema() != s {
		return dst, false
	}
	dst = append(dst, 0, 0, 0, 0, 1)
	f := st.Values()
	ok := true
	long := func(v data.Value, k data.Kind) {
		ok = ok && v.Kind() == k
		dst = binary.AppendVarint(dst, v.Int())
	}
	text := func(v data.Value) {
		ok = ok && v.Kind() == data.KindString
		dst = append(binary.AppendVarint(dst, int64(len(v.Str()))), v.Str()...)
	}
	optional := func(v data.Value) bool {
		if v.IsNull() {
			dst = append(dst, 0)
			return false
		}
		dst = append(dst, 2)
		return true
	}
	long(f[0], data.KindInt64)
	if optional(f[1]) {
		text(f[1])
	}
	if optional(f[2]) {
		text(f[2])
	}
	if optional(f[3]) {
		long(f[3], data.KindInt32)
	}
	ok = ok && f[4].Kind() == data.KindBool
	if f[4].Bool() {
		dst = append(dst, 1)
	} else {
		dst = append(dst, 0)
	}
	if optional(f[5]) {
		ok = ok && f[5].Kind() == data.KindFloat64
		dst = binary.LittleEndian.AppendUint64(dst, math.Float64bits(f[5].Float()))
	}
	if optional(f[6]) {
		text(f[6])
	}
	long(f[7], data.KindInt32)
	long(f[8], data.KindTimestamp)
	if optional(f[9]) {
		long(f[9], data.KindTimestamp)
	}
	text(f[10])
	if optional(f[11]) {
		text(f[11])
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

// native is a row as the libraries take it; it is part of what they must do.
func native(v data.Value, wrap bool) map[string]any {
	st := v.Struct()
	out := make(map[string]any, st.Schema().NumFields())
	for i, f := range st.Schema().Fields() {
		x := st.At(i)
		var val any
		branch := ""
		switch x.Kind() {
		case data.KindString:
			val, branch = x.Str(), "string"
		case data.KindInt64:
			val, branch = x.Int(), "long"
		case data.KindInt32:
			val, branch = int32(x.Int()), "int"
		case data.KindFloat64:
			val, branch = x.Float(), "double"
		case data.KindBool:
			val, branch = x.Bool(), "boolean"
		case data.KindTimestamp:
			val, branch = x.Time(), "long.timestamp-millis"
		}
		if wrap && val != nil && f.Schema.Optional() {
			val = map[string]any{branch: val}
		}
		out[f.Name] = val
	}
	return out
}

func benchText(b *testing.B) string {
	r := newRegistry(b)
	if _, _, err := r.open(b).FromConnectData(nil, "t", benchSchema, benchRow()); err != nil {
		b.Fatal(err)
	}
	return r.Text("t-value")
}

func BenchmarkWriteGoavro(b *testing.B) {
	codec, err := goavro.NewCodec(benchText(b))
	if err != nil {
		b.Fatal(err)
	}
	v := benchRow()
	var out []byte
	b.ReportAllocs()
	for b.Loop() {
		if out, err = codec.BinaryFromNative(out[:0], native(v, true)); err != nil {
			b.Fatal(err)
		}
	}
	rate(b, 1)
}

func BenchmarkWriteTwmb(b *testing.B) {
	s, err := avro.Parse(benchText(b))
	if err != nil {
		b.Fatal(err)
	}
	v := benchRow()
	var out []byte
	b.ReportAllocs()
	for b.Loop() {
		if out, err = s.AppendEncode(out[:0], native(v, false)); err != nil {
			b.Fatal(err)
		}
	}
	rate(b, 1)
}

// A twmbRow is the row as a Go struct, twmb/avro's fastest way.
type twmbRow struct {
	ID      int64      `avro:"id"`
	Name    *string    `avro:"name"`
	Email   *string    `avro:"email"`
	Age     *int32     `avro:"age"`
	Active  bool       `avro:"active"`
	Score   *float64   `avro:"score"`
	City    *string    `avro:"city"`
	Visits  int32      `avro:"visits"`
	Created time.Time  `avro:"created"`
	Updated *time.Time `avro:"updated"`
	Status  string     `avro:"status"`
	Note    *string    `avro:"note"`
}

func BenchmarkWriteTwmbStruct(b *testing.B) {
	s, err := avro.Parse(benchText(b))
	if err != nil {
		b.Fatal(err)
	}
	at := time.UnixMilli(1566570999999)
	v := &twmbRow{123456789, new("Ada Lovelace"), new("ada@example.com"), new(int32(36)), true, new(97.25), new("London"), 4711, at, &at, "shipped", nil}
	var out []byte
	b.ReportAllocs()
	for b.Loop() {
		if out, err = s.AppendEncode(out[:0], v); err != nil {
			b.Fatal(err)
		}
	}
	rate(b, 1)
}

// BenchmarkFrameToAvro decodes a batch of rows from their binary form, as the worker does with a plugin's frame, and writes each. The two
// allocations a batch are the decoder's slabs.
func BenchmarkFrameToAvro(b *testing.B) {
	for name, make := range map[string]func() (*data.Schema, data.Value){
		"usual": func() (*data.Schema, data.Value) { return benchSchema, benchRow() }, "narrow": narrow, "wide": wide,
	} {
		b.Run(name, func(b *testing.B) {
			const batch = 1000
			s, v := make()
			var frame []byte
			for range batch {
				var err error
				if frame, err = data.AppendValue(frame, s, v); err != nil {
					b.Fatal(err)
				}
			}
			c := newRegistry(b).open(b)
			var out []byte
			b.ReportAllocs()
			for b.Loop() {
				var d data.Decoder
				d.Reserve(batch, s)
				for rest := frame; len(rest) > 0; {
					v, next, err := d.Decode(s, rest)
					if err != nil {
						b.Fatal(err)
					}
					rest = next
					if out, _, err = c.FromConnectData(out[:0], "t", s, v); err != nil {
						b.Fatal(err)
					}
				}
			}
			rate(b, batch)
		})
	}
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

func BenchmarkReadGoavro(b *testing.B) {
	codec, err := goavro.NewCodec(benchText(b))
	if err != nil {
		b.Fatal(err)
	}
	in, err := codec.BinaryFromNative(nil, native(benchRow(), true))
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := codec.NativeFromBinary(in); err != nil {
			b.Fatal(err)
		}
	}
	rate(b, 1)
}

func BenchmarkReadTwmb(b *testing.B) {
	s, err := avro.Parse(benchText(b))
	if err != nil {
		b.Fatal(err)
	}
	in, err := s.AppendEncode(nil, native(benchRow(), false))
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		var out any
		if _, err := s.Decode(in, &out); err != nil {
			b.Fatal(err)
		}
	}
	rate(b, 1)
}

func TestWritingMakesNoAllocation(t *testing.T) {
	c, v := newRegistry(t).open(t), benchRow()
	out := make([]byte, 0, 4096)
	if n := testing.AllocsPerRun(100, func() { _, _, _ = c.FromConnectData(out, "t", benchSchema, v) }); n != 0 {
		t.Errorf("%v allocations a row", n)
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
