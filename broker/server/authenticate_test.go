package server_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
	"github.com/twmb/franz-go/pkg/sasl/plain"
	"github.com/twmb/franz-go/pkg/sasl/scram"

	"github.com/kurier-io/kurier/broker"
	"github.com/kurier-io/kurier/broker/brokertest"
	"github.com/kurier-io/kurier/broker/security/acl"
	"github.com/kurier-io/kurier/broker/security/sasl"
	"github.com/kurier-io/kurier/broker/security/tlsfiles"
)

// authority signs certificates for a test.
type authority struct {
	t    testing.TB
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	pool *x509.CertPool
	file string
}

func newAuthority(t testing.TB) *authority {
	a := &authority{t: t, pool: x509.NewCertPool(), file: filepath.Join(t.TempDir(), "ca.pem")}
	var err error
	if a.key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err != nil {
		t.Fatal(err)
	}
	tmpl := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test authority"}, NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, &a.key.PublicKey, a.key)
	if err != nil {
		t.Fatal(err)
	}
	if a.cert, err = x509.ParseCertificate(der); err != nil {
		t.Fatal(err)
	}
	a.pool.AddCert(a.cert)
	if err := os.WriteFile(a.file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	return a
}

// issue writes a certificate and its key into one PEM file, as Kafka takes them.
func (a *authority) issue(file, cn string, serial int64) tls.Certificate {
	a.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		a.t.Fatal(err)
	}
	tmpl := &x509.Certificate{SerialNumber: big.NewInt(serial), Subject: pkix.Name{CommonName: cn, Organization: []string{"Kurier"}}, NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, a.cert, &key.PublicKey, a.key)
	if err != nil {
		a.t.Fatal(err)
	}
	raw, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		a.t.Fatal(err)
	}
	both := append(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: raw})...)
	if err := os.WriteFile(file, both, 0o600); err != nil {
		a.t.Fatal(err)
	}
	cert, err := tls.X509KeyPair(both, both)
	if err != nil {
		a.t.Fatal(err)
	}
	return cert
}

// works reports whether a client can write and read.
func works(t *testing.T, opts ...kgo.Opt) error {
	t.Helper()
	cl, err := kgo.NewClient(append(opts, kgo.DefaultProduceTopic("secured"), kgo.AllowAutoTopicCreation(), kgo.RetryTimeout(time.Second), kgo.RecordDeliveryTimeout(2*time.Second))...)
	if err != nil {
		t.Fatal(err)
	}
	defer cl.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	return cl.ProduceSync(ctx, kgo.StringRecord("hello")).FirstErr()
}

