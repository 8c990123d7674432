package worker

import (
	"bytes"
	"context"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/kurier-io/kurier/runtime/store"
)

func TestArena(t *testing.T) {
	var a arena
	one := a.keep(append(a.room(), "one"...), true)
	two := a.keep(append(a.room(), "two"...), true)
	if got := append(one, "XYZ"...); string(two) != "two" || string(got) != "oneXYZ" {
		t.Errorf("appending to a kept slice reached the next one: %q", two)
	}
	large := bytes.Repeat([]byte{7}, arenaChunk+1)
	if got := a.keep(append(a.room(), large...), true); !bytes.Equal(got, large) {
		t.Error("a value larger than a chunk is changed")
	}
	if got := a.keep(a.room(), true); got == nil || len(got) != 0 || cap(got) != 0 {
		t.Errorf("an empty value became %v", got)
	}
	if got := a.keep(nil, true); got == nil {
		t.Error("an empty value became null")
	}
	if got := a.keep(a.room(), false); got != nil {
		t.Error("null became a value")
	}
	if string(one) != "one" || string(two) != "two" {
		t.Errorf("%q %q", one, two)
	}
}

func TestExplicitPartitions(t *testing.T) {
	p := explicitPartitioner{kgo.UniformBytesPartitioner(64<<10, true, true, nil)}.ForTopic("t")
	for _, want := range []int32{0, 1, 41} {
		r := &kgo.Record{Partition: wish(want), Key: []byte("k")}
		if got := p.Partition(r, 50); got != int(want) || !p.RequiresConsistency(r) {
			t.Errorf("wish for %d: %d", want, got)
		}
	}
	keyed := &kgo.Record{Key: []byte("k")}
	backup, ok := p.(kgo.TopicBackupPartitioner)
	if !ok {
		t.Fatal("the wrapped partitioner's ability is lost")
	}
	want := kgo.StickyKeyPartitioner(nil).ForTopic("t").Partition(keyed, 50)
	if got := backup.PartitionByBackup(keyed, 50, nil); got != want {
		t.Errorf("keyed: %d, want %d", got, want)
	}
	if got := backup.PartitionByBackup(&kgo.Record{Partition: wish(41)}, 50, nil); got != 41 {
		t.Errorf("wish for 41: %d", got)
	}
}

func TestTopicGroups(t *testing.T) {
	groups, err := topicGroups(map[string]string{
		"topic.creation.groups": "logs,all", "topic.creation.default.partitions": "3", "topic.creation.default.replication.factor": "-1",
		"topic.creation.default.cleanup.policy": "compact",
		"topic.creation.logs.include":           "log.*", "topic.creation.logs.exclude": "log-secret", "topic.creation.logs.partitions": "9",
		"topic.creation.all.include": "lo.*",
	})
	if err != nil {
		t.Fatal(err)
	}
	first := func(topic string) *topicGroup {
		for i := range groups {
			if groups[i].matches(topic) {
				return &groups[i]
			}
		}
		return nil
	}
	for topic, want := range map[string]string{"log1": "logs", "log-secret": "all", "lo": "all", "xlog": "default"} {
		if g := first(topic); g == nil || g.name != want {
			t.Errorf("%s: %+v, want %s", topic, g, want)
		}
	}
	if g := first("log1"); g.partitions != 9 || g.replicationFactor != -1 || len(g.configs) != 0 {
		t.Errorf("logs: %+v", g)
	}
	if g := first("x"); g.configs["cleanup.policy"] == nil || *g.configs["cleanup.policy"] != "compact" {
		t.Errorf("default: %+v", g)
	}
	for _, bad := range []map[string]string{
		{"topic.creation.default.partitions": "3"},
		{"topic.creation.default.partitions": "-2", "topic.creation.default.replication.factor": "1"},
		{"topic.creation.groups": "g", "topic.creation.default.partitions": "1", "topic.creation.default.replication.factor": "1"},
	} {
		if _, err := topicGroups(bad); err == nil {
			t.Errorf("accepted %v", bad)
		}
	}
}

func TestBackOffEndsWhenTheRestartIsNotWanted(t *testing.T) {
	g := newTarget(store.Started)
	done := make(chan struct{})
	go func() {
		g.backOff(context.Background(), time.Hour)
		close(done)
	}()
	g.set(store.Paused)
	<-done
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	g.set(store.Started)
	g.backOff(ctx, time.Hour)
	g.backOff(t.Context(), 0)
}
