package kafkastore

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/kurier-io/kurier/runtime/store"
)

// clients dials a kfake cluster in memory.
type clients struct {
	net     kfake.VirtualNetwork
	cluster *kfake.Cluster
}

func newClients(t *testing.T) *clients {
	c := &clients{}
	var err error
	c.cluster, err = kfake.NewCluster(kfake.NumBrokers(1), kfake.Ports(9092), kfake.ListenFn(c.net.Listen),
		kfake.SeedTopics(1, "configs"), kfake.SeedTopics(3, "offsets", "statuses"))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func (c *clients) Internal(name string) []kgo.Opt {
	return []kgo.Opt{kgo.ClientID(name), kgo.SeedBrokers("localhost:9092"), kgo.Dialer(c.net.DialContext)}
}

func TestStoresSurviveRestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newClients(t)
		defer c.cluster.Close()
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		var ups []store.ConfigUpdate
		configs, clog := NewConfigs(c, "configs", func(u store.ConfigUpdate) { ups = append(ups, u) }, nil)
		offsets, olog := NewOffsets(c, "offsets", nil)
		statuses, slog := NewStatuses(c, "statuses", nil)
		must(t, configs.Start(ctx), offsets.Start(ctx), statuses.Start(ctx))
		must(t, configs.PutConnector(ctx, "a", map[string]string{"x": "y"}, ""))
		must(t, configs.PutTaskConfigs(ctx, "a", []map[string]string{{"n": "0"}, {"n": "1"}}))
		if s := configs.Snapshot(); len(s.Tasks("a")) != 2 || s.Offset != 4 || len(ups) != 2 {
			t.Errorf("tasks %v, offset %d, updates %v", s.Tasks("a"), s.Offset, ups)
		}
		for i := range 20 {
			p := map[string]any{"file": fmt.Sprint(i)}
			must(t, offsets.Set(ctx, "a", store.OffsetEntry{Partition: p, Offset: map[string]any{"pos": i}}))
		}
		must(t, statuses.PutConnector(ctx, "a", store.Status{State: store.Running, WorkerID: "w", Generation: 1}))
		for _, l := range []*TopicLog{clog, olog, slog} {
			l.Close()
		}

		configs, clog = NewConfigs(c, "configs", nil, nil)
		offsets, olog = NewOffsets(c, "offsets", nil)
		statuses, slog = NewStatuses(c, "statuses", nil)
		must(t, configs.Start(ctx), offsets.Start(ctx), statuses.Start(ctx))
		if s := configs.Snapshot(); len(s.Tasks("a")) != 2 || s.Offset != 4 || s.ConnectorConfig("a")["x"] != "y" {
			t.Errorf("after restart: tasks %v, offset %d", s.Tasks("a"), s.Offset)
		}
		all, err := offsets.List(ctx, "a")
		if err != nil || len(all) != 20 {
			t.Errorf("%d offsets, %v", len(all), err)
		}
		if st, ok := statuses.Connector("a"); !ok || st.State != store.Running {
			t.Errorf("status %+v", st)
		}
		for _, l := range []*TopicLog{clog, olog, slog} {
			l.Close()
		}
	})
}

func must(t *testing.T, errs ...error) {
	t.Helper()
	for _, err := range errs {
		if err != nil {
			t.Fatal(err)
		}
	}
}

// What another worker wrote is visible after Refresh, foreign records and transaction markers notwithstanding.
func TestReadToEndPassesMarkersAndGarbage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newClients(t)
		defer c.cluster.Close()
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		configs, log := NewConfigs(c, "configs", nil, nil)
		must(t, configs.Start(ctx))
		defer log.Close()
		leader, err := kgo.NewClient(append(c.Internal("leader"), kgo.TransactionalID("connect-cluster-g"), kgo.DefaultProduceTopic("configs"))...)
		must(t, err)
		defer leader.Close()
		must(t, leader.BeginTransaction())
		must(t, leader.ProduceSync(ctx, &kgo.Record{Key: []byte("connector-x"), Value: []byte(`{"properties":{}}`)},
			&kgo.Record{Key: []byte("\xff\x00"), Value: []byte("garbage")}, &kgo.Record{Value: []byte("{}")}).FirstErr())
		must(t, leader.EndTransaction(ctx, kgo.TryCommit))
		must(t, configs.Refresh(ctx))
		if s := configs.Snapshot(); !s.Contains("x") || s.Offset != 3 {
			t.Errorf("connectors %v, offset %d, want 3: markers never count", s.Connectors(), s.Offset)
		}
	})
}

func TestReadToEndEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newClients(t)
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		configs, log := NewConfigs(c, "configs", nil, nil)
		must(t, configs.Start(ctx))
		c.cluster.Close()
		short, cancel := context.WithTimeout(ctx, 3*time.Second)
		defer cancel()
		if err := configs.Refresh(short); err == nil {
			t.Error("read to the end of a topic on a dead cluster")
		}
		log.Close()
	})
}

func TestMissingTopicIsAnError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newClients(t)
		defer c.cluster.Close()
		log := New("missing", c.Internal("x"), nil)
		defer log.Close()
		if err := log.Start(context.Background(), func(store.Record) {}); err == nil {
			t.Error("started on a missing topic")
		}
	})
}
