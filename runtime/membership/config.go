package membership

import (
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// Config says which group to join and how. Zero durations take Kafka's defaults.
type Config struct {
	Group    string   // group.id
	URL      string   // advertised REST URL with trailing slash, https://host:8083/
	Protocol Protocol // the newest protocol to offer: connect.protocol
	// Client lists the options of the member's own Kafka client: seeds, security, dialer, client id.
	Client []kgo.Opt
	Logger *slog.Logger // nil: discard

	SessionTimeout    time.Duration // session.timeout.ms, 10 s
	RebalanceTimeout  time.Duration // rebalance.timeout.ms, 60 s
	HeartbeatInterval time.Duration // heartbeat.interval.ms, 3 s
	RequestTimeout    time.Duration // request.timeout.ms, 40 s
	RetryBackoff      time.Duration // retry.backoff.ms, 100 ms
	RetryBackoffMax   time.Duration // retry.backoff.max.ms, 1 s
	// MaxDelay is scheduled.rebalance.max.delay.ms. Zero is a meaning, not a default: lost work moves at once.
	MaxDelay time.Duration
}

func (c Config) withDefaults() Config {
	for _, d := range []struct {
		value *time.Duration
		def   time.Duration
	}{
		{&c.SessionTimeout, 10 * time.Second}, {&c.RebalanceTimeout, time.Minute},
		{&c.HeartbeatInterval, 3 * time.Second}, {&c.RequestTimeout, 40 * time.Second},
		{&c.RetryBackoff, 100 * time.Millisecond}, {&c.RetryBackoffMax, time.Second},
	} {
		if *d.value == 0 {
			*d.value = d.def
		}
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	return c
}

func (c Config) validate() error {
	var errs []error
	if c.Group == "" {
		errs = append(errs, errors.New("group.id is empty"))
	}
	if c.URL == "" {
		errs = append(errs, errors.New("the advertised REST URL is empty"))
	}
	if c.Protocol < Eager || c.Protocol > Sessioned {
		errs = append(errs, fmt.Errorf("unknown %s", c.Protocol))
	}
	if c.HeartbeatInterval >= c.SessionTimeout {
		errs = append(errs, fmt.Errorf("heartbeat.interval.ms (%d) must be lower than session.timeout.ms (%d)",
			c.HeartbeatInterval.Milliseconds(), c.SessionTimeout.Milliseconds()))
	}
	return errors.Join(errs...)
}

// options are the client options with the member's own on top: group requests must not be retried for long in the
// client, or a lost coordinator would stay unnoticed.
func (c Config) options() []kgo.Opt {
	return append(append([]kgo.Opt(nil), c.Client...),
		kgo.RetryTimeoutFn(func(key int16) time.Duration {
			switch key {
			case (&kmsg.JoinGroupRequest{}).Key(), (&kmsg.SyncGroupRequest{}).Key(),
				(&kmsg.HeartbeatRequest{}).Key(), (&kmsg.LeaveGroupRequest{}).Key(),
				(&kmsg.FindCoordinatorRequest{}).Key():
				return c.HeartbeatInterval
			}
			return c.RequestTimeout
		}),
		kgo.RetryBackoffFn(func(int) time.Duration { return c.RetryBackoff }),
	)
}

// joinTimeout bounds JoinGroup and SyncGroup, which the coordinator answers when the last member arrived.
func (c Config) joinTimeout() time.Duration {
	return max(c.RequestTimeout, c.RebalanceTimeout+5*time.Second)
}
