package server

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/kurier-io/kurier/broker/commitlog"
	"github.com/kurier-io/kurier/broker/wireproto"
)

// configDef describes one topic config: its default, its bounds, and what it
// does to a log. Apply is nil for configs that are accepted, stored and reported,
// but have nothing to act on here.
type configDef struct {
	name, def string
	kind      kmsg.ConfigType
	min, max  int64    // max 0 for none
	values    []string // allowed words, for strings and lists
	doc       string
	apply     func(c *commitlog.Config, v string)
	broker    []string // names of the broker config that sets the default; "log."+name if nil
}

// brokerNames are the broker configs that set the default, the first in the
// topic config's own unit.
func (d configDef) brokerNames() []string {
	if d.broker != nil {
		return d.broker
	}
	return []string{"log." + d.name}
}

const maxInt64 = "9223372036854775807"

func number(set func(c *commitlog.Config, n int64)) func(*commitlog.Config, string) {
	return func(c *commitlog.Config, v string) {
		n, err := strconv.ParseInt(v, 10, 64)
		if err == nil { // checked before
			set(c, n)
		}
	}
}

var codecNames = map[string]int{"producer": -1, "uncompressed": wireproto.CodecNone, "gzip": wireproto.CodecGzip,
	"snappy": wireproto.CodecSnappy, "lz4": wireproto.CodecLZ4, "zstd": wireproto.CodecZstd}

