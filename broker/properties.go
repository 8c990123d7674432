package broker

import (
	"fmt"
	"maps"
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
	c := Config{AutoCreateTopics: true, TopicDefaults: map[string]string{}}
	p := reader{props: props, seen: map[string]bool{}}
	c.Listeners = p.parseListeners()
	c.PlainUsers = p.plain
	p.authorizer(&c)
	c.DataDir = p.str("log.dirs", p.str("log.dir", ""))
	c.NodeID = int32(p.number("node.id", p.number("broker.id", 1)))
	c.NumPartitions = int(p.number("num.partitions", 1))
	c.AutoCreateTopics = p.boolean("auto.create.topics.enable", true)
	c.MaxRequestBytes = int(p.number("socket.request.max.bytes", 0))
	c.MaxInflightBytes = p.number("queued.max.request.bytes", 0)
	c.Durability = Durability(p.str("kurier.durability", string(DurabilityFsync)))
	c.FlushInterval = time.Duration(p.number("kurier.durability.interval.ms", 0)) * time.Millisecond
	c.OffsetsRetention = time.Duration(p.number("offsets.retention.minutes", 0)) * time.Minute
	c.MaxConnections = int(p.number("max.connections", 0))
	c.MaxConnectionsPerIP = int(p.number("max.connections.per.ip", 0))
	c.IdleTimeout = time.Duration(p.number("connections.max.idle.ms", 0)) * time.Millisecond
	c.ReauthAfter = time.Duration(p.number("connections.max.reauth.ms", 0)) * time.Millisecond
	c.TransactionMaxTimeout = time.Duration(p.number("transaction.max.timeout.ms", 0)) * time.Millisecond
	switch v := p.str("replication.factor.policy", "strict"); v {
	case "strict", "clamp":
		c.ClampReplication = v == "clamp"
	default:
		p.fail(fmt.Errorf("broker: replication.factor.policy=%s is neither strict nor clamp", v))
	}
	_, wanted := props["kurier.metrics.listener"]
	c.MetricsListen, c.MetricsOptional = p.str("kurier.metrics.listener", DefaultMetricsListen), !wanted
	c.DiskReserve = p.signed("kurier.disk.reserve.bytes")
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
	for _, key := range slices.Sorted(maps.Keys(props)) {
		if !p.seen[key] {
			c.Ignored = append(c.Ignored, key)
		}
	}
	_, err := c.withDefaults()
	return c, err
}

// reader takes typed values out of properties and keeps the first error.
type reader struct {
	props map[string]string
	seen  map[string]bool
	plain map[string]string
	err   error
}

// authorizer reads whether ACLs are on. Any of Kafka's authorizers means ours.
func (p *reader) authorizer(c *Config) {
	switch class := p.str("authorizer.class.name", ""); class {
	case "":
	case "org.apache.kafka.metadata.authorizer.StandardAuthorizer", "kafka.security.authorizer.AclAuthorizer":
		c.Authorize = true
	default:
		p.fail(fmt.Errorf("broker: authorizer.class.name=%s: the included authorizer is org.apache.kafka.metadata.authorizer.StandardAuthorizer", class))
	}
	for u := range strings.SplitSeq(p.str("super.users", ""), ";") {
		if u = strings.TrimSpace(u); u != "" {
			c.SuperUsers = append(c.SuperUsers, u)
		}
	}
	c.AllowWithoutACLs = p.boolean("allow.everyone.if.no.acl.found", false)
}

// list reads a comma-separated value.
func (p *reader) list(key string) []string {
	var out []string
	for e := range strings.SplitSeq(p.str(key, ""), ",") {
		if e = strings.TrimSpace(e); e != "" {
			out = append(out, e)
		}
	}
	return out
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

// signed reads a number that may be negative; 0 if it is not set.
func (p *reader) signed(key string) int64 {
	v := p.str(key, "")
	if v == "" {
		return 0
	}
	n, err := strconv.ParseInt(v, 10, 64)
	if err != nil {
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
