// Package cluster starts a throw-away PostgreSQL server on a free port of loopback, from the server programs that it finds on PATH or where
// distributions put them. It makes no data durable and needs no configuration.
package cluster

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

// ErrMissing says that no server is installed.
var ErrMissing = errors.New("PostgreSQL is not installed (no initdb found): install the package postgresql")

// User is the superuser of every cluster; its database is called postgres.
const User = "kurier"

// A Cluster is a running server. Its owner calls Stop once.
type Cluster struct {
	Host     string
	Port     int
	Password string // of User; random
	Version  int    // major

	dir  string
	proc *process
}

const startTimeout = 60 * time.Second

// Start makes a cluster in dir, which must be empty or not there, and waits until it answers. When this process is root the server runs as an
// unprivileged user, who must be able to reach dir. settings are server settings as name=value. Stop removes nothing: dir is the caller's.
func Start(ctx context.Context, dir string, settings ...string) (_ *Cluster, err error) {
	bin, err := programs()
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	as, err := unprivileged(dir)
	if err != nil {
		return nil, err
	}
	c := &Cluster{Host: "127.0.0.1", Password: rand.Text(), dir: dir}
	if err := c.initialize(ctx, bin, as); err != nil {
		return nil, err
	}
	if c.Port, err = freePort(); err != nil {
		return nil, err
	}
	if err := c.launch(bin, as, settings); err != nil {
		return nil, err
	}
	if err := c.await(ctx); err != nil {
		text, _ := os.ReadFile(c.logPath()) // The log is an addition to the error that matters.
		return nil, errors.Join(fmt.Errorf("%w\n%s", err, text), c.Stop())
	}
	return c, nil
}

// URL returns the pgx connection string of the superuser.
func (c *Cluster) URL() string {
	return fmt.Sprintf("host=%s port=%d user=%s password=%s dbname=postgres sslmode=disable", c.Host, c.Port, User, c.Password)
}

// Stop ends the server at once, without a checkpoint, and waits for it.
func (c *Cluster) Stop() error { return c.proc.stop() }

func (c *Cluster) data() string    { return filepath.Join(c.dir, "data") }
func (c *Cluster) logPath() string { return filepath.Join(c.dir, "log") }

func (c *Cluster) initialize(ctx context.Context, bin string, as account) error {
	pwfile := filepath.Join(c.dir, "password")
	if err := os.WriteFile(pwfile, []byte(c.Password+"\n"), 0o600); err != nil {
		return err
	}
	defer os.Remove(pwfile)
	if err := as.own(pwfile); err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, filepath.Join(bin, "initdb"), "-D", c.data(), "-U", User, "--auth=scram-sha-256", "--pwfile="+pwfile,
		"-E", "UTF8", "--locale=C", "--no-sync")
	cmd.Dir = c.dir
	as.run(cmd)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w\n%s", err, out)
	}
	return nil
}

func (c *Cluster) launch(bin string, as account, settings []string) error {
	args := []string{"-D", c.data(), "-p", strconv.Itoa(c.Port)}
	for _, s := range append([]string{
		"listen_addresses=127.0.0.1", "unix_socket_directories=", "fsync=off", "synchronous_commit=off", "full_page_writes=off",
		"log_min_messages=fatal",
	}, settings...) {
		args = append(args, "-c", s)
	}
	out, err := os.Create(c.logPath())
	if err != nil {
		return err
	}
	defer out.Close()
	cmd := exec.Command(filepath.Join(bin, "postgres"), args...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = c.dir, out, out
	as.run(cmd)
	c.proc, err = startProcess(cmd)
	return err
}

func (c *Cluster) await(ctx context.Context) error {
	ctx, cancel := context.WithTimeoutCause(ctx, startTimeout, fmt.Errorf("PostgreSQL did not answer within %v", startTimeout))
	defer cancel()
	for {
		conn, err := pgconn.Connect(ctx, c.URL())
		if err == nil {
			_, err = fmt.Sscanf(conn.ParameterStatus("server_version"), "%d", &c.Version)
			return errors.Join(err, conn.Close(ctx))
		}
		select {
		case <-c.proc.done:
			return fmt.Errorf("PostgreSQL ended while starting: %w", err)
		case <-ctx.Done():
			return errors.Join(context.Cause(ctx), err)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}

// programs finds the folder of the newest server: on PATH, then where Debian, Red Hat and Homebrew put it.
func programs() (string, error) {
	if p, err := exec.LookPath("initdb"); err == nil {
		if p, err = filepath.EvalSymlinks(p); err == nil {
			return filepath.Dir(p), nil
		}
	}
	var found []string
	for _, glob := range []string{"/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin", "/opt/homebrew/opt/postgresql*/bin", "/usr/local/pgsql/bin"} {
		paths, err := filepath.Glob(filepath.Join(glob, "initdb"))
		if err != nil {
			return "", err
		}
		for _, p := range paths {
			found = append(found, filepath.Dir(p))
		}
	}
	if len(found) == 0 {
		return "", ErrMissing
	}
	return slices.MaxFunc(found, func(a, b string) int { return versionIn(a) - versionIn(b) }), nil
}

func versionIn(path string) int {
	digits := strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, path)
	n, _ := strconv.Atoi(digits) // A path without a version sorts first.
	return n
}
