package server_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/kurier-io/kurier/broker/brokertest"
	"github.com/kurier-io/kurier/broker/wireproto"
)

const sessionParts = 500

func fetchRequest(id, epoch int32, parts ...int32) *kmsg.FetchRequest {
	f := kmsg.NewPtrFetchRequest()
	f.ReplicaID, f.ReplicaState.ID, f.MaxBytes, f.SessionID, f.SessionEpoch, f.MinBytes = -1, -1, 1<<20, id, epoch, 1
	t := kmsg.NewFetchRequestTopic()
	t.Topic = aTopic
	for _, p := range parts {
		fp := kmsg.NewFetchRequestTopicPartition()
		fp.Partition, fp.PartitionMaxBytes = p, 1<<20
		t.Partitions = append(t.Partitions, fp)
	}
	if len(parts) > 0 {
		f.Topics = append(f.Topics, t)
	}
	return f
}

func produceTo(t *testing.T, c *client, partition int32, bytes int) {
	t.Helper()
	p := kmsg.NewPtrProduceRequest()
	p.Acks, p.TimeoutMillis = -1, 5000
	p.Topics = []kmsg.ProduceRequestTopic{{Topic: aTopic, Partitions: []kmsg.ProduceRequestTopicPartition{{Partition: partition, Records: bigBatch(bytes)}}}}
	if code := c.call(p, 9).(*kmsg.ProduceResponse).Topics[0].Partitions[0].ErrorCode; code != 0 {
		t.Fatalf("produce: %d", code)
	}
}

// rows lists the partitions of an answer, with the bytes of each.
func rows(resp *kmsg.FetchResponse) string {
	out := ""
	for _, t := range resp.Topics {
		for _, p := range t.Partitions {
			n := 0
			if len(p.RecordBatches) > 0 {
				n = int(wireproto.Batch(p.RecordBatches).Count())
			}
			out += fmt.Sprintf("%d:%d ", p.Partition, n)
		}
	}
	return out
}

func sessionTopic(t *testing.T, partitions int32) (*brokertest.Cluster, *client) {
	t.Helper()
	b := brokertest.New(t)
	c := dial(t, b.Addr())
	ct := kmsg.NewPtrCreateTopicsRequest()
	ct.Topics = []kmsg.CreateTopicsRequestTopic{{Topic: aTopic, NumPartitions: partitions, ReplicationFactor: 1}}
	c.call(ct, 7)
	return b, c
}

