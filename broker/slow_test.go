//go:build slow

package broker_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/kurier-io/kurier/broker"
	"github.com/kurier-io/kurier/broker/brokertest"
)

// TestBrokerProcess is no test: it is the broker that TestKillLoop kills.
func TestBrokerProcess(t *testing.T) {
	dir := os.Getenv("KURIER_TEST_BROKER_DIR")
	if dir == "" {
		t.Skip("runs only as the subprocess of TestKillLoop")
	}
	b, err := broker.New(broker.Config{DataDir: dir, Listeners: broker.Plaintext(os.Getenv("KURIER_TEST_BROKER_LISTEN")), AutoCreateTopics: true, NumPartitions: 4,
		TopicDefaults: map[string]string{"segment.bytes": "1048576"}})
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

func startProcess(t *testing.T, dir, listen string) (*exec.Cmd, string) {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^TestBrokerProcess$")
	cmd.Env = append(os.Environ(), "KURIER_TEST_BROKER_DIR="+dir, "KURIER_TEST_BROKER_LISTEN="+listen)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	sc := bufio.NewScanner(out)
	for sc.Scan() {
		if addr, ok := strings.CutPrefix(sc.Text(), "listening "); ok {
			return cmd, addr
		}
		t.Log(sc.Text())
	}
	t.Fatalf("the broker did not start: %s", stderr.String())
	return nil, ""
}

// TestKillLoop kills a broker again and again under idempotent load. Every
// acknowledged record must be there exactly once, in the order of its producer;
// what was not acknowledged may be there at most once.
func TestKillLoop(t *testing.T) {
	dir := t.TempDir()
	cmd, addr := startProcess(t, dir, "127.0.0.1:0")
	const producers = 3
	var (
		wg    sync.WaitGroup
		mu    sync.Mutex
		acked = map[string]int64{} // value to partition<<48|offset
		stop  = make(chan struct{})
	)
	for p := range producers {
		wg.Go(func() {
			cl, err := kgo.NewClient(kgo.SeedBrokers(addr), kgo.AllowAutoTopicCreation(), kgo.DefaultProduceTopic("kill"), kgo.RecordPartitioner(kgo.ManualPartitioner()),
				kgo.RetryBackoffFn(func(int) time.Duration { return 20 * time.Millisecond }), kgo.MaxBufferedRecords(2000))
			if err != nil {
				t.Error(err)
				return
			}
			defer cl.Close()
			for i := 0; ; i++ {
				select {
				case <-stop:
					if err := cl.Flush(context.Background()); err != nil {
						t.Error(err)
					}
					return
				default:
				}
				v := fmt.Sprintf("%d-%d", p, i)
				cl.Produce(context.Background(), &kgo.Record{Partition: int32(i % 4), Value: []byte(v), Key: make([]byte, 200)}, func(r *kgo.Record, err error) {
					if err != nil {
						t.Errorf("%s: %v", v, err)
						return
					}
					mu.Lock()
					acked[v] = int64(r.Partition)<<48 | r.Offset
					mu.Unlock()
				})
			}
		})
	}
	for i := range 8 {
		time.Sleep(time.Duration(300+rand.IntN(900)) * time.Millisecond)
		if err := cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = cmd.Wait() // reports the kill
		begin := time.Now()
		cmd, _ = startProcess(t, dir, addr)
		t.Logf("kill %d: back after %v", i, time.Since(begin))
	}
	close(stop)
	wg.Wait()
	checkKilled(t, addr, acked)
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("clean stop: %v", err)
	}
}

func checkKilled(t *testing.T, addr string, acked map[string]int64) {
	cl, err := kgo.NewClient(kgo.SeedBrokers(addr), kgo.ConsumeTopics("kill"), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	if err != nil {
		t.Fatal(err)
	}
	defer cl.Close()
	seen := map[string]int64{}
	last := map[string]int{} // producer and partition to sequence
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	missing := len(acked)
	for missing > 0 {
		fs := cl.PollFetches(ctx)
		if err := fs.Err(); err != nil {
			t.Fatalf("%d acknowledged records missing: %v", missing, err)
		}
		fs.EachRecord(func(r *kgo.Record) {
			v, at := string(r.Value), int64(r.Partition)<<48|r.Offset
			if old, dup := seen[v]; dup {
				t.Errorf("%s is at %x and at %x", v, old, at)
			}
			seen[v] = at
			if want, ok := acked[v]; ok {
				missing--
				if want != at {
					t.Errorf("%s is at %x, acknowledged at %x", v, at, want)
				}
			}
			var p, i int
			if _, err := fmt.Sscanf(v, "%d-%d", &p, &i); err != nil {
				t.Fatal(err)
			}
			key := fmt.Sprint(p, "/", r.Partition)
			if prev, ok := last[key]; ok && i <= prev {
				t.Errorf("producer %d: %d comes after %d in partition %d", p, i, prev, r.Partition)
			}
			last[key] = i
		})
	}
	t.Logf("%d records acknowledged, %d read", len(acked), len(seen))
}

// TestKcat drives librdkafka's command line client.
func TestKcat(t *testing.T) {
	path, err := exec.LookPath("kcat")
	if err != nil {
		t.Skip("kcat is not installed; apt-get install kcat to run this test")
	}
	c := brokertest.New(t)
	run := func(stdin string, args ...string) string {
		t.Helper()
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		defer cancel()
		cmd := exec.CommandContext(ctx, path, append([]string{"-b", c.Addr()}, args...)...)
		cmd.Stdin = strings.NewReader(stdin)
		var out, stderr bytes.Buffer
		cmd.Stdout, cmd.Stderr = &out, &stderr
		if err := cmd.Run(); err != nil {
			t.Fatalf("kcat %v: %v\n%s", args, err, stderr.String())
		}
		return out.String()
	}
	for _, codec := range []string{"none", "gzip", "snappy", "lz4", "zstd"} {
		var in strings.Builder
		for i := range 1000 {
			fmt.Fprintf(&in, "key%d:value %d\n", i, i)
		}
		topic := "kcat-" + codec
		run(in.String(), "-P", "-t", topic, "-K:", "-z", codec, "-X", "enable.idempotence=true")
		if got := run("", "-C", "-t", topic, "-e", "-q", "-K:", "-o", "beginning"); got != in.String() {
			t.Errorf("%s: read %d bytes, wrote %d", codec, len(got), in.Len())
		}
	}
	if got := run("", "-G", "readers", "-e", "-q", "-X", "auto.offset.reset=earliest", "kcat-none"); strings.Count(got, "\n") != 1000 {
		t.Errorf("group consumer read %d lines", strings.Count(got, "\n"))
	}
	if got := run("", "-L"); !strings.Contains(got, "topic \"kcat-zstd\" with 1 partitions") {
		t.Errorf("metadata: %s", got)
	}
	if got := run("", "-Q", "-t", "kcat-none:0:-1"); !strings.Contains(got, "offset 1000") {
		t.Errorf("latest offset: %s", got)
	}
}
