package schemaregistry

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
)

// topic is the one partition that the registry lives in: it reads everything in order and appends with acks=all.
type topic struct {
	name     string
	replicas int16
	log      *slog.Logger
	client   *kgo.Client
	cluster  atomic.Pointer[string]

	mu    sync.Mutex
	next  int64         // offset after the last one applied
	moved chan struct{} // closed and replaced whenever next grows
}

// writeTimeout bounds how long a record may take to be acknowledged.
const writeTimeout = 30 * time.Second

func newTopic(name string, replicas int16, opts []kgo.Opt, log *slog.Logger) (*topic, error) {
	t := &topic{name: name, replicas: replicas, log: log, moved: make(chan struct{})}
	var err error
	t.client, err = kgo.NewClient(append(append([]kgo.Opt(nil), opts...),
		kgo.ConsumeResetOffset(kgo.NoResetOffset()), // a topic that loses records is not read over them
		kgo.KeepControlRecords(),
		kgo.RequiredAcks(kgo.AllISRAcks()),
		kgo.RecordPartitioner(kgo.ManualPartitioner()),
		kgo.ProducerLinger(0),
		kgo.ProducerBatchMaxBytes(1<<20), // brokers take a little more by default, the client less
		kgo.RecordDeliveryTimeout(writeTimeout),
	)...)
	if err != nil {
		return nil, fmt.Errorf("schema registry: client: %w", err)
	}
	return t, nil
}

// fatal is an error that asking again does not cure.
type fatal struct{ error }

func (f fatal) Unwrap() error { return f.error }

// create makes the topic, or checks the one there is. It retries until ctx ends or the topic cannot be used.
func (t *topic) create(ctx context.Context) error {
	pause := 100 * time.Millisecond
	for {
		err := t.tryCreate(ctx)
		var final fatal
		if err == nil || errors.As(err, &final) {
			return err
		}
		t.log.Warn("cannot prepare the schema topic, trying again", "topic", t.name, "err", err)
		select {
		case <-ctx.Done():
			return errors.Join(err, context.Cause(ctx))
		case <-time.After(pause):
			pause = min(2*pause, 5*time.Second)
		}
	}
}

func (t *topic) tryCreate(ctx context.Context) error {
	admin := kadm.NewClient(t.client)
	meta, err := admin.Metadata(ctx, t.name)
	if err != nil {
		return err
	}
	t.cluster.Store(&meta.Cluster)
	found := meta.Topics[t.name]
	switch {
	case errors.Is(found.Err, kerr.UnknownTopicOrPartition) || !meta.Topics.Has(t.name):
		return t.make(ctx, admin, len(meta.Brokers))
	case found.Err != nil:
		return found.Err
	case len(found.Partitions) != 1:
		return fatal{fmt.Errorf("topic %s has %d partitions: the schema topic has one; name another topic, or copy this one into one with one partition", t.name, len(found.Partitions))}
	}
	configs, err := admin.DescribeTopicConfigs(ctx, t.name)
	if err != nil {
		return err
	}
	for _, c := range configs {
		for _, kv := range c.Configs {
			if kv.Key == "cleanup.policy" && kv.MaybeValue() != "compact" {
				return fatal{fmt.Errorf("topic %s has cleanup.policy=%s, under which schemas would be lost: set it to compact", t.name, kv.MaybeValue())}
			}
		}
	}
	return nil
}

// make creates the topic and looks again at the next try, also when another registry was faster.
func (t *topic) make(ctx context.Context, admin *kadm.Client, brokers int) error {
	replicas := t.replicas
	if replicas <= 0 {
		replicas = int16(min(3, max(1, brokers)))
	}
	resp, err := admin.CreateTopic(ctx, 1, replicas, map[string]*string{"cleanup.policy": new("compact")}, t.name)
	if err == nil {
		err = resp.Err
	}
	switch {
	case err == nil:
		t.log.Info("created the schema topic", "topic", t.name, "replication", replicas)
		return nil
	case errors.Is(err, kerr.TopicAlreadyExists):
		return fmt.Errorf("create topic %s: another one created it just now: %w", t.name, err)
	case errors.Is(err, kerr.InvalidReplicationFactor) || errors.Is(err, kerr.PolicyViolation) || errors.Is(err, kerr.TopicAuthorizationFailed):
		return fatal{fmt.Errorf("create topic %s with %d replicas: %w", t.name, replicas, err)}
	}
	return fmt.Errorf("create topic %s: %w", t.name, err)
}

// consume applies records in order until ctx ends, which is nil, or the topic cannot be followed any more.
func (t *topic) consume(ctx context.Context, apply func(*kgo.Record)) error {
	// Not before the topic is there: a client that asked in vain waits before it asks again.
	t.client.AddConsumePartitions(map[string]map[int32]kgo.Offset{t.name: {0: kgo.NewOffset().AtStart()}})
	for {
		fetches := t.client.PollFetches(ctx)
		if ctx.Err() != nil || fetches.IsClientClosed() {
			return nil
		}
		for _, e := range fetches.Errors() {
			if errors.Is(e.Err, kerr.OffsetOutOfRange) || errors.Is(e.Err, kerr.UnknownTopicID) || errors.Is(e.Err, kerr.TopicAuthorizationFailed) {
				return fmt.Errorf("topic %s cannot be followed any more: it was deleted or truncated, or access was taken away; restart to read what is there: %w", t.name, e.Err)
			}
			var lost *kgo.ErrDataLoss
			if errors.As(e.Err, &lost) {
				return fmt.Errorf("topic %s lost records after offset %d: restart to read what is there: %w", t.name, lost.ConsumedTo, e.Err)
			}
			t.log.Error("cannot read the schema topic, trying again", "topic", t.name, "err", e.Err)
		}
		fetches.EachRecord(func(r *kgo.Record) {
			if !r.Attrs.IsControl() {
				apply(r)
			}
			t.mu.Lock()
			t.next = r.Offset + 1
			t.mu.Unlock()
		})
		t.mu.Lock()
		close(t.moved)
		t.moved = make(chan struct{})
		t.mu.Unlock()
	}
}

// applied waits until the record at offset has been applied.
func (t *topic) applied(ctx context.Context, offset int64) error {
	for {
		t.mu.Lock()
		there, moved := t.next > offset, t.moved
		t.mu.Unlock()
		if there {
			return nil
		}
		select {
		case <-moved:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// write appends records and waits until the last one has been applied; it gives the offsets. When it fails, nothing is
// known of them until a later write succeeded: the producer is idempotent and keeps its order.
func (t *topic) write(ctx context.Context, records ...record) ([]int64, error) {
	out := make([]*kgo.Record, len(records))
	for i, r := range records {
		out[i] = &kgo.Record{Topic: t.name, Partition: 0, Key: r.key, Value: r.value}
	}
	if err := t.client.ProduceSync(ctx, out...).FirstErr(); err != nil {
		return nil, err
	}
	offsets := make([]int64, len(out))
	for i, r := range out {
		offsets[i] = r.Offset
	}
	return offsets, t.applied(ctx, offsets[len(offsets)-1])
}
