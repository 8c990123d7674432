package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// asKurier makes the test binary behave as kurier, so that tests run real processes without a build.
const asKurier = "KURIER_TEST_AS_KURIER"

func TestMain(m *testing.M) {
	// Plugin processes do not see the environment of their worker, but are started with these words.
	if os.Getenv(asKurier) != "" || slices.Contains(os.Args[1:], "serve") {
		main()
		return
	}
	runTests(m)
}

// A process is a running kurier.
type process struct {
	t    testing.TB
	cmd  *exec.Cmd
	mu   sync.Mutex
	out  bytes.Buffer
	errs bytes.Buffer
	done chan struct{}
	err  error

	rest    string // host:port
	kafka   string
	schemas string
}

func (p *process) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.out.Write(b)
}

type errWriter struct{ p *process }

func (w errWriter) Write(b []byte) (int, error) {
	w.p.mu.Lock()
	defer w.p.mu.Unlock()
	return w.p.errs.Write(b)
}

func (p *process) stdout() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.out.String()
}

func (p *process) stderr() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.errs.String()
}

// start runs kurier with the arguments; it ends with the test.
func start(t testing.TB, args ...string) *process {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	p := &process{t: t, cmd: exec.Command(exe, args...), done: make(chan struct{})}
	p.cmd.Env = append(os.Environ(), asKurier+"=1")
	p.cmd.Stdout, p.cmd.Stderr = p, errWriter{p}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		p.err = p.cmd.Wait()
		close(p.done)
	}()
	t.Cleanup(func() {
		p.kill()
		if t.Failed() {
			t.Logf("%s:\n%s%s", strings.Join(args, " "), p.stdout(), p.stderr())
		}
	})
	return p
}

func (p *process) kill() {
	_ = p.cmd.Process.Kill()
	<-p.done
}

// exit waits for the end and returns the exit code.
func (p *process) exit() int {
	p.t.Helper()
	select {
	case <-p.done:
		return p.cmd.ProcessState.ExitCode()
	case <-time.After(60 * time.Second):
		p.t.Fatal("the process does not end")
		return -1
	}
}

// ready waits until the process announces itself.
func (p *process) ready() *process {
	p.t.Helper()
	p.eventually("the announcement", func() bool { return strings.Contains(p.stdout(), "is ready") })
	return p
}

func (p *process) eventually(what string, ok func() bool) {
	p.t.Helper()
	for deadline := time.Now().Add(60 * time.Second); !ok(); time.Sleep(20 * time.Millisecond) {
		select {
		case <-p.done:
			p.t.Fatalf("waiting for %s: the process has ended: %v", what, p.err)
		default:
		}
		if time.Now().After(deadline) {
			p.t.Fatalf("waiting for %s in vain", what)
		}
	}
}

// freeAddr returns an address that is free at the moment.
func freeAddr(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// dev starts kurier dev on free ports.
func dev(t testing.TB, dir string, more ...string) *process {
	t.Helper()
	kafka, rest, schemas := freeAddr(t), freeAddr(t), freeAddr(t)
	p := start(t, append([]string{"dev", "--data-dir", dir, "--kafka", kafka, "--rest", rest, "--registry", schemas}, more...)...)
	p.kafka, p.rest, p.schemas = kafka, rest, schemas
	return p.ready()
}

// call makes a REST request and returns status and body.
func (p *process) call(method, path string, body any) (int, string) {
	p.t.Helper()
	var r io.Reader
	if text, ok := body.(string); ok {
		r = strings.NewReader(text)
	} else if body != nil {
		b, err := json.Marshal(body)
		if err != nil {
			p.t.Fatal(err)
		}
		r = bytes.NewReader(b)
	}
	req, err := http.NewRequestWithContext(p.t.Context(), method, "http://"+p.rest+path, r)
	if err != nil {
		p.t.Fatal(err)
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, err.Error()
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	return resp.StatusCode, string(b)
}

// post creates a connector.
func (p *process) post(name string, config map[string]string) {
	p.t.Helper()
	if code, body := p.call("POST", "/connectors", map[string]any{"name": name, "config": config}); code != http.StatusCreated {
		p.t.Fatalf("creating %s: %d %s", name, code, body)
	}
}

// states returns the connector's and the tasks' states, such as "RUNNING RUNNING".
func (p *process) states(name string) string {
	_, body := p.call("GET", "/connectors/"+name+"/status", nil)
	var st struct {
		Connector struct{ State string }
		Tasks     []struct{ State string }
	}
	if json.Unmarshal([]byte(body), &st) != nil {
		return ""
	}
	out := []string{st.Connector.State}
	for _, t := range st.Tasks {
		out = append(out, t.State)
	}
	return strings.Join(out, " ")
}

// lines returns the lines of a file; none when it is missing.
func lines(t testing.TB, path string) []string {
	t.Helper()
	b, err := os.ReadFile(path)
	if os.IsNotExist(err) {
		return nil
	}
	if err != nil {
		t.Fatal(err)
	}
	return strings.Split(strings.TrimSuffix(string(b), "\n"), "\n")
}

func appendLines(t testing.TB, path string, from, to int) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for i := from; i < to; i++ {
		fmt.Fprintf(f, "line %d\n", i)
	}
}

// values reads all values of a topic until there are n.
func values(t testing.TB, kafka, topic string, n int) []string {
	t.Helper()
	cl, err := kgo.NewClient(kgo.SeedBrokers(kafka), kgo.ConsumeTopics(topic), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	if err != nil {
		t.Fatal(err)
	}
	defer cl.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	var out []string
	for len(out) < n {
		f := cl.PollFetches(ctx)
		if err := ctx.Err(); err != nil {
			t.Fatalf("%d of %d records in %s: %v", len(out), n, topic, err)
		}
		f.EachRecord(func(r *kgo.Record) { out = append(out, string(r.Value)) })
	}
	return out
}

func writeProperties(t testing.TB, dir, name string, props ...string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, []byte(strings.Join(props, "\n")+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
