package source

import "context"

// A reader fills batches from a cursor in a goroutine of its own, one ahead of the task.
type reader struct {
	out    chan filled
	cancel context.CancelFunc
	gone   chan struct{}
}

type filled struct {
	b    *batch
	more bool
	err  error
}

// read starts a reader. Batches come from spare and return there when their records are no longer in use; there are two, which bounds
// the memory to twice a batch.
func read(ctx context.Context, c *cursor, spare chan *batch) *reader {
	ctx, cancel := context.WithCancel(ctx)
	r := &reader{make(chan filled, 1), cancel, make(chan struct{})}
	go func() {
		defer close(r.gone)
		for more := true; more; {
			var f filled
			select {
			case f.b = <-spare:
			case <-ctx.Done():
				return
			}
			f.more, f.err = c.fill(ctx, f.b)
			r.out <- f
			more = f.more && f.err == nil
		}
	}()
	return r
}

// stop ends the reader and gives back what it has not handed on.
func (r *reader) stop(spare chan *batch) {
	r.cancel()
	for {
		select {
		case f := <-r.out:
			spare <- f.b
		case <-r.gone:
			select {
			case f := <-r.out:
				spare <- f.b
			default:
			}
			return
		}
	}
}
