//go:build slow && unix

package main

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestTheToursCommandsWorkAsTheyStand types every command of the README's tour, in order, in one shell.
func TestTheToursCommandsWorkAsTheyStand(t *testing.T) {
	b, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, tour, ok := strings.Cut(string(b), "## A tour in five minutes")
	if !ok {
		t.Fatal("the README has no tour")
	}
	tour, _, _ = strings.Cut(tour, "\n## ")
	script := "set -eu\n"
	blocks := strings.Split(tour, "```sh\n")[1:]
	for _, block := range blocks {
		code, _, _ := strings.Cut(block, "```")
		script += code
	}
	if len(blocks) < 8 {
		t.Fatalf("only %d blocks of commands", len(blocks))
	}
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	// From a file: the tour kills by a pattern that a shell's own arguments would match.
	file := filepath.Join(t.TempDir(), "tour.sh")
	if err := os.WriteFile(file, []byte(script), 0o600); err != nil {
		t.Fatal(err)
	}
	sh := exec.CommandContext(ctx, "bash", file)
	sh.Dir = "../.."
	sh.WaitDelay = time.Second
	out, err := sh.CombinedOutput()
	if err != nil {
		_ = exec.Command("pkill", "-9", "-f", "kurier dev").Run()
		log, _ := os.ReadFile("../../dev.log")
		t.Fatalf("%v\n%s\ndev.log:\n%s", err, out, log)
	}
	for _, want := range []string{`"version":"4.1.0-kurier.`, "LATENCY", `"fields":[{"name":"n","type":"int"}]`, `"position":3893`, `{"numbers":{"topics":["numbers"]}}`, `"error_count":4`, "1000 copy.txt"} {
		if !strings.Contains(string(out), want) {
			t.Errorf("nothing of %s in\n%s", want, out)
		}
	}
}
