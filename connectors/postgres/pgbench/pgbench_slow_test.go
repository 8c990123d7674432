//go:build slow

package pgbench

import (
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/kurier-io/kurier/connectors/postgres/cluster"
	"github.com/kurier-io/kurier/connectors/postgres/sink"
	"github.com/kurier-io/kurier/plugins/connect"
	"github.com/kurier-io/kurier/plugins/data"
)

const rows = 7000 // two batches and a part of a third

func open(t *testing.T) *Database {
	dir, err := os.MkdirTemp("", "pgbench-") // t.TempDir's parents are closed to the server's user
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o711); err != nil {
		t.Fatal(err)
	}
	d, err := Open(t.Context(), filepath.Join(dir, "server"))
	if errors.Is(err, cluster.ErrMissing) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
	return d
}

func TestTheLoopCopiesTheTable(t *testing.T) {
	d := open(t)
	if err := d.Fill(t.Context(), rows); err != nil {
		t.Fatal(err)
	}
	if err := d.Drain(t.Context()); err != nil {
		t.Error(err)
	}
	if n, err := d.Differing(t.Context()); n != rows || err != nil {
		t.Errorf("an empty copy lacks %d rows, %v", n, err)
	}
	if err := d.Prepare(t.Context(), rows, 3000); err != nil {
		t.Fatal(err)
	}
	for range 2 { // inserting, then updating
		if err := d.Loop(t.Context()); err != nil {
			t.Fatal(err)
		}
		if n, err := d.Reached(t.Context()); n != rows || err != nil {
			t.Errorf("reached %d, %v", n, err)
		}
		if n, err := d.Differing(t.Context()); n != 0 || err != nil {
			t.Errorf("%d rows differ, %v", n, err)
		}
	}
	if err := d.Empty(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n, err := d.Reached(t.Context()); n != 0 || err != nil {
		t.Errorf("reached %d in an empty table, %v", n, err)
	}
}

type taskContext struct{}

func (taskContext) RequestCommit()    {}
func (taskContext) Log() *slog.Logger { return slog.New(slog.DiscardHandler) }

// The yardstick means something only as long as it runs the connector's own statement: a lock stops the connector in it, so that it shows.
func TestTheLoopRunsTheSinksStatement(t *testing.T) {
	d := open(t)
	if err := d.exec(t.Context(), "BEGIN", "LOCK TABLE "+targetTable+" IN SHARE MODE"); err != nil {
		t.Fatal(err)
	}
	task := sink.NewTask()
	if err := task.Start(t.Context(), taskContext{}, d.SinkConfig("any")); err != nil {
		t.Fatal(err)
	}
	defer task.Stop(t.Context())
	put := make(chan error, 1)
	go func() { put <- task.Put(t.Context(), []connect.SinkRecord{record()}) }()
	var seen []string
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end) && !slices.Contains(seen, Statement()); time.Sleep(10 * time.Millisecond) {
		seen = running(t, d)
	}
	if !slices.Contains(seen, Statement()) {
		t.Errorf("the sink runs\n%q\nand the loop\n%s", seen, Statement())
	}
	if err := d.exec(t.Context(), "COMMIT"); err != nil {
		t.Fatal(err)
	}
	if err := <-put; err != nil {
		t.Error(err)
	}
}

// running returns the statements of other sessions that are not idle.
func running(t *testing.T, d *Database) []string {
	if err := d.exec(t.Context(), "SELECT pg_stat_clear_snapshot()"); err != nil { // inside a transaction the view stands still
		t.Fatal(err)
	}
	r := d.conn.ExecParams(t.Context(), "SELECT query FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND state <> 'idle'", nil, nil, nil, nil).Read()
	if r.Err != nil {
		t.Fatal(r.Err)
	}
	var out []string
	for _, row := range r.Rows {
		out = append(out, string(row[0]))
	}
	return out
}

// record has the schema that the source connector gives the table.
func record() connect.SinkRecord {
	b := data.StructOf()
	var values []data.Value
	for _, c := range []struct {
		name   string
		schema *data.Builder
		value  data.Value
	}{
		{"id", data.Of(data.Int64), data.Int64Value(1)},
		{"a", data.Of(data.Int32).Optional(), data.Int32Value(2)},
		{"b", data.Of(data.Int64).Optional(), data.Int64Value(3)},
		{"price", data.DecimalOf(2).Optional(), data.Value{}},
		{"ratio", data.Of(data.Float64).Optional(), data.Float64Value(0.5)},
		{"ok", data.Of(data.Boolean).Optional(), data.BoolValue(true)},
		{"created", data.TimestampOf().Optional(), data.TimestampValue(0)},
		{"u", data.Of(data.String).Optional(), data.StringValue("u")},
		{"name", data.Of(data.String).Optional(), data.StringValue("n")},
		{"note", data.Of(data.String).Optional(), data.StringValue("x")},
	} {
		b.Field(c.name, c.schema.MustBuild())
		values = append(values, c.value)
	}
	s := b.MustBuild()
	return connect.SinkRecord{Record: connect.Record{Topic: "any", ValueSchema: s, Value: data.StructValue(data.StructOn(s, values))}}
}
