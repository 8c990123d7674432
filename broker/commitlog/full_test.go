package commitlog

import (
	"errors"
	"math/rand/v2"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kurier-io/kurier/broker/vfs"
	"github.com/kurier-io/kurier/broker/wireproto"
)

// TestReserveRefusesAppends: below the reserve appends are refused and everything
// else goes on; above it they are taken again without help.
func TestReserveRefusesAppends(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fs, parts := vfs.NewMem(), specs(smallConfig())
		fs.SetCapacity(64 << 20)
		opts := smallOptions(fs)
		opts.Reserve = 8 << 20
		s := mustOpen(t, opts, parts, &epochCounter{})
		defer s.abort()
		l := s.Log(parts[0].ID)
		first := idempotent(1, 0, 0, 1)
		mustAppend(t, l, first)
		mustAppend(t, l, transactional(2, 0, 0, 1))
		if total, free, ok := s.Space(); !ok || total != 64<<20 || free <= 0 || free >= total {
			t.Errorf("space %d of %d, %v", free, total, ok)
		}
		if err := writePlain(fs, "foreign", make([]byte, 56<<20)); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		_, err := l.Append(batchOf(nil, []byte("x")))
		if !errors.Is(err, ErrDiskFull) || !errors.Is(err, ErrStorage) || !strings.Contains(err.Error(), "memory") {
			t.Fatalf("append below the reserve: %v", err)
		}
		if dup, err := l.Append(idempotent(1, 0, 0, 1)); err != nil || !dup.Duplicate {
			t.Errorf("retry of what is there: %v", err)
		}
		if _, err := l.AppendWith(batchOf(nil, []byte("x")), AppendOptions{UseReserve: true}); err != nil {
			t.Errorf("append into the reserve: %v", err)
		}
		mustMark(t, l, Marker{ProducerID: 2})
		if got := len(readAll(t, l)); got != 4 {
			t.Errorf("%d records, want 4", got)
		}
		if err := s.Checkpoint(); err != nil {
			t.Error("checkpoint:", err)
		}
		if err := s.Clean(time.Now()); err != nil {
			t.Error("retention:", err)
		}
		if err := s.Healthy(); err != nil {
			t.Error("a full disk is not ill health:", err)
		}
		if err := fs.Remove("foreign"); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		mustAppend(t, l, batchOf(nil, []byte("y")))
	})
}

// TestSegmentWriteWithoutSpaceIsUndone: a write that stores only a part is taken
// back, with its offset and the producer's state.
func TestSegmentWriteWithoutSpaceIsUndone(t *testing.T) {
	fs, parts, epochs := vfs.NewMem(), specs(smallConfig()), &epochCounter{}
	opts := smallOptions(fs)
	opts.Reserve = -1
	s := mustOpen(t, opts, parts, epochs)
	l := s.Log(parts[0].ID)
	mustAppend(t, l, transactional(1, 0, 0, 1))
	before := string(l.replay.prods.encode())
	fs.SetCapacity(1) // more than that is there: nothing fits
	if _, err := l.Append(transactional(1, 0, 1, 1)); !errors.Is(err, ErrDiskFull) {
		t.Fatalf("append without space: %v", err)
	}
	if _, err := l.AppendMarker(Marker{ProducerID: 1}); !errors.Is(err, ErrDiskFull) {
		t.Fatalf("marker without space: %v", err)
	}
	fs.SetCapacity(1 << 30)
	_, free, _ := s.Space()
	fs.SetCapacity(1<<30 - free + 30) // half a header
	if _, err := l.Append(transactional(1, 0, 1, 1)); !errors.Is(err, ErrDiskFull) {
		t.Fatalf("append with space for a part: %v", err)
	}
	if now := string(l.replay.prods.encode()); now != before {
		t.Error("the producer's state changed")
	}
	if b, err := fs.ReadFile(l.dir + "/" + segmentName(0) + ".log"); err != nil || int64(len(b)) != l.Size() {
		t.Errorf("the segment has %d bytes, the log says %d, %v", len(b), l.Size(), err)
	}
	fs.SetCapacity(0)
	if res := mustAppend(t, l, transactional(1, 0, 1, 1)); res.BaseOffset != 1 {
		t.Errorf("offset %d was used by a refused append", res.BaseOffset-1)
	}
	fs = fs.Crash(rand.New(rand.NewPCG(1, 1)))
	s.abort()
	s = mustOpen(t, smallOptions(fs), parts, epochs)
	defer s.abort()
	if got := len(readAll(t, s.Log(parts[0].ID))); got != 2 {
		t.Errorf("%d records after a crash, want 2", got)
	}
}

// large is a batch of one record that is flushed in place.
func large(pid int64, seq int32, size int) wireproto.Batch {
	b := wireproto.NewBatch(time.Now().UnixMilli(), wireproto.Record{Key: []byte("k"), Value: make([]byte, size)})
	info := b.Info()
	info.ProducerID, info.ProducerEpoch, info.BaseSequence = pid, 0, seq
	wireproto.FinishBatch(b, info)
	return b
}

