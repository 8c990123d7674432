package broker_test

import (
	"context"
	"sync"
	"testing"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/kurier-io/kurier/broker"
	"github.com/kurier-io/kurier/broker/brokertest"
)

func transports(b *testing.B, run func(b *testing.B, c *brokertest.Cluster, opts ...kgo.Opt)) {
	b.Run("memory", func(b *testing.B) {
		c := brokertest.New(b)
		run(b, c, kgo.Dialer(c.Dial))
	})
	b.Run("tcp", func(b *testing.B) { run(b, brokertest.New(b)) })
}

func produceN(b *testing.B, c *brokertest.Cluster, n, size int, opts ...kgo.Opt) {
	b.Helper()
	cl := client(b, c, append(opts, kgo.ProducerBatchCompression(kgo.NoCompression()), kgo.MaxBufferedRecords(50_000), kgo.DisableClientMetrics())...)
	value := make([]byte, size)
	var once sync.Once
	var failed error
	for range n {
		cl.Produce(context.Background(), &kgo.Record{Topic: "bench", Value: value}, func(_ *kgo.Record, err error) {
			if err != nil {
				once.Do(func() { failed = err })
			}
		})
	}
	if err := cl.Flush(context.Background()); err != nil {
		b.Fatal(err)
	}
	if failed != nil {
		b.Fatal(failed)
	}
}

func BenchmarkProduce(b *testing.B) {
	for name, size := range map[string]int{"100B": 100, "1KiB": 1024} {
		b.Run(name, func(b *testing.B) {
			transports(b, func(b *testing.B, c *brokertest.Cluster, opts ...kgo.Opt) {
				produceN(b, c, 1, size, opts...)
				b.SetBytes(int64(size))
				b.ReportAllocs()
				b.ResetTimer()
				produceN(b, c, b.N, size, opts...)
				b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "records/s")
			})
		})
	}
}

func BenchmarkFetch(b *testing.B) {
	transports(b, func(b *testing.B, c *brokertest.Cluster, opts ...kgo.Opt) {
		const size = 1024
		produceN(b, c, b.N, size, opts...)
		cl := client(b, c, append(opts, kgo.ConsumeTopics("bench"))...)
		b.SetBytes(size)
		b.ReportAllocs()
		b.ResetTimer()
		for n := 0; n < b.N; {
			fs := cl.PollFetches(context.Background())
			if err := fs.Err(); err != nil {
				b.Fatal(err)
			}
			n += fs.NumRecords()
		}
		b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "records/s")
	})
}

// BenchmarkProduceSync is the latency of one record with acks=all.
func BenchmarkProduceSync(b *testing.B) {
	transports(b, func(b *testing.B, c *brokertest.Cluster, opts ...kgo.Opt) {
		cl := client(b, c, append(opts, kgo.ProducerLinger(0))...)
		for b.Loop() {
			if err := cl.ProduceSync(context.Background(), &kgo.Record{Topic: "bench", Value: []byte("x")}).FirstErr(); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkNew is the time to open a broker on an empty directory.
func BenchmarkNew(b *testing.B) {
	for b.Loop() {
		br, err := broker.New(broker.Config{DataDir: b.TempDir(), Listeners: broker.Plaintext("127.0.0.1:0")})
		if err != nil {
			b.Fatal(err)
		}
		b.StopTimer()
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		if err := br.Run(ctx); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
	}
}
