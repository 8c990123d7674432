package conversion

import (
	"context"
	"fmt"
	"time"

	"github.com/kurier-io/kurier/plugins/registry"
)

// Config says what to measure with.
type Config struct {
	Registry *registry.Registry // the converters and transformations, by class name
	// Avro opens the library that AvroConverter is compared with.
	Avro   func(schema string) (AvroLibrary, error)
	Rounds int
	Span   time.Duration // of one measurement
	// Progress is told what is being measured.
	Progress func(what string)
}

// An AvroLibrary writes and reads values in a library's own form.
type AvroLibrary interface {
	Encode(dst []byte, row map[string]any) ([]byte, error)
	Decode(b []byte) (any, error)
}

// A Result is one thing that was measured.
type Result struct {
	What      string
	Rates     []float64 // rows a second, by round
	Allocs    float64   // the fewest allocations a row
	Yardstick string
	Base      []float64 // the yardstick's rates, by round
	// Least is the part of the yardstick's rate that should be reached; 0: no aim.
	Least float64
	// LeastRate is the rate that should be reached; 0: no aim.
	LeastRate float64
}

// A format is a converter with its settings.
type format struct {
	name, class string
	props       map[string]string
	leastUsual  float64 // rows a second of the usual row
}

func (m *measuring) formats() []format {
	return []format{
		{"JSON", "org.apache.kafka.connect.json.JsonConverter", map[string]string{"schemas.enable": "false"}, 1_000_000},
		{"JSON with schema", "org.apache.kafka.connect.json.JsonConverter", map[string]string{"schemas.enable": "true"}, 0},
		{"Avro", "io.confluent.connect.avro.AvroConverter", map[string]string{"schema.registry.url": m.schemas.url}, 1_500_000},
		{"String", "org.apache.kafka.connect.storage.StringConverter", nil, 0},
	}
}

// Measure returns a result for each shape, format and direction, with one for each of its yardsticks.
func Measure(ctx context.Context, cfg Config) ([]Result, error) {
	schemas, err := serveSchemas()
	if err != nil {
		return nil, err
	}
	defer schemas.close()
	m := &measuring{Config: cfg, schemas: schemas}
	for _, s := range shapes() {
		for _, f := range m.formats() {
			if err := m.write(ctx, &s, f); err != nil {
				return nil, fmt.Errorf("%s to %s: %w", s.name, f.name, err)
			}
			if f.name == "String" {
				continue // it reads strings, not rows
			}
			if err := m.read(ctx, &s, f); err != nil {
				return nil, fmt.Errorf("%s from %s: %w", s.name, f.name, err)
			}
		}
	}
	return m.results, nil
}

type measuring struct {
	Config
	schemas *schemaServer
	results []Result
}

// A yardstick is what a job is compared with.
type yardstick struct {
	name  string
	job   job
	least float64
}

// compare measures a job and its yardsticks in turn, round by round. The first result carries the aim of the rate.
func (m *measuring) compare(ctx context.Context, what string, leastRate float64, j job, sticks ...yardstick) error {
	m.Progress(what)
	out := make([]Result, len(sticks))
	for i, s := range sticks {
		out[i] = Result{What: what, Yardstick: s.name, Least: s.least, Allocs: -1}
	}
	out[0].LeastRate = leastRate
	for range m.Rounds {
		got, err := measure(ctx, m.Span, j)
		if err != nil {
			return err
		}
		for i, s := range sticks {
			base, err := measure(ctx, m.Span, s.job)
			if err != nil {
				return fmt.Errorf("%s: %w", s.name, err)
			}
			r := &out[i]
			r.Rates, r.Base = append(r.Rates, got.rate), append(r.Base, base.rate)
			if r.Allocs < 0 || got.allocs < r.Allocs {
				r.Allocs = got.allocs
			}
		}
	}
	m.results = append(m.results, out...)
	return nil
}