// topicConfigs are the topic configs of Kafka 4.x by name, with its defaults;
// only segment.bytes defaults to less, which is kinder to one disk.
var topicConfigs = []configDef{
	{name: "cleanup.policy", def: "delete", kind: kmsg.ConfigTypeList, values: []string{"delete", "compact"},
		doc: "What to do with old segments: delete them, compact them, or both.",
		apply: func(c *commitlog.Config, v string) {
			policies := splitList(v)
			c.Delete, c.Compact = slices.Contains(policies, "delete"), slices.Contains(policies, "compact")
		}},
	{name: "compression.type", broker: []string{"compression.type"}, def: "producer", kind: kmsg.ConfigTypeString,
		values: []string{"producer", "uncompressed", "gzip", "snappy", "lz4", "zstd"},
		doc:    "Codec to store batches with; producer keeps what was sent.",
		apply:  func(c *commitlog.Config, v string) { c.Codec = codecNames[v] }},
	{name: "delete.retention.ms", broker: []string{"log.cleaner.delete.retention.ms"}, def: "86400000", kind: kmsg.ConfigTypeLong,
		doc:   "How long a tombstone of a compacted topic stays readable.",
		apply: number(func(c *commitlog.Config, n int64) { c.DeleteRetentionMillis = n })},
	{name: "file.delete.delay.ms", broker: []string{"log.segment.delete.delay.ms"}, def: "60000", kind: kmsg.ConfigTypeLong, doc: "Stored; files are deleted once no reader holds them."},
	{name: "flush.messages", broker: []string{"log.flush.interval.messages"}, def: maxInt64, kind: kmsg.ConfigTypeLong, min: 1, doc: "1 flushes every append of the topic, whatever kurier.durability says; other values are stored.",
		apply: number(func(c *commitlog.Config, n int64) { c.FlushMessages = n })},
	{name: "flush.ms", broker: []string{"log.flush.interval.ms"}, def: maxInt64, kind: kmsg.ConfigTypeLong, doc: "Stored; kurier.durability decides when records are flushed."},
	{name: "follower.replication.throttled.replicas", def: "", kind: kmsg.ConfigTypeList, doc: "Stored; there is no replication to throttle."},
	{name: "index.interval.bytes", def: "4096", kind: kmsg.ConfigTypeInt, doc: "Bytes between entries of the offset index.",
		apply: number(func(c *commitlog.Config, n int64) { c.IndexIntervalBytes = n })},
	{name: "leader.replication.throttled.replicas", def: "", kind: kmsg.ConfigTypeList, doc: "Stored; there is no replication to throttle."},
	{name: "max.compaction.lag.ms", broker: []string{"log.cleaner.max.compaction.lag.ms"}, def: maxInt64, kind: kmsg.ConfigTypeLong, min: 1, doc: "Longest time a record may stay uncompacted.",
		apply: number(func(c *commitlog.Config, n int64) { c.MaxCompactionLagMillis = n })},
	{name: "max.message.bytes", broker: []string{"message.max.bytes"}, def: "1048588", kind: kmsg.ConfigTypeInt, doc: "Largest record batch, after compression.",
		apply: number(func(c *commitlog.Config, n int64) { c.MaxMessageBytes = n })},
	{name: "message.timestamp.after.max.ms", def: "3600000", kind: kmsg.ConfigTypeLong, doc: "How far a timestamp may be ahead of the broker's clock.",
		apply: number(func(c *commitlog.Config, n int64) { c.TimestampAfterMax = n })},
	{name: "message.timestamp.before.max.ms", def: maxInt64, kind: kmsg.ConfigTypeLong, doc: "How far a timestamp may be behind the broker's clock.",
		apply: number(func(c *commitlog.Config, n int64) { c.TimestampBeforeMax = n })},
	{name: "message.timestamp.type", def: "CreateTime", kind: kmsg.ConfigTypeString, values: []string{"CreateTime", "LogAppendTime"},
		doc:   "Whose clock stamps records: the producer's or the broker's.",
		apply: func(c *commitlog.Config, v string) { c.LogAppendTime = v == "LogAppendTime" }},
	{name: "min.cleanable.dirty.ratio", broker: []string{"log.cleaner.min.cleanable.ratio"}, def: "0.5", kind: kmsg.ConfigTypeDouble, doc: "Share of a log that must be uncompacted before it is compacted.",
		apply: func(c *commitlog.Config, v string) {
			if f, err := strconv.ParseFloat(v, 64); err == nil {
				c.MinCleanableRatio = f
			}
		}},
	{name: "min.compaction.lag.ms", broker: []string{"log.cleaner.min.compaction.lag.ms"}, def: "0", kind: kmsg.ConfigTypeLong, doc: "How long a record stays uncompacted at least.",
		apply: number(func(c *commitlog.Config, n int64) { c.MinCompactionLagMillis = n })},
	{name: "min.insync.replicas", broker: []string{"min.insync.replicas"}, def: "1", kind: kmsg.ConfigTypeInt, min: 1, doc: "Stored; there is one replica."},
	{name: "preallocate", def: "false", kind: kmsg.ConfigTypeBoolean, doc: "Stored; segments are not preallocated."},
	{name: "retention.bytes", def: "-1", kind: kmsg.ConfigTypeLong, min: math.MinInt64, doc: "Size of a partition above which old segments are deleted; -1 for no limit.",
		apply: number(func(c *commitlog.Config, n int64) { c.RetentionBytes = n })},
	{name: "retention.ms", broker: []string{"log.retention.ms", "log.retention.minutes", "log.retention.hours"}, def: "604800000", kind: kmsg.ConfigTypeLong, min: -1, doc: "Age above which segments are deleted; -1 for no limit.",
		apply: number(func(c *commitlog.Config, n int64) { c.RetentionMillis = n })},
	{name: "segment.bytes", def: "134217728", kind: kmsg.ConfigTypeInt, min: 1 << 14, doc: "Size at which a segment is closed and a new one begun.",
		apply: number(func(c *commitlog.Config, n int64) { c.SegmentBytes = n })},
	{name: "segment.index.bytes", broker: []string{"log.index.size.max.bytes"}, def: "10485760", kind: kmsg.ConfigTypeInt, min: 4, doc: "Stored; index files have the size they need."},
	{name: "segment.jitter.ms", broker: []string{"log.roll.jitter.ms", "log.roll.jitter.hours"}, def: "0", kind: kmsg.ConfigTypeLong, doc: "Random time by which segments roll before segment.ms, so that not all do at once.",
		apply: number(func(c *commitlog.Config, n int64) { c.SegmentJitterMillis = n })},
	{name: "segment.ms", broker: []string{"log.roll.ms", "log.roll.hours"}, def: "604800000", kind: kmsg.ConfigTypeLong, min: 1, doc: "Age at which a segment is closed and a new one begun.",
		apply: number(func(c *commitlog.Config, n int64) { c.SegmentMillis = n })},
	{name: "unclean.leader.election.enable", broker: []string{"unclean.leader.election.enable"}, def: "false", kind: kmsg.ConfigTypeBoolean, doc: "Stored; there is one replica."},
}

