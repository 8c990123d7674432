package jdbcurl

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestURLs(t *testing.T) {
	for raw, want := range map[string]URL{
		"jdbc:postgresql://pg:5433/app?reWriteBatchedInserts=true&stringtype=unspecified": {[]Host{{"pg", 5433}}, "app", map[string]string{"reWriteBatchedInserts": "true", "stringtype": "unspecified"}},
		"jdbc:postgresql://a,b:6000/d":                       {[]Host{{"a", 5432}, {"b", 6000}}, "d", map[string]string{}},
		"jdbc:postgresql://[::1]:5432/d":                     {[]Host{{"::1", 5432}}, "d", map[string]string{}},
		"jdbc:postgresql://[fe80::1]/d":                      {[]Host{{"fe80::1", 5432}}, "d", map[string]string{}},
		"jdbc:postgresql:db":                                 {[]Host{{"localhost", 5432}}, "db", map[string]string{}},
		"jdbc:postgresql:/":                                  {[]Host{{"localhost", 5432}}, "", map[string]string{}},
		"jdbc:postgresql://h":                                {[]Host{{"h", 5432}}, "", map[string]string{}},
		"jdbc:postgresql://h/my%20db?password=a%26b%2Bc&ssl": {[]Host{{"h", 5432}}, "my db", map[string]string{"password": "a&b+c", "ssl": ""}},
		" jdbc:postgresql:///d?user=u ":                      {[]Host{{"localhost", 5432}}, "d", map[string]string{"user": "u"}},
	} {
		got, err := Parse(raw)
		if err != nil {
			t.Errorf("%s: %v", raw, err)
			continue
		}
		if d := cmp.Diff(want, *got); d != "" {
			t.Errorf("%s: %s", raw, d)
		}
	}
}

func TestErrorsHelpAndHideSecrets(t *testing.T) {
	for raw, want := range map[string]string{
		"": "is empty", "jdbc:mysql://h/s3cret": `"mysql"`, "postgres://u:s3cret@h/d": "libpq URL", "h/s3cret": "not a JDBC URL",
		"jdbc:postgresql://u:s3cret@h/d": "connection.user", "jdbc:postgresql://h:x/d?password=s3cret": "port", "jdbc:postgresql://::1/d": "brackets",
		"jdbc:postgresql://h/d?password=s3cret%": "malformed", "jdbc:postgresql://[::1/d": "bracket", "jdbc:postgresql://h:70000/": "port",
	} {
		_, err := Parse(raw)
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%s: %v, want %s", raw, err, want)
		}
	}
}

func target(t *testing.T, raw string, s Settings) *Target {
	t.Helper()
	u, err := Parse(raw)
	if err != nil {
		t.Fatal(err)
	}
	out, err := u.Target(s)
	if err != nil {
		t.Fatalf("%s: %v", raw, err)
	}
	return out
}

func TestProperties(t *testing.T) {
	c := target(t, "jdbc:postgresql://h/?user=u&password=p&currentSchema=a,b&connectTimeout=3&prepareThreshold=0&sslmode=disable&ApplicationName=app", Settings{
		User: new("me"), Password: new(`p'w\ d`), Props: map[string]string{"options": "-c x.y=1", "connectTimeout": "99"},
	})
	cfg := c.Config
	if cfg.User != "me" || cfg.Password != `p'w\ d` || cfg.Database != "me" || cfg.ConnectTimeout != 3*time.Second || !c.NoPrepare || cfg.TLSConfig != nil {
		t.Errorf("%s %s %v %v %v", cfg.User, cfg.Database, cfg.ConnectTimeout, c.NoPrepare, cfg.TLSConfig)
	}
	want := map[string]string{"DateStyle": "ISO", "TimeZone": "UTC", "client_encoding": "UTF8", "application_name": "app", "search_path": "a,b", "options": "-c x.y=1"}
	if d := cmp.Diff(want, cfg.RuntimeParams); d != "" {
		t.Error(d)
	}
	if n := len(target(t, "jdbc:postgresql://a,b,c/d?sslmode=disable&loadBalanceHosts=true&targetServerType=preferSecondary", Settings{}).Config.Fallbacks); n != 2 {
		t.Errorf("%d fallbacks", n)
	}
	if c := target(t, "jdbc:postgresql://h/d?ssl=true", Settings{}); c.Config.TLSConfig == nil || c.Config.TLSConfig.ServerName != "h" || len(c.Config.Fallbacks) != 0 {
		t.Error("ssl=true is not verify-full")
	}
	if c := target(t, "jdbc:postgresql://h/d?ssl=true&sslfactory=org.postgresql.ssl.NonValidatingFactory", Settings{}); !c.Config.TLSConfig.InsecureSkipVerify {
		t.Error("NonValidatingFactory validates")
	}
	for _, bad := range []string{"sslmode=never", "gssEncMode=require", "targetServerType=x", "connectTimeout=x", "sslkey=/nowhere", "sslfactory=com.x.Y"} {
		u, err := Parse("jdbc:postgresql://h/d?password=s3cret&" + bad)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := u.Target(Settings{}); err == nil || !strings.Contains(err.Error(), bad[:strings.IndexByte(bad, '=')]) || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%s: %v", bad, err)
		}
	}
}

func TestAClientKeyInTheDriversEncoding(t *testing.T) {
	dir := t.TempDir()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	tpl := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "u"}, NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, tpl, tpl, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	pk8, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	cert, keyFile := filepath.Join(dir, "c.pem"), filepath.Join(dir, "k.pk8")
	for name, b := range map[string][]byte{cert: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), keyFile: pk8} {
		if err := os.WriteFile(name, b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	c := target(t, "jdbc:postgresql://h/d?sslmode=require&sslcert="+cert+"&sslkey="+keyFile, Settings{})
	if n := len(c.Config.TLSConfig.Certificates); n != 1 {
		t.Errorf("%d client certificates", n)
	}
}

func FuzzParse(f *testing.F) {
	f.Add("jdbc:postgresql://[::1]:5432,b/d?user=u&x=%20")
	f.Add("jdbc:postgresql:db?a")
	f.Fuzz(func(t *testing.T, raw string) {
		u, err := Parse(raw)
		if err != nil {
			return
		}
		if len(u.Hosts) == 0 {
			t.Error("no host")
		}
		for _, k := range []string{"sslkey", "sslcert", "sslrootcert"} { // No files in a fuzz test.
			delete(u.Props, k)
		}
		if target, err := u.Target(Settings{}); err == nil && target.Config == nil {
			t.Error("neither a target nor an error")
		}
	})
}
