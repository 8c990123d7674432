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
	"time"

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

type conn struct {
	s      *Server
	nc     net.Conn
	in     *bufio.Reader // saves two system calls a request; large bodies bypass it
	host   string
	logger *slog.Logger
	ctx    context.Context
	queue  chan pending
}

// errClose ends a connection without a log line above debug: the protocol asks
// for it.
var errClose = errors.New("close the connection")

func newConn(s *Server, nc net.Conn) *conn {
	host := nc.RemoteAddr().String()
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	return &conn{s: s, nc: nc, in: bufio.NewReaderSize(nc, 4096), host: "/" + host, logger: s.logger.With("client", nc.RemoteAddr().String()), queue: make(chan pending, pipelineDepth)}
}

// serve runs the connection until either side ends it.
func (c *conn) serve() {
	ctx, cancel := context.WithCancelCause(context.Background())
	c.ctx = ctx
	written := make(chan struct{})
	go func() {
		defer close(written)
		if err := c.write(); err != nil {
			cancel(err)
			// Unblocks the reader; the error is the one to report.
			_ = c.nc.Close()
		}
		for p := range c.queue { // answers that nobody will read
			if r, err := c.guard(p); err == nil && r != nil {
				r.release()
			}
		}
	}()
	err := c.read()
	close(c.queue)
	<-written
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

func (c *conn) read() error {
	for {
		if err := c.nc.SetReadDeadline(time.Now().Add(idleTimeout)); err != nil {
			return err
		}
		select {
		case <-c.s.stop: // after the deadline was set, so that Shutdown's wins
			return nil
		default:
		}
		peek, err := wireproto.ReadPeek(c.in)
		if err != nil {
			return err
		}
		if err := c.request(peek); err != nil {
			return err
		}
	}
}

// request reads and handles one request and queues its answer.
func (c *conn) request(peek wireproto.Peek) error {
	api, ok := apis[peek.Key]
	versions := peek.Key == keyApiVersions
	if !ok || !versions && (peek.Version < api.accept || peek.Version > api.max) {
		return fmt.Errorf("%w: API key %d version %d is not offered", errClose, peek.Key, peek.Version)
	}
	limit := maxControlBytes
	if peek.Key == keyProduce {
		limit = c.s.cfg.MaxRequestBytes
	}
	if peek.Size > limit {
		return fmt.Errorf("request of %d bytes for %s exceeds the limit of %d bytes", peek.Size, api.name, limit)
	}
	weight := min(int64(peek.Size), c.s.cfg.MaxInflightBytes)
	if err := c.s.requests.Acquire(c.ctx, weight); err != nil {
		return err
	}
	defer c.s.requests.Release(weight)
	frame, err := wireproto.ReadBody(c.in, peek, limit)
	if err != nil {
		return err
	}
	var p pending
	_, err = c.guard(func() (*reply, error) {
		var err error
		p, err = c.dispatch(api, peek, frame.B)
		return nil, err
	})
	// Handlers keep nothing of the frame: what outlives them they copy.
	frame.Release()
	if err != nil || p == nil {
		return err
	}
	select {
	case c.queue <- p:
		return nil
	case <-c.ctx.Done():
		if r, err := c.guard(p); err == nil && r != nil {
			r.release()
		}
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
	for p := range c.queue {
		r, err := c.guard(p)
		if err != nil {
			return err
		}
		if r == nil {
			continue
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
	}
	return nil
}
