package kafka

import (
	"context"
	"errors"
	"maps"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/kurier-io/kurier/runtime/settings"
)

func worker(t *testing.T, extra map[string]string) *settings.Worker {
	t.Helper()
	props := map[string]string{
		"bootstrap.servers": "localhost:9092", "group.id": "g", "key.converter": "K", "value.converter": "V",
		"config.storage.topic": "c", "offset.storage.topic": "o", "status.storage.topic": "s",
		"config.storage.replication.factor": "1",
	}
	maps.Copy(props, extra)
	w, err := settings.ParseDistributed(props)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func TestLayers(t *testing.T) {
	w := worker(t, map[string]string{
		"security.protocol": "SASL_SSL", "client.id": "me", "producer.linger.ms": "7", "producer.acks": "1",
		"consumer.group.id": "x", "admin.retries": "3",
	})
	got := SourceProducerProperties(w, "conn", 2, map[string]string{"acks": "0"})
	want := Properties{
		"bootstrap.servers": "localhost:9092", "client.id": "connector-producer-conn-2", "acks": "0", "linger.ms": "7",
		"max.in.flight.requests.per.connection": "1", "delivery.timeout.ms": "2147483647", "max.block.ms": "9223372036854775807",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	sink := SinkConsumerProperties(w, "conn", -1, nil)
	if sink["group.id"] != "x" || sink["client.id"] != "connector-consumer-conn" || sink["security.protocol"] != "" {
		t.Errorf("sink %v", sink)
	}
	admin := AdminProperties(w, "conn", 0, nil)
	if admin["security.protocol"] != "SASL_SSL" || admin["retries"] != "3" || admin["producer.linger.ms"] != "" || admin["client.id"] != "connector-adminclient-conn-0" {
		t.Errorf("admin %v", admin)
	}
	if id := InternalProperties(w, "configs", "")["client.id"]; id != "g-me-configs" {
		t.Errorf("internal client id %q", id)
	}
	if id := InternalProperties(worker(t, nil), "", "h:8083")["client.id"]; id != "connect-h:8083" {
		t.Errorf("member client id %q", id)
	}
}

// opt returns what a client built from opts uses for a setting.
func opt(t *testing.T, opts []kgo.Opt, setting any) any {
	t.Helper()
	cl, err := kgo.NewClient(opts...)
	if err != nil {
		t.Fatal(err)
	}
	defer cl.Close()
	return cl.OptValue(setting)
}

func TestProducerOptions(t *testing.T) {
	base := Properties{"bootstrap.servers": "b:1"}
	opts, err := ProducerOptions(base, nil)
	if err != nil {
		t.Fatal(err)
	}
	if v := opt(t, opts, kgo.ProducerBatchMaxBytes); v != int32(defaultBatchBytes) {
		t.Errorf("batch %v", v)
	}
	if v := opt(t, opts, kgo.ProducerLinger); v != defaultLinger {
		t.Errorf("linger %v", v)
	}
	if v := opt(t, opts, kgo.DisableIdempotentWrite); v != false {
		t.Errorf("idempotence disabled: %v", v)
	}
	opts, err = ProducerOptions(base.over(map[string]string{
		"acks": "1", "batch.size": "2000000", "linger.ms": "0", "compression.type": "zstd", "max.request.size": "3000000",
		"buffer.memory": "1000000", "delivery.timeout.ms": "120000",
	}), nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct{ setting, want any }{
		{kgo.ProducerBatchMaxBytes, int32(3000000)}, {kgo.ProducerLinger, time.Duration(0)}, {kgo.MaxBufferedBytes, int64(1000000)},
		{kgo.DisableIdempotentWrite, true}, {kgo.RecordDeliveryTimeout, 2 * time.Minute}, {kgo.RequiredAcks, kgo.LeaderAck()},
	} {
		if v := opt(t, opts, tc.setting); !cmp.Equal(v, tc.want, cmp.AllowUnexported(kgo.Acks{})) {
			t.Errorf("got %v (%T), want %v", v, v, tc.want)
		}
	}
}

func TestUnusablePropertiesAreNamed(t *testing.T) {
	base := Properties{"bootstrap.servers": "b:1", "group.id": "g"}
	for key, value := range map[string]string{
		"acks": "2", "compression.type": "rar", "partitioner.class": "x", "interceptor.classes": "x", "linger.ms": "-1",
		"transactional.id": "t", "security.protocol": "TELNET", "bootstrap.servers": "",
	} {
		_, err := ProducerOptions(base.over(map[string]string{key: value}), nil)
		if e, ok := errors.AsType[*Error](err); !ok || e.Key != key {
			t.Errorf("%s=%s: %v", key, value, err)
		}
	}
	for key, value := range map[string]string{
		"auto.offset.reset": "middle", "isolation.level": "x", "enable.auto.commit": "true", "heartbeat.interval.ms": "99999",
		"partition.assignment.strategy": "a.Mine", "group.id": "",
	} {
		_, _, err := ConsumerOptions(base.over(map[string]string{key: value}), nil)
		if e, ok := errors.AsType[*Error](err); !ok || e.Key != key {
			t.Errorf("%s=%s: %v", key, value, err)
		}
	}
}

func TestSecurity(t *testing.T) {
	sasl := Properties{"bootstrap.servers": "b:1", "security.protocol": "SASL_PLAINTEXT", "sasl.mechanism": "SCRAM-SHA-512"}
	login := `org.apache.kafka.common.security.scram.ScramLoginModule required username="u" password="p \"x\"=1;";`
	r := &reader{props: sasl.over(map[string]string{"sasl.jaas.config": login})}
	if module, user, password := jaas(r); module != "ScramLoginModule" || user != "u" || password != `p "x"=1;` {
		t.Errorf("jaas: %q %q %q", module, user, password)
	}
	if _, err := CommonOptions(r.props, nil); err != nil {
		t.Error(err)
	}
	_, err := CommonOptions(sasl.over(map[string]string{"sasl.jaas.config": `x.PlainLoginModule required username="u" password="hunter2";`}), nil)
	if e, ok := errors.AsType[*Error](err); !ok || e.Key != "sasl.jaas.config" || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("wrong module: %v", err)
	}
	for key, props := range map[string]Properties{
		"sasl.mechanism":              {"security.protocol": "SASL_SSL", "sasl.mechanism": "GSSAPI"},
		"ssl.truststore.type":         {"security.protocol": "SSL", "ssl.truststore.location": "/x.jks"},
		"ssl.truststore.certificates": {"security.protocol": "SSL", "ssl.truststore.certificates": "nonsense"},
		"ssl.keystore.key":            {"security.protocol": "SSL", "ssl.keystore.key": "nonsense"},
	} {
		props["bootstrap.servers"] = "b:1"
		_, err := CommonOptions(props, nil)
		if e, ok := errors.AsType[*Error](err); !ok || e.Key != key {
			t.Errorf("%s: %v", key, err)
		}
	}
}

func TestOverridePolicies(t *testing.T) {
	for text, want := range map[string][2]bool{
		"All": {true, true}, "None": {false, false}, "Principal": {false, true},
		"org.apache.kafka.connect.connector.policy.PrincipalConnectorClientConfigOverridePolicy": {false, true},
		"Allowlist": {true, false},
	} {
		p, err := ParseOverridePolicy(text, []string{"linger.ms"})
		if err != nil {
			t.Fatal(err)
		}
		if got := [2]bool{p.Check("linger.ms") == nil, p.Check("sasl.mechanism") == nil}; got != want {
			t.Errorf("%s: %v, want %v", text, got, want)
		}
	}
	none, err := ParseOverridePolicy("None", nil)
	if err != nil {
		t.Fatal(err)
	}
	if got := none.Check("acks").Error(); got != "The 'None' policy does not allow 'acks' to be overridden in the connector configuration." {
		t.Error(got)
	}
	if _, err := ParseOverridePolicy("com.example.Mine", nil); err == nil {
		t.Error("accepted an unknown policy")
	}
}

func TestInternalTopics(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var net kfake.VirtualNetwork
		c, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.Ports(9092), kfake.ListenFn(net.Listen), kfake.SeedTopics(2, "deleting"))
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		if err := c.CreateTopic("wide", 2, map[string]string{"cleanup.policy": "compact"}); err != nil {
			t.Fatal(err)
		}
		clients := &Clients{Worker: worker(t, nil), Dial: net.DialContext}
		if err := clients.Check(); err != nil {
			t.Fatal(err)
		}
		cl, err := kgo.NewClient(clients.Internal("shared-admin")...)
		if err != nil {
			t.Fatal(err)
		}
		defer cl.Close()
		admin := kadm.NewClient(cl)
		topic := InternalTopic{
			InternalTopic: clients.Worker.Group.ConfigTopic, Property: "config.storage.topic",
			Purpose: "connector configurations", Single: true, Create: true,
		}
		for range 2 { // created, then verified
			if err := EnsureInternalTopic(context.Background(), admin, topic); err != nil {
				t.Fatal(err)
			}
		}
		for name, want := range map[string]string{"deleting": "cleanup.policy=delete", "wide": "found 2 partitions"} {
			topic.Name = name
			if err := EnsureInternalTopic(context.Background(), admin, topic); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %v", name, err)
			}
		}
		topic.Name, topic.Create = "missing", false
		if err := EnsureInternalTopic(context.Background(), admin, topic); err == nil || !strings.Contains(err.Error(), "automatic.creation") {
			t.Errorf("missing: %v", err)
		}
	})
}
