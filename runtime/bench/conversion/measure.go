package conversion

import (
	"context"
	"runtime"
	"time"
)

// batch is how many rows are in a frame.
const batch = 1000

// A job handles one batch of rows.
type job func() error

// A reading is what a job cost.
type reading struct {
	rate   float64 // rows a second
	allocs float64 // a row
}

// held is what a worker under load holds beside a batch, at the least: its producers' buffers. Without it the collector would run after
// every few batches, which it does in no worker.
const held = 32 << 20

// measure runs a job again and again for a while, on this goroutine alone.
func measure(ctx context.Context, span time.Duration, j job) (reading, error) {
	ballast := make([]byte, held)
	defer runtime.KeepAlive(ballast)
	if err := j(); err != nil { // plans, caches, buffers
		return reading{}, err
	}
	runtime.GC()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	began := time.Now()
	rows := 0
	for time.Since(began) < span && ctx.Err() == nil {
		if err := j(); err != nil {
			return reading{}, err
		}
		rows += batch
	}
	took := time.Since(began)
	runtime.ReadMemStats(&after)
	return reading{float64(rows) / took.Seconds(), float64(after.Mallocs-before.Mallocs) / float64(rows)}, context.Cause(ctx)
}
