package broker

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/kurier-io/kurier/broker/commitlog"
	"github.com/kurier-io/kurier/broker/server"
	"github.com/kurier-io/kurier/broker/wireproto"
)

// internalLog is an internal topic as its coordinator writes and replays it. The
// first write creates the topic.
type internalLog struct {
	srv  *server.Server
	logs *commitlog.Store
	name string
}

// partition returns one of the topic's logs, by a function of their number.
func (l *internalLog) partition(choose func(n int32) int32) (*commitlog.Log, error) {
	t, err := l.srv.InternalTopic(l.name)
	if err != nil {
		return nil, err
	}
	log := l.logs.Log(commitlog.ID{Topic: t.ID, Partition: choose(t.Partitions)})
	if log == nil {
		return nil, fmt.Errorf("broker: %s has no such partition", l.name)
	}
	return log, nil
}

// ours may use the disk's reserve: what coordinators write is little, and lets
// consumers and transactions end when the disk is full.
var ours = commitlog.AppendOptions{UseReserve: true}

func write(ctx context.Context, log *commitlog.Log, batch wireproto.Batch) error {
	res, err := log.AppendWith(batch, ours)
	if err != nil {
		return err
	}
	return res.Wait(ctx.Done())
}

func newBatch(records ...wireproto.Record) wireproto.Batch {
	return wireproto.NewBatch(time.Now().UnixMilli(), records...)
}

// replay hands every visible batch of every partition to fn, in order.
func (b *Broker) replay(topic string, fn func(partition int32, batch wireproto.Batch) error) error {
	t := b.meta.Topic(topic)
	if t == nil {
		return nil
	}
	for p := range t.Partitions {
		log := b.logs.Log(commitlog.ID{Topic: t.ID, Partition: p})
		if log == nil {
			continue
		}
		for at := log.LogStart(); at < log.HighWatermark(); {
			next, err := replayOnce(log, at, func(batch wireproto.Batch) error { return fn(p, batch) })
			if err != nil {
				return fmt.Errorf("broker: replaying %s-%d: %w", topic, p, err)
			}
			if next <= at {
				break // compaction left nothing after here
			}
			at = next
		}
	}
	return nil
}

func replayOnce(log *commitlog.Log, at int64, fn func(wireproto.Batch) error) (next int64, err error) {
	res, err := log.Read(at, 1<<20, true)
	if err != nil {
		return at, err
	}
	defer func() {
		if res.Records != nil {
			res.Release()
		}
	}()
	next = at
	for rest := res.Records; len(rest) > 0; {
		var batch wireproto.Batch
		if batch, rest, err = wireproto.NextBatch(rest); err != nil {
			return at, err
		}
		if err := fn(batch); err != nil {
			return at, fmt.Errorf("offset %d: %w", batch.BaseOffset(), err)
		}
		next = batch.LastOffset() + 1
	}
	return next, nil
}

const maxInternalBatch = 64 << 20

// eachRecord decodes the records of a batch that is no control batch.
func eachRecord(b wireproto.Batch, fn func(key, value []byte) error) error {
	payload, err := wireproto.Decompress(b.Codec(), b.Payload(), maxInternalBatch)
	if err != nil {
		return err
	}
	return wireproto.EachRecord(payload, b.Count(), func(r wireproto.Record) error { return fn(r.Key, r.Value) })
}

// markerOf reads a control batch; ok is false if it is not the end of a
// transaction.
func markerOf(b wireproto.Batch) (commit, ok bool, err error) {
	err = eachRecord(b, func(key, _ []byte) error {
		if len(key) < 4 {
			return errors.New("a control record with a short key")
		}
		kind := int16(key[2])<<8 | int16(key[3])
		commit, ok = kind == 1, kind == 0 || kind == 1
		return nil
	})
	return commit, ok, err
}
