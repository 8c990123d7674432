package bench

import (
	"context"
	"fmt"
)

const (
	sinkAim = 0.6
	// sinkBatch is the default batch.size of JDBC sink connectors.
	sinkBatch = 3000
)

// sink measures a topic on its way into a table against the sink's own statement in a bare loop.
func (r *runner) sink(ctx context.Context) error {
	l := Line{
		Part: Sink, What: "topic to table by upsert", Unit: "rows/s", Direction: Higher,
		Yardstick: fmt.Sprintf("the same statement in a bare loop, batches of %d", sinkBatch), Aim: Aim{Ratio: sinkAim},
	}
	ready := Line{Part: Sink, What: "POST to the first row in the table", Unit: "ms", Direction: Lower}
	if ok, err := r.database(ctx, l); !ok || err != nil {
		return err
	}
	s, err := r.newStand(ctx)
	if err != nil {
		return err
	}
	return s.close(Sink, func() error {
		r.show.begin("filling the sink's topic")
		topic, _, err := s.copyTable(ctx, nil)
		if err != nil {
			return err
		}
		if err := r.db.Prepare(ctx, r.cfg.Rows, sinkBatch); err != nil {
			return err
		}
		for n := range r.cfg.Rounds {
			r.show.begin("sink yardstick, round %d", n+1)
			if err := r.db.Empty(ctx); err != nil {
				return err
			}
			base, err := rate(r.cfg.Rows, func() error { return r.db.Loop(ctx) })
			if err != nil {
				return err
			}
			if err := r.db.Empty(ctx); err != nil {
				return err
			}
			r.show.begin("sink, round %d", n+1)
			f, err := s.run(ctx, r.unique("sink"), r.db.SinkConfig(topic), r.cfg.Rows, r.db.Reached)
			if err != nil {
				return err
			}
			missing, err := r.db.Differing(ctx)
			if err != nil {
				return err
			}
			if missing > 0 {
				return fmt.Errorf("%d of %d rows did not arrive as they left", missing, r.cfg.Rows)
			}
			l.Measured, l.Baseline = append(l.Measured, f.rate(r.cfg.Rows)), append(l.Baseline, base)
			ready.Measured = append(ready.Measured, float64(f.first.Milliseconds()))
		}
		r.add(l, ready)
		return nil
	}())
}
