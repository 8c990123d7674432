package sasl_test

import (
	"context"
	"crypto/subtle"
	"errors"
	"testing"

	kgosasl "github.com/twmb/franz-go/pkg/sasl"
	"github.com/twmb/franz-go/pkg/sasl/plain"
	"github.com/twmb/franz-go/pkg/sasl/scram"

	"github.com/kurier-io/kurier/broker/security/sasl"
)

// users is a table of clear passwords, each with its SCRAM credentials.
type users map[string]map[string]sasl.Credential

func (u users) Scram(mechanism, user string) (sasl.Credential, bool) {
	c, ok := u[user][mechanism]
	return c, ok
}

func (u users) PlainPassword(user, password string) bool {
	return subtle.ConstantTimeCompare([]byte(user+"-secret"), []byte(password)) == 1
}

func table(t testing.TB, names ...string) users {
	u := users{}
	for _, n := range names {
		u[n] = map[string]sasl.Credential{}
		for _, m := range []string{sasl.ScramSHA256, sasl.ScramSHA512} {
			c, err := sasl.NewCredential(m, n+"-secret", sasl.MinIterations)
			if err != nil {
				t.Fatal(err)
			}
			u[n][m] = c
		}
	}
	return u
}

// authenticate runs franz-go's client against the server.
func authenticate(t *testing.T, u users, m kgosasl.Mechanism) (string, error) {
	t.Helper()
	client, message, err := m.Authenticate(context.Background(), "broker:9092")
	if err != nil {
		t.Fatal(err)
	}
	server := sasl.New(m.Name(), u)
	for range 4 {
		answer, done, err := server.Step(message)
		if err != nil {
			return "", err
		}
		finished, next, err := client.Challenge(answer)
		if err != nil {
			t.Fatalf("the client does not accept the server: %v", err)
		}
		if done {
			if !finished {
				t.Fatal("the server is done, the client is not")
			}
			return server.User(), nil
		}
		message = next
	}
	t.Fatal("the exchange does not end")
	return "", nil
}

func TestClientsAuthenticate(t *testing.T) {
	u := table(t, "alice", "a,b=c")
	for _, name := range []string{"alice", "a,b=c"} {
		for _, m := range []kgosasl.Mechanism{
			plain.Auth{User: name, Pass: name + "-secret"}.AsMechanism(),
			scram.Auth{User: name, Pass: name + "-secret"}.AsSha256Mechanism(),
			scram.Auth{User: name, Pass: name + "-secret"}.AsSha512Mechanism(),
		} {
			if got, err := authenticate(t, u, m); err != nil || got != name {
				t.Errorf("%s as %q: user %q, error %v", m.Name(), name, got, err)
			}
		}
	}
}

func TestWrongPasswordsAndUsersLookTheSame(t *testing.T) {
	u := table(t, "alice")
	for _, user := range []string{"alice", "mallory"} {
		for _, m := range []kgosasl.Mechanism{
			plain.Auth{User: user, Pass: "wrong"}.AsMechanism(),
			scram.Auth{User: user, Pass: "wrong"}.AsSha256Mechanism(),
			scram.Auth{User: user, Pass: "wrong"}.AsSha512Mechanism(),
		} {
			if _, err := authenticate(t, u, m); err != sasl.ErrAuthentication {
				t.Errorf("%s as %q: %v, want exactly ErrAuthentication", m.Name(), user, err)
			}
		}
	}
}

func TestMalformedMessages(t *testing.T) {
	u := table(t, "alice")
	for _, tc := range []struct{ mechanism, message string }{
		{sasl.Plain, ""}, {sasl.Plain, "alice"}, {sasl.Plain, "bob\x00alice\x00alice-secret"}, {sasl.Plain, "\x00alice\x00alice-secret\x00"},
		{sasl.ScramSHA256, "p=tls-unique,,n=alice,r=x"}, {sasl.ScramSHA256, "n,a=bob,n=alice,r=x"}, {sasl.ScramSHA256, "n,,n=alice"},
		{sasl.ScramSHA256, "n,,n=al=ice,r=x"}, {sasl.ScramSHA256, "n,,r=x"}, {sasl.ScramSHA256, "n,,n=alice,r=x,tokenauth=true"},
	} {
		if _, done, err := sasl.New(tc.mechanism, u).Step([]byte(tc.message)); done || !errors.Is(err, sasl.ErrAuthentication) {
			t.Errorf("%s %q: done=%v error %v", tc.mechanism, tc.message, done, err)
		}
	}
	if sasl.New("GSSAPI", u) != nil {
		t.Error("an unknown mechanism was accepted")
	}
}

func TestACredentialVerifiesItsPassword(t *testing.T) {
	c, err := sasl.NewCredential(sasl.ScramSHA512, "secret", sasl.MinIterations)
	if err != nil || !c.Verify(sasl.ScramSHA512, "secret") || c.Verify(sasl.ScramSHA512, "Secret") {
		t.Errorf("verify is wrong (%v)", err)
	}
}

func FuzzExchange(f *testing.F) {
	u := table(f, "alice")
	f.Add("n,,n=alice,r=abc", "c=biws,r=abc,p=AAAA")
	f.Add("\x00alice\x00x", "")
	f.Fuzz(func(t *testing.T, first, second string) {
		for _, m := range []string{sasl.Plain, sasl.ScramSHA256} {
			e := sasl.New(m, u)
			if _, done, err := e.Step([]byte(first)); err != nil || done {
				if done && first != "\x00alice\x00alice-secret" && first != "alice\x00alice\x00alice-secret" {
					t.Fatalf("%s let %q in", m, first)
				}
				continue
			}
			if _, done, _ := e.Step([]byte(second)); done {
				t.Fatalf("%s let %q, %q in", m, first, second)
			}
		}
	})
}
