package bench

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"
)

const (
	startupAim = 300 // ms
	idleAim    = 80  // MB
	settle     = 3 * time.Second
)

// startup measures how long `kurier dev` takes to its first answer, with an empty data folder.
func (r *runner) startup(ctx context.Context) error {
	l := Line{Part: Startup, What: "kurier dev to the first 200", Unit: "ms", Direction: Lower, Yardstick: "the aim", Baseline: Series{startupAim}, Aim: Aim{AtMost: startupAim}}
	for n := range r.cfg.Rounds {
		r.show.begin("start-up of kurier dev, round %d", n+1)
		d, err := r.startDev(ctx)
		if err != nil {
			return err
		}
		l.Measured = append(l.Measured, float64(d.startup.Microseconds())/1000)
		if err := d.stop(); err != nil {
			return err
		}
	}
	r.add(l)
	return nil
}

// resting measures the memory of `kurier dev` that has nothing to do.
func (r *runner) resting(ctx context.Context) error {
	l := Line{Part: Memory, What: "kurier dev idle, resident", Unit: "MB", Direction: Lower, Yardstick: "the aim", Baseline: Series{idleAim}, Aim: Aim{AtMost: idleAim}}
	for n := range r.cfg.Rounds {
		r.show.begin("memory of an idle kurier dev, round %d", n+1)
		d, err := r.startDev(ctx)
		if err != nil {
			return err
		}
		select {
		case <-time.After(settle):
		case <-ctx.Done():
			return errors.Join(context.Cause(ctx), d.stop())
		}
		for _, u := range family(d.pid) {
			if u.name == "" {
				l.Measured = append(l.Measured, megabytes(u.now))
			}
		}
		if err := d.stop(); err != nil {
			return err
		}
	}
	r.idle = l.Measured
	r.add(measuredOrNot(l))
	return nil
}

// noMemory is why memory was not measured.
const noMemory = "this system does not tell the memory of other processes"

func measuredOrNot(l Line) Line {
	if len(l.Measured) == 0 {
		l.Skipped = noMemory
	}
	return l
}

// addPeaks adds the most that `kurier dev` and its plugin processes had resident during a part.
func (r *runner) addPeaks(part string, most map[string]uint64) {
	if len(most) == 0 {
		r.add(Line{Part: Memory, What: "peaks during " + part, Unit: "MB", Direction: Lower, Skipped: noMemory})
		return
	}
	for _, name := range slices.Sorted(maps.Keys(most)) {
		l := Line{Part: Memory, What: "peak of plugin " + name + " during " + part, Unit: "MB", Direction: Lower, Measured: Series{megabytes(most[name])}}
		if name == "" {
			l.What = "peak of kurier dev during " + part
			if len(r.idle) > 0 {
				l.Yardstick, l.Baseline = "idle", r.idle
			}
		}
		r.add(l)
	}
}
