package protoconv

import (
	"fmt"
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
