package commitlog

import "time"

const progressEvery = 250 * time.Millisecond

// progress reports how far recovery is. Only the goroutine of Open uses it.
type progress struct {
	report      func(done, total int64)
	done, total int64
	last        time.Time
}

func (p *progress) expect(n int64) { p.total += n }

func (p *progress) add(n int64) {
	p.done += n
	p.total = max(p.total, p.done)
	if p.report == nil {
		return
	}
	if now := time.Now(); now.Sub(p.last) >= progressEvery {
		p.last = now
		p.report(p.done, p.total)
	}
}

// finish reports once more, unless there was nothing to do.
func (p *progress) finish() {
	if p.report != nil && p.done > 0 {
		p.report(p.done, p.done)
	}
}
