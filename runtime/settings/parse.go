package settings

import (
	"maps"
	"math"
	"slices"
	"strings"
)

const simpleHeaderConverter = "org.apache.kafka.connect.storage.SimpleHeaderConverter"

// ParseDistributed reads the settings of a distributed worker. All problems come back in one *Error.
func ParseDistributed(props map[string]string) (*Worker, error) {
	p := &parser{props: maps.Clone(props)}
	w := p.common()
	w.Distributed = true
	w.Group = p.group()
	return p.result(w)
}

// ParseStandalone reads the settings of a standalone worker. All problems come back in one *Error.
func ParseStandalone(props map[string]string) (*Worker, error) {
	p := &parser{props: maps.Clone(props)}
	w := p.common()
	w.OffsetStorageFile = p.required("offset.storage.file.filename", "the file that keeps source offsets")
	return p.result(w)
}

func (p *parser) result(w *Worker) (*Worker, error) {
	if len(p.problems) > 0 {
		return nil, &Error{Problems: p.problems}
	}
	return w, nil
}

func (p *parser) common() *Worker {
	w := &Worker{props: p.props}
	w.BootstrapServers = p.bootstrap()
	w.ClientID = p.str("client.id", "")
	w.KeyConverter = p.converter("key", "")
	w.ValueConverter = p.converter("value", "")
	w.HeaderConverter = p.converter("header", simpleHeaderConverter)
	w.TaskShutdownGracefulTimeout = p.millis("task.shutdown.graceful.timeout.ms", 5000, 0)
	w.OffsetFlushInterval = p.millis("offset.flush.interval.ms", 60000, 1)
	w.OffsetFlushTimeout = p.millis("offset.flush.timeout.ms", 5000, 1)
	w.PluginPath = p.list("plugin.path")
	w.OverridePolicy = p.str("connector.client.config.override.policy", "All")
	w.OverrideAllowlist = p.list("connector.client.config.override.allowlist")
	w.TopicCreationEnable = p.boolean("topic.creation.enable", true)
	w.TopicTrackingEnable = p.boolean("topic.tracking.enable", true)
	w.TopicTrackingAllowReset = p.boolean("topic.tracking.allow.reset", true)
	w.ConfigProviders = p.list("config.providers")
	for _, name := range w.ConfigProviders {
		p.required("config.providers."+name+".class", "the class of the config provider "+name)
	}
	w.MetricsSampleWindow = p.millis("metrics.sample.window.ms", 30000, 1)
	w.MetricsNumSamples = p.int32("metrics.num.samples", 2, 1)
	w.REST = p.rest()
	// Ignoring these silently would change who may do what.
	for _, key := range []string{"rest.extension.classes", "ssl.engine.factory.class"} {
		if p.str(key, "") != "" {
			p.fail(key, "names Java classes, which cannot run here: remove it")
		}
	}
	return w
}

func (p *parser) bootstrap() []string {
	servers := p.list("bootstrap.servers")
	if len(servers) == 0 {
		return []string{"localhost:9092"}
	}
	for i, s := range servers {
		if host, port, ok := strings.Cut(s[max(0, strings.LastIndexByte(s, ']')):], ":"); !ok || port == "" || host == "" && s[0] != '[' {
			p.fail("bootstrap.servers", "%q: want host:port", s)
		}
		if slices.Contains(servers[:i], s) {
			p.fail("bootstrap.servers", "%q is listed twice", s)
		}
	}
	return servers
}

func (p *parser) converter(kind, def string) Converter {
	key := kind + ".converter"
	c := Converter{Class: p.str(key, def), Config: withPrefix(p.props, key+".")}
	if c.Class == "" {
		p.fail(key, "is required: the default %s converter, for example org.apache.kafka.connect.json.JsonConverter", kind)
	}
	c.Config["converter.type"] = kind
	return c
}

func (p *parser) rest() REST {
	_, admin := p.props["admin.listeners"]
	r := REST{
		Listeners:          p.listeners("listeners", []Listener{{Scheme: "http", Port: 8083}}),
		AdvertisedHost:     p.str("rest.advertised.host.name", ""),
		AdvertisedPort:     int(p.integer("rest.advertised.port", 0, 0, math.MaxUint16)),
		AdvertisedListener: p.oneOf("rest.advertised.listener", "", "http", "https"),
		AllowOrigin:        p.str("access.control.allow.origin", ""),
		AllowMethods:       p.str("access.control.allow.methods", ""),
		AdminListeners:     p.listeners("admin.listeners", nil),
		AdminOnMain:        !admin,
		ResponseHeaders:    p.str("response.http.headers.config", ""),
		ClientAuth:         p.oneOf("ssl.client.auth", "none", "none", "requested", "required"),
		MaskSecrets:        p.boolean("rest.mask.secrets", true),
	}
	if r.AdvertisedListener != "" && len(r.Listeners) > 0 &&
		!slices.ContainsFunc(r.Listeners, func(l Listener) bool { return l.Scheme == r.AdvertisedListener }) {
		p.fail("rest.advertised.listener", "no listener has this scheme: add one to listeners")
	}
	return r
}

