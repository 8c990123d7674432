package kafka

import (
	"maps"
	"strconv"
	"strings"

	"github.com/kurier-io/kurier/runtime/settings"
)

// The layering of Kafka Connect. Un-prefixed security settings of the worker do not reach the clients of tasks: they
// are repeated below producer., consumer. and admin.

// InternalProperties configures the group member, the clients of internal topics and the shared admin client: all
// worker properties. name ends the client id: configs, configs-leader, statuses, offsets or shared-admin; empty for the
// group member, whose client id is workerID's.
func InternalProperties(w *settings.Worker, name, workerID string) Properties {
	p := Properties(w.Properties())
	p["bootstrap.servers"] = strings.Join(w.BootstrapServers, ",")
	if name == "" {
		if w.ClientID == "" {
			p["client.id"] = "connect-" + workerID
		}
		return p
	}
	base := "connect-"
	if w.Distributed {
		base = w.Group.ID + "-"
	}
	if w.ClientID != "" {
		base += w.ClientID + "-"
	}
	p["client.id"] = base + name
	return p
}

func taskSuffix(connector string, task int) string {
	if task < 0 {
		return connector
	}
	return connector + "-" + strconv.Itoa(task)
}

func taskBase(w *settings.Worker, clientID string) Properties {
	return Properties{"bootstrap.servers": strings.Join(w.BootstrapServers, ","), "client.id": clientID}
}

// SourceProducerProperties configures the producer of a source task; a negative task means the connector itself.
// overrides are the connector's producer.override.* with the prefix removed.
func SourceProducerProperties(w *settings.Worker, connector string, task int, overrides map[string]string) Properties {
	return producer(w, "connector-producer-"+taskSuffix(connector, task), overrides)
}

// DLQProducerProperties configures the producer of a sink task's dead letter queue.
func DLQProducerProperties(w *settings.Worker, connector string, task int, overrides map[string]string) Properties {
	return producer(w, "connector-dlq-producer-"+taskSuffix(connector, task), overrides)
}

// OffsetProducerProperties configures the producer of a per-connector offsets topic.
func OffsetProducerProperties(w *settings.Worker, connector string, overrides map[string]string) Properties {
	return producer(w, "connector-offset-producer-"+connector, overrides)
}

func producer(w *settings.Worker, clientID string, overrides map[string]string) Properties {
	return taskBase(w, clientID).over(map[string]string{
		"acks": "all", "max.in.flight.requests.per.connection": "1",
		"delivery.timeout.ms": "2147483647", "max.block.ms": "9223372036854775807",
	}).over(w.WithPrefix("producer.")).over(overrides)
}

// SinkConsumerProperties configures the consumer of a sink task. The group is connect-<connector> unless overridden.
func SinkConsumerProperties(w *settings.Worker, connector string, task int, overrides map[string]string) Properties {
	return taskBase(w, "connector-consumer-"+taskSuffix(connector, task)).over(map[string]string{
		"enable.auto.commit": "false", "auto.offset.reset": "earliest", "group.id": "connect-" + connector,
	}).over(w.WithPrefix("consumer.")).over(overrides)
}

// AdminProperties configures a connector's admin client: the worker's own properties without those of other clients.
func AdminProperties(w *settings.Worker, connector string, task int, overrides map[string]string) Properties {
	p := Properties(w.Properties())
	maps.DeleteFunc(p, func(k, _ string) bool {
		return strings.HasPrefix(k, "admin.") || strings.HasPrefix(k, "producer.") || strings.HasPrefix(k, "consumer.")
	})
	return p.over(taskBase(w, "connector-adminclient-"+taskSuffix(connector, task))).
		over(w.WithPrefix("admin.")).over(overrides)
}
