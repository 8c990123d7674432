//go:build slow && unix

package torture

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/kurier-io/kurier/broker"
)

// TestBrokerProcess is no test: it is the broker that the others torment.
func TestBrokerProcess(t *testing.T) {
	dir := os.Getenv("TORTURE_BROKER_DIR")
	if dir == "" {
		t.Skip("runs only as the subprocess of the other tests")
	}
	b, err := broker.New(broker.Config{DataDir: dir, Listeners: broker.Plaintext(os.Getenv("TORTURE_BROKER_LISTEN")), AutoCreateTopics: true, NumPartitions: 4,
		CleanInterval: 2 * time.Second, TopicDefaults: map[string]string{"segment.bytes": "1048576"}})
	if err != nil {
		t.Fatal(err)
	}
	fmt.Printf("listening %s\n", b.Addr())
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	if err := b.Run(ctx); err != nil {
		t.Fatal(err)
	}
}

// process is a broker in a process of its own.
type process struct {
	t    testing.TB
	dir  string
	addr string
	cmd  *exec.Cmd
	errs *bytes.Buffer
}

// startProcess starts a broker on a free port; start starts it again there.
func startProcess(t testing.TB, dir string) *process {
	t.Helper()
	p := &process{t: t, dir: dir, addr: "127.0.0.1:0"}
	p.start()
	t.Cleanup(func() {
		if p.cmd != nil {
			_ = p.cmd.Process.Kill() // it may be gone
			_ = p.cmd.Wait()
		}
	})
	return p
}

func (p *process) start() {
	p.t.Helper()
	p.cmd = exec.Command(os.Args[0], "-test.run=^TestBrokerProcess$", "-test.timeout=0")
	p.cmd.Env = append(os.Environ(), "TORTURE_BROKER_DIR="+p.dir, "TORTURE_BROKER_LISTEN="+p.addr)
	p.errs = &bytes.Buffer{}
	p.cmd.Stderr = p.errs
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		p.t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		p.t.Fatal(err)
	}
	var said []string
	for sc := bufio.NewScanner(out); sc.Scan(); {
		if addr, ok := strings.CutPrefix(sc.Text(), "listening "); ok {
			p.addr = addr
			return
		}
		said = append(said, sc.Text())
	}
	p.t.Fatalf("the broker did not start: %v\n%s\n%s", p.cmd.Wait(), strings.Join(said, "\n"), p.errs)
}

// kill is kill -9.
func (p *process) kill() {
	p.t.Helper()
	if err := p.cmd.Process.Kill(); err != nil {
		p.t.Fatal(err)
	}
	_ = p.cmd.Wait() // reports the kill
	p.cmd = nil
}

// term is an orderly stop, which must succeed.
func (p *process) term() {
	p.t.Helper()
	p.signal(syscall.SIGTERM)
	err := p.cmd.Wait()
	if err != nil {
		p.t.Errorf("the broker did not stop cleanly: %v\n%s", err, p.errs)
	}
	p.cmd = nil
}

func (p *process) signal(s os.Signal) {
	p.t.Helper()
	if err := p.cmd.Process.Signal(s); err != nil {
		p.t.Fatal(err)
	}
}

// number reads a setting of a long run.
func number(t testing.TB, name string, def int) int {
	t.Helper()
	s := os.Getenv(name)
	if s == "" {
		return def
	}
	n, err := strconv.Atoi(s)
	if err != nil {
		t.Fatalf("%s=%s: %v", name, s, err)
	}
	return n
}

func duration(t testing.TB, def time.Duration) time.Duration {
	t.Helper()
	s := os.Getenv("DURATION")
	if s == "" {
		return def
	}
	d, err := time.ParseDuration(s)
	if err != nil {
		t.Fatalf("DURATION=%s: %v", s, err)
	}
	return d
}

func random(t testing.TB) *rand.Rand {
	t.Helper()
	seed := number(t, "SEED", int(time.Now().UnixNano()%1_000_000))
	t.Logf("SEED=%d", seed)
	return rand.New(rand.NewPCG(uint64(seed), 0))
}