// TestFetchSessions walks through KIP-227: only what has news is in the answer,
// and requests that do not fit the session are refused.
func TestFetchSessions(t *testing.T) {
	b, c := sessionTopic(t, sessionParts)
	all := make([]int32, sessionParts)
	for i := range all {
		all[i] = int32(i)
	}
	first := c.call(fetchRequest(0, 0, all...), 12).(*kmsg.FetchResponse)
	if first.ErrorCode != 0 || first.SessionID <= 0 || len(first.Topics[0].Partitions) != sessionParts {
		t.Fatalf("a full fetch: code %d, session %d", first.ErrorCode, first.SessionID)
	}
	id := first.SessionID
	next := func(epoch int32, parts ...int32) *kmsg.FetchResponse {
		t.Helper()
		return c.call(fetchRequest(id, epoch, parts...), 12).(*kmsg.FetchResponse)
	}
	if got := rows(next(1)); got != "" {
		t.Errorf("without news: %q", got)
	}
	produceTo(t, c, 321, 10)
	if got := rows(next(2)); got != "321:1 " {
		t.Errorf("one partition has news: %q", got)
	}
	if got := next(2); got.ErrorCode != 71 {
		t.Errorf("an epoch twice: code %d, want 71", got.ErrorCode)
	}
	if got := c.call(fetchRequest(id+1, 3), 12).(*kmsg.FetchResponse); got.ErrorCode != 70 {
		t.Errorf("another session: code %d, want 70", got.ErrorCode)
	}
	if got := c.call(fetchRequest(id, 3), 13).(*kmsg.FetchResponse); got.ErrorCode != 106 {
		t.Errorf("with topic ids: code %d, want 106", got.ErrorCode)
	}
	forget := fetchRequest(id, 3)
	forget.ForgottenTopics = []kmsg.FetchRequestForgottenTopic{{Topic: aTopic, Partitions: []int32{321}}}
	if got := rows(c.call(forget, 12).(*kmsg.FetchResponse)); got != "" {
		t.Errorf("after the partition was forgotten: %q", got)
	}
	// A partition with an error is told each time.
	for epoch := int32(4); epoch < 6; epoch++ {
		bad := fetchRequest(id, epoch, 7)
		bad.Topics[0].Partitions[0].FetchOffset = 99
		resp := c.call(bad, 12).(*kmsg.FetchResponse)
		if len(resp.Topics) != 1 || resp.Topics[0].Partitions[0].ErrorCode != 1 {
			t.Fatalf("out of range: %+v", resp.Topics)
		}
	}
	b.Restart()
	if got := dial(t, b.Addr()).call(fetchRequest(id, 6), 12).(*kmsg.FetchResponse); got.ErrorCode != 70 {
		t.Errorf("after a restart: code %d, want 70", got.ErrorCode)
	}
	c = dial(t, b.Addr())
	s := c.call(fetchRequest(0, 0, 1), 12).(*kmsg.FetchResponse).SessionID
	c.call(fetchRequest(s, -1), 12)
	if got := c.call(fetchRequest(s, 1), 12).(*kmsg.FetchResponse); got.ErrorCode != 70 {
		t.Errorf("a closed session: code %d, want 70", got.ErrorCode)
	}
}

// TestSmallFetchesServeEveryPartition: an answer with room for one batch only
// comes to each busy partition in turn.
func TestSmallFetchesServeEveryPartition(t *testing.T) {
	const parts = 50
	_, c := sessionTopic(t, parts)
	all := make([]int32, parts)
	for i := range all {
		all[i] = int32(i)
		produceTo(t, c, all[i], 2000)
	}
	req := fetchRequest(0, 0, all...)
	req.MaxBytes = 1000
	resp := c.call(req, 12).(*kmsg.FetchResponse)
	served := map[int32]bool{}
	for epoch := int32(1); ; epoch++ {
		for _, topic := range resp.Topics {
			for _, p := range topic.Partitions {
				if len(p.RecordBatches) > 0 {
					served[p.Partition] = true
				}
			}
		}
		if epoch > parts {
			break
		}
		req = fetchRequest(resp.SessionID, epoch)
		req.MaxBytes = 1000
		resp = c.call(req, 12).(*kmsg.FetchResponse)
	}
	if len(served) != parts {
		t.Errorf("%d of %d partitions were served within %d fetches", len(served), parts, parts)
	}
}

// TestAnErrorDoesNotWait: with min_bytes out of reach a fetch waits for max_wait,
// but one with a partition in error answers at once.
func TestAnErrorDoesNotWait(t *testing.T) {
	_, c := sessionTopic(t, 2)
	produceTo(t, c, 0, 10)
	req := fetchRequest(0, -1, 0)
	req.MinBytes, req.MaxWaitMillis = 1<<20, 300
	began := time.Now()
	if got := rows(c.call(req, 12).(*kmsg.FetchResponse)); got != "0:1 " || time.Since(began) < 300*time.Millisecond {
		t.Errorf("%q after %v", got, time.Since(began))
	}
	req = fetchRequest(0, -1, 0, 9)
	req.MinBytes, req.MaxWaitMillis = 1<<20, 20_000
	began = time.Now()
	c.call(req, 12)
	if d := time.Since(began); d > 5*time.Second {
		t.Errorf("with an unknown partition it took %v", d)
	}
}
