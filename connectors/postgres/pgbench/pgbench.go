// Package pgbench is the PostgreSQL side of `kurier bench`: a throw-away server, a table to read, one to write, and the yardsticks that use neither
// connector nor topic.
package pgbench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/kurier-io/kurier/connectors/postgres/cluster"
)

// columns are the table's: ten, of the types that tables are made of, about 200 bytes a row.
var columns = []struct{ name, sqlType, value string }{
	{"id", "bigint", "i"},
	{"a", "integer", "i % 1000"},
	{"b", "bigint", "i * 7"},
	{"price", "numeric(12,2)", "(i % 1000000) / 100.0"},
	{"ratio", "double precision", "i / 3.0"},
	{"ok", "boolean", "i % 2 = 0"},
	{"created", "timestamp", "timestamp '2024-01-01' + i * interval '1 second'"},
	{"u", "text", "md5(i::text)"},
	{"name", "text", "'name-' || i"},
	{"note", "text", "repeat('x', 80)"},
}

const (
	sourceTable = "bench"
	targetTable = "bench_copy"
)

// A Database is a server with the two tables. Its methods are called from one goroutine at a time.
type Database struct {
	server *cluster.Cluster
	conn   *pgconn.PgConn
	batch  int
	params [][][]byte // of the bare loop: batches of columns, encoded
}

// Open starts a server in dir. An error with cluster.ErrMissing in its chain says that there is none to start.
func Open(ctx context.Context, dir string) (_ *Database, err error) {
	s, err := cluster.Start(ctx, dir, "shared_buffers=256MB", "max_wal_size=8GB", "track_activity_query_size=16384", "autovacuum=off")
	if err != nil {
		return nil, err
	}
	d := &Database{server: s}
	defer func() {
		if err != nil {
			err = errors.Join(err, d.Close())
		}
	}()
	if d.conn, err = pgconn.Connect(ctx, s.URL()); err != nil {
		return nil, err
	}
	return d, d.exec(ctx, create(sourceTable), create(targetTable))
}

func create(table string) string {
	cols := make([]string, len(columns))
	for i, c := range columns {
		cols[i] = c.name + " " + c.sqlType
		if i == 0 {
			cols[i] += " PRIMARY KEY"
		}
	}
	return "CREATE TABLE " + table + "(" + strings.Join(cols, ",") + ")"
}

// Close stops the server.
func (d *Database) Close() error {
	if d.conn != nil {
		_ = d.conn.Close(context.Background()) // The server ends now anyway.
	}
	return d.server.Stop()
}

// Version is the server's major version.
func (d *Database) Version() int { return d.server.Version }

func (d *Database) exec(ctx context.Context, sql ...string) error {
	for _, s := range sql {
		if _, err := d.conn.Exec(ctx, s).ReadAll(); err != nil {
			return fmt.Errorf("%w\n%s", err, s)
		}
	}
	return nil
}

func (d *Database) connection() map[string]string {
	return map[string]string{
		"connection.url":      fmt.Sprintf("jdbc:postgresql://%s:%d/postgres", d.server.Host, d.server.Port),
		"connection.user":     cluster.User,
		"connection.password": d.server.Password,
	}
}

// SourceConfig configures a connector that reads the source table once, and returns its topic too: JDBC source connectors append the table's name to
// the prefix.
func (d *Database) SourceConfig(prefix string) (config map[string]string, topic string) {
	c := d.connection()
	c["connector.class"] = "JdbcSourceConnector"
	c["mode"] = "bulk"
	c["table.whitelist"] = sourceTable
	c["topic.prefix"] = prefix
	c["poll.interval.ms"] = "86400000"
	return c, prefix + sourceTable
}

// Fill gives the source table so many rows, with ids from 1.
func (d *Database) Fill(ctx context.Context, rows int) error {
	values := make([]string, len(columns))
	for i, c := range columns {
		values[i] = c.value
	}
	return d.exec(ctx, "TRUNCATE "+sourceTable,
		fmt.Sprintf("INSERT INTO %s SELECT %s FROM generate_series(1, %d) i", sourceTable, strings.Join(values, ","), rows),
		"VACUUM (FREEZE, ANALYZE) "+sourceTable, "CHECKPOINT")
}

// Drain is the snapshot's yardstick: the source table as binary COPY on a connection of its own, thrown away.
func (d *Database) Drain(ctx context.Context) error {
	c, err := pgconn.Connect(ctx, d.server.URL())
	if err != nil {
		return err
	}
	_, err = c.CopyTo(ctx, io.Discard, "COPY "+sourceTable+" TO STDOUT (FORMAT binary)")
	return errors.Join(err, c.Close(ctx))
}
