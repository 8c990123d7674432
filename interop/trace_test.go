//go:build interop

package interop

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// A tracer is a proxy before a broker that notes key and version of each request. The broker advertises the proxy's address.
type tracer struct {
	listener net.Listener
	target   string
	mu       sync.Mutex
	seen     map[[2]int16]bool
	wg       sync.WaitGroup
}

func startTracer(t *testing.T) (*tracer, *broker) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	tr := &tracer{listener: l, target: freeAddr(t), seen: map[[2]int16]bool{}}
	b := startBroker(t, "listeners=PLAINTEXT://"+tr.target, "advertised.listeners=PLAINTEXT://"+l.Addr().String())
	b.addr = l.Addr().String()
	tr.wg.Go(tr.serve)
	t.Cleanup(func() {
		_ = l.Close()
		tr.wg.Wait()
	})
	return tr, b
}

func (tr *tracer) serve() {
	for {
		conn, err := tr.listener.Accept()
		if err != nil {
			return
		}
		tr.wg.Go(func() { tr.forward(conn) })
	}
}

// forward copies both ways until either side hangs up.
func (tr *tracer) forward(client net.Conn) {
	defer client.Close()
	server, err := net.Dial("tcp", tr.target)
	if err != nil {
		return
	}
	defer server.Close()
	tr.wg.Go(func() {
		_, _ = io.Copy(client, server)
		_ = client.Close()
		_ = server.Close()
	})
	header := make([]byte, 8) // length, key, version
	for {
		if _, err := io.ReadFull(client, header); err != nil {
			return
		}
		length := int64(binary.BigEndian.Uint32(header))
		tr.note(int16(binary.BigEndian.Uint16(header[4:])), int16(binary.BigEndian.Uint16(header[6:])))
		if _, err := io.Copy(server, io.MultiReader(bytes.NewReader(header), io.LimitReader(client, length-4))); err != nil {
			return
		}
	}
}

func (tr *tracer) note(key, version int16) {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	tr.seen[[2]int16{key, version}] = true
}

// golden returns a line per key: its name and the versions that were sent.
func (tr *tracer) golden() string {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	versions := map[int16][]int16{}
	for kv := range tr.seen {
		if kv[0] == int16(kmsg.Heartbeat) {
			continue // whether a short-lived member sends one is a matter of timing
		}
		versions[kv[0]] = append(versions[kv[0]], kv[1])
	}
	var out strings.Builder
	for _, key := range slices.Sorted(maps.Keys(versions)) {
		slices.Sort(versions[key])
		fmt.Fprintf(&out, "%d %s %s\n", key, kmsg.NameForKey(key), strings.Trim(fmt.Sprint(versions[key]), "[]"))
	}
	return out.String()
}

// compare holds the trace to its golden file.
func (tr *tracer) compare(t *testing.T, name string) {
	t.Helper()
	path := filepath.Join("testdata", "trace", name)
	got := tr.golden()
	if os.Getenv("UPDATE_GOLDEN") != "" {
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(got), 0o644)); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s sends other requests than before (UPDATE_GOLDEN=1 accepts them)\nwant:\n%s\ngot:\n%s", name, want, got)
	}
}

