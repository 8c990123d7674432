package broker

import (
	"fmt"
	"maps"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/kurier-io/kurier/broker/server"
)

// topicProps maps server.properties keys to the topic configs whose default
// they set.
var topicProps = map[string]string{
	"log.segment.bytes":                   "segment.bytes",
	"log.roll.ms":                         "segment.ms",
	"log.retention.ms":                    "retention.ms",
	"log.retention.bytes":                 "retention.bytes",
	"log.cleanup.policy":                  "cleanup.policy",
	"log.cleaner.delete.retention.ms":     "delete.retention.ms",
	"log.cleaner.min.compaction.lag.ms":   "min.compaction.lag.ms",
	"log.cleaner.max.compaction.lag.ms":   "max.compaction.lag.ms",
	"log.cleaner.min.cleanable.ratio":     "min.cleanable.dirty.ratio",
	"log.index.interval.bytes":            "index.interval.bytes",
	"log.message.timestamp.type":          "message.timestamp.type",
	"log.message.timestamp.after.max.ms":  "message.timestamp.after.max.ms",
	"log.message.timestamp.before.max.ms": "message.timestamp.before.max.ms",
	"message.max.bytes":                   "max.message.bytes",
	"compression.type":                    "compression.type",
}

// FromProperties reads the keys of Kafka's server.properties that mean something
// here. Unknown keys are not an error; Config.Ignored names them.
func FromProperties(props map[string]string) (Config, error) {
	c := Config{Listen: DefaultListen, AutoCreateTopics: true, TopicDefaults: map[string]string{}}
	p := reader{props: props, seen: map[string]bool{}}
	listeners := p.str("listeners", "PLAINTEXT://"+DefaultListen)
	advertised := p.str("advertised.listeners", "")
	insecure := p.boolean("kurier.allow.insecure.listeners", false)
	c.DataDir = p.str("log.dirs", p.str("log.dir", ""))
	c.NodeID = int32(p.number("node.id", p.number("broker.id", 1)))
	c.NumPartitions = int(p.number("num.partitions", 1))
	c.AutoCreateTopics = p.boolean("auto.create.topics.enable", true)
	c.MaxRequestBytes = int(p.number("socket.request.max.bytes", 0))
	c.MaxInflightBytes = p.number("queued.max.request.bytes", 0)
	c.Durability = Durability(p.str("kurier.durability", string(DurabilityFsync)))
	c.FlushInterval = time.Duration(p.number("kurier.durability.interval.ms", 0)) * time.Millisecond
	c.OffsetsRetention = time.Duration(p.number("offsets.retention.minutes", 0)) * time.Minute
	p.hours("log.retention.hours", "retention.ms", time.Hour, c.TopicDefaults)
	p.hours("log.retention.minutes", "retention.ms", time.Minute, c.TopicDefaults)
	p.hours("log.roll.hours", "segment.ms", time.Hour, c.TopicDefaults)
	for key, name := range topicProps {
		if v := p.str(key, ""); v != "" {
			c.TopicDefaults[name] = v
			if err := server.CheckTopicConfig(name, v); err != nil {
				p.fail(fmt.Errorf("broker: %s: %w", key, err))
			}
		}
	}
	if p.err != nil {
		return Config{}, p.err
	}
	if strings.Contains(c.DataDir, ",") {
		return Config{}, fmt.Errorf("broker: log.dirs=%s: one data directory is supported", c.DataDir)
	}
	if err := c.listeners(listeners, advertised, insecure); err != nil {
		return Config{}, err
	}
	for _, key := range slices.Sorted(maps.Keys(props)) {
		if !p.seen[key] {
			c.Ignored = append(c.Ignored, key)
		}
	}
	_, err := c.withDefaults()
	return c, err
}

// listeners parses listeners and advertised.listeners: one PLAINTEXT listener on
// a loopback address, unless insecure allows any.
func (c *Config) listeners(listeners, advertised string, insecure bool) error {
	host, port, err := endpoint("listeners", listeners)
	if err != nil {
		return err
	}
	if host == "" {
		host = "0.0.0.0" // as in Kafka, an empty host means all interfaces
	}
	ip := net.ParseIP(host)
	if host != "localhost" && (ip == nil || !ip.IsLoopback()) && !insecure {
		return fmt.Errorf("broker: listeners=%s: a PLAINTEXT listener gives everybody who reaches %s all data; bind it to 127.0.0.1, or set kurier.allow.insecure.listeners=true", listeners, host)
	}
	c.Listen = net.JoinHostPort(host, port)
	if advertised == "" {
		return nil
	}
	if host, port, err = endpoint("advertised.listeners", advertised); err != nil {
		return err
	}
	c.AdvertisedHost = host
	c.AdvertisedPort, err = strconv.Atoi(port)
	return err
}

func endpoint(key, v string) (host, port string, err error) {
	if strings.Contains(v, ",") {
		return "", "", fmt.Errorf("broker: %s=%s: one listener is supported", key, v)
	}
	name, addr, ok := strings.Cut(v, "://")
	if !ok {
		return "", "", fmt.Errorf("broker: %s=%s: expected PLAINTEXT://host:port", key, v)
	}
	switch n := strings.ToUpper(name); {
	case strings.Contains(n, "SASL"), strings.Contains(n, "SSL"):
		return "", "", fmt.Errorf("broker: %s=%s: SASL and SSL listeners are not supported yet; use PLAINTEXT on a loopback address", key, v)
	case n != "PLAINTEXT":
		return "", "", fmt.Errorf("broker: %s=%s: listener name %s: only PLAINTEXT is supported", key, v, name)
	}
	if host, port, err = net.SplitHostPort(addr); err != nil {
		return "", "", fmt.Errorf("broker: %s=%s: %w", key, v, err)
	}
	if n, err := strconv.Atoi(port); err != nil || n < 0 || n > 65535 {
		return "", "", fmt.Errorf("broker: %s=%s: bad port %q", key, v, port)
	}
	return host, port, nil
}

// reader takes typed values out of properties and keeps the first error.
type reader struct {
	props map[string]string
	seen  map[string]bool
	err   error
}

func (p *reader) fail(err error) {
	if p.err == nil {
		p.err = err
	}
}

func (p *reader) str(key, def string) string {
	p.seen[key] = true
	if v, ok := p.props[key]; ok {
		return strings.TrimSpace(v)
	}
	return def
}

func (p *reader) number(key string, def int64) int64 {
	v := p.str(key, "")
	if v == "" {
		return def
	}
	n, err := strconv.ParseInt(v, 10, 64)
	if err != nil || n < 0 {
		p.fail(fmt.Errorf("broker: %s=%q is not a number", key, v))
	}
	return n
}

func (p *reader) boolean(key string, def bool) bool {
	switch v := strings.ToLower(p.str(key, "")); v {
	case "":
		return def
	case "true", "false":
		return v == "true"
	default:
		p.fail(fmt.Errorf("broker: %s=%q is neither true nor false", key, v))
		return def
	}
}

// hours reads a duration that Kafka also accepts in a coarser unit than the topic
// config; -1 means no limit.
func (p *reader) hours(key, name string, unit time.Duration, into map[string]string) {
	switch v := p.str(key, ""); v {
	case "":
	case "-1":
		into[name] = "-1"
	default:
		n, err := strconv.ParseInt(v, 10, 32)
		if err != nil || n < 0 {
			p.fail(fmt.Errorf("broker: %s=%q is not a number", key, v))
			return
		}
		into[name] = strconv.FormatInt(n*unit.Milliseconds(), 10)
	}
}
