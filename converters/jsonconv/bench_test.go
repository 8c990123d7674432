package jsonconv

import (
	"testing"

	"github.com/kurier-io/kurier/plugins/data"
)

// benchSchema is the row of the reference's measurements: 12 fields, 7 of them optional.
var benchSchema = data.StructOf().Name("srv.public.orders.Value").
	Field("id", of(data.Int64)).Field("name", opt(data.String)).Field("email", opt(data.String)).Field("age", opt(data.Int32)).
	Field("active", of(data.Boolean)).Field("score", opt(data.Float64)).Field("city", opt(data.String)).Field("visits", of(data.Int32)).
	Field("created", data.TimestampOf().MustBuild()).Field("updated", data.TimestampOf().Optional().MustBuild()).
	Field("status", of(data.String)).Field("note", opt(data.String)).MustBuild()

func benchRow() data.Value {
	return data.StructValue(data.StructOn(benchSchema, []data.Value{
		i64(123456789), str("Ada Lovelace"), str("ada@example.com"), i32(36), data.BoolValue(true), f64(97.25), str("London"), i32(4711),
		data.TimestampValue(1566570894346), data.TimestampValue(1566570999999), str("shipped"), {},
	}))
}

func benchWrite(b *testing.B, props ...string) {
	c, v := configured(b, props...), benchRow()
	var out []byte
	b.ReportAllocs()
	for b.Loop() {
		var err error
		if out, _, err = c.FromConnectData(out[:0], "t", benchSchema, v); err != nil {
			b.Fatal(err)
		}
	}
	b.SetBytes(int64(len(out)))
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "rows/s")
}

func BenchmarkWritePlain(b *testing.B)    { benchWrite(b, off) }
func BenchmarkWriteEnvelope(b *testing.B) { benchWrite(b) }

// BenchmarkFrameToJSON decodes a batch of rows from their binary form, as the worker does with a plugin's frame, and writes each.
// The two allocations a batch are the decoder's slabs.
func BenchmarkFrameToJSON(b *testing.B) {
	const batch = 1000
	var frame []byte
	for range batch {
		var err error
		if frame, err = data.AppendValue(frame, benchSchema, benchRow()); err != nil {
			b.Fatal(err)
		}
	}
	c := configured(b, off)
	var out []byte
	b.ReportAllocs()
	for b.Loop() {
		var d data.Decoder
		d.Reserve(batch, benchSchema)
		rest := frame
		for len(rest) > 0 {
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
	b.ReportMetric(batch*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
}

func benchRead(b *testing.B, props ...string) {
	c := configured(b, props...)
	in, _, err := c.FromConnectData(nil, "t", benchSchema, benchRow())
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
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "rows/s")
}

func BenchmarkReadEnvelope(b *testing.B)   { benchRead(b) }
func BenchmarkReadSchemaless(b *testing.B) { benchRead(b, off) }

func BenchmarkWriteString(b *testing.B) {
	c, s, v := configured(b, off), of(data.String), str("the quick brown fox jumps over the lazy dog – 😀")
	var out []byte
	b.ReportAllocs()
	for b.Loop() {
		out, _, _ = c.FromConnectData(out[:0], "t", s, v)
	}
}

func TestWritingMakesNoAllocation(t *testing.T) {
	for _, props := range [][]string{{off}, nil} {
		c, v := configured(t, props...), benchRow()
		out := make([]byte, 0, 4096)
		if n := testing.AllocsPerRun(100, func() { _, _, _ = c.FromConnectData(out, "t", benchSchema, v) }); n != 0 {
			t.Errorf("%v: %v allocations a row", props, n)
		}
	}
}
