package kafka

import (
	"errors"
	"math"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// ConsumerLimits are consumer properties that no client option covers: the loop around the client honours them.
type ConsumerLimits struct {
	Group           string
	MaxPollRecords  int           // max.poll.records
	MaxPollInterval time.Duration // max.poll.interval.ms: leave the group when processing takes longer
}

// ConsumerOptions maps consumer properties for a group member that commits by itself. Rebalances wait for the callbacks of the
// caller, which so decides when its records are settled.
func ConsumerOptions(p Properties, dial Dialer) ([]kgo.Opt, ConsumerLimits, error) {
	r := &reader{props: p}
	opts := common(r, dial)
	limits := ConsumerLimits{
		Group:           r.str("group.id", ""),
		MaxPollRecords:  int(r.int("max.poll.records", 500, 1, math.MaxInt32)),
		MaxPollInterval: r.millis("max.poll.interval.ms", 5*time.Minute),
	}
	if limits.Group == "" {
		r.fail("group.id", "is empty: name the consumer group")
	}
	if r.bool("enable.auto.commit", false) {
		r.fail("enable.auto.commit", "must be false: the worker commits what the sink has made durable")
	}
	session := r.millis("session.timeout.ms", 45*time.Second)
	beat := r.millis("heartbeat.interval.ms", 3*time.Second)
	if beat >= session {
		r.fail("heartbeat.interval.ms", "must be lower than session.timeout.ms (%d)", session.Milliseconds())
	}
	fetchMin := r.int("fetch.min.bytes", 1, 0, math.MaxInt32)
	fetchMax := r.int("fetch.max.bytes", 50<<20, 1, math.MaxInt32)
	opts = append(opts,
		kgo.ConsumerGroup(limits.Group), kgo.DisableAutoCommit(),
		kgo.SessionTimeout(session), kgo.HeartbeatInterval(beat),
		kgo.RebalanceTimeout(min(limits.MaxPollInterval, math.MaxInt32*time.Millisecond)),
		kgo.FetchMinBytes(bounded32(fetchMin)), kgo.FetchMaxBytes(bounded32(fetchMax)),
		kgo.BrokerMaxReadBytes(bounded32(max(100<<20, fetchMax+1<<20))),
		kgo.FetchMaxPartitionBytes(bounded32(min(r.int("max.partition.fetch.bytes", 1<<20, 1, math.MaxInt32), fetchMax))),
		kgo.FetchMaxWait(r.millis("fetch.max.wait.ms", 500*time.Millisecond)),
	)
	switch reset := strings.ToLower(r.str("auto.offset.reset", "earliest")); reset {
	case "earliest":
		opts = append(opts, kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	case "latest":
		opts = append(opts, kgo.ConsumeResetOffset(kgo.NewOffset().AtEnd()))
	case "none":
		opts = append(opts, kgo.ConsumeResetOffset(kgo.NoResetOffset()))
	default:
		r.fail("auto.offset.reset", "%q: want earliest, latest or none", reset)
	}
	switch level := strings.ToLower(r.str("isolation.level", "read_uncommitted")); level {
	case "read_uncommitted":
	case "read_committed":
		opts = append(opts, kgo.FetchIsolationLevel(kgo.ReadCommitted()))
	default:
		r.fail("isolation.level", "%q: want read_uncommitted or read_committed", level)
	}
	if id := r.str("group.instance.id", ""); id != "" {
		opts = append(opts, kgo.InstanceID(id))
	}
	if rack := r.str("client.rack", ""); rack != "" {
		opts = append(opts, kgo.Rack(rack))
	}
	opts = append(opts, kgo.Balancers(balancers(r)...))
	return opts, limits, errors.Join(r.errs...)
}

// balancers follows partition.assignment.strategy; Java offers range and cooperative-sticky by default, and a group
// shared with Java tasks needs a common one.
func balancers(r *reader) []kgo.GroupBalancer {
	var out []kgo.GroupBalancer
	for _, class := range r.list("partition.assignment.strategy") {
		switch class[strings.LastIndexByte(class, '.')+1:] {
		case "RangeAssignor":
			out = append(out, kgo.RangeBalancer())
		case "RoundRobinAssignor":
			out = append(out, kgo.RoundRobinBalancer())
		case "StickyAssignor":
			out = append(out, kgo.StickyBalancer())
		case "CooperativeStickyAssignor":
			out = append(out, kgo.CooperativeStickyBalancer())
		default:
			r.fail("partition.assignment.strategy", "%q: want RangeAssignor, RoundRobinAssignor, StickyAssignor or CooperativeStickyAssignor", class)
		}
	}
	if len(out) == 0 {
		out = []kgo.GroupBalancer{kgo.RangeBalancer(), kgo.CooperativeStickyBalancer()}
	}
	return out
}
