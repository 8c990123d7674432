//go:build slow

package source

import (
	"context"
	"net"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/kurier-io/kurier/connectors/postgres/pgtest"
	"github.com/kurier-io/kurier/plugins/config"
	"github.com/kurier-io/kurier/plugins/connect"
)

// errorsOf validates as the worker does and returns the messages by key.
func errorsOf(t *testing.T, p connect.Props) map[string]string {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	values, err := (&Connector{}).Validate(ctx, p, config.Of[Settings]().Validate(p))
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for _, v := range values {
		if len(v.Errors) > 1 {
			t.Errorf("%s has %d errors: %q", v.Name, len(v.Errors), v.Errors)
		}
		if len(v.Errors) > 0 {
			out[v.Name] = v.Errors[0]
		}
	}
	return out
}

func TestWrongSettingsAreNamedWithCauseAndFix(t *testing.T) {
	db := pgtest.NewDatabase(t)
	db.Exec(t, `CREATE TABLE t(id serial PRIMARY KEY, v text, n int); CREATE TABLE plain(v text); CREATE SCHEMA other; CREATE TABLE other.t(id int)`)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed := l.Addr().String()
	l.Close()
	good := []string{"mode", "incrementing", "schema.pattern", "public", "table.whitelist", "t", "connection.attempts", "1"}
	for name, c := range map[string]struct {
		kv   []string
		keys string // of Validate's errors
		text string // in both
		by   string // "task": only the task can tell
	}{
		"password":     {[]string{"connection.password", "s3cret"}, "connection.password connection.url connection.user", "refused the password", ""},
		"user":         {[]string{"connection.user", "nobody_here"}, "connection.password connection.url connection.user", "nobody_here", ""},
		"database":     {[]string{"connection.url", strings.Replace(db.JDBC(), db.Name, "nowhere", 1)}, "connection.url", `no database "nowhere"`, ""},
		"port":         {[]string{"connection.url", "jdbc:postgresql://" + closed + "/d"}, "connection.url", "cannot be reached", ""},
		"host":         {[]string{"connection.url", "jdbc:postgresql://no-such-host.invalid/d"}, "connection.url", "no-such-host.invalid", ""},
		"other engine": {[]string{"connection.url", "jdbc:mysql://h/d"}, "connection.url", "PostgreSQL only", ""},
		"table":        {[]string{"table.whitelist", "nope"}, "table.whitelist", "no table", ""},
		"column":       {[]string{"incrementing.column.name", "nope"}, "incrementing.column.name", `no column "nope"`, ""},
		"ts column":    {[]string{"mode", "timestamp", "timestamp.column.name", "nope"}, "timestamp.column.name", `no column "nope"`, ""},
		"mode":         {[]string{"mode", ""}, "mode", "must be specified", ""},
		"no ts column": {[]string{"mode", "timestamp"}, "timestamp.column.name", "needed in mode timestamp", ""},
		"query":        {[]string{"table.whitelist", "", "query", "UPDATE t SET v=1", "incrementing.column.name", "id"}, "query", "SELECT", ""},
		"bad query":    {[]string{"table.whitelist", "", "query", "SELECT nope FROM t", "incrementing.column.name", "id"}, "query", "nope", "validate"},
		"query+table":  {[]string{"query", "SELECT 1", "incrementing.column.name", "id"}, "query", "whole-table", ""},
		"two styles":   {[]string{"table.include.list", "t"}, "table.include.list table.whitelist", "one style", ""},
		"no serial":    {[]string{"table.whitelist", "plain"}, "", "no identity or serial column", "task"},
		"nullable":     {[]string{"incrementing.column.name", "n"}, "", "allows NULL", "task"},
	} {
		t.Run(name, func(t *testing.T) {
			p := props(db, append(append([]string{}, good...), c.kv...)...)
			got := errorsOf(t, p)
			for key, msg := range got {
				if !strings.Contains(c.keys, key) || !strings.Contains(msg, c.text) || strings.Contains(msg, "s3cret") {
					t.Errorf("%s: %s", key, msg)
				}
			}
			if want := len(strings.Fields(c.keys)); len(got) != want {
				t.Errorf("%d keys have errors, want %s", len(got), c.keys)
			}
			if c.by == "validate" {
				return
			}
			_, err := newWorld(t).start(p)
			if err == nil || !strings.Contains(err.Error(), c.text) || strings.Contains(err.Error(), "s3cret") {
				t.Errorf("Start: %v", err)
			}
		})
	}
	if got := errorsOf(t, props(db, good...)); len(got) != 0 {
		t.Errorf("good settings: %v", got)
	}
}

type connectorContext struct {
	*world
	asked chan struct{}
}

func (c connectorContext) RequestTaskReconfiguration() {
	select {
	case c.asked <- struct{}{}:
	default:
	}
}

func (c connectorContext) RaiseError(err error) { c.t.Error(err) }

func TestTablesAreDividedAndWatched(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	db := pgtest.NewDatabase(t)
	db.Exec(t, `CREATE TABLE orders(id int); CREATE TABLE "Orders"(id int); CREATE TABLE ord2(id int); CREATE TABLE x(id int); CREATE TABLE y(id int); CREATE VIEW v AS SELECT 1`)
	configs := func(kv ...string) ([]string, connect.Connector, connectorContext, error) {
		cc := connectorContext{newWorld(t), make(chan struct{}, 1)}
		c := NewConnector()
		if err := c.Start(context.Background(), cc, props(db, append([]string{"mode", "bulk", "table.poll.interval.ms", "20"}, kv...)...)); err != nil {
			t.Fatal(err)
		}
		ps, err := c.TaskConfigs(context.Background(), 2)
		var out []string
		for _, p := range ps {
			out = append(out, p["tables"]+" "+p["tables.fetched"])
		}
		return out, c, cc, err
	}
	done := func(c connect.Connector) {
		if err := c.Stop(context.Background()); err != nil {
			t.Fatal(err)
		}
	}
	got, c, cc, err := configs()
	if want := `"public"."Orders","public"."ord2","public"."orders" true|"public"."x","public"."y" true`; err != nil || strings.Join(got, "|") != want {
		t.Errorf("%q %v", got, err)
	}
	db.Exec(t, `CREATE TABLE z(id int)`)
	select {
	case <-cc.asked:
	case <-time.After(5 * time.Second):
		t.Error("a new table was not noticed")
	}
	done(c)
	if got, c, _, _ = configs("table.include.list", `public\.ord.*`, "table.exclude.list", `.*2`); len(got) != 1 || got[0] != `"public"."orders" true` {
		t.Errorf("%q", got)
	}
	done(c)
	if got, c, _, _ = configs("table.whitelist", "nope"); len(got) != 1 || got[0] != ` true` {
		t.Errorf("%q", got)
	}
	done(c)
	db.Exec(t, `CREATE SCHEMA b; CREATE TABLE b.x(id int)`)
	_, c, _, err = configs()
	if err == nil || !strings.Contains(err.Error(), "duplicate unqualified table names: b.x and public.x") {
		t.Errorf("%v", err)
	}
	done(c)
}
