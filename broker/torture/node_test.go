package torture

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"testing"
	"time"

	"github.com/kurier-io/kurier/broker/commitlog"
	"github.com/kurier-io/kurier/broker/group"
	"github.com/kurier-io/kurier/broker/metadata"
	"github.com/kurier-io/kurier/broker/server"
	"github.com/kurier-io/kurier/broker/txn"
	"github.com/kurier-io/kurier/broker/vfs"
	"github.com/kurier-io/kurier/broker/wireproto"
)

// node is a broker on any file system. Package broker builds one on a directory
// only, so this repeats its composition; see broker.go, offsets.go and
// transactions.go there.
type node struct {
	meta   *metadata.Store
	logs   *commitlog.Store
	groups *group.Coordinator
	txns   *txn.Coordinator
	srv    *server.Server
	way    *server.Listener
}

// smallSegments makes every mechanism of the log happen within few appends.
func smallSegments() map[string]string {
	return map[string]string{"segment.bytes": "16384", "index.interval.bytes": "256", "min.cleanable.dirty.ratio": "0.01"}
}

func startNode(fs vfs.FS, logger *slog.Logger, topicDefaults map[string]string) (*node, error) {
	n := &node{way: &server.Listener{Name: "MEMORY", AdvertisedHost: "127.0.0.1", AdvertisedPort: 9092}}
	var err error
	if n.meta, err = metadata.Open(fs); err != nil {
		return nil, err
	}
	cfg := server.Config{NodeID: 1, NumPartitions: 1, AutoCreateTopics: true, MaxRequestBytes: 8 << 20, MaxInflightBytes: 64 << 20,
		LogDir: "memory", Durability: "fsync", TopicDefaults: topicDefaults, Logger: logger, MaxConnections: 10_000, MaxConnectionsPerIP: 10_000, IdleTimeout: time.Minute}
	var specs []commitlog.Spec
	for _, t := range n.meta.Topics() {
		lc, err := server.LogConfig(cfg, t.Configs)
		if err != nil {
			return nil, err
		}
		for p := range t.Partitions {
			specs = append(specs, commitlog.Spec{ID: commitlog.ID{Topic: t.ID, Partition: p}, Name: t.Name, Config: lc})
		}
	}
	opts := commitlog.Options{FS: fs, JournalBytes: 64 << 10, CheckpointBytes: 256 << 10, BypassBytes: 4 << 10, CheckpointEvery: time.Hour, Logger: logger}
	if n.logs, err = commitlog.Open(opts, specs, n.meta.Epoch(), n.meta.NextEpoch); err != nil {
		return nil, errors.Join(err, n.meta.Close())
	}
	n.srv = server.New(cfg, n.meta, n.logs)
	n.groups = group.NewCoordinator(nodeGroups{nodeLog{n, server.OffsetsTopicName}}, group.DefaultLimits(), 7*24*time.Hour, logger)
	n.groups.SetConsumer(n.srv, n.srv.GroupConfig)
	limits := txn.DefaultConfig()
	limits.Epoch = n.logs.Epoch()
	n.txns = txn.NewCoordinator(limits, nodeTxns{nodeLog{n, server.TransactionsTopicName}}, nodeMarkers{n}, n.meta, n, logger)
	n.srv.SetCoordinators(n.groups, n.txns, nodeMarkers{n})
	if err := n.load(); err != nil {
		return nil, errors.Join(err, n.stop())
	}
	n.groups.Start()
	return n, nil
}

