package schemaregistry

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
	"golang.org/x/sync/errgroup"
)

// DefaultAddr is where the registry listens unless it is told: on this machine alone.
const DefaultAddr = "127.0.0.1:8081"

// Config says where a registry listens and what it lives in.
type Config struct {
	// Listener serves HTTP; the registry closes it. Without one it listens on Addr, DefaultAddr by default.
	Listener net.Listener
	Addr     string
	// Client has seeds, security, dialer and client id of a Kafka client; what the registry needs beyond that it adds.
	Client []kgo.Opt
	// Topic is "_schemas" by default. It is created when it is missing.
	Topic string
	// ReplicationFactor of a topic that is created; 0: 3, or as many brokers as there are.
	ReplicationFactor int16
	// Auth says whether a user may use the registry, by HTTP's basic authentication; nil: everybody may. It is called
	// for every request, from many goroutines, and is to compare in constant time.
	Auth func(user, pass string) bool
	// Compatibility is the global level until it is set through the API: BACKWARD by default.
	Compatibility string
	// Version is what GET /v1/metadata/version gives.
	Version string
	// Log is told what an operator has to know; nil discards.
	Log *slog.Logger
}

// Registry is a schema registry. Its methods may be called from any goroutine.
type Registry struct {
	cfg      Config
	level    string
	log      *slog.Logger
	listener net.Listener
	state    *state
	parser   *parser
	writer   *writer
	topic    *topic
	ready    chan struct{}
	posts    chan struct{} // a place for each request whose body is in memory
	requests gate
}

// drainTime is how long requests in progress may take after the stop.
const drainTime = 10 * time.Second

// New listens and prepares a client; it does not wait for Kafka. Run must be called then.
func New(cfg Config) (*Registry, error) {
	if cfg.Topic == "" {
		cfg.Topic = "_schemas"
	}
	if cfg.Compatibility == "" {
		cfg.Compatibility = "BACKWARD"
	}
	if cfg.Version == "" {
		cfg.Version = "unknown"
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	l, ok := parseLevel(cfg.Compatibility)
	if !ok {
		return nil, fmt.Errorf("schema registry: compatibility %q: it is NONE, BACKWARD, FORWARD or FULL, or one of the last three with _TRANSITIVE", cfg.Compatibility)
	}
	t, err := newTopic(cfg.Topic, cfg.ReplicationFactor, cfg.Client, cfg.Log)
	if err != nil {
		return nil, err
	}
	if cfg.Listener == nil {
		if cfg.Addr == "" {
			cfg.Addr = DefaultAddr
		}
		if cfg.Listener, err = net.Listen("tcp", cfg.Addr); err != nil {
			t.client.Close()
			return nil, fmt.Errorf("schema registry: %w: is another one running on %s?", err, cfg.Addr)
		}
	}
	return &Registry{cfg: cfg, level: l.name, log: cfg.Log, listener: cfg.Listener, state: newState(), parser: new(parser), writer: newWriter(t), topic: t, ready: make(chan struct{}), posts: make(chan struct{}, maxPosts)}, nil
}

// Addr is where the registry listens.
func (r *Registry) Addr() string { return r.listener.Addr().String() }

// Ready is closed when the topic has been read and requests are answered; until then they get 503.
func (r *Registry) Ready() <-chan struct{} { return r.ready }

// Run serves until ctx ends, lets requests in progress finish, and returns nil. It returns an error when the topic
// cannot be used or followed; then it has stopped serving too. It is called once.
func (r *Registry) Run(ctx context.Context) error {
	defer r.requests.close() // a write that waits for Kafka ends with the client
	defer r.topic.client.Close()
	server := &http.Server{
		Handler: r.handler(), ReadHeaderTimeout: 10 * time.Second, ReadTimeout: time.Minute, WriteTimeout: 2 * time.Minute, IdleTimeout: 5 * time.Minute,
		MaxHeaderBytes: 64 << 10, ErrorLog: slog.NewLogLogger(r.log.Handler(), slog.LevelWarn),
	}
	// Reading outlives serving, for requests in progress wait for what they wrote.
	reading, stopReading := context.WithCancel(context.WithoutCancel(ctx))
	defer stopReading()
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error {
		if err := server.Serve(r.listener); !errors.Is(err, http.ErrServerClosed) {
			return fmt.Errorf("schema registry: %w", err)
		}
		return nil
	})
	g.Go(func() error { return r.follow(ctx, reading) })
	g.Go(func() error {
		<-ctx.Done()
		defer stopReading()
		drain, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainTime)
		defer cancel()
		if err := server.Shutdown(drain); err != nil {
			r.log.Warn("requests were cut off by the stop", "err", err)
			return ignoreClosed(server.Close())
		}
		return nil
	})
	return g.Wait()
}

func ignoreClosed(err error) error {
	if errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}

// gate counts requests until it is closed.
type gate struct {
	mu     sync.Mutex
	closed bool
	inside sync.WaitGroup
}

func (g *gate) enter() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.closed {
		g.inside.Add(1)
	}
	return !g.closed
}

// close lets nobody in any more and waits for those inside.
func (g *gate) close() {
	g.mu.Lock()
	g.closed = true
	g.mu.Unlock()
	g.inside.Wait()
}

// follow creates the topic, reads it to its end, says that the registry is ready, and reads on.
func (r *Registry) follow(ctx, reading context.Context) error {
	if err := r.topic.create(ctx); err != nil {
		if ctx.Err() != nil {
			return nil
		}
		return fmt.Errorf("schema registry: %w", err)
	}
	start := time.Now()
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error {
		if err := r.topic.consume(reading, r.apply); err != nil {
			return fmt.Errorf("schema registry: %w", err)
		}
		return nil
	})
	g.Go(func() error {
		for {
			_, err := r.topic.write(ctx, noopRecord())
			if err == nil {
				break
			}
			if ctx.Err() != nil {
				return nil
			}
			r.log.Warn("cannot find the end of the schema topic, trying again", "topic", r.cfg.Topic, "err", err)
		}
		close(r.ready)
		r.log.Info("the schema registry is ready", "addr", r.Addr(), "topic", r.cfg.Topic, "subjects", len(r.state.subjects(":*:")), "took", time.Since(start).Round(time.Millisecond))
		return nil
	})
	return g.Wait()
}

func (r *Registry) apply(rec *kgo.Record) {
	if err := r.state.apply(rec.Key, rec.Value, rec.Timestamp.UnixMilli(), rec.Offset); err != nil {
		r.log.Error("skipped a record of the schema topic that cannot be read", "topic", r.cfg.Topic, "offset", rec.Offset, "err", strings.ToValidUTF8(err.Error(), "?"))
	}
}
