// Package supervise decides when a connector or task that failed is started again: a pure state machine, without a clock.
package supervise

import (
	"errors"
	"time"

	"github.com/kurier-io/kurier/plugins/connect"
)

// The budget: so many restarts without a healthy run in between, with pauses that double up to a ceiling.
const (
	Budget    = 10
	FirstWait = 200 * time.Millisecond
	MaxWait   = 30 * time.Second
	// Healthy is how long something must run before its earlier failures are forgotten.
	Healthy = time.Minute
)

// A Record is what is remembered of one connector or task. The zero Record is that of one that never failed.
type Record struct {
	failures int
	started  time.Time
	running  bool
}

// A Decision says what happens after a failure.
type Decision struct {
	Restart bool
	Wait    time.Duration
	Attempt int // of Budget
	// Spent: the failure was one that heals by a restart, but the budget is used up.
	Spent bool
}

// Started notes that it runs.
func (r *Record) Started(now time.Time) { r.started, r.running = now, true }

// Failed decides about a failure. A failure heals by a restart when its cause is retriable or the plugin's process died.
func (r *Record) Failed(now time.Time, err error) Decision {
	if r.running && now.Sub(r.started) >= Healthy {
		r.failures = 0
	}
	r.running = false
	if !heals(err) {
		return Decision{}
	}
	r.failures++
	if r.failures > Budget {
		return Decision{Spent: true, Attempt: Budget}
	}
	return Decision{Restart: true, Attempt: r.failures, Wait: min(FirstWait<<(r.failures-1), MaxWait)}
}

func heals(err error) bool {
	if errors.Is(err, connect.ErrPluginGone) {
		return true
	}
	_, ok := errors.AsType[*connect.RetriableError](err)
	return ok
}