// TestSASLOverTLS lets franz-go in with every mechanism, for a user of the
// configuration and for one that was made while the broker ran, and refuses
// wrong passwords, after a pause.
func TestSASLOverTLS(t *testing.T) {
	ca := newAuthority(t)
	file := filepath.Join(t.TempDir(), "broker.pem")
	ca.issue(file, "broker", 2)
	c := brokertest.New(t, func(cfg *broker.Config) {
		cfg.Listeners = append(cfg.Listeners, broker.Listener{Name: "SASL_SSL", Addr: "127.0.0.1:0", TLS: &tlsfiles.Files{Certificate: file, Key: file},
			Mechanisms: []string{sasl.Plain, sasl.ScramSHA256, sasl.ScramSHA512}})
		cfg.PlainUsers = map[string]string{"static": "static-secret"}
	})
	alter := kmsg.NewPtrAlterUserSCRAMCredentialsRequest()
	for mechanism, name := range map[int8]string{1: sasl.ScramSHA256, 2: sasl.ScramSHA512} {
		salted, salt := saltedPassword(t, name, "alice-secret")
		alter.Upsertions = append(alter.Upsertions, kmsg.AlterUserSCRAMCredentialsRequestUpsertion{Name: "alice", Mechanism: mechanism, Iterations: 4096, Salt: salt, SaltedPassword: salted})
	}
	if got := dial(t, c.Addr()).call(alter, 0).(*kmsg.AlterUserSCRAMCredentialsResponse).Results; len(got) != 1 || got[0].ErrorCode != 0 {
		t.Fatalf("making a user: %+v", got)
	}
	c.Restart() // the user is durable
	seeds := kgo.SeedBrokers(c.Broker().ListenerAddr("SASL_SSL"))
	secure := kgo.DialTLSConfig(&tls.Config{RootCAs: ca.pool, ServerName: "127.0.0.1"})
	for name, auth := range map[string]kgo.Opt{
		"PLAIN of the configuration": kgo.SASL(plain.Auth{User: "static", Pass: "static-secret"}.AsMechanism()),
		"PLAIN of a SCRAM user":      kgo.SASL(plain.Auth{User: "alice", Pass: "alice-secret"}.AsMechanism()),
		"SCRAM-SHA-256":              kgo.SASL(scram.Auth{User: "alice", Pass: "alice-secret"}.AsSha256Mechanism()),
		"SCRAM-SHA-512":              kgo.SASL(scram.Auth{User: "alice", Pass: "alice-secret"}.AsSha512Mechanism()),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if err := works(t, seeds, secure, auth); err != nil {
				t.Error(err)
			}
		})
	}
	for name, opts := range map[string][]kgo.Opt{
		"a wrong password": {secure, kgo.SASL(scram.Auth{User: "alice", Pass: "wrong"}.AsSha512Mechanism())},
		"no such user":     {secure, kgo.SASL(scram.Auth{User: "bob", Pass: "alice-secret"}.AsSha512Mechanism())},
		"no SASL":          {secure},
		"no TLS":           {kgo.SASL(plain.Auth{User: "static", Pass: "static-secret"}.AsMechanism())},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if err := works(t, append(opts, seeds)...); err == nil {
				t.Error("let in")
			}
		})
	}
	for _, entry := range []string{"metadata/log"} {
		b, err := os.ReadFile(filepath.Join(c.DataDir(), entry))
		if err != nil || strings.Contains(string(b), "alice-secret") || strings.Contains(string(b), "static-secret") {
			t.Errorf("%s holds a clear password (or %v)", entry, err)
		}
	}
}

// saltedPassword is what a client sends to make a SCRAM user.
func saltedPassword(t *testing.T, mechanism, password string) (salted, salt []byte) {
	t.Helper()
	salt = []byte("0123456789abcdef")
	salted, err := sasl.Salted(mechanism, password, salt, sasl.MinIterations)
	if err != nil {
		t.Fatal(err)
	}
	return salted, salt
}

