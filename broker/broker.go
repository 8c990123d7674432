package broker

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"strconv"
	"sync"
	"time"

	"github.com/kurier-io/kurier/broker/commitlog"
	"github.com/kurier-io/kurier/broker/group"
	"github.com/kurier-io/kurier/broker/metadata"
	"github.com/kurier-io/kurier/broker/server"
	"github.com/kurier-io/kurier/broker/vfs"
)

// Broker is a running node. New opens it; it serves in-memory connections from
// then on, and TCP while Run runs.
type Broker struct {
	cfg    Config
	logger *slog.Logger
	lock   *dirLock
	disk   *vfs.Disk
	meta   *metadata.Store
	logs   *commitlog.Store
	groups *group.Coordinator
	srv    *server.Server
	ln     net.Listener
	once   sync.Once
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
	if cfg.Listen != "" {
		if b.ln, err = net.Listen("tcp", cfg.Listen); err != nil {
			return &ListenError{Addr: cfg.Listen, Err: err}
		}
		cfg.advertise(b.ln.Addr())
	} else {
		cfg.advertise(nil)
	}
	if b.disk, err = vfs.NewDisk(cfg.DataDir); err != nil {
		return err
	}
	if b.meta, err = metadata.Open(b.disk); err != nil {
		return fmt.Errorf("broker: metadata: %w", err)
	}
	if b.meta.Fresh() && commitlog.Exists(b.disk) {
		return fmt.Errorf("broker: %s holds partitions but its metadata is missing; restore metadata/log from a copy, or start on an empty directory", cfg.DataDir)
	}
	scfg := server.Config{
		NodeID: cfg.NodeID, AdvertisedHost: cfg.AdvertisedHost, AdvertisedPort: int32(cfg.AdvertisedPort),
		NumPartitions: int32(cfg.NumPartitions), AutoCreateTopics: cfg.AutoCreateTopics,
		MaxRequestBytes: cfg.MaxRequestBytes, MaxInflightBytes: cfg.MaxInflightBytes, LogDir: cfg.DataDir,
		Durability: string(cfg.Durability), TopicDefaults: cfg.TopicDefaults, Logger: b.logger,
	}
	if b.logs, err = b.openLogs(scfg); err != nil {
		return err
	}
	b.srv = server.New(scfg, b.meta, b.logs)
	b.groups = group.NewCoordinator(&groupLog{b.srv, b.logs}, group.DefaultLimits(), cfg.OffsetsRetention, b.logger)
	if t := b.meta.Topic(server.OffsetsTopicName); t != nil {
		if err := loadGroups(b.groups, b.logs, t); err != nil {
			return err
		}
	}
	b.groups.Start()
	b.groups.Expel(context.Background(), "/"+inProcess)
	b.srv.SetGroups(b.groups)
	b.logger.Info("broker ready", "listen", b.Addr(), "advertised", b.advertised(), "data", cfg.DataDir,
		"durability", cfg.Durability, "cluster", b.meta.ClusterID(), "topics", len(b.meta.Topics()))
	return nil
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
	opts := commitlog.Options{FS: b.disk, Durability: b.cfg.Durability, FlushInterval: b.cfg.FlushInterval, Logger: b.logger}
	logs, err := commitlog.Open(opts, specs, b.meta.Epoch(), b.meta.NextEpoch)
	if err != nil {
		return nil, fmt.Errorf("broker: %w", err)
	}
	return logs, nil
}

// abandon releases what open had taken when it failed.
func (b *Broker) abandon() error {
	var errs []error
	if b.ln != nil {
		errs = append(errs, b.ln.Close())
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
	serveErr := make(chan error, 1)
	if b.ln != nil {
		wg.Go(func() { serveErr <- b.srv.Serve(b.ln) })
	}
	ctx, cancel := context.WithCancel(ctx)
	wg.Go(func() { b.housekeeping(ctx) })
	var errs []error
	select {
	case <-ctx.Done():
	case err := <-serveErr:
		errs = append(errs, err)
	}
	cancel()
	if b.ln != nil {
		if err := b.ln.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
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

// Addr is the bound address, or the advertised one without a TCP listener.
func (b *Broker) Addr() string {
	if b.ln != nil {
		return b.ln.Addr().String()
	}
	return b.advertised()
}

func (b *Broker) advertised() string {
	return net.JoinHostPort(b.cfg.AdvertisedHost, strconv.Itoa(b.cfg.AdvertisedPort))
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
	b.srv.ServeConn(srv)
	return client, nil
}
