package broker

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/kurier-io/kurier/broker/commitlog"
	"github.com/kurier-io/kurier/broker/group"
	"github.com/kurier-io/kurier/broker/metadata"
	"github.com/kurier-io/kurier/broker/server"
	"github.com/kurier-io/kurier/broker/wireproto"
)

// groupLog keeps groups in the internal topic, which the first group creates.
type groupLog struct {
	srv  *server.Server
	logs *commitlog.Store
}

var _ group.Storage = (*groupLog)(nil)

func (g *groupLog) Append(ctx context.Context, _ string, records []wireproto.Record) error {
	t, err := g.srv.OffsetsTopic()
	if err != nil {
		return err
	}
	log := g.logs.Log(commitlog.ID{Topic: t.ID})
	if log == nil {
		return errors.New("broker: the offsets topic has no partition")
	}
	res, err := log.Append(wireproto.NewBatch(time.Now().UnixMilli(), records...))
	if err != nil {
		return err
	}
	return res.Wait(ctx.Done())
}

// loadGroups replays the internal topic into the coordinator.
func loadGroups(c *group.Coordinator, logs *commitlog.Store, t *metadata.Topic) error {
	for p := range t.Partitions {
		log := logs.Log(commitlog.ID{Topic: t.ID, Partition: p})
		if log == nil {
			continue
		}
		for at := log.LogStart(); at < log.HighWatermark(); {
			res, err := log.Read(at, 1<<20, true)
			if err != nil {
				return err
			}
			next := at
			for rest := res.Records; len(rest) > 0; {
				var b wireproto.Batch
				if b, rest, err = wireproto.NextBatch(rest); err != nil {
					return err
				}
				if err := loadBatch(c, b); err != nil {
					return fmt.Errorf("broker: %s offset %d: %w", t.Name, b.BaseOffset(), err)
				}
				next = b.LastOffset() + 1
			}
			res.Release()
			if next <= at {
				break // compaction left nothing after here
			}
			at = next
		}
	}
	return nil
}

func loadBatch(c *group.Coordinator, b wireproto.Batch) error {
	payload, err := wireproto.Decompress(b.Codec(), b.Payload(), 64<<20)
	if err != nil || b.Control() {
		return err
	}
	return wireproto.EachRecord(payload, b.Count(), func(r wireproto.Record) error { return c.Load(r.Key, r.Value) })
}
