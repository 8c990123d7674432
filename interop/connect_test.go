//go:build interop

package interop

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestJavaConnect runs Apache Kafka Connect itself on our broker.
func TestJavaConnect(t *testing.T) {
	t.Parallel()
	c := javaClient("Connect")
	java(t, c, "none") // skips when it is missing
	b := startBroker(t)
	w := &connectWorker{rest: freeAddr(t), dir: t.TempDir(), log: &buffer{}}
	w.configure(t, b.addr)
	t.Cleanup(func() {
		if t.Failed() {
			_, status := w.request(t, "GET", "/connectors?expand=status", "")
			t.Logf("connectors: %s", status)
		}
		w.stop()
		if t.Failed() {
			t.Logf("the worker's log:\n%s", tail(w.log.String(), 40))
		}
	})
	in, out := filepath.Join(w.dir, "in.txt"), filepath.Join(w.dir, "out.txt")
	write := func(t *testing.T, from, to int) {
		t.Helper()
		f, err := os.OpenFile(in, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		for i := from; i <= to; i++ {
			fmt.Fprintf(f, "line %d\n", i)
		}
	}
	copied := func(t *testing.T, n int) {
		t.Helper()
		var want strings.Builder
		for i := 1; i <= n; i++ {
			fmt.Fprintf(&want, "line %d\n", i)
		}
		eventually(t, 60*time.Second, func() error {
			got, err := os.ReadFile(out)
			if err != nil {
				return err
			}
			if string(got) != want.String() {
				return fmt.Errorf("%d lines are copied, want %d:\n%s", bytes.Count(got, []byte("\n")), n, tail(string(got), 3))
			}
			return nil
		})
	}
	ok := c.check(t, "worker starts", func(t *testing.T) { w.start(t, c) })
	if !ok {
		return
	}
	c.check(t, "internal topics", func(t *testing.T) {
		b.tool(t, topicCommand, "--describe", "--topic", "connect-.*").ok(t, "Topic: connect-configs\t", "Topic: connect-offsets\t", "Topic: connect-status\t", "cleanup.policy=compact")
	})
	c.check(t, "records flow from source to sink", func(t *testing.T) {
		write(t, 1, 100)
		w.call(t, "PUT", "/connectors/source/config", `{"connector.class":"FileStreamSource","tasks.max":"1","file":"`+in+`","topic":"lines"}`, http.StatusCreated)
		w.call(t, "PUT", "/connectors/sink/config", `{"connector.class":"FileStreamSink","tasks.max":"1","file":"`+out+`","topics":"lines"}`, http.StatusCreated)
		copied(t, 100)
	})
	c.check(t, "source offsets over REST", func(t *testing.T) {
		w.eventually(t, "/connectors/source/offsets", `"position":`)
		w.call(t, "PUT", "/connectors/source/stop", "", http.StatusNoContent)
		w.eventually(t, "/connectors/source/status", `"connector":{"state":"STOPPED"`)
		got := w.call(t, "PATCH", "/connectors/source/offsets", `{"offsets":[{"partition":{"filename":"`+in+`"},"offset":{"position":0}}]}`, http.StatusOK)
		if !strings.Contains(got, "altered successfully") {
			t.Errorf("altering: %s", got)
		}
		w.eventually(t, "/connectors/source/offsets", `"position":0}`)
		w.call(t, "DELETE", "/connectors/source/offsets", "", http.StatusOK)
		w.eventually(t, "/connectors/source/offsets", `{"offsets":[]}`)
	})
	c.check(t, "sink offsets over REST", func(t *testing.T) {
		w.eventually(t, "/connectors/sink/offsets", `"kafka_offset":100`)
		w.call(t, "PUT", "/connectors/sink/stop", "", http.StatusNoContent)
		w.eventually(t, "/connectors/sink/status", `"connector":{"state":"STOPPED"`)
		eventually(t, 30*time.Second, func() error { // the tasks may still be leaving their group
			code, got := w.request(t, "PATCH", "/connectors/sink/offsets", `{"offsets":[{"partition":{"kafka_topic":"lines","kafka_partition":0},"offset":{"kafka_offset":90}}]}`)
			if code != http.StatusOK {
				return fmt.Errorf("%d %s", code, got)
			}
			return nil
		})
		w.eventually(t, "/connectors/sink/offsets", `"kafka_offset":90`)
		w.call(t, "DELETE", "/connectors/sink/offsets", "", http.StatusOK)
		w.eventually(t, "/connectors/sink/offsets", `{"offsets":[]}`)
	})
	c.check(t, "reset offsets take effect", func(t *testing.T) {
		if err := os.Remove(out); err != nil {
			t.Fatal(err)
		}
		w.call(t, "DELETE", "/connectors/sink", "", http.StatusNoContent)
		w.call(t, "PUT", "/connectors/again/config", `{"connector.class":"FileStreamSink","tasks.max":"1","file":"`+out+`","topics":"lines"}`, http.StatusCreated)
		copied(t, 100)
		// The source starts over, but into another topic, so that the sink stays comparable.
		w.call(t, "PUT", "/connectors/source/config", `{"connector.class":"FileStreamSource","tasks.max":"1","file":"`+in+`","topic":"lines2"}`, http.StatusOK)
		w.eventually(t, "/connectors/source/config", `"topic":"lines2"`)
		w.call(t, "PUT", "/connectors/source/resume", "", http.StatusAccepted)
		b.tool(t, consoleReader, "--topic", "lines2", "--from-beginning", "--isolation-level", "read_committed", "--max-messages", "100", "--timeout-ms", "30000").ok(t, "line 1\"", "line 100\"")
	})
	c.check(t, "restart keeps offsets", func(t *testing.T) {
		running := func() { w.eventually(t, "/connectors/source/status", `"tasks":[{"id":0,"state":"RUNNING"`) }
		running()
		// Stopped in between: a task that still runs with the old config would take the new lines into the old topic.
		w.call(t, "PUT", "/connectors/source/stop", "", http.StatusNoContent)
		w.eventually(t, "/connectors/source/status", `"tasks":[]`)
		w.call(t, "PUT", "/connectors/source/config", `{"connector.class":"FileStreamSource","tasks.max":"1","file":"`+in+`","topic":"lines"}`, http.StatusOK)
		w.eventually(t, "/connectors/source/config", `"topic":"lines"`)
		w.call(t, "PUT", "/connectors/source/resume", "", http.StatusAccepted)
		running()
		write(t, 101, 150)
		copied(t, 150)
		w.stop()
		write(t, 151, 200)
		w.start(t, c)
		copied(t, 200)
	})
	c.check(t, "exactly-once source", func(t *testing.T) {
		list := b.tool(t, transactionCmd, "list").ok(t)
		list.row(t, "test-source-0", "CompleteCommit")
		list.row(t, "connect-cluster-test") // the leader's, which writes tasks' generations
		b.tool(t, transactionCmd, "find-hanging", "--broker-id", "1").ok(t).lacks(t, "lines")
	})
}

// A connectWorker is Apache Kafka's distributed worker.
type connectWorker struct {
	rest, dir string
	cmd       *exec.Cmd
	log       *buffer
}

func (w *connectWorker) configure(t *testing.T, bootstrap string) {
	t.Helper()
	jars, err := filepath.Glob(filepath.Join(os.Getenv(cacheVar), "java", "lib", "connect-file-*.jar"))
	if err != nil || len(jars) != 1 {
		t.Fatalf("connect-file: %v %v", jars, err)
	}
	plugins := filepath.Join(w.dir, "plugins", "file")
	if err := os.MkdirAll(plugins, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(jars[0], filepath.Join(plugins, filepath.Base(jars[0]))); err != nil {
		t.Fatal(err)
	}
	text := strings.Join([]string{
		"bootstrap.servers=" + bootstrap, "group.id=test", "listeners=http://" + w.rest, "plugin.path=" + filepath.Dir(plugins), "plugin.discovery=service_load",
		"key.converter=org.apache.kafka.connect.json.JsonConverter", "value.converter=org.apache.kafka.connect.json.JsonConverter", "value.converter.schemas.enable=false",
		"config.storage.topic=connect-configs", "offset.storage.topic=connect-offsets", "status.storage.topic=connect-status",
		"config.storage.replication.factor=1", "offset.storage.replication.factor=1", "status.storage.replication.factor=1", "offset.storage.partitions=3",
		"exactly.once.source.support=enabled", "offset.flush.interval.ms=500", "scheduled.rebalance.max.delay.ms=0", "consumer.auto.offset.reset=earliest", "consumer.isolation.level=read_committed",
	}, "\n")
	if err := os.WriteFile(filepath.Join(w.dir, "worker.properties"), []byte(text+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
}

func (w *connectWorker) start(t *testing.T, c client) {
	t.Helper()
	w.cmd = java(t, c, "org.apache.kafka.connect.cli.ConnectDistributed", filepath.Join(w.dir, "worker.properties"))
	for i, a := range w.cmd.Args {
		if strings.HasPrefix(a, "-Dorg.slf4j") {
			w.cmd.Args[i] = "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn"
		}
	}
	w.cmd.Stdout, w.cmd.Stderr = w.log, w.log
	if err := w.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	w.eventually(t, "/connectors", "[")
}

func (w *connectWorker) stop() {
	if w.cmd == nil {
		return
	}
	_ = w.cmd.Process.Signal(os.Interrupt)
	done := make(chan struct{})
	go func() {
		_ = w.cmd.Wait()
		close(done)
	}()
	select {
	case <-done:
	case <-time.After(30 * time.Second):
		_ = w.cmd.Process.Kill()
		<-done
	}
	w.cmd = nil
}

func (w *connectWorker) request(t *testing.T, method, path, body string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(context.WithoutCancel(t.Context()), method, "http://"+w.rest+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, err.Error()
	}
	defer resp.Body.Close()
	got, err := io.ReadAll(resp.Body)
	if err != nil {
		return 0, err.Error()
	}
	var compact bytes.Buffer
	if json.Compact(&compact, got) == nil {
		got = compact.Bytes()
	}
	return resp.StatusCode, string(got)
}

// call makes a request; a worker that rebalances asks to try again.
func (w *connectWorker) call(t *testing.T, method, path, body string, want int) string {
	t.Helper()
	var got string
	eventually(t, 30*time.Second, func() error {
		var code int
		if code, got = w.request(t, method, path, body); code != want {
			return fmt.Errorf("%s %s: %d %s", method, path, code, got)
		}
		return nil
	})
	return got
}

func (w *connectWorker) eventually(t *testing.T, path, text string) {
	t.Helper()
	eventually(t, 60*time.Second, func() error {
		if code, got := w.request(t, "GET", path, ""); code != http.StatusOK || !strings.Contains(got, text) {
			return fmt.Errorf("GET %s: %d %s, want %s", path, code, got, text)
		}
		return nil
	})
}
