//go:build interop

package interop

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// A broker is a running kurier broker with a data folder of its own.
type broker struct {
	addr string // of the listener PLAINTEXT
	data string
	conf string
	cmd  *exec.Cmd
	log  *buffer
	done chan struct{}
}

// startBroker starts the binary on a free port with more lines for its server.properties. It ends with the test.
func startBroker(t *testing.T, more ...string) *broker {
	t.Helper()
	dir := t.TempDir()
	b := &broker{addr: freeAddr(t), data: filepath.Join(dir, "data"), conf: filepath.Join(dir, "server.properties"), log: &buffer{}}
	lines := append([]string{"log.dirs=" + b.data}, more...)
	if !strings.Contains(strings.Join(more, "\n"), "listeners=") {
		lines = append(lines, "listeners=PLAINTEXT://"+b.addr)
	}
	if err := os.WriteFile(b.conf, []byte(strings.Join(lines, "\n")+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	b.start(t)
	t.Cleanup(func() {
		b.stop(t)
		if t.Failed() {
			t.Logf("the broker's log:\n%s", tail(b.log.String(), 25))
		}
	})
	return b
}

func (b *broker) start(t *testing.T) {
	t.Helper()
	b.cmd = exec.Command(os.Getenv(binaryVar), "broker", b.conf)
	b.cmd.Stdout, b.cmd.Stderr = b.log, b.log
	before := strings.Count(b.log.String(), "is ready on")
	if err := b.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	b.done = make(chan struct{})
	go func() {
		_ = b.cmd.Wait()
		close(b.done)
	}()
	eventually(t, 20*time.Second, func() error {
		if strings.Count(b.log.String(), "is ready on") > before {
			return nil
		}
		return fmt.Errorf("the broker is not ready:\n%s", b.log)
	})
}

// stop ends the broker as an operator does and expects that it obeys.
func (b *broker) stop(t *testing.T) {
	t.Helper()
	_ = b.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-b.done:
		if code := b.cmd.ProcessState.ExitCode(); code != 0 {
			t.Errorf("the broker exited with %d", code)
		}
	case <-time.After(30 * time.Second):
		t.Error("the broker does not end")
		_ = b.cmd.Process.Kill()
		<-b.done
	}
}

// kill ends the broker as a power cut does.
func (b *broker) kill() {
	_ = b.cmd.Process.Kill()
	<-b.done
}

func freeAddr(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// eventually polls until fn has no error left.
func eventually(t *testing.T, limit time.Duration, fn func() error) {
	t.Helper()
	for deadline := time.Now().Add(limit); ; time.Sleep(50 * time.Millisecond) {
		err := fn()
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("waited %s in vain: %v", limit, err)
		}
	}
}

func tail(s string, lines int) string {
	all := strings.Split(strings.TrimRight(s, "\n"), "\n")
	return strings.Join(all[max(0, len(all)-lines):], "\n")
}

// A buffer collects what a process prints while others read it.
type buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}
