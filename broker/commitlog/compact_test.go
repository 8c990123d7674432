package commitlog

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/kurier-io/kurier/broker/vfs"
	"github.com/kurier-io/kurier/broker/wireproto"
)

func mustAppend(t testing.TB, l *Log, b wireproto.Batch) AppendResult {
	t.Helper()
	res, err := l.Append(b)
	if err != nil {
		t.Fatal(err)
	}
	if err := res.Wait(nil); err != nil {
		t.Fatal(err)
	}
	return res
}

func seal(t testing.TB, l *Log) {
	t.Helper()
	l.appendMu.Lock()
	defer l.appendMu.Unlock()
	if err := l.roll(time.Now()); err != nil {
		t.Fatal(err)
	}
}

func compactedLog(t testing.TB) (*Store, *Log) {
	cfg := smallConfig()
	cfg.Delete, cfg.Compact = false, true
	parts := specs(cfg)
	s := mustOpen(t, smallOptions(vfs.NewMem()), parts, &epochCounter{})
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s, s.Log(parts[0].ID)
}

func TestCompactionKeepsLastValueAndOffsets(t *testing.T) {
	s, l := compactedLog(t)
	last := map[string]int64{}
	rng := rand.New(rand.NewPCG(1, 1))
	for i := range 2000 {
		k := fmt.Sprintf("k%d", rng.IntN(50))
		last[k] = mustAppend(t, l, batchOf([]byte(k), fmt.Appendf(nil, "v%d", i))).BaseOffset
	}
	seal(t, l)
	before := l.Size()
	if err := s.Clean(time.Now()); err != nil {
		t.Fatal(err)
	}
	got := readAll(t, l)
	if len(got) != len(last) {
		t.Errorf("%d records left, want %d", len(got), len(last))
	}
	for k, off := range last {
		if r := got[off]; string(r.Key) != k || string(r.Value) != fmt.Sprintf("v%d", off) {
			t.Errorf("offset %d holds %q=%q, want key %s", off, r.Key, r.Value, k)
		}
	}
	if after := l.Size(); after >= before/10 {
		t.Errorf("size went from %d to %d only", before, after)
	}
	if next := mustAppend(t, l, batchOf([]byte("k"), nil)).BaseOffset; next != 2000 {
		t.Errorf("next offset is %d", next)
	}
}

// TestCompactionInParts: keys that do not fit in one round are left for the next.
func TestCompactionInParts(t *testing.T) {
	s, l := compactedLog(t)
	for range 3 {
		for i := range 40 {
			mustAppend(t, l, batchOf(fmt.Appendf(nil, "k%d", i), []byte("v")))
		}
	}
	seal(t, l)
	if err := s.Checkpoint(); err != nil {
		t.Fatal(err)
	}
	for range 10 {
		if err := l.compact(time.Now(), 25); err != nil {
			t.Fatal(err)
		}
	}
	got := readAll(t, l)
	if len(got) != 40 {
		t.Errorf("%d records left, want 40", len(got))
	}
	for off := range got {
		if off < 80 {
			t.Errorf("offset %d is not the last of its key", off)
		}
	}
}

func TestTombstoneStaysUntilItsHorizon(t *testing.T) {
	s, l := compactedLog(t)
	mustAppend(t, l, batchOf([]byte("a"), []byte("1")))
	tomb := mustAppend(t, l, batchOf([]byte("a"), nil)).BaseOffset
	seal(t, l)
	now := time.Now()
	clean := func(at time.Time) map[int64]wireproto.Record {
		t.Helper()
		mustAppend(t, l, batchOf([]byte("other"), []byte("x"))) // makes the log dirty
		seal(t, l)
		if err := s.Clean(at); err != nil {
			t.Fatal(err)
		}
		return readAll(t, l)
	}
	got := clean(now)
	if r, ok := got[tomb]; !ok || r.Value != nil {
		t.Fatal("the tombstone went at once")
	}
	if _, ok := got[0]; ok {
		t.Error("the deleted value stayed")
	}
	if _, ok := clean(now.Add(23 * time.Hour))[tomb]; !ok {
		t.Error("the tombstone went before delete.retention.ms")
	}
	if _, ok := clean(now.Add(25 * time.Hour))[tomb]; ok {
		t.Error("the tombstone stayed past delete.retention.ms")
	}
}

