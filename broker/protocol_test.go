package broker_test

import (
	"context"
	"encoding/binary"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/kurier-io/kurier/broker"
	"github.com/kurier-io/kurier/broker/brokertest"
	"github.com/kurier-io/kurier/broker/wireproto"
)

// raw is a connection that sends what a test makes up.
type raw struct {
	t  testing.TB
	nc net.Conn
}

func dialRaw(t testing.TB, c *brokertest.Cluster) *raw {
	t.Helper()
	nc, err := c.Dial(t.Context(), "tcp", c.Addr())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = nc.Close() })
	if err := nc.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	return &raw{t, nc}
}

func (r *raw) send(key, version int16, corr int32, flexible bool, body []byte) {
	r.t.Helper()
	be := binary.BigEndian
	b := be.AppendUint16(make([]byte, 4), uint16(key))
	b = be.AppendUint16(b, uint16(version))
	b = be.AppendUint32(b, uint32(corr))
	b = append(be.AppendUint16(b, 4), "test"...)
	if flexible {
		b = append(b, 0)
	}
	b = append(b, body...)
	be.PutUint32(b, uint32(len(b)-4))
	if _, err := r.nc.Write(b); err != nil {
		r.t.Fatal(err)
	}
}

func (r *raw) receive(corr int32, flexible bool) []byte {
	r.t.Helper()
	var size [4]byte
	if _, err := io.ReadFull(r.nc, size[:]); err != nil {
		r.t.Fatal(err)
	}
	b := make([]byte, binary.BigEndian.Uint32(size[:]))
	if _, err := io.ReadFull(r.nc, b); err != nil {
		r.t.Fatal(err)
	}
	if got := int32(binary.BigEndian.Uint32(b)); got != corr {
		r.t.Fatalf("answer to %d, want %d", got, corr)
	}
	if flexible {
		return b[5:]
	}
	return b[4:]
}

func (r *raw) call(req kmsg.Request, version int16) kmsg.Response {
	r.t.Helper()
	req.SetVersion(version)
	r.send(req.Key(), version, 1, req.IsFlexible(), req.AppendTo(nil))
	resp := req.ResponseKind()
	resp.SetVersion(version)
	if err := resp.ReadFrom(r.receive(1, resp.IsFlexible() && req.Key() != 18)); err != nil {
		r.t.Fatal(err)
	}
	return resp
}

func TestApiVersionsOfTheFuture(t *testing.T) {
	r := dialRaw(t, brokertest.New(t))
	r.send(18, 99, 5, true, []byte("whatever comes then"))
	resp := kmsg.NewPtrApiVersionsResponse()
	if err := resp.ReadFrom(r.receive(5, false)); err != nil {
		t.Fatal(err)
	}
	if resp.ErrorCode != 35 || len(resp.ApiKeys) < 20 {
		t.Errorf("error %d with %d keys, want 35 and the list", resp.ErrorCode, len(resp.ApiKeys))
	}
	// The connection goes on.
	req := kmsg.NewPtrApiVersionsRequest()
	req.ClientSoftwareName, req.ClientSoftwareVersion = "test", "1.0"
	if got := r.call(req, 4).(*kmsg.ApiVersionsResponse); got.ErrorCode != 0 {
		t.Errorf("error %d", got.ErrorCode)
	}
	req.ClientSoftwareName = "bad name"
	if got := r.call(req, 3).(*kmsg.ApiVersionsResponse); got.ErrorCode != 42 {
		t.Errorf("error %d for a bad software name, want 42", got.ErrorCode)
	}
}

// TestEveryAdvertisedVersionAnswers sends an empty request of each version that is
// offered: the answer must be one that an independent decoder can read.
func TestEveryAdvertisedVersionAnswers(t *testing.T) {
	c := brokertest.New(t)
	req := kmsg.NewPtrApiVersionsRequest()
	req.ClientSoftwareName, req.ClientSoftwareVersion = "test", "1"
	offered := dialRaw(t, c).call(req, 4).(*kmsg.ApiVersionsResponse)
	for _, k := range offered.ApiKeys {
		if k.ApiKey == 18 {
			continue
		}
		for v := k.MinVersion; v <= k.MaxVersion; v++ {
			if k.ApiKey == 0 && v < 3 {
				continue // advertised for old librdkafka only
			}
			req := kmsg.RequestForKey(k.ApiKey)
			if p, ok := req.(*kmsg.ProduceRequest); ok {
				p.Acks = -1
			}
			if f, ok := req.(*kmsg.FetchRequest); ok {
				f.ReplicaID, f.ReplicaState.ID = -1, -1
			}
			dialRaw(t, c).call(req, v)
		}
	}
}

func produceRequest(topic string, acks int16, batches ...wireproto.Batch) *kmsg.ProduceRequest {
	req := kmsg.NewPtrProduceRequest()
	req.Acks, req.TimeoutMillis = acks, 5000
	row := kmsg.NewProduceRequestTopic()
	row.Topic = topic
	p := kmsg.NewProduceRequestTopicPartition()
	p.Records = []byte{}
	for _, b := range batches {
		p.Records = append(p.Records, b...)
	}
	row.Partitions = append(row.Partitions, p)
	req.Topics = append(req.Topics, row)
	return req
}

