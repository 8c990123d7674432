//go:build interop

package interop

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// A stack is a running kurier dev: broker, schema registry and worker in one process.
type stack struct{ kafka, rest, registry string }

func startStack(t *testing.T) *stack {
	t.Helper()
	s := &stack{kafka: freeAddr(t), rest: freeAddr(t), registry: freeAddr(t)}
	log := &buffer{}
	cmd := exec.Command(os.Getenv(binaryVar), "dev", "--data-dir", filepath.Join(t.TempDir(), "data"), "--kafka", s.kafka, "--rest", s.rest, "--registry", s.registry)
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		_ = cmd.Wait()
		close(done)
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		select {
		case <-done:
		case <-time.After(30 * time.Second):
			t.Error("kurier dev does not end")
			_ = cmd.Process.Kill()
			<-done
		}
		if t.Failed() {
			t.Logf("its log:\n%s", tail(log.String(), 25))
		}
	})
	eventually(t, 20*time.Second, func() error {
		for _, url := range []string{"http://" + s.rest + "/connectors", "http://" + s.registry + "/subjects"} {
			resp, err := http.Get(url)
			if err != nil {
				return fmt.Errorf("%w\n%s", err, log)
			}
			_ = resp.Body.Close()
			if resp.StatusCode != http.StatusOK {
				return fmt.Errorf("%s: %s", url, resp.Status)
			}
		}
		return nil
	})
	return s
}

// connector makes a connector that converts values with AvroConverter.
func (s *stack) connector(t *testing.T, name string, config map[string]string) {
	t.Helper()
	all := map[string]string{"tasks.max": "1", "key.converter": "org.apache.kafka.connect.storage.StringConverter", "value.converter": "io.confluent.connect.avro.AvroConverter",
		"value.converter.schema.registry.url": "http://" + s.registry}
	maps.Copy(all, config)
	body, err := json.Marshal(all)
	if err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPut, "http://"+s.rest+"/connectors/"+name+"/config", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if answer, err := io.ReadAll(resp.Body); err != nil || resp.StatusCode != http.StatusCreated {
		t.Fatalf("%s: %s %v", resp.Status, answer, err)
	}
}

// linesTopic has fifty lines that a file source of ours wrote with AvroConverter.
const linesTopic = "lines"

func (s *stack) writeLines(t *testing.T) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "lines")
	var text strings.Builder
	for i := range 50 {
		fmt.Fprintf(&text, "line %d\n", i)
	}
	if err := os.WriteFile(file, []byte(text.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	s.connector(t, linesTopic, map[string]string{
		"connector.class": "FileStreamSource", "file": file, "topic": linesTopic,
		"producer.override.compression.type": "none", // kafkajs knows no LZ4
	})
}

// client runs a program on a client of the registry. It reads the lines of our source and leaves twenty rows of id and name, every third name
// null, which a sink of ours then reads.
func (c client) registry(t *testing.T, rows string, program func(s *stack) *exec.Cmd) {
	s := startStack(t)
	s.writeLines(t)
	c.program(t, 2*time.Minute, program(s))
	c.check(t, "a sink reads the rows", func(t *testing.T) {
		file := filepath.Join(t.TempDir(), "rows")
		s.connector(t, "sink-"+rows, map[string]string{"connector.class": "FileStreamSink", "file": file, "topics": rows})
		var want []string
		for i := range 20 {
			if want = append(want, fmt.Sprintf("Struct{id=%d,name=näme %d}", i, i)); i%3 == 0 {
				want[i] = fmt.Sprintf("Struct{id=%d}", i)
			}
		}
		eventually(t, 30*time.Second, func() error {
			time.Sleep(time.Second)
			text, err := os.ReadFile(file)
			if got := strings.Split(strings.TrimSpace(string(text)), "\n"); err == nil && slices.Equal(got, want) {
				return nil
			}
			// The sink writes its file when offsets are committed, which is seldom: a task that ends does so at once.
			resp, err := http.Post("http://"+s.rest+"/connectors/sink-"+rows+"/tasks/0/restart", "", nil)
			if err != nil {
				return err
			}
			return errors.Join(fmt.Errorf("restart: %s; the file: %q", resp.Status, text), resp.Body.Close())
		})
	})
}

// TestRegistryPython runs Confluent's Python serializers.
func TestRegistryPython(t *testing.T) {
	t.Parallel()
	c := client{"registry: confluent-kafka-python", "none"}
	python, ok := cached("python", "bin", "python")
	if !ok {
		c.missing(t, "its environment is missing; run .ci/interop")
	}
	c.version = strings.TrimSpace(runProcess(t, time.Minute, "", exec.Command(python, "-c", "import confluent_kafka; print(confluent_kafka.__version__)")).ok(t).stdout)
	c.registry(t, "rows-python", func(s *stack) *exec.Cmd {
		return exec.Command(python, "python/registry.py", s.kafka, "http://"+s.registry, linesTopic)
	})
}

// TestRegistryJavaScript runs Confluent's JavaScript serializers; kafkajs carries the records.
func TestRegistryJavaScript(t *testing.T) {
	t.Parallel()
	c := client{"registry: @confluentinc/schemaregistry", "none"}
	installed, ok := cached("node", "node_modules", "@confluentinc", "schemaregistry", "package.json")
	node, err := exec.LookPath("node")
	if err != nil || !ok {
		c.missing(t, "node or the module is missing; run .ci/interop")
	}
	text, err := os.ReadFile(installed)
	if err != nil {
		t.Fatal(err)
	}
	var module struct{ Version string }
	if err := json.Unmarshal(text, &module); err != nil {
		t.Fatal(err)
	}
	c.version = module.Version
	path, _ := cached("node", "registry.js")
	c.registry(t, "rows-js", func(s *stack) *exec.Cmd { return exec.Command(node, path, s.kafka, "http://"+s.registry, linesTopic) })
}

// TestRegistryGo runs franz-go's client and Serde.
func TestRegistryGo(t *testing.T) {
	t.Parallel()
	c := client{"registry: franz-go's sr", "none"}
	path, ok := cached("goclients")
	if !ok {
		c.missing(t, "the program is not built; run .ci/interop")
	}
	for line := range strings.Lines(runProcess(t, time.Minute, "", exec.Command(path, "versions")).ok(t).stdout) {
		if version, found := strings.CutPrefix(strings.TrimSpace(line), "github.com/twmb/franz-go/pkg/sr "); found {
			c.version = version
		}
	}
	c.registry(t, "rows-go", func(s *stack) *exec.Cmd {
		return exec.Command(path, "registry", s.kafka, "http://"+s.registry, linesTopic)
	})
}

// TestRegistryJava runs Confluent's Java client, which Apache Flink bundles under names of its own. Confluent's serializers and converters are
// not on Maven Central, so Apache Avro makes the bytes.
func TestRegistryJava(t *testing.T) {
	t.Parallel()
	c := client{"registry: Confluent's Java client", "7.5.3 (of Flink 2.0.0)"}
	bundle, ok := cached("java", "registry")
	if !ok {
		c.missing(t, "the bundle that has it is missing; run .ci/interop")
	}
	c.registry(t, "rows-java", func(s *stack) *exec.Cmd {
		cmd := java(t, c, "interop.Registry", s.kafka, "http://"+s.registry, linesTopic)
		i := slices.Index(cmd.Args, "-cp") + 1
		cmd.Args[i] += ":" + bundle + "/*"
		return cmd
	})
	serializers := client{"registry: Confluent's Java serializers", "none"}
	t.Run("serializers", func(t *testing.T) {
		serializers.missing(t, "they are only on packages.confluent.io, not on Maven Central")
	})
}
