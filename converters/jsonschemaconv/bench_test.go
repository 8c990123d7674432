package jsonschemaconv

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/kurier-io/kurier/plugins/data"
)

// benchSchema is the row of the reference's measurements: 12 fields, 7 of them optional.
var benchSchema = data.StructOf().Name("srv.public.orders.Value").
	Field("id", of(data.Int64)).Field("name", opt(data.String)).Field("email", opt(data.String)).Field("age", opt(data.Int32)).
	Field("active", of(data.Boolean)).Field("score", opt(data.Float64)).Field("city", opt(data.String)).Field("visits", of(data.Int32)).
	Field("created", data.TimestampOf().MustBuild()).Field("updated", data.TimestampOf().Optional().MustBuild()).
	Field("status", of(data.String)).Field("note", opt(data.String)).MustBuild()

func benchRow() data.Value {
	return row(benchSchema,
		i64(123456789), str("Ada Lovelace"), str("ada@example.com"), i32(36), data.BoolValue(true), f64(97.25), str("London"), i32(4711),
		data.TimestampValue(1566570894346), data.TimestampValue(1566570999999), str("shipped"), data.Null())
}

func narrow() (*data.Schema, data.Value) {
	s := data.StructOf().Name("k").Field("id", of(data.Int64)).Field("region", of(data.String)).MustBuild()
	return s, row(s, i64(123456789), str("eu-central"))
}

func wide() (*data.Schema, data.Value) {
	b := data.StructOf().Name("w")
	vals := make([]data.Value, 100)
	for i := range vals {
		name := fmt.Sprintf("column_%d", i)
		switch i % 4 {
		case 0:
			b.Field(name, opt(data.Int64))
			vals[i] = i64(int64(i) * 1_000_003)
		case 1:
			b.Field(name, opt(data.String))
			vals[i] = str("a text of some thirty characters")
		case 2:
			b.Field(name, opt(data.Float64))
			vals[i] = f64(float64(i) * 1.25)
		default:
			b.Field(name, opt(data.String)) // null
		}
	}
	s := b.MustBuild()
	return s, row(s, vals...)
}

var benchShapes = []struct {
	name string
	make func() (*data.Schema, data.Value)
}{
	{"narrow", narrow}, {"usual", func() (*data.Schema, data.Value) { return benchSchema, benchRow() }}, {"wide", wide},
}

func rate(b *testing.B, rows int) {
	b.ReportMetric(float64(rows)*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
}

func BenchmarkWrite(b *testing.B) {
	for _, shape := range benchShapes {
		b.Run(shape.name, func(b *testing.B) {
			s, v := shape.make()
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
		})
	}
}

// BenchmarkFrameToJSON decodes a batch of rows from their binary form, as the worker does with a plugin's frame, and writes each. The two
// allocations a batch are the decoder's slabs.
func BenchmarkFrameToJSON(b *testing.B) {
	for _, shape := range benchShapes {
		b.Run(shape.name, func(b *testing.B) {
			const batch = 1000
			s, v := shape.make()
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

func BenchmarkRead(b *testing.B) {
	for _, shape := range benchShapes {
		b.Run(shape.name, func(b *testing.B) {
			s, v := shape.make()
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
		})
	}
}

// A goRow is the usual row as a Go struct, encoding/json's fastest way.
type goRow struct {
	ID      int64    `json:"id"`
	Name    *string  `json:"name"`
	Email   *string  `json:"email"`
	Age     *int32   `json:"age"`
	Active  bool     `json:"active"`
	Score   *float64 `json:"score"`
	City    *string  `json:"city"`
	Visits  int32    `json:"visits"`
	Created int64    `json:"created"`
	Updated *int64   `json:"updated"`
	Status  string   `json:"status"`
	Note    *string  `json:"note"`
}

func goValue() *goRow {
	at := time.UnixMilli(1566570999999).UnixMilli()
	return &goRow{123456789, new("Ada Lovelace"), new("ada@example.com"), new(int32(36)), true, new(97.25), new("London"), 4711, 1566570894346, &at, "shipped", nil}
}

func BenchmarkWriteEncodingJSON(b *testing.B) {
	v := goValue()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := json.Marshal(v); err != nil {
			b.Fatal(err)
		}
	}
	rate(b, 1)
}

func BenchmarkReadEncodingJSON(b *testing.B) {
	in, err := json.Marshal(goValue())
	if err != nil {
		b.Fatal(err)
	}
	b.Run("struct", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			var v goRow
			if err := json.Unmarshal(in, &v); err != nil {
				b.Fatal(err)
			}
		}
		rate(b, 1)
	})
	b.Run("map", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			var v map[string]any
			if err := json.Unmarshal(in, &v); err != nil {
				b.Fatal(err)
			}
		}
		rate(b, 1)
	})
}

func TestWritingMakesNoAllocation(t *testing.T) {
	for _, shape := range benchShapes {
		s, v := shape.make()
		c := newRegistry(t).open(t)
		out := make([]byte, 0, 16384)
		if n := testing.AllocsPerRun(100, func() { _, _, _ = c.FromConnectData(out, "t", s, v) }); n != 0 {
			t.Errorf("%s: %v allocations a row", shape.name, n)
		}
	}
}

func TestReadingMakesLessThanOneAllocation(t *testing.T) {
	c := newRegistry(t).open(t)
	in, _, err := c.FromConnectData(nil, "t", benchSchema, benchRow())
	if err != nil {
		t.Fatal(err)
	}
	if binary.BigEndian.Uint32(in[1:]) != 1 {
		t.Fatalf("%x", in)
	}
	if n := testing.AllocsPerRun(1000, func() { _, _, _ = c.ToConnectData("t", in) }); n > 0 { // the average, rounded down
		t.Errorf("%v allocations a row", n)
	}
}
