package broker

import (
	"context"
	"errors"
	"log/slog"

	"github.com/kurier-io/kurier/broker/commitlog"
	"github.com/kurier-io/kurier/broker/group"
	"github.com/kurier-io/kurier/broker/metadata"
	"github.com/kurier-io/kurier/broker/server"
	"github.com/kurier-io/kurier/broker/txn"
	"github.com/kurier-io/kurier/broker/wireproto"
)

// txnLog keeps transactional ids in __transaction_state.
type txnLog struct{ internalLog }

var _ txn.Storage = (*txnLog)(nil)

func (l *txnLog) append(id string, rec wireproto.Record) (commitlog.AppendResult, error) {
	log, err := l.partition(func(n int32) int32 { return group.Partition(id, n) })
	if err != nil {
		return commitlog.AppendResult{}, err
	}
	return log.AppendWith(newBatch(rec), ours)
}

func (l *txnLog) Append(ctx context.Context, id string, rec wireproto.Record) error {
	res, err := l.append(id, rec)
	if err != nil {
		return err
	}
	return res.Wait(ctx.Done())
}

func (l *txnLog) Write(id string, rec wireproto.Record) error {
	_, err := l.append(id, rec)
	return err
}

// loadTransactions replays __transaction_state and completes what was decided.
func (b *Broker) loadTransactions() error {
	err := b.replay(server.TransactionsTopicName, func(_ int32, batch wireproto.Batch) error {
		if batch.Control() {
			return nil
		}
		return eachRecord(batch, b.txns.Load)
	})
	if err != nil {
		return err
	}
	if err := b.txns.Resume(context.Background()); err != nil {
		// They stay locked and are tried again; the rest can go on.
		b.logger.Error("transactions that were ending could not be completed yet", "error", err)
	}
	return nil
}

// markerLog writes the ends of transactions into logs.
type markerLog struct {
	meta   *metadata.Store
	logs   *commitlog.Store
	groups *group.Coordinator
	logger *slog.Logger
}

var _ txn.Markers = (*markerLog)(nil)

func (m *markerLog) Write(ctx context.Context, marker txn.Marker, tps []txn.TopicPartition) error {
	waits := make([]commitlog.AppendResult, 0, len(tps))
	var errs []error
	for _, tp := range tps {
		t := m.meta.Topic(tp.Topic)
		if t == nil {
			continue // deleted: nothing is left to end
		}
		log := m.logs.Log(commitlog.ID{Topic: t.ID, Partition: tp.Partition})
		if log == nil {
			continue
		}
		res, err := log.AppendMarker(commitlog.Marker{ProducerID: marker.ProducerID, Epoch: marker.Epoch, Commit: marker.Commit,
			CoordinatorEpoch: marker.CoordinatorEpoch, V2: marker.V2})
		switch {
		case errors.Is(err, commitlog.ErrDeleted):
		case errors.Is(err, commitlog.ErrProducerEpoch):
			// An operator has ended it with a higher epoch.
			m.logger.Warn("a partition has seen a later epoch than the transaction that ends", "topic", tp.Topic,
				"partition", tp.Partition, "producer_id", marker.ProducerID, "epoch", marker.Epoch)
		case err != nil:
			errs = append(errs, err)
		default:
			waits = append(waits, res)
		}
	}
	for _, res := range waits {
		errs = append(errs, res.Wait(ctx.Done()))
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	for _, tp := range tps {
		if tp.Topic == server.OffsetsTopicName {
			m.groups.CompleteTxn(marker.ProducerID, tp.Partition, marker.Commit)
		}
	}
	return nil
}