func mustStart(t testing.TB, fs vfs.FS) *node {
	t.Helper()
	n, err := startNode(fs, slog.New(slog.DiscardHandler), smallSegments())
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// stop ends the node; after a crash of its file system that fails, and ends it
// all the same.
func (n *node) stop() error {
	n.groups.Close()
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	n.srv.Shutdown(ctx)
	return errors.Join(n.logs.Close(), n.meta.Close())
}

// dial connects to the node; it fits kgo.Dialer.
func (n *node) dial(context.Context, string, string) (net.Conn, error) {
	client, end := net.Pipe()
	n.srv.ServeConn(end, n.way)
	return client, nil
}

// Partition is where the offsets of a group live.
func (n *node) Partition(id string) txn.TopicPartition {
	t, err := n.srv.InternalTopic(server.OffsetsTopicName)
	if err != nil {
		return txn.TopicPartition{Topic: server.OffsetsTopicName}
	}
	return txn.TopicPartition{Topic: t.Name, Partition: group.Partition(id, t.Partitions)}
}

func (n *node) load() error {
	err := n.replay(server.OffsetsTopicName, func(p int32, b wireproto.Batch) error {
		switch {
		case b.Control():
			m, err := wireproto.ParseMarker(b)
			if err == nil {
				n.groups.CompleteTxn(b.ProducerID(), p, m.Commit)
			}
			return err
		case b.Transactional():
			return eachRecord(b, func(key, value []byte) error {
				return n.groups.LoadTxn(b.ProducerID(), b.ProducerEpoch(), key, value)
			})
		}
		return eachRecord(b, n.groups.Load)
	})
	if err != nil {
		return err
	}
	err = n.replay(server.TransactionsTopicName, func(_ int32, b wireproto.Batch) error {
		if b.Control() {
			return nil
		}
		return eachRecord(b, n.txns.Load)
	})
	if err != nil {
		return err
	}
	return n.txns.Resume(context.Background())
}

func (n *node) replay(topic string, fn func(int32, wireproto.Batch) error) error {
	t := n.meta.Topic(topic)
	if t == nil {
		return nil
	}
	if topic == server.OffsetsTopicName {
		n.groups.SetPartitions(t.Partitions)
	}
	for p := range t.Partitions {
		if err := eachBatch(n.logs.Log(commitlog.ID{Topic: t.ID, Partition: p}), func(b wireproto.Batch) error { return fn(p, b) }); err != nil {
			return fmt.Errorf("replaying %s-%d: %w", topic, p, err)
		}
	}
	return nil
}

func eachBatch(log *commitlog.Log, fn func(wireproto.Batch) error) error {
	for at := log.LogStart(); at < log.HighWatermark(); {
		res, err := log.Read(at, 1<<20, true)
		if err != nil {
			return err
		}
		next := at
		for rest := res.Records; len(rest) > 0 && err == nil; {
			var b wireproto.Batch
			if b, rest, err = wireproto.NextBatch(rest); err == nil {
				err = fn(b)
				next = b.LastOffset() + 1
			}
		}
		if res.Records != nil {
			res.Release()
		}
		if err != nil || next == at {
			return err
		}
		at = next
	}
	return nil
}

func eachRecord(b wireproto.Batch, fn func(key, value []byte) error) error {
	payload, err := wireproto.Decompress(b.Codec(), b.Payload(), 64<<20)
	if err != nil {
		return err
	}
	return wireproto.EachRecord(payload, b.Count(), func(r wireproto.Record) error { return fn(r.Key, r.Value) })
}

// nodeLog is an internal topic.
type nodeLog struct {
	n    *node
	name string
}

func (l nodeLog) append(id string, b wireproto.Batch) (commitlog.AppendResult, error) {
	t, err := l.n.srv.InternalTopic(l.name)
	if err != nil {
		return commitlog.AppendResult{}, err
	}
	return l.n.logs.Log(commitlog.ID{Topic: t.ID, Partition: group.Partition(id, t.Partitions)}).Append(b)
}

func (l nodeLog) wait(ctx context.Context, id string, b wireproto.Batch) error {
	res, err := l.append(id, b)
	if err != nil {
		return err
	}
	return res.Wait(ctx.Done())
}

type nodeGroups struct{ nodeLog }

func (g nodeGroups) Append(ctx context.Context, id string, records []wireproto.Record) error {
	return g.wait(ctx, id, wireproto.NewBatch(time.Now().UnixMilli(), records...))
}

func (g nodeGroups) AppendTxn(ctx context.Context, id string, pid int64, epoch int16, records []wireproto.Record) error {
	b := wireproto.NewBatch(time.Now().UnixMilli(), records...)
	b.SetTransactional(pid, epoch)
	return g.wait(ctx, id, b)
}

type nodeTxns struct{ nodeLog }

func (l nodeTxns) Append(ctx context.Context, id string, rec wireproto.Record) error {
	return l.wait(ctx, id, wireproto.NewBatch(time.Now().UnixMilli(), rec))
}

func (l nodeTxns) Write(id string, rec wireproto.Record) error {
	_, err := l.append(id, wireproto.NewBatch(time.Now().UnixMilli(), rec))
	return err
}

type nodeMarkers struct{ n *node }

func (m nodeMarkers) Write(ctx context.Context, marker txn.Marker, tps []txn.TopicPartition) error {
	var waits []commitlog.AppendResult
	for _, tp := range tps {
		t := m.n.meta.Topic(tp.Topic)
		if t == nil {
			continue
		}
		log := m.n.logs.Log(commitlog.ID{Topic: t.ID, Partition: tp.Partition})
		if log == nil {
			continue
		}
		res, err := log.AppendMarker(commitlog.Marker{ProducerID: marker.ProducerID, Epoch: marker.Epoch, Commit: marker.Commit,
			CoordinatorEpoch: marker.CoordinatorEpoch, V2: marker.V2})
		if errors.Is(err, commitlog.ErrDeleted) || errors.Is(err, commitlog.ErrProducerEpoch) {
			continue
		}
		if err != nil {
			return err
		}
		waits = append(waits, res)
	}
	for _, res := range waits {
		if err := res.Wait(ctx.Done()); err != nil {
			return err
		}
	}
	for _, tp := range tps {
		if tp.Topic == server.OffsetsTopicName {
			m.n.groups.CompleteTxn(marker.ProducerID, tp.Partition, marker.Commit)
		}
	}
	return nil
}
