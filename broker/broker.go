package broker

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/kurier-io/kurier/broker/commitlog"
	"github.com/kurier-io/kurier/broker/group"
	"github.com/kurier-io/kurier/broker/metadata"
	"github.com/kurier-io/kurier/broker/metrics"
	"github.com/kurier-io/kurier/broker/security/acl"
	"github.com/kurier-io/kurier/broker/security/tlsfiles"
	"github.com/kurier-io/kurier/broker/server"
	"github.com/kurier-io/kurier/broker/txn"
	"github.com/kurier-io/kurier/broker/vfs"
)

// Broker is a running node. New opens it; it serves in-memory connections from
// then on, and TCP while Run runs.
type Broker struct {
	cfg     Config
	logger  *slog.Logger
	lock    *dirLock
	disk    *vfs.Disk
	meta    *metadata.Store
	logs    *commitlog.Store
	groups  *group.Coordinator
	txns    *txn.Coordinator
	srv     *server.Server
	lns     []net.Listener
	ways    []*server.Listener // of lns, then that of Dial
	metrics *metrics.Metrics
	once    sync.Once
}

// New validates the configuration, locks the data directory, recovers it and
// binds the listener. Errors: *LockedError, *ListenError, *commitlog.CorruptError
// or plain ones.
func New(cfg Config) (*Broker, error) {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return nil, err
	}
	b := &Broker{cfg: cfg, logger: cfg.Logger}
	if err := b.open(); err != nil {
		return nil, errors.Join(err, b.abandon())
	}
	return b, nil
}

func (b *Broker) open() error {
	cfg := &b.cfg
	if err := os.MkdirAll(cfg.DataDir, 0o750); err != nil {
		return fmt.Errorf("broker: data directory: %w", err)
	}
	var err error
	if b.lock, err = lockDir(cfg.DataDir); err != nil {
		return err
	}
	// Before recovery, which may take long, so that a taken address is known at
	// once; clients that connect meanwhile wait.
	if err := b.listen(); err != nil {
		return err
	}
	if b.disk, err = vfs.NewDisk(cfg.DataDir); err != nil {
		return err
	}
	if err := checkFormat(b.disk, cfg.DataDir); err != nil {
		return err
	}
	if b.meta, err = metadata.Open(b.disk); err != nil {
		return fmt.Errorf("broker: metadata: %w", err)
	}
	if b.meta.Fresh() && commitlog.Exists(b.disk) {
		return fmt.Errorf("broker: %s holds partitions but its metadata is missing; restore metadata/log from a copy, or start on an empty directory", cfg.DataDir)
	}
	if err := writeFormat(b.disk, b.meta.ClusterID(), cfg.NodeID); err != nil {
		return err
	}
	b.metrics = metrics.New(observed{b})
	scfg, err := b.serverConfig()
	if err != nil {
		return err
	}
	scfg.Observer = b.metrics
	if b.logs, err = b.openLogs(scfg); err != nil {
		return err
	}
	b.srv = server.New(scfg, b.meta, b.logs)
	b.groups = group.NewCoordinator(&groupLog{internalLog{b.srv, b.logs, server.OffsetsTopicName}}, group.DefaultLimits(), cfg.OffsetsRetention, b.logger)
	b.groups.SetConsumer(b.srv, b.srv.GroupConfig)
	markers := &markerLog{b.meta, b.logs, b.groups, b.logger}
	limits := txn.DefaultConfig()
	limits.MaxTimeout, limits.Epoch = cfg.TransactionMaxTimeout, b.logs.Epoch()
	b.txns = txn.NewCoordinator(limits, &txnLog{internalLog{b.srv, b.logs, server.TransactionsTopicName}}, markers, b.meta, offsetsPartition{b.srv}, b.logger)
	b.srv.SetCoordinators(b.groups, b.txns, markers)
	if err := b.loadGroups(); err != nil {
		return err
	}
	if err := b.loadTransactions(); err != nil {
		return err
	}
	b.groups.Start()
	b.groups.Expel(context.Background(), "/"+inProcess)
	b.logger.Info("broker ready", "listen", b.Addr(), "advertised", b.advertised(), "data", cfg.DataDir,
		"durability", cfg.Durability, "cluster", b.meta.ClusterID(), "topics", len(b.meta.Topics()))
	return nil
}

