//go:build interop

package interop

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// TestKcat writes with each codec and looks at what is stored.
func TestKcat(t *testing.T) {
	t.Parallel()
	c := client{"kcat (librdkafka)", "none"}
	path, err := exec.LookPath("kcat")
	if err != nil {
		c.missing(t, "kcat is missing; run .ci/install")
	}
	if found := regexp.MustCompile(`librdkafka ([0-9.]+)`).FindStringSubmatch(runProcess(t, time.Minute, "", exec.Command(path, "-V")).stdout); found != nil {
		c.version = found[1]
	}
	b := startBroker(t)
	kcat := func(t *testing.T, input string, args ...string) outcome {
		t.Helper()
		return runProcess(t, time.Minute, input, exec.Command(path, append([]string{"-b", b.addr}, args...)...))
	}
	var lines strings.Builder
	for i := range 200 {
		fmt.Fprintf(&lines, "k%d:the same words again and again %d\n", i, i)
	}
	for id, codec := range []string{"none", "gzip", "snappy", "lz4", "zstd"} {
		c.check(t, "stores "+codec, func(t *testing.T) {
			kcat(t, lines.String(), "-P", "-t", codec, "-K:", "-z", codec, "-X", "linger.ms=200").ok(t)
			log, err := os.ReadFile(filepath.Join(b.data, codec+"-0", "00000000000000000000.log"))
			if err != nil {
				t.Fatal(err)
			}
			// The lowest three bits of a batch's attributes, at byte 22, name the codec.
			if got := int(log[22] & 7); got != id {
				t.Errorf("codec %d is stored, want %d", got, id)
			}
			if got := kcat(t, "", "-C", "-t", codec, "-e", "-q", "-f", "%k:%s\n").ok(t); got.stdout != lines.String() {
				t.Errorf("read %s", tail(got.stdout, 3))
			}
		})
	}
	c.check(t, "metadata", func(t *testing.T) {
		kcat(t, "", "-L").ok(t, "broker 1 at "+b.addr+" (controller)", `topic "zstd" with 1 partitions`, "partition 0, leader 1, replicas: 1, isrs: 1")
	})
	c.check(t, "offsets by time", func(t *testing.T) {
		kcat(t, "", "-Q", "-t", "zstd:0:0").ok(t, "zstd [0] offset 0")
		kcat(t, "", "-Q", "-t", "zstd:0:-1").ok(t, "zstd [0] offset 200")
	})
	c.check(t, "group", func(t *testing.T) {
		got := kcat(t, "", "-G", "kcat", "-e", "-q", "-X", "auto.offset.reset=earliest", "none", "gzip").ok(t)
		if n := strings.Count(got.stdout, "\n"); n != 400 {
			t.Errorf("%d records, want 400", n)
		}
	})
	c.check(t, "acknowledged records survive kill -9", func(t *testing.T) {
		kcat(t, lines.String(), "-P", "-t", "crash", "-K:", "-X", "acks=all").ok(t)
		b.kill()
		b.start(t)
		if got := kcat(t, "", "-C", "-t", "crash", "-e", "-q", "-f", "%k:%s\n").ok(t); got.stdout != lines.String() {
			t.Errorf("read %s", tail(got.stdout, 3))
		}
	})
	c.check(t, "transaction", func(t *testing.T) {
		kcat(t, lines.String(), "-P", "-t", "txn", "-K:", "-X", "transactional.id=kcat").ok(t)
		got := kcat(t, "", "-C", "-t", "txn", "-e", "-q", "-X", "isolation.level=read_committed", "-f", "%o\n").ok(t)
		if n := strings.Count(got.stdout, "\n"); n != 200 {
			t.Errorf("%d committed records, want 200", n)
		}
	})
}

// TestConfluentPython runs programs of ours on confluent-kafka-python.
func TestConfluentPython(t *testing.T) {
	t.Parallel()
	c := client{"confluent-kafka-python", "none"}
	python, ok := cached("python", "bin", "python")
	if !ok {
		c.missing(t, "its environment is missing; run .ci/interop")
	}
	c.version = strings.TrimSpace(runProcess(t, time.Minute, "", exec.Command(python, "-c", "import confluent_kafka as c; print(c.__version__ + ' (librdkafka ' + c.libversion()[0] + ')')")).ok(t).stdout)
	t.Run("clients", func(t *testing.T) {
		b := startBroker(t)
		c.program(t, 3*time.Minute, exec.Command(python, "python/clients.py", b.addr))
	})
	t.Run("security", func(t *testing.T) {
		s := startSecured(t)
		c.program(t, 2*time.Minute, exec.Command(python, "python/security.py", s.saslSSL, s.saslPlain, s.mutual, s.ca, s.client))
	})
}
