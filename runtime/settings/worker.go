package settings

import (
	"log/slog"
	"maps"
	"slices"
	"strings"
	"time"
)

// Worker holds the settings of a Connect worker. It is not changed after parsing; lists and maps must not be.
type Worker struct {
	Distributed bool

	BootstrapServers []string
	ClientID         string

	KeyConverter    Converter
	ValueConverter  Converter
	HeaderConverter Converter

	TaskShutdownGracefulTimeout time.Duration
	OffsetFlushInterval         time.Duration
	OffsetFlushTimeout          time.Duration
	PluginPath                  []string
	OverridePolicy              string   // connector.client.config.override.policy as written
	OverrideAllowlist           []string // for the policy Allowlist
	TopicCreationEnable         bool
	TopicTrackingEnable         bool
	TopicTrackingAllowReset     bool
	ConfigProviders             []string
	MetricsSampleWindow         time.Duration
	MetricsNumSamples           int

	REST  REST
	Group Group // distributed only

	OffsetStorageFile string // standalone only: offset.storage.file.filename

	props map[string]string
}

// Converter names a converter and what it is configured with: the keys below its prefix.
type Converter struct {
	Class  string
	Config map[string]string
}

// REST holds the settings of the REST server.
type REST struct {
	Listeners          []Listener
	AdvertisedHost     string
	AdvertisedPort     int    // 0: that of the listener
	AdvertisedListener string // http, https or empty
	AllowOrigin        string // access.control.allow.origin
	AllowMethods       string // access.control.allow.methods
	AdminListeners     []Listener
	AdminOnMain        bool // admin.listeners is not set: /admin is served by the listeners
	ResponseHeaders    string
	ClientAuth         string // ssl.client.auth
	MaskSecrets        bool   // rest.mask.secrets, ours: PASSWORD values are masked in answers
}

// InternalTopic is one of the three topics that hold a cluster's state.
type InternalTopic struct {
	Name              string
	Partitions        int // -1: the broker's default
	ReplicationFactor int // -1: the broker's default
	Config            map[string]string
}

// Group holds the settings of distributed mode.
type Group struct {
	ID                    string
	SessionTimeout        time.Duration
	HeartbeatInterval     time.Duration
	RebalanceTimeout      time.Duration
	Protocol              string // eager, compatible or sessioned
	ScheduledDelayMax     time.Duration
	WorkerSyncTimeout     time.Duration
	WorkerUnsyncBackoff   time.Duration
	RequestTimeout        time.Duration
	RetryBackoff          time.Duration
	RetryBackoffMax       time.Duration
	ConfigTopic           InternalTopic
	OffsetTopic           InternalTopic
	StatusTopic           InternalTopic
	TopicCreation         bool // internal.topics.automatic.creation.enable
	KeyAlgorithm          string
	KeySize               int // bits as Java's KeyGenerator.init takes them; 0: the algorithm's default
	KeyTTL                time.Duration
	SignatureAlgorithm    string
	VerificationAlgorithm []string
	ExactlyOnceSource     string // always disabled for now
}

// Property returns a raw value.
func (w *Worker) Property(key string) (string, bool) {
	v, ok := w.props[key]
	return v, ok
}

// Properties returns a copy of all raw properties.
func (w *Worker) Properties() map[string]string { return maps.Clone(w.props) }

// WithPrefix returns the properties below a prefix such as "producer.", with the prefix removed.
func (w *Worker) WithPrefix(prefix string) map[string]string { return withPrefix(w.props, prefix) }

func withPrefix(props map[string]string, prefix string) map[string]string {
	out := map[string]string{}
	for k, v := range props {
		if rest, ok := strings.CutPrefix(k, prefix); ok && rest != "" {
			out[rest] = v
		}
	}
	return out
}

// LogValue lists all properties with secrets masked.
func (w *Worker) LogValue() slog.Value {
	var attrs []slog.Attr
	for _, k := range slices.Sorted(maps.Keys(w.props)) {
		v := w.props[k]
		if Secret(k) {
			v = Masked
		}
		attrs = append(attrs, slog.String(k, v))
	}
	return slog.GroupValue(attrs...)
}

// String keeps properties out of %v.
func (w *Worker) String() string { return "worker settings" }

// GoString keeps properties out of %#v.
func (w *Worker) GoString() string { return w.String() }
