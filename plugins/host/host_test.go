package host_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/kurier-io/kurier/plugins/connect"
	"github.com/kurier-io/kurier/plugins/data"
	"github.com/kurier-io/kurier/plugins/host"
	"github.com/kurier-io/kurier/plugins/plugintest"
	"github.com/kurier-io/kurier/plugins/registry"
)

const (
	genClass   = "test.GenSourceConnector"
	actAsEnv   = "KURIER_HOST_TEST_ACT_AS_WORKER"
	batchSize  = 1000
	secretsEnv = "KURIER_HOST_TEST_SECRET"
)

func TestMain(m *testing.M) {
	if os.Getenv(actAsEnv) != "" {
		actAsWorker()
	}
	plugintest.Main(m, genPlugin())
}

type genSettings struct {
	Topic string `config:"topic" default:"gen" doc:"Topic."`
	Fail  string `config:"fail" default:"" doc:"How to misbehave."`
}

func genPlugin() registry.Plugin {
	return registry.Plugin{Name: "gen", Version: "1", Entries: []registry.Entry{
		registry.Source[genSettings](genClass, connect.NewSingle, func() connect.SourceTask { return &genTask{} }),
	}}
}

// genTask returns the same batch again and again: what it costs is the road, not the source.
type genTask struct {
	recs []connect.SourceRecord
	fail string
}

func (g *genTask) Start(_ context.Context, tc connect.SourceTaskContext, props connect.Props) error {
	g.fail = props["fail"]
	if g.fail == "start" {
		return connect.ConfigErr("fail", "told to", "do not")
	}
	if g.fail == "env" {
		return errors.New("env: " + os.Getenv(secretsEnv))
	}
	b := data.StructOf().Name("row").Field("id", data.Of(data.Int64).MustBuild())
	for i := range 9 {
		b.Field(fmt.Sprintf("c%d", i), data.Of(data.String).Optional().MustBuild())
	}
	s := b.MustBuild()
	enc := data.NewRowEncoder(s)
	rows := make([]data.EncodedStruct, batchSize)
	g.recs = make([]connect.SourceRecord, batchSize)
	for i := range g.recs {
		enc.Begin()
		enc.Uint64(uint64(i))
		for range 9 {
			enc.Bytes([]byte("twenty characters ok"))
		}
		enc.End(&rows[i])
		g.recs[i].Topic, g.recs[i].ValueSchema, g.recs[i].Value = "gen", s, data.EncodedValue(&rows[i])
	}
	g.recs[batchSize-1].SourcePartition, g.recs[batchSize-1].SourceOffset = map[string]any{"gen": true}, map[string]any{"n": int64(1)}
	tc.Log().Info("generating")
	return nil
}

func (g *genTask) Poll(context.Context) ([]connect.SourceRecord, error) {
	if g.fail == "panic" {
		panic("told to")
	}
	return g.recs, nil
}

func (g *genTask) Stop(context.Context) error { return nil }

type noOffsets struct{}

func (noOffsets) Offsets(_ context.Context, p []map[string]any) ([]map[string]any, error) {
	return make([]map[string]any, len(p)), nil
}
func (noOffsets) PollFailed(error) {}

func start(tb testing.TB, p *host.Process, props map[string]string) (*host.SourceTask, error) {
	tb.Helper()
	return p.StartSourceTask(tb.Context(), host.TaskSpec{Class: genClass, Connector: "gen", Props: props}, noOffsets{})
}

func TestErrorsOfATaskArriveWithTheirKind(t *testing.T) {
	p := plugintest.Subprocess(t, genPlugin())
	_, err := start(t, p, map[string]string{"fail": "start"})
	if e, ok := errors.AsType[*connect.ConfigError](err); !ok || e.Key != "fail" || e.Fix != "do not" {
		t.Errorf("Start: %v", err)
	}
	task, err := start(t, p, map[string]string{"fail": "panic"})
	if err != nil {
		t.Fatal(err)
	}
	_, err = task.Recv(t.Context())
	if err == nil || !strings.Contains(err.Error(), "panic: told to") || !strings.Contains(err.Error(), "genTask") {
		t.Errorf("Poll: %v", err)
	}
	task.Close(t.Context())
	if again, err := start(t, p, nil); err != nil {
		t.Errorf("the panic of one task has hurt another: %v", err)
	} else if err := again.Stop(t.Context()); err != nil {
		t.Errorf("Stop: %v", err)
	} else {
		again.Close(t.Context())
	}
}

