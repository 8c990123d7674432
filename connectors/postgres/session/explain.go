package session

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/kurier-io/kurier/plugins/config"
	"github.com/kurier-io/kurier/plugins/connect"
)

// A Class says what to do about an error of the server or the connection.
type Class int

// The classes of errors.
const (
	Fatal     Class = iota // does not go away by itself
	Transient              // the same work may succeed later
	Data                   // a value does not fit its column or a constraint
)

// Classify sorts an error by its SQLSTATE (https://www.postgresql.org/docs/current/errcodes-appendix.html). What is no answer of the
// server is a broken connection.
func Classify(err error) Class {
	if pe, ok := errors.AsType[*pgconn.PgError](err); ok && len(pe.Code) == 5 {
		switch pe.Code[:2] {
		case "08", "40", "53", "55", "57", "58":
			return Transient
		case "22", "23":
			return Data
		}
		return Fatal
	}
	_, isNet := errors.AsType[net.Error](err)
	if isNet || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, net.ErrClosed) || pgconn.SafeToRetry(err) {
		return Transient
	}
	if _, ok := errors.AsType[*pgconn.ConnectError](err); ok {
		return Transient
	}
	return Fatal
}

// State returns the SQLSTATE of an error, "" when the server has not answered.
func State(err error) string {
	if pe, ok := errors.AsType[*pgconn.PgError](err); ok {
		return pe.Code
	}
	return ""
}

// Permanent reports whether an error of a [Dialer] needs a person.
func Permanent(err error) bool {
	_, ok := errors.AsType[*permanentError](err)
	return ok
}

// permanentError marks a ConfigError that no retry mends.
type permanentError struct{ error }

func (e *permanentError) Unwrap() error { return e.error }

func permanent(key, msg, fix string) error {
	return &permanentError{connect.ConfigErr(key, msg, fix)}
}

// explain names the key to look at, the cause and a fix. Nothing of it holds the password.
func (d *Dialer) explain(ctx context.Context, err error) error {
	c := d.target.Config
	where := net.JoinHostPort(c.Host, strconv.Itoa(int(c.Port)))
	if pe, ok := errors.AsType[*pgconn.PgError](err); ok {
		switch {
		case pe.Code == "28P01":
			return permanent(KeyPassword, fmt.Sprintf("the server %s refused the password of user %q", where, c.User),
				"correct "+KeyUser+" or "+KeyPassword)
		case pe.Code[:2] == "28":
			return permanent(KeyUser, fmt.Sprintf("the server %s refused user %q: %s", where, c.User, pe.Message),
				"create the role, or allow it in pg_hba.conf for this client and database")
		case pe.Code == "3D000":
			return permanent(KeyURL, fmt.Sprintf("the server %s has no database %q", where, c.Database),
				"create the database or correct the name behind the last slash")
		case pe.Code == "42501":
			return permanent(KeyUser, fmt.Sprintf("user %q may not connect to database %q", c.User, c.Database),
				"grant CONNECT on the database to it")
		}
		return fmt.Errorf("connect to %s: %w", where, pe)
	}
	if _, ok := errors.AsType[*net.DNSError](err); ok {
		return transientConfig(KeyURL, fmt.Sprintf("host %q is not known: %v", c.Host, cause(err)), "correct the host name, or the DNS of this machine", err)
	}
	if errors.Is(err, context.DeadlineExceeded) || ctx.Err() != nil {
		return transientConfig(KeyURL, fmt.Sprintf("no answer from %s in time", where), "check host, port and firewall, or raise connectTimeout", err)
	}
	if _, ok := errors.AsType[*net.OpError](err); ok {
		return transientConfig(KeyURL, fmt.Sprintf("%s cannot be reached: %v", where, cause(err)), "check host and port, and that PostgreSQL listens there", err)
	}
	return transientConfig(KeyURL, fmt.Sprintf("cannot connect to %s: %v", where, cause(err)), "check the URL, its TLS settings, and that PostgreSQL listens there", err)
}

func cause(err error) error {
	if op, ok := errors.AsType[*net.OpError](err); ok {
		return op.Err
	}
	for {
		next := errors.Unwrap(err)
		if next == nil {
			return err
		}
		err = next
	}
}

// transientConfig is an error that names a key yet may go away by itself, such as a server that is down.
func transientConfig(key, msg, fix string, err error) error {
	return &unreachableError{connect.ConfigErr(key, msg, fix), err}
}

type unreachableError struct {
	text  error
	cause error
}

func (e *unreachableError) Error() string   { return e.text.Error() }
func (e *unreachableError) Unwrap() []error { return []error{e.text, e.cause} }

// Attach adds a connection error to the values of the keys that it concerns: wrong credentials to url, user and password, as the
// Java connector reports them, everything else to its own key.
func Attach(values []config.Value, err error) []config.Value {
	ce, ok := errors.AsType[*connect.ConfigError](err)
	if !ok {
		return AddError(values, KeyURL, err.Error())
	}
	if ce.Key == KeyPassword || ce.Key == KeyUser {
		for _, key := range []string{KeyURL, KeyUser, KeyPassword} {
			values = AddError(values, key, err.Error())
		}
		return values
	}
	return AddError(values, ce.Key, err.Error())
}

// AddError adds an error to a key's value, once.
func AddError(values []config.Value, key, msg string) []config.Value {
	for i := range values {
		if values[i].Name == key {
			for _, old := range values[i].Errors {
				if old == msg {
					return values
				}
			}
			values[i].Errors = append(values[i].Errors, msg)
			return values
		}
	}
	return append(values, config.Value{Name: key, Recommended: []string{}, Errors: []string{msg}, Visible: true})
}
