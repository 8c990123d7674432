// Package sasl is the server's side of SASL PLAIN (RFC 4616) and SCRAM
// (RFC 5802, RFC 7677), as Kafka clients speak it.
//
// A connection makes one Exchange per handshake and feeds it the client's
// messages; it is used by that connection's goroutine alone. Credentials never
// leave the package: errors name the user at most.
package sasl

import (
	"bytes"
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/subtle"
	"errors"
	"fmt"
	"hash"
)

// The mechanisms, by the names clients use.
const (
	Plain       = "PLAIN"
	ScramSHA256 = "SCRAM-SHA-256"
	ScramSHA512 = "SCRAM-SHA-512"
)

// Bounds of the iteration count, Kafka's own.
const (
	MinIterations = 4096
	MaxIterations = 16384
)

// ErrAuthentication is what a client is told, for an unknown user and for a wrong
// password alike.
var ErrAuthentication = errors.New("authentication failed: invalid credentials")

// Credential is what is kept of a SCRAM password.
type Credential struct {
	Salt       []byte `json:"salt"`
	StoredKey  []byte `json:"stored_key"`
	ServerKey  []byte `json:"server_key"`
	Iterations int    `json:"iterations"`
}

// Credentials looks users up; any goroutine may call it.
type Credentials interface {
	// Scram returns the user's credential for a SCRAM mechanism.
	Scram(mechanism, user string) (Credential, bool)
	// PlainPassword checks a password that was sent in clear.
	PlainPassword(user, password string) bool
}

// Exchange is one authentication.
type Exchange interface {
	// Step takes the client's next message and returns the server's; done means
	// that the client is User from now on.
	Step(message []byte) (answer []byte, done bool, err error)
	User() string
}

// New starts an exchange, nil if the mechanism is unknown.
func New(mechanism string, c Credentials) Exchange {
	switch mechanism {
	case Plain:
		return &plain{credentials: c}
	case ScramSHA256, ScramSHA512:
		return &scram{mechanism: mechanism, hash: hashOf(mechanism), credentials: c}
	}
	return nil
}

func hashOf(mechanism string) func() hash.Hash {
	if mechanism == ScramSHA512 {
		return sha512.New
	}
	return sha256.New
}

// NewCredential derives a credential with a fresh salt.
func NewCredential(mechanism, password string, iterations int) (Credential, error) {
	salt := make([]byte, 32)
	rand.Read(salt) // never fails
	salted, err := Salted(mechanism, password, salt, iterations)
	if err != nil {
		return Credential{}, err
	}
	return FromSalted(mechanism, salted, salt, iterations), nil
}

// Salted is the salted password, which clients send to make a user.
func Salted(mechanism, password string, salt []byte, iterations int) ([]byte, error) {
	h := hashOf(mechanism)
	salted, err := pbkdf2.Key(h, password, salt, iterations, h().Size())
	if err != nil {
		return nil, fmt.Errorf("sasl: %w", err)
	}
	return salted, nil
}

// FromSalted makes a credential of a password that a client has salted.
func FromSalted(mechanism string, salted, salt []byte, iterations int) Credential {
	h := hashOf(mechanism)
	client := mac(h, salted, []byte("Client Key"))
	stored := h()
	stored.Write(client)
	return Credential{Salt: bytes.Clone(salt), StoredKey: stored.Sum(nil), ServerKey: mac(h, salted, []byte("Server Key")), Iterations: iterations}
}

// Verify checks a clear password against the credential.
func (c Credential) Verify(mechanism, password string) bool {
	salted, err := Salted(mechanism, password, c.Salt, c.Iterations)
	if err != nil {
		return false
	}
	return subtle.ConstantTimeCompare(FromSalted(mechanism, salted, c.Salt, c.Iterations).StoredKey, c.StoredKey) == 1
}

func mac(h func() hash.Hash, key, message []byte) []byte {
	m := hmac.New(h, key)
	m.Write(message)
	return m.Sum(nil)
}

type plain struct {
	credentials Credentials
	user        string
}

func (p *plain) User() string { return p.user }

// Step takes [authzid] NUL user NUL password.
func (p *plain) Step(message []byte) ([]byte, bool, error) {
	parts := bytes.Split(message, []byte{0})
	if len(parts) != 3 || len(parts[1]) == 0 || len(parts[2]) == 0 {
		return nil, false, fmt.Errorf("%w: malformed PLAIN message", ErrAuthentication)
	}
	if len(parts[0]) > 0 && !bytes.Equal(parts[0], parts[1]) {
		return nil, false, fmt.Errorf("%w: a client cannot act for another user", ErrAuthentication)
	}
	if !p.credentials.PlainPassword(string(parts[1]), string(parts[2])) {
		return nil, false, ErrAuthentication
	}
	p.user = string(parts[1])
	return []byte{}, true, nil
}
