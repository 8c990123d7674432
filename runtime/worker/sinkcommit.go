package worker

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/kurier-io/kurier/plugins/connect"
)

// What happened to partitions.
type rebalanceKind uint8

const (
	assigned rebalanceKind = iota
	revoked
	lost
)

// A rebalance is a callback of the consumer group, which waits until the loop has served it.
type rebalance struct {
	kind       rebalanceKind
	partitions []connect.TopicPartition
	served     chan struct{}
}

// call runs on a goroutine of the client and blocks the group's rebalance.
func (l *sinkLoop) call(ctx context.Context, kind rebalanceKind, m map[string][]int32) {
	r := &rebalance{kind: kind, served: make(chan struct{})}
	for topic, ps := range m {
		for _, p := range ps {
			r.partitions = append(r.partitions, connect.TopicPartition{Topic: topic, Partition: p})
		}
	}
	if len(r.partitions) == 0 {
		return
	}
	select {
	case l.calls <- r:
		select {
		case <-r.served:
		case <-l.finished:
		}
	case <-l.finished:
	case <-ctx.Done():
	}
}

func (l *sinkLoop) rebalance(r *rebalance) error {
	defer close(r.served)
	if r.kind == assigned {
		for _, tp := range r.partitions {
			l.owned[tp] = &position{put: -1, committed: -1}
		}
		if err := l.wait(l.t.soft); err != nil {
			return ignoreStop(l.t, err)
		}
		return l.sink.Open(l.t.hard, r.partitions)
	}
	l.drop(r.partitions)
	if err := l.wait(l.t.soft); err != nil {
		return ignoreStop(l.t, err)
	}
	return l.closePartitions(l.t.hard, r.partitions, r.kind == revoked)
}

// ignoreStop: the loop sees by itself that it is to stop.
func ignoreStop(t *task, err error) error {
	if t.soft.Err() != nil {
		return nil
	}
	return err
}

// drop forgets converted records of partitions that others deliver now.
func (l *sinkLoop) drop(tps []connect.TopicPartition) {
	l.ready = slices.DeleteFunc(l.ready, func(r connect.SinkRecord) bool {
		return slices.Contains(tps, connect.TopicPartition{Topic: r.OriginalTopic, Partition: r.OriginalPartition})
	})
	for _, tp := range tps {
		delete(l.readyTo, tp)
	}
}

// closePartitions ends this task's responsibility for partitions: a last commit unless they are lost already, then the task's own close.
func (l *sinkLoop) closePartitions(ctx context.Context, tps []connect.TopicPartition, commit bool) error {
	var offsets map[connect.TopicPartition]int64
	var err error
	if commit {
		if offsets, err = l.committable(ctx, tps); err != nil {
			l.t.log.Warn("the task could not say what is durable; its last records will be delivered again", "err", err)
		}
	}
	if err := l.sink.ClosePartitions(ctx, tps); err != nil {
		return err
	}
	l.store(ctx, offsets)
	for _, tp := range tps {
		delete(l.owned, tp)
	}
	return nil
}

func (l *sinkLoop) partitions() []connect.TopicPartition {
	return slices.Collect(maps.Keys(l.owned))
}

// commit commits what is durable of the partitions; nil: of all.
func (l *sinkLoop) commit(tps []connect.TopicPartition) error {
	if err := l.wait(l.t.soft); err != nil {
		return ignoreStop(l.t, err)
	}
	if tps == nil {
		tps = l.partitions()
	}
	offsets, err := l.committable(l.t.hard, tps)
	if err != nil {
		return err
	}
	l.store(l.t.hard, offsets)
	return nil
}

// committable asks the task what may be committed, within what it was given.
func (l *sinkLoop) committable(ctx context.Context, tps []connect.TopicPartition) (map[connect.TopicPartition]int64, error) {
	put := map[connect.TopicPartition]int64{}
	for _, tp := range tps {
		if p := l.owned[tp]; p != nil && p.put > p.committed {
			put[tp] = p.put
		}
	}
	durable, err := l.sink.PreCommit(ctx, put)
	if err != nil {
		return nil, fmt.Errorf("before a commit of offsets: %w", err)
	}
	out := map[connect.TopicPartition]int64{}
	for tp, o := range durable {
		most, ok := put[tp]
		switch {
		case !ok:
		case o > most:
			l.t.log.Warn("the task wants to commit an offset beyond what it was given; ignored", "topic", tp.Topic, "partition", tp.Partition, "offset", o, "given", most)
		case o > l.owned[tp].committed:
			out[tp] = o
		}
	}
	return out, nil
}

// store commits to the consumer group. A failure is logged: the next commit includes what this one had.
func (l *sinkLoop) store(ctx context.Context, offsets map[connect.TopicPartition]int64) {
	if len(offsets) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, l.t.w.Settings.OffsetFlushTimeout)
	defer cancel()
	commit := map[string]map[int32]kgo.EpochOffset{}
	for tp, o := range offsets {
		if commit[tp.Topic] == nil {
			commit[tp.Topic] = map[int32]kgo.EpochOffset{}
		}
		commit[tp.Topic][tp.Partition] = kgo.EpochOffset{Epoch: -1, Offset: o}
	}
	failed := false
	l.client.CommitOffsetsSync(ctx, commit, func(_ *kgo.Client, _ *kmsg.OffsetCommitRequest, resp *kmsg.OffsetCommitResponse, err error) {
		if err != nil {
			failed = true
			l.t.log.Warn("offsets could not be committed; trying again at the next commit", "err", err)
			return
		}
		for _, topic := range resp.Topics {
			for _, p := range topic.Partitions {
				if p.ErrorCode != 0 {
					failed = true
					l.t.log.Warn("an offset could not be committed; trying again at the next commit", "topic", topic.Topic, "partition", p.Partition, "code", p.ErrorCode)
				}
			}
		}
	})
	if failed {
		return
	}
	for tp, o := range offsets {
		if p := l.owned[tp]; p != nil {
			p.committed = o
		}
	}
}
