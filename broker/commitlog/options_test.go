package commitlog

import (
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kurier-io/kurier/broker/vfs"
)

// TestFlushMessagesOne: flush.messages=1 makes an append durable in every mode.
func TestFlushMessagesOne(t *testing.T) {
	for _, d := range []Durability{Interval, OS} {
		t.Run(string(d), func(t *testing.T) {
			cfg := smallConfig()
			cfg.FlushMessages = 1
			fs, parts, epochs := vfs.NewMem(), specs(cfg), &epochCounter{}
			opts := smallOptions(fs)
			opts.Durability, opts.FlushInterval = d, time.Hour
			for seed := range uint64(10) {
				s := mustOpen(t, opts, parts, epochs)
				l := s.Log(parts[0].ID)
				if got := l.HighWatermark(); got != int64(seed) {
					t.Fatalf("%d appends left of %d", got, seed)
				}
				mustAppend(t, l, batchOf(nil, []byte("x")))
				fs = fs.Crash(rand.New(rand.NewPCG(seed, 3)))
				opts.FS = fs
				if s.journal != nil {
					s.journal.fail(vfs.ErrCrashed)
				}
				s.abort()
			}
		})
	}
}

func TestHooks(t *testing.T) {
	fs, parts, epochs := vfs.NewMem(), specs(smallConfig()), &epochCounter{}
	opts := smallOptions(fs)
	flushes, bytes := 0, 0
	opts.OnFlush = func(d time.Duration, n int) {
		if d < 0 || n <= 0 {
			t.Errorf("flush of %d bytes took %v", n, d)
		}
		flushes++
		bytes += n
	}
	s := mustOpen(t, opts, parts, epochs)
	for range 5 {
		mustAppend(t, s.Log(parts[0].ID), batchOf(nil, make([]byte, 100)))
	}
	if got := s.JournalBytes(); got < int64(bytes) {
		t.Errorf("journal of %d bytes, %d were written", got, bytes)
	}
	size := s.Log(parts[0].ID).Size()
	fs = fs.Crash(rand.New(rand.NewPCG(1, 1)))
	s.abort()
	if flushes != 5 || bytes != 5*frameAlign {
		t.Errorf("%d flushes of %d bytes", flushes, bytes)
	}
	opts.FS = fs
	var done, total int64
	opts.Progress = func(d, t int64) { done, total = d, t }
	s = mustOpen(t, opts, parts, epochs)
	defer s.abort()
	if done != total || done < size {
		t.Errorf("recovery of %d bytes reported %d of %d", size, done, total)
	}
}

// TestSegmentJitter: segments roll up to segment.jitter.ms early, each at another time.
func TestSegmentJitter(t *testing.T) {
	cfg := smallConfig()
	cfg.SegmentMillis, cfg.SegmentJitterMillis = 1000, 400
	now := time.Now()
	early := 0
	for range 100 {
		seg := newSegment(vfs.NewMem(), "t-0", 0)
		seg.born = now
		l := &Log{}
		if l.aged(seg, &cfg, now.Add(590*time.Millisecond)) || !l.aged(seg, &cfg, now.Add(1010*time.Millisecond)) {
			t.Fatalf("jitter %v is out of bounds", seg.jitter)
		}
		if l.aged(seg, &cfg, now.Add(800*time.Millisecond)) {
			early++
		}
	}
	if early < 10 || early > 90 {
		t.Errorf("%d of 100 segments rolled in the first half of the jitter", early)
	}
}

// TestMinCompactionLag: a segment with records younger than min.compaction.lag.ms is
// not compacted.
func TestMinCompactionLag(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, l := compactedLog(t)
		cfg := l.Config()
		cfg.MinCompactionLagMillis = 60_000
		l.SetConfig(cfg)
		for _, v := range []string{"1", "2"} {
			mustAppend(t, l, batchOf([]byte("a"), []byte(v)))
		}
		seal(t, l)
		for _, c := range []struct {
			wait time.Duration
			want int
		}{{59 * time.Second, 2}, {2 * time.Second, 1}} {
			time.Sleep(c.wait)
			if err := s.Clean(time.Now()); err != nil {
				t.Fatal(err)
			}
			if got := len(readAll(t, l)); got != c.want {
				t.Errorf("%d records, want %d", got, c.want)
			}
		}
	})
}
