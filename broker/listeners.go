package broker

import (
	"fmt"
	"maps"
	"net"
	"slices"
	"strconv"
	"strings"

	"github.com/kurier-io/kurier/broker/security/sasl"
	"github.com/kurier-io/kurier/broker/security/tlsfiles"
)

// Listener is an address that clients connect to, and how they must.
type Listener struct {
	Name string // [PLAINTEXT]
	// Addr is host:port; port 0 picks one.
	Addr string
	// AdvertisedHost and AdvertisedPort are what clients are told to connect to
	// [the bound address].
	AdvertisedHost string
	AdvertisedPort int
	TLS            *tlsfiles.Files // nil for none
	// Mechanisms of SASL that clients must choose from; none for no SASL.
	Mechanisms []string
	// Insecure lets the listener be reachable from other machines without TLS and
	// authentication.
	Insecure bool
}

// Plaintext is one listener without TLS and SASL.
func Plaintext(addr string) []Listener { return []Listener{{Name: "PLAINTEXT", Addr: addr}} }

// check refuses what would hand the data to everybody on the network.
func (l Listener) check() error {
	host, port, err := net.SplitHostPort(l.Addr)
	if err != nil {
		return fmt.Errorf("broker: listener %s: %w", l.Name, err)
	}
	if n, err := strconv.Atoi(port); err != nil || n < 0 || n > 65535 {
		return fmt.Errorf("broker: listener %s: bad port %q", l.Name, port)
	}
	if l.AdvertisedPort < 0 || l.AdvertisedPort > 65535 {
		return fmt.Errorf("broker: listener %s: bad advertised port %d", l.Name, l.AdvertisedPort)
	}
	for _, m := range l.Mechanisms {
		if sasl.New(m, nil) == nil {
			return fmt.Errorf("broker: listener %s: SASL mechanism %s is not offered; use PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512", l.Name, m)
		}
	}
	if ip := net.ParseIP(host); host == "localhost" || ip != nil && ip.IsLoopback() {
		return nil
	}
	authenticated := len(l.Mechanisms) > 0 || l.TLS != nil && l.TLS.ClientAuth == tlsfiles.Required
	switch {
	case l.TLS == nil && slices.Contains(l.Mechanisms, sasl.Plain):
		return fmt.Errorf("broker: listener %s: SASL PLAIN without TLS on %s sends passwords in clear over the network; use SASL_SSL, or SCRAM", l.Name, host)
	case l.TLS != nil && authenticated, l.Insecure:
		return nil
	}
	return fmt.Errorf("broker: listener %s on %s lacks TLS or authentication and gives everybody who reaches it all data; bind it to 127.0.0.1, use SASL_SSL, or set kurier.allow.insecure.listeners=true", l.Name, host)
}

// advertise fills in what clients are told, from the bound address.
func (l *Listener) advertise(addr net.Addr) {
	host, port, err := net.SplitHostPort(addr.String())
	if err != nil {
		return
	}
	if ip := net.ParseIP(host); ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	if l.AdvertisedHost == "" {
		l.AdvertisedHost = host
	}
	if n, err := strconv.Atoi(port); err == nil && l.AdvertisedPort == 0 {
		l.AdvertisedPort = n
	}
}

// parseListeners reads listeners, advertised.listeners and what belongs to them.
func (p *reader) parseListeners() []Listener {
	protocols := map[string]string{}
	for pair := range strings.SplitSeq(p.str("listener.security.protocol.map", ""), ",") {
		if name, protocol, ok := strings.Cut(strings.TrimSpace(pair), ":"); ok {
			protocols[strings.ToUpper(name)] = strings.ToUpper(protocol)
		}
	}
	advertised := map[string]string{}
	for _, e := range p.list("advertised.listeners") {
		name, addr, _ := strings.Cut(e, "://")
		advertised[strings.ToUpper(name)] = addr
	}
	controllers := p.list("controller.listener.names") // a node here has no quorum to listen for
	insecure := p.boolean("kurier.allow.insecure.listeners", false)
	entries := p.list("listeners")
	if len(entries) == 0 {
		entries = []string{"PLAINTEXT://" + DefaultListen}
	}
	var out []Listener
	for _, e := range entries {
		name, addr, ok := strings.Cut(e, "://")
		name = strings.ToUpper(name)
		if !ok {
			p.fail(fmt.Errorf("broker: listeners=%s: expected NAME://host:port", e))
			return nil
		}
		if slices.Contains(controllers, name) {
			continue
		}
		if host, port, err := net.SplitHostPort(addr); err == nil && host == "" {
			addr = net.JoinHostPort("0.0.0.0", port) // as in Kafka, an empty host means all interfaces
		}
		l := Listener{Name: name, Addr: addr, Insecure: insecure}
		if a := advertised[name]; a != "" {
			host, port, err := net.SplitHostPort(a)
			if err != nil {
				p.fail(fmt.Errorf("broker: advertised.listeners=%s://%s: %w", name, a, err))
				return nil
			}
			l.AdvertisedHost = host
			if l.AdvertisedPort, err = strconv.Atoi(port); err != nil {
				p.fail(fmt.Errorf("broker: advertised.listeners=%s://%s: bad port", name, a))
			}
		}
		protocol := protocols[name]
		if protocol == "" {
			protocol = name
		}
		p.secure(&l, protocol)
		out = append(out, l)
	}
	return out
}

