package main

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

// franz makes franz-go clients of one broker, alike for every system: acks=all, idempotent, no compression, the linger of Kafka's own
// producer.
type franz struct {
	addr string
	dial dialer
}

func (f franz) client(more ...kgo.Opt) (*kgo.Client, error) {
	opts := []kgo.Opt{kgo.SeedBrokers(f.addr), kgo.Dialer(f.dial), kgo.ProducerBatchCompression(kgo.NoCompression()), kgo.ProducerLinger(5 * time.Millisecond),
		kgo.MaxBufferedRecords(100_000), kgo.MaxBufferedBytes(64 << 20), kgo.DisableClientMetrics(), kgo.RecordDeliveryTimeout(time.Minute)}
	return kgo.NewClient(append(opts, more...)...)
}

// payload is what compression could not shrink.
func payload(size int) []byte {
	b := make([]byte, size)
	for i := range b {
		b[i] = byte(rand.Uint32())
	}
	return b
}

// create makes a topic and waits until all of its partitions can be used.
func (f franz) create(ctx context.Context, topic string, partitions int) error {
	cl, err := f.client()
	if err != nil {
		return err
	}
	defer cl.Close()
	adm := kadm.NewClient(cl)
	resp, err := adm.CreateTopic(ctx, int32(partitions), 1, nil, topic)
	if err := errors.Join(err, resp.Err); err != nil {
		return fmt.Errorf("creating topic %s: %w", topic, err)
	}
	for {
		details, err := adm.ListTopics(ctx, topic)
		if err != nil {
			return fmt.Errorf("awaiting topic %s: %w", topic, err)
		}
		led := 0
		for _, p := range details[topic].Partitions {
			if p.Err == nil && p.Leader >= 0 {
				led++
			}
		}
		if led == partitions {
			return nil
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// produce sends records of a size for a while, at most limit bytes of them, and returns how many were acknowledged and how long that took.
func (f franz) produce(ctx context.Context, topic string, size int, d time.Duration, limit int) (int, time.Duration, error) {
	cl, err := f.client(kgo.DefaultProduceTopic(topic))
	if err != nil {
		return 0, 0, err
	}
	defer cl.Close()
	if err := cl.Ping(ctx); err != nil {
		return 0, 0, err
	}
	value := payload(size)
	var failed atomic.Pointer[error]
	acked := func(_ *kgo.Record, err error) {
		if err != nil {
			failed.CompareAndSwap(nil, &err)
		}
	}
	begin, n := time.Now(), 0
	for n*size < limit && time.Since(begin) < d && failed.Load() == nil {
		records := make([]kgo.Record, 256) // in one allocation
		for i := range records {
			records[i].Value = value
			cl.Produce(ctx, &records[i], acked)
		}
		n += len(records)
	}
	err = cl.Flush(ctx)
	took := time.Since(begin)
	if p := failed.Load(); p != nil {
		err = errors.Join(err, *p)
	}
	return n, took, err
}

// consume reads so many records of a topic from its start and returns how long that took.
func (f franz) consume(ctx context.Context, topic string, records int) (time.Duration, error) {
	cl, err := f.client(kgo.ConsumeTopics(topic), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	if err != nil {
		return 0, err
	}
	defer cl.Close()
	ctx, cancel := context.WithTimeoutCause(ctx, time.Minute, errors.New("a minute has passed"))
	defer cancel()
	begin, n := time.Now(), 0
	for n < records {
		fetches := cl.PollFetches(ctx)
		if err := fetches.Err(); err != nil {
			return 0, fmt.Errorf("after %d of %d records of %s: %w", n, records, topic, err)
		}
		n += fetches.NumRecords()
	}
	return time.Since(begin), nil
}

// latency sends records of 100 bytes at a fixed rate, without linger, and returns how long each took until a consumer had it, in order. The
// first second counts as warm-up.
func (f franz) latency(ctx context.Context, topic string, perSecond int, d time.Duration) ([]time.Duration, error) {
	const warm = time.Second
	p, err := f.client(kgo.DefaultProduceTopic(topic), kgo.ProducerLinger(0))
	if err != nil {
		return nil, err
	}
	defer p.Close()
	c, err := f.client(kgo.ConsumeTopics(topic), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	if err != nil {
		return nil, err
	}
	defer c.Close()
	total := int((warm + d).Seconds() * float64(perSecond))
	ctx, cancel := context.WithTimeoutCause(ctx, warm+d+30*time.Second, errors.New("records were not delivered within 30 s"))
	defer cancel()
	begin := time.Now()
	var took []time.Duration
	var failed error
	var wg sync.WaitGroup
	wg.Go(func() {
		for n := 0; n < total; {
			fetches := c.PollFetches(ctx)
			if failed = fetches.Err(); failed != nil {
				return
			}
			now := time.Since(begin)
			for r := range fetches.RecordsAll() {
				sent := time.Duration(binary.BigEndian.Uint64(r.Value))
				if n++; sent >= warm {
					took = append(took, now-sent)
				}
			}
		}
	})
	var refused atomic.Pointer[error]
	for i := range total {
		due := time.Duration(i) * time.Second / time.Duration(perSecond)
		time.Sleep(due - time.Since(begin))
		value := make([]byte, 100)
		binary.BigEndian.PutUint64(value, uint64(time.Since(begin)))
		p.Produce(ctx, &kgo.Record{Value: value}, func(_ *kgo.Record, err error) {
			if err != nil && refused.CompareAndSwap(nil, &err) {
				cancel()
			}
		})
		if ctx.Err() != nil {
			break
		}
	}
	wg.Wait()
	if p := refused.Load(); p != nil {
		return nil, *p
	}
	slices.Sort(took)
	return took, failed
}
