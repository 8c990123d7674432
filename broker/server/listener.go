package server

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"slices"
	"time"

	"github.com/kurier-io/kurier/broker/security/acl"
)

// Listener is one way into the broker. It is not changed after it was given to
// Serve.
type Listener struct {
	Name           string // as in listeners=NAME://host:port
	AdvertisedHost string // what clients that came this way are told to connect to
	AdvertisedPort int32
	TLS            *tls.Config // nil for none
	// Mechanisms of SASL that clients must choose from; none for no SASL.
	Mechanisms []string
	// Trusted clients may do everything: the worker in the same process.
	Trusted bool
}

// Serve accepts connections until the listener is closed.
func (s *Server) Serve(ln net.Listener, l *Listener) error {
	for delay := time.Duration(0); ; {
		nc, err := ln.Accept()
		if err == nil {
			delay = 0
			s.ServeConn(nc, l)
			continue
		}
		if errors.Is(err, net.ErrClosed) {
			return nil
		}
		// Out of descriptors, or the peer left before it was accepted.
		delay = min(max(2*delay, 5*time.Millisecond), time.Second)
		s.logger.Warn("accept failed", "error", err, "retry_in", delay)
		select {
		case <-time.After(delay):
		case <-s.stop:
			return nil
		}
	}
}

// ServeConn serves one connection in the background and closes it at the end.
func (s *Server) ServeConn(nc net.Conn, l *Listener) {
	host := hostOf(nc)
	if err := s.admit(nc, host, l); err != nil {
		s.logger.Warn("connection refused", "client", nc.RemoteAddr().String(), "reason", err)
		if err := nc.Close(); err != nil {
			s.logger.Debug("close", "error", err)
		}
		return
	}
	go func() {
		defer s.wg.Done()
		newConn(s, nc, host, l).serve()
		s.mu.Lock()
		delete(s.conns, nc)
		if !l.Trusted {
			s.clients--
			if s.perHost[host]--; s.perHost[host] == 0 {
				delete(s.perHost, host)
			}
		}
		s.mu.Unlock()
	}()
}

// admit counts a connection in, or says why not.
func (s *Server) admit(nc net.Conn, host string, l *Listener) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.done:
		return errClose
	case l.Trusted:
	case s.clients >= s.cfg.MaxConnections:
		return fmt.Errorf("max.connections=%d are open", s.cfg.MaxConnections)
	case s.perHost[host] >= s.cfg.MaxConnectionsPerIP:
		return fmt.Errorf("max.connections.per.ip=%d are open", s.cfg.MaxConnectionsPerIP)
	}
	s.conns[nc] = struct{}{}
	if !l.Trusted {
		s.clients++
		s.perHost[host]++
	}
	s.wg.Add(1)
	return nil
}

// Connections counts the open connections of clients; those of the process
// itself are none.
func (s *Server) Connections() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.clients
}

func hostOf(nc net.Conn) string {
	addr := nc.RemoteAddr().String()
	if h, _, err := net.SplitHostPort(addr); err == nil {
		return h
	}
	return addr
}

// anonymous is the principal of clients that did not authenticate.
const anonymous = "User:ANONYMOUS"

// identity is who a fresh connection belongs to.
func (l *Listener) identity(host string) acl.Client {
	return acl.Client{Principal: anonymous, Host: host, Trusted: l.Trusted}
}

// offers reports whether a SASL mechanism may be used here.
func (l *Listener) offers(mechanism string) bool { return slices.Contains(l.Mechanisms, mechanism) }
