//go:build interop

package interop

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

// A secured broker has a plaintext listener whose anonymous users may do everything, and listeners that ask who is there. Users are carl (PLAIN, carl-secret),
// scram256 and scram512 (password secret), and CN=client by certificate; each may do everything with topics, groups and transactional ids that begin with "open.".
type secured struct {
	*broker
	saslSSL, mutual, saslPlain string // addresses
	ca, client                 string // PEM files
}

func startSecured(t *testing.T) *secured {
	t.Helper()
	s := &secured{saslSSL: freeAddr(t), mutual: freeAddr(t), saslPlain: freeAddr(t)}
	plain := freeAddr(t)
	dir := t.TempDir()
	s.ca, s.client = filepath.Join(dir, "ca.pem"), filepath.Join(dir, "client.pem")
	server := filepath.Join(dir, "server.pem")
	ca := certificate(t, "ca", nil, s.ca)
	certificate(t, "127.0.0.1", ca, server)
	certificate(t, "client", ca, s.client)
	s.broker = startBroker(t,
		"listeners=PLAINTEXT://"+plain+",SASL_SSL://"+s.saslSSL+",MUTUAL://"+s.mutual+",SASL_PLAINTEXT://"+s.saslPlain,
		"listener.security.protocol.map=PLAINTEXT:PLAINTEXT,SASL_SSL:SASL_SSL,MUTUAL:SSL,SASL_PLAINTEXT:SASL_PLAINTEXT",
		"ssl.keystore.type=PEM", "ssl.keystore.location="+server,
		"ssl.truststore.type=PEM", "ssl.truststore.location="+s.ca,
		"listener.name.mutual.ssl.client.auth=required",
		"sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-256,SCRAM-SHA-512",
		`plain.sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required user_carl="carl-secret";`,
		"authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer", "super.users=User:ANONYMOUS")
	s.addr = plain
	client, err := kgo.NewClient(kgo.SeedBrokers(plain))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	admin := kadm.NewClient(client)
	for user, mechanism := range map[string]kadm.ScramMechanism{"scram256": kadm.ScramSha256, "scram512": kadm.ScramSha512} {
		res, err := admin.AlterUserSCRAMs(t.Context(), nil, []kadm.UpsertSCRAM{{User: user, Mechanism: mechanism, Iterations: 4096, Password: "secret"}})
		if err == nil {
			err = res.Error()
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	b := kadm.NewACLs().Topics("open.").Groups("open.").TransactionalIDs("open.").ResourcePatternType(kadm.ACLPatternPrefixed).Operations(kadm.OpAll).
		Allow("User:carl", "User:scram256", "User:scram512", "User:CN=client").AllowHosts("*")
	res, err := admin.CreateACLs(t.Context(), b)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range res {
		if r.Err != nil {
			t.Fatal(r.Err)
		}
	}
	return s
}

type issuer struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

// certificate writes a certificate and its key to path; without an issuer it is a root, whose key is not written.
func certificate(t *testing.T, name string, by *issuer, path string) *issuer {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: name}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}, BasicConstraintsValid: true}
	if ip := net.ParseIP(name); ip != nil {
		template.IPAddresses = []net.IP{ip}
		template.DNSNames = []string{"localhost"}
	}
	parent, signer := template, key
	if by == nil {
		template.IsCA, template.KeyUsage = true, x509.KeyUsageCertSign
	} else {
		parent, signer = by.cert, by.key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, signer)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	if by != nil {
		pkcs8, err := x509.MarshalPKCS8PrivateKey(key)
		if err != nil {
			t.Fatal(err)
		}
		text = append(text, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8})...)
	}
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return &issuer{cert, key}
}