// listen binds the listeners and loads their certificates.
func (b *Broker) listen() error {
	inside := &server.Listener{Name: "INPROC", AdvertisedHost: "127.0.0.1", AdvertisedPort: 9092, Trusted: true}
	for i := range b.cfg.Listeners {
		l := &b.cfg.Listeners[i]
		way := &server.Listener{Name: l.Name, Mechanisms: l.Mechanisms}
		if l.TLS != nil {
			var err error
			if way.TLS, err = tlsfiles.Load(*l.TLS, b.logger); err != nil {
				return fmt.Errorf("broker: listener %s: %w", l.Name, err)
			}
		}
		ln, err := net.Listen("tcp", l.Addr)
		if err != nil {
			return &ListenError{Addr: l.Addr, Err: err}
		}
		l.advertise(ln.Addr())
		way.AdvertisedHost, way.AdvertisedPort = l.AdvertisedHost, int32(l.AdvertisedPort)
		b.lns, b.ways = append(b.lns, ln), append(b.ways, way)
		if i == 0 {
			inside.AdvertisedHost, inside.AdvertisedPort = way.AdvertisedHost, way.AdvertisedPort
		}
		if l.Insecure {
			b.logger.Warn("kurier.allow.insecure.listeners=true: whoever reaches this listener may read and write all data", "listener", l.Name, "addr", ln.Addr().String())
		}
	}
	b.ways = append(b.ways, inside)
	return nil
}

func (b *Broker) serverConfig() (server.Config, error) {
	cfg := &b.cfg
	out := server.Config{
		NodeID: cfg.NodeID, NumPartitions: int32(cfg.NumPartitions), AutoCreateTopics: cfg.AutoCreateTopics,
		MaxRequestBytes: cfg.MaxRequestBytes, MaxInflightBytes: cfg.MaxInflightBytes, LogDir: cfg.DataDir,
		Durability: string(cfg.Durability), TopicDefaults: cfg.TopicDefaults, ClampReplication: cfg.ClampReplication, Logger: b.logger,
		MaxConnections: cfg.MaxConnections, MaxConnectionsPerIP: cfg.MaxConnectionsPerIP, IdleTimeout: cfg.IdleTimeout, ReauthAfter: cfg.ReauthAfter,
	}
	var advertised []string
	for _, l := range cfg.Listeners {
		advertised = append(advertised, fmt.Sprintf("%s://%s", l.Name, net.JoinHostPort(l.AdvertisedHost, strconv.Itoa(l.AdvertisedPort))))
		for _, m := range l.Mechanisms {
			if !slices.Contains(out.Mechanisms, m) {
				out.Mechanisms = append(out.Mechanisms, m)
			}
		}
	}
	out.AdvertisedListeners = strings.Join(advertised, ",")
	if cfg.Authorize {
		out.Authorizer = acl.NewAuthorizer(cfg.SuperUsers, cfg.AllowWithoutACLs)
	}
	var err error
	out.PlainUsers, err = hashed(cfg.PlainUsers)
	cfg.PlainUsers = nil // the passwords are not needed any more
	return out, err
}

func (b *Broker) openLogs(scfg server.Config) (*commitlog.Store, error) {
	var specs []commitlog.Spec
	for _, t := range b.meta.Topics() {
		cfg, err := server.LogConfig(scfg, t.Configs)
		if err != nil {
			return nil, fmt.Errorf("broker: topic %s: %w", t.Name, err)
		}
		for p := range t.Partitions {
			specs = append(specs, commitlog.Spec{ID: commitlog.ID{Topic: t.ID, Partition: p}, Name: t.Name, Config: cfg})
		}
	}
	opts := commitlog.Options{FS: b.disk, Durability: b.cfg.Durability, FlushInterval: b.cfg.FlushInterval, Logger: b.logger,
		OnFlush: b.metrics.Flushed, Progress: b.cfg.Progress, Reserve: b.cfg.DiskReserve}
	logs, err := commitlog.Open(opts, specs, b.meta.Epoch(), b.meta.NextEpoch)
	if err != nil {
		return nil, fmt.Errorf("broker: %w", err)
	}
	return logs, nil
}

