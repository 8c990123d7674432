// Package tolerance decides what becomes of a record that a transformation or converter cannot handle (KIP-298): another try, leaving it out, or
// the end of the task.
package tolerance

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/kurier-io/kurier/plugins/connect"
)

// A Policy is what a connector's errors.* keys say.
type Policy struct {
	All             bool          // errors.tolerance=all
	RetryTimeout    time.Duration // negative: for ever
	RetryDelayMax   time.Duration
	Log             bool
	IncludeMessages bool
}

// ParsePolicy reads the errors.* keys, which validation has accepted.
func ParsePolicy(props map[string]string) (Policy, error) {
	p := Policy{
		All: props["errors.tolerance"] == "all", Log: props["errors.log.enable"] == "true",
		IncludeMessages: props["errors.log.include.messages"] == "true", RetryDelayMax: time.Minute,
	}
	for key, d := range map[string]*time.Duration{"errors.retry.timeout": &p.RetryTimeout, "errors.retry.delay.max.ms": &p.RetryDelayMax} {
		if text, ok := props[key]; ok {
			ms, err := strconv.ParseInt(text, 10, 64)
			if err != nil {
				return p, connect.ConfigErr(key, "not a number of milliseconds", "")
			}
			*d = time.Duration(ms) * time.Millisecond
		}
	}
	return p, nil
}

// A Reporter is told of every record that failed for good, before the task goes on or fails. The dead letter queue is one.
type Reporter interface {
	// Report is called from the goroutines that convert the task's records.
	Report(ctx context.Context, e *StageError)
}

// An Operator applies a policy for one task. It is safe for concurrent use: a task's records are converted side by side.
type Operator struct {
	policy   Policy
	reporter []Reporter

	// Failures counts errors, Skipped the records left out, Retries the further tries.
	Failures, Skipped, Retries atomic.Int64
}

// NewOperator returns an operator; with errors.log.enable it reports to log as well.
func NewOperator(p Policy, log *slog.Logger, reporters ...Reporter) *Operator {
	if p.Log {
		reporters = append(reporters, logReporter{log, p.IncludeMessages})
	}
	return &Operator{policy: p, reporter: reporters}
}

// Do runs f until it succeeds, is not worth another try, or the policy's patience ends. skip means that the record is to be left out. An
// error ends the task. f returns a *StageError.
func (o *Operator) Do(ctx context.Context, f func() *StageError) (skip bool, err error) {
	e := f()
	if e == nil {
		return false, nil
	}
	return o.failed(ctx, e, f)
}

func (o *Operator) failed(ctx context.Context, e *StageError, f func() *StageError) (bool, error) {
	begin := time.Now()
	for attempt := 1; ; attempt++ {
		o.Failures.Add(1)
		if _, ok := errors.AsType[*connect.RetriableError](e.Err); !ok {
			break
		}
		wait, again := o.pause(attempt, time.Since(begin))
		if !again {
			break
		}
		select {
		case <-ctx.Done():
			return false, context.Cause(ctx)
		case <-time.After(wait):
		}
		o.Retries.Add(1)
		if e = f(); e == nil {
			return false, nil
		}
	}
	if ctx.Err() != nil {
		return false, context.Cause(ctx) // the end of the task may be why it failed: the record comes again
	}
	return o.Tolerate(ctx, e)
}

// Tolerate decides about a record that has failed for good.
func (o *Operator) Tolerate(ctx context.Context, e *StageError) (skip bool, err error) {
	for _, r := range o.reporter {
		r.Report(ctx, e)
	}
	if !o.policy.All {
		return false, fmt.Errorf("Tolerance exceeded in error handler: %w", e) // Kafka Connect's text
	}
	o.Skipped.Add(1)
	return true, nil
}

const firstPause = 300 * time.Millisecond

// pause follows Kafka Connect: 300 ms doubling, a random share of the ceiling beyond it, cut at the deadline.
func (o *Operator) pause(attempt int, spent time.Duration) (time.Duration, bool) {
	if o.policy.RetryTimeout == 0 || o.policy.RetryTimeout > 0 && spent >= o.policy.RetryTimeout {
		return 0, false
	}
	d := firstPause << min(attempt-1, 20)
	if d > o.policy.RetryDelayMax {
		d = time.Duration(rand.Int64N(int64(max(o.policy.RetryDelayMax, 1))))
	}
	if o.policy.RetryTimeout > 0 {
		d = min(d, o.policy.RetryTimeout-spent)
	}
	return d, true
}

type logReporter struct {
	log     *slog.Logger
	include bool
}

func (l logReporter) Report(_ context.Context, e *StageError) {
	args := []any{"stage", string(e.Stage), "class", e.Class, "err", e.Err}
	if where := e.Record.String(); l.include && where != "" {
		args = append(args, "record", where)
	}
	l.log.Error("a record failed", args...)
}
