package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// usage is what a process uses.
type usage struct {
	cpu      time.Duration // user and system, since its start
	resident int64         // bytes
}

// system is a broker as it is configured for a measurement.
type system struct {
	name string
	// prepare writes what the command needs into dir, formats it, and returns the command. It is called once for a directory.
	prepare func(ctx context.Context, dir string, port, node int) (name string, args []string, err error)
}

// kurierSystem is the binary with a durability mode.
func kurierSystem(binary, durability string) system {
	return system{name: "Kurier, " + durability, prepare: func(_ context.Context, dir string, port, node int) (string, []string, error) {
		file := filepath.Join(dir, "server.properties")
		return binary, []string{"broker", file}, writeProperties(file,
			fmt.Sprintf("listeners=PLAINTEXT://127.0.0.1:%d", port), "log.dirs="+filepath.Join(dir, "data"), fmt.Sprintf("node.id=%d", node),
			"kurier.durability="+durability)
	}}
}

// node is a running broker.
type node struct {
	sys   system
	dir   string
	addr  string
	id    int32
	cmd   *exec.Cmd
	done  chan struct{}
	log   *os.File
	ready time.Duration // from exec to the first answer
	run   []string
}

// startNode makes a directory in parent and starts a system on it.
func startNode(ctx context.Context, sys system, parent string) (*node, error) {
	dir, err := os.MkdirTemp(parent, "node-")
	if err != nil {
		return nil, err
	}
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	n := &node{sys: sys, dir: dir, addr: net.JoinHostPort("127.0.0.1", strconv.Itoa(port)), id: 1000 + rand.Int32N(1<<20)}
	name, args, err := sys.prepare(ctx, dir, port, int(n.id))
	if err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", sys.name, err), os.RemoveAll(dir))
	}
	n.run = append([]string{name}, args...)
	if err := n.start(ctx); err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	return n, nil
}

// start runs the prepared command, the first time or again, until it answers.
func (n *node) start(ctx context.Context) error {
	file, err := os.OpenFile(filepath.Join(n.dir, "output.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	n.log = file
	n.cmd = exec.Command(n.run[0], n.run[1:]...)
	n.cmd.Dir, n.cmd.Stdout, n.cmd.Stderr = n.dir, file, file
	ctx, cancel := context.WithTimeoutCause(ctx, 3*time.Minute, errors.New("it took more than 3 minutes to start"))
	defer cancel()
	begin := time.Now()
	if n.done, err = startProcess(n.cmd); err != nil {
		return errors.Join(fmt.Errorf("%s: %w", n.sys.name, err), file.Close())
	}
	if err := awaitAnswer(ctx, n.addr, n.id, n.done); err != nil {
		err = fmt.Errorf("%s: %w; its last output:\n%s", n.sys.name, err, n.tail())
		return errors.Join(err, n.kill())
	}
	n.ready = time.Since(begin)
	return nil
}

// usage is what the process uses now.
func (n *node) usage() (usage, error) {
	u, ok := usageOf(n.cmd.Process.Pid)
	if !ok {
		return u, fmt.Errorf("%s: the CPU time and memory of process %d cannot be read; its last output:\n%s", n.sys.name, n.cmd.Process.Pid, n.tail())
	}
	return u, nil
}

// stop ends the process as a user would and keeps its directory.
func (n *node) stop() error {
	_ = n.cmd.Process.Signal(syscall.SIGTERM) // it may be gone already, which done tells
	select {
	case <-n.done:
		return n.log.Close()
	case <-time.After(time.Minute):
		return errors.Join(fmt.Errorf("%s did not stop within a minute and was killed", n.sys.name), n.kill())
	}
}

// kill ends the process without giving it a chance to do anything.
func (n *node) kill() error {
	_ = n.cmd.Process.Kill() // as above
	<-n.done
	return n.log.Close()
}

// discard ends the process and removes its directory: what it had is not needed any more.
func (n *node) discard() error {
	err := n.kill()
	return errors.Join(ignoreClosed(err), os.RemoveAll(n.dir))
}

// ignoreClosed drops the error of closing the log again, after stop or kill.
func ignoreClosed(err error) error {
	if errors.Is(err, os.ErrClosed) {
		return nil
	}
	return err
}

// tail is the end of what the process wrote.
func (n *node) tail() string {
	b, _ := os.ReadFile(n.log.Name()) // an error leaves it empty
	lines := strings.Split(strings.TrimSpace(string(b)), "\n")
	return strings.Join(lines[max(0, len(lines)-15):], "\n")
}

// freePort finds a port that nobody listens on now.
func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	return l.Addr().(*net.TCPAddr).Port, l.Close()
}

func writeProperties(file string, lines ...string) error {
	return os.WriteFile(file, []byte(strings.Join(lines, "\n")+"\n"), 0o600)
}
