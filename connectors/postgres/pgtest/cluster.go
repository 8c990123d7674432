package pgtest

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

const startTimeout = 60 * time.Second

func (c *cluster) start() error {
	bin, err := binDir()
	if err != nil {
		return err
	}
	if c.dir, err = os.MkdirTemp("", "pgtest-"); err != nil {
		return err
	}
	as, err := unprivileged(c.dir)
	if err != nil {
		return err
	}
	pwfile := filepath.Join(c.dir, "pw")
	if err := os.WriteFile(pwfile, []byte(password+"\n"), 0o644); err != nil {
		return err
	}
	data := filepath.Join(c.dir, "data")
	initdb := exec.Command(filepath.Join(bin, "initdb"), "-D", data, "-U", superuser, "--auth=scram-sha-256", "--pwfile="+pwfile, "-E", "UTF8", "--locale=C", "--no-sync")
	initdb.Dir = c.dir
	as.run(initdb)
	if out, err := initdb.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w\n%s", err, out)
	}
	port, err := freePort()
	if err != nil {
		return err
	}
	c.server = Server{Host: "127.0.0.1", Port: port, User: superuser, Password: password}
	args := []string{"-D", data, "-p", fmt.Sprint(port)}
	for _, s := range append([]string{
		"listen_addresses=127.0.0.1", "unix_socket_directories=", "fsync=off", "synchronous_commit=off", "full_page_writes=off",
		"shared_buffers=128MB", "max_wal_size=4GB", "max_wal_senders=8", "max_replication_slots=8", "log_min_messages=fatal",
	}, c.settings...) {
		args = append(args, "-c", s)
	}
	logPath := filepath.Join(c.dir, "log")
	logFile, err := os.Create(logPath)
	if err != nil {
		return err
	}
	defer logFile.Close()
	cmd := exec.Command(filepath.Join(bin, "postgres"), args...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = c.dir, logFile, logFile
	as.run(cmd)
	if c.proc, err = startProcess(cmd); err != nil {
		return err
	}
	if err := c.await(); err != nil {
		text, _ := os.ReadFile(logPath) // The log is an addition to the error that matters.
		return errors.Join(fmt.Errorf("%w\n%s", err, text), c.stop())
	}
	return nil
}

func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}

func (c *cluster) await() error {
	ctx, cancel := context.WithTimeout(context.Background(), startTimeout)
	defer cancel()
	db := Database{c.server, "postgres"}
	for {
		conn, err := pgconn.Connect(ctx, db.URL())
		if err == nil {
			defer conn.Close(ctx)
			_, err = fmt.Sscanf(conn.ParameterStatus("server_version"), "%d", &c.server.Version)
			return err
		}
		select {
		case <-c.proc.done:
			return fmt.Errorf("the server ended: %w", err)
		case <-ctx.Done():
			return fmt.Errorf("no answer within %v: %w", startTimeout, err)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// stop is for the end of the tests: the server is killed in order (immediate shutdown) and its files removed.
func (c *cluster) stop() error {
	var err error
	if c.proc != nil {
		err = c.proc.stop()
		c.proc = nil
	}
	if c.dir != "" && strings.Contains(filepath.Base(c.dir), "pgtest-") {
		err = errors.Join(err, os.RemoveAll(c.dir))
		c.dir = ""
	}
	return err
}
