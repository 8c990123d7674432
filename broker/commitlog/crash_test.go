package commitlog

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/kurier-io/kurier/broker/vfs"
	"github.com/kurier-io/kurier/broker/wireproto"
)

// smallOptions makes every mechanism happen within a few hundred appends.
func smallOptions(fs vfs.FS) Options {
	return Options{FS: fs, JournalBytes: 64 << 10, CheckpointBytes: 256 << 10, BypassBytes: 4 << 10, CheckpointEvery: time.Hour}
}

func smallConfig() Config {
	c := DefaultConfig()
	c.SegmentBytes, c.IndexIntervalBytes, c.MinCleanableRatio = 16<<10, 256, 0.01
	return c
}

func specs(cfgs ...Config) []Spec {
	var out []Spec
	for i, c := range cfgs {
		out = append(out, Spec{ID: ID{Topic: [16]byte{1}, Partition: int32(i)}, Name: "t", Config: c})
	}
	return out
}

type epochCounter struct{ n int32 }

func (e *epochCounter) next() (int32, error) {
	e.n++
	return e.n, nil
}

func mustOpen(t testing.TB, opts Options, parts []Spec, e *epochCounter) *Store {
	t.Helper()
	s, err := Open(opts, parts, e.n, e.next)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range parts {
		s.Create(p)
	}
	return s
}

func batchOf(key, value []byte) wireproto.Batch {
	return wireproto.NewBatch(time.Now().UnixMilli(), wireproto.Record{Key: key, Value: value})
}

// readAll returns the records of a log by offset and fails on disorder.
func readAll(t testing.TB, l *Log) map[int64]wireproto.Record {
	t.Helper()
	out := map[int64]wireproto.Record{}
	last := int64(-1)
	for at := l.LogStart(); at < l.HighWatermark(); {
		res, err := l.Read(at, 8<<10, true)
		if err != nil {
			t.Fatalf("read %d: %v", at, err)
		}
		if len(res.Records) == 0 {
			break // a hole up to the end
		}
		for rest := bytes.Clone(res.Records); len(rest) > 0; {
			var b wireproto.Batch
			if b, rest, err = wireproto.NextBatch(rest); err != nil {
				t.Fatalf("at %d: %v", at, err)
			}
			if err := b.CheckCRC(); err != nil {
				t.Fatalf("offset %d: %v", b.BaseOffset(), err)
			}
			if b.BaseOffset() <= last {
				t.Fatalf("offset %d comes after %d", b.BaseOffset(), last)
			}
			payload, err := wireproto.Decompress(b.Codec(), b.Payload(), maxInflate)
			if err != nil {
				t.Fatal(err)
			}
			if err := wireproto.EachRecord(payload, b.Count(), func(r wireproto.Record) error {
				out[b.BaseOffset()+int64(r.OffsetDelta)] = r
				return nil
			}); err != nil {
				t.Fatal(err)
			}
			last = b.LastOffset()
			at = last + 1
		}
		res.Release()
	}
	return out
}

// TestCrashKeepsAcknowledged runs random appends, checkpoints and cleanings on a
// file system that loses power again and again.
func TestCrashKeepsAcknowledged(t *testing.T) {
	seeds := uint64(30)
	if testing.Short() {
		seeds = 5
	}
	for seed := range seeds {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			runCrashes(t, seed)
		})
	}
}

type written struct {
	key   string
	value string
}

func runCrashes(t *testing.T, seed uint64) {
	rng := rand.New(rand.NewPCG(seed, 0))
	compacted := smallConfig()
	compacted.Delete, compacted.Compact = false, true
	parts := specs(smallConfig(), smallConfig(), compacted)
	fs, epochs := vfs.NewMem(), &epochCounter{}
	acked := make([]map[int64]written, len(parts))
	latest := map[string]int64{} // of the compacted partition: key to its newest acknowledged offset
	for i := range acked {
		acked[i] = map[int64]written{}
	}
	for gen := range 6 {
		s := mustOpen(t, smallOptions(fs), parts, epochs)
		for i, p := range parts {
			got := readAll(t, s.Log(p.ID))
			for off, r := range got {
				if k := string(r.Key); i == 2 && off > latest[k] {
					latest[k] = off
				}
			}
			for off, w := range acked[i] {
				r, ok := got[off]
				if ok && (string(r.Key) != w.key || string(r.Value) != w.value) {
					t.Fatalf("gen %d partition %d offset %d: got %q, acknowledged %q", gen, i, off, r.Value, w.value)
				}
				if !ok && (i != 2 || latest[w.key] == off) {
					t.Fatalf("gen %d partition %d: acknowledged offset %d is lost; log is %d to %d", gen, i, off, s.Log(p.ID).LogStart(), s.Log(p.ID).HighWatermark())
				}
			}
			// What can be read was never unread again.
			for off, r := range got {
				acked[i][off] = written{string(r.Key), string(r.Value)}
			}
		}
		appendRandomly(t, rng, s, parts, acked, latest)
		crashed := fs.Crash(rng)
		s.abort()
		fs = crashed
	}
}

