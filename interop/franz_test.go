//go:build interop

package interop

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestFranzGo runs the tests of franz-go's own client against our broker.
func TestFranzGo(t *testing.T) {
	t.Parallel()
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}} {{.Version}}", "github.com/twmb/franz-go").Output()
	if err != nil {
		t.Fatalf("finding franz-go: %v", err)
	}
	dir, version, _ := strings.Cut(strings.TrimSpace(string(out)), " ")
	c := client{"franz-go (its own tests)", version}
	b := startBroker(t)
	cmd := exec.Command("go", "test", "-json", "-count=1", "-timeout", "380s", ".")
	cmd.Dir = filepath.Join(dir, "pkg", "kgo")
	cmd.Env = append(os.Environ(), "KGO_SEEDS="+b.addr, "KGO_TEST_RF=1", "KGO_TEST_RECORDS=10000", "KGO_LOG_LEVEL=none", "GOFLAGS=-mod=mod")
	o := runProcess(t, 7*time.Minute, "", cmd)
	outputs := map[string]*strings.Builder{}
	top := 0
	for line := range strings.Lines(o.stdout) {
		var event struct{ Action, Test, Output string }
		if json.Unmarshal([]byte(line), &event) != nil {
			continue
		}
		name, _, sub := strings.Cut(event.Test, "/")
		if outputs[name] == nil {
			outputs[name] = &strings.Builder{}
		}
		outputs[name].WriteString(event.Output)
		if name == "" || sub {
			continue
		}
		switch event.Action {
		case "pass":
			c.check(t, name, func(*testing.T) {})
			top++
		case "skip":
			c.check(t, name, func(t *testing.T) { t.Skip(tail(outputs[name].String(), 3)) })
		case "fail":
			c.check(t, name, func(t *testing.T) { t.Error(tail(outputs[name].String(), 20)) })
		}
	}
	if top < 100 || o.code != 0 && !t.Failed() {
		c.check(t, "runs to its end", func(t *testing.T) {
			t.Errorf("%d tests passed, exit %d: %s%s", top, o.code, tail(o.stderr, 10), tail(outputs[""].String(), 10))
		})
	}
}
