package commitlog

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/kurier-io/kurier/broker/vfs"
	"github.com/kurier-io/kurier/broker/wireproto"
)

// TestAppendReadCleanTogether runs writers, readers, retention, compaction and
// checkpoints at once; it is for the race detector, and checks what readers see.
func TestAppendReadCleanTogether(t *testing.T) {
	compacted, limited := smallConfig(), smallConfig()
	compacted.Delete, compacted.Compact = false, true
	limited.RetentionBytes = 64 << 10
	parts := specs(smallConfig(), compacted, limited)
	s := mustOpen(t, smallOptions(vfs.NewMem()), parts, &epochCounter{})
	const appends = 800
	var writers, others sync.WaitGroup
	stop := make(chan struct{})
	for _, p := range parts {
		l := s.Log(p.ID)
		for w := range 2 {
			writers.Go(func() {
				for i := range appends {
					res, err := l.Append(batchOf(fmt.Appendf(nil, "k%d", i%30), fmt.Appendf(nil, "%d-%0100d", w, i)))
					if err == nil && i%7 == 0 {
						err = res.Wait(nil)
					}
					if err != nil {
						t.Error(err)
						return
					}
				}
			})
		}
		others.Go(func() { tail(t, l, stop) })
	}
	others.Go(func() {
		for {
			select {
			case <-stop:
				return
			case <-time.After(5 * time.Millisecond):
				if err := s.Clean(time.Now()); err != nil {
					t.Error(err)
				}
				s.closeIdle(0)
			}
		}
	})
	writers.Wait()
	close(stop)
	others.Wait()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	for _, p := range parts {
		if hw := s.Log(p.ID).HighWatermark(); hw != 2*appends {
			t.Errorf("partition %d ends at %d, want %d", p.Partition, hw, 2*appends)
		}
	}
}

// tail follows a log and fails on anything out of order or damaged.
func tail(t *testing.T, l *Log, stop <-chan struct{}) {
	wake := make(chan struct{}, 1)
	l.Watch(wake)
	defer l.Unwatch(wake)
	for at := int64(0); ; {
		at = max(at, l.LogStart())
		res, err := l.Read(at, 4<<10, true)
		if err != nil {
			if at < l.LogStart() {
				continue // retention overtook the reader
			}
			t.Errorf("read %d: %v", at, err)
			return
		}
		if len(res.Records) == 0 {
			select {
			case <-stop:
				return
			case <-wake:
			}
			continue
		}
		for rest := res.Records; len(rest) > 0; {
			var b wireproto.Batch
			if b, rest, err = wireproto.NextBatch(rest); err != nil || b.CheckCRC() != nil || b.LastOffset() < at {
				t.Errorf("at %d: batch %d to %d, %v", at, b.BaseOffset(), b.LastOffset(), err)
				return
			}
			at = b.LastOffset() + 1
		}
		res.Release()
	}
}

// TestTransactionsTogether runs transactions of several producers against a committed
// reader, compaction and checkpoints; it is for the race detector, and checks that
// the last stable offset only grows and bounds what the reader gets.
func TestTransactionsTogether(t *testing.T) {
	s, l := compactedLog(t)
	var writers, others sync.WaitGroup
	stop := make(chan struct{})
	for pid := range int64(3) {
		writers.Go(func() {
			for i := range int16(150) {
				for seq := range int32(3) {
					if _, err := l.AppendWith(transactionalKeyed(pid, i, seq), AppendOptions{TransactionV2: true}); err != nil {
						t.Error(err)
						return
					}
				}
				if _, err := l.AppendMarker(Marker{ProducerID: pid, Epoch: i + 1, Commit: i%2 == 0, V2: true}); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	others.Go(func() {
		stable := int64(0)
		for at := int64(0); ; {
			res, err := l.ReadCommitted(at, 4<<10, true)
			if err != nil || res.LastStable < stable {
				t.Errorf("read %d: last stable offset %d after %d, %v", at, res.LastStable, stable, err)
				return
			}
			stable = res.LastStable
			for rest := res.Records; len(rest) > 0; {
				var b wireproto.Batch
				if b, rest, err = wireproto.NextBatch(rest); err != nil || b.LastOffset() < at || b.LastOffset() >= stable {
					t.Errorf("at %d: batch to %d, last stable offset %d, %v", at, b.LastOffset(), stable, err)
					return
				}
				at = b.LastOffset() + 1
			}
			res.Release()
			_ = l.AvailableCommitted(at)
			select {
			case <-stop:
				return
			default:
			}
		}
	})
	others.Go(func() {
		for {
			select {
			case <-stop:
				return
			case <-time.After(5 * time.Millisecond):
				if err := s.Clean(time.Now()); err != nil {
					t.Error(err)
				}
				_, _ = l.Producers(), s.Healthy()
			}
		}
	})
	writers.Wait()
	close(stop)
	others.Wait()
	if err := s.Checkpoint(); err != nil {
		t.Error(err)
	}
	for _, p := range l.Producers() {
		if p.TxnStartOffset >= 0 || p.Epoch != 150 {
			t.Errorf("producer %+v", p)
		}
	}
}

func transactionalKeyed(pid int64, epoch int16, seq int32) wireproto.Batch {
	b := batchOf(fmt.Appendf(nil, "k%d", seq), fmt.Appendf(nil, "%0200d", epoch))
	info := b.Info()
	info.Attributes |= wireproto.AttrTransactional
	info.ProducerID, info.ProducerEpoch, info.BaseSequence = pid, epoch, seq
	wireproto.FinishBatch(b, info)
	return b
}