// abandon releases what open had taken when it failed.
func (b *Broker) abandon() error {
	var errs []error
	for _, ln := range b.lns {
		errs = append(errs, ln.Close())
	}
	if b.groups != nil {
		b.groups.Close()
	}
	if b.logs != nil {
		errs = append(errs, b.logs.Close())
	}
	if b.meta != nil {
		errs = append(errs, b.meta.Close())
	}
	if b.disk != nil {
		errs = append(errs, b.disk.Close())
	}
	if b.lock != nil {
		errs = append(errs, b.lock.release())
	}
	return errors.Join(errs...)
}

// Run serves until ctx is done. Then it stops accepting, answers what is in
// flight, flushes, writes the clean-stop marker and releases the directory. It
// may be called once; a Broker that is not wanted after all is closed by Run
// with a context that is done.
func (b *Broker) Run(ctx context.Context) error {
	err := errors.New("broker: Run was called before")
	b.once.Do(func() { err = b.run(ctx) })
	return err
}

func (b *Broker) run(ctx context.Context) error {
	var wg sync.WaitGroup
	serveErr := make(chan error, len(b.lns))
	for i, ln := range b.lns {
		wg.Go(func() { serveErr <- b.srv.Serve(ln, b.ways[i]) })
	}
	ctx, cancel := context.WithCancel(ctx)
	wg.Go(func() { b.housekeeping(ctx) })
	wg.Go(func() { b.endTransactions(ctx) })
	var errs []error
	select {
	case <-ctx.Done():
	case err := <-serveErr:
		errs = append(errs, err)
	}
	cancel()
	for _, ln := range b.lns {
		if err := ln.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
			errs = append(errs, err)
		}
	}
	b.groups.Close() // answers parked joins, so that their connections can drain
	stop, cancelStop := context.WithTimeout(context.Background(), b.cfg.StopTimeout)
	defer cancelStop()
	b.srv.Shutdown(stop)
	wg.Wait()
	errs = append(errs, b.logs.Close(), b.meta.Close(), b.disk.Close(), b.lock.release())
	b.logger.Info("broker stopped", "error", errors.Join(errs...))
	return errors.Join(errs...)
}

// housekeeping applies retention, compaction and offset expiry.
func (b *Broker) housekeeping(ctx context.Context) {
	tick := time.NewTicker(b.cfg.CleanInterval)
	defer tick.Stop()
	expire := time.Now()
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-tick.C:
			if err := b.logs.Clean(now); err != nil {
				b.logger.Error("log cleaning failed; it is tried again", "error", err)
			}
			if now.Sub(expire) < 10*time.Minute {
				continue
			}
			expire = now
			if err := b.groups.Expire(ctx, now); err != nil {
				b.logger.Error("offset expiry failed; it is tried again", "error", err)
			}
		}
	}
}

// endTransactions aborts transactions past their timeout.
func (b *Broker) endTransactions(ctx context.Context) {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-tick.C:
			b.txns.Tick(ctx, now)
		}
	}
}

// Addr is the bound address of the first listener, or the advertised one without
// a listener.
func (b *Broker) Addr() string {
	if len(b.lns) > 0 {
		return b.lns[0].Addr().String()
	}
	return b.advertised()
}

// ListenerAddr is the bound address of a listener, empty if there is none of that
// name.
func (b *Broker) ListenerAddr(name string) string {
	for i, ln := range b.lns {
		if b.ways[i].Name == name {
			return ln.Addr().String()
		}
	}
	return ""
}

func (b *Broker) advertised() string {
	in := b.ways[len(b.ways)-1]
	return net.JoinHostPort(in.AdvertisedHost, strconv.Itoa(int(in.AdvertisedPort)))
}

// Dial returns an in-memory connection when address is the broker's own, and
// dials the network otherwise. It fits kgo.Dialer. Safe for concurrent use.
func (b *Broker) Dial(ctx context.Context, network, address string) (net.Conn, error) {
	if address != b.Addr() && address != b.advertised() {
		var d net.Dialer
		return d.DialContext(ctx, network, address)
	}
	if err := context.Cause(ctx); err != nil {
		return nil, err
	}
	client, srv := newPipe(address)
	b.srv.ServeConn(srv, b.ways[len(b.ways)-1])
	return client, nil
}