func splitList(v string) []string {
	var out []string
	for p := range strings.SplitSeq(v, ",") {
		if p = strings.TrimSpace(p); p != "" {
			out = append(out, p)
		}
	}
	return out
}

func findConfig(name string) (configDef, bool) {
	i := slices.IndexFunc(topicConfigs, func(d configDef) bool { return d.name == name })
	if i < 0 {
		return configDef{}, false
	}
	return topicConfigs[i], true
}

// check validates a value for the config.
func (d configDef) check(v string) error {
	switch d.kind {
	case kmsg.ConfigTypeInt, kmsg.ConfigTypeLong:
		bits := 64
		if d.kind == kmsg.ConfigTypeInt {
			bits = 32
		}
		n, err := strconv.ParseInt(v, 10, bits)
		if err != nil {
			return fmt.Errorf("%s=%q is not a %d-bit number", d.name, v, bits)
		}
		if n < d.min {
			return fmt.Errorf("%s=%d must be at least %d", d.name, n, d.min)
		}
		if d.max > 0 && n > d.max {
			return fmt.Errorf("%s=%d must be at most %d", d.name, n, d.max)
		}
	case kmsg.ConfigTypeDouble:
		if f, err := strconv.ParseFloat(v, 64); err != nil || !(f >= 0 && f <= 1) {
			return fmt.Errorf("%s=%q is not a number between 0 and 1", d.name, v)
		}
	case kmsg.ConfigTypeBoolean:
		if v != "true" && v != "false" {
			return fmt.Errorf("%s=%q is neither true nor false", d.name, v)
		}
	case kmsg.ConfigTypeList:
		for _, p := range splitList(v) {
			if d.values != nil && !slices.Contains(d.values, p) {
				return fmt.Errorf("%s: %q is not one of %s", d.name, p, strings.Join(d.values, ", "))
			}
		}
	default:
		if !slices.Contains(d.values, v) {
			return fmt.Errorf("%s=%q is not one of %s", d.name, v, strings.Join(d.values, ", "))
		}
	}
	return nil
}

// CheckTopicConfig validates one topic config, as FromProperties needs it for
// the broker-wide defaults.
func CheckTopicConfig(name, value string) error {
	d, ok := findConfig(name)
	if !ok {
		return fmt.Errorf("unknown topic config %q", name)
	}
	return d.check(value)
}

// effective returns the value of a config in force, where it comes from, and the
// broker-wide one.
func (s *Server) effective(d configDef, overrides map[string]string) (v string, source kmsg.ConfigSource, inherited string) {
	v, source = d.def, kmsg.ConfigSourceDefaultConfig
	if b, ok := s.cfg.TopicDefaults[d.name]; ok {
		v, source = b, kmsg.ConfigSourceStaticBrokerConfig
	}
	inherited = v
	if o, ok := overrides[d.name]; ok {
		v, source = o, kmsg.ConfigSourceDynamicTopicConfig
	}
	return v, source, inherited
}

// logConfig validates overrides and computes the log's configuration.
func (s *Server) logConfig(overrides map[string]string) (commitlog.Config, error) {
	c := commitlog.DefaultConfig()
	for name, v := range overrides {
		d, ok := findConfig(name)
		if !ok {
			return c, refuse(errInvalidConfig, "unknown topic config %q", name)
		}
		if err := d.check(v); err != nil {
			return c, refuse(errInvalidConfig, "%v", err)
		}
	}
	for _, d := range topicConfigs {
		if d.apply != nil {
			v, _, _ := s.effective(d, overrides)
			d.apply(&c, v)
		}
	}
	return c, nil
}
