// Package pgtest gives tests a PostgreSQL server of their own: one throw-away cluster for each test binary, one database for each
// test. It runs the server programs that it finds on PATH or in Debian's places, without fsync, as an unprivileged user.
//
//	func TestMain(m *testing.M) { pgtest.Main(m) }
//
//	func TestX(t *testing.T) {
//		db := pgtest.NewDatabase(t)
//		db.Exec(t, "CREATE TABLE t(id int)")
//	}
package pgtest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/kurier-io/kurier/connectors/postgres/cluster"
)

// An Option changes the cluster of a test binary.
type Option func(*shared)

// LogicalWAL starts the server with wal_level=logical.
func LogicalWAL() Option { return Setting("wal_level", "logical") }

// Setting adds a server setting.
func Setting(name, value string) Option {
	return func(c *shared) { c.settings = append(c.settings, name+"="+value) }
}

// theCluster belongs to the test binary: package testing has one TestMain, and the server starts with the first test that wants it.
var theCluster = &shared{}

// Main runs the tests and stops the server. Call it from TestMain; it exits the process.
func Main(m *testing.M, opts ...Option) {
	for _, o := range opts {
		o(theCluster)
	}
	code := m.Run()
	if err := theCluster.stop(); err != nil {
		fmt.Fprintln(os.Stderr, "pgtest: stopping the server:", err)
		code = max(code, 1)
	}
	os.Exit(code)
}

// A Server is the running cluster.
type Server struct {
	Host           string
	Port           int
	User, Password string // a superuser; authentication is SCRAM
	Version        int    // major
}

// Start returns the server, starting it if it does not run yet. Without PostgreSQL on this machine the test is skipped, loudly.
func Start(t testing.TB) *Server {
	t.Helper()
	theCluster.once.Do(func() { theCluster.err = theCluster.start() })
	switch {
	case errors.Is(theCluster.err, cluster.ErrMissing):
		t.Skipf("SKIPPED, NOT TESTED: %v: install it (Debian: apt-get install postgresql) or put its programs on PATH", theCluster.err)
	case theCluster.err != nil:
		t.Fatalf("pgtest: cannot start PostgreSQL: %v", theCluster.err)
	}
	return &theCluster.server
}

// A Database is one test's own.
type Database struct {
	Server
	Name string
}

var databases atomic.Int64

// NewDatabase creates a database that is dropped after the test.
func NewDatabase(t testing.TB) *Database {
	t.Helper()
	s := Start(t)
	db := &Database{*s, fmt.Sprintf("t%d", databases.Add(1))}
	admin := &Database{*s, "postgres"}
	admin.Exec(t, "CREATE DATABASE "+db.Name)
	t.Cleanup(func() {
		c := admin.Connect(t)
		defer c.Close(context.Background())
		if _, err := c.Exec(context.Background(), "DROP DATABASE "+db.Name+" WITH (FORCE)").ReadAll(); err != nil {
			t.Errorf("pgtest: %v", err)
		}
	})
	return db
}

// URL returns the pgx connection string.
func (d *Database) URL() string {
	quote := strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace
	return fmt.Sprintf("host=%s port=%d user=%s password='%s' dbname=%s sslmode=disable", d.Host, d.Port, d.User, quote(d.Password), d.Name)
}

// JDBC returns the JDBC URL, without credentials.
func (d *Database) JDBC() string {
	return fmt.Sprintf("jdbc:postgresql://%s:%d/%s", d.Host, d.Port, d.Name)
}

func (d *Database) connect() (*pgconn.PgConn, error) {
	return pgconn.Connect(context.Background(), d.URL())
}

// Connect returns a connection that the caller closes, or the end of the test does.
func (d *Database) Connect(t testing.TB) *pgconn.PgConn {
	t.Helper()
	c, err := d.connect()
	if err != nil {
		t.Fatalf("pgtest: %v", err)
	}
	t.Cleanup(func() { _ = c.Close(context.Background()) })
	return c
}

// Exec runs statements on a connection of their own.
func (d *Database) Exec(t testing.TB, sql string) {
	t.Helper()
	c := d.Connect(t)
	defer c.Close(context.Background())
	if _, err := c.Exec(context.Background(), sql).ReadAll(); err != nil {
		t.Fatalf("pgtest: %v\n%s", err, sql)
	}
}

// Query returns the rows of a query in text form, columns joined by |, nulls as NULL.
func (d *Database) Query(t testing.TB, sql string) []string {
	t.Helper()
	c := d.Connect(t)
	defer c.Close(context.Background())
	r := c.ExecParams(context.Background(), sql, nil, nil, nil, nil).Read()
	if r.Err != nil {
		t.Fatalf("pgtest: %v\n%s", r.Err, sql)
	}
	out := []string{}
	for _, row := range r.Rows {
		cols := make([]string, len(row))
		for i, b := range row {
			cols[i] = string(b)
			if b == nil {
				cols[i] = "NULL"
			}
		}
		out = append(out, strings.Join(cols, "|"))
	}
	return out
}
