// Package tlsfiles serves TLS from PEM files that may change while the broker
// runs: certificates are renewed more often than brokers are restarted.
package tlsfiles

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"
)

// ClientAuth says whether clients show a certificate, in Kafka's words.
type ClientAuth string

// The values of ssl.client.auth.
const (
	None      ClientAuth = "none"
	Requested ClientAuth = "requested"
	Required  ClientAuth = "required"
)

// Files are the PEM files of a listener.
type Files struct {
	Certificate string // the chain, leaf first
	Key         string // may be the same file
	ClientCA    string // what client certificates are checked against; empty for the system's
	ClientAuth  ClientAuth
}

// checkEvery bounds how often the files are looked at.
const checkEvery = time.Second

// source builds a new configuration when a file has changed.
type source struct {
	files  Files
	logger *slog.Logger

	mu      sync.Mutex
	checked time.Time
	stamps  [3]stamp
	current *tls.Config
}

type stamp struct {
	size int64
	mod  time.Time
}

// Load reads the files and returns a configuration that follows them: a
// handshake uses files that changed at least a second before. Files that cannot
// be read then are reported to logger, and the ones before stay in use. Errors
// now are returned.
func Load(files Files, logger *slog.Logger) (*tls.Config, error) {
	s := &source{files: files, logger: logger}
	stamps, err := s.stat()
	if err != nil {
		return nil, err
	}
	if s.current, err = files.build(); err != nil {
		return nil, err
	}
	s.stamps, s.checked = stamps, time.Now()
	return &tls.Config{MinVersion: tls.VersionTLS12, GetConfigForClient: func(*tls.ClientHelloInfo) (*tls.Config, error) {
		return s.get(time.Now()), nil
	}}, nil
}

func (s *source) stat() (out [3]stamp, err error) {
	for i, name := range []string{s.files.Certificate, s.files.Key, s.files.ClientCA} {
		if name == "" {
			continue
		}
		info, err := os.Stat(name)
		if err != nil {
			return out, fmt.Errorf("tls: %w", err)
		}
		out[i] = stamp{info.Size(), info.ModTime()}
	}
	return out, nil
}

func (s *source) get(now time.Time) *tls.Config {
	s.mu.Lock()
	defer s.mu.Unlock()
	if now.Sub(s.checked) < checkEvery {
		return s.current
	}
	s.checked = now
	stamps, err := s.stat()
	if err == nil && stamps == s.stamps {
		return s.current
	}
	var next *tls.Config
	if err == nil {
		next, err = s.files.build()
	}
	if err != nil {
		s.logger.Error("changed TLS files cannot be used; the ones before stay in use", "certificate", s.files.Certificate, "error", err)
		return s.current
	}
	s.stamps, s.current = stamps, next
	s.logger.Info("TLS files reloaded", "certificate", s.files.Certificate)
	return next
}

func (f Files) build() (*tls.Config, error) {
	cert, err := tls.LoadX509KeyPair(f.Certificate, f.Key)
	if err != nil {
		return nil, fmt.Errorf("tls: %s: %w (a PEM chain and an unencrypted PEM key are needed)", f.Certificate, err)
	}
	cfg := &tls.Config{MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{cert}}
	switch f.ClientAuth {
	case None, "":
	case Requested:
		cfg.ClientAuth = tls.VerifyClientCertIfGiven
	case Required:
		cfg.ClientAuth = tls.RequireAndVerifyClientCert
	default:
		return nil, fmt.Errorf("tls: ssl.client.auth=%s is not one of none, requested, required", f.ClientAuth)
	}
	if f.ClientCA != "" {
		pem, err := os.ReadFile(f.ClientCA)
		if err != nil {
			return nil, fmt.Errorf("tls: %w", err)
		}
		cfg.ClientCAs = x509.NewCertPool()
		if !cfg.ClientCAs.AppendCertsFromPEM(pem) {
			return nil, errors.New("tls: " + f.ClientCA + " holds no PEM certificate")
		}
	}
	return cfg, nil
}
