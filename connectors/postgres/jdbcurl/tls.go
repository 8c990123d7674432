package jdbcurl

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"os"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
)

// clientKey is what pgx cannot read itself: a certificate with a key in the driver's own encoding, or a factory that checks nothing.
type clientKey struct {
	cert  *tls.Certificate
	trust bool // take every server certificate
}

var sslModes = map[string]bool{"disable": true, "allow": true, "prefer": true, "require": true, "verify-ca": true, "verify-full": true}

func (p props) tls(kv conninfo) (clientKey, error) {
	mode := p["sslmode"]
	if mode == "" {
		mode = "prefer"
		if v, set := p["ssl"]; set && (v == "" || p.on("ssl")) {
			mode = "verify-full"
		}
	}
	var key clientKey
	if f := p["sslfactory"]; f != "" {
		switch {
		case strings.HasSuffix(f, ".NonValidatingFactory"):
			key.trust = true
			if mode != "disable" {
				mode = "require"
			}
		case strings.HasSuffix(f, ".DefaultJavaSSLFactory"), strings.HasSuffix(f, ".LibPQFactory"):
		default:
			return key, &PropError{"sslfactory", "names a Java class that has no counterpart: use sslmode, sslrootcert, sslcert and sslkey"}
		}
	}
	if !sslModes[mode] {
		return key, &PropError{"sslmode", "must be disable, allow, prefer, require, verify-ca or verify-full"}
	}
	kv.set("sslmode", mode)
	if !key.trust {
		kv.set("sslrootcert", p["sslrootcert"])
	}
	return key, p.clientCert(kv, &key)
}

func (p props) clientCert(kv conninfo, key *clientKey) error {
	certFile, keyFile := p["sslcert"], p["sslkey"]
	if keyFile == "" {
		if certFile != "" {
			return &PropError{"sslcert", "needs sslkey, the file of its private key"}
		}
		return nil
	}
	raw, err := os.ReadFile(keyFile)
	if err != nil {
		return &PropError{"sslkey", "names a file that cannot be read: " + err.Error()}
	}
	if bytes.Contains(raw, []byte("-----BEGIN")) {
		if certFile == "" {
			return &PropError{"sslkey", "needs sslcert, the file of its certificate"}
		}
		kv.set("sslcert", certFile)
		kv.set("sslkey", keyFile)
		kv.set("sslpassword", p["sslpassword"])
		return nil
	}
	private, err := x509.ParsePKCS8PrivateKey(raw)
	if err != nil {
		return &PropError{"sslkey", "is neither PEM nor unencrypted PKCS-8 DER: convert it with openssl pkcs12 -in FILE -nodes -nocerts -out key.pem"}
	}
	certs, err := os.ReadFile(certFile)
	if err != nil {
		return &PropError{"sslcert", "names a file that cannot be read: " + err.Error()}
	}
	c := &tls.Certificate{PrivateKey: private}
	for block, rest := pem.Decode(certs); block != nil; block, rest = pem.Decode(rest) {
		if block.Type == "CERTIFICATE" {
			c.Certificate = append(c.Certificate, block.Bytes)
		}
	}
	if len(c.Certificate) == 0 {
		return &PropError{"sslcert", "holds no PEM certificate"}
	}
	key.cert = c
	return nil
}

func (k clientKey) apply(cfg *pgconn.Config) {
	one := func(t *tls.Config) {
		if t == nil {
			return
		}
		if k.cert != nil {
			t.Certificates = []tls.Certificate{*k.cert}
		}
		if k.trust {
			t.InsecureSkipVerify, t.VerifyPeerCertificate = true, nil
		}
	}
	one(cfg.TLSConfig)
	for _, f := range cfg.Fallbacks {
		one(f.TLSConfig)
	}
}