func TestRetention(t *testing.T) {
	cfg := smallConfig()
	cfg.RetentionBytes, cfg.RetentionMillis = 40<<10, -1
	parts := specs(cfg)
	s := mustOpen(t, smallOptions(vfs.NewMem()), parts, &epochCounter{})
	l := s.Log(parts[0].ID)
	for range 200 {
		mustAppend(t, l, batchOf(nil, []byte(strings.Repeat("x", 1000))))
	}
	if err := s.Clean(time.Now()); err != nil {
		t.Fatal(err)
	}
	if size := l.Size(); size < 40<<10 || size > 60<<10 {
		t.Errorf("%d bytes left, want at least retention.bytes and at most one segment more", size)
	}
	start := l.LogStart()
	if got := readAll(t, l); start == 0 || int64(len(got)) != 200-start {
		t.Errorf("%d records from %d on", len(got), start)
	}
	if _, err := l.Read(0, 1000, true); codeless(err) != ErrOffsetOutOfRange.Error() {
		t.Errorf("read below the log start: %v", err)
	}
	cfg.RetentionMillis = 60_000
	l.SetConfig(cfg)
	if err := s.Clean(time.Now().Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	if got := readAll(t, l); len(got) != 0 || l.LogStart() != 200 {
		t.Errorf("%d records outlived retention.ms, start %d", len(got), l.LogStart())
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

func codeless(err error) string {
	if err == nil {
		return ""
	}
	msg, _, _ := strings.Cut(err.Error(), ": 0 is")
	return msg
}

func idempotent(pid int64, epoch int16, seq int32, n int) wireproto.Batch {
	recs := make([]wireproto.Record, n)
	for i := range recs {
		recs[i].Value = []byte{byte(i)}
	}
	b := wireproto.NewBatch(time.Now().UnixMilli(), recs...)
	info := b.Info()
	info.ProducerID, info.ProducerEpoch, info.BaseSequence = pid, epoch, seq
	wireproto.FinishBatch(b, info)
	return b
}

func TestIdempotenceSurvivesCrash(t *testing.T) {
	fs, epochs := vfs.NewMem(), &epochCounter{}
	parts := specs(smallConfig())
	s := mustOpen(t, smallOptions(fs), parts, epochs)
	l := s.Log(parts[0].ID)
	const wrap = 1<<31 - 2 // sequences 2^31-2, 2^31-1, then 0
	first := mustAppend(t, l, idempotent(7, 0, wrap, 2))
	second := mustAppend(t, l, idempotent(7, 0, 0, 3))
	fs = fs.Crash(rand.New(rand.NewPCG(1, 2)))
	s.abort()
	s = mustOpen(t, smallOptions(fs), parts, epochs)
	defer s.abort()
	l = s.Log(parts[0].ID)
	for _, c := range []struct {
		batch wireproto.Batch
		want  int64 // base offset, -1 for an error
		err   error
	}{
		{idempotent(7, 0, wrap, 2), first.BaseOffset, nil},
		{idempotent(7, 0, 0, 3), second.BaseOffset, nil},
		{idempotent(7, 0, 5, 1), -1, ErrOutOfOrderSequence},
		{idempotent(7, 0, 3, 1), 5, nil},
		{idempotent(7, 1, 4, 1), -1, ErrOutOfOrderSequence},
		{idempotent(7, 1, 0, 1), 6, nil},
		{idempotent(7, 0, 4, 1), -1, ErrProducerEpoch},
		{idempotent(8, 0, 99, 1), 7, nil},
	} {
		res, err := l.Append(c.batch)
		if c.err != nil && strings.HasPrefix(fmt.Sprint(err), c.err.Error()) {
			continue
		}
		if err != nil || res.BaseOffset != c.want {
			t.Errorf("epoch %d sequence %d: offset %d, %v; want %d, %v", c.batch.ProducerEpoch(), c.batch.BaseSequence(), res.BaseOffset, err, c.want, c.err)
		}
	}
	if epoch, end := l.EpochEnd(0); epoch != 0 || end != 5 {
		t.Errorf("epoch 0 ends at %d (%d), want 5: the crash began a new one", end, epoch)
	}
}

// TestJournalGapIsReported: a frame missing in the middle must not be skipped.
func TestJournalGapIsReported(t *testing.T) {
	fs := vfs.NewMem()
	parts := specs(smallConfig())
	s := mustOpen(t, smallOptions(fs), parts, &epochCounter{})
	l := s.Log(parts[0].ID)
	for range 40 { // several journal files
		mustAppend(t, l, batchOf(nil, make([]byte, 3000)))
	}
	fs = fs.Crash(rand.New(rand.NewPCG(3, 4)))
	s.abort()
	names, err := fs.ReadDir(journalDir)
	if err != nil || len(names) < 3 {
		t.Fatalf("journal files %v, %v", names, err)
	}
	f, err := fs.Open(journalDir + "/" + names[0])
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteAt(binary.BigEndian.AppendUint64(nil, 0), frameAlign+16); err != nil {
		t.Fatal(err)
	}
	_, err = Open(smallOptions(fs), parts, 0, (&epochCounter{}).next)
	if err == nil || !strings.Contains(err.Error(), "are missing") {
		t.Errorf("recovery over a damaged frame: %v", err)
	}
}

// TestCompactionLeavesTheEndReachable: when nothing of the last batch stays, an
// empty one still takes readers to the end.
func TestCompactionLeavesTheEndReachable(t *testing.T) {
	s, l := compactedLog(t)
	mustAppend(t, l, batchOf([]byte("a"), []byte("1")))
	for range 5 {
		mustAppend(t, l, batchOf(nil, []byte("from before the topic was compacted")))
	}
	seal(t, l)
	if err := s.Clean(time.Now()); err != nil {
		t.Fatal(err)
	}
	if got := readAll(t, l); len(got) != 1 {
		t.Errorf("%d records left, want 1", len(got))
	}
	res, err := l.Read(1, 1000, true)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Release()
	b, rest, err := wireproto.NextBatch(res.Records)
	if err != nil || len(rest) != 0 || b.Count() != 0 || b.LastOffset() != 5 || b.CheckCRC() != nil {
		t.Errorf("after the last record: %d bytes, %v", len(res.Records), err)
	}
}
