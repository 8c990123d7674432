package bench

import (
	"context"
	"errors"
	"time"

	"github.com/kurier-io/kurier/plugins/host"
	"github.com/kurier-io/kurier/plugins/wire"
)

const (
	boundaryAim   = 1_000_000 // records a second
	boundaryTimes = 4         // records for each row of the table
)

// boundary measures records from a plugin process into this one, against writing and reading their frames without a process in between.
func (r *runner) boundary(ctx context.Context) (err error) {
	records := max(r.cfg.Rows*boundaryTimes, 2*generatorBatch)
	l := Line{
		Part: Boundary, What: "records out of a plugin process, ten fields", Unit: "records/s", Direction: Higher, Yardstick: "frames written and read in one process", Aim: Aim{AtLeast: boundaryAim},
	}
	h, err := host.New(host.Config{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, h.Close()) }()
	h.AddBundled(host.Bundled{Plugin: Plugin(r.cfg.Version), Command: r.cfg.Generator})
	p, err := h.Acquire(ctx, "bench", generatorClass)
	if err != nil {
		return err
	}
	defer p.Release()
	for n := range r.cfg.Rounds {
		r.show.begin("boundary yardstick, round %d", n+1)
		base, err := rate(records, func() error { return framesAlone(ctx, records) })
		if err != nil {
			return err
		}
		r.show.begin("boundary, round %d", n+1)
		got, err := r.receive(ctx, p, records)
		if err != nil {
			return err
		}
		l.Measured, l.Baseline = append(l.Measured, got), append(l.Baseline, base)
	}
	r.add(l)
	return nil
}

// framesAlone is the yardstick.
func framesAlone(ctx context.Context, records int) error {
	g := &generator{}
	if err := g.make(); err != nil {
		return err
	}
	enc, dec := wire.NewEncoder(), wire.NewDecoder()
	for n := 0; n < records && ctx.Err() == nil; n += generatorBatch {
		// A frame belongs to the records that were read from it, so each has memory of its own here too.
		frame, err := enc.Source(nil, g.records)
		if err != nil {
			return err
		}
		if _, err := dec.Source(frame); err != nil {
			return err
		}
	}
	return ctx.Err()
}

type noEvents struct{}

func (noEvents) Offsets(_ context.Context, partitions []map[string]any) ([]map[string]any, error) {
	return make([]map[string]any, len(partitions)), nil
}
func (noEvents) PollFailed(error) {}

const closeTimeout = 5 * time.Second

// receive starts a task and takes records from it; the start is not timed.
func (r *runner) receive(ctx context.Context, p *host.Process, records int) (float64, error) {
	t, err := p.StartSourceTask(ctx, host.TaskSpec{Class: generatorClass, Connector: "bench"}, noEvents{})
	if err != nil {
		return 0, err
	}
	defer func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeTimeout)
		defer cancel()
		_ = t.Stop(ctx) // What it measured counts, and a plugin that does not stop is killed.
		t.Close(ctx)
	}()
	return rate(records, func() error {
		for n := 0; n < records; {
			b, err := t.Recv(ctx)
			if err != nil {
				return err
			}
			n += len(b.Records)
			if err := t.Release(b); err != nil {
				return err
			}
			r.show.at(n, records)
		}
		return nil
	})
}
