package worker

import (
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/kurier-io/kurier/plugins/connect"
	"github.com/kurier-io/kurier/runtime/pipeline"
)

// A lane is what one goroutine needs to transform and convert: instances of its own.
type lane struct {
	chain *pipeline.Chain
	conv  *pipeline.Converters
	arena arena
	// scratch is the record that goes through the chain; one that failed is as it was before.
	scratch connect.Record
	headers consumedHeaders // of the record at hand
}

// consumedHeaders are a record's for those converters that look at them.
type consumedHeaders []kgo.RecordHeader

// Last implements connect.RawHeaders.
func (h *consumedHeaders) Last(key string) ([]byte, bool) {
	for i := len(*h) - 1; i >= 0; i-- {
		if (*h)[i].Key == key {
			return (*h)[i].Value, true
		}
	}
	return nil, false
}

// lanes convert the records of a batch side by side and hand them on in order. The first lane is the task's own goroutine's; further ones
// are used while the worker's cores have nothing else to convert.
type lanes struct {
	cores *cores
	build func() (*lane, error)

	mu     sync.Mutex
	own    []*lane // appended to by the task's goroutine only
	closed bool
}

func newLanes(c *cores, build func() (*lane, error)) (*lanes, error) {
	l := &lanes{cores: c, build: build}
	return l, l.grow(1)
}

// grow makes lanes until there are n.
func (l *lanes) grow(n int) error {
	for len(l.own) < n {
		more, err := l.build()
		if err != nil {
			return err
		}
		l.mu.Lock()
		l.own = append(l.own, more)
		closed := l.closed
		l.mu.Unlock()
		if closed {
			more.conv.Close()
		}
	}
	return nil
}

// close lets the converters go; it may be called from another goroutine while they work, and more than once.
func (l *lanes) close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closed = true
	for _, lane := range l.own {
		lane.conv.Close()
	}
}

// chunk is how many records are converted at a time: enough for the hand-over to cost nothing beside it.
const chunk = 512

// each converts n records in chunks and hands on each chunk in order, on the caller's goroutine. convert returns how many of its records
// are done; after an error the records before it are still handed on.
func (l *lanes) each(n int, convert func(ln *lane, from, to int) (done int, err error), hand func(from, to int) error) error {
	chunks := (n + chunk - 1) / chunk
	helpers := l.cores.take(min(chunks, maxLanes) - 1)
	defer l.cores.give(helpers)
	if err := l.grow(1 + helpers); err != nil {
		return err
	}
	work := make([]piece, chunks)
	if helpers > 0 {
		for i := range work {
			work[i].ready = make(chan struct{})
		}
	}
	var next atomic.Int32 // the chunk that nobody has taken yet
	// take converts chunks that are free, one at a time, until there is none or after says stop.
	take := func(ln *lane, after func() bool) {
		for {
			i := int(next.Add(1)) - 1
			if i >= chunks {
				return
			}
			w := &work[i]
			w.done, w.err = convert(ln, i*chunk, min((i+1)*chunk, n))
			w.converted.Store(true)
			if w.ready != nil {
				close(w.ready)
			}
			if after() {
				return
			}
		}
	}
	var wg sync.WaitGroup
	var over atomic.Bool
	for h := range helpers {
		wg.Go(func() { take(l.own[1+h], over.Load) })
	}
	defer wg.Wait()
	defer over.Store(true)
	handed := 0
	var failed error
	handOn := func() {
		w := &work[handed]
		if failed = hand(handed*chunk, handed*chunk+w.done); failed == nil {
			failed = w.err
		}
		handed++
	}
	// Handing on goes between two conversions; waiting for others only comes when nothing is left to convert.
	take(l.own[0], func() bool {
		for failed == nil && handed < chunks && work[handed].converted.Load() {
			handOn()
		}
		return failed != nil
	})
	for failed == nil && handed < chunks {
		if w := &work[handed]; w.ready != nil {
			<-w.ready
		}
		handOn()
	}
	return failed
}

// A piece is a chunk on its way.
type piece struct {
	converted atomic.Bool
	ready     chan struct{} // closed after it; nil when nobody helps
	done      int
	err       error
}

// maxLanes bounds what one task's conversion may occupy.
const maxLanes = 4

// cores is how many goroutines may convert beside the tasks' own, in one worker.
type cores struct{ free atomic.Int32 }

func newCores() *cores {
	c := &cores{}
	c.free.Store(int32(runtime.GOMAXPROCS(0) - 1))
	return c
}

// take reserves up to n, as many as are free; it does not wait.
func (c *cores) take(n int) int {
	for {
		free := c.free.Load()
		got := min(int32(n), free)
		if got <= 0 {
			return 0
		}
		if c.free.CompareAndSwap(free, free-got) {
			return int(got)
		}
	}
}

func (c *cores) give(n int) { c.free.Add(int32(n)) }
