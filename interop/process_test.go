//go:build interop

package interop

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"
)

// An outcome is what a process printed and how it ended.
type outcome struct {
	stdout, stderr string
	code           int
	line           string // what was run
}

func (o outcome) String() string {
	return fmt.Sprintf("%s\nexit %d\nstdout: %s\nstderr: %s", o.line, o.code, tail(o.stdout, 40), tail(o.stderr, 20))
}

// runProcess waits for a process, with text as its input.
func runProcess(t *testing.T, limit time.Duration, input string, cmd *exec.Cmd) outcome {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	out, errs := &buffer{}, &buffer{}
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(input), out, errs
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	stop := context.AfterFunc(ctx, func() { _ = cmd.Process.Kill() })
	defer stop()
	err := cmd.Wait()
	o := outcome{stdout: out.String(), stderr: errs.String(), code: cmd.ProcessState.ExitCode(), line: shorten(cmd.Args)}
	if ctx.Err() != nil {
		o.stderr += fmt.Sprintf("\nkilled, for it did not end within %s", limit)
	}
	if _, exited := errors.AsType[*exec.ExitError](err); err != nil && !exited {
		t.Fatalf("%v: %s", err, o)
	}
	return o
}

// shorten leaves out what stands before the name of a Java class.
func shorten(args []string) string {
	for i, a := range args {
		if a == "-cp" && i+2 < len(args) {
			return strings.Join(args[i+2:], " ")
		}
	}
	return strings.Join(args, " ")
}

// ok expects success and each text in the output.
func (o outcome) ok(t *testing.T, texts ...string) outcome {
	t.Helper()
	if o.code != 0 {
		t.Fatalf("failed: %s", o)
	}
	return o.has(t, texts...)
}

// fails expects a failure, or a message of one (some tools exit with 0 all the same), and each text in either output.
func (o outcome) fails(t *testing.T, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if !strings.Contains(o.stdout+o.stderr, text) {
			t.Errorf("want a failure with %q: %s", text, o)
		}
	}
}

// has expects each text in the output.
func (o outcome) has(t *testing.T, texts ...string) outcome {
	t.Helper()
	for _, text := range texts {
		if !strings.Contains(o.stdout, text) {
			t.Errorf("%q is missing: %s", text, o)
		}
	}
	return o
}

// lacks expects that none of the texts is in the output.
func (o outcome) lacks(t *testing.T, texts ...string) outcome {
	t.Helper()
	for _, text := range texts {
		if strings.Contains(o.stdout, text) {
			t.Errorf("%q is not expected: %s", text, o)
		}
	}
	return o
}

// row returns the fields of the first line that has all the words as fields.
func (o outcome) row(t *testing.T, words ...string) []string {
	t.Helper()
lines:
	for line := range strings.Lines(o.stdout) {
		fields := strings.Fields(line)
		have := map[string]bool{}
		for _, f := range fields {
			have[f] = true
		}
		for _, w := range words {
			if !have[w] {
				continue lines
			}
		}
		return fields
	}
	t.Fatalf("no line with %q: %s", words, o)
	return nil
}

// begins returns the fields of the first line that begins with the words as fields.
func (o outcome) begins(t *testing.T, words ...string) []string {
	t.Helper()
	for line := range strings.Lines(o.stdout) {
		if fields := strings.Fields(line); len(fields) >= len(words) && slices.Equal(fields[:len(words)], words) {
			return fields
		}
	}
	t.Fatalf("no line begins with %q: %s", words, o)
	return nil
}

// program runs a program of ours that prints "ok name" or "not ok name: why" for each check and "done" at the end; each becomes a subtest.
func (c client) program(t *testing.T, limit time.Duration, cmd *exec.Cmd) {
	t.Helper()
	o := runProcess(t, limit, "", cmd)
	done := false
	for line := range strings.Lines(o.stdout) {
		line = strings.TrimRight(line, "\n")
		if name, ok := strings.CutPrefix(line, "ok "); ok {
			c.check(t, name, func(*testing.T) {})
		} else if rest, ok := strings.CutPrefix(line, "not ok "); ok {
			name, why, _ := strings.Cut(rest, ": ")
			c.check(t, name, func(t *testing.T) { t.Error(why) })
		} else if line == "done" {
			done = true
		}
	}
	if !done || o.code != 0 {
		c.check(t, "runs to its end", func(t *testing.T) { t.Error(o) })
	}
	if t.Failed() {
		t.Logf("%s", o)
	}
}
