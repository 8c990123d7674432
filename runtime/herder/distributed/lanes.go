package distributed

import "sync"

// lanes run the jobs of one connector in order and those of different connectors side by side, so that one that is slow to stop holds up
// nothing but itself. A lane exists while it has jobs; each job bounds its own time.
type lanes struct {
	mu      sync.Mutex
	queues  map[string][]func()
	serving sync.WaitGroup
}

// add queues a job; the channel is closed when it is done. It never blocks.
func (l *lanes) add(connector string, job func()) <-chan struct{} {
	done := make(chan struct{})
	l.mu.Lock()
	defer l.mu.Unlock()
	queue, busy := l.queues[connector]
	l.queues[connector] = append(queue, func() { defer close(done); job() })
	if !busy {
		l.serving.Go(func() { l.serve(connector) })
	}
	return done
}

func (l *lanes) serve(connector string) {
	for {
		l.mu.Lock()
		queue := l.queues[connector]
		if len(queue) == 0 {
			delete(l.queues, connector)
			l.mu.Unlock()
			return
		}
		l.queues[connector] = queue[1:]
		l.mu.Unlock()
		queue[0]()
	}
}
