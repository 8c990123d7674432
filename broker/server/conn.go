package server

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"runtime/debug"
	"sync/atomic"
	"time"

	"github.com/kurier-io/kurier/broker/security/acl"
	"github.com/kurier-io/kurier/broker/wireproto"
)

// reply is an encoded answer. Release is called once it is written or given up.
type reply struct {
	pieces  [][]byte
	release func()
}

// pending produces the answer of a request that was handled; it may wait. A nil
// reply sends nothing.
type pending func() (*reply, error)

// queued is a request on its way to the writer.
type queued struct {
	p     pending
	api   string
	began time.Time // the request had arrived
	in    int       // bytes
}

type conn struct {
	s        *Server
	nc       net.Conn
	in       *bufio.Reader // saves two system calls a request; large bodies bypass it
	listener *Listener
	host     string
	who      acl.Client // changed by the reader alone
	auth     session
	logger   *slog.Logger
	ctx      context.Context
	queue    chan queued
	closing  error        // set by the reader: end after what is queued
	muted    atomic.Int64 // Unix nanoseconds until which a quota silences the connection
}

// errClose ends a connection without a log line above debug: the protocol asks
// for it.
var errClose = errors.New("close the connection")

// errRefused ends a connection with a line of advice.
var errRefused = errors.New("connection refused")

func newConn(s *Server, nc net.Conn, host string, l *Listener) *conn {
	return &conn{s: s, nc: nc, in: bufio.NewReaderSize(nc, 4096), listener: l, host: host, who: l.identity(host),
		auth:   session{required: len(l.Mechanisms) > 0},
		logger: s.logger.With("client", nc.RemoteAddr().String()), queue: make(chan queued, pipelineDepth)}
}

// serve runs the connection until either side ends it.
func (c *conn) serve() {
	ctx, cancel := context.WithCancelCause(context.Background())
	c.ctx = ctx
	err := c.open()
	if err == nil {
		err = c.exchange(cancel)
	}
	if cause := context.Cause(ctx); cause != nil {
		err = cause
	}
	cancel(nil)
	_ = c.nc.Close() // closed twice after a write error
	switch {
	case err == nil, errors.Is(err, io.EOF), errors.Is(err, net.ErrClosed), errors.Is(err, io.ErrClosedPipe), errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, errClose):
		c.logger.Debug("connection closed", "reason", err)
	default:
		c.logger.Warn("connection closed", "reason", err)
	}
}

// open waits for the first byte and settles what protocol follows.
func (c *conn) open() error {
	if err := c.nc.SetReadDeadline(time.Now().Add(headerTimeout)); err != nil {
		return err
	}
	if c.listener.TLS != nil {
		return c.handshake()
	}
	if c.listener.Trusted {
		return nil
	}
	return c.sniff()
}

// exchange reads requests here and writes answers in a second goroutine.
func (c *conn) exchange(cancel context.CancelCauseFunc) error {
	written := make(chan struct{})
	go func() {
		defer close(written)
		if err := c.write(); err != nil {
			cancel(err)
			// Unblocks the reader; the error is the one to report.
			_ = c.nc.Close()
		}
		for q := range c.queue { // answers that nobody will read
			c.discard(q.p)
		}
	}()
	err := c.read()
	close(c.queue)
	<-written
	return err
}

func (c *conn) discard(p pending) {
	if r, err := c.guard(p); err == nil && r != nil {
		r.release()
	}
}

func (c *conn) read() error {
	for c.closing == nil {
		if err := c.awaitRequest(); err != nil {
			return err
		}
		peek, err := wireproto.ReadPeek(c.in)
		if err != nil {
			return err
		}
		if err := c.request(peek); err != nil {
			return err
		}
	}
	return c.closing
}

// awaitRequest waits for the first byte of the next request. A client may be
// idle for long, but once it has begun a request it must go on.
func (c *conn) awaitRequest() error {
	if until := c.muted.Load(); until > 0 {
		if err := c.pause(time.Until(time.Unix(0, until))); err != nil {
			return err
		}
	}
	if c.in.Buffered() == 0 {
		if err := c.nc.SetReadDeadline(time.Now().Add(c.s.cfg.IdleTimeout)); err != nil {
			return err
		}
		select {
		case <-c.s.stop: // after the deadline was set, so that Shutdown's wins
			return errClose
		default:
		}
		if _, err := c.in.Peek(1); err != nil {
			return err
		}
	}
	return c.extend(headerTimeout)
}

