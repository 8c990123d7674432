package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/kurier-io/kurier/plugins/host"
	"github.com/kurier-io/kurier/plugins/registry"
	"github.com/kurier-io/kurier/runtime/bench/conversion"
)

// A Database is the database side of the bench. Its methods are called from one goroutine at a time.
type Database interface {
	SourceSide
	SinkSide
	Verifier
	Close() error
}

// SourceSide is a table to read.
type SourceSide interface {
	// Fill gives the table so many rows.
	Fill(ctx context.Context, rows int) error
	// SourceConfig configures a connector that reads it once, and returns the topic that this ends in.
	SourceConfig(prefix string) (config map[string]string, topic string)
	// Drain is the yardstick: the fastest way to read the whole table, its rows thrown away.
	Drain(ctx context.Context) error
}

// SinkSide is a table to write.
type SinkSide interface {
	// Empty makes the table as new.
	Empty(ctx context.Context) error
	// SinkConfig configures a connector that upserts a topic's records into it.
	SinkConfig(topic string) map[string]string
	// Loop is the yardstick: the connector's statement in a bare loop over what Prepare has made.
	Loop(ctx context.Context) error
}

// Verifier looks at the written table.
type Verifier interface {
	// Prepare makes the rows of Loop, in batches.
	Prepare(ctx context.Context, rows, batch int) error
	// Reached is how many rows are in the table while a connector fills it; it must cost next to nothing.
	Reached(ctx context.Context) (int, error)
	// Differing counts the rows of the table to read that the written one does not have alike.
	Differing(ctx context.Context) (int, error)
}

// ErrNoDatabase is in the chain of OpenDatabase's error when there is no database to be had.
var ErrNoDatabase = errors.New("no database")

// The parts of the bench, in the order in which they run.
const (
	Startup    = "startup"
	Memory     = "memory"
	Boundary   = "boundary"
	Conversion = "conversion"
	File       = "file"
	Snapshot   = "snapshot"
	Sink       = "sink"
)

// Parts lists them.
func Parts() []string { return []string{Startup, Memory, Boundary, Conversion, File, Snapshot, Sink} }

// Config says what to run.
type Config struct {
	Version string
	// Executable is the binary whose `dev` is measured.
	Executable string
	// Generator starts the process that serves Plugin.
	Generator host.Command
	// Registry has the converters and transformations; Avro opens the library that AvroConverter is compared with.
	Registry *registry.Registry
	Avro     func(schema string) (conversion.AvroLibrary, error)
	// OpenDatabase starts a database in a folder that is not there yet.
	OpenDatabase func(ctx context.Context, dir string) (Database, error)

	Rows   int      // of the table; the other parts are a multiple of it
	Rounds int      // how often each measurement is taken
	Only   []string // parts; empty: all
	Keep   bool     // leave the files behind

	Progress io.Writer
	Terminal bool // whether Progress is one
}

// runner is one run.
type runner struct {
	cfg    Config
	dir    string
	show   *progress
	report *Report
	db     Database
	idle   Series // of `kurier dev`, in megabytes
	serial int    // makes names of connectors, topics and folders unique
}

// Run measures and returns the table. Everything that it started has ended when it returns, and its files are gone, also when ctx is cancelled.
func Run(ctx context.Context, cfg Config) (_ *Report, err error) {
	for _, p := range cfg.Only {
		if !slices.Contains(Parts(), p) {
			return nil, fmt.Errorf("there is no part %q: choose from %s", p, strings.Join(Parts(), ","))
		}
	}
	dir, err := os.MkdirTemp("", "kurier-bench-")
	if err != nil {
		return nil, err
	}
	// The database may run as another user, who has to reach its folder in here.
	if err := os.Chmod(dir, 0o711); err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	r := &runner{cfg: cfg, dir: dir, show: &progress{w: cfg.Progress, terminal: cfg.Terminal}, report: &Report{
		Version: cfg.Version, System: runtime.GOOS + "/" + runtime.GOARCH, CPUs: runtime.NumCPU(), Rows: cfg.Rows, Rounds: cfg.Rounds,
	}}
	defer func() { err = errors.Join(err, r.close()) }()
	steps := map[string]func(context.Context) error{
		Startup: r.startup, Memory: r.resting, Boundary: r.boundary, Conversion: r.conversion, File: r.file, Snapshot: r.snapshot, Sink: r.sink,
	}
	for _, part := range Parts() {
		if len(cfg.Only) > 0 && !slices.Contains(cfg.Only, part) {
			continue
		}
		if err := steps[part](ctx); err != nil {
			if ctx.Err() != nil {
				return nil, context.Cause(ctx)
			}
			return nil, fmt.Errorf("%s: %w", part, err)
		}
	}
	return r.report, nil
}

func (r *runner) close() error {
	var err error
	if r.db != nil {
		err = r.db.Close()
	}
	r.show.end()
	if r.cfg.Keep {
		r.show.say("kept: %s", r.dir)
		return err
	}
	return errors.Join(err, os.RemoveAll(r.dir))
}

func (r *runner) add(l ...Line) { r.report.Lines = append(r.report.Lines, l...) }

// unique makes a name that this run has not used.
func (r *runner) unique(name string) string {
	r.serial++
	return fmt.Sprintf("%s-%d", name, r.serial)
}

func (r *runner) path(name string) string { return filepath.Join(r.dir, r.unique(name)) }

// database starts the database for the first part that needs it. Without one it reports false and adds the lines as skipped.
func (r *runner) database(ctx context.Context, lines ...Line) (bool, error) {
	if r.db != nil {
		return true, nil
	}
	r.show.begin("starting a throw-away PostgreSQL with a table of %s rows", grouped(float64(r.cfg.Rows)))
	db, err := r.cfg.OpenDatabase(ctx, r.path("postgres"))
	if errors.Is(err, ErrNoDatabase) {
		r.show.say("NOT MEASURED: %s: %v", lines[0].Part, err)
		for _, l := range lines {
			l.Skipped = err.Error()
			r.add(l)
		}
		return false, nil
	}
	if err != nil {
		return false, err
	}
	r.db = db
	return true, db.Fill(ctx, r.cfg.Rows)
}

// rate times f and returns n over its duration.
func rate(n int, f func() error) (float64, error) {
	began := time.Now()
	err := f()
	return float64(n) / time.Since(began).Seconds(), err
}