func (p *parser) group() Group {
	g := Group{
		ID:                    p.required("group.id", "the name of the Connect cluster"),
		SessionTimeout:        p.millis("session.timeout.ms", 10000, 1),
		HeartbeatInterval:     p.millis("heartbeat.interval.ms", 3000, 1),
		RebalanceTimeout:      p.millis("rebalance.timeout.ms", 60000, 1),
		Protocol:              p.oneOf("connect.protocol", "sessioned", "eager", "compatible", "sessioned"),
		ScheduledDelayMax:     p.millis("scheduled.rebalance.max.delay.ms", 300000, 0),
		WorkerSyncTimeout:     p.millis("worker.sync.timeout.ms", 3000, 0),
		WorkerUnsyncBackoff:   p.millis("worker.unsync.backoff.ms", 300000, 0),
		RequestTimeout:        p.millis("request.timeout.ms", 40000, 1),
		RetryBackoff:          p.millis("retry.backoff.ms", 100, 1),
		RetryBackoffMax:       p.millis("retry.backoff.max.ms", 1000, 1),
		ConfigTopic:           p.topic("config", 1, true),
		OffsetTopic:           p.topic("offset", 25, false),
		StatusTopic:           p.topic("status", 5, false),
		TopicCreation:         p.boolean("internal.topics.automatic.creation.enable", true),
		KeyAlgorithm:          p.str("inter.worker.key.generation.algorithm", "HmacSHA256"),
		KeySize:               p.int32("inter.worker.key.size", 0, 1),
		KeyTTL:                p.millis("inter.worker.key.ttl.ms", 3600000, math.MinInt32),
		SignatureAlgorithm:    p.str("inter.worker.signature.algorithm", "HmacSHA256"),
		VerificationAlgorithm: p.list("inter.worker.verification.algorithms"),
		ExactlyOnceSource:     p.oneOf("exactly.once.source.support", "disabled", "disabled", "preparing", "enabled"),
	}
	if g.HeartbeatInterval >= g.SessionTimeout {
		p.fail("heartbeat.interval.ms", "must be lower than session.timeout.ms (%d): a third of it is usual", g.SessionTimeout.Milliseconds())
	}
	if g.ExactlyOnceSource != "disabled" {
		p.fail("exactly.once.source.support", "exactly-once source connectors are not supported yet: use disabled")
	}
	p.algorithms(&g)
	names := []string{g.ConfigTopic.Name, g.OffsetTopic.Name, g.StatusTopic.Name}
	for i, key := range []string{"config.storage.topic", "offset.storage.topic", "status.storage.topic"} {
		if names[i] != "" && slices.Contains(names[:i], names[i]) {
			p.fail(key, "is used for another internal topic as well: each needs its own")
		}
	}
	return g
}

func (p *parser) algorithms(g *Group) {
	known := []string{"HmacSHA1", "HmacSHA224", "HmacSHA256", "HmacSHA384", "HmacSHA512"}
	if !slices.Contains(known, g.KeyAlgorithm) {
		p.fail("inter.worker.key.generation.algorithm", "want one of %s", strings.Join(known, ", "))
	}
	if !slices.Contains(known, g.SignatureAlgorithm) {
		p.fail("inter.worker.signature.algorithm", "want one of %s", strings.Join(known, ", "))
	}
	if _, set := p.props["inter.worker.verification.algorithms"]; !set {
		g.VerificationAlgorithm = []string{"HmacSHA256"}
	}
	if !slices.Contains(g.VerificationAlgorithm, g.SignatureAlgorithm) {
		p.fail("inter.worker.verification.algorithms", "must contain inter.worker.signature.algorithm (%s)", g.SignatureAlgorithm)
	}
}

// topic reads one internal topic. Keys below its prefix that are not the worker's own configure it at creation.
func (p *parser) topic(kind string, partitions int64, single bool) InternalTopic {
	prefix := kind + ".storage."
	t := InternalTopic{
		Name:              p.required(prefix+"topic", "the topic that keeps the cluster's "+kind+" records"),
		Partitions:        1,
		ReplicationFactor: p.count(prefix+"replication.factor", 3, math.MaxInt16),
		Config:            withPrefix(p.props, prefix),
	}
	if !single {
		t.Partitions = p.count(prefix+"partitions", partitions, math.MaxInt32)
	}
	for _, own := range []string{"topic", "partitions", "replication.factor", "cleanup.policy", "file.filename"} {
		delete(t.Config, own)
	}
	return t
}