// TestTrace notes which version of which request each client sends when it writes and reads a few records.
func TestTrace(t *testing.T) {
	t.Parallel()
	t.Run("java", func(t *testing.T) {
		c := javaClient("tools")
		java(t, c, "none") // skips when it is missing
		for _, protocol := range []string{"classic", "consumer"} {
			c.check(t, protocol, func(t *testing.T) {
				tr, b := startTracer(t)
				b.tool(t, topicCommand, "--create", "--topic", "trace").ok(t)
				b.lines(t, "trace", 1, 3)
				b.tool(t, "ProducerPerformance", "--topic", "trace", "--num-records", "10", "--record-size", "10", "--throughput", "-1", "--transactional-id", "trace").ok(t)
				b.tool(t, consoleReader, "--topic", "trace", "--group", "trace", "--from-beginning", "--max-messages", "13", "--timeout-ms", "15000", "--command-property", "group.protocol="+protocol).ok(t)
				tr.compare(t, "java-"+kafkaVersion+"-"+protocol)
			})
		}
	})
	t.Run("librdkafka", func(t *testing.T) {
		c := client{"kcat (librdkafka)", "2.0.2"} // the one of the distribution that the golden file is for
		kcat, err := exec.LookPath("kcat")
		if err != nil {
			c.missing(t, "kcat is missing; run .ci/install")
		}
		version := runProcess(t, time.Minute, "", exec.Command(kcat, "-V")).stdout
		if !strings.Contains(version, "librdkafka "+c.version+" ") {
			c.missing(t, "there is a golden file for librdkafka "+c.version+" only, but kcat has "+tail(version, 2))
		}
		c.check(t, "produce and group", func(t *testing.T) {
			tr, b := startTracer(t)
			run := func(input string, args ...string) {
				runProcess(t, time.Minute, input, exec.Command(kcat, append([]string{"-b", b.addr}, args...)...)).ok(t)
			}
			run("a\nb\n", "-P", "-t", "trace", "-z", "gzip")
			run("c\n", "-P", "-t", "trace", "-X", "transactional.id=trace")
			run("", "-G", "trace", "-c", "3", "-q", "-X", "auto.offset.reset=earliest", "trace")
			tr.compare(t, "librdkafka-"+c.version)
		})
	})
	t.Run("franz-go", func(t *testing.T) {
		c := client{"franz-go trace", "of go.mod"}
		c.check(t, "produce and group", func(t *testing.T) {
			tr, b := startTracer(t)
			p, err := kgo.NewClient(kgo.SeedBrokers(b.addr), kgo.AllowAutoTopicCreation(), kgo.DefaultProduceTopic("trace"))
			if err != nil {
				t.Fatal(err)
			}
			defer p.Close()
			if err := p.ProduceSync(t.Context(), kgo.StringRecord("a"), kgo.StringRecord("b")).FirstErr(); err != nil {
				t.Fatal(err)
			}
			g, err := kgo.NewClient(kgo.SeedBrokers(b.addr), kgo.ConsumerGroup("trace"), kgo.ConsumeTopics("trace"), kgo.DisableAutoCommit())
			if err != nil {
				t.Fatal(err)
			}
			for n := 0; n < 2; {
				fetches := g.PollFetches(t.Context())
				if err := fetches.Err(); err != nil {
					t.Fatal(err)
				}
				n += fetches.NumRecords()
			}
			if err := g.CommitUncommittedOffsets(t.Context()); err != nil {
				t.Fatal(err)
			}
			g.Close()
			tr.compare(t, "franz-go")
		})
	})
	t.Run("go clients", func(t *testing.T) { traceGoClients(t) })
	t.Run("kafkajs", func(t *testing.T) { traceKafkaJS(t) })
}

// traceGoClients runs the checks that need no secured broker.
func traceGoClients(t *testing.T) {
	path, ok := cached("goclients")
	if !ok {
		client{"sarama, kafka-go", "none"}.missing(t, "the program is not built; run .ci/interop")
	}
	for _, name := range []string{"sarama", "segmentio"} {
		c := client{name + " trace", "of goclients/go.mod"}
		c.check(t, name, func(t *testing.T) {
			tr, b := startTracer(t)
			o := runProcess(t, 2*time.Minute, "", exec.Command(path, name, b.addr))
			o.ok(t, "done\n").lacks(t, "not ok")
			tr.compare(t, name)
		})
	}
}

func traceKafkaJS(t *testing.T) {
	c := client{"kafkajs", "2.2.4"}
	node, err := exec.LookPath("node")
	program, ok := cached("node", "clients.js")
	if err != nil || !ok {
		c.missing(t, "node or the module is missing; run .ci/interop")
	}
	c.check(t, "clients", func(t *testing.T) {
		tr, b := startTracer(t)
		runProcess(t, 2*time.Minute, "", exec.Command(node, program, b.addr)).ok(t, "done\n").lacks(t, "not ok")
		tr.compare(t, "kafkajs-"+c.version)
	})
}
