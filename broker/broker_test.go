package broker_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"go.uber.org/goleak"

	"github.com/kurier-io/kurier/broker"
	"github.com/kurier-io/kurier/broker/brokertest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func client(t testing.TB, c *brokertest.Cluster, opts ...kgo.Opt) *kgo.Client {
	t.Helper()
	cl, err := kgo.NewClient(append([]kgo.Opt{kgo.SeedBrokers(c.Addr()), kgo.AllowAutoTopicCreation()}, opts...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cl.Close)
	return cl
}

func timeout(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	t.Cleanup(cancel)
	return ctx
}

func produce(t testing.TB, cl *kgo.Client, topic string, from, n int) {
	t.Helper()
	var recs []*kgo.Record
	for i := from; i < from+n; i++ {
		recs = append(recs, &kgo.Record{Topic: topic, Key: fmt.Appendf(nil, "k%d", i), Value: fmt.Appendf(nil, "v%d", i)})
	}
	if err := cl.ProduceSync(timeout(t), recs...).FirstErr(); err != nil {
		t.Fatal(err)
	}
}

// consume polls until it has n records and returns their values.
func consume(t testing.TB, cl *kgo.Client, n int) []string {
	t.Helper()
	ctx := timeout(t)
	var out []string
	for len(out) < n {
		fs := cl.PollFetches(ctx)
		if err := fs.Err(); err != nil {
			t.Fatalf("after %d of %d records: %v", len(out), n, err)
		}
		fs.EachRecord(func(r *kgo.Record) { out = append(out, string(r.Value)) })
	}
	return out
}

func values(n int) []string {
	var out []string
	for i := range n {
		out = append(out, fmt.Sprintf("v%d", i))
	}
	return out
}

