package app

import (
	"context"
	"errors"
	"fmt"
	"sync"
)

// A service is a part that runs. run calls ready when the parts after it may start, and returns when ctx is done or it fails.
type service struct {
	name string
	run  func(ctx context.Context, ready func()) error
}

// errStopping is the cause of a service's context when all is being stopped in order.
var errStopping = errors.New("stopping")

// run starts services one after the other, each once the one before is ready, and stops them in reverse when ctx is done or one of them ends. It
// returns after all have ended, with the first error.
func run(ctx context.Context, services ...service) error {
	type running struct {
		name string
		stop context.CancelCauseFunc
		done chan struct{}
	}
	var started []running
	var mu sync.Mutex
	var first error
	ended := make(chan struct{}, len(services))
	for _, s := range services {
		life, stop := context.WithCancelCause(context.WithoutCancel(ctx))
		r := running{s.name, stop, make(chan struct{})}
		started = append(started, r)
		ready := make(chan struct{})
		var once sync.Once
		go func() {
			defer close(r.done)
			err := s.run(life, func() { once.Do(func() { close(ready) }) })
			mu.Lock()
			if err != nil && first == nil {
				first = fmt.Errorf("%s: %w", s.name, err)
			}
			mu.Unlock()
			ended <- struct{}{}
		}()
		select {
		case <-ready:
			continue
		case <-ctx.Done():
		case <-r.done:
		}
		break
	}
	if len(started) == len(services) {
		select {
		case <-ctx.Done():
		case <-ended:
		}
	}
	for i := len(started) - 1; i >= 0; i-- {
		started[i].stop(errStopping)
		<-started[i].done
	}
	return first
}
