package broker

import (
	"context"

	"github.com/kurier-io/kurier/broker/commitlog"
	"github.com/kurier-io/kurier/broker/group"
	"github.com/kurier-io/kurier/broker/server"
	"github.com/kurier-io/kurier/broker/txn"
	"github.com/kurier-io/kurier/broker/wireproto"
)

// groupLog keeps groups in __consumer_offsets.
type groupLog struct{ internalLog }

var _ group.TxnStorage = (*groupLog)(nil)

func (g *groupLog) of(id string) (*commitlog.Log, error) {
	return g.partition(func(n int32) int32 { return group.Partition(id, n) })
}

func (g *groupLog) Append(ctx context.Context, id string, records []wireproto.Record) error {
	log, err := g.of(id)
	if err != nil {
		return err
	}
	return write(ctx, log, newBatch(records...))
}

func (g *groupLog) AppendTxn(ctx context.Context, id string, pid int64, epoch int16, records []wireproto.Record) error {
	log, err := g.of(id)
	if err != nil {
		return err
	}
	batch := newBatch(records...)
	batch.SetTransactional(pid, epoch)
	return write(ctx, log, batch)
}

// offsetsPartition tells the transaction coordinator where groups live.
type offsetsPartition struct{ srv *server.Server }

func (o offsetsPartition) Partition(id string) txn.TopicPartition {
	t, err := o.srv.InternalTopic(server.OffsetsTopicName)
	if err != nil {
		// The topic could not be created: nothing can be committed to it either.
		return txn.TopicPartition{Topic: server.OffsetsTopicName}
	}
	return txn.TopicPartition{Topic: t.Name, Partition: group.Partition(id, t.Partitions)}
}

// loadGroups replays __consumer_offsets.
func (b *Broker) loadGroups() error {
	if t := b.meta.Topic(server.OffsetsTopicName); t != nil {
		b.groups.SetPartitions(t.Partitions)
	}
	return b.replay(server.OffsetsTopicName, func(partition int32, batch wireproto.Batch) error {
		switch {
		case batch.Control():
			commit, ok, err := markerOf(batch)
			if ok {
				b.groups.CompleteTxn(batch.ProducerID(), partition, commit)
			}
			return err
		case batch.Transactional():
			return eachRecord(batch, func(key, value []byte) error {
				return b.groups.LoadTxn(batch.ProducerID(), batch.ProducerEpoch(), key, value)
			})
		}
		return eachRecord(batch, b.groups.Load)
	})
}
