package app

import (
	"context"
	"net"
	"net/http"

	"github.com/kurier-io/kurier/broker"
	"github.com/kurier-io/kurier/runtime/kafka"
)

// Run runs what cfg says until ctx is done, then stops everything in order: REST, connectors and tasks with their last offsets, the group, the broker.
// Errors at start that the operator can act on are *broker.LockedError, *broker.ListenError, *ListenError and *settings.Error; nothing has run then.
func Run(ctx context.Context, cfg Config) error {
	var services []service
	var dial kafka.Dialer
	var addr Addresses
	var scraped http.Handler
	stopped, cancel := context.WithCancel(ctx)
	cancel()
	if cfg.Broker != nil {
		b, err := broker.New(*cfg.Broker)
		if err != nil {
			return err
		}
		// A broker that never ran is closed by running it for no time.
		ran := false
		defer func() {
			if !ran {
				_ = b.Run(stopped)
			}
		}()
		addr.Kafka = b.Addr()
		dial, scraped = inProcess(b), b.Metrics()
		services = append(services, service{"broker", func(ctx context.Context, ready func()) error {
			ran = true
			ready()
			return b.Run(ctx)
		}})
	}
	if scraped != nil && cfg.Broker.MetricsListen != "" {
		s, err := metricsService(cfg, scraped, &addr)
		if err != nil {
			return err
		}
		services = append(services, s...)
	}
	if cfg.SchemaRegistry != nil {
		s, err := schemaRegistryService(cfg, dial, &addr)
		if err != nil {
			return err
		}
		services = append(services, s...)
	}
	if cfg.Worker != nil {
		n, err := newWorkerNode(ctx, cfg, dial)
		if err != nil {
			return err
		}
		n.metrics = scraped
		defer n.close() // when a stop came before it ran
		services = append(services, workerService(n, cfg, &addr))
	} else if cfg.Ready != nil {
		services = append(services, service{"ready", func(ctx context.Context, ready func()) error {
			cfg.Ready(addr)
			ready()
			<-ctx.Done()
			return nil
		}})
	}
	return run(ctx, services...)
}

func workerService(n *workerNode, cfg Config, addr *Addresses) service {
	addr.REST = n.url
	return service{"worker", func(ctx context.Context, ready func()) error {
		return n.run(ctx, func() {
			ready()
			if cfg.Ready != nil {
				cfg.Ready(*addr)
			}
		})
	}}
}

// inProcess dials the included broker in memory and everything else over TCP.
func inProcess(b *broker.Broker) kafka.Dialer {
	var tcp net.Dialer
	return func(ctx context.Context, network, addr string) (net.Conn, error) {
		if addr == b.Addr() {
			return b.Dial(ctx, network, addr)
		}
		return tcp.DialContext(ctx, network, addr)
	}
}
