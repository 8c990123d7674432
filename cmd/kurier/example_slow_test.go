//go:build slow && unix

package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// TestTheExampleConnectorRuns builds examples/custom-connector as its README says and runs it.
func TestTheExampleConnectorRuns(t *testing.T) {
	dir := t.TempDir()
	plugins := filepath.Join(dir, "plugins")
	if err := os.Mkdir(plugins, 0o700); err != nil {
		t.Fatal(err)
	}
	build := exec.Command("go", "build", "-o", filepath.Join(plugins, "counter"), ".")
	build.Dir = filepath.Join("..", "..", "examples", "custom-connector")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	src, err := os.ReadFile(filepath.Join(build.Dir, "main.go"))
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(src), "\n"); n >= 120 {
		t.Errorf("the example has %d lines of Go; a newcomer was promised fewer than 120", n)
	}
	p := dev(t, filepath.Join(dir, "data"), "--plugin-path", plugins)
	if _, body := p.call("GET", "/connector-plugins", nil); !strings.Contains(body, "com.example.CounterSourceConnector") {
		t.Fatalf("plugins: %s", body)
	}
	code, body := p.call("PUT", "/connector-plugins/CounterSource/config/validate", map[string]string{"connector.class": "CounterSource", "name": "c", "interval.ms": "0"})
	if code != 200 || !strings.Contains(body, "Invalid value 0 for configuration interval.ms: Value must be at least 1") || !strings.Contains(body, `"error_count":2`) {
		t.Errorf("validate: %d %s", code, body)
	}
	p.post("counter", map[string]string{"connector.class": "com.example.CounterSourceConnector", "topic": "numbers", "interval.ms": "10", "tasks.max": "1"})
	got := values(t, p.kafka, "numbers", 20)
	for i, v := range got[:20] {
		if want := `"payload":{"number":` + strconv.Itoa(i+1) + `,`; !strings.Contains(v, want) {
			t.Fatalf("record %d is %s", i, v)
		}
	}
	if code, body := p.call("PUT", "/connectors/counter/stop", nil); code != 204 {
		t.Fatalf("stop: %d %s", code, body)
	}
	p.eventually("the stop", func() bool { return p.states("counter") == "STOPPED" })
	before := len(values(t, p.kafka, "numbers", 20))
	if code, body := p.call("PUT", "/connectors/counter/resume", nil); code != 202 {
		t.Fatalf("resume: %d %s", code, body)
	}
	after := values(t, p.kafka, "numbers", before+5)
	for i, v := range after {
		if want := `"payload":{"number":` + strconv.Itoa(i+1) + `,`; !strings.Contains(v, want) {
			t.Fatalf("after a stop and a resume record %d is %s: the counter did not go on where it was", i, v)
		}
	}
}
