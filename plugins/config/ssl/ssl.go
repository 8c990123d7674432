// Package ssl reads the ssl.* keys that all of Kafka's Java clients share into a client's TLS configuration. PEM stores, inline or in
// files (KIP-651), are read; other store types are refused with what to do instead.
package ssl

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"os"
	"strings"
)

// A Problem is a key that cannot be honoured; it never quotes a key store.
type Problem struct{ Key, Fix string }

// Client returns the configuration that props' keys under prefix ask for, "ssl." for a Kafka client's own. Without problems it is not
// nil.
func Client(props map[string]string, prefix string) (*tls.Config, []Problem) {
	r := reader{props: props, prefix: prefix}
	c := &tls.Config{MinVersion: tls.VersionTLS12}
	for _, key := range []string{"engine.factory.class", "key.password"} {
		if r.str(key, "") != "" {
			r.fail(key, "is not supported: use unencrypted PEM keys, readable by the worker only")
		}
	}
	if pem := r.store("truststore", "truststore.certificates"); pem != nil {
		c.RootCAs = x509.NewCertPool()
		if !c.RootCAs.AppendCertsFromPEM(pem) {
			r.fail("truststore.certificates", "holds no PEM certificate")
		}
	}
	chain, key := []byte(r.str("keystore.certificate.chain", "")), []byte(nil)
	if pem := r.store("keystore", "keystore.key"); pem != nil {
		if key = pem; len(chain) == 0 {
			chain = pem // one file with key and chain
		}
	}
	if len(key) > 0 {
		pair, err := tls.X509KeyPair(chain, key)
		if err != nil {
			r.fail("keystore.key", "key and certificate chain do not make a pair of PEM blocks")
		}
		c.Certificates = []tls.Certificate{pair}
	}
	if v, set := props[prefix+"endpoint.identification.algorithm"]; set && strings.TrimSpace(v) == "" {
		verifyWithoutName(c)
	}
	if r.problems != nil {
		return nil, r.problems
	}
	return c, nil
}

type reader struct {
	props    map[string]string
	prefix   string
	problems []Problem
}

func (r *reader) fail(key, format string, args ...any) {
	r.problems = append(r.problems, Problem{r.prefix + key, fmt.Sprintf(format, args...)})
}

func (r *reader) str(key, otherwise string) string {
	if v := strings.TrimSpace(r.props[r.prefix+key]); v != "" {
		return v
	}
	return otherwise
}

// store returns the PEM text of a store given inline or by location; nil when there is none.
func (r *reader) store(name, inline string) []byte {
	if v := r.str(inline, ""); v != "" {
		return []byte(v)
	}
	location := r.str(name+".location", "")
	if location == "" {
		return nil
	}
	if t := r.str(name+".type", "JKS"); !strings.EqualFold(t, "PEM") {
		r.fail(name+".type", "%s stores cannot be read: convert the store to PEM and set %s%s.type=PEM", t, r.prefix, name)
		return nil
	}
	pem, err := os.ReadFile(location)
	if err != nil {
		r.fail(name+".location", "%v", err)
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