func TestProduceFetchRestart(t *testing.T) {
	for _, d := range []broker.Durability{broker.DurabilityFsync, broker.DurabilityInterval, broker.DurabilityOS} {
		t.Run(string(d), func(t *testing.T) {
			c := brokertest.New(t, func(cfg *broker.Config) { cfg.Durability = d })
			produce(t, client(t, c), "events", 0, 500)
			c.Restart()
			produce(t, client(t, c), "events", 500, 500)
			got := consume(t, client(t, c, kgo.ConsumeTopics("events"), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart())), 1000)
			if diff := cmp.Diff(values(1000), got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestInMemoryDialReachesAdvertisedAddress(t *testing.T) {
	c := brokertest.New(t, func(cfg *broker.Config) { cfg.Listeners = nil })
	produce(t, client(t, c, kgo.Dialer(c.Dial)), "mem", 0, 10)
	got := consume(t, client(t, c, kgo.Dialer(c.Dial), kgo.ConsumeTopics("mem")), 10)
	if diff := cmp.Diff(values(10), got); diff != "" {
		t.Error(diff)
	}
}

func TestCodecs(t *testing.T) {
	c := brokertest.New(t)
	codecs := map[string]kgo.CompressionCodec{"none": kgo.NoCompression(), "gzip": kgo.GzipCompression(),
		"snappy": kgo.SnappyCompression(), "lz4": kgo.Lz4Compression(), "zstd": kgo.ZstdCompression()}
	adm := kadm.NewClient(client(t, c))
	for name, codec := range codecs {
		// Stored as sent, on a compacted topic (inspected), and re-encoded.
		if _, err := adm.CreateTopic(timeout(t), 1, 1, map[string]*string{"cleanup.policy": new("compact")}, "compact-"+name); err != nil {
			t.Fatal(err)
		}
		if _, err := adm.CreateTopic(timeout(t), 1, 1, map[string]*string{"compression.type": new("lz4")}, "lz4-"+name); err != nil {
			t.Fatal(err)
		}
		for _, topic := range []string{"plain-" + name, "compact-" + name, "lz4-" + name} {
			produce(t, client(t, c, kgo.ProducerBatchCompression(codec)), topic, 0, 100)
			got := consume(t, client(t, c, kgo.ConsumeTopics(topic)), 100)
			if diff := cmp.Diff(values(100), got); diff != "" {
				t.Errorf("%s: %s", topic, diff)
			}
		}
	}
}

func TestGroupSharesAndTakesOver(t *testing.T) {
	c := brokertest.New(t, func(cfg *broker.Config) { cfg.NumPartitions = 4 })
	prod := client(t, c)
	produce(t, prod, "shared", 0, 100)
	member := func() *kgo.Client {
		return client(t, c, kgo.ConsumerGroup("g"), kgo.ConsumeTopics("shared"), kgo.HeartbeatInterval(100*time.Millisecond))
	}
	a := member()
	consume(t, a, 100)
	if err := a.CommitUncommittedOffsets(timeout(t)); err != nil {
		t.Fatal(err)
	}
	b := member()
	adm := kadm.NewClient(prod)
	waitMembers := func(n, partitions int) {
		t.Helper()
		for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(20 * time.Millisecond) {
			d, err := adm.DescribeGroups(timeout(t), "g")
			if err != nil {
				t.Fatal(err)
			}
			g := d["g"]
			owned := map[string]bool{}
			each := map[string]int{}
			for _, m := range g.Members {
				if as, ok := m.Assigned.AsConsumer(); ok {
					for _, topic := range as.Topics {
						each[m.MemberID] += len(topic.Partitions)
						for _, p := range topic.Partitions {
							owned[fmt.Sprint(topic.Topic, p)] = true
						}
					}
				}
			}
			if g.State == "Stable" && len(g.Members) == n && len(owned) == 4 {
				for id, k := range each {
					if k != partitions {
						t.Fatalf("%s owns %d partitions, want %d", id, k, partitions)
					}
				}
				return
			}
			if time.Now().After(deadline) {
				t.Fatalf("group is %+v", g)
			}
			a.PollFetches(shortCtx(t))
			b.PollFetches(shortCtx(t))
		}
	}
	waitMembers(2, 2)
	a.Close()
	waitMembers(1, 4)
	produce(t, prod, "shared", 100, 50)
	got := consume(t, b, 50)
	for _, v := range got {
		if !strings.HasPrefix(v, "v1") || len(v) != 4 {
			t.Errorf("%s was committed and delivered again", v)
		}
	}
}

func shortCtx(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	t.Cleanup(cancel)
	return ctx
}

func TestCommittedOffsetsSurviveRestart(t *testing.T) {
	c := brokertest.New(t)
	cl := client(t, c)
	produce(t, cl, "orders", 0, 20)
	var offs kadm.Offsets
	offs.Add(kadm.Offset{Topic: "orders", Partition: 0, At: 12, LeaderEpoch: -1, Metadata: "why not"})
	if err := kadm.NewClient(cl).CommitAllOffsets(timeout(t), "g", offs); err != nil {
		t.Fatal(err)
	}
	c.Restart()
	adm := kadm.NewClient(client(t, c))
	got, err := adm.FetchOffsets(timeout(t), "g")
	if err != nil {
		t.Fatal(err)
	}
	o, ok := got.Lookup("orders", 0)
	if !ok || o.At != 12 || o.Metadata != "why not" {
		t.Errorf("committed offset is %+v", o)
	}
	rest := consume(t, client(t, c, kgo.ConsumerGroup("g"), kgo.ConsumeTopics("orders")), 8)
	if diff := cmp.Diff(values(20)[12:], rest); diff != "" {
		t.Error(diff)
	}
}

func TestAdmin(t *testing.T) {
	c := brokertest.New(t)
	adm := kadm.NewClient(client(t, c))
	ctx := timeout(t)
	if _, err := adm.CreateTopic(ctx, 3, -1, map[string]*string{"retention.ms": new("1000")}, "t"); err != nil {
		t.Fatal(err)
	}
	refused := func(err error, want error) {
		t.Helper()
		if !errors.Is(err, want) {
			t.Errorf("error %v, want %v", err, want)
		}
	}
	_, err := adm.CreateTopic(ctx, 1, 1, nil, "t")
	refused(err, kerr.TopicAlreadyExists)
	_, err = adm.CreateTopic(ctx, 1, 3, nil, "u")
	refused(err, kerr.InvalidReplicationFactor)
	_, err = adm.CreateTopic(ctx, 0, 1, nil, "u")
	refused(err, kerr.InvalidPartitions)
	_, err = adm.CreateTopic(ctx, 1, 1, nil, "u/../v")
	refused(err, kerr.InvalidTopicException)
	_, err = adm.CreateTopic(ctx, 1, 1, map[string]*string{"no.such": new("1")}, "u")
	refused(err, kerr.InvalidConfig)
	if _, err := adm.AlterTopicConfigs(ctx, []kadm.AlterConfig{{Op: kadm.SetConfig, Name: "cleanup.policy", Value: new("compact,delete")}}, "t"); err != nil {
		t.Fatal(err)
	}
	configs, err := adm.DescribeTopicConfigs(ctx, "t")
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, cfg := range configs[0].Configs {
		got[cfg.Key] = cfg.MaybeValue()
	}
	for k, want := range map[string]string{"retention.ms": "1000", "cleanup.policy": "compact,delete", "max.message.bytes": "1048588"} {
		if got[k] != want {
			t.Errorf("%s=%s, want %s", k, got[k], want)
		}
	}
	if r, err := adm.CreatePartitions(ctx, 2, "t"); err != nil || r["t"].Err != nil {
		t.Fatal(err, r["t"].Err)
	}
	md, err := adm.Metadata(ctx, "t")
	if err != nil || len(md.Topics["t"].Partitions) != 5 {
		t.Errorf("metadata %+v, %v", md, err)
	}
	if _, err := adm.DeleteTopics(ctx, "t"); err != nil {
		t.Fatal(err)
	}
	c.Restart()
	topics, err := kadm.NewClient(client(t, c)).ListTopics(timeout(t))
	if err != nil || topics.Has("t") {
		t.Errorf("topics %v, %v", topics.Names(), err)
	}
}

func TestListOffsets(t *testing.T) {
	c := brokertest.New(t)
	cl := client(t, c)
	base := time.Now().Add(-time.Hour).Truncate(time.Second)
	for _, ms := range []int{1000, 2000, 3000, 2500} { // one batch each
		r := &kgo.Record{Topic: "time", Value: []byte("x"), Timestamp: base.Add(time.Duration(ms) * time.Millisecond)}
		if err := cl.ProduceSync(timeout(t), r).FirstErr(); err != nil {
			t.Fatal(err)
		}
	}
	adm := kadm.NewClient(cl)
	at := func(ms int) int64 { return base.UnixMilli() + int64(ms) }
	for ts, want := range map[int64]int64{at(0): 0, at(1500): 1, at(2000): 1, at(2001): 2, at(3000): 2} {
		l, err := adm.ListOffsetsAfterMilli(timeout(t), ts, "time")
		if err != nil {
			t.Fatal(err)
		}
		if o, _ := l.Lookup("time", 0); o.Offset != want {
			t.Errorf("offset for base+%d is %d, want %d", ts-base.UnixMilli(), o.Offset, want)
		}
	}
	l, err := adm.ListMaxTimestampOffsets(timeout(t), "time")
	if err != nil {
		t.Fatal(err)
	}
	if o, _ := l.Lookup("time", 0); o.Offset != 2 || o.Timestamp != at(3000) {
		t.Errorf("max timestamp is %+v", o)
	}
	if _, err := adm.DeleteRecords(timeout(t), kadm.Offsets{"time": {0: kadm.Offset{Topic: "time", Partition: 0, At: 2}}}); err != nil {
		t.Fatal(err)
	}
	c.Restart()
	starts, err := kadm.NewClient(client(t, c)).ListStartOffsets(timeout(t), "time")
	if o, _ := starts.Lookup("time", 0); err != nil || o.Offset != 2 {
		t.Errorf("start is %+v, %v", o, err)
	}
}

// TestFormats: a directory of a later release, or of Apache Kafka, is refused
// before anything in it is touched; one from before there were formats is taken.
func TestFormats(t *testing.T) {
	c := brokertest.New(t)
	produce(t, client(t, c), "t", 0, 1)
	c.Stop()
	file := filepath.Join(c.DataDir(), "meta.properties")
	mine, err := os.ReadFile(file)
	if err != nil || !strings.Contains(string(mine), "kurier.format=1\n") {
		t.Fatalf("meta.properties: %q, %v", mine, err)
	}
	for text, want := range map[string]string{
		"version=1\nkurier.format=2\n": "data format 2", "version=1\ncluster.id=abc\nnode.id=1\n": "Apache Kafka",
	} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := broker.New(broker.Config{DataDir: c.DataDir()}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want mention of %q", text, err, want)
		}
	}
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	c.Start()
	if now, err := os.ReadFile(file); err != nil || string(now) != string(mine) {
		t.Errorf("written again: %q, %v", now, err)
	}
}

func TestErrorsOfNew(t *testing.T) {
	c := brokertest.New(t)
	_, err := broker.New(broker.Config{DataDir: c.DataDir()})
	if e, ok := errors.AsType[*broker.LockedError](err); !ok || e.PID == 0 || !strings.Contains(e.Error(), c.DataDir()) {
		t.Errorf("second broker on the directory: %v", err)
	}
	_, err = broker.New(broker.Config{DataDir: t.TempDir(), Listeners: broker.Plaintext(c.Addr())})
	if e, ok := errors.AsType[*broker.ListenError](err); !ok || e.Addr != c.Addr() {
		t.Errorf("second broker on the address: %v", err)
	}
}

func TestGarbageClosesOnlyItsConnection(t *testing.T) {
	c := brokertest.New(t)
	for _, in := range [][]byte{
		{0x7f, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0, 0, 0, 0},
		{0xff, 0xff, 0xff, 0xff},
		{0, 0, 0, 15, 0x27, 0x0f, 0, 0, 0, 0, 0, 1, 0xff, 0xff, 0, 0, 0, 0, 0},
		{0, 0, 0, 12, 0, 1, 0, 12, 0, 0, 0, 1, 0xff, 0xff, 0xff, 0xff},
	} {
		nc, err := net.Dial("tcp", c.Addr())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := nc.Write(in); err != nil {
			t.Fatal(err)
		}
		if err := nc.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
			t.Fatal(err)
		}
		if n, err := nc.Read(make([]byte, 1)); n != 0 || err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("% x: read %d, %v", in, n, err)
		}
		if err := nc.Close(); err != nil {
			t.Fatal(err)
		}
	}
	produce(t, client(t, c), "alive", 0, 1)
}
