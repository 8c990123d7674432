package app

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"slices"
	"strconv"
	"strings"

	"github.com/kurier-io/kurier/broker/schemaregistry"
	"github.com/kurier-io/kurier/plugins/config"
	"github.com/kurier-io/kurier/runtime/kafka"
)

// A SchemaRegistry says how the included schema registry runs.
type SchemaRegistry struct {
	Listen string
	// Optional: go without when the address is taken.
	Optional bool
	// Client has the properties of a Kafka client. With a broker in the same process, bootstrap.servers is its address.
	Client            map[string]string
	Topic             string
	ReplicationFactor int16
	Compatibility     string
	// Users are names and passwords of those who may use it; nil: everybody may.
	Users  map[string]string
	Logger *slog.Logger
	// Ignored are keys of the file that have no meaning here.
	Ignored []string
}

const storePrefix = "kafkastore."

// SchemaRegistryFromProperties reads the file of Confluent's schema registry: listeners, kafkastore.* and the compatibility level. users are
// the entries of kurier.users.file, read by the caller.
func SchemaRegistryFromProperties(props, users map[string]string) (*SchemaRegistry, error) {
	r := &SchemaRegistry{Listen: schemaregistry.DefaultAddr, Client: map[string]string{}, Users: users}
	var errs []error
	fail := func(key, format string, args ...any) {
		errs = append(errs, fmt.Errorf("%s: %s", key, fmt.Sprintf(format, args...)))
	}
	for _, key := range slices.Sorted(maps.Keys(props)) {
		v := strings.TrimSpace(props[key])
		switch rest, store := strings.CutPrefix(key, storePrefix); {
		case key == "listeners":
			first, _, _ := strings.Cut(v, ",")
			addr, ok := strings.CutPrefix(strings.TrimSpace(first), "http://")
			if _, _, err := net.SplitHostPort(addr); !ok || err != nil {
				fail(key, "%q: want one address such as http://127.0.0.1:8081; TLS is left to a proxy", v)
			}
			r.Listen = addr
		case key == "schema.compatibility.level" || key == "avro.compatibility.level":
			r.Compatibility = strings.ToUpper(v)
		case key == "authentication.method":
			if v != "NONE" && v != "BASIC" || (v == "BASIC") != (users != nil) {
				fail(key, "%q: want NONE, or BASIC together with kurier.users.file, lines of name=password", v)
			}
		case key == "kurier.users.file":
		case rest == "topic" && store:
			r.Topic = v
		case rest == "topic.replication.factor" && store:
			n, err := strconv.ParseInt(v, 10, 16)
			if err != nil || n < 1 {
				fail(key, "%q: want a number from 1", v)
			}
			r.ReplicationFactor = int16(n)
		case rest == "bootstrap.servers" && store:
			r.Client[rest] = withoutProtocols(v)
		case store:
			r.Client[rest] = v
		default:
			r.Ignored = append(r.Ignored, key)
		}
	}
	if r.Client["bootstrap.servers"] == "" {
		fail(storePrefix+"bootstrap.servers", "is missing: the Kafka cluster to keep schemas in, such as localhost:9092")
	}
	return r, errors.Join(errs...)
}

// withoutProtocols makes host:port of PLAINTEXT://host:port; the protocol is security.protocol's business.
func withoutProtocols(servers string) string {
	var out []string
	for _, s := range config.SplitList(servers) {
		if i := strings.Index(s, "://"); i >= 0 {
			s = s[i+3:]
		}
		out = append(out, s)
	}
	return strings.Join(out, ",")
}

// allowed compares in constant time, whether the name is known or not.
func (r *SchemaRegistry) allowed(user, password string) bool {
	want, known := r.Users[user]
	a, b := sha256.Sum256([]byte(want)), sha256.Sum256([]byte(password))
	return subtle.ConstantTimeCompare(a[:], b[:]) == 1 && known
}

// schemaRegistryService returns what serves the schema registry; nothing if its address is taken and may be done without.
func schemaRegistryService(cfg Config, dial kafka.Dialer, addr *Addresses) ([]service, error) {
	s := cfg.SchemaRegistry
	client := maps.Clone(s.Client)
	if client == nil {
		client = map[string]string{}
	}
	if addr.Kafka != "" {
		client["bootstrap.servers"] = addr.Kafka
	}
	if client["client.id"] == "" {
		client["client.id"] = "schema-registry"
	}
	opts, err := kafka.CommonOptions(client, dial)
	if err != nil {
		return nil, err
	}
	ln, err := net.Listen("tcp", s.Listen)
	if err != nil && s.Optional {
		s.Logger.Warn("no schema registry: its address is taken; choose another with --registry", "addr", s.Listen, "error", err)
		return nil, nil
	}
	if err != nil {
		return nil, &ListenError{Addr: s.Listen, Err: err}
	}
	c := schemaregistry.Config{
		Listener: ln, Client: opts, Topic: s.Topic, ReplicationFactor: s.ReplicationFactor, Compatibility: s.Compatibility,
		Version: cfg.Version, Log: s.Logger,
	}
	if s.Users != nil {
		c.Auth = s.allowed
	}
	r, err := schemaregistry.New(c)
	if err != nil {
		return nil, errors.Join(err, ln.Close())
	}
	addr.SchemaRegistry = "http://" + r.Addr()
	return []service{{"schema registry", func(ctx context.Context, ready func()) error {
		ready() // who asks before the topic was read is told to come again
		err := r.Run(ctx)
		if err == nil || cfg.Worker == nil && cfg.Broker == nil {
			return err
		}
		// Connectors that use no schemas go on.
		s.Logger.Error("the schema registry has stopped; restart to have it again", "error", err)
		<-ctx.Done()
		return nil
	}}}, nil
}
