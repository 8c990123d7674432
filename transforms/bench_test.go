package transforms

import (
	"testing"

	"github.com/kurier-io/kurier/plugins/connect"
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
		i64(123456789), str("Ada Lovelace"), str("ada@example.com"), i32(36), data.BoolValue(true), data.Float64Value(97.25), str("London"), i32(4711),
		data.TimestampValue(1566570894346), data.TimestampValue(1566570999999), str("shipped"), {},
	}))
}

type step struct{ class, config string }

var steps = []step{
	{"ReplaceField$Value", "exclude=note\nrenames=city:town"},
	{"InsertField$Value", "topic.field=topic\ntimestamp.field=ts\nstatic.field=src\nstatic.value=x"},
	{"TimestampConverter$Value", "field=created\ntarget.type=string\nformat=yyyy-MM-dd HH:mm:ss"},
	{"ValueToKey", "fields=id"},
	{"RegexRouter", "regex=(.*)\nreplacement=prefix-$1"},
}

func benchChain(b *testing.B, chain ...step) {
	var ts []connect.Transformation
	for _, s := range chain {
		tr := find(b, s.class).NewTransformation()
		if err := tr.Configure(props(s.config)); err != nil {
			b.Fatal(err)
		}
		ts = append(ts, tr)
	}
	in := rec(benchSchema, benchRow())
	r := new(connect.Record) // a task has one of its own
	ms := int64(1566570894346)
	b.ReportAllocs()
	for b.Loop() {
		*r = *in
		ms += 61_001 // no two rows have the same second
		r.Value.Struct().SetAt(8, data.TimestampValue(ms))
		for _, tr := range ts {
			if _, err := tr.Apply(r); err != nil {
				b.Fatal(err)
			}
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "rows/s")
}

func BenchmarkTransform(b *testing.B) {
	for _, s := range append(steps, step{"ExtractField$Value", "field=id"}) {
		b.Run(s.class, func(b *testing.B) { benchChain(b, s) })
	}
	b.Run("none", func(b *testing.B) { benchChain(b) })
	b.Run("chain of five", func(b *testing.B) { benchChain(b, steps...) })
}
