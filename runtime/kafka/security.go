package kafka

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"net"
	"os"
	"regexp"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/sasl"
	"github.com/twmb/franz-go/pkg/sasl/plain"
	"github.com/twmb/franz-go/pkg/sasl/scram"
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

// tlsConfig reads PEM stores, inline or from files (KIP-651). Other store types are refused.
func tlsConfig(r *reader) *tls.Config {
	before := len(r.errs)
	c := &tls.Config{MinVersion: tls.VersionTLS12}
	for _, key := range []string{"ssl.engine.factory.class", "ssl.key.password"} {
		if r.has(key) {
			r.fail(key, "is not supported: use unencrypted PEM keys, readable by the worker only")
		}
	}
	if pem := store(r, "ssl.truststore", "ssl.truststore.certificates"); pem != nil {
		c.RootCAs = x509.NewCertPool()
		if !c.RootCAs.AppendCertsFromPEM(pem) {
			r.fail("ssl.truststore.certificates", "holds no PEM certificate")
		}
	}
	chain, key := []byte(r.props["ssl.keystore.certificate.chain"]), []byte(r.props["ssl.keystore.key"])
	if pem := store(r, "ssl.keystore", "ssl.keystore.key"); pem != nil && len(chain) == 0 {
		chain, key = pem, pem // one file with key and chain
	}
	if len(key) > 0 {
		pair, err := tls.X509KeyPair(chain, key)
		if err != nil {
			r.fail("ssl.keystore.key", "key and certificate chain do not make a pair of PEM blocks")
		}
		c.Certificates = []tls.Certificate{pair}
	}
	if v, set := r.props["ssl.endpoint.identification.algorithm"]; set && strings.TrimSpace(v) == "" {
		verifyWithoutName(c)
	}
	if len(r.errs) > before {
		return nil
	}
	return c
}

// store returns the PEM text of a store given inline or by location; nil when there is none.
func store(r *reader, prefix, inline string) []byte {
	if r.has(inline) {
		return []byte(r.props[inline])
	}
	location := r.str(prefix+".location", "")
	if location == "" {
		return nil
	}
	if t := r.str(prefix+".type", "JKS"); !strings.EqualFold(t, "PEM") {
		r.fail(prefix+".type", "%s stores cannot be read: convert the store to PEM and set %s.type=PEM", t, prefix)
		return nil
	}
	pem, err := os.ReadFile(location)
	if err != nil {
		r.fail(prefix+".location", "%v", err)
		return nil
	}
	return pem
}

// verifyWithoutName checks the chain but not the host name, what an empty endpoint identification means in Java.
func verifyWithoutName(c *tls.Config) {
	c.InsecureSkipVerify = true // replaced by VerifyConnection, which crypto/tls calls all the same
	c.VerifyConnection = func(s tls.ConnectionState) error {
		o := x509.VerifyOptions{Roots: c.RootCAs, Intermediates: x509.NewCertPool()}
		for _, cert := range s.PeerCertificates[1:] {
			o.Intermediates.AddCert(cert)
		}
		_, err := s.PeerCertificates[0].Verify(o)
		return err
	}
}
