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

// rebalance runs while no Put is with the task; a batch may wait for its next try.
func (l *sinkLoop) rebalance(r *rebalance) error {
	defer close(r.served)
	l.drop(r.partitions)
	if r.kind == assigned {
		for _, tp := range r.partitions {
			l.owned[tp] = &position{put: -1, committed: -1}
		}
		return l.sink.Open(l.t.hard, r.partitions)
	}
	return l.closePartitions(l.t.hard, r.partitions, r.kind == revoked)
}

// drop forgets all records of partitions that others deliver now, wherever they are. What a poll has read already must go as well: when the partition
// comes back it is read from the committed offset, and what was read before would overtake that.
func (l *sinkLoop) drop(tps []connect.TopicPartition) {
	if l.polling != nil {
		l.polling.cancel()
		f := <-l.polling.result
		strip(f, tps)
		l.polling.result <- f
	}
	l.ready = without(l.ready, tps)
	for _, tp := range tps {
		delete(l.readyTo, tp)
	}
	if d := l.inflight; d != nil {
		d.records = without(d.records, tps)
		for _, tp := range tps {
			delete(d.to, tp)
		}
		if len(d.records) == 0 {
			l.inflight = nil
			l.advance(d.to) // of partitions whose records were all left out
		}
	}
}

func without(records []connect.SinkRecord, tps []connect.TopicPartition) []connect.SinkRecord {
	return slices.DeleteFunc(records, func(r connect.SinkRecord) bool {
		return slices.Contains(tps, connect.TopicPartition{Topic: r.OriginalTopic, Partition: r.OriginalPartition})
	})
}

// strip empties partitions of what a poll returned.
func strip(f kgo.Fetches, tps []connect.TopicPartition) {
	for _, ft := range f {
		for i := range ft.Topics {
			for j := range ft.Topics[i].Partitions {
				p := &ft.Topics[i].Partitions[j]
				if slices.Contains(tps, connect.TopicPartition{Topic: ft.Topics[i].Topic, Partition: p.Partition}) {
					p.Records, p.Err = nil, nil
				}
			}
		}
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
	err = l.sink.ClosePartitions(ctx, tps)
	l.store(ctx, offsets) // the task has vouched for them, however its close went
	for _, tp := range tps {
		delete(l.owned, tp)
	}
	return err
}

func (l *sinkLoop) partitions() []connect.TopicPartition {
	return slices.Collect(maps.Keys(l.owned))
}

// commit commits what is durable.
func (l *sinkLoop) commit() error {
	offsets, err := l.committable(l.t.hard, l.partitions())
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
