package txn

import (
	"context"
	"hash/maphash"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"
)

// Config bounds what clients may ask for.
type Config struct {
	MaxTimeout  time.Duration // transaction.max.timeout.ms
	Expiration  time.Duration // transactional.id.expiration.ms
	MaxIDs      int           // transactional ids at a time
	MaxIDLength int           // bytes of a transactional id
	// Epoch is the leader epoch of the storage, which markers carry. It must not
	// be lower than at any time before.
	Epoch int32
}

// DefaultConfig has Kafka's defaults, and bounds where Kafka has none.
func DefaultConfig() Config {
	return Config{MaxTimeout: 15 * time.Minute, Expiration: 7 * 24 * time.Hour, MaxIDs: 100_000, MaxIDLength: 4096}
}

// Coordinator runs the transactional ids. Its methods may be called from any
// goroutine. They block while records are written, and then for the write only;
// once a change was begun it goes on even if ctx ends.
type Coordinator struct {
	config  Config
	storage Storage
	markers Markers
	pids    ProducerIDs
	offsets Offsets
	logger  *slog.Logger

	seed   maphash.Seed
	shards [64]shard
	count  atomic.Int64
}

type shard struct {
	mu  sync.RWMutex
	ids map[string]*shell
	_   [64]byte // shards do not share a cache line
}

// shell is one transactional id.
type shell struct {
	c  *Coordinator
	id string

	// appends is held for reading by Holds, and for writing while a decision to
	// end a transaction is written.
	appends sync.RWMutex
	view    atomic.Pointer[view] // of the open transaction, or nil
	next    atomic.Int64         // when Tick has something to do

	mu      sync.Mutex
	m       *Machine
	settled chan struct{} // closed when the pending extension is
	gone    bool
}

// view is what the hot path needs of an open transaction. It never changes.
type view struct {
	pid        int64
	epoch      int16
	partitions partitions
}

func (v *view) has(pid int64, epoch int16, tps []TopicPartition) bool {
	return v != nil && v.pid == pid && v.epoch == epoch && v.partitions.has(tps)
}

// NewCoordinator returns a coordinator without ids.
func NewCoordinator(config Config, storage Storage, markers Markers, pids ProducerIDs, offsets Offsets, logger *slog.Logger) *Coordinator {
	c := &Coordinator{config: config, storage: storage, markers: markers, pids: pids, offsets: offsets, logger: logger, seed: maphash.MakeSeed()}
	for i := range c.shards {
		c.shards[i].ids = map[string]*shell{}
	}
	return c
}

func (c *Coordinator) shard(id string) *shard {
	return &c.shards[maphash.String(c.seed, id)%uint64(len(c.shards))]
}

// find returns the shell of an id, or nil. created tells that it is new.
func (c *Coordinator) find(id string, create bool) (s *shell, created bool) {
	sh := c.shard(id)
	sh.mu.RLock()
	s = sh.ids[id]
	sh.mu.RUnlock()
	if s != nil || !create {
		return s, false
	}
	sh.mu.Lock()
	defer sh.mu.Unlock()
	if s := sh.ids[id]; s != nil {
		return s, false
	}
	s = &shell{c: c, id: id, m: NewMachine(c.config.MaxTimeout)}
	s.next.Store(never)
	sh.ids[id] = s
	c.count.Add(1)
	return s, true
}

func (c *Coordinator) remove(id string) {
	sh := c.shard(id)
	sh.mu.Lock()
	defer sh.mu.Unlock()
	if _, ok := sh.ids[id]; ok {
		delete(sh.ids, id)
		c.count.Add(-1)
	}
}

// lock returns a locked shell that is still part of the coordinator, or nil. The
// caller calls unlock.
func (c *Coordinator) lock(id string, create bool) *shell {
	for {
		s, _ := c.find(id, create)
		if s == nil {
			return nil
		}
		s.mu.Lock()
		if !s.gone {
			return s
		}
		s.mu.Unlock()
	}
}

// unlock publishes what the step changed, and drops an id that came to nothing.
func (s *shell) unlock() {
	s.publish()
	if s.m.pending == nil && s.m.meta.fresh() {
		s.gone = true
		s.c.remove(s.id)
	}
	s.mu.Unlock()
}

// publish makes the machine's state visible to the hot path and to Tick. Called
// with mu held.
func (s *shell) publish() {
	m := s.m
	s.next.Store(m.Next(s.c.config.Expiration))
	if m.meta.state == Ongoing && (m.pending == nil || m.extending()) {
		s.view.Store(&view{m.meta.producerID, m.meta.epoch, m.meta.partitions})
	} else {
		s.view.Store(nil)
	}
	if m.extending() == (s.settled == nil) {
		if s.settled == nil {
			s.settled = make(chan struct{})
			return
		}
		close(s.settled)
		s.settled = nil
	}
}

// settle ends the pending step after its write. Called with mu held.
func (s *shell) settle(err error) Code {
	if err == nil {
		s.m.Commit()
		return None
	}
	s.c.logger.Warn("transaction state not stored; the client or the next tick tries again",
		"transactional_id", s.id, "state", s.m.meta.state, "to", s.m.pending.state, "error", err)
	s.m.Cancel()
	return NotAvailable
}

// write makes a step durable that needs no markers.
func (s *shell) write(ctx context.Context, step Step) Code {
	err := s.c.storage.Append(context.WithoutCancel(ctx), s.id, record(s.id, step.write))
	s.mu.Lock()
	defer s.unlock()
	return s.settle(err)
}

// conclude makes a decision durable and carries it out: the three phases of the
// end of a transaction.
func (s *shell) conclude(ctx context.Context, decision Step) (metadata, Code) {
	s.appends.Lock() // appends that were verified come before the marker
	err := s.c.storage.Append(context.WithoutCancel(ctx), s.id, record(s.id, decision.write))
	s.appends.Unlock()
	s.mu.Lock()
	if code := s.settle(err); code != None {
		s.unlock()
		return metadata{}, code
	}
	step := s.m.Complete(time.Now())
	s.unlock()
	return s.complete(ctx, step)
}

// complete writes the markers of a decided transaction and then Complete*. After
// a failure the id stays in Prepare*, and Tick tries again.
func (s *shell) complete(ctx context.Context, step Step) (metadata, Code) {
	var err error
	if len(step.Partitions) > 0 {
		marker := *step.Marker
		marker.CoordinatorEpoch = s.c.config.Epoch
		err = s.c.markers.Write(context.WithoutCancel(ctx), marker, step.Partitions)
	}
	if err == nil {
		err = s.c.storage.Write(s.id, record(s.id, step.write))
	}
	s.mu.Lock()
	defer s.unlock()
	if s.settle(err) != None {
		return metadata{}, ConcurrentTransactions
	}
	return s.m.meta, None
}
