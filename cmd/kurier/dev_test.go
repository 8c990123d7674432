//go:build unix

package main

import (
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

func fileSource(path string) map[string]string {
	return map[string]string{"connector.class": "FileStreamSource", "file": path, "topic": "lines", "tasks.max": "1"}
}

var fileSink = map[string]string{"connector.class": "org.apache.kafka.connect.file.FileStreamSinkConnector", "topics": "lines", "tasks.max": "1"}

func withFile(cfg map[string]string, path string) map[string]string {
	out := map[string]string{"file": path}
	for k, v := range cfg {
		out[k] = v
	}
	return out
}

func want(n int) []string {
	out := make([]string, n)
	for i := range out {
		out[i] = "line " + strconv.Itoa(i)
	}
	return out
}

func TestAFileTravelsThroughATopicIntoAFile(t *testing.T) {
	dir := t.TempDir()
	in, out := filepath.Join(dir, "in"), filepath.Join(dir, "out")
	appendLines(t, in, 0, 500)
	p := dev(t, filepath.Join(dir, "data"))
	p.post("src", fileSource(in))
	p.post("snk", withFile(fileSink, out))
	p.eventually("both to run", func() bool { return p.states("src") == "RUNNING RUNNING" && p.states("snk") == "RUNNING RUNNING" })
	got := values(t, p.kafka, "lines", 500)
	if !strings.Contains(got[499], `"payload":"line 499"`) {
		t.Errorf("last record %s", got[499])
	}
	// A file sink flushes when offsets are committed, which a restart does.
	p.eventually("all lines", func() bool {
		if code, body := p.call("POST", "/connectors/snk/tasks/0/restart", nil); code != 204 {
			t.Fatalf("restart: %d %s", code, body)
		}
		time.Sleep(100 * time.Millisecond)
		return len(lines(t, out)) == 500
	})
	if got := lines(t, out); !slices.Equal(got, want(500)) {
		t.Errorf("%d lines arrived", len(got))
	}
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if code := p.exit(); code != exitOK {
		t.Errorf("SIGTERM: exit %d", code)
	}
}

func TestStateSurvivesKill9(t *testing.T) {
	dir := t.TempDir()
	in, out, data := filepath.Join(dir, "in"), filepath.Join(dir, "out"), filepath.Join(dir, "data")
	appendLines(t, in, 0, 300)
	p := dev(t, data)
	p.post("src", fileSource(in))
	p.post("snk", withFile(fileSink, out))
	values(t, p.kafka, "lines", 300)
	p.kill()
	appendLines(t, in, 300, 600)
	p = dev(t, data)
	p.eventually("both to run again", func() bool { return p.states("src") == "RUNNING RUNNING" && p.states("snk") == "RUNNING RUNNING" })
	seen := func() map[string]bool {
		m := map[string]bool{}
		for _, l := range lines(t, out) {
			m[l] = true
		}
		return m
	}
	p.eventually("every line", func() bool {
		if len(seen()) < 600 {
			// A file sink flushes when offsets are committed; restarting commits.
			p.call("POST", "/connectors/snk/tasks/0/restart", nil)
			time.Sleep(200 * time.Millisecond)
		}
		return len(seen()) == 600
	})
}

func TestADeadPluginProcessIsReplaced(t *testing.T) {
	dir := t.TempDir()
	in := filepath.Join(dir, "in")
	appendLines(t, in, 0, 10)
	p := dev(t, filepath.Join(dir, "data"))
	p.post("src", fileSource(in))
	values(t, p.kafka, "lines", 10)
	pids := children(t, p.cmd.Process.Pid)
	if len(pids) != 1 {
		t.Fatalf("%d plugin processes, want one for the connector", len(pids))
	}
	if err := syscall.Kill(pids[0], syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	p.eventually("the status to show it", func() bool {
		_, body := p.call("GET", "/connectors/src/status", nil)
		return strings.Contains(body, "RESTARTING") && strings.Contains(body, "attempt 1 of")
	})
	p.eventually("the restart", func() bool { return p.states("src") == "RUNNING RUNNING" })
	appendLines(t, in, 10, 20)
	got := values(t, p.kafka, "lines", 20)
	if last := got[len(got)-1]; !strings.Contains(last, "line 19") {
		t.Errorf("last record %s", last)
	}
	p.kill()
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		alive := 0
		for _, pid := range pids {
			if syscall.Kill(pid, 0) == nil {
				alive++
			}
		}
		if alive == 0 {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("a plugin process has outlived its worker")
		}
	}
}

func TestTheDeathOfAnIdleSinksProcessIsNoticed(t *testing.T) {
	dir := t.TempDir()
	p := dev(t, filepath.Join(dir, "data"))
	p.post("snk", withFile(fileSink, filepath.Join(dir, "out")))
	p.eventually("it to run", func() bool { return p.states("snk") == "RUNNING RUNNING" })
	pid := children(t, p.cmd.Process.Pid)[0]
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	p.eventually("another process", func() bool {
		now := children(t, p.cmd.Process.Pid)
		return len(now) == 1 && now[0] != pid && p.states("snk") == "RUNNING RUNNING"
	})
}

func TestWhatTheEnvironmentRefusesIsOneLineAndExit3(t *testing.T) {
	dir := t.TempDir()
	data := filepath.Join(dir, "data")
	p := dev(t, data)
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	for name, args := range map[string][]string{
		"locked directory": {"dev", "--data-dir", data, "--kafka", freeAddr(t), "--rest", freeAddr(t)},
		"taken Kafka port": {"dev", "--data-dir", filepath.Join(dir, "b"), "--kafka", taken.Addr().String(), "--rest", freeAddr(t)},
		"taken REST port":  {"dev", "--data-dir", filepath.Join(dir, "c"), "--kafka", freeAddr(t), "--rest", taken.Addr().String()},
	} {
		q := start(t, append(args, "--log-level", "error")...)
		if code := q.exit(); code != exitEnvironment {
			t.Errorf("%s: exit %d", name, code)
		}
		if text := strings.TrimSpace(q.stderr()); strings.Count(text, "\n") != 0 || !strings.HasPrefix(text, "kurier: ") {
			t.Errorf("%s: %q", name, text)
		}
	}
	if code, _ := p.call("GET", "/", nil); code != 200 {
		t.Error("the first one no longer answers")
	}
}

func TestUsageIsExit2(t *testing.T) {
	dir := t.TempDir()
	bad := writeProperties(t, dir, "worker.properties", "bootstrap.servers=localhost:9092", "offset.flush.interval.ms=soon")
	for _, args := range [][]string{{"dev", "--no-such-flag"}, {"distributed", filepath.Join(dir, "missing")}, {"distributed", bad}, {"plugin", "serve", "nothing"}} {
		q := start(t, args...)
		if code := q.exit(); code != exitUsage {
			t.Errorf("%v: exit %d: %s", args, code, q.stderr())
		}
	}
	q := start(t, "distributed", bad)
	q.exit()
	for _, part := range []string{"offset.flush.interval.ms", "group.id", "key.converter"} {
		if !strings.Contains(q.stderr(), part) {
			t.Errorf("nothing is said of %s: %s", part, q.stderr())
		}
	}
}

// children returns the process ids of a process's children.
func children(t testing.TB, pid int) []int {
	t.Helper()
	var out []int
	paths, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil || len(paths) == 0 {
		t.Skip("needs /proc to find plugin processes")
	}
	for _, path := range paths {
		b, err := os.ReadFile(path)
		if err != nil {
			continue // ended meanwhile
		}
		fields := strings.Fields(string(b[strings.LastIndexByte(string(b), ')')+1:]))
		if len(fields) > 1 && fields[1] == strconv.Itoa(pid) {
			child, err := strconv.Atoi(filepath.Base(filepath.Dir(path)))
			if err != nil {
				t.Fatal(err)
			}
			out = append(out, child)
		}
	}
	return out
}
