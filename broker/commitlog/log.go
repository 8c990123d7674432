package commitlog

import (
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/kurier-io/kurier/broker/vfs"
	"github.com/kurier-io/kurier/broker/wireproto"
)

// logPos is a place in a log: the next offset and where it will be written.
type logPos struct {
	offset  int64
	segBase int64
	pos     int64
}

// Log is one partition. Append, Read and the look-ups may be called from any
// goroutine.
type Log struct {
	id     ID
	name   string // topic
	dir    string
	fs     vfs.FS
	store  *Store
	logger *slog.Logger
	cfg    atomic.Pointer[Config]

	// appendMu serialises appends and guards what only they need.
	appendMu  sync.Mutex
	torn      *segment // has bytes of a failed write after its end
	group     *group   // that carries the newest append; journal.mu guards writes
	groupIdx  int
	dirMade   bool
	lastStamp int64 // newest LogAppendTime given out

	// mu guards what readers see. It is never held across a wait.
	mu       sync.RWMutex
	replay   replayer   // appends change it with both locks held; readers use txns
	segs     []*segment // by base offset, the last one is active
	next     int64      // log end offset
	hw       logPos
	logStart int64
	epochs   epochs
	epochDue bool // leader-epoch-checkpoint is behind
	dirDirty bool // directory entries are not synced
	deleted  bool
	watchers map[chan<- struct{}]struct{}

	cleanMu      sync.Mutex // retention, compaction, checkpoint of this log
	cleanedTo    int64      // first offset that compaction has not seen
	checkpointed logState   // what the last checkpoint file says
}

// ID names the partition.
func (l *Log) ID() ID { return l.id }

// Topic is the name of the topic.
func (l *Log) Topic() string { return l.name }

// Config is the configuration in force.
func (l *Log) Config() Config { return *l.cfg.Load() }

// SetConfig changes the configuration.
func (l *Log) SetConfig(c Config) { l.cfg.Store(&c) }

// writable returns the active segment, rolling it first if the batch must not
// go there. Called with appendMu held.
func (l *Log) writable(batch wireproto.Batch, cfg *Config, now time.Time) (*segment, error) {
	seg := l.active()
	if seg == nil {
		return nil, ErrDeleted
	}
	if !l.dirMade {
		if err := l.makeDir(); err != nil {
			return nil, l.store.storageError(err)
		}
	}
	if l.torn == seg {
		if err := seg.truncate(seg.size); err != nil {
			return nil, l.store.storageError(err)
		}
		l.torn = nil
	}
	full := seg.size > 0 && (seg.size+int64(len(batch)) > cfg.SegmentBytes ||
		seg.next+int64(batch.LastOffsetDelta())-seg.base > 1<<31-1 || l.aged(seg, cfg, now))
	if !full {
		return seg, nil
	}
	if err := l.roll(now); err != nil {
		return nil, l.store.storageError(err)
	}
	return l.active(), nil
}

// active is the segment that appends go to, nil once the log is deleted.
func (l *Log) active() *segment {
	l.mu.RLock()
	defer l.mu.RUnlock()
	if l.deleted {
		return nil
	}
	return l.segs[len(l.segs)-1]
}

// aged reports a segment older than segment.ms, by the clock of this process or,
// for one that was there at the start, by its first timestamp. A compacted log
// rolls early enough for max.compaction.lag.ms, as in Kafka; segment.jitter.ms
// spreads the rolls of many partitions.
func (l *Log) aged(seg *segment, cfg *Config, now time.Time) bool {
	limit := cfg.SegmentMillis
	if cfg.Compact && cfg.MaxCompactionLagMillis > 0 {
		limit = min(limit, cfg.MaxCompactionLagMillis)
	}
	limit -= int64(seg.jitter * float64(min(cfg.SegmentJitterMillis, limit)))
	if !seg.born.IsZero() {
		return now.Sub(seg.born).Milliseconds() > limit
	}
	return seg.firstTS >= 0 && now.UnixMilli()-seg.firstTS > limit
}

// roll seals the active segment. Called with appendMu held. When it fails nothing
// has changed but files that the next roll writes again.
func (l *Log) roll(now time.Time) error {
	old := l.active()
	l.mu.Lock()
	old.finishIndex()
	l.mu.Unlock()
	if err := old.writeIndex(); err != nil {
		return err
	}
	s := newSegment(l.fs, l.dir, l.next)
	if err := writePlain(l.fs, s.path+producersSuffix, l.replay.prods.encode()); err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.replay.prods.expire(now.UnixMilli())
	old.idx, old.indexDirty, s.snapDirty = nil, true, true
	l.segs = append(l.segs, s)
	l.dirDirty = true
	return nil
}

func (l *Log) makeDir() error {
	if err := l.fs.MkdirAll(l.dir); err != nil {
		return err
	}
	if err := writePlain(l.fs, l.dir+"/partition.metadata", partitionMetadata(l.id.Topic)); err != nil {
		return err
	}
	l.mu.Lock()
	l.dirDirty = true
	l.mu.Unlock()
	l.dirMade = true
	return nil
}

// advance publishes a new high watermark. The journal calls it.
func (l *Log) advance(end logPos) {
	l.mu.Lock()
	l.publish(end)
	l.mu.Unlock()
}

func (l *Log) publish(end logPos) {
	if end.offset <= l.hw.offset {
		return
	}
	l.hw = end
	l.replay.txns.settle(end.offset)
	l.notify()
}

func (l *Log) notify() {
	for ch := range l.watchers {
		select {
		case ch <- struct{}{}:
		default:
		}
	}
}

// Watch makes the log send to ch, without blocking, whenever its high watermark or
// last stable offset moves or it is deleted. Unwatch ends that.
func (l *Log) Watch(ch chan<- struct{}) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.watchers == nil {
		l.watchers = map[chan<- struct{}]struct{}{}
	}
	l.watchers[ch] = struct{}{}
}

// Unwatch undoes Watch.
func (l *Log) Unwatch(ch chan<- struct{}) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.watchers, ch)
}

// HighWatermark is the offset up to which records are visible.
func (l *Log) HighWatermark() int64 {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.hw.offset
}

// LogStart is the first offset that can be read.
func (l *Log) LogStart() int64 {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.logStart
}

// Size is the number of bytes in the log's segments.
func (l *Log) Size() int64 {
	l.mu.RLock()
	defer l.mu.RUnlock()
	var n int64
	for _, s := range l.segs {
		n += s.size
	}
	return n
}

// EpochEnd answers OffsetForLeaderEpoch; -1, -1 when the epoch is unknown.
func (l *Log) EpochEnd(epoch int32) (int32, int64) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.epochs.end(epoch, l.store.epoch, l.hw.offset)
}

// Epoch is the current leader epoch.
func (l *Log) Epoch() int32 { return l.store.epoch }

// EpochAt is the leader epoch of the record at offset, -1 if unknown.
func (l *Log) EpochAt(offset int64) int32 {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.epochs.at(offset)
}
