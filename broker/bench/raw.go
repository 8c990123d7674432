package main

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/kurier-io/kurier/broker/wireproto"
)

// dialer opens a connection to a broker; (*broker.Broker).Dial is one.
type dialer func(ctx context.Context, network, address string) (net.Conn, error)

func overTCP(ctx context.Context, network, address string) (net.Conn, error) {
	var d net.Dialer
	return d.DialContext(ctx, network, address)
}

// wire speaks Kafka's protocol with so little work of its own that the broker's is what is measured. It uses versions without tagged
// fields. One goroutine uses it.
type wire struct {
	c     net.Conn
	r     *bufio.Reader
	form  *kmsg.RequestFormatter
	buf   []byte
	unset func() bool
}

// connect opens a connection that ends with ctx.
func connect(ctx context.Context, dial dialer, addr string) (*wire, error) {
	c, err := dial(ctx, "tcp", addr)
	if err != nil {
		return nil, err
	}
	w := &wire{c: c, r: bufio.NewReaderSize(c, 64<<10), form: kmsg.NewRequestFormatter(kmsg.FormatterClientID("bench"))}
	w.unset = context.AfterFunc(ctx, func() { _ = c.Close() }) // what it interrupts reports it
	return w, nil
}

func (w *wire) close() {
	w.unset()
	_ = w.c.Close() // nothing is written any more
}

// receive returns the next response without its correlation id, valid until the next call.
func (w *wire) receive() ([]byte, error) {
	var head [4]byte
	if _, err := io.ReadFull(w.r, head[:]); err != nil {
		return nil, err
	}
	n := int(int32(binary.BigEndian.Uint32(head[:])))
	if n < 4 || n > 256<<20 {
		return nil, fmt.Errorf("a response of %d bytes", n)
	}
	if cap(w.buf) < n {
		w.buf = make([]byte, n)
	}
	w.buf = w.buf[:n]
	if _, err := io.ReadFull(w.r, w.buf); err != nil {
		return nil, err
	}
	return w.buf[4:], nil
}

// call sends a request and reads its response, whose byte slices are valid until the next call.
func (w *wire) call(req kmsg.Request) (kmsg.Response, error) {
	if _, err := w.c.Write(w.form.AppendRequest(nil, req, 1)); err != nil {
		return nil, err
	}
	b, err := w.receive()
	if err != nil {
		return nil, err
	}
	resp := req.ResponseKind()
	return resp, resp.ReadFrom(b)
}

// awaitAnswer returns when a broker that is just starting has answered ApiVersions and Metadata, or with an error when gone is closed.
func awaitAnswer(ctx context.Context, addr string, node int32, gone <-chan struct{}) error {
	for {
		err := answers(ctx, addr, node)
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%w; the last attempt: %w", context.Cause(ctx), err)
		case <-gone:
			return fmt.Errorf("it ended before it answered; the last attempt: %w", err)
		case <-time.After(2 * time.Millisecond):
		}
	}
}

// answers also makes sure that it is the broker of that node id, and no other that happens to listen there.
func answers(ctx context.Context, addr string, node int32) error {
	w, err := connect(ctx, overTCP, addr)
	if err != nil {
		return err
	}
	defer w.close()
	versions := kmsg.NewPtrApiVersionsRequest()
	resp, err := w.call(versions)
	if err != nil {
		return err
	}
	if err := kerr.ErrorForCode(resp.(*kmsg.ApiVersionsResponse).ErrorCode); err != nil {
		return err
	}
	meta := kmsg.NewPtrMetadataRequest()
	meta.Version, meta.Topics = 8, nil
	if resp, err = w.call(meta); err != nil {
		return err
	}
	brokers := resp.(*kmsg.MetadataResponse).Brokers
	if len(brokers) == 0 {
		return errors.New("the metadata name no broker")
	}
	if brokers[0].NodeID != node {
		return fmt.Errorf("node %d answers at %s instead of node %d", brokers[0].NodeID, addr, node)
	}
	return nil
}

// batchOf makes a batch of n records of size bytes.
func batchOf(n, size int) wireproto.Batch {
	records := make([]wireproto.Record, n)
	for i := range records {
		records[i].Value = payload(size)
	}
	return wireproto.NewBatch(time.Now().UnixMilli(), records...)
}

