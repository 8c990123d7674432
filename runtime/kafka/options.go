package kafka

import (
	"context"
	"errors"
	"math"
	"net"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/kurier-io/kurier/runtime/settings"
)

// Dialer opens connections to brokers. It replaces TCP for a broker in the same process; TLS, when configured, runs on
// top of it.
type Dialer func(ctx context.Context, network, addr string) (net.Conn, error)

// Clients builds client options for one worker. Its methods are safe for concurrent use.
type Clients struct {
	Worker *settings.Worker
	Dial   Dialer // nil: TCP
}

// CommonOptions maps what all clients share: seeds, client id, security, connection and retry settings.
func CommonOptions(p Properties, dial Dialer) ([]kgo.Opt, error) {
	r := &reader{props: p}
	opts := common(r, dial)
	return opts, errors.Join(r.errs...)
}

func common(r *reader, dial Dialer) []kgo.Opt {
	servers := r.list("bootstrap.servers")
	if len(servers) == 0 {
		r.fail("bootstrap.servers", "is empty: list at least one host:port")
	}
	if r.has("interceptor.classes") {
		r.fail("interceptor.classes", "names Java classes, which cannot run here: remove it")
	}
	first, most := r.millis("retry.backoff.ms", 100*time.Millisecond), r.millis("retry.backoff.max.ms", time.Second)
	opts := []kgo.Opt{
		kgo.SeedBrokers(servers...),
		kgo.RetryBackoffFn(func(tries int) time.Duration { return backoff(first, most, tries) }),
		kgo.MetadataMaxAge(max(r.millis("metadata.max.age.ms", 5*time.Minute), 10*time.Millisecond)),
	}
	if id := r.str("client.id", ""); id != "" {
		opts = append(opts, kgo.ClientID(id))
	}
	if r.has("request.timeout.ms") {
		// kgo adds this to a request's own time-out; a bound below 100 ms is refused by kgo.
		opts = append(opts, kgo.RequestTimeoutOverhead(min(max(r.millis("request.timeout.ms", 0), 100*time.Millisecond), 15*time.Minute)))
	}
	if idle := r.millis("connections.max.idle.ms", 9*time.Minute); idle >= time.Second && idle <= 15*time.Minute {
		opts = append(opts, kgo.ConnIdleTimeout(idle))
	}
	timeout := r.millis("socket.connection.setup.timeout.ms", 10*time.Second)
	return append(opts, security(r, dial, timeout)...)
}

// backoff doubles from first to most.
func backoff(first, most time.Duration, tries int) time.Duration {
	d := first
	for i := 1; i < tries && d < most; i++ {
		d *= 2
	}
	return min(d, most)
}

// Internal implements the dependency of package kafkastore. Properties that cannot be honoured were reported by
// Check; here they are left out.
func (c *Clients) Internal(name string) []kgo.Opt {
	r := &reader{props: InternalProperties(c.Worker, name, "")}
	return common(r, c.Dial)
}

// Check reports properties of internal clients that cannot be honoured. Call it once, before Internal or Member.
func (c *Clients) Check() error {
	r := &reader{props: InternalProperties(c.Worker, "configs", "")}
	common(r, c.Dial)
	return errors.Join(r.errs...)
}

// Member returns the options of the group member's client.
func (c *Clients) Member(workerID string) []kgo.Opt {
	r := &reader{props: InternalProperties(c.Worker, "", workerID)}
	return common(r, c.Dial)
}

// Admin returns the options of a connector's admin client.
func (c *Clients) Admin(connector string, task int, overrides map[string]string) ([]kgo.Opt, error) {
	return CommonOptions(AdminProperties(c.Worker, connector, task, overrides), c.Dial)
}

// SourceProducer returns the options of a source task's producer.
func (c *Clients) SourceProducer(connector string, task int, overrides map[string]string) ([]kgo.Opt, error) {
	return ProducerOptions(SourceProducerProperties(c.Worker, connector, task, overrides), c.Dial)
}

// DLQProducer returns the options of a dead letter queue's producer.
func (c *Clients) DLQProducer(connector string, task int, overrides map[string]string) ([]kgo.Opt, error) {
	return ProducerOptions(DLQProducerProperties(c.Worker, connector, task, overrides), c.Dial)
}

// SinkConsumer returns the options of a sink task's consumer and what the sink loop itself has to honour. Topics are
// left to the caller.
func (c *Clients) SinkConsumer(connector string, task int, overrides map[string]string) ([]kgo.Opt, ConsumerLimits, error) {
	return ConsumerOptions(SinkConsumerProperties(c.Worker, connector, task, overrides), c.Dial)
}

func bounded32(n int64) int32 { return int32(min(max(n, 0), math.MaxInt32)) }
