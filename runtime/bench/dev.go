package bench

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"
)

// A dev is a running `kurier dev` with a data folder of its own.
type dev struct {
	kafka, rest string
	startup     time.Duration // from before its exec to the first 200
	pid         int

	http *http.Client
	cmd  *exec.Cmd
	done chan struct{}
	log  string
}

const (
	startTimeout = 30 * time.Second
	stopTimeout  = 20 * time.Second
	knock        = 2 * time.Millisecond // between two requests to a worker that is about to answer
)

// startDev returns once GET /connectors answers 200.
func (r *runner) startDev(ctx context.Context) (*dev, error) {
	kafka, err := freeAddress()
	if err != nil {
		return nil, err
	}
	rest, err := freeAddress()
	if err != nil {
		return nil, err
	}
	d := &dev{kafka: kafka, rest: "http://" + rest, http: &http.Client{Timeout: time.Minute}, log: r.path("dev.log")}
	out, err := os.Create(d.log)
	if err != nil {
		return nil, err
	}
	defer out.Close()
	d.cmd = exec.Command(r.cfg.Executable, "dev", "--data-dir", r.path("data"), "--kafka", kafka, "--rest", rest, "--log-level", "warn")
	d.cmd.Stdout, d.cmd.Stderr = out, out
	began := time.Now()
	if d.done, err = startProcess(d.cmd); err != nil {
		return nil, fmt.Errorf("starting kurier dev: %w", err)
	}
	d.pid = d.cmd.Process.Pid
	if err := d.await(ctx); err != nil {
		return nil, errors.Join(d.failure(err), d.stop())
	}
	d.startup = time.Since(began)
	return d, nil
}

func (d *dev) await(ctx context.Context) error {
	ctx, cancel := context.WithTimeoutCause(ctx, startTimeout, fmt.Errorf("kurier dev did not answer within %v", startTimeout))
	defer cancel()
	for {
		if err := d.call(ctx, http.MethodGet, "/connectors", nil, nil); err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-d.done:
			return errors.New("kurier dev ended")
		case <-time.After(knock):
		}
	}
}

// failure adds the end of the process's log to an error.
func (d *dev) failure(err error) error {
	text, readErr := os.ReadFile(d.log)
	if readErr != nil || len(text) == 0 {
		return err
	}
	return fmt.Errorf("%w\nkurier dev logged:\n%s", err, text[max(0, len(text)-4000):])
}

// stop ends the process in order, or by force where that is not possible, and waits for it.
func (d *dev) stop() error {
	d.http.CloseIdleConnections()
	if err := d.cmd.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		_ = d.cmd.Process.Kill() // Windows knows no SIGTERM. An error means that it has ended.
	}
	select {
	case <-d.done:
		return nil
	case <-time.After(stopTimeout):
	}
	_ = d.cmd.Process.Kill() // An error means that it has ended.
	<-d.done
	return fmt.Errorf("kurier dev did not stop within %v and was killed", stopTimeout)
}

// call sends a request and decodes the answer into out, if that is not nil.
func (d *dev) call(ctx context.Context, method, path string, in, out any) error {
	var body io.Reader
	if in != nil {
		b, err := json.Marshal(in)
		if err != nil {
			return err
		}
		body = bytes.NewReader(b)
	}
	req, err := http.NewRequestWithContext(ctx, method, d.rest+path, body)
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := d.http.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	if resp.StatusCode/100 != 2 {
		return fmt.Errorf("%s %s: %s: %s", method, path, resp.Status, text)
	}
	if out == nil {
		return nil
	}
	return json.Unmarshal(text, out)
}

func (d *dev) create(ctx context.Context, name string, config map[string]string) error {
	return d.call(ctx, http.MethodPost, "/connectors", map[string]any{"name": name, "config": config}, nil)
}

func (d *dev) delete(ctx context.Context, name string) error {
	return d.call(ctx, http.MethodDelete, "/connectors/"+name, nil, nil)
}

// check returns the trace of a connector that has failed, or whose task has.
func (d *dev) check(ctx context.Context, name string) error {
	type state struct{ State, Trace string }
	var s struct {
		Connector state
		Tasks     []state
	}
	if err := d.call(ctx, http.MethodGet, "/connectors/"+name+"/status", nil, &s); err != nil {
		if strings.Contains(err.Error(), "404") {
			return nil // not known yet
		}
		return err
	}
	for _, one := range append(s.Tasks, s.Connector) {
		if one.State == "FAILED" {
			return fmt.Errorf("connector %s failed: %s", name, one.Trace)
		}
	}
	return nil
}

func freeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	return l.Addr().String(), nil
}