// TestNoSpaceAtEveryWrite fails the n-th write for want of space, for every n of a
// run that rolls, checkpoints, cleans and closes. Nothing may be lost, offsets stay
// dense, and once there is space everything works again.
func TestNoSpaceAtEveryWrite(t *testing.T) {
	synctest.Test(t, failEveryWrite) // the journal waits for space
}

func failEveryWrite(t *testing.T) {
	compacted := smallConfig()
	compacted.Delete, compacted.Compact = false, true
	for n := 1; ; n++ {
		fs, parts, epochs := vfs.NewMem(), specs(smallConfig(), compacted), &epochCounter{}
		s := mustOpen(t, smallOptions(fs), parts, epochs)
		writes, failed := 0, ""
		fs.FailWith(func(op, name string) error {
			if op == "write" || op == "create" {
				if writes++; writes == n {
					failed = op + " " + name
					return syscall.ENOSPC
				}
			}
			return nil
		})
		full := func(what string, err error) {
			if err != nil && (failed == "" || !errors.Is(err, ErrDiskFull) && !errors.Is(err, syscall.ENOSPC)) {
				t.Fatalf("write %d (%s): %s: %v", n, failed, what, err)
			}
		}
		seq := [2]int32{}
		for i := range 24 {
			for p := range parts {
				l := s.Log(parts[p].ID)
				b := idempotent(1, 0, seq[p], 1)
				if i%8 == 7 {
					b = large(1, seq[p], 5<<10) // in place
				}
				res, err := l.Append(b)
				if full("append", err); err != nil {
					res, err = l.Append(b)
				}
				if err != nil || res.BaseOffset != int64(seq[p]) {
					t.Fatalf("write %d (%s): append after it: offset %d, %v", n, failed, res.BaseOffset, err)
				}
				if err := res.Wait(nil); err != nil {
					t.Fatalf("write %d (%s): %v", n, failed, err)
				}
				seq[p]++
			}
			if i%8 == 3 {
				full("checkpoint", s.Checkpoint())
			}
			if i%8 == 5 {
				for p := range parts {
					l := s.Log(parts[p].ID)
					l.appendMu.Lock()
					full("roll", l.roll(time.Now()))
					l.appendMu.Unlock()
				}
				full("clean", s.Clean(time.Now()))
			}
		}
		if err := s.Healthy(); err != nil {
			t.Fatalf("write %d (%s): %v", n, failed, err)
		}
		err := s.Close()
		full("close", err)
		if failed == "" {
			if n < 30 {
				t.Fatalf("only %d writes", n)
			}
			return
		}
		fs.FailWith(nil)
		s = mustOpen(t, smallOptions(fs.Crash(rand.New(rand.NewPCG(uint64(n), 1)))), parts, epochs)
		if hw := s.Log(parts[0].ID).HighWatermark(); hw != 24 {
			t.Fatalf("write %d (%s): log ends at %d after a crash", n, failed, hw)
		}
		if got := len(readAll(t, s.Log(parts[0].ID))); got != 24 {
			t.Fatalf("write %d (%s): %d records after a crash", n, failed, got)
		}
		if hw := s.Log(parts[1].ID).HighWatermark(); hw != 24 {
			t.Fatalf("write %d (%s): compacted log ends at %d after a crash", n, failed, hw)
		}
		s.abort()
	}
}

// TestErrorOnEverySync: after any flush that failed nothing is acknowledged any
// more, the store says so, and what was acknowledged before is there afterwards.
func TestErrorOnEverySync(t *testing.T) {
	eio := errors.New("I/O error")
	for n := 1; ; n++ {
		fs, parts, epochs := vfs.NewMem(), specs(smallConfig()), &epochCounter{}
		s := mustOpen(t, smallOptions(fs), parts, epochs)
		l := s.Log(parts[0].ID)
		syncs, failed := 0, ""
		fs.FailWith(func(op, name string) error {
			if op == "sync" {
				if syncs++; syncs == n {
					failed = name
					return eio
				}
			}
			return nil
		})
		acked := int64(0)
		down := error(nil)
		note := func(err error) {
			if down == nil && err != nil {
				down = err
				if !errors.Is(err, ErrStorage) || !errors.Is(err, eio) || errors.Is(err, ErrDiskFull) {
					t.Fatalf("sync %d of %s: %v", n, failed, err)
				}
				if h := s.Healthy(); !errors.Is(h, eio) {
					t.Fatalf("sync %d of %s: healthy says %v", n, failed, h)
				}
			}
		}
		for i := range int32(24) {
			b := idempotent(1, 0, i, 1)
			if i%8 == 7 {
				b = large(1, i, 5<<10)
			}
			res, err := l.Append(b)
			if err == nil {
				err = res.Wait(nil)
			}
			if err == nil {
				if down != nil {
					t.Fatalf("sync %d of %s: acknowledged offset %d after it", n, failed, res.BaseOffset)
				}
				acked = res.LastOffset + 1
			}
			note(err)
			if i%8 == 3 {
				note(s.Checkpoint())
			}
			if i%8 == 5 && down == nil {
				seal(t, l)
			}
		}
		if failed == "" {
			fs.FailWith(nil)
			if n < 20 || s.Close() != nil {
				t.Fatalf("only %d flushes, or the close failed", n)
			}
			return
		}
		if down == nil {
			t.Fatalf("sync %d of %s: nobody noticed", n, failed)
		}
		crashed := fs.Crash(rand.New(rand.NewPCG(uint64(n), 2)))
		s.abort()
		s = mustOpen(t, smallOptions(crashed), parts, epochs)
		if got := s.Log(parts[0].ID).HighWatermark(); got < acked {
			t.Fatalf("sync %d of %s: log ends at %d, acknowledged to %d", n, failed, got, acked)
		}
		s.abort()
	}
}