func TestTheEnvironmentOfTheWorkerStaysThere(t *testing.T) {
	t.Setenv(secretsEnv, "hunter2")
	p := plugintest.Subprocess(t, genPlugin())
	_, err := start(t, p, map[string]string{"fail": "env"})
	if err == nil || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("got %v", err)
	}
}

func TestAPluginThatDiesIsNoticedAndReplaced(t *testing.T) {
	h, err := host.New(host.Config{Logger: slog.New(slog.NewTextHandler(t.Output(), nil))})
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	h.AddBundled(host.Bundled{Command: plugintest.Self(t), Plugin: genPlugin()})
	first, err := h.Acquire(t.Context(), "c", genClass)
	if err != nil {
		t.Fatal(err)
	}
	if shared, err := h.Acquire(t.Context(), "c", genClass); err != nil || shared != first {
		t.Fatalf("a second user of a connector got another process: %v", err)
	}
	other, err := h.Acquire(t.Context(), "d", genClass)
	if err != nil || other == first {
		t.Fatalf("two connectors share a process: %v", err)
	}
	task, err := start(t, first, nil)
	if err != nil {
		t.Fatal(err)
	}
	proc, _ := os.FindProcess(first.PID())
	if err := proc.Kill(); err != nil {
		t.Fatal(err)
	}
	for {
		b, err := task.Recv(t.Context())
		if err == nil {
			_ = task.Release(b)
			continue
		}
		if !errors.Is(err, connect.ErrPluginGone) {
			t.Errorf("got %v", err)
		}
		break
	}
	<-first.Done()
	task.Close(t.Context())
	again, err := h.Acquire(t.Context(), "c", genClass)
	if err != nil || again.PID() == first.PID() {
		t.Fatalf("no new process: %v", err)
	}
	first.Release()
	first.Release()
	again.Release()
	other.Release()
	if pids := h.PIDs(); len(pids) != 0 {
		t.Errorf("still running: %v", pids)
	}
}

// actAsWorker starts a plugin, prints its pid and waits to be killed.
func actAsWorker() {
	exe, err := os.Executable()
	if err == nil {
		var h *host.Host
		if h, err = host.New(host.Config{}); err == nil {
			h.AddBundled(host.Bundled{Command: host.Command{Name: "gen", Path: exe}, Plugin: genPlugin()})
			var p *host.Process
			if p, err = h.Acquire(context.Background(), "c", genClass); err == nil {
				fmt.Println(p.PID())
				select {}
			}
		}
	}
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

func TestKillingTheWorkerLeavesNoOrphan(t *testing.T) {
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	worker := exec.Command(exe)
	temp, err := os.MkdirTemp("", "kt")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(temp)
	worker.Env = append(os.Environ(), actAsEnv+"=1", "TMPDIR="+temp)
	out, err := worker.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := worker.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(line))
	if err != nil {
		t.Fatal(err)
	}
	if !alive(pid) {
		t.Fatal("the plugin does not run")
	}
	_ = worker.Process.Kill()
	_ = worker.Wait()
	for deadline := time.Now().Add(10 * time.Second); alive(pid); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("plugin %d has outlived its worker", pid)
		}
	}
	// What it left behind goes away with the next worker's start, and that leaves nothing.
	h, err := host.New(host.Config{TempDir: temp})
	if err != nil {
		t.Fatal(err)
	}
	if err := h.Close(); err != nil {
		t.Fatal(err)
	}
	if rest, err := os.ReadDir(temp); err != nil || len(rest) != 0 {
		t.Errorf("left in the folder of sockets: %v %v", rest, err)
	}
}

func BenchmarkProcessBoundary(b *testing.B) {
	p := plugintest.Subprocess(b, genPlugin())
	task, err := start(b, p, nil)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		batch, err := task.Recv(b.Context())
		if err != nil {
			b.Fatal(err)
		}
		n += len(batch.Records)
		if err := task.Release(batch); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "records/s")
	if err := task.Stop(b.Context()); err != nil {
		b.Fatal(err)
	}
	task.Close(b.Context())
}
