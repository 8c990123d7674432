package file

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kurier-io/kurier/plugins/connect"
	"github.com/kurier-io/kurier/plugins/data"
	"github.com/kurier-io/kurier/plugins/plugintest"
)

func TestMain(m *testing.M) { plugintest.Main(m, Plugin("test")) }

func TestSourceConformance(t *testing.T) {
	var path string
	var fed int
	plugintest.Source(t, Plugin("test"), plugintest.SourceCase{
		Class: SourceClass, Required: "topic",
		Props: func(t *testing.T) map[string]string {
			path, fed = filepath.Join(t.TempDir(), "in.txt"), 0
			return map[string]string{"file": path, "topic": "lines"}
		},
		Feed: func(t *testing.T, n int) {
			f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			for range n {
				fmt.Fprintf(f, "line %d häßlich\n", fed)
				fed++
			}
		},
	})
}

func TestSinkConformance(t *testing.T) {
	var path string
	plugintest.Sink(t, Plugin("test"), plugintest.SinkCase{
		Class: SinkClass, Required: "file",
		Props: func(t *testing.T) map[string]string {
			path = filepath.Join(t.TempDir(), "out.txt")
			return map[string]string{"file": path}
		},
		Record: func(i int) connect.Record {
			return connect.Record{ValueSchema: data.Of(data.String).MustBuild(), Value: data.StringValue(fmt.Sprintf("value %d", i))}
		},
		Delivered: func(t *testing.T) int {
			b, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			return bytes.Count(b, []byte("\n"))
		},
	})
}

type taskContext struct{ offset map[string]any }

func (c taskContext) Offsets(context.Context, []map[string]any) ([]map[string]any, error) {
	return []map[string]any{c.offset}, nil
}
func (taskContext) Log() *slog.Logger { return slog.New(slog.DiscardHandler) }

func pollAll(t *testing.T, task *sourceTask, want int) []string {
	t.Helper()
	var got []string
	for range 10 {
		recs, err := task.Poll(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range recs {
			got = append(got, r.Value.Clone().Str())
		}
		if len(got) >= want {
			break
		}
	}
	return got
}

func TestOnlyTerminatedLinesAreRead(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f")
	write := func(s string) {
		f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		if _, err := f.WriteString(s); err != nil {
			t.Fatal(err)
		}
	}
	write("a\nb\r\nc\rd\n\nhalf")
	task := &sourceTask{}
	if err := task.Start(t.Context(), taskContext{}, connect.Props{"file": path, "topic": "t"}); err != nil {
		t.Fatal(err)
	}
	defer task.Stop(t.Context())
	if d := cmp.Diff([]string{"a", "b", "c", "d", ""}, pollAll(t, task, 5)); d != "" {
		t.Error(d)
	}
	write(" done\n")
	if d := cmp.Diff([]string{"half done"}, pollAll(t, task, 1)); d != "" {
		t.Error(d)
	}
	if err := os.Truncate(path, 0); err != nil {
		t.Fatal(err)
	}
	write("new\n")
	if d := cmp.Diff([]string{"new"}, pollAll(t, task, 1)); d != "" {
		t.Errorf("after truncation: %s", d)
	}
}

func TestLinesLongerThanAReadAndManyShortOnes(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f")
	long := bytes.Repeat([]byte("x"), 3*readSize)
	content := append(append([]byte{}, long...), '\n')
	for i := range 20_000 {
		content = fmt.Appendf(content, "short line number %d\n", i)
	}
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	task := &sourceTask{}
	if err := task.Start(t.Context(), taskContext{map[string]any{positionKey: int64(0)}}, connect.Props{"file": path, "topic": "t", "batch.size": "5000"}); err != nil {
		t.Fatal(err)
	}
	defer task.Stop(t.Context())
	got := pollAll(t, task, 20_001)
	if len(got) != 20_001 || len(got[0]) != len(long) || got[20_000] != "short line number 19999" {
		t.Errorf("%d lines, first of %d bytes", len(got), len(got[0]))
	}
	if task.pos != int64(len(content)) {
		t.Errorf("position %d, file has %d bytes", task.pos, len(content))
	}
}
