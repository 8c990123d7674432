package txn

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

// workers is how many ids Resume and Tick have in work at a time, so that their
// writes share a group commit.
const workers = 16

// Resume completes what Load found decided. It is called once, after the last
// Load and before requests are served. The ids for which it fails stay locked
// in Prepare*, and Tick tries them again.
func (c *Coordinator) Resume(ctx context.Context) error {
	var left atomic.Int64
	c.each(ctx, c.due(0), func(s *shell) {
		s.mu.Lock()
		if s.gone || !s.m.meta.state.preparing() {
			s.mu.Unlock()
			return
		}
		step := s.m.Complete(time.Now())
		s.unlock()
		if step.write == nil {
			return
		}
		if _, code := s.complete(ctx, step); code != None {
			left.Add(1)
		}
	})
	if err := context.Cause(ctx); err != nil {
		return fmt.Errorf("txn: resume: %w", err)
	}
	if n := left.Load(); n > 0 {
		return fmt.Errorf("txn: the markers of %d transactions could not be written; see the log", n)
	}
	return nil
}

// Tick does what is due at now: it completes transactions whose markers failed,
// aborts those past their timeout, and drops ids that were idle for the
// expiration time. Its owner calls it about once a second, one call at a time.
func (c *Coordinator) Tick(ctx context.Context, now time.Time) {
	c.each(ctx, c.due(now.UnixMilli()), func(s *shell) {
		s.mu.Lock()
		if s.gone {
			s.mu.Unlock()
			return
		}
		was := s.m.meta
		step := s.m.Tick(now, c.config.Expiration)
		s.unlock()
		switch {
		case step.write == nil:
		case step.Marker != nil:
			s.complete(ctx, step)
		case step.write.state == Dead:
			s.write(ctx, step)
		default:
			c.logger.Info("transaction aborted, it is past its timeout and its producer is fenced", "transactional_id", s.id,
				"producer_id", was.producerID, "epoch", was.epoch, "timeout_ms", was.timeout, "since", time.UnixMilli(was.start))
			s.conclude(ctx, step)
		}
	})
}

// due returns the ids that have something to do.
func (c *Coordinator) due(now int64) []*shell {
	var out []*shell
	for i := range c.shards {
		sh := &c.shards[i]
		sh.mu.RLock()
		for _, s := range sh.ids {
			if s.next.Load() <= now {
				out = append(out, s)
			}
		}
		sh.mu.RUnlock()
	}
	return out
}

// each calls fn for all, several at a time, until ctx ends.
func (c *Coordinator) each(ctx context.Context, all []*shell, fn func(*shell)) {
	var at atomic.Int64
	var wg sync.WaitGroup
	for range min(workers, len(all)) {
		wg.Go(func() {
			for ctx.Err() == nil {
				i := int(at.Add(1)) - 1
				if i >= len(all) {
					return
				}
				fn(all[i])
			}
		})
	}
	wg.Wait()
}
