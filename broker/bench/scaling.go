package main

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// scaling measures the broker against itself.
func (r *runner) scaling(ctx context.Context) error {
	for _, step := range []func(context.Context) error{r.manyPartitions, r.bigLog} {
		if err := step(ctx); err != nil {
			if err := r.failed(ctx, err); err != nil {
				return err
			}
		}
	}
	return nil
}

// manyPartitions spreads small requests over more and more partitions.
func (r *runner) manyPartitions(ctx context.Context) (err error) {
	n, err := startNode(ctx, kurierSystem(r.cfg.binary, "fsync"), r.dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, n.discard()) }()
	counts := []int{1, 100, 2000}
	rates, costs := map[int]series{}, map[int]series{}
	for _, c := range counts {
		if err := (franz{n.addr, overTCP}).create(ctx, fmt.Sprintf("spread-%d", c), c); err != nil {
			return err
		}
	}
	batch := batchOf(1, 100)
	for round := range r.cfg.rounds + 1 {
		for _, c := range counts {
			r.show("cost of a produce request over %s, round %d of %d", plural(c), round, r.cfg.rounds)
			before, err := n.usage()
			if err != nil {
				return err
			}
			acked, took, err := pumps(ctx, overTCP, n.addr, produceFrames(fmt.Sprintf("spread-%d", c), c, batch), 8, 16, r.cfg.pace(2*time.Second))
			if err != nil {
				return err
			}
			after, err := n.usage()
			if err != nil {
				return err
			}
			if round > 0 { // the first is a warm-up, in which the partitions get their files
				rates[c] = append(rates[c], float64(acked)/took.Seconds())
				costs[c] = append(costs[c], float64((after.cpu-before.cpu).Microseconds())/float64(acked))
			}
		}
	}
	const part = "Scaling: produce requests of one 100 B record, acks=all with fsync, 8 connections with 16 in flight"
	for _, c := range counts {
		l := line{Part: part, What: plural(c), Unit: "requests/s", Better: higher, Kurier: rates[c]}
		if c > 1 {
			l.Yardstick, l.Baseline = "1 partition", rates[1]
		}
		r.add(l)
	}
	for _, c := range counts {
		l := line{Part: part, What: plural(c), Unit: "CPU µs/request", Better: lower, Kurier: costs[c]}
		if c > 1 {
			l.Yardstick, l.Baseline = "1 partition", costs[1]
		}
		r.add(l)
	}
	return nil
}

// bigLog measures the start on a large log.
func (r *runner) bigLog(ctx context.Context) (err error) {
	gb, err := r.logSize()
	if err != nil {
		return err
	}
	n, err := startNode(ctx, kurierSystem(r.cfg.binary, "fsync"), r.dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, n.discard()) }()
	empty := series{float64(n.ready.Microseconds()) / 1000}
	u, err := n.usage()
	if err != nil {
		return err
	}
	memory := series{float64(u.resident) / 1e6}

	const partitions = 32
	r.show("filling %d partitions with %g GB", partitions, gb)
	if err := (franz{n.addr, overTCP}).create(ctx, "big", partitions); err != nil {
		return err
	}
	batch := batchOf(900, 1024)
	frames := produceFrames("big", partitions, batch)
	w, err := connect(ctx, overTCP, n.addr)
	if err != nil {
		return err
	}
	_, err = w.pump(frames, 16, func(sent int) bool { return sent >= int(gb*1e9)/len(batch) })
	w.close()
	if err != nil {
		return err
	}
	var clean, cleanMemory, killed, killedMemory series
	measure := func(times, memory *series) error {
		if err := n.start(ctx); err != nil {
			return err
		}
		u, err := n.usage()
		*times = append(*times, float64(n.ready.Microseconds())/1000)
		*memory = append(*memory, float64(u.resident)/1e6)
		return err
	}
	for round := range r.cfg.rounds {
		r.show("start on %g GB, round %d of %d", gb, round+1, r.cfg.rounds)
		if err := n.stop(); err != nil {
			return err
		}
		if err := measure(&clean, &cleanMemory); err != nil {
			return err
		}
		if err := r.killWhileBusy(ctx, n, frames); err != nil {
			return err
		}
		if err := measure(&killed, &killedMemory); err != nil {
			return err
		}
	}
	part := fmt.Sprintf("Scaling: start on %g GB in %d partitions, files in the page cache", gb, partitions)
	row := func(what, unit string, got, base series) {
		r.add(line{Part: part, What: what, Unit: unit, Better: lower, Kurier: got, Baseline: base, Yardstick: "an empty directory"})
	}
	row("first answer after a clean stop", "ms", clean, empty)
	row("first answer after kill -9 under load", "ms", killed, empty)
	row("resident then, after a clean stop", "MB", cleanMemory, memory)
	row("resident then, after kill -9 under load", "MB", killedMemory, memory)
	return nil
}

// killWhileBusy kills the broker in the middle of appends, of which some are flushed and some are not.
func (r *runner) killWhileBusy(ctx context.Context, n *node, frames [][]byte) error {
	w, err := connect(ctx, overTCP, n.addr)
	if err != nil {
		return err
	}
	defer w.close()
	killed := make(chan error, 1)
	timer := time.AfterFunc(r.cfg.pace(time.Second), func() { killed <- n.kill() })
	if _, err = w.pump(frames, 16, func(int) bool { return false }); timer.Stop() {
		return fmt.Errorf("the load ended before the kill: %w", err)
	}
	return <-killed // the pump's error is the kill
}

// logSize is the size of the big log in GB: what was asked for if the disk has four times as much free.
func (r *runner) logSize() (float64, error) {
	free, err := freeSpace(r.dir)
	if err != nil {
		return 0, err
	}
	if room := float64(free) / 1e9 / 4; room < r.cfg.gb {
		r.note("The disk has %.0f GB free, so the big log has %.1f GB instead of %g.", float64(free)/1e9, room, r.cfg.gb)
		return float64(int(room*10)) / 10, nil
	}
	return r.cfg.gb, nil
}