// extend sets a new read deadline unless the server is stopping.
func (c *conn) extend(d time.Duration) error {
	if err := c.nc.SetReadDeadline(time.Now().Add(d)); err != nil {
		return err
	}
	select {
	case <-c.s.stop:
		return errClose
	default:
		return nil
	}
}

func (c *conn) pause(d time.Duration) error {
	if d <= 0 {
		return nil
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-c.s.stop:
		return errClose
	case <-c.ctx.Done():
		return context.Cause(c.ctx)
	}
}

// mute silences the connection, as KIP-219 has it: the answer says how long.
func (c *conn) mute(d time.Duration) {
	if d > 0 {
		c.muted.Store(time.Now().Add(d).UnixNano())
	}
}

// reserveTimeout is how long a request waits for memory before its connection is
// closed, which makes the client try again.
const reserveTimeout = 20 * time.Second

var errBusy = errors.New("queued.max.request.bytes of requests are being read already")

// slowest is the rate at which the body of a request must arrive at least.
const slowest = 64 << 10

// request reads and handles one request and queues its answer.
func (c *conn) request(peek wireproto.Peek) error {
	a, ok := c.s.apis[peek.Key]
	if !ok || peek.Key != keyApiVersions && (peek.Version < a.accept || peek.Version > a.max) {
		return fmt.Errorf("%w: API key %d version %d is not offered", errClose, peek.Key, peek.Version)
	}
	if err := c.gate(peek.Key); err != nil {
		return err
	}
	limit := maxControlBytes
	switch {
	case c.auth.required:
		limit = maxUnauthenticated
	case peek.Key == keyProduce:
		limit = c.s.cfg.MaxRequestBytes
	}
	if peek.Size > limit {
		return fmt.Errorf("request of %d bytes for %s exceeds the limit of %d bytes", peek.Size, a.name, limit)
	}
	held := int64(0)
	defer func() { c.s.requests.Release(held) }()
	reserve := func(total int) error {
		more := min(int64(total), c.s.cfg.MaxInflightBytes) - held
		if more <= 0 {
			return nil
		}
		// Requests that each hold a part and wait for more must not wait for ever.
		ctx, cancel := context.WithTimeoutCause(c.ctx, reserveTimeout, errBusy)
		defer cancel()
		if c.s.requests.Acquire(ctx, more) != nil {
			return context.Cause(ctx)
		}
		held += more
		return nil
	}
	if peek.Size > slowest {
		if err := c.extend(headerTimeout + time.Duration(peek.Size/slowest)*time.Second); err != nil {
			return err
		}
	}
	frame, err := wireproto.ReadBody(c.in, peek, limit, reserve)
	if err != nil {
		return err
	}
	q := queued{api: a.name, in: peek.Size + 4, began: time.Now()}
	_, err = c.guard(func() (*reply, error) {
		var err error
		q.p, err = c.dispatch(a, peek, frame.B)
		return nil, err
	})
	// Handlers keep nothing of the frame: what outlives them they copy.
	frame.Release()
	if err != nil || q.p == nil {
		return err
	}
	select {
	case c.queue <- q:
		return nil
	case <-c.ctx.Done():
		c.discard(q.p)
		return context.Cause(c.ctx)
	}
}

// guard turns a panic into an error that closes this connection only.
func (c *conn) guard(p pending) (r *reply, err error) {
	defer func() {
		if v := recover(); v != nil {
			c.logger.Error("request handler panicked", "panic", v, "stack", string(debug.Stack()))
			err = fmt.Errorf("%w: handler panicked", errClose)
		}
	}()
	return p()
}

func (c *conn) write() error {
	for q := range c.queue {
		r, err := c.guard(q.p)
		if err != nil {
			return err
		}
		if r == nil {
			continue
		}
		out := 0
		for _, p := range r.pieces {
			out += len(p)
		}
		err = c.nc.SetWriteDeadline(time.Now().Add(writeTimeout))
		if err == nil {
			bufs := net.Buffers(r.pieces)
			_, err = bufs.WriteTo(c.nc)
		}
		r.release()
		if err != nil {
			return err
		}
		if o := c.s.cfg.Observer; o != nil {
			o.Request(q.api, time.Since(q.began), q.in, out)
		}
	}
	return nil
}
