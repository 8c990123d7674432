// Package kafkastore keeps the stores of package store in compacted topics, as Kafka Connect does.
package kafkastore

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/kurier-io/kurier/runtime/store"
)

// metadataTimeout bounds the wait for a new topic's partitions to become known.
const metadataTimeout = 30 * time.Second

// TopicLog is a [store.Log] on a topic: it reads all partitions from their start without a group, and writes with
// acks=all. Partitions that are added later are not read. Close must be called, also when Start failed.
type TopicLog struct {
	topic  string
	opts   []kgo.Opt
	logger *slog.Logger

	client *kgo.Client
	admin  *kadm.Client
	cancel context.CancelFunc
	done   sync.WaitGroup

	mu        sync.Mutex
	positions map[int32]int64 // next offset to apply
	moved     chan struct{}   // closed and replaced whenever positions moved
}

var _ store.Log = (*TopicLog)(nil)

// New prepares a log on an existing topic. opts are a client's seeds, security, dialer and client id; what the log
// needs beyond that it adds itself. A nil logger discards.
func New(topic string, opts []kgo.Opt, logger *slog.Logger) *TopicLog {
	if logger == nil {
		logger = slog.New(slog.DiscardHandler)
	}
	return &TopicLog{topic: topic, opts: opts, logger: logger, positions: map[int32]int64{}, moved: make(chan struct{})}
}

// Start implements [store.Log].
func (l *TopicLog) Start(ctx context.Context, apply func(store.Record)) error {
	partitions, err := l.partitions(ctx)
	if err != nil {
		return fmt.Errorf("topic %s: %w", l.topic, err)
	}
	from := make(map[int32]kgo.Offset, len(partitions))
	for _, p := range partitions {
		from[p] = kgo.NewOffset().AtStart()
		l.positions[p] = 0
	}
	l.client, err = kgo.NewClient(append(append([]kgo.Opt(nil), l.opts...),
		kgo.ConsumePartitions(map[string]map[int32]kgo.Offset{l.topic: from}),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()),
		kgo.KeepControlRecords(), // so that positions pass transaction markers
		kgo.RequiredAcks(kgo.AllISRAcks()),
		kgo.RecordPartitioner(kgo.StickyKeyPartitioner(nil)), // murmur2, as Java
		kgo.ProducerLinger(0),
	)...)
	if err != nil {
		return fmt.Errorf("topic %s: client: %w", l.topic, err)
	}
	l.admin = kadm.NewClient(l.client)
	run, cancel := context.WithCancel(context.Background())
	l.cancel = cancel
	l.done.Go(func() { l.consume(run, apply) })
	return l.ReadToEnd(ctx)
}

// partitions waits until the topic's metadata is known.
func (l *TopicLog) partitions(ctx context.Context) ([]int32, error) {
	client, err := kgo.NewClient(l.opts...)
	if err != nil {
		return nil, fmt.Errorf("client: %w", err)
	}
	defer client.Close()
	ctx, cancel := context.WithTimeout(ctx, metadataTimeout)
	defer cancel()
	for {
		details, err := kadm.NewClient(client).ListTopics(ctx, l.topic)
		if err == nil {
			d := details[l.topic]
			if err = d.Err; err == nil && len(d.Partitions) > 0 {
				return d.Partitions.Numbers(), nil
			}
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("its partitions are unknown: %w", errors.Join(err, context.Cause(ctx)))
		case <-time.After(250 * time.Millisecond):
		}
	}
}

// consume applies records until ctx ends; errors of single fetches are logged, the client retries.
func (l *TopicLog) consume(ctx context.Context, apply func(store.Record)) {
	for {
		fetches := l.client.PollFetches(ctx)
		if ctx.Err() != nil || fetches.IsClientClosed() {
			return
		}
		fetches.EachError(func(_ string, p int32, err error) {
			l.logger.Error("cannot read an internal topic, trying again", "topic", l.topic, "partition", p, "err", err)
		})
		fetches.EachRecord(func(r *kgo.Record) {
			if !r.Attrs.IsControl() {
				apply(store.Record{Key: r.Key, Value: r.Value, Partition: r.Partition, Offset: r.Offset, Timestamp: r.Timestamp.UnixMilli()})
			}
			l.mu.Lock()
			l.positions[r.Partition] = r.Offset + 1
			l.mu.Unlock()
		})
		l.mu.Lock()
		close(l.moved)
		l.moved = make(chan struct{})
		l.mu.Unlock()
	}
}

// ReadToEnd implements [store.Log]. It retries look-ups of the end for as long as ctx allows.
func (l *TopicLog) ReadToEnd(ctx context.Context) error {
	targets, err := l.ends(ctx)
	if err != nil {
		return fmt.Errorf("topic %s: look up the end: %w", l.topic, err)
	}
	for {
		l.mu.Lock()
		behind, moved := int32(-1), l.moved
		for p, end := range targets {
			if at, ok := l.positions[p]; ok && at < end {
				behind = p
			}
		}
		l.mu.Unlock()
		if behind < 0 {
			return nil
		}
		select {
		case <-moved:
		case <-ctx.Done():
			return fmt.Errorf("topic %s: read partition %d to offset %d: %w", l.topic, behind, targets[behind], context.Cause(ctx))
		}
	}
}

// ends returns the offsets to reach, read_uncommitted; a partition whose records were all deleted is at its end.
func (l *TopicLog) ends(ctx context.Context) (map[int32]int64, error) {
	for {
		ends, err := l.admin.ListEndOffsets(ctx, l.topic)
		var starts kadm.ListedOffsets
		if err == nil {
			starts, err = l.admin.ListStartOffsets(ctx, l.topic)
		}
		if err == nil {
			err = errors.Join(ends.Error(), starts.Error())
		}
		if err == nil {
			out := map[int32]int64{}
			ends.Each(func(o kadm.ListedOffset) {
				if s, ok := starts.Lookup(l.topic, o.Partition); !ok || s.Offset < o.Offset {
					out[o.Partition] = o.Offset
				}
			})
			return out, nil
		}
		l.logger.Warn("cannot look up the end of an internal topic, trying again", "topic", l.topic, "err", err)
		select {
		case <-ctx.Done():
			return nil, errors.Join(err, context.Cause(ctx))
		case <-time.After(time.Second):
		}
	}
}

// Append implements [store.Log]. When ctx ends first, records that are on their way may still arrive.
func (l *TopicLog) Append(ctx context.Context, records ...store.Record) error {
	out := make([]*kgo.Record, len(records))
	for i, r := range records {
		out[i] = &kgo.Record{Topic: l.topic, Key: r.Key, Value: r.Value}
	}
	if err := l.client.ProduceSync(ctx, out...).FirstErr(); err != nil {
		return fmt.Errorf("topic %s: %w", l.topic, err)
	}
	return nil
}

// Close stops reading and ends the client. Records not yet acknowledged fail.
func (l *TopicLog) Close() {
	if l.client == nil {
		return
	}
	l.cancel()
	l.done.Wait()
	l.client.Close()
}
