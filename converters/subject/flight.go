package subject

import (
	"context"
	"sync"

	"github.com/kurier-io/kurier/converters/lru"
)

// flights owns the goroutines of requests under way.
type flights struct {
	ctx  context.Context
	stop context.CancelFunc
	wg   sync.WaitGroup
}

func newFlights() *flights {
	ctx, stop := context.WithCancel(context.Background())
	return &flights{ctx: ctx, stop: stop}
}

func (f *flights) close() {
	f.stop()
	f.wg.Wait()
}

// A memo keeps answers, and lets those who ask the same at the same time wait for one request. Errors are not kept.
type memo[K comparable, V any] struct {
	mu      sync.Mutex
	answers *lru.Cache[K, V]
	calls   map[K]*call[V]
}

type call[V any] struct {
	done   chan struct{}
	answer V
	err    error
}

func newMemo[K comparable, V any](most int) *memo[K, V] {
	return &memo[K, V]{answers: lru.New[K, V](most), calls: map[K]*call[V]{}}
}

// get answers from what is kept, if fresh accepts it, or asks. The request outlives a caller whose ctx ends: others may wait for it.
func (m *memo[K, V]) get(ctx context.Context, f *flights, k K, fresh func(V) bool, ask func(context.Context) (V, error)) (V, error) {
	m.mu.Lock()
	if v, ok := m.answers.Get(k); ok && (fresh == nil || fresh(v)) {
		m.mu.Unlock()
		return v, nil
	}
	c := m.calls[k]
	if c == nil {
		c = &call[V]{done: make(chan struct{})}
		m.calls[k] = c
		f.wg.Go(func() {
			c.answer, c.err = ask(f.ctx)
			m.mu.Lock()
			defer m.mu.Unlock()
			delete(m.calls, k)
			if c.err == nil {
				m.answers.Put(k, c.answer)
			}
			close(c.done)
		})
	}
	m.mu.Unlock()
	select {
	case <-c.done:
		return c.answer, c.err
	case <-ctx.Done():
		var none V
		return none, context.Cause(ctx)
	}
}
