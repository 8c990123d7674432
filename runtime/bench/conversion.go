package bench

import (
	"context"
	"time"

	"github.com/kurier-io/kurier/runtime/bench/conversion"
)

const (
	conversionSpan = 150 * time.Millisecond
	mostAllocs     = 1 // a record
)

// conversion measures the worker's own work, without processes, brokers or databases.
func (r *runner) conversion(ctx context.Context) error {
	results, err := conversion.Measure(ctx, conversion.Config{
		Registry: r.cfg.Registry, Avro: r.cfg.Avro, Rounds: r.cfg.Rounds, Span: conversionSpan,
		Progress: func(what string) { r.show.begin("%s", what) },
	})
	if err != nil {
		return err
	}
	measured := map[string]bool{}
	for _, c := range results {
		line := Line{
			Part: Conversion, What: c.What, Unit: "rows/s a core", Direction: Higher, Measured: c.Rates, Yardstick: c.Yardstick, Baseline: c.Base, Aim: Aim{Ratio: c.Least},
		}
		if c.LeastRate > 0 {
			aimed := line
			aimed.Aim, aimed.Yardstick, aimed.Baseline = Aim{AtLeast: c.LeastRate}, "the aim", Series{c.LeastRate}
			r.add(aimed)
		}
		r.add(line)
		if !measured[c.What] {
			measured[c.What] = true
			r.add(Line{
				Part: Conversion, What: c.What, Unit: "allocations a row", Direction: Lower, Measured: Series{c.Allocs},
				Yardstick: "the aim", Baseline: Series{mostAllocs}, Aim: Aim{AtMost: mostAllocs},
			})
		}
	}
	return nil
}
