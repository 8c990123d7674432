package bench

import (
	"context"
	"sync"
	"time"
)

// A usage is the resident memory of a process, in bytes.
type usage struct {
	name string // of the plugin; empty: the process that was asked for
	now  uint64
	peak uint64
}

// peaks watches a process and its plugin processes.
type peaks struct {
	stop context.CancelFunc
	wg   sync.WaitGroup
	max  map[string]uint64 // by plugin; "": the process itself
}

const sampleEvery = 100 * time.Millisecond

// watchMemory samples until end is called. The kernel keeps each process's peak, so sampling misses only what a plugin process did in its last moment.
func watchMemory(pid int) *peaks {
	ctx, cancel := context.WithCancel(context.Background())
	p := &peaks{stop: cancel, max: map[string]uint64{}}
	p.wg.Go(func() {
		tick := time.NewTicker(sampleEvery)
		defer tick.Stop()
		for {
			for _, u := range family(pid) {
				p.max[u.name] = max(p.max[u.name], u.peak)
			}
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
		}
	})
	return p
}

// end returns the peaks in bytes; empty where the system does not tell.
func (p *peaks) end() map[string]uint64 {
	p.stop()
	p.wg.Wait()
	return p.max
}

func megabytes(b uint64) float64 { return float64(b) / (1 << 20) }
