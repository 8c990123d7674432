package schemaregistry

import (
	"context"
	"sync/atomic"
	"testing"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// TestFailedWriteLeavesNothing refuses a record: memory must not have it, and what comes next is as if it had not been.
func TestFailedWriteLeavesNothing(t *testing.T) {
	cluster, err := kfake.NewCluster(kfake.NumBrokers(1))
	if err != nil {
		t.Fatal(err)
	}
	defer cluster.Close()
	r, err := New(Config{Addr: "127.0.0.1:0", Client: []kgo.Opt{kgo.SeedBrokers(cluster.ListenAddrs()...)}})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- r.Run(ctx) }()
	<-r.Ready()
	var refuse atomic.Bool
	cluster.ControlKey(int16(kmsg.Produce), func(req kmsg.Request) (kmsg.Response, error, bool) {
		cluster.KeepControl()
		if !refuse.CompareAndSwap(true, false) {
			return nil, nil, false
		}
		in := req.(*kmsg.ProduceRequest)
		out := in.ResponseKind().(*kmsg.ProduceResponse)
		for _, topic := range in.Topics {
			answer := kmsg.NewProduceResponseTopic()
			answer.Topic, answer.TopicID = topic.Topic, topic.TopicID
			for _, p := range topic.Partitions {
				part := kmsg.NewProduceResponseTopicPartition()
				part.Partition, part.ErrorCode = p.Partition, kerr.InvalidRecord.Code
				answer.Partitions = append(answer.Partitions, part)
			}
			out.Topics = append(out.Topics, answer)
		}
		return out, nil, true
	})
	refuse.Store(true)
	if _, fail := r.register(ctx, "s", schemaRequest{Schema: `"int"`}, false); fail == nil || fail.Code != 50001 {
		t.Errorf("a refused write: %v", fail)
	}
	if got := r.state.versions("s"); len(got) != 0 {
		t.Errorf("memory has %+v", got[0])
	}
	v, fail := r.register(ctx, "s", schemaRequest{Schema: `"long"`}, false)
	if fail != nil || v.number != 1 || v.id != 1 {
		t.Errorf("after it: %+v, %v", v, fail)
	}
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
}
