package app

import (
	"log/slog"
	"net"
	"strconv"

	"github.com/kurier-io/kurier/broker"
	"github.com/kurier-io/kurier/plugins/host"
	"github.com/kurier-io/kurier/plugins/registry"
	"github.com/kurier-io/kurier/runtime/settings"
)

// Config says what to run.
type Config struct {
	// Broker is the included broker's configuration; nil: none.
	Broker *broker.Config
	// SchemaRegistry is the schema registry's settings; nil: none.
	SchemaRegistry *SchemaRegistry
	// Worker is the worker's settings; nil: none. With a broker in the same process, bootstrap.servers must be its address.
	Worker *settings.Worker
	// Bundled are the connectors that this binary serves by executing itself.
	Bundled []host.Bundled
	// InWorker are converters, transformations and predicates.
	InWorker []registry.Entry
	// Connectors are configurations to create at start, standalone mode's command line.
	Connectors []ConnectorFile
	Version    string // of Kurier
	Commit     string
	Logger     *slog.Logger
	// Ready is called once everything answers; it must not block.
	Ready func(Addresses)
}

// A ConnectorFile is a connector to create at start.
type ConnectorFile struct {
	Path, Name string
	Config     map[string]string
	Initial    string // initial_state; empty: STARTED
}

// Addresses are where the parts answer.
type Addresses struct {
	Kafka string // host:port of the included broker; empty: none
	REST  string // URL with trailing slash; empty: none
	// SchemaRegistry is the URL of the schema registry; empty: none.
	SchemaRegistry string
	// Metrics is the URL of the broker's metrics when it has a listener for them.
	Metrics string
}

// KafkaVersion is the release of Kafka Connect whose interfaces the worker has.
const KafkaVersion = "4.1.0"

// DevSettings returns the worker properties of `kurier dev`: those of Kafka's sample worker file, with short offset flushes, on one broker.
func DevSettings(bootstrap, rest string) map[string]string {
	return map[string]string{
		"bootstrap.servers":                 bootstrap,
		"group.id":                          "connect-cluster",
		"listeners":                         "http://" + rest,
		"key.converter":                     "org.apache.kafka.connect.json.JsonConverter",
		"value.converter":                   "org.apache.kafka.connect.json.JsonConverter",
		"key.converter.schemas.enable":      "true",
		"value.converter.schemas.enable":    "true",
		"config.storage.topic":              "connect-configs",
		"offset.storage.topic":              "connect-offsets",
		"status.storage.topic":              "connect-status",
		"config.storage.replication.factor": "1",
		"offset.storage.replication.factor": "1",
		"status.storage.replication.factor": "1",
		"offset.storage.partitions":         "5",
		"offset.flush.interval.ms":          "10000",
		// JSON with schemas repeats its schema in every record: compressed it is a tenth, and moving it is faster than not compressing it.
		"producer.compression.type": "lz4",
		// One worker: nobody comes back to claim its work.
		"scheduled.rebalance.max.delay.ms": "0",
	}
}

// advertised returns host and port under which the worker tells others to reach it.
func advertised(s *settings.Worker, bound net.Addr) (string, int) {
	host, port := s.REST.AdvertisedHost, s.REST.AdvertisedPort
	tcp, _ := bound.(*net.TCPAddr)
	if port == 0 && tcp != nil {
		port = tcp.Port
	}
	if host == "" && len(s.REST.Listeners) > 0 {
		host = s.REST.Listeners[0].Host
	}
	if host == "" {
		host = "127.0.0.1"
	}
	return host, port
}

func hostPort(host string, port int) string { return net.JoinHostPort(host, strconv.Itoa(port)) }