// produceFrames encodes one request with acks=all for each partition of a topic.
func produceFrames(topic string, partitions int, batch wireproto.Batch) [][]byte {
	form := kmsg.NewRequestFormatter(kmsg.FormatterClientID("bench"))
	frames := make([][]byte, partitions)
	for i := range frames {
		req := kmsg.NewPtrProduceRequest()
		req.Version, req.Acks, req.TimeoutMillis = 8, -1, 30_000
		t, p := kmsg.NewProduceRequestTopic(), kmsg.NewProduceRequestTopicPartition()
		p.Partition, p.Records = int32(i), batch
		t.Topic, t.Partitions = topic, append(t.Partitions, p)
		req.Topics = append(req.Topics, t)
		frames[i] = form.AppendRequest(nil, req, 1)
	}
	return frames
}

// pump sends frames in turn on one connection with at most window of them unanswered, until enough says so, and returns how many were
// acknowledged.
func (w *wire) pump(frames [][]byte, window int, enough func(sent int) bool) (int, error) {
	sent, acked := 0, 0
	for {
		for sent-acked < window && !enough(sent) {
			if _, err := w.c.Write(frames[sent%len(frames)]); err != nil {
				return acked, err
			}
			sent++
		}
		if sent == acked {
			return acked, nil
		}
		b, err := w.receive()
		if err != nil {
			return acked, err
		}
		resp := kmsg.ProduceResponse{Version: 8}
		if err := resp.ReadFrom(b); err != nil {
			return acked, err
		}
		if err := kerr.ErrorForCode(resp.Topics[0].Partitions[0].ErrorCode); err != nil {
			return acked, err
		}
		acked++
	}
}

// pumps runs pump on several connections for a while, the frames dealt among them, and returns the acknowledged requests and the time.
func pumps(ctx context.Context, dial dialer, addr string, frames [][]byte, conns, window int, d time.Duration) (int, time.Duration, error) {
	var wg sync.WaitGroup
	acked, errs := make([]int, conns), make([]error, conns)
	begin := time.Now()
	for i := range conns {
		wg.Go(func() {
			w, err := connect(ctx, dial, addr)
			if err != nil {
				errs[i] = err
				return
			}
			defer w.close()
			own := frames[i*len(frames)/conns : max((i+1)*len(frames)/conns, i*len(frames)/conns+1)]
			acked[i], errs[i] = w.pump(own, window, func(int) bool { return time.Since(begin) > d })
		})
	}
	wg.Wait()
	total := 0
	for _, n := range acked {
		total += n
	}
	return total, time.Since(begin), errors.Join(errs...)
}

// drain fetches all partitions of a topic up to offset end of each and returns the bytes of their batches.
func (w *wire) drain(topic string, partitions int, end int64) (int64, error) {
	at := make([]int64, partitions)
	total := int64(0)
	for turn := 0; ; turn++ {
		req := kmsg.NewPtrFetchRequest()
		req.Version, req.MaxWaitMillis, req.MinBytes, req.MaxBytes = 11, 500, 1, 50<<20
		t := kmsg.NewFetchRequestTopic()
		t.Topic = topic
		for i := range at {
			i = (i + turn) % len(at)
			if at[i] < end {
				p := kmsg.NewFetchRequestTopicPartition()
				p.Partition, p.FetchOffset, p.PartitionMaxBytes, p.CurrentLeaderEpoch = int32(i), at[i], 1<<20, -1
				t.Partitions = append(t.Partitions, p)
			}
		}
		if len(t.Partitions) == 0 {
			return total, nil
		}
		req.Topics = append(req.Topics, t)
		resp, err := w.call(req)
		if err != nil {
			return total, err
		}
		for _, t := range resp.(*kmsg.FetchResponse).Topics {
			for _, p := range t.Partitions {
				if err := kerr.ErrorForCode(p.ErrorCode); err != nil {
					return total, err
				}
				for rest := p.RecordBatches; len(rest) > 0; {
					var b wireproto.Batch
					if b, rest, err = wireproto.NextBatch(rest); errors.Is(err, wireproto.ErrIncomplete) {
						break
					} else if err != nil {
						return total, err
					}
					at[p.Partition] = b.LastOffset() + 1
					total += int64(len(b))
				}
			}
		}
	}
}