// secure reads the TLS and SASL settings of a listener. Each may be given for all
// listeners, or with the prefix listener.name.<name>. for one.
func (p *reader) secure(l *Listener, protocol string) {
	prefix := "listener.name." + strings.ToLower(l.Name) + "."
	get := func(key string) string { return p.str(prefix+key, p.str(key, "")) }
	switch protocol {
	case "PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL":
	default:
		p.fail(fmt.Errorf("broker: listener %s: security protocol %s is not one of PLAINTEXT, SSL, SASL_PLAINTEXT, SASL_SSL; map the name in listener.security.protocol.map", l.Name, protocol))
		return
	}
	if strings.HasSuffix(protocol, "SSL") {
		p.pemOnly(get)
		cert := get("ssl.keystore.location")
		key := get("ssl.keystore.key.location")
		if key == "" {
			key = cert
		}
		if cert == "" {
			p.fail(fmt.Errorf("broker: listener %s speaks TLS: set ssl.keystore.location to a PEM file with the certificate chain and the private key", l.Name))
		}
		l.TLS = &tlsfiles.Files{Certificate: cert, Key: key, ClientCA: get("ssl.truststore.location"), ClientAuth: tlsfiles.ClientAuth(strings.ToLower(get("ssl.client.auth")))}
	}
	if strings.HasPrefix(protocol, "SASL") {
		for m := range strings.SplitSeq(get("sasl.enabled.mechanisms"), ",") {
			if m = strings.TrimSpace(m); m != "" {
				l.Mechanisms = append(l.Mechanisms, strings.ToUpper(m))
			}
		}
		if len(l.Mechanisms) == 0 {
			l.Mechanisms = []string{sasl.ScramSHA512, sasl.ScramSHA256}
		}
		if slices.Contains(l.Mechanisms, sasl.Plain) {
			p.plainUsers(get("plain.sasl.jaas.config"))
		}
	}
}

// pemOnly refuses Java's key stores, naming the way out.
func (p *reader) pemOnly(get func(string) string) {
	for _, key := range []string{"ssl.keystore.type", "ssl.truststore.type"} {
		if v := strings.ToUpper(get(key)); v != "" && v != "PEM" {
			p.fail(fmt.Errorf("broker: %s=%s: only PEM is supported; convert the store with openssl pkcs12 -nodes", key, v))
		}
	}
	if get("ssl.key.password") != "" {
		p.fail(fmt.Errorf("broker: ssl.key.password is set: encrypted keys are not supported; decrypt it with openssl pkey, and protect the file by its mode"))
	}
}

// plainUsers reads user_NAME="password" pairs of a JAAS configuration line.
func (p *reader) plainUsers(jaas string) {
	for rest := jaas; ; {
		at := strings.Index(rest, "user_")
		if at < 0 {
			return
		}
		rest = rest[at+len("user_"):]
		name, value, ok := strings.Cut(rest, "=")
		value = strings.TrimSpace(value)
		if !ok || !strings.HasPrefix(value, `"`) {
			p.fail(fmt.Errorf(`broker: plain.sasl.jaas.config: expected user_NAME="password"`))
			return
		}
		password, after, ok := strings.Cut(value[1:], `"`)
		if !ok {
			p.fail(fmt.Errorf("broker: plain.sasl.jaas.config: the password of %s does not end", name))
			return
		}
		if p.plain == nil {
			p.plain = map[string]string{}
		}
		p.plain[strings.TrimSpace(name)] = password
		rest = after
	}
}

// hashed keeps of clear passwords what is needed to check them.
func hashed(users map[string]string) (map[string]sasl.Credential, error) {
	out := make(map[string]sasl.Credential, len(users))
	for _, name := range slices.Sorted(maps.Keys(users)) {
		c, err := sasl.NewCredential(sasl.ScramSHA256, users[name], sasl.MinIterations)
		if err != nil {
			return nil, fmt.Errorf("broker: user %s: %w", name, err)
		}
		out[name] = c
	}
	return out, nil
}
