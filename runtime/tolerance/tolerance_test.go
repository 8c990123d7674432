package tolerance

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kurier-io/kurier/plugins/connect"
)

type recorder struct{ got []*StageError }

func (r *recorder) Report(_ context.Context, e *StageError) { r.got = append(r.got, e) }

func TestOutcomes(t *testing.T) {
	flaky := errors.New("flaky")
	for _, c := range []struct {
		name     string
		policy   map[string]string
		failures int // before it works; 99: never
		retry    bool
		skip     bool
		fails    bool
		after    time.Duration // at the least
		reported int
	}{
		{name: "works", failures: 0},
		{name: "none fails", failures: 99, fails: true, reported: 1},
		{name: "all skips", policy: map[string]string{"errors.tolerance": "all"}, failures: 99, skip: true, reported: 1},
		{name: "retriable without patience", failures: 99, retry: true, fails: true, reported: 1},
		{name: "retriable that heals", policy: map[string]string{"errors.retry.timeout": "10000"}, failures: 3, retry: true, after: 2100 * time.Millisecond},
		{name: "retries run out", policy: map[string]string{"errors.retry.timeout": "1000", "errors.tolerance": "all"}, failures: 99, retry: true, skip: true, after: time.Second, reported: 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p, err := ParsePolicy(c.policy)
				if err != nil {
					t.Fatal(err)
				}
				rec := &recorder{}
				o := NewOperator(p, slog.New(slog.DiscardHandler), rec)
				n := 0
				begin := time.Now()
				skip, err := o.Do(t.Context(), func() *StageError {
					n++
					if n > c.failures {
						return nil
					}
					if c.retry {
						return &StageError{Stage: ValueConverter, Class: "x", Err: connect.Retriable(flaky, 0)}
					}
					return &StageError{Stage: ValueConverter, Class: "x", Err: flaky}
				})
				if skip != c.skip || (err != nil) != c.fails || len(rec.got) != c.reported || time.Since(begin) < c.after {
					t.Errorf("skip %v, err %v, %d reported, after %v", skip, err, len(rec.got), time.Since(begin))
				}
				if c.fails && !errors.Is(err, flaky) {
					t.Errorf("the cause is lost: %v", err)
				}
			})
		})
	}
}

func TestARecordThatFailsAtTheEndIsNotSkipped(t *testing.T) {
	stop := errors.New("stopped")
	ctx, cancel := context.WithCancelCause(t.Context())
	rec := &recorder{}
	o := NewOperator(Policy{All: true}, slog.New(slog.DiscardHandler), rec)
	skip, err := o.Do(ctx, func() *StageError {
		cancel(stop) // as the converter's client is closed when the task is to stop
		return &StageError{Stage: ValueConverter, Class: "x", Err: errors.New("closed")}
	})
	if skip || !errors.Is(err, stop) || len(rec.got) != 0 {
		t.Errorf("skip %v, %v, %d reported", skip, err, len(rec.got))
	}
}

func TestAStageErrorSaysWhichRecord(t *testing.T) {
	for want, r := range map[string]RecordInfo{
		"stage VALUE_CONVERTER, class x: bad":                                            {},
		"stage VALUE_CONVERTER, class x, record {topic='t', partition=0, offset=5}: bad": {Topic: "t", Partition: new(int32(0)), Offset: new(int64(5))},
		"stage VALUE_CONVERTER, class x, record {topic='t', source partition={a=1, b=x}, source offset={pos=7}}: bad": {
			Topic: "t", SourcePartition: map[string]any{"b": "x", "a": 1}, SourceOffset: map[string]any{"pos": 7},
		},
	} {
		if got := (&StageError{Stage: ValueConverter, Class: "x", Record: r, Err: errors.New("bad")}).Error(); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}
