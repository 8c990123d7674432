package sasl

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"hash"
	"strings"
)

// scram is the server of one SCRAM exchange: client-first, server-first,
// client-final, server-final.
type scram struct {
	mechanism   string
	hash        func() hash.Hash
	credentials Credentials

	user       string
	known      bool
	credential Credential
	nonce      string
	first      string // client-first-bare , server-first
	gs2        string
	steps      int
}

func (s *scram) User() string { return s.user }

func (s *scram) Step(message []byte) ([]byte, bool, error) {
	s.steps++
	switch s.steps {
	case 1:
		answer, err := s.clientFirst(string(message))
		return answer, false, err
	case 2:
		answer, err := s.clientFinal(string(message))
		return answer, err == nil, err
	}
	return nil, false, fmt.Errorf("%w: the exchange is over", ErrAuthentication)
}

func malformed(what string) error {
	return fmt.Errorf("%w: malformed SCRAM message: %s", ErrAuthentication, what)
}

// attribute reads the next "x=value" of a comma-separated message.
func attribute(rest string, name byte) (value, tail string, ok bool) {
	field, tail, _ := strings.Cut(rest, ",")
	if len(field) < 2 || field[0] != name || field[1] != '=' {
		return "", rest, false
	}
	return field[2:], tail, true
}

// clientFirst reads gs2-header client-first-bare: n,[a=authzid],n=user,r=nonce[,extensions].
func (s *scram) clientFirst(message string) ([]byte, error) {
	binding, rest, ok := strings.Cut(message, ",")
	if !ok || binding != "n" && binding != "y" {
		return nil, malformed("channel binding is not supported")
	}
	authz, bare, ok := strings.Cut(rest, ",")
	if !ok {
		return nil, malformed("no user")
	}
	s.gs2 = message[:len(message)-len(bare)]
	name, rest, ok := attribute(bare, 'n')
	user, valid := unescape(name)
	if !ok || !valid || user == "" {
		return nil, malformed("no user")
	}
	if authz != "" {
		if as, escaped := unescape(strings.TrimPrefix(authz, "a=")); !escaped || as != user {
			return nil, fmt.Errorf("%w: a client cannot act for another user", ErrAuthentication)
		}
	}
	nonce, extensions, ok := attribute(rest, 'r')
	if !ok || nonce == "" || len(nonce) > 256 {
		return nil, malformed("no nonce")
	}
	if strings.Contains(extensions, "tokenauth=true") {
		return nil, fmt.Errorf("%w: delegation tokens are not offered", ErrAuthentication)
	}
	s.user = user
	if s.credential, s.known = s.credentials.Scram(s.mechanism, user); !s.known {
		return nil, ErrAuthentication
	}
	var random [24]byte
	rand.Read(random[:]) // never fails
	s.nonce = nonce + base64.RawURLEncoding.EncodeToString(random[:])
	answer := fmt.Sprintf("r=%s,s=%s,i=%d", s.nonce, base64.StdEncoding.EncodeToString(s.credential.Salt), s.credential.Iterations)
	s.first = bare + "," + answer
	return []byte(answer), nil
}

// clientFinal reads c=binding,r=nonce,p=proof.
func (s *scram) clientFinal(message string) ([]byte, error) {
	at := strings.LastIndex(message, ",p=")
	if at < 0 {
		return nil, malformed("no proof")
	}
	without := message[:at]
	proof, err := base64.StdEncoding.DecodeString(message[at+3:])
	if err != nil {
		return nil, malformed("the proof is not base64")
	}
	binding, rest, ok := attribute(without, 'c')
	if header, err := base64.StdEncoding.DecodeString(binding); !ok || err != nil || string(header) != s.gs2 {
		return nil, malformed("wrong channel binding")
	}
	if nonce, _, ok := attribute(rest, 'r'); !ok || subtle.ConstantTimeCompare([]byte(nonce), []byte(s.nonce)) != 1 {
		return nil, malformed("wrong nonce")
	}
	auth := []byte(s.first + "," + without)
	signature := mac(s.hash, s.credential.StoredKey, auth)
	if len(proof) != len(signature) {
		return nil, ErrAuthentication
	}
	subtle.XORBytes(proof, proof, signature) // the client key, if the password is right
	h := s.hash()
	h.Write(proof)
	if subtle.ConstantTimeCompare(h.Sum(nil), s.credential.StoredKey) != 1 {
		return nil, ErrAuthentication
	}
	return []byte("v=" + base64.StdEncoding.EncodeToString(mac(s.hash, s.credential.ServerKey, auth))), nil
}

// unescape undoes =2C and =3D of a user name.
func unescape(name string) (string, bool) {
	if !strings.Contains(name, "=") {
		return name, true
	}
	var b strings.Builder
	for rest := name; rest != ""; {
		switch {
		case strings.HasPrefix(rest, "=2C"):
			b.WriteByte(',')
			rest = rest[3:]
		case strings.HasPrefix(rest, "=3D"):
			b.WriteByte('=')
			rest = rest[3:]
		case rest[0] == '=':
			return "", false
		default:
			b.WriteByte(rest[0])
			rest = rest[1:]
		}
	}
	return b.String(), true
}
