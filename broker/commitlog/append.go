package commitlog

import (
	"errors"
	"fmt"
	"time"

	"github.com/kurier-io/kurier/broker/wireproto"
)

// AppendOptions says what the log cannot see in a batch.
type AppendOptions struct {
	// TransactionV2: the producer runs KIP-890's transactions (Produce v12), so
	// its first batch here must have sequence 0.
	TransactionV2 bool
	// UseReserve lets the broker's own records, such as the outcome of a
	// transaction, into the space that Options.Reserve keeps free.
	UseReserve bool
}

// AppendResult tells where a batch is.
type AppendResult struct {
	BaseOffset    int64
	LastOffset    int64
	LogAppendTime int64 // -1 for CreateTime
	LogStart      int64
	Duplicate     bool

	log   *Log
	group *group // nil when there is nothing to wait for
}

// Append is AppendWith without options.
func (l *Log) Append(batch wireproto.Batch) (AppendResult, error) {
	return l.AppendWith(batch, AppendOptions{})
}

// AppendWith gives batch the next offsets, patches it in place and writes it. The
// batch must have passed Validate. Its memory belongs to the caller again when
// AppendWith returns. Nothing is durable until Wait says so. A retry of one of the
// producer's last five batches is not written again: the result tells where it
// went the first time.
//
// Errors: ErrProducerEpoch, ErrOutOfOrderSequence, ErrTxnState, ErrSegmentTooSmall,
// ErrDeleted, and ErrStorage, with ErrDiskFull when space is what lacks. After an
// error no offset was used and the producer's state is as before.
func (l *Log) AppendWith(batch wireproto.Batch, o AppendOptions) (AppendResult, error) {
	cfg := l.cfg.Load()
	if int64(len(batch)) > cfg.SegmentBytes {
		return AppendResult{}, fmt.Errorf("%w: %d bytes", ErrSegmentTooSmall, len(batch))
	}
	if batch.Control() {
		return AppendResult{}, fmt.Errorf("%w: control records go through AppendMarker", ErrInvalidRecord)
	}
	l.appendMu.Lock()
	defer l.appendMu.Unlock()
	if batch.ProducerID() >= 0 {
		dup, err := l.replay.prods.check(batch, o.TransactionV2)
		if err != nil {
			return AppendResult{}, err
		}
		if dup != nil {
			return l.duplicate(dup, cfg), nil
		}
	}
	now := time.Now()
	if err := l.store.admit(int64(len(batch)), now, o.UseReserve); err != nil {
		return AppendResult{}, err
	}
	return l.write(batch, cfg, now, nil)
}

// AppendMarker ends the open transaction of a producer: it appends a control
// batch and moves the last stable offset once that is visible. A marker is written
// even if the producer has no transaction here, and even into the disk reserve. One
// of a higher epoch than the producer's fences it: its sequences start again.
//
// Errors: ErrProducerEpoch for an epoch below the producer's, or under KIP-890 one
// that is not above it while a transaction is open (KAFKA-19999: once it has
// ended the same marker again is a harmless retry); ErrCoordinatorEpoch; ErrDeleted,
// ErrStorage and ErrDiskFull as with AppendWith.
func (l *Log) AppendMarker(m Marker) (AppendResult, error) {
	if m.ProducerID < 0 || m.Epoch < 0 {
		return AppendResult{}, fmt.Errorf("%w: marker of producer %d epoch %d", ErrInvalidRecord, m.ProducerID, m.Epoch)
	}
	l.appendMu.Lock()
	defer l.appendMu.Unlock()
	if err := l.replay.prods.checkMarker(m); err != nil {
		return AppendResult{}, err
	}
	now := time.Now()
	batch := wireproto.NewMarker(now.UnixMilli(), m.ProducerID, m.Epoch, wireproto.ControlMarker{Commit: m.Commit, CoordinatorEpoch: m.CoordinatorEpoch})
	if err := l.store.admit(int64(len(batch)), now, true); err != nil {
		return AppendResult{}, err
	}
	return l.write(batch, l.cfg.Load(), now, &m)
}

func (l *Log) duplicate(dup *sequenced, cfg *Config) AppendResult {
	res := AppendResult{LogAppendTime: -1, log: l, Duplicate: true, LogStart: l.LogStart(),
		LastOffset: dup.lastOffset, BaseOffset: dup.lastOffset - int64(dup.delta)}
	if cfg.LogAppendTime {
		res.LogAppendTime = dup.ts
	}
	if l.store.waits(cfg) {
		res.group = l.group // of the newest append, which is durable last
	}
	return res
}

// write appends a batch that was found good; m is set for a marker. Called with
// appendMu held.
func (l *Log) write(batch wireproto.Batch, cfg *Config, now time.Time, m *Marker) (AppendResult, error) {
	res := AppendResult{LogAppendTime: -1, log: l}
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
		if terr := seg.truncate(seg.size); terr != nil {
			l.torn = seg // cut before the next write
		}
		return AppendResult{}, l.store.storageError(err)
	}
	at := logPos{res.BaseOffset, seg.base, seg.size}
	end := logPos{res.LastOffset + 1, seg.base, at.pos + int64(len(batch))}
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
	switch {
	case m != nil:
		if entry, ok := l.replay.marker(*m, batch.MaxTimestamp(), at.offset, now.UnixMilli()); ok {
			seg.aborted = append(seg.aborted, entry)
		}
	case batch.ProducerID() >= 0:
		l.replay.data(batch, at, now.UnixMilli())
	}
	res.LogStart = l.logStart
	l.mu.Unlock()
	// A journal that refuses has failed or is closing: the log takes no more
	// appends, so the offset given out above is never seen.
	if err := l.enqueue(batch, seg, at.pos, end); err != nil {
		return AppendResult{}, err
	}
	if l.store.waits(cfg) {
		res.group = l.group
	}
	if l.store.journal == nil && cfg.FlushMessages == 1 {
		if err := l.syncBypassed(seg); err != nil {
			return AppendResult{}, l.store.fail(err)
		}
	}
	if l.store.opts.Durability != Fsync {
		l.advance(end)
	}
	return res, nil
}

// waits reports whether an append to a log of this configuration is acknowledged
// only when the journal was flushed.
func (s *Store) waits(cfg *Config) bool {
	return s.opts.Durability == Fsync || s.opts.Durability == Interval && cfg.FlushMessages == 1
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
	_, err := j.add(e, logEnd{log: l, end: end, seg: seg}, bypass)
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

// Wait blocks until the append is durable under the store's durability, or
// done is closed. It returns nil at once when nothing is to be waited for.
func (r AppendResult) Wait(done <-chan struct{}) error {
	if r.group == nil || r.log.store.opts.Durability == Fsync && r.log.HighWatermark() > r.LastOffset {
		return nil
	}
	select {
	case <-r.group.done:
		return r.group.err
	default:
	}
	if j := r.log.store.journal; j.every > 0 {
		j.hurry()
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
