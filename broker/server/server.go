package server

import (
	"context"
	"log/slog"
	"net"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/semaphore"

	"github.com/kurier-io/kurier/broker/commitlog"
	"github.com/kurier-io/kurier/broker/group"
	"github.com/kurier-io/kurier/broker/metadata"
	"github.com/kurier-io/kurier/broker/quota"
	"github.com/kurier-io/kurier/broker/security/acl"
	"github.com/kurier-io/kurier/broker/security/sasl"
	"github.com/kurier-io/kurier/broker/txn"
)

// Config is what the protocol layer needs to know. All fields are mandatory but
// those that say what their zero value means.
type Config struct {
	NodeID           int32
	NumPartitions    int32
	AutoCreateTopics bool
	MaxRequestBytes  int               // of a Produce request
	MaxInflightBytes int64             // of requests being read or handled, and of fetched records being written
	LogDir           string            // as reported by DescribeLogDirs
	Durability       string            // as reported by DescribeConfigs
	TopicDefaults    map[string]string // topic configs set for the whole broker
	ClampReplication bool              // create topics that ask for more replicas with one
	Logger           *slog.Logger

	AdvertisedListeners string   // as reported by DescribeConfigs
	Mechanisms          []string // of SASL that any listener offers, as reported by DescribeConfigs
	MaxConnections      int
	MaxConnectionsPerIP int
	IdleTimeout         time.Duration // of a connection
	// Authorizer is asked before anything is done; nil allows everything. New
	// gives it the stored ACLs.
	Authorizer *acl.Authorizer
	PlainUsers map[string]sasl.Credential // of SASL PLAIN, as SCRAM-SHA-256 credentials
	// ReauthAfter is connections.max.reauth.ms; 0 for never.
	ReauthAfter time.Duration
	// Observer is told about every request.
	Observer Observer
}

// Observer watches requests. Its methods are called from connection goroutines
// and must not block.
type Observer interface {
	// Request was answered: total is the time from its last byte to its answer's
	// last, in and out are frame sizes.
	Request(api string, total time.Duration, in, out int)
	// Produced and Fetched count the bytes of record batches of a topic.
	Produced(topic string, batches, bytes int)
	Fetched(topic string, bytes int)
	// Forget is told that a topic is gone.
	Forget(topic string)
}

// Limits that do not depend on the configuration.
const (
	maxControlBytes = 4 << 20          // of a request other than Produce
	maxFetchBytes   = 55 << 20         // fetch.max.bytes
	pipelineDepth   = 64               // unanswered requests of a connection
	headerTimeout   = 30 * time.Second // from the first byte of a request to the end of its header
	writeTimeout    = 2 * time.Minute
)

// Server answers requests on any number of listeners.
type Server struct {
	cfg           Config
	meta          *metadata.Store
	logs          *commitlog.Store
	groups        *group.Coordinator
	txns          *txn.Coordinator
	markers       txn.Markers
	quotas        *quota.Manager
	fetchSessions fetchSessions
	apis          map[int16]api
	requests      *semaphore.Weighted
	fetches       *semaphore.Weighted
	logger        *slog.Logger
	topicMu       sync.Mutex // one change of the set of topics at a time
	adminMu       sync.Mutex // one change of users, ACLs, quotas and group configs at a time

	// stop ends waiting requests: fetches answer with what they have.
	stop    chan struct{}
	mu      sync.Mutex
	conns   map[net.Conn]struct{}
	clients int // of conns, those from outside
	perHost map[string]int
	done    bool
	wg      sync.WaitGroup
}

// New returns a server over the given parts, of which it owns none.
// SetCoordinators must come before Serve.
func New(cfg Config, meta *metadata.Store, logs *commitlog.Store) *Server {
	s := &Server{cfg: cfg, meta: meta, logs: logs, logger: cfg.Logger,
		requests: semaphore.NewWeighted(cfg.MaxInflightBytes), fetches: semaphore.NewWeighted(cfg.MaxInflightBytes),
		stop: make(chan struct{}), conns: map[net.Conn]struct{}{}, perHost: map[string]int{}, quotas: quota.NewManager(), apis: apis()}
	s.quotas.Set(meta.Quotas())
	if cfg.Authorizer != nil {
		cfg.Authorizer.Set(slices.Clone(meta.ACLs()))
	}
	return s
}

// SetCoordinators installs the coordinators, whose storage needs the server.
func (s *Server) SetCoordinators(g *group.Coordinator, t *txn.Coordinator, m txn.Markers) {
	s.groups, s.txns, s.markers = g, t, m
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
