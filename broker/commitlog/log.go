package commitlog

import (
	"errors"
	"fmt"
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
	prods     producers
	group     *group // that carries the newest append; journal.mu guards writes
	groupIdx  int
	dirMade   bool
	lastStamp int64 // newest LogAppendTime given out

	// mu guards what readers see. It is never held across a wait.
	mu       sync.RWMutex
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

// AppendResult tells where a batch is.
type AppendResult struct {
	BaseOffset    int64
	LastOffset    int64
	LogAppendTime int64 // -1 for CreateTime
	LogStart      int64
	Duplicate     bool

	log   *Log
	group *group
}

// ID names the partition.
func (l *Log) ID() ID { return l.id }

// Topic is the name of the topic.
func (l *Log) Topic() string { return l.name }

// Config is the configuration in force.
func (l *Log) Config() Config { return *l.cfg.Load() }

// SetConfig changes the configuration.
func (l *Log) SetConfig(c Config) { l.cfg.Store(&c) }

// Append gives batch the next offsets, patches it in place and writes it. The
// batch must have passed Validate. Its memory belongs to the caller again when
// Append returns. Nothing is durable until Wait says so.
func (l *Log) Append(batch wireproto.Batch) (AppendResult, error) {
	cfg := l.cfg.Load()
	if int64(len(batch)) > cfg.SegmentBytes {
		return AppendResult{}, fmt.Errorf("%w: %d bytes", ErrSegmentTooSmall, len(batch))
	}
	l.appendMu.Lock()
	defer l.appendMu.Unlock()
	res := AppendResult{LogAppendTime: -1, log: l}
	if batch.ProducerID() >= 0 && !batch.Control() {
		dup, err := l.prods.check(batch)
		if err != nil {
			return AppendResult{}, err
		}
		if dup != nil {
			res.Duplicate = true
			res.LastOffset, res.BaseOffset = dup.lastOffset, dup.lastOffset-int64(dup.delta)
			if cfg.LogAppendTime {
				res.LogAppendTime = dup.ts
			}
			res.group = l.group
			res.LogStart = l.LogStart()
			return res, nil
		}
	}
	now := time.Now()
	if cfg.LogAppendTime {
		l.lastStamp = max(l.lastStamp, now.UnixMilli())
		res.LogAppendTime = l.lastStamp
		batch.SetLogAppendTime(l.lastStamp)
	}
	seg, err := l.writable(batch, cfg, now)
	if err != nil {
		return AppendResult{}, err
	}
	epoch := l.store.epoch
	batch.SetBaseOffset(l.next)
	batch.SetLeaderEpoch(epoch)
	res.BaseOffset, res.LastOffset = l.next, batch.LastOffset()
	if err := seg.writeAt(batch, seg.size); err != nil {
		return AppendResult{}, fmt.Errorf("%w: %w", ErrStorage, err)
	}
	pos := seg.size
	end := logPos{res.LastOffset + 1, seg.base, pos + int64(len(batch))}
	if batch.ProducerID() >= 0 {
		l.prods.note(batch)
	}
	l.mu.Lock()
	if seg.size == 0 {
		seg.born = now
		l.dirDirty = true // the write above made the file
	}
	seg.note(res.LastOffset, batch.MaxTimestamp(), batch.BaseTimestamp(), int64(len(batch)), cfg.IndexIntervalBytes)
	l.next = end.offset
	if l.epochs.note(epoch, res.BaseOffset) {
		l.epochDue = true
	}
	res.LogStart = l.logStart
	l.mu.Unlock()
	// A journal that refuses has failed or is closing: the log takes no more
	// appends, so the offset given out above is never seen.
	if err := l.enqueue(batch, seg, pos, end); err != nil {
		return AppendResult{}, err
	}
	res.group = l.group
	if l.store.opts.Durability != Fsync {
		l.advance(end)
	}
	return res, nil
}

// enqueue hands the written batch to the journal. Called with appendMu held.
func (l *Log) enqueue(batch wireproto.Batch, seg *segment, pos int64, end logPos) error {
	j := l.store.journal
	if j == nil {
		return nil
	}
	e := entry{id: l.id, baseOffset: batch.BaseOffset(), segBase: seg.base, pos: pos, length: uint32(len(batch))}
	var bypass *segment
	if len(batch) >= l.store.opts.BypassBytes {
		e.extent, e.crc, bypass = true, batch.CRC(), seg
	} else {
		e.data = batch
	}
	_, err := j.add(e, logEnd{l, end}, bypass)
	return err
}

// syncBypassed makes a segment durable that the journal will only refer to, its
// directory entry included.
func (l *Log) syncBypassed(seg *segment) error {
	l.mu.Lock()
	dir := l.dirDirty
	l.dirDirty = false
	l.mu.Unlock()
	seg.dirty.Store(true) // whatever a checkpoint does meanwhile
	if err := seg.sync(); err != nil || !dir {
		return err
	}
	if err := l.fs.SyncDir(l.dir); err != nil {
		return err
	}
	return l.fs.SyncDir(".")
}

// writable returns the active segment, rolling it first if the batch must not
// go there. Called with appendMu held.
func (l *Log) writable(batch wireproto.Batch, cfg *Config, now time.Time) (*segment, error) {
	seg := l.active()
	if seg == nil {
		return nil, ErrDeleted
	}
	if !l.dirMade {
		if err := l.makeDir(); err != nil {
			return nil, fmt.Errorf("%w: %w", ErrStorage, err)
		}
	}
	full := seg.size > 0 && (seg.size+int64(len(batch)) > cfg.SegmentBytes ||
		seg.next+int64(batch.LastOffsetDelta())-seg.base > 1<<31-1 || l.aged(seg, cfg, now))
	if !full {
		return seg, nil
	}
	if err := l.roll(); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrStorage, err)
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
// for one that was there at the start, by its first timestamp.
func (l *Log) aged(seg *segment, cfg *Config, now time.Time) bool {
	if !seg.born.IsZero() {
		return now.Sub(seg.born).Milliseconds() > cfg.SegmentMillis
	}
	return seg.firstTS >= 0 && now.UnixMilli()-seg.firstTS > cfg.SegmentMillis
}

// roll seals the active segment. Called with appendMu held.
func (l *Log) roll() error {
	old := l.active()
	l.mu.Lock()
	old.finishIndex()
	l.mu.Unlock()
	if err := old.writeIndex(); err != nil {
		return err
	}
	s := newSegment(l.fs, l.dir, l.next)
	if err := writePlain(l.fs, s.path+".snapshot", l.prods.encode()); err != nil {
		return err
	}
	l.prods.expire(time.Now().UnixMilli())
	l.mu.Lock()
	defer l.mu.Unlock()
	old.idx, old.indexDirty = nil, true
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

// Wait blocks until the append is durable under the store's durability, or
// done is closed. It returns nil at once when nothing is to be waited for.
func (r AppendResult) Wait(done <-chan struct{}) error {
	if r.log == nil || r.log.store.opts.Durability != Fsync || r.log.HighWatermark() > r.LastOffset || r.group == nil {
		return nil
	}
	select {
	case <-r.group.done:
		return r.group.err
	default:
	}
	select {
	case <-r.group.done:
		return r.group.err
	case <-done:
		return ErrTimeout
	}
}

// ErrTimeout reports a Wait that was given up.
var ErrTimeout = errors.New("commitlog: not durable in time")

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

// Watch makes the log send to ch, without blocking, whenever its high watermark
// moves or it is deleted. Unwatch ends that.
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
