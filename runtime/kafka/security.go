package kafka

import (
	"context"
	"crypto/tls"
	"net"
	"regexp"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/sasl"
	"github.com/twmb/franz-go/pkg/sasl/plain"
	"github.com/twmb/franz-go/pkg/sasl/scram"

	"github.com/kurier-io/kurier/plugins/config/ssl"
)

func security(r *reader, dial Dialer, timeout time.Duration) []kgo.Opt {
	if dial == nil {
		dial = (&net.Dialer{Timeout: timeout}).DialContext
	}
	var opts []kgo.Opt
	protocol := strings.ToUpper(r.str("security.protocol", "PLAINTEXT"))
	switch protocol {
	case "PLAINTEXT":
	case "SSL", "SASL_PLAINTEXT", "SASL_SSL":
	default:
		r.fail("security.protocol", "%q: want PLAINTEXT, SSL, SASL_PLAINTEXT or SASL_SSL", protocol)
	}
	if strings.HasPrefix(protocol, "SASL_") {
		if m := mechanism(r); m != nil {
			opts = append(opts, kgo.SASL(m))
		}
	}
	if protocol == "SSL" || protocol == "SASL_SSL" {
		if c := tlsConfig(r); c != nil {
			dial = overTLS(dial, c)
		}
	}
	return append(opts, kgo.Dialer(dial))
}

func overTLS(dial Dialer, c *tls.Config) Dialer {
	return func(ctx context.Context, network, addr string) (net.Conn, error) {
		raw, err := dial(ctx, network, addr)
		if err != nil {
			return nil, err
		}
		host, _, err := net.SplitHostPort(addr)
		if err != nil {
			raw.Close()
			return nil, err
		}
		own := c.Clone()
		own.ServerName = host
		conn := tls.Client(raw, own)
		if err := conn.HandshakeContext(ctx); err != nil {
			raw.Close()
			return nil, err
		}
		return conn, nil
	}
}

var jaasOption = regexp.MustCompile(`(\w+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s;"]+))`)

// jaas reads user name and password of a sasl.jaas.config; errors never quote it.
func jaas(r *reader) (module, user, password string) {
	text := r.str("sasl.jaas.config", "")
	if text == "" {
		r.fail("sasl.jaas.config", `is required with SASL: org.apache.kafka.common.security.plain.PlainLoginModule required username="…" password="…";`)
		return "", "", ""
	}
	module, rest, _ := strings.Cut(text, " ")
	module = module[strings.LastIndexByte(module, '.')+1:]
	unquote := strings.NewReplacer(`\\`, `\`, `\"`, `"`)
	for _, m := range jaasOption.FindAllStringSubmatch(rest, -1) {
		v := m[3]
		if v == "" {
			v = unquote.Replace(m[2])
		}
		switch m[1] {
		case "username":
			user = v
		case "password":
			password = v
		}
	}
	return module, user, password
}

func mechanism(r *reader) sasl.Mechanism {
	name := r.str("sasl.mechanism", "GSSAPI")
	switch name {
	case "PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512":
	default:
		r.fail("sasl.mechanism", "%q is not supported: use PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512", name)
		return nil
	}
	module, user, password := jaas(r)
	want := "ScramLoginModule"
	if name == "PLAIN" {
		want = "PlainLoginModule"
	}
	if module == "" {
		return nil
	}
	if module != want || user == "" {
		r.fail("sasl.jaas.config", "want a %s with username and password for sasl.mechanism=%s", want, name)
		return nil
	}
	switch name {
	case "PLAIN":
		return plain.Auth{User: user, Pass: password}.AsMechanism()
	case "SCRAM-SHA-256":
		return scram.Auth{User: user, Pass: password}.AsSha256Mechanism()
	}
	return scram.Auth{User: user, Pass: password}.AsSha512Mechanism()
}

// tlsConfig reads the ssl.* keys.
func tlsConfig(r *reader) *tls.Config {
	c, problems := ssl.Client(r.props, "ssl.")
	for _, p := range problems {
		r.fail(p.Key, "%s", p.Fix)
	}
	return c
}
