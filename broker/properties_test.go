package broker

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/kurier-io/kurier/broker/security/tlsfiles"
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
	want := Config{DataDir: "/var/lib/kurier", NodeID: 7,
		Listeners:  []Listener{{Name: "PLAINTEXT", Addr: "localhost:19092", AdvertisedHost: "127.0.0.1", AdvertisedPort: 19092}},
		Durability: DurabilityInterval, NumPartitions: 3, MetricsListen: DefaultMetricsListen, MetricsOptional: true, OffsetsRetention: time.Hour, Ignored: []string{"zookeeper.connect"},
		TopicDefaults: map[string]string{"segment.bytes": "1048576", "retention.ms": "7200000", "max.message.bytes": "2000000"}}
	if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(Config{}, "Logger")); diff != "" {
		t.Error(diff)
	}
	for _, c := range []struct{ key, value, want string }{
		{"listeners", "SASL_SSL://127.0.0.1:9092", "ssl.keystore.location"},
		{"listeners", "EXTERNAL://127.0.0.1:9092", "listener.security.protocol.map"},
		{"authorizer.class.name", "com.example.Own", "StandardAuthorizer"},
		{"replication.factor.policy", "some", "strict nor clamp"},
		{"listeners", "PLAINTEXT://0.0.0.0:9092", "kurier.allow.insecure.listeners"},
		{"listeners", "PLAINTEXT://:9092", "kurier.allow.insecure.listeners"},
		{"listeners", "PLAINTEXT://127.0.0.1:9092,PLAINTEXT://127.0.0.1:9093", "two listeners"},
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

// TestListenersOfAServerProperties reads what a secured Kafka broker's file says.
func TestListenersOfAServerProperties(t *testing.T) {
	got, err := FromProperties(map[string]string{
		"log.dirs": "d", "listeners": "PLAINTEXT://127.0.0.1:9092,CLIENTS://:9093,CONTROLLER://:9094",
		"listener.security.protocol.map": "CLIENTS:SASL_SSL,CONTROLLER:PLAINTEXT", "controller.listener.names": "CONTROLLER",
		"advertised.listeners": "CLIENTS://kafka.example.com:9093", "ssl.keystore.location": "/etc/k.pem", "ssl.keystore.type": "PEM",
		"listener.name.clients.sasl.enabled.mechanisms": "PLAIN,SCRAM-SHA-512",
		"listener.name.clients.plain.sasl.jaas.config":  `org.apache.kafka.common.security.plain.PlainLoginModule required user_alice="a b" user_bob="c";`,
		"authorizer.class.name":                         "org.apache.kafka.metadata.authorizer.StandardAuthorizer", "super.users": "User:alice; User:CN=x,O=y",
	})
	if err != nil {
		t.Fatal(err)
	}
	want := []Listener{{Name: "PLAINTEXT", Addr: "127.0.0.1:9092"},
		{Name: "CLIENTS", Addr: "0.0.0.0:9093", AdvertisedHost: "kafka.example.com", AdvertisedPort: 9093, Mechanisms: []string{"PLAIN", "SCRAM-SHA-512"},
			TLS: &tlsfiles.Files{Certificate: "/etc/k.pem", Key: "/etc/k.pem"}}}
	if diff := cmp.Diff(want, got.Listeners); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(map[string]string{"alice": "a b", "bob": "c"}, got.PlainUsers); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"User:alice", "User:CN=x,O=y"}, got.SuperUsers); diff != "" || !got.Authorize {
		t.Error(diff, got.Authorize)
	}
	for _, c := range []struct{ protocol, mechanisms, want string }{
		{"SASL_PLAINTEXT", "PLAIN", "sends passwords in clear"}, {"SASL_PLAINTEXT", "SCRAM-SHA-256", "lacks TLS or authentication"},
		{"SSL", "", "lacks TLS or authentication"}, {"SASL_SSL", "GSSAPI", "not offered"},
	} {
		_, err := FromProperties(map[string]string{"log.dirs": "d", "listeners": c.protocol + "://0.0.0.0:9093", "ssl.keystore.location": "/etc/k.pem", "sasl.enabled.mechanisms": c.mechanisms})
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s %s: %v, want mention of %q", c.protocol, c.mechanisms, err, c.want)
		}
	}
}
