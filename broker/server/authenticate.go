package server

import (
	"crypto/tls"
	"errors"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/kurier-io/kurier/broker/security/sasl"
	"github.com/kurier-io/kurier/broker/wireproto"
)

// session is how far a connection is with authentication (KIP-12, KIP-43,
// KIP-152, KIP-368). The reading goroutine owns it.
type session struct {
	required bool // SASL is, and has not succeeded yet
	exchange sasl.Exchange
	expires  time.Time // zero for never
}

// failureDelay is connection.failed.authentication.delay.ms: it makes guessing slow.
const failureDelay = 100 * time.Millisecond

// gate refuses what may not be asked before authentication, or after its end.
func (c *conn) gate(key int16) error {
	switch {
	case key == keyApiVersions, key == keySaslHandshake, key == keySaslAuthenticate:
		return nil
	case c.auth.required:
		return fmt.Errorf("%w: API key %d before authentication; the client must use SASL here (security.protocol=SASL_PLAINTEXT or SASL_SSL)", errRefused, key)
	case !c.auth.expires.IsZero() && time.Now().After(c.auth.expires):
		return fmt.Errorf("%w: the session of %s has expired and the client did not authenticate again", errRefused, c.who.Principal)
	}
	return nil
}

func (c *conn) saslHandshake(peek wireproto.Peek, req *kmsg.SASLHandshakeRequest) pending {
	resp := kmsg.NewPtrSASLHandshakeResponse()
	resp.SetVersion(peek.Version)
	resp.SupportedMechanisms = c.listener.Mechanisms
	c.auth.exchange = nil
	switch {
	case len(c.listener.Mechanisms) == 0:
		resp.ErrorCode, resp.SupportedMechanisms = errIllegalSASLState, []string{}
	case !c.listener.offers(req.Mechanism), peek.Version == 0: // version 0 would continue without framing
		resp.ErrorCode = errUnsupportedMechanism
	default:
		c.auth.exchange = sasl.New(req.Mechanism, c.s)
	}
	return c.answer(peek, resp, false)
}

func (c *conn) saslAuthenticate(peek wireproto.Peek, req *kmsg.SASLAuthenticateRequest) pending {
	resp := kmsg.NewPtrSASLAuthenticateResponse()
	resp.SetVersion(peek.Version)
	resp.SASLAuthBytes = []byte{}
	fail := func(code int16, err error) pending {
		resp.ErrorCode, resp.ErrorMessage = code, new(err.Error())
		c.auth.exchange, c.auth.required = nil, true
		send := c.answer(peek, resp, resp.IsFlexible())
		c.logger.Warn("authentication failed", "listener", c.listener.Name, "reason", err)
		c.closing = errClose // after this answer
		return func() (*reply, error) {
			time.Sleep(failureDelay)
			return send()
		}
	}
	e := c.auth.exchange
	if e == nil {
		return fail(errIllegalSASLState, errors.New("SaslAuthenticate without a handshake that was accepted"))
	}
	answer, done, err := e.Step(req.SASLAuthBytes)
	if err != nil {
		return fail(errSASLAuthenticationFailed, err)
	}
	if answer != nil {
		resp.SASLAuthBytes = answer
	}
	if done {
		principal := "User:" + e.User()
		if !c.auth.required && c.who.Principal != principal {
			return fail(errSASLAuthenticationFailed, errors.New("a client cannot become another user on the same connection"))
		}
		c.who.Principal = principal
		c.auth = session{}
		if life := c.s.cfg.ReauthAfter; life > 0 {
			c.auth.expires = time.Now().Add(life)
			resp.SessionLifetimeMillis = life.Milliseconds()
		}
		c.logger.Debug("authenticated", "principal", principal)
	}
	return c.answer(peek, resp, resp.IsFlexible())
}

// Scram implements sasl.Credentials from the metadata.
func (s *Server) Scram(mechanism, user string) (sasl.Credential, bool) {
	u, ok := s.meta.User(user)
	if !ok {
		return sasl.Credential{}, false
	}
	c, ok := u.Keys[mechanism]
	return c, ok
}

// PlainPassword implements sasl.Credentials: PLAIN users of the configuration
// come first, then SCRAM users, whose keys can check a clear password too.
func (s *Server) PlainPassword(user, password string) bool {
	if c, ok := s.cfg.PlainUsers[user]; ok {
		return c.Verify(sasl.ScramSHA256, password)
	}
	u, _ := s.meta.User(user)
	for _, m := range []string{sasl.ScramSHA512, sasl.ScramSHA256} {
		if c, ok := u.Keys[m]; ok {
			return c.Verify(m, password)
		}
	}
	return false
}

// handshake runs TLS and takes the principal of a client certificate.
func (c *conn) handshake() error {
	if c.listener.TLS == nil {
		return nil
	}
	tc := tls.Server(c.nc, c.listener.TLS)
	if err := tc.HandshakeContext(c.ctx); err != nil {
		if _, ok := errors.AsType[tls.RecordHeaderError](err); ok {
			return fmt.Errorf("%w: listener %s expects TLS, this client does not speak it: set security.protocol=SSL or SASL_SSL", errRefused, c.listener.Name)
		}
		return fmt.Errorf("%w: TLS handshake: %w", errRefused, err)
	}
	c.nc = tc
	c.in.Reset(tc)
	if certs := tc.ConnectionState().PeerCertificates; len(certs) > 0 && len(c.listener.Mechanisms) == 0 {
		c.who.Principal = "User:" + certs[0].Subject.String()
	}
	return nil
}