func appendRandomly(t *testing.T, rng *rand.Rand, s *Store, parts []Spec, acked []map[int64]written, latest map[string]int64) {
	type inflight struct {
		part int
		w    written
		res  AppendResult
	}
	var waiting []inflight
	for range 50 + rng.IntN(150) {
		i := rng.IntN(len(parts))
		size := 20 + rng.IntN(400)
		if rng.IntN(10) == 0 {
			size = 4<<10 + rng.IntN(4<<10)
		}
		w := written{fmt.Sprintf("k%d", rng.IntN(20)), fmt.Sprintf("%0*d", size, rng.Int64())}
		res, err := s.Log(parts[i].ID).Append(batchOf([]byte(w.key), []byte(w.value)))
		if err != nil {
			t.Fatal(err)
		}
		waiting = append(waiting, inflight{i, w, res})
		switch rng.IntN(40) {
		case 0:
			if err := s.Checkpoint(); err != nil {
				t.Fatal(err)
			}
		case 1:
			if err := s.Clean(time.Now()); err != nil {
				t.Fatal(err)
			}
		}
		for len(waiting) > rng.IntN(20) {
			f := waiting[0]
			waiting = waiting[1:]
			if err := f.res.Wait(nil); err != nil {
				t.Fatal(err)
			}
			acked[f.part][f.res.BaseOffset] = f.w
			if f.part == 2 && f.res.BaseOffset > latest[f.w.key] {
				latest[f.w.key] = f.res.BaseOffset
			}
		}
	}
}

// abort ends the goroutines of a store whose file system is gone.
func (s *Store) abort() {
	close(s.stop)
	s.stopped.Wait()
	if s.journal != nil {
		_ = s.journal.close() // it may have failed, that is the point
	}
}

// TestFailedFlushStopsAcknowledging: after an I/O error nothing may be
// acknowledged any more.
func TestFailedFlushStopsAcknowledging(t *testing.T) {
	fs := vfs.NewMem()
	parts := specs(smallConfig())
	s := mustOpen(t, smallOptions(fs), parts, &epochCounter{})
	defer s.abort()
	l := s.Log(parts[0].ID)
	res, err := l.Append(batchOf(nil, []byte("good")))
	if err != nil || res.Wait(nil) != nil {
		t.Fatal("first append failed")
	}
	eio := errors.New("I/O error")
	once := false
	fs.FailWith(func(op, name string) error {
		if op == "sync" && !once {
			once = true
			return eio
		}
		return nil
	})
	res, err = l.Append(batchOf(nil, []byte("bad")))
	if err == nil {
		err = res.Wait(nil)
	}
	if !errors.Is(err, ErrStorage) || !errors.Is(err, eio) {
		t.Errorf("append during the failure: %v", err)
	}
	if _, err = l.Append(batchOf(nil, []byte("later"))); !errors.Is(err, ErrStorage) {
		t.Errorf("append after the failure: %v", err)
	}
	if hw := l.HighWatermark(); hw != 1 {
		t.Errorf("high watermark is %d after a failed flush", hw)
	}
}

// TestKillKeepsAcknowledged: in every mode an append that was acknowledged is
// there after the process died and the operating system lived on.
func TestKillKeepsAcknowledged(t *testing.T) {
	for _, d := range []Durability{Fsync, Interval, OS} {
		t.Run(string(d), func(t *testing.T) {
			fs := vfs.NewMem()
			parts := specs(smallConfig(), smallConfig())
			epochs := &epochCounter{}
			want := int64(0)
			for range 4 {
				opts := smallOptions(fs)
				opts.Durability, opts.FlushInterval = d, time.Hour
				s := mustOpen(t, opts, parts, epochs)
				for _, p := range parts {
					if got := readAll(t, s.Log(p.ID)); int64(len(got)) != want {
						t.Fatalf("partition %d has %d records, want %d", p.Partition, len(got), want)
					}
				}
				for range 100 {
					for _, p := range parts {
						mustAppend(t, s.Log(p.ID), batchOf([]byte("k"), make([]byte, 300)))
					}
				}
				want += 100
				if s.journal != nil {
					s.journal.fail(errors.New("killed")) // what is pending is not written
				}
				s.kill()
			}
		})
	}
}

// kill ends the goroutines of a store and writes nothing.
func (s *Store) kill() {
	close(s.stop)
	s.stopped.Wait()
	if s.journal != nil && s.journal.every == 0 {
		_ = s.journal.close() // it was made to fail
	}
}