// TestJournalWaitsForSpace: a frame that cannot be written holds its appends back
// and refuses new ones, and both go on when there is space.
func TestJournalWaitsForSpace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fs, parts := vfs.NewMem(), specs(smallConfig())
		s := mustOpen(t, smallOptions(fs), parts, &epochCounter{})
		l := s.Log(parts[0].ID)
		mustAppend(t, l, batchOf(nil, []byte("a")))
		fs.FailWith(func(op, name string) error {
			if op == "write" && strings.HasPrefix(name, journalDir) {
				return syscall.ENOSPC
			}
			return nil
		})
		res, err := l.Append(batchOf(nil, []byte("b")))
		if err != nil {
			t.Fatal(err)
		}
		timeout := make(chan struct{})
		time.AfterFunc(5*time.Second, func() { close(timeout) })
		if err := res.Wait(timeout); !errors.Is(err, ErrTimeout) {
			t.Errorf("wait without space: %v", err)
		}
		if _, err := l.Append(batchOf(nil, []byte("c"))); !errors.Is(err, ErrDiskFull) {
			t.Errorf("append while the journal waits: %v", err)
		}
		fs.FailWith(nil)
		if err := res.Wait(nil); err != nil || l.HighWatermark() != 2 {
			t.Errorf("with space again: %v, high watermark %d", err, l.HighWatermark())
		}
		mustAppend(t, l, batchOf(nil, []byte("c")))
		if s.JournalBytes() <= 0 {
			t.Error("the journal has no size")
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
}

// TestJournalCutAnywhere cuts the journal at every byte of its last frames: what
// comes up is a prefix that ends with a frame.
func TestJournalCutAnywhere(t *testing.T) {
	fs, parts, epochs := vfs.NewMem(), specs(smallConfig()), &epochCounter{}
	s := mustOpen(t, smallOptions(fs), parts, epochs)
	for i := range int32(3) {
		mustAppend(t, s.Log(parts[0].ID), transactional(1, 0, i, 1))
	}
	mustMark(t, s.Log(parts[0].ID), Marker{ProducerID: 1})
	fs.Crash(rand.New(rand.NewPCG(1, 1)))
	s.abort()
	journal, err := fs.ReadFile(journalName(0))
	if err != nil {
		t.Fatal(err)
	}
	meta := partitionMetadata(parts[0].Topic)
	last := int64(0)
	for cut := 0; cut < 4*frameAlign; cut++ {
		if r := cut % frameAlign; r > 300 && r < frameAlign-3 {
			continue // zeroes
		}
		fs := vfs.NewMem()
		for name, data := range map[string][]byte{journalName(0): journal[:cut], checkpointFile: checkpoint{logs: map[ID]logState{parts[0].ID: {}}}.encode(), "t-0/partition.metadata": meta} {
			if err := fs.MkdirAll(strings.TrimSuffix(name, "/"+name[strings.LastIndex(name, "/")+1:])); err != nil {
				t.Fatal(err)
			}
			if err := writePlain(fs, name, data); err != nil {
				t.Fatal(err)
			}
		}
		s := mustOpen(t, smallOptions(fs), parts, epochs)
		l := s.Log(parts[0].ID)
		hw := l.HighWatermark()
		if hw < last || hw > int64(cut/frameAlign)+1 || hw < int64(cut/frameAlign) {
			t.Fatalf("cut at %d: log ends at %d, before it was %d", cut, hw, last)
		}
		if want := map[bool]int64{true: 4, false: 0}[hw == 4]; l.LastStable() != want {
			t.Fatalf("cut at %d: last stable offset %d of %d", cut, l.LastStable(), hw)
		}
		last = hw
		s.abort()
	}
	if last != 4 {
		t.Errorf("the whole journal gives %d records", last)
	}
}
