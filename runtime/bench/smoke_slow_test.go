//go:build slow && !windows

package bench

import (
	"bufio"
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// kurier builds the binary.
func kurier(t *testing.T) string {
	t.Helper()
	bin := filepath.Join(t.TempDir(), "kurier")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", bin, "github.com/kurier-io/kurier/cmd/kurier").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return bin
}

// tempDir becomes TMPDIR, reachable for the user that PostgreSQL runs as.
func tempDir(t *testing.T) {
	t.Helper()
	dir, err := os.MkdirTemp("", "bench-smoke-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o711); err != nil {
		t.Fatal(err)
	}
	t.Setenv("TMPDIR", dir)
}

func TestAllPartsMeasureSomething(t *testing.T) {
	bin := kurier(t)
	tempDir(t)
	cmd := exec.CommandContext(t.Context(), bin, "bench", "--rows", "7000", "--rounds", "1", "-o", "json")
	errs := &strings.Builder{}
	cmd.Stderr = errs
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, errs)
	}
	var got struct {
		Lines []struct {
			Part, What, Skipped string
			Measured            []float64
		}
	}
	if err := json.Unmarshal(out, &got); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	seen := map[string]bool{}
	for _, l := range got.Lines {
		seen[l.Part] = true
		if l.Skipped != "" {
			if !strings.Contains(errs.String(), "NOT MEASURED") {
				t.Errorf("%s: %s was skipped silently: %s", l.Part, l.What, l.Skipped)
			}
			continue
		}
		if len(l.Measured) == 0 || l.Measured[0] <= 0 {
			t.Errorf("%s: %s measured %v", l.Part, l.What, l.Measured)
		}
	}
	for _, p := range Parts() {
		if !seen[p] {
			t.Errorf("no line about %s", p)
		}
	}
	nothingLeft(t)
}

// An interrupt in each stage ends every process, within the time that a person has patience for, and removes the files.
func TestInterruptCleansUp(t *testing.T) {
	bin := kurier(t)
	for _, stage := range []string{"start-up", "boundary,", "file,", "starting a throw-away", "snapshot,", "sink,"} {
		t.Run(stage, func(t *testing.T) {
			tempDir(t)
			only := map[byte]string{'s': "snapshot,sink", 'b': "boundary", 'f': "file"}[stage[0]]
			if stage == "start-up" {
				only = "startup"
			}
			cmd := exec.CommandContext(t.Context(), bin, "bench", "--rows", "50000", "--rounds", "50", "--only", only)
			if stage == "sink," {
				cmd = exec.CommandContext(t.Context(), bin, "bench", "--rows", "50000", "--rounds", "50", "--only", "sink")
			}
			pipe, err := cmd.StderrPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			all := &bytes.Buffer{}
			for s := bufio.NewScanner(pipe); s.Scan(); {
				all.Write(append(s.Bytes(), '\n'))
				if strings.HasPrefix(s.Text(), stage) {
					time.Sleep(50 * time.Millisecond) // into the midst of it
					if err := cmd.Process.Signal(syscall.SIGINT); err != nil {
						t.Fatal(err)
					}
				}
			}
			began := time.Now()
			if err := cmd.Wait(); err == nil {
				t.Errorf("it was not interrupted:\n%s", all)
			}
			if took := time.Since(began); took > 30*time.Second {
				t.Errorf("it took %v to end", took)
			}
			nothingLeft(t)
			if ps, err := exec.CommandContext(t.Context(), "ps", "-eo", "args").Output(); err == nil && bytes.Contains(ps, []byte(os.Getenv("TMPDIR"))) {
				t.Errorf("processes go on:\n%s", ps)
			}
		})
	}
}
