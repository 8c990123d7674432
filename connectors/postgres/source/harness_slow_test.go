//go:build slow

package source

import (
	"context"
	"encoding/json"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kurier-io/kurier/connectors/postgres/pgtest"
	"github.com/kurier-io/kurier/plugins/connect"
	"github.com/kurier-io/kurier/plugins/data"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// world stands for the worker: offsets by partition, and a log.
type world struct {
	t       testing.TB
	offsets map[string]map[string]any
	mu      sync.Mutex
	log     strings.Builder
}

func newWorld(t testing.TB) *world { return &world{t: t, offsets: map[string]map[string]any{}} }

func (w *world) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.log.Write(p)
}

func (w *world) logged() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.log.String()
}

func (w *world) Log() *slog.Logger { return slog.New(slog.NewTextHandler(w, nil)) }

func (w *world) Offsets(_ context.Context, ps []map[string]any) ([]map[string]any, error) {
	out := make([]map[string]any, len(ps))
	for i, p := range ps {
		out[i] = w.offsets[key(p)]
	}
	return out, nil
}

func key(m map[string]any) string {
	b, err := json.Marshal(m)
	if err != nil {
		panic(err)
	}
	return string(b)
}

// commit stores the offsets of records, through JSON as the offset topic does.
func (w *world) commit(recs []row) {
	for _, r := range recs {
		if r.partition == "" || r.offset == "null" {
			continue
		}
		var m map[string]any
		if err := json.Unmarshal([]byte(r.offset), &m); err != nil {
			w.t.Fatal(err)
		}
		w.offsets[r.partition] = m
	}
}

// row is a record in comparable form.
type row struct {
	topic, value, partition, offset string
	schema                          *data.Schema
	v                               data.Value
}

func rowsOf(recs []connect.SourceRecord) []row {
	out := make([]row, len(recs))
	for i, r := range recs {
		out[i] = row{topic: r.Topic, value: r.Value.Struct().String(), schema: r.ValueSchema, v: r.Value.Clone(), offset: key(r.SourceOffset)}
		if r.SourcePartition != nil {
			out[i].partition = key(r.SourcePartition)
		}
	}
	return out
}

func props(db *pgtest.Database, kv ...string) connect.Props {
	p := connect.Props{
		"name": "c", "connection.url": db.JDBC(), "connection.user": db.User, "connection.password": db.Password, "topic.prefix": "p-",
		"poll.interval.ms": "50", "poll.linger.ms": "300", "connection.backoff.ms": "100",
	}
	for i := 0; i < len(kv); i += 2 {
		p[kv[i]] = kv[i+1]
	}
	return p
}

func (w *world) start(p connect.Props) (connect.SourceTask, error) {
	task := NewTask()
	err := task.Start(context.Background(), w, p)
	if err == nil {
		w.t.Cleanup(func() { _ = task.Stop(context.Background()) })
	}
	return task, err
}

func (w *world) mustStart(p connect.Props) connect.SourceTask {
	w.t.Helper()
	task, err := w.start(p)
	if err != nil {
		w.t.Fatal(err)
	}
	return task
}

func stop(t testing.TB, task connect.SourceTask) {
	t.Helper()
	if err := task.Stop(context.Background()); err != nil {
		t.Fatal(err)
	}
}

// poll returns the first batch that is not empty, or nothing after a second.
func poll(t testing.TB, task connect.SourceTask) []row {
	t.Helper()
	for end := time.Now().Add(time.Second); time.Now().Before(end); {
		recs, err := task.Poll(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		if len(recs) > 0 {
			return rowsOf(recs)
		}
	}
	return nil
}

// drain polls until n rows have come, or nothing more comes.
func drain(t testing.TB, task connect.SourceTask, n int) []row {
	t.Helper()
	var all []row
	for len(all) < n {
		got := poll(t, task)
		if got == nil {
			break
		}
		all = append(all, got...)
	}
	return all
}

func values(rs []row) string {
	out := make([]string, len(rs))
	for i, r := range rs {
		out[i] = r.value
	}
	return strings.Join(out, " ")
}
