package worker

import (
	"fmt"
	"runtime"
	"testing"

	"github.com/kurier-io/kurier/converters/jsonconv"
	"github.com/kurier-io/kurier/plugins/data"
	"github.com/kurier-io/kurier/runtime/pipeline"
)

// BenchmarkLanes converts batches with the task's own goroutine alone, and with one and more lanes beside it.
func BenchmarkLanes(b *testing.B) {
	const rows = 8 * chunk
	held := make([]byte, 32<<20) // what a worker holds beside a batch: without it the collector runs all the time on the other core
	defer runtime.KeepAlive(held)
	schema := data.StructOf().Name("row").Field("id", data.Of(data.Int64).MustBuild()).Field("name", data.Of(data.String).MustBuild()).
		Field("score", data.Of(data.Float64).MustBuild()).Field("at", data.TimestampOf().MustBuild()).MustBuild()
	row := data.StructValue(data.StructOn(schema, []data.Value{
		data.Int64Value(4711), data.StringValue("Ada Lovelace"), data.Float64Value(97.25), data.TimestampValue(1566570894346),
	}))
	for _, helpers := range []int32{0, 1, 3} {
		b.Run(fmt.Sprintf("%d helpers", helpers), func(b *testing.B) {
			c := newCores()
			c.free.Store(helpers)
			l, err := newLanes(c, func() (*lane, error) {
				conv := jsonconv.New()
				return &lane{chain: &pipeline.Chain{}, conv: &pipeline.Converters{Value: conv}}, conv.Configure(nil, false)
			})
			if err != nil {
				b.Fatal(err)
			}
			handed := 0
			for b.Loop() {
				if err := l.each(rows, func(ln *lane, from, to int) (int, error) {
					for range to - from {
						out, ok, err := ln.conv.Value.FromConnectData(ln.arena.room(), "t", schema, row)
						if err != nil {
							return 0, err
						}
						ln.arena.keep(out, ok)
					}
					return to - from, nil
				}, func(from, to int) error { handed += to - from; return nil }); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(handed)/b.Elapsed().Seconds(), "rows/s")
		})
	}
}
