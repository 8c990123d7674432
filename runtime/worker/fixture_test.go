package worker

import (
	"context"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
	"go.uber.org/goleak"

	"github.com/kurier-io/kurier/broker/brokertest"
	"github.com/kurier-io/kurier/converters/rawconv"
	"github.com/kurier-io/kurier/plugins/host"
	"github.com/kurier-io/kurier/plugins/plugintest"
	"github.com/kurier-io/kurier/plugins/registry"
	"github.com/kurier-io/kurier/plugins/serve"
	"github.com/kurier-io/kurier/plugins/wire"
	"github.com/kurier-io/kurier/runtime/assign"
	"github.com/kurier-io/kurier/runtime/kafka"
	"github.com/kurier-io/kurier/runtime/settings"
	"github.com/kurier-io/kurier/runtime/store"
)

func TestMain(m *testing.M) {
	h := wire.Handshake()
	if os.Getenv(h.MagicCookieKey) == h.MagicCookieValue {
		serve.Main(testPlugin())
	}
	goleak.VerifyTestMain(m)
}

// statuses keeps what a worker tells.
type statuses struct {
	mu    sync.Mutex
	tasks map[assign.TaskID][]store.State
	trace string
}

func (s *statuses) Connector(string, store.State, string) {}
func (s *statuses) Topic(assign.TaskID, string)           {}
func (s *statuses) Reconfigure(string)                    {}
func (s *statuses) Task(id assign.TaskID, st store.State, trace string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tasks[id] = append(s.tasks[id], st)
	if trace != "" {
		s.trace = trace
	}
}

func (s *statuses) of(n int) ([]store.State, string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]store.State(nil), s.tasks[assign.TaskID{Connector: "c", Task: n}]...), s.trace
}

// A fixture is a worker on a broker of its own.
type fixture struct {
	t        *testing.T
	w        *Worker
	host     *host.Host
	statuses *statuses
	offsets  *store.Offsets
	kafka    *kgo.Client
	dir      string
}

func newFixture(t *testing.T, partitions int32) *fixture {
	t.Helper()
	f := &fixture{t: t, dir: t.TempDir(), statuses: &statuses{tasks: map[assign.TaskID][]store.State{}}}
	c := brokertest.New(t)
	log := slog.New(slog.NewTextHandler(t.Output(), nil))
	s, err := settings.ParseStandalone(map[string]string{
		"bootstrap.servers": c.Addr(), "offset.storage.file.filename": "unused", "offset.flush.interval.ms": "100",
		"key.converter": "org.apache.kafka.connect.storage.StringConverter", "value.converter": "org.apache.kafka.connect.storage.StringConverter",
	})
	if err != nil {
		t.Fatal(err)
	}
	sockets, err := os.MkdirTemp("", "kw")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(sockets) })
	if f.host, err = host.New(host.Config{Logger: log, TempDir: sockets, StartTimeout: 30 * time.Second}); err != nil {
		t.Fatal(err)
	}
	reg := registry.New()
	if err := reg.Add(append(rawconv.Register(), f.host.AddBundled(host.Bundled{Command: plugintest.Self(t), Plugin: testPlugin()})...)...); err != nil {
		t.Fatal(err)
	}
	f.offsets = store.NewOffsets(store.NewMemoryLog(), nil)
	if err := f.offsets.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	policy, err := kafka.ParseOverridePolicy("All", nil)
	if err != nil {
		t.Fatal(err)
	}
	f.w = New(Config{
		Settings: s, Registry: reg, Host: f.host, Clients: &kafka.Clients{Worker: s}, Offsets: f.offsets, Policy: policy,
		Statuses: f.statuses, Connectors: f.statuses, Logger: log,
	})
	if f.kafka, err = kgo.NewClient(kgo.SeedBrokers(c.Addr()), kgo.ConsumeTopics("numbers"), kgo.RecordPartitioner(kgo.ManualPartitioner())); err != nil {
		t.Fatal(err)
	}
	if _, err := kadm.NewClient(f.kafka).CreateTopic(t.Context(), partitions, 1, nil, "numbers"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		f.stop(0, 1)
		f.kafka.Close()
		if err := f.host.Close(); err != nil {
			t.Error(err)
		}
	})
	return f
}

func (f *fixture) start(task int, class string, props map[string]string) {
	all := map[string]string{"name": "c", "connector.class": class, "topics": "numbers", "dir": f.dir, "tasks.max": "2"}
	maps.Copy(all, props)
	f.w.StartTask(TaskStart{ID: assign.TaskID{Connector: "c", Task: task}, Connector: all, Props: all, Target: store.Started, Count: 2})
}

func (f *fixture) stop(tasks ...int) {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	for _, n := range tasks {
		f.w.StopTasks(ctx, assign.TaskID{Connector: "c", Task: n})
	}
}

func (f *fixture) eventually(what string, ok func() bool) {
	f.t.Helper()
	for deadline := time.Now().Add(10 * time.Second); !ok(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			states, trace := f.statuses.of(0)
			f.t.Fatalf("%s: not in time; states %v, trace %s", what, states, trace)
		}
	}
}

func (f *fixture) awaitState(task int, want store.State) {
	f.t.Helper()
	f.eventually("state "+string(want), func() bool {
		s, _ := f.statuses.of(task)
		return len(s) > 0 && s[len(s)-1] == want
	})
}

func (f *fixture) write(name, text string) {
	f.t.Helper()
	if err := os.WriteFile(filepath.Join(f.dir, name), []byte(text), 0o600); err != nil {
		f.t.Fatal(err)
	}
}

func (f *fixture) read(name string) string {
	b, _ := os.ReadFile(filepath.Join(f.dir, name)) // none yet: empty
	return string(b)
}

func (f *fixture) produce(partition int32, values ...string) {
	f.t.Helper()
	for _, v := range values {
		if err := f.kafka.ProduceSync(f.t.Context(), &kgo.Record{Topic: "numbers", Partition: partition, Value: []byte(v)}).FirstErr(); err != nil {
			f.t.Fatal(err)
		}
	}
}

// committed is the sink group's offset; -1: none.
func (f *fixture) committed(partition int32) int64 {
	f.t.Helper()
	all, err := kadm.NewClient(f.kafka).FetchOffsets(f.t.Context(), "connect-c")
	if err != nil {
		return -1
	}
	if o, ok := all.Lookup("numbers", partition); ok {
		return o.At
	}
	return -1
}

// stored is the source's offset; 0: none.
func (f *fixture) stored() int64 {
	f.t.Helper()
	got, err := f.offsets.Get(f.t.Context(), "c", counted)
	if err != nil {
		f.t.Fatal(err)
	}
	n, _ := got[0]["n"].(int64)
	return n
}

func (f *fixture) kill() {
	f.t.Helper()
	p, err := os.FindProcess(f.host.PIDs()["c"])
	if err == nil {
		err = p.Kill()
	}
	if err != nil {
		f.t.Fatal(err)
	}
}

const testPatience = 10 * time.Second

func (f *fixture) remove(name string) {
	f.t.Helper()
	if err := os.Remove(filepath.Join(f.dir, name)); err != nil {
		f.t.Fatal(err)
	}
}

func count(text, part string) int { return strings.Count(text, part) }