func TestCertificatesAreReloadedAndNameTheirClient(t *testing.T) {
	ca := newAuthority(t)
	dir := t.TempDir()
	file := filepath.Join(dir, "broker.pem")
	ca.issue(file, "broker", 2)
	mine := ca.issue(filepath.Join(dir, "client.pem"), "worker", 3)
	c := brokertest.New(t, func(cfg *broker.Config) {
		cfg.Listeners = []broker.Listener{{Name: "SSL", Addr: "127.0.0.1:0", TLS: &tlsfiles.Files{Certificate: file, Key: file, ClientCA: ca.file, ClientAuth: tlsfiles.Required}},
			{Name: "PLAINTEXT", Addr: "127.0.0.1:0"}}
		cfg.Authorize, cfg.SuperUsers = true, []string{"User:ANONYMOUS"}
	})
	connect := func(cert ...tls.Certificate) (serial int64, resp kmsg.Response, err error) {
		nc, err := tls.Dial("tcp", c.Addr(), &tls.Config{RootCAs: ca.pool, Certificates: cert})
		if err != nil {
			return 0, nil, err
		}
		defer nc.Close()
		md := kmsg.NewPtrMetadataRequest()
		md.Topics = []kmsg.MetadataRequestTopic{{Topic: new("mine")}}
		md.AllowAutoTopicCreation = true
		resp, err = (&client{t, nc}).try(md, 12)
		return nc.ConnectionState().PeerCertificates[0].SerialNumber.Int64(), resp, err
	}
	code := func(resp kmsg.Response) int16 { return resp.(*kmsg.MetadataResponse).Topics[0].ErrorCode }
	if _, _, err := connect(); err == nil {
		t.Error("a client without a certificate was served")
	}
	_, resp, err := connect(mine)
	if err != nil || code(resp) != 29 {
		t.Fatalf("with a certificate and no ACL: %v, %v", resp, err)
	}
	grant := createACL(acl.Binding{Type: kmsg.ACLResourceTypeTopic, Name: "mine", Pattern: kmsg.ACLResourcePatternTypeLiteral, Principal: "User:CN=worker,O=Kurier",
		Host: "*", Operation: kmsg.ACLOperationAll, Permission: kmsg.ACLPermissionTypeAllow})
	dial(t, c.Broker().ListenerAddr("PLAINTEXT")).call(grant, 3)
	serial, resp, err := connect(mine)
	if err != nil || code(resp) != 0 || serial != 2 {
		t.Fatalf("with an ACL for the name in the certificate: %v, %v", resp, err)
	}
	ca.issue(file, "broker renewed", 20)
	deadline := time.Now().Add(10 * time.Second)
	for serial != 20 {
		if time.Now().After(deadline) {
			t.Fatal("the new certificate is not used")
		}
		time.Sleep(50 * time.Millisecond)
		if serial, _, err = connect(mine); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(file, []byte("garbage"), 0o600); err != nil {
		t.Fatal(err)
	}
	time.Sleep(1100 * time.Millisecond)
	if serial, _, err = connect(mine); err != nil || serial != 20 {
		t.Errorf("with a damaged file the certificate before must stay in use: serial %d, %v", serial, err)
	}
}

func TestOrderOfAuthentication(t *testing.T) {
	_, _, addr := secured(t)
	// Anything else before authentication closes the connection.
	if resp, err := dial(t, addr).try(kmsg.NewPtrMetadataRequest(), 12); err == nil {
		t.Errorf("Metadata before authentication: %+v", resp)
	}
	av := kmsg.NewPtrApiVersionsRequest()
	av.ClientSoftwareName, av.ClientSoftwareVersion = "test", "1"
	c := dial(t, addr)
	if got := c.call(av, 3).(*kmsg.ApiVersionsResponse); got.ErrorCode != 0 || len(got.ApiKeys) < 40 {
		t.Errorf("ApiVersions before authentication: %d, %d keys", got.ErrorCode, len(got.ApiKeys))
	}
	auth := kmsg.NewPtrSASLAuthenticateRequest()
	if got := c.call(auth, 2).(*kmsg.SASLAuthenticateResponse); got.ErrorCode != 34 {
		t.Errorf("SaslAuthenticate without a handshake: %d, want 34", got.ErrorCode)
	}
	hs := kmsg.NewPtrSASLHandshakeRequest()
	hs.Mechanism = "GSSAPI"
	if got := dial(t, addr).call(hs, 1).(*kmsg.SASLHandshakeResponse); got.ErrorCode != 33 || len(got.SupportedMechanisms) != 1 || got.SupportedMechanisms[0] != "PLAIN" {
		t.Errorf("an unknown mechanism: %+v", got)
	}
	c, began := dial(t, addr), time.Now()
	if code := c.plain("admin", "wrong"); code != 58 || time.Since(began) < 100*time.Millisecond {
		t.Errorf("a wrong password: %d after %v, want 58 after at least 100 ms", code, time.Since(began))
	}
	if _, err := c.nc.Read(make([]byte, 1)); err != io.EOF {
		t.Errorf("after a wrong password the connection stays: %v", err)
	}
}

// TestASessionEnds: after connections.max.reauth.ms a client must authenticate
// again, on the same connection.
func TestASessionEnds(t *testing.T) {
	cl := brokertest.New(t, func(cfg *broker.Config) {
		cfg.Listeners = []broker.Listener{{Name: "SASL_PLAINTEXT", Addr: "127.0.0.1:0", Mechanisms: []string{"PLAIN"}}}
		cfg.PlainUsers, cfg.ReauthAfter = map[string]string{"u": "p", "v": "p"}, 300*time.Millisecond
	})
	c := dial(t, cl.Addr())
	c.plain("u", "p")
	c.call(kmsg.NewPtrMetadataRequest(), 12)
	time.Sleep(400 * time.Millisecond)
	if code := c.plain("u", "p"); code != 0 {
		t.Fatalf("authenticating again: %d", code)
	}
	c.call(kmsg.NewPtrMetadataRequest(), 12)
	time.Sleep(400 * time.Millisecond)
	if _, err := c.try(kmsg.NewPtrMetadataRequest(), 12); err == nil {
		t.Error("the session did not end")
	}
	c = dial(t, cl.Addr())
	c.plain("u", "p")
	if code := c.plain("v", "p"); code != 58 {
		t.Errorf("becoming another user: %d, want 58", code)
	}
}
