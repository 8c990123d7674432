package broker

import (
	"io"
	"net"
	"os"
	"sync"
	"time"
)

// pipeBuffer is what one direction of an in-memory connection holds: enough
// for a producer to run ahead, little enough to push back.
const pipeBuffer = 256 << 10

// inProcess is the client host of in-memory connections.
const inProcess = "in-process"

// memAddr names the ends of an in-memory connection.
type memAddr string

func (memAddr) Network() string  { return "memory" }
func (a memAddr) String() string { return string(a) }

// newPipe returns the two ends of a buffered duplex connection.
func newPipe(addr string) (client, server net.Conn) {
	a, b := newStream(), newStream()
	return &memConn{r: a, w: b, local: inProcess, remote: memAddr(addr)},
		&memConn{r: b, w: a, local: memAddr(addr), remote: inProcess}
}

// stream is one direction: a ring buffer with room for pipeBuffer bytes. The
// buffer starts small, as most connections stay idle.
type stream struct {
	mu            sync.Mutex
	readable      sync.Cond
	writable      sync.Cond
	buf           []byte
	start, n      int
	closed        bool // by either side
	broken        bool // by the reader: writes fail
	readDeadline  deadline
	writeDeadline deadline
}

// deadline is a time limit that wakes its condition variable.
type deadline struct {
	timer   *time.Timer
	version int
	passed  bool
}

func newStream() *stream {
	s := &stream{buf: make([]byte, 4096)}
	s.readable.L, s.writable.L = &s.mu, &s.mu
	return s
}

func (s *stream) setDeadline(d *deadline, cond *sync.Cond, t time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if d.timer != nil {
		d.timer.Stop()
		d.timer = nil
	}
	d.version++
	d.passed = false
	if t.IsZero() {
		return
	}
	version := d.version
	if wait := time.Until(t); wait > 0 {
		d.timer = time.AfterFunc(wait, func() {
			s.mu.Lock()
			defer s.mu.Unlock()
			if d.version == version {
				d.passed = true
				cond.Broadcast()
			}
		})
		return
	}
	d.passed = true
	cond.Broadcast()
}

func (s *stream) read(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for s.n == 0 {
		switch {
		case s.broken:
			return 0, io.ErrClosedPipe
		case s.closed:
			return 0, io.EOF
		case s.readDeadline.passed:
			return 0, os.ErrDeadlineExceeded
		case len(p) == 0:
			return 0, nil
		}
		s.readable.Wait()
	}
	if s.readDeadline.passed {
		return 0, os.ErrDeadlineExceeded
	}
	first := copy(p, s.buf[s.start:min(s.start+s.n, len(s.buf))])
	second := 0
	if first < len(p) && first < s.n {
		second = copy(p[first:], s.buf[:s.n-first])
	}
	total := first + second
	s.start = (s.start + total) % len(s.buf)
	if s.n -= total; s.n == 0 {
		s.start = 0
	}
	s.writable.Signal()
	return total, nil
}

func (s *stream) write(p []byte) (written int, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for {
		switch {
		case s.closed:
			return written, io.ErrClosedPipe
		case s.writeDeadline.passed:
			return written, os.ErrDeadlineExceeded
		case len(p) == 0:
			return written, nil
		}
		if s.n+len(p) > len(s.buf) {
			s.grow(s.n + len(p))
		}
		if s.n == len(s.buf) {
			s.writable.Wait()
			continue
		}
		end := (s.start + s.n) % len(s.buf)
		limit := len(s.buf)
		if end < s.start {
			limit = s.start
		}
		k := copy(s.buf[end:limit], p)
		s.n += k
		written += k
		p = p[k:]
		s.readable.Signal()
	}
}

func (s *stream) grow(need int) {
	size := len(s.buf)
	for size < need && size < pipeBuffer {
		size *= 4
	}
	if size = min(size, pipeBuffer); size == len(s.buf) {
		return
	}
	nb := make([]byte, size)
	k := copy(nb, s.buf[s.start:min(s.start+s.n, len(s.buf))])
	copy(nb[k:], s.buf[:s.n-k])
	s.buf, s.start = nb, 0
}

func (s *stream) close(byReader bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	s.broken = s.broken || byReader
	for _, d := range []*deadline{&s.readDeadline, &s.writeDeadline} {
		d.version++
		if d.timer != nil {
			d.timer.Stop()
		}
	}
	s.readable.Broadcast()
	s.writable.Broadcast()
}

// memConn is one end of an in-memory connection.
type memConn struct {
	r, w          *stream
	local, remote memAddr
}

func (c *memConn) Read(p []byte) (int, error)  { return c.r.read(p) }
func (c *memConn) Write(p []byte) (int, error) { return c.w.write(p) }
func (c *memConn) LocalAddr() net.Addr         { return c.local }
func (c *memConn) RemoteAddr() net.Addr        { return c.remote }

func (c *memConn) Close() error {
	c.w.close(false)
	c.r.close(true)
	return nil
}

func (c *memConn) SetDeadline(t time.Time) error {
	_ = c.SetReadDeadline(t) // neither fails
	return c.SetWriteDeadline(t)
}

func (c *memConn) SetReadDeadline(t time.Time) error {
	c.r.setDeadline(&c.r.readDeadline, &c.r.readable, t)
	return nil
}

func (c *memConn) SetWriteDeadline(t time.Time) error {
	c.w.setDeadline(&c.w.writeDeadline, &c.w.writable, t)
	return nil
}
