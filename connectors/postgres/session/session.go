// Package session opens connections for the connectors and says in people's words why one cannot be had.
package session

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/kurier-io/kurier/connectors/postgres/jdbcurl"
	"github.com/kurier-io/kurier/plugins/config"
	"github.com/kurier-io/kurier/plugins/connect"
)

// The keys of a connection, shared by source and sink.
const (
	KeyURL      = "connection.url"
	KeyUser     = "connection.user"
	KeyPassword = "connection.password"
)

// A Dialer opens connections as configured. It is immutable and safe for concurrent use.
type Dialer struct {
	target   *jdbcurl.Target
	attempts int
	backoff  time.Duration
}

// Settings are the connection settings of a connector.
type Settings struct {
	URL      string
	User     string
	Password config.Password
	Attempts int
	Backoff  time.Duration
}

// NewDialer checks the settings; errors are [connect.ConfigError]. props is the connector's whole configuration: its connection.*
// keys are handed to the driver, as the Java connector does.
func NewDialer(s Settings, props connect.Props) (*Dialer, error) {
	u, err := jdbcurl.Parse(s.URL)
	if err != nil {
		return nil, connect.ConfigErr(KeyURL, err.Error(), "")
	}
	js := jdbcurl.Settings{Props: map[string]string{}, AppName: appName(props["name"])}
	for k, v := range props {
		name, ok := strings.CutPrefix(k, "connection.")
		switch {
		case !ok, name == "url", name == "user", name == "password", name == "attempts", name == "backoff.ms":
		default:
			js.Props[name] = v
		}
	}
	if s.User != "" {
		js.User = &s.User
	}
	if pw := s.Password.Reveal(); pw != "" {
		js.Password = &pw
	}
	t, err := u.Target(js)
	if err != nil {
		return nil, connect.ConfigErr(KeyURL, err.Error(), "")
	}
	t.Config.BuildFrontend = buildFrontend
	return &Dialer{target: t, attempts: max(s.Attempts, 1), backoff: s.Backoff}, nil
}

// appName labels the sessions in pg_stat_activity; the server truncates at 63 bytes.
func appName(connector string) string {
	if connector == "" {
		return "kurier"
	}
	return "kurier " + connector
}

// buildFrontend reads the socket in large pieces: pgx by itself asks for 8 KiB at a time, which is a system call every 40 rows.
func buildFrontend(r io.Reader, w io.Writer) *pgproto3.Frontend {
	return pgproto3.NewFrontend(bufio.NewReaderSize(r, 128<<10), w)
}

// Database returns the name of the database.
func (d *Dialer) Database() string { return d.target.Config.Database }

// NoPrepare reports whether named statements must be avoided.
func (d *Dialer) NoPrepare() bool { return d.target.NoPrepare }

// Once tries to connect once. Errors are explained (see [Explain]).
func (d *Dialer) Once(ctx context.Context) (*pgconn.PgConn, error) {
	c, err := pgconn.ConnectConfig(ctx, d.target.Config)
	if err != nil {
		return nil, d.explain(ctx, err)
	}
	return c, nil
}

// Open connects, trying connection.attempts times with connection.backoff.ms in between. What waiting cannot mend is reported at once.
func (d *Dialer) Open(ctx context.Context, log *slog.Logger) (*pgconn.PgConn, error) {
	for attempt := 1; ; attempt++ {
		c, err := d.Once(ctx)
		if err == nil {
			return c, nil
		}
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		if attempt >= d.attempts || Permanent(err) {
			return nil, err
		}
		log.Warn("cannot connect to PostgreSQL, trying again", "attempt", attempt, "of", d.attempts, "pause", d.backoff, "error", err)
		select {
		case <-time.After(d.backoff):
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
}

// Close ends a connection politely, or hard after a moment. A nil connection is none.
func Close(c *pgconn.PgConn) {
	if c == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	_ = c.Close(ctx) // The server notices a lost client by itself.
}

// Query runs one statement and returns all of its rows, in text form.
func Query(ctx context.Context, c *pgconn.PgConn, sql string, args ...string) ([][][]byte, error) {
	params := make([][]byte, len(args))
	for i, a := range args {
		params[i] = []byte(a)
	}
	r := c.ExecParams(ctx, sql, params, nil, nil, nil).Read()
	if r.Err != nil {
		return nil, r.Err
	}
	return r.Rows, nil
}

// Exec runs statements without parameters.
func Exec(ctx context.Context, c *pgconn.PgConn, sql string) error {
	if _, err := c.Exec(ctx, sql).ReadAll(); err != nil {
		return fmt.Errorf("%s: %w", firstWord(sql), err)
	}
	return nil
}

func firstWord(sql string) string {
	word, _, _ := strings.Cut(strings.TrimSpace(sql), " ")
	return word
}
