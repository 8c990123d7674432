package worker

import (
	"context"
	"sync"
	"time"

	"github.com/kurier-io/kurier/runtime/store"
)

// A target is a wanted state that one goroutine watches and others change.
type target struct {
	mu      sync.Mutex
	state   store.TargetState
	changed chan struct{} // closed and replaced at every change
}

func newTarget(s store.TargetState) *target {
	return &target{state: s, changed: make(chan struct{})}
}

func (t *target) set(s store.TargetState) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.state == s {
		return
	}
	t.state = s
	close(t.changed)
	t.changed = make(chan struct{})
}

// get returns the state and a channel that is closed when it changes.
func (t *target) get() (store.TargetState, <-chan struct{}) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.state, t.changed
}

// started reports whether it is STARTED; the empty state counts as such.
func (t *target) started() bool {
	s, _ := t.get()
	return s == store.Started || s == ""
}

// await blocks until the state is STARTED, calling idle with every other one.
func (t *target) await(ctx context.Context, idle func(store.TargetState)) error {
	for {
		s, changed := t.get()
		if s == store.Started || s == "" {
			return nil
		}
		idle(s)
		select {
		case <-changed:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// backOff waits before a restart. It ends early when the restart is not wanted any more, so that PAUSED shows at once.
func (t *target) backOff(ctx context.Context, wait time.Duration) {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	for {
		s, changed := t.get()
		if s != store.Started && s != "" {
			return
		}
		select {
		case <-timer.C:
			return
		case <-changed:
		case <-ctx.Done():
			return
		}
	}
}
