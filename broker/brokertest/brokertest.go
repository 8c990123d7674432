// Package brokertest gives tests a real broker in their own process.
package brokertest

import (
	"context"
	"net"
	"sync/atomic"
	"testing"

	"github.com/kurier-io/kurier/broker"
)

// Cluster is a running broker that stops at the end of its test.
type Cluster struct {
	t    testing.TB
	cfg  broker.Config
	b    atomic.Pointer[broker.Broker] // clients dial while the test restarts
	stop context.CancelFunc
	done chan error
}

// New starts a broker on a free loopback port, with its data in a temporary
// directory and topic auto-creation on. Each change may edit the configuration
// first.
func New(t testing.TB, change ...func(*broker.Config)) *Cluster {
	t.Helper()
	c := &Cluster{t: t, cfg: broker.Config{DataDir: t.TempDir(), Listeners: broker.Plaintext("127.0.0.1:0"), AutoCreateTopics: true}}
	for _, f := range change {
		f(&c.cfg)
	}
	c.Start()
	t.Cleanup(c.Stop)
	return c
}

// Start starts the broker on the data of the one before it, at the same
// address. New has done it once.
func (c *Cluster) Start() {
	c.t.Helper()
	b, err := broker.New(c.cfg)
	if err != nil {
		c.t.Fatalf("broker: %v", err)
	}
	for i := range c.cfg.Listeners {
		c.cfg.Listeners[i].Addr = b.ListenerAddr(c.cfg.Listeners[i].Name)
	}
	ctx, stop := context.WithCancel(context.Background())
	c.b.Store(b)
	c.stop, c.done = stop, make(chan error, 1)
	go func() { c.done <- b.Run(ctx) }()
}

// Stop drains and stops the broker; stopping twice is fine.
func (c *Cluster) Stop() {
	c.t.Helper()
	if c.stop == nil {
		return
	}
	c.stop()
	if err := <-c.done; err != nil {
		c.t.Errorf("broker: %v", err)
	}
	c.stop = nil
}

// Restart is Stop and Start.
func (c *Cluster) Restart() {
	c.t.Helper()
	c.Stop()
	c.Start()
}

// Addr is the bootstrap address.
func (c *Cluster) Addr() string { return c.b.Load().Addr() }

// DataDir is where the broker keeps its data.
func (c *Cluster) DataDir() string { return c.cfg.DataDir }

// Broker is the one that runs now.
func (c *Cluster) Broker() *broker.Broker { return c.b.Load() }

// Dial connects in memory; it follows restarts and fits kgo.Dialer.
func (c *Cluster) Dial(ctx context.Context, network, address string) (net.Conn, error) {
	return c.b.Load().Dial(ctx, network, address)
}
