package broker

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func TestFromProperties(t *testing.T) {
	got, err := FromProperties(map[string]string{
		"listeners": "PLAINTEXT://localhost:19092", "advertised.listeners": "PLAINTEXT://127.0.0.1:19092", "log.dirs": "/var/lib/kurier",
		"num.partitions": "3", "auto.create.topics.enable": "false", "log.segment.bytes": "1048576", "log.retention.hours": "2",
		"message.max.bytes": "2000000", "kurier.durability": "interval", "node.id": "7", "zookeeper.connect": "x", "offsets.retention.minutes": "60",
	})
	if err != nil {
		t.Fatal(err)
	}
	want := Config{DataDir: "/var/lib/kurier", Listen: "localhost:19092", AdvertisedHost: "127.0.0.1", AdvertisedPort: 19092, NodeID: 7,
		Durability: DurabilityInterval, NumPartitions: 3, OffsetsRetention: time.Hour, Ignored: []string{"zookeeper.connect"},
		TopicDefaults: map[string]string{"segment.bytes": "1048576", "retention.ms": "7200000", "max.message.bytes": "2000000"}}
	if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(Config{}, "Logger")); diff != "" {
		t.Error(diff)
	}
	for _, c := range []struct{ key, value, want string }{
		{"listeners", "SASL_SSL://127.0.0.1:9092", "SASL and SSL"},
		{"listeners", "PLAINTEXT://0.0.0.0:9092", "kurier.allow.insecure.listeners"},
		{"listeners", "PLAINTEXT://:9092", "kurier.allow.insecure.listeners"},
		{"listeners", "PLAINTEXT://127.0.0.1:9092,PLAINTEXT://127.0.0.1:9093", "one listener"},
		{"listeners", "PLAINTEXT://127.0.0.1:99999", "bad port"},
		{"num.partitions", "many", "num.partitions"},
		{"log.segment.bytes", "1", "at least"},
		{"kurier.durability", "maybe", "fsync, interval, os"},
		{"auto.create.topics.enable", "yes", "neither true nor false"},
	} {
		_, err := FromProperties(map[string]string{"log.dirs": "d", c.key: c.value})
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s=%s: %v, want mention of %q", c.key, c.value, err, c.want)
		}
	}
	if _, err := FromProperties(map[string]string{"log.dirs": "d", "listeners": "PLAINTEXT://0.0.0.0:9092", "kurier.allow.insecure.listeners": "true"}); err != nil {
		t.Error(err)
	}
}