func createTopic(t testing.TB, r *raw, name string, configs map[string]string) {
	t.Helper()
	req := kmsg.NewPtrCreateTopicsRequest()
	row := kmsg.NewCreateTopicsRequestTopic()
	row.Topic, row.NumPartitions, row.ReplicationFactor = name, 1, 1
	for k, v := range configs {
		row.Configs = append(row.Configs, kmsg.CreateTopicsRequestTopicConfig{Name: k, Value: &v})
	}
	req.Topics = append(req.Topics, row)
	if got := r.call(req, 7).(*kmsg.CreateTopicsResponse); got.Topics[0].ErrorCode != 0 {
		t.Fatalf("create: %d", got.Topics[0].ErrorCode)
	}
}

func TestProduceRefusals(t *testing.T) {
	c := brokertest.New(t)
	r := dialRaw(t, c)
	createTopic(t, r, "plain", nil)
	createTopic(t, r, "compacted", map[string]string{"cleanup.policy": "compact", "max.message.bytes": "500"})
	good := func() wireproto.Batch {
		return wireproto.NewBatch(time.Now().UnixMilli(), wireproto.Record{Key: []byte("k"), Value: []byte("v")})
	}
	broken := good()
	broken[wireproto.HeaderSize] ^= 1
	for name, tc := range map[string]struct {
		topic   string
		acks    int16
		batches []wireproto.Batch
		want    int16
	}{
		"good":          {"plain", -1, []wireproto.Batch{good()}, 0},
		"leader only":   {"plain", 1, []wireproto.Batch{good()}, 0},
		"unknown topic": {"nope", -1, []wireproto.Batch{good()}, 3},
		"internal":      {"__consumer_offsets", -1, []wireproto.Batch{good()}, 3},
		"bad acks":      {"plain", 2, []wireproto.Batch{good()}, 21},
		"checksum":      {"plain", -1, []wireproto.Batch{broken}, 2},
		"no batch":      {"plain", -1, nil, 87},
		"two batches":   {"plain", -1, []wireproto.Batch{good(), good()}, 87},
		"no key":        {"compacted", -1, []wireproto.Batch{wireproto.NewBatch(0, wireproto.Record{Value: []byte("v")})}, 87},
		"too large":     {"compacted", -1, []wireproto.Batch{wireproto.NewBatch(0, wireproto.Record{Key: make([]byte, 600)})}, 10},
		"future":        {"plain", -1, []wireproto.Batch{wireproto.NewBatch(time.Now().Add(48*time.Hour).UnixMilli(), wireproto.Record{Value: []byte("v")})}, 32},
	} {
		got := r.call(produceRequest(tc.topic, tc.acks, tc.batches...), 9).(*kmsg.ProduceResponse)
		if code := got.Topics[0].Partitions[0].ErrorCode; code != tc.want {
			t.Errorf("%s: code %d, want %d", name, code, tc.want)
		}
	}
}

// TestFetchWaitsAndReturnsOneBatchAtLeast checks KIP-74 and the long poll.
func TestFetchWaitsAndReturnsOneBatchAtLeast(t *testing.T) {
	c := brokertest.New(t)
	prod, cons := dialRaw(t, c), dialRaw(t, c)
	createTopic(t, prod, "poll", nil)
	fetch := func(offset int64, maxBytes, wait int32) kmsg.FetchResponseTopicPartition {
		req := kmsg.NewPtrFetchRequest()
		req.ReplicaID, req.MaxWaitMillis, req.MinBytes, req.MaxBytes, req.SessionEpoch = -1, wait, 1, maxBytes, -1
		row := kmsg.NewFetchRequestTopic()
		row.Topic = "poll"
		p := kmsg.NewFetchRequestTopicPartition()
		p.FetchOffset, p.PartitionMaxBytes = offset, maxBytes
		row.Partitions = append(row.Partitions, p)
		req.Topics = append(req.Topics, row)
		return cons.call(req, 12).(*kmsg.FetchResponse).Topics[0].Partitions[0]
	}
	big := wireproto.NewBatch(time.Now().UnixMilli(), wireproto.Record{Value: make([]byte, 5000)}, wireproto.Record{Value: make([]byte, 5000)})
	go func() {
		time.Sleep(50 * time.Millisecond)
		prod.call(produceRequest("poll", -1, big), 9)
	}()
	if p := fetch(0, 100, 15_000); len(p.RecordBatches) != len(big) || p.HighWatermark != 2 {
		t.Errorf("got %d bytes, high watermark %d; want the whole batch of %d", len(p.RecordBatches), p.HighWatermark, len(big))
	}
	if p := fetch(1, 100, 0); len(p.RecordBatches) != len(big) {
		t.Errorf("an offset inside a batch gave %d bytes", len(p.RecordBatches))
	}
	if p := fetch(2, 100, 10); len(p.RecordBatches) != 0 || p.ErrorCode != 0 {
		t.Errorf("the end of the log gave %d bytes, code %d", len(p.RecordBatches), p.ErrorCode)
	}
	if p := fetch(3, 100, 15_000); p.ErrorCode != 1 {
		t.Errorf("an offset past the end gave code %d", p.ErrorCode)
	}
}

func TestMissingMetadataDoesNotDeletePartitions(t *testing.T) {
	c := brokertest.New(t)
	produce(t, client(t, c), "precious", 0, 1)
	c.Stop()
	if err := os.RemoveAll(filepath.Join(c.DataDir(), "metadata")); err != nil {
		t.Fatal(err)
	}
	b, err := broker.New(broker.Config{DataDir: c.DataDir()})
	if err == nil || !strings.Contains(err.Error(), "metadata is missing") {
		t.Errorf("start without metadata: %v", err)
	}
	if b != nil {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_ = b.Run(ctx)
	}
	if _, err := os.Stat(filepath.Join(c.DataDir(), "precious-0")); err != nil {
		t.Error(err)
	}
}
