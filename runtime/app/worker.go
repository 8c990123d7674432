package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/kurier-io/kurier/plugins/host"
	"github.com/kurier-io/kurier/plugins/registry"
	"github.com/kurier-io/kurier/runtime/herder"
	"github.com/kurier-io/kurier/runtime/herder/distributed"
	"github.com/kurier-io/kurier/runtime/herder/standalone"
	"github.com/kurier-io/kurier/runtime/kafka"
	"github.com/kurier-io/kurier/runtime/membership"
	"github.com/kurier-io/kurier/runtime/rest"
	"github.com/kurier-io/kurier/runtime/settings"
	"github.com/kurier-io/kurier/runtime/store"
	"github.com/kurier-io/kurier/runtime/store/kafkastore"
	"github.com/kurier-io/kurier/runtime/validation"
	"github.com/kurier-io/kurier/runtime/worker"
)

// A workerNode holds the parts of a worker while it runs.
type workerNode struct {
	cfg     Config
	s       *settings.Worker
	log     *slog.Logger
	clients *kafka.Clients
	metrics http.Handler // of the included broker; nil: none
	reg     *registry.Registry
	host    *host.Host
	listen  []net.Listener
	id, url string

	herder   *distributed.Herder
	worker   *worker.Worker
	configs  *store.Configs
	offsets  *store.Offsets
	statuses *store.Statuses
	logs     []*kafkastore.TopicLog
}

// startTimeout bounds reading the cluster's state at start.
const startTimeout = 5 * time.Minute

// newWorkerNode does what needs no Kafka: listeners, plugins, settings.
func newWorkerNode(ctx context.Context, cfg Config, dial kafka.Dialer) (_ *workerNode, err error) {
	n := &workerNode{cfg: cfg, s: cfg.Worker, log: cfg.Logger, clients: &kafka.Clients{Worker: cfg.Worker, Dial: dial}, reg: registry.New()}
	defer func() {
		if err != nil {
			err = errors.Join(err, n.close())
		}
	}()
	if err := n.clients.Check(); err != nil {
		return nil, err
	}
	for _, l := range n.s.REST.Listeners {
		if l.Scheme != "http" {
			return nil, fmt.Errorf("listeners: %s: only http is supported so far", l)
		}
		lis, err := net.Listen("tcp", l.Addr())
		if err != nil {
			return nil, &ListenError{Addr: l.Addr(), Err: err}
		}
		n.listen = append(n.listen, lis)
	}
	if len(n.listen) == 0 {
		return nil, errors.New("listeners: name at least one, for example http://127.0.0.1:8083")
	}
	hostName, port := advertised(n.s, n.listen[0].Addr())
	n.id = hostPort(hostName, port)
	n.url = "http://" + n.id + "/"
	if n.host, err = host.New(host.Config{Logger: n.log}); err != nil {
		return nil, err
	}
	entries := append(n.host.AddBundled(cfg.Bundled...), cfg.InWorker...)
	scanned, err := n.host.Scan(ctx, n.s.PluginPath)
	if err != nil {
		return nil, err
	}
	return n, n.reg.Add(append(entries, scanned...)...)
}

// A ListenError says that an address cannot be listened on.
type ListenError struct {
	Addr string
	Err  error
}

func (e *ListenError) Error() string {
	return fmt.Sprintf("cannot listen on %s: %v; is another worker running there? choose another address with --rest or listeners", e.Addr, e.Err)
}

// Unwrap returns the cause.
func (e *ListenError) Unwrap() error { return e.Err }

// close releases everything; what is released already stays so.
func (n *workerNode) close() error {
	var errs []error
	for _, l := range n.listen {
		if err := l.Close(); !errors.Is(err, net.ErrClosed) {
			errs = append(errs, err)
		}
	}
	if n.host != nil {
		errs = append(errs, n.host.Close())
		n.host = nil
	}
	for _, l := range n.logs {
		l.Close()
	}
	n.logs = nil
	return errors.Join(errs...)
}

// run serves until ctx is done. REST answers once the cluster's state was read, before the worker has joined its group.
func (n *workerNode) run(ctx context.Context, ready func()) (err error) {
	defer func() { err = errors.Join(err, n.close()) }()
	starting, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	if err := n.build(starting); err != nil {
		if ctx.Err() != nil {
			return nil
		}
		return err
	}
	group, runGroup, err := n.group()
	if err != nil {
		return err
	}
	n.herder.Attach(n.configs, group, n.worker)
	server, err := rest.New(rest.Config{Herder: n.herder, Settings: n.s.REST, URL: n.url, Logger: n.log, Metrics: n.metrics})
	if err != nil {
		return err
	}
	if err := n.replay(starting); err != nil {
		return err
	}
	return run(ctx,
		service{"group", func(ctx context.Context, ready func()) error { ready(); return runGroup(ctx) }},
		service{"herder", func(ctx context.Context, ready func()) error { ready(); return n.herder.Run(ctx) }},
		service{"rest", func(ctx context.Context, restReady func()) error {
			restReady()
			return server.Serve(ctx, n.listen...)
		}},
		service{"connectors", func(ctx context.Context, up func()) error {
			if err := n.create(ctx); err != nil {
				return err
			}
			up()
			ready()
			<-ctx.Done()
			return nil
		}},
	)
}

