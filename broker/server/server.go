package server

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"sync"
	"time"

	"golang.org/x/sync/semaphore"

	"github.com/kurier-io/kurier/broker/commitlog"
	"github.com/kurier-io/kurier/broker/group"
	"github.com/kurier-io/kurier/broker/metadata"
)

// Config is what the protocol layer needs to know. All fields are mandatory.
type Config struct {
	NodeID           int32
	AdvertisedHost   string
	AdvertisedPort   int32
	NumPartitions    int32
	AutoCreateTopics bool
	MaxRequestBytes  int               // of a Produce request
	MaxInflightBytes int64             // of requests being read or handled, and of fetched records being written
	LogDir           string            // as reported by DescribeLogDirs
	Durability       string            // as reported by DescribeConfigs
	TopicDefaults    map[string]string // topic configs set for the whole broker
	Logger           *slog.Logger
}

// Limits that do not depend on the configuration.
const (
	maxControlBytes = 4 << 20  // of a request other than Produce
	maxFetchBytes   = 55 << 20 // fetch.max.bytes
	pipelineDepth   = 64       // unanswered requests of a connection
	idleTimeout     = 10 * time.Minute
	writeTimeout    = 2 * time.Minute
)

// Server answers requests on any number of listeners.
type Server struct {
	cfg      Config
	meta     *metadata.Store
	logs     *commitlog.Store
	groups   *group.Coordinator
	requests *semaphore.Weighted
	fetches  *semaphore.Weighted
	logger   *slog.Logger
	topicMu  sync.Mutex // one change of the set of topics at a time

	// stop ends waiting requests: fetches answer with what they have.
	stop  chan struct{}
	mu    sync.Mutex
	conns map[net.Conn]struct{}
	done  bool
	wg    sync.WaitGroup
}

// New returns a server over the given parts, of which it owns none. Groups may
// be nil until SetGroups, which must come before Serve.
func New(cfg Config, meta *metadata.Store, logs *commitlog.Store) *Server {
	return &Server{cfg: cfg, meta: meta, logs: logs, logger: cfg.Logger,
		requests: semaphore.NewWeighted(cfg.MaxInflightBytes), fetches: semaphore.NewWeighted(cfg.MaxInflightBytes),
		stop: make(chan struct{}), conns: map[net.Conn]struct{}{}}
}

// SetGroups installs the group coordinator.
func (s *Server) SetGroups(g *group.Coordinator) { s.groups = g }

// Serve accepts connections until the listener is closed.
func (s *Server) Serve(ln net.Listener) error {
	for delay := time.Duration(0); ; {
		nc, err := ln.Accept()
		if err == nil {
			delay = 0
			s.ServeConn(nc)
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
func (s *Server) ServeConn(nc net.Conn) {
	s.mu.Lock()
	if s.done {
		s.mu.Unlock()
		if err := nc.Close(); err != nil {
			s.logger.Debug("close", "error", err)
		}
		return
	}
	s.conns[nc] = struct{}{}
	s.wg.Add(1)
	s.mu.Unlock()
	go func() {
		defer s.wg.Done()
		newConn(s, nc).serve()
		s.mu.Lock()
		delete(s.conns, nc)
		s.mu.Unlock()
	}()
}

// Shutdown stops taking requests, lets those in flight be answered and closes all
// connections, by force when ctx ends. Listeners must be closed before.
func (s *Server) Shutdown(ctx context.Context) {
	s.mu.Lock()
	s.done = true
	close(s.stop)
	for nc := range s.conns {
		// Wakes the reader; answers still go out. A connection that cannot have
		// a deadline any more is closed already.
		_ = nc.SetReadDeadline(time.Unix(1, 0))
	}
	s.mu.Unlock()
	finished := make(chan struct{})
	go func() {
		s.wg.Wait()
		close(finished)
	}()
	select {
	case <-finished:
		return
	case <-ctx.Done():
	}
	s.mu.Lock()
	for nc := range s.conns {
		_ = nc.Close() // its goroutine reports what it was doing
	}
	s.mu.Unlock()
	<-finished
}
