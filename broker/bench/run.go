package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"slices"
	"strings"
	"time"
)

// config says what to run.
type config struct {
	binary   string // kurier
	lib      string // folder of Apache Kafka's jars
	parent   string // of the folder of the data
	only     []string
	rounds   int
	gb       float64
	quick    bool
	progress io.Writer
}

// pace is how long a measurement takes that takes d in a full run.
func (c config) pace(d time.Duration) time.Duration {
	if c.quick {
		return d / 2
	}
	return d
}

// parts lists the parts in the order in which they run.
func parts() []string { return []string{"kafka", "machine", "scaling"} }

// runner is one run.
type runner struct {
	cfg    config
	dir    string
	begin  time.Time
	report *report
}

// measure runs the parts. Everything that it started has ended when it returns, and its files are gone, also when ctx is cancelled. The
// error is that of an interruption or of the bench itself; what could not be measured is in the report.
func measure(ctx context.Context, cfg config) (_ *report, err error) {
	dir, err := os.MkdirTemp(cfg.parent, "kurier-bench-broker-")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	r := &runner{cfg: cfg, dir: dir, begin: time.Now(), report: &report{System: runtime.GOOS + "/" + runtime.GOARCH, CPUs: runtime.NumCPU(), Load: loadAverage(), Rounds: cfg.rounds}}
	busy, counted := machineBusy()
	own := ownCPU()
	steps := map[string]func(context.Context) error{"kafka": r.againstKafka, "machine": r.againstMachine, "scaling": r.scaling}
	for _, p := range parts() {
		if len(cfg.only) > 0 && !slices.Contains(cfg.only, p) {
			continue
		}
		if err := steps[p](ctx); err != nil {
			return nil, err
		}
	}
	took := time.Since(r.begin)
	r.report.Seconds = took.Seconds()
	if after, ok := machineBusy(); ok && counted {
		others := max(0, (after-busy-(ownCPU()-own)).Seconds()/(took.Seconds()*float64(runtime.NumCPU())))
		r.report.Others = &others
	}
	return r.report, nil
}

func (r *runner) add(l line) { r.report.Lines = append(r.report.Lines, l) }

func (r *runner) note(format string, args ...any) {
	r.report.Notes = append(r.report.Notes, fmt.Sprintf(format, args...))
}

// show tells what goes on.
func (r *runner) show(format string, args ...any) {
	fmt.Fprintf(r.cfg.progress, "%4.0f s  %s\n", time.Since(r.begin).Seconds(), fmt.Sprintf(format, args...))
}

// failed keeps a measurement's error for the report, so that the others are still made, unless the run is interrupted.
func (r *runner) failed(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	r.show("COULD NOT BE MEASURED: %v", err)
	r.report.Failed = append(r.report.Failed, strings.TrimSpace(err.Error()))
	return nil
}