// build makes stores, worker and herder.
func (n *workerNode) build(ctx context.Context) error {
	clusterID := ""
	if n.s.Distributed {
		id, err := n.prepareTopics(ctx)
		if err != nil {
			return err
		}
		clusterID = id
	}
	policy, err := kafka.ParseOverridePolicy(n.s.OverridePolicy, n.s.OverrideAllowlist)
	if err != nil {
		return err
	}
	v := validation.New(validation.Config{Registry: n.reg, Plugins: n.host, Policy: policy, Group: n.s.Group.ID})
	n.openStores()
	n.herder = distributed.New(distributed.Config{
		Settings: n.s, WorkerID: n.id, Registry: n.reg, Validator: v, Secrets: v, Sinks: groupOffsets{n.s, n.clients}, Peer: rest.NewPeer(),
		Statuses: n.statuses, Offsets: n.offsets, Logger: n.log,
		Server: herder.ServerInfo{Version: KafkaVersion + "-kurier." + n.cfg.Version, Commit: n.cfg.Commit, KafkaClusterID: clusterID},
	})
	n.worker = worker.New(worker.Config{
		Settings: n.s, Registry: n.reg, Host: n.host, Clients: n.clients, Offsets: n.offsets, Policy: policy,
		Statuses: n.herder, Connectors: n.herder, Logger: n.log,
	})
	return nil
}

// openStores makes the three stores. The config store calls the herder, which is made after it.
func (n *workerNode) openStores() {
	listen := func(u store.ConfigUpdate) { n.herder.OnConfig(u) }
	if !n.s.Distributed {
		n.configs = store.NewConfigs(store.NewMemoryLog(), listen, n.log)
		n.statuses = store.NewStatuses(store.NewMemoryLog(), n.log)
		n.offsets = store.NewOffsets(store.NewFileLog(n.s.OffsetStorageFile), n.log)
		return
	}
	g := n.s.Group
	var l *kafkastore.TopicLog
	n.configs, l = kafkastore.NewConfigs(n.clients, g.ConfigTopic.Name, listen, n.log)
	n.logs = append(n.logs, l)
	n.statuses, l = kafkastore.NewStatuses(n.clients, g.StatusTopic.Name, n.log)
	n.logs = append(n.logs, l)
	n.offsets, l = kafkastore.NewOffsets(n.clients, g.OffsetTopic.Name, n.log)
	n.logs = append(n.logs, l)
}

// replay reads the stores to their ends, offsets first, as Kafka Connect does.
func (n *workerNode) replay(ctx context.Context) error {
	for _, s := range []struct {
		what  string
		start func(context.Context) error
	}{{"offsets", n.offsets.Start}, {"statuses", n.statuses.Start}, {"configurations", n.configs.Start}} {
		if err := s.start(ctx); err != nil {
			return fmt.Errorf("reading %s: %w", s.what, err)
		}
	}
	return nil
}

// prepareTopics creates or checks the internal topics, and returns the Kafka cluster's id.
func (n *workerNode) prepareTopics(ctx context.Context) (string, error) {
	client, err := kgo.NewClient(n.clients.Internal("shared-admin")...)
	if err != nil {
		return "", fmt.Errorf("admin client: %w", err)
	}
	defer client.Close()
	admin := kadm.NewClient(client)
	g := n.s.Group
	for _, t := range []kafka.InternalTopic{
		{InternalTopic: g.OffsetTopic, Property: "offset.storage.topic", Purpose: "source connector offsets", Create: g.TopicCreation},
		{InternalTopic: g.StatusTopic, Property: "status.storage.topic", Purpose: "connector and task statuses", Create: g.TopicCreation},
		{InternalTopic: g.ConfigTopic, Property: "config.storage.topic", Purpose: "connector configurations", Single: true, Create: g.TopicCreation},
	} {
		if err := kafka.EnsureInternalTopic(ctx, admin, t); err != nil {
			return "", err
		}
	}
	meta, err := admin.BrokerMetadata(ctx)
	if err != nil {
		return "", fmt.Errorf("looking up the Kafka cluster at %v: %w", n.s.BootstrapServers, err)
	}
	return meta.Cluster, nil
}

// group returns the membership of the cluster and what runs it.
func (n *workerNode) group() (distributed.Group, func(context.Context) error, error) {
	if !n.s.Distributed {
		g := standalone.NewGroup(n.url, n.herder, n.herder)
		return g, g.Run, nil
	}
	g := n.s.Group
	protocol, err := membership.ParseProtocol(g.Protocol)
	if err != nil {
		return nil, nil, err
	}
	m, err := membership.New(membership.Config{
		Group: g.ID, URL: n.url, Protocol: protocol, Client: n.clients.Member(n.id), Logger: n.log,
		SessionTimeout: g.SessionTimeout, RebalanceTimeout: g.RebalanceTimeout, HeartbeatInterval: g.HeartbeatInterval,
		RequestTimeout: g.RequestTimeout, RetryBackoff: g.RetryBackoff, RetryBackoffMax: g.RetryBackoffMax, MaxDelay: g.ScheduledDelayMax,
	}, n.herder, n.herder)
	if err != nil {
		return nil, nil, err
	}
	return m, m.Run, nil
}

// create creates the connectors of the command line.
func (n *workerNode) create(ctx context.Context) error {
	for _, f := range n.cfg.Connectors {
		if _, _, err := n.herder.Put(ctx, f.Name, f.Config, store.TargetState(f.Initial), true); err != nil {
			return fmt.Errorf("connector file %s: %w", f.Path, err)
		}
	}
	return nil
}
