package bench

import (
	"fmt"
	"io"
	"time"
)

// progress tells a person what goes on: one line that is written over on a terminal, one line for each step elsewhere.
type progress struct {
	w        io.Writer
	terminal bool
	step     string
	last     time.Time
}

const redraw = 100 * time.Millisecond

// begin starts a step.
func (p *progress) begin(format string, args ...any) {
	p.step, p.last = fmt.Sprintf(format, args...), time.Time{}
	if p.terminal {
		fmt.Fprintf(p.w, "\r\033[K%s …", p.step)
		return
	}
	fmt.Fprintln(p.w, p.step)
}

// at shows how far the step is; only a terminal shows it.
func (p *progress) at(n, of int) {
	if !p.terminal || time.Since(p.last) < redraw {
		return
	}
	p.last = time.Now()
	fmt.Fprintf(p.w, "\r\033[K%s … %s of %s", p.step, grouped(float64(n)), grouped(float64(of)))
}

// say writes a line that stays.
func (p *progress) say(format string, args ...any) {
	if p.terminal {
		fmt.Fprint(p.w, "\r\033[K")
	}
	fmt.Fprintf(p.w, format+"\n", args...)
}

// end takes the line away.
func (p *progress) end() {
	if p.terminal {
		fmt.Fprint(p.w, "\r\033[K")
	}
}
