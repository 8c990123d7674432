package jdbcurl

import (
	"context"
	"net"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

func dialWith(d *net.Dialer, socketTimeout time.Duration) pgconn.DialFunc {
	return func(ctx context.Context, network, addr string) (net.Conn, error) {
		c, err := d.DialContext(ctx, network, addr)
		if err != nil || socketTimeout == 0 {
			return c, err
		}
		return &deadlineConn{Conn: c, timeout: socketTimeout}, nil
	}
}

// deadlineConn gives up reading after the property socketTimeout. A deadline that pgx sets, which is how it cancels, wins.
type deadlineConn struct {
	net.Conn
	timeout time.Duration
	foreign atomic.Bool
}

func (c *deadlineConn) Read(b []byte) (int, error) {
	if !c.foreign.Load() {
		if err := c.Conn.SetReadDeadline(time.Now().Add(c.timeout)); err != nil {
			return 0, err
		}
		// A deadline set in between must not be lost: it has the flag set before it reaches the connection.
		if c.foreign.Load() {
			if err := c.Conn.SetReadDeadline(time.Unix(1, 0)); err != nil {
				return 0, err
			}
		}
	}
	return c.Conn.Read(b)
}

func (c *deadlineConn) SetDeadline(t time.Time) error {
	c.foreign.Store(!t.IsZero())
	return c.Conn.SetDeadline(t)
}

func (c *deadlineConn) SetReadDeadline(t time.Time) error {
	c.foreign.Store(!t.IsZero())
	return c.Conn.SetReadDeadline(t)
}
