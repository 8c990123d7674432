package broker

import (
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/kurier-io/kurier/broker/commitlog"
	"github.com/kurier-io/kurier/broker/server"
)

// Durability says when an append with acks=all is acknowledged.
type Durability = commitlog.Durability

// The durability modes.
const (
	DurabilityFsync    = commitlog.Fsync
	DurabilityInterval = commitlog.Interval
	DurabilityOS       = commitlog.OS
)

// Addresses of an included broker, and of its metrics when it runs alone.
const (
	DefaultListen        = "127.0.0.1:9092"
	DefaultMetricsListen = "127.0.0.1:9404"
)

// Config is what a broker is made of. The zero value of a field means the
// default in brackets, DataDir excepted.
type Config struct {
	// DataDir holds everything; it is created if missing, and locked.
	DataDir string
	// Listeners are where clients connect to. With none the broker is reached
	// through Dial alone.
	Listeners     []Listener
	NodeID        int32         // [1]
	Durability    Durability    // ["fsync"]
	FlushInterval time.Duration // of "interval" durability [100 ms]
	// NumPartitions of topics that are created without a count [1].
	NumPartitions int
	// AutoCreateTopics lets Metadata requests create topics [false].
	AutoCreateTopics bool
	// TopicDefaults are topic configs (Kafka's names) for topics without an
	// override.
	TopicDefaults map[string]string
	// MaxRequestBytes bounds a Produce request [100 MiB]; other requests may
	// have 4 MiB.
	MaxRequestBytes int
	// MaxInflightBytes bounds the memory of requests being handled, and again
	// that of fetched records being written [256 MiB].
	MaxInflightBytes int64
	// OffsetsRetention is how long an empty group keeps its offsets [7 days].
	OffsetsRetention time.Duration
	// CleanInterval is how often retention and compaction run [15 s].
	CleanInterval time.Duration
	// StopTimeout bounds the drain at the end of Run [10 s].
	StopTimeout time.Duration
	// ClampReplication creates topics that ask for several replicas with one,
	// where Kafka refuses them [false].
	ClampReplication bool
	// Authorize turns ACLs on; SuperUsers (User:name) need none, and with
	// AllowWithoutACLs a resource without any is for everybody.
	Authorize        bool
	SuperUsers       []string
	AllowWithoutACLs bool
	// PlainUsers are the users of SASL PLAIN beside those with SCRAM credentials,
	// with their passwords.
	PlainUsers map[string]string
	// ReauthAfter makes SASL clients authenticate again [never].
	ReauthAfter time.Duration
	// MaxConnections bounds the connections of all clients, and
	// MaxConnectionsPerIP those of one address [10,000, 10,000].
	MaxConnections, MaxConnectionsPerIP int
	IdleTimeout                         time.Duration // of a connection [10 min]
	// TransactionMaxTimeout is what producers may ask for at most [15 min].
	TransactionMaxTimeout time.Duration
	// MetricsListen is where whoever runs the broker should serve Metrics; with
	// MetricsOptional it may do without if the address is taken.
	MetricsListen   string
	MetricsOptional bool
	// DiskReserve is how many bytes of the device stay free: below it, records are
	// refused while reading and deleting go on [the lesser of 512 MiB and 2 %;
	// negative for none].
	DiskReserve int64
	// Progress is told during a long recovery how many bytes of how many are
	// scanned; it is called by New, a few times a second [nobody].
	Progress func(done, total int64)
	Logger   *slog.Logger // [discard]
	// Ignored names the properties that FromProperties did not know.
	Ignored []string
}

func (c Config) withDefaults() (Config, error) {
	if c.DataDir == "" {
		return c, fmt.Errorf("broker: no data directory: set log.dirs")
	}
	switch c.Durability {
	case "":
		c.Durability = DurabilityFsync
	case DurabilityFsync, DurabilityInterval, DurabilityOS:
	default:
		return c, fmt.Errorf("broker: kurier.durability=%q is not one of fsync, interval, os", c.Durability)
	}
	for name, v := range c.TopicDefaults {
		if err := server.CheckTopicConfig(name, v); err != nil {
			return c, fmt.Errorf("broker: %w", err)
		}
	}
	if c.NodeID == 0 {
		c.NodeID = 1
	}
	if c.NumPartitions == 0 {
		c.NumPartitions = 1
	}
	if c.NumPartitions < 0 || c.NodeID < 0 {
		return c, fmt.Errorf("broker: num.partitions and node.id cannot be negative")
	}
	c.Listeners = slices.Clone(c.Listeners)
	seen := map[string]bool{}
	for i := range c.Listeners {
		l := &c.Listeners[i]
		if l.Name == "" {
			l.Name = "PLAINTEXT"
		}
		if seen[l.Name] {
			return c, fmt.Errorf("broker: two listeners are named %s", l.Name)
		}
		seen[l.Name] = true
		if err := l.check(); err != nil {
			return c, err
		}
	}
	for n, def := range map[*int]int{&c.MaxConnections: 10_000, &c.MaxConnectionsPerIP: 10_000} {
		if *n <= 0 {
			*n = def
		}
	}
	if c.MaxRequestBytes <= 0 {
		c.MaxRequestBytes = 100 << 20
	}
	if c.MaxInflightBytes <= 0 {
		c.MaxInflightBytes = 256 << 20
	}
	for d, def := range map[*time.Duration]time.Duration{
		&c.OffsetsRetention: 7 * 24 * time.Hour, &c.CleanInterval: 15 * time.Second, &c.StopTimeout: 10 * time.Second,
		&c.IdleTimeout: 10 * time.Minute, &c.TransactionMaxTimeout: 15 * time.Minute,
	} {
		if *d <= 0 {
			*d = def
		}
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	return c, nil
}
