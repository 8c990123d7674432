package commitlog

import (
	"encoding/hex"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kurier-io/kurier/broker/vfs"
	"github.com/kurier-io/kurier/broker/wireproto"
)

// transactional is a batch of n records inside a transaction.
func transactional(pid int64, epoch int16, seq int32, n int) wireproto.Batch {
	b := idempotent(pid, epoch, seq, n)
	info := b.Info()
	info.Attributes |= wireproto.AttrTransactional
	wireproto.FinishBatch(b, info)
	return b
}

func mustMark(t testing.TB, l *Log, m Marker) AppendResult {
	t.Helper()
	res, err := l.AppendMarker(m)
	if err != nil {
		t.Fatal(err)
	}
	if err := res.Wait(nil); err != nil {
		t.Fatal(err)
	}
	return res
}

func plainLog(t testing.TB) (*vfs.Mem, *Store, *Log, []Spec, *epochCounter) {
	t.Helper()
	fs, epochs, parts := vfs.NewMem(), &epochCounter{}, specs(smallConfig())
	s := mustOpen(t, smallOptions(fs), parts, epochs)
	return fs, s, s.Log(parts[0].ID), parts, epochs
}

func abortedIn(t testing.TB, l *Log, from int64) (aborted []AbortedTxn, end int64) {
	t.Helper()
	res, err := l.ReadCommitted(from, 1<<20, true)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Release()
	for rest := res.Records; len(rest) > 0; {
		var b wireproto.Batch
		if b, rest, err = wireproto.NextBatch(rest); err != nil {
			t.Fatal(err)
		}
		end = b.LastOffset() + 1
	}
	if end > res.LastStable {
		t.Errorf("records up to %d, last stable offset %d", end, res.LastStable)
	}
	return res.Aborted, end
}

// TestSequenceTable is the table of what an arriving batch or marker gets (KIP-98,
// KIP-890, KAFKA-19999). Each row starts from the same log.
func TestSequenceTable(t *testing.T) {
	v2 := AppendOptions{TransactionV2: true}
	const next = 9
	for _, c := range []struct {
		name   string
		batch  wireproto.Batch
		opts   AppendOptions
		marker *Marker
		offset int64
		err    error
	}{
		{name: "duplicate", batch: idempotent(1, 3, 10, 5), offset: 0},
		{name: "part of a batch is no duplicate", batch: idempotent(1, 3, 12, 3), err: ErrOutOfOrderSequence},
		{name: "next", batch: idempotent(1, 3, 15, 1), offset: next},
		{name: "gap", batch: idempotent(1, 3, 16, 1), err: ErrOutOfOrderSequence},
		{name: "old epoch", batch: idempotent(1, 2, 15, 1), err: ErrProducerEpoch},
		{name: "new epoch from zero", batch: idempotent(1, 4, 0, 1), offset: next},
		{name: "new epoch in the middle", batch: idempotent(1, 4, 15, 1), err: ErrOutOfOrderSequence},
		{name: "unknown producer", batch: idempotent(9, 0, 77, 1), offset: next},
		{name: "unknown producer in a transaction", batch: transactional(9, 0, 77, 1), offset: next},
		{name: "unknown producer in a v2 transaction", batch: transactional(9, 0, 77, 1), opts: v2, err: ErrOutOfOrderSequence},
		{name: "unknown producer in a v2 transaction from zero", batch: transactional(9, 0, 0, 1), opts: v2, offset: next},
		{name: "unknown idempotent producer through v12", batch: idempotent(9, 0, 77, 1), opts: v2, offset: next},
		{name: "outside of an open transaction", batch: idempotent(2, 1, 2, 1), err: ErrTxnState},
		{name: "outside of an open transaction, new epoch", batch: idempotent(2, 2, 0, 1), err: ErrTxnState},
		{name: "inside of an open transaction", batch: transactional(2, 1, 2, 1), offset: next},
		{name: "retry of a record before the marker's epoch", batch: transactional(3, 0, 0, 1), err: ErrProducerEpoch},
		{name: "after the marker's epoch from zero", batch: transactional(3, 1, 0, 1), opts: v2, offset: next},
		{name: "after the marker's epoch in the middle", batch: transactional(3, 1, 1, 1), opts: v2, err: ErrOutOfOrderSequence},
		{name: "control batch of a client", batch: wireproto.NewMarker(1, 1, 3, wireproto.ControlMarker{}), err: ErrInvalidRecord},
		{name: "v1 marker of the same epoch", marker: &Marker{ProducerID: 2, Epoch: 1}, offset: next},
		{name: "v2 marker of the same epoch, open", marker: &Marker{ProducerID: 2, Epoch: 1, V2: true}, err: ErrProducerEpoch},
		{name: "v2 marker of the next epoch", marker: &Marker{ProducerID: 2, Epoch: 2, V2: true}, offset: next},
		{name: "v2 marker again", marker: &Marker{ProducerID: 3, Epoch: 1, Commit: true, V2: true, CoordinatorEpoch: 2}, offset: next},
		{name: "marker of an old epoch", marker: &Marker{ProducerID: 3, Epoch: 0, CoordinatorEpoch: 2}, err: ErrProducerEpoch},
		{name: "marker of an old coordinator", marker: &Marker{ProducerID: 3, Epoch: 1, CoordinatorEpoch: 1}, err: ErrCoordinatorEpoch},
		{name: "marker of an unknown producer", marker: &Marker{ProducerID: 9, Epoch: 5}, offset: next},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, s, l, _, _ := plainLog(t)
			defer s.abort()
			mustAppend(t, l, idempotent(1, 3, 10, 5))   // 0-4
			mustAppend(t, l, transactional(2, 1, 0, 2)) // 5-6, open
			mustAppend(t, l, transactional(3, 0, 0, 1)) // 7
			mustMark(t, l, Marker{ProducerID: 3, Epoch: 1, Commit: true, V2: true, CoordinatorEpoch: 2})
			saved := string(l.replay.prods.encode())
			var res AppendResult
			var err error
			if c.marker != nil {
				res, err = l.AppendMarker(*c.marker)
			} else {
				res, err = l.AppendWith(c.batch, c.opts)
			}
			if !errors.Is(err, c.err) || c.err == nil && err != nil {
				t.Fatalf("error %v, want %v", err, c.err)
			}
			if c.err == nil && res.BaseOffset != c.offset {
				t.Errorf("offset %d, want %d", res.BaseOffset, c.offset)
			}
			if c.err != nil && string(l.replay.prods.encode()) != saved {
				t.Error("a refusal changed the producer's state")
			}
		})
	}
}

func TestLastStableOffset(t *testing.T) {
	_, s, l, _, _ := plainLog(t)
	defer s.abort()
	check := func(want int64, aborted ...AbortedTxn) {
		t.Helper()
		got, end := abortedIn(t, l, 0)
		if l.LastStable() != want || end != want {
			t.Errorf("last stable offset %d, read to %d; want %d", l.LastStable(), end, want)
		}
		if d := cmp.Diff(aborted, got); d != "" {
			t.Error("aborted transactions:", d)
		}
	}
	mustAppend(t, l, batchOf(nil, []byte("x"))) // 0
	mustAppend(t, l, transactional(1, 0, 0, 2)) // 1-2
	mustAppend(t, l, transactional(2, 0, 0, 1)) // 3
	mustAppend(t, l, batchOf(nil, []byte("y"))) // 4
	check(1)
	mustMark(t, l, Marker{ProducerID: 2, Epoch: 0}) // 5 aborts 3
	check(1)
	mustAppend(t, l, transactional(2, 0, 1, 1)) // 6
	wake := make(chan struct{}, 1)
	l.Watch(wake)
	mustMark(t, l, Marker{ProducerID: 1, Epoch: 0, Commit: true}) // 7
	select {
	case <-wake:
	default:
		t.Error("nobody was woken")
	}
	check(6, AbortedTxn{2, 3})
	mustMark(t, l, Marker{ProducerID: 2, Epoch: 0}) // 8 aborts 6
	check(9, AbortedTxn{2, 3}, AbortedTxn{2, 6})
	if got, _ := abortedIn(t, l, 6); len(got) != 1 || got[0].FirstOffset != 6 {
		t.Errorf("from 6 on: %v", got)
	}
	if got := l.AvailableCommitted(9); got != 0 {
		t.Errorf("%d bytes available at the end", got)
	}
	mustAppend(t, l, transactional(1, 0, 2, 1)) // 9
	if a, c := l.Available(9), l.AvailableCommitted(9); a == 0 || c != 0 {
		t.Errorf("available %d, committed %d", a, c)
	}
	if first, open := l.OpenTransaction(1); !open || first != 9 {
		t.Errorf("open transaction at %d, %v", first, open)
	}
	want := []ProducerState{{1, 0, 2, 0, 0, 9}, {2, 0, 1, 0, 0, -1}}
	got := l.Producers()
	for i := range got {
		if time.Since(time.UnixMilli(got[i].LastTimestamp)) > time.Minute {
			t.Error("timestamp", got[i].LastTimestamp)
		}
		got[i].LastTimestamp = 0
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error("producers:", d)
	}
	if start, err := l.DeleteRecords(10); err != nil || start != 10 || l.LastStable() != 10 {
		t.Errorf("after DeleteRecords: %d, %v, last stable %d", start, err, l.LastStable())
	}
}

// TestMarkerWaitsForFlush: a transaction that ended holds the last stable offset
// until its marker is below the high watermark.
func TestMarkerWaitsForFlush(t *testing.T) {
	list := txns{{pid: 1, first: logPos{4, 0, 400}, end: -1}, {pid: 2, first: logPos{6, 0, 600}, end: -1}}
	if stable := list.end(1, 4, 9); stable != 6 {
		t.Errorf("undecided from %d after the first marker", stable)
	}
	if at := list.stable(logPos{9, 0, 900}); at.offset != 4 {
		t.Errorf("stable %d while the marker is not visible", at.offset)
	}
	if at := list.stable(logPos{10, 0, 1000}); at.offset != 6 || at.pos != 600 {
		t.Errorf("stable %v once it is", at)
	}
	if stable := list.end(2, 6, 10); stable != 11 {
		t.Errorf("undecided from %d after the second marker", stable)
	}
	list.settle(10)
	if len(list) != 1 || list.stable(logPos{11, 0, 1100}).offset != 11 {
		t.Errorf("left: %v", list)
	}
}

// TestTxnIndexGolden fixes the bytes of a .txnindex file.
func TestTxnIndexGolden(t *testing.T) {
	entries := []aborted{{pid: 1, first: 2, last: 3, stable: 4}, {pid: 0x0102030405060708, first: 4, last: 0x10, stable: 9}}
	const want = "0000" + "0000000000000001" + "0000000000000002" + "0000000000000003" + "0000000000000004" +
		"0000" + "0102030405060708" + "0000000000000004" + "0000000000000010" + "0000000000000009"
	b := encodeAborted(entries)
	if got := hex.EncodeToString(b); got != want {
		t.Errorf("got %s", got)
	}
	back, ok := decodeAborted(b, 0, 17)
	if !ok || len(back) != 2 || back[1] != entries[1] {
		t.Errorf("read back %v, %v", back, ok)
	}
	for name, bad := range map[string][]byte{
		"cut": b[:40], "zeroes": make([]byte, abortedSize), "version": append([]byte{0, 1}, b[2:]...), "twice": append(b[:34:34], b[:34]...),
	} {
		if _, ok := decodeAborted(bad, 0, 17); ok {
			t.Error("accepted:", name)
		}
	}
	if _, ok := decodeAborted(b, 0, 16); ok {
		t.Error("accepted a marker past the segment")
	}
}

// TestTransactionsSurvive: open transactions, the last stable offset and aborted
// entries are the same after a crash, a clean stop, and without side files.
func TestTransactionsSurvive(t *testing.T) {
	for _, how := range []string{"crash", "clean", "no snapshots", "no transaction index", "no side files"} {
		t.Run(how, func(t *testing.T) {
			fs, s, l, parts, epochs := plainLog(t)
			mustAppend(t, l, transactional(1, 0, 0, 2)) // 0-1
			mustAppend(t, l, transactional(2, 0, 0, 2)) // 2-3
			seal(t, l)
			mustMark(t, l, Marker{ProducerID: 1, Epoch: 1, V2: true, CoordinatorEpoch: 7}) // 4
			seal(t, l)
			mustAppend(t, l, transactional(3, 0, 0, 2)) // 5-6
			mustMark(t, l, Marker{ProducerID: 3, Epoch: 0, Commit: true})
			mustAppend(t, l, transactional(1, 1, 0, 1)) // 8
			mustMark(t, l, Marker{ProducerID: 1, Epoch: 2, V2: true, CoordinatorEpoch: 7})
			before := l.Producers()
			if how == "crash" {
				fs = fs.Crash(rand.New(rand.NewPCG(1, 1)))
				s.abort()
			} else if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			names, err := fs.ReadDir("t-0")
			if err != nil {
				t.Fatal(err)
			}
			for _, n := range names {
				_, snapshot := parseSegmentName(n, producersSuffix)
				_, txnindex := parseSegmentName(n, ".txnindex")
				_, index := parseSegmentName(n, ".index")
				if all := how == "no side files"; snapshot && (all || how == "no snapshots") || txnindex && (all || how == "no transaction index") || index && all {
					if err := fs.Remove("t-0/" + n); err != nil {
						t.Fatal(err)
					}
				}
			}
			s = mustOpen(t, smallOptions(fs), parts, epochs)
			defer s.abort()
			l = s.Log(parts[0].ID)
			if d := cmp.Diff(before, l.Producers()); d != "" {
				t.Error("producers:", d)
			}
			if l.LastStable() != 2 {
				t.Errorf("last stable offset %d, want 2", l.LastStable())
			}
			mustMark(t, l, Marker{ProducerID: 2, Epoch: 0})
			got, _ := abortedIn(t, l, 0)
			if d := cmp.Diff([]AbortedTxn{{1, 0}, {2, 2}}, got); d != "" {
				t.Error("aborted, read from the first segment:", d)
			}
			got, _ = abortedIn(t, l, 5)
			if d := cmp.Diff([]AbortedTxn{{2, 2}, {1, 8}}, got); d != "" {
				t.Error("aborted, read from the last segment:", d)
			}
		})
	}
}

func TestOldSnapshotsAreRemoved(t *testing.T) {
	fs, s, l, parts, epochs := plainLog(t)
	mustAppend(t, l, idempotent(1, 0, 0, 1))
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	for name, version := range map[string]byte{"t-0/00000000000000000000.snapshot": 2, "t-0/00000000000000000001.snapshot": 1} {
		if err := writePlain(fs, name, []byte{0, version, 0, 0, 0, 0}); err != nil {
			t.Fatal(err)
		}
	}
	s = mustOpen(t, smallOptions(fs), parts, epochs)
	defer s.abort()
	if _, err := fs.ReadFile("t-0/00000000000000000000.snapshot"); err == nil {
		t.Error("our old snapshot is still there")
	}
	if _, err := fs.ReadFile("t-0/00000000000000000001.snapshot"); err != nil {
		t.Error("Kafka's snapshot was removed:", err)
	}
}

func TestProducersExpireAndAreBounded(t *testing.T) {
	ps := producers{}
	r := replayer{prods: ps}
	r.data(idempotent(1, 0, 0, 1), logPos{}, 1000)
	r.data(transactional(2, 0, 0, 1), logPos{}, 1000)
	r.data(idempotent(3, 0, 0, 1), logPos{}, 5000)
	ps.expire(2000 + producerExpiry)
	if ps[1] != nil || ps[2] == nil || ps[3] == nil {
		t.Errorf("left after expiry: %v", ps)
	}
	ps.evict(5)
	if ps[2] == nil || ps[3] != nil {
		t.Errorf("left after eviction: %v", ps)
	}
	for pid := range int64(maxProducers + 10) {
		ps.get(pid+10, 0).seen = pid
	}
	if len(ps) > maxProducers || ps[2] == nil || ps[maxProducers+19] == nil || ps[10] != nil {
		t.Errorf("%d producers", len(ps))
	}
}

// TestCompactionOfTransactions follows a log through the life of its markers.
func TestCompactionOfTransactions(t *testing.T) {
	s, l := compactedLog(t)
	keyed := func(pid int64, epoch int16, seq int32, key, value string) wireproto.Batch {
		b := batchOf([]byte(key), []byte(value))
		info := b.Info()
		info.Attributes |= wireproto.AttrTransactional
		info.ProducerID, info.ProducerEpoch, info.BaseSequence = pid, epoch, seq
		wireproto.FinishBatch(b, info)
		return b
	}
	mustAppend(t, l, batchOf([]byte("a"), []byte("kept")))                  // 0
	mustAppend(t, l, keyed(1, 0, 0, "a", "aborted"))                        // 1
	mustMark(t, l, Marker{ProducerID: 1, Epoch: 1, V2: true})               // 2
	mustAppend(t, l, keyed(1, 1, 0, "b", "old"))                            // 3
	mustMark(t, l, Marker{ProducerID: 1, Epoch: 2, V2: true, Commit: true}) // 4
	mustAppend(t, l, keyed(1, 2, 0, "b", "new"))                            // 5
	mustMark(t, l, Marker{ProducerID: 1, Epoch: 3, V2: true, Commit: true}) // 6
	seal(t, l)
	mustAppend(t, l, keyed(2, 0, 0, "a", "open")) // 7 holds the last stable offset
	seal(t, l)
	now := time.Now()
	round := 0
	clean := func(at time.Time) map[int64]wireproto.Record {
		t.Helper()
		round++
		mustAppend(t, l, batchOf(fmt.Appendf(nil, "filler%d", round), []byte("x")))
		seal(t, l)
		if err := s.Clean(at); err != nil {
			t.Fatal(err)
		}
		return readAll(t, l)
	}
	has := func(got map[int64]wireproto.Record, want ...int64) {
		t.Helper()
		var left []int64
		for off := range int64(8) {
			if _, ok := got[off]; ok {
				left = append(left, off)
			}
		}
		if d := cmp.Diff(want, left); d != "" {
			t.Errorf("offsets left: %s", d)
		}
	}
	got := clean(now)
	has(got, 0, 2, 4, 5, 6, 7)
	if string(got[0].Value) != "kept" {
		t.Error("an aborted or open record replaced a committed one")
	}
	if got, _ := abortedIn(t, l, 0); len(got) != 1 || got[0] != (AbortedTxn{1, 1}) {
		t.Errorf("aborted: %v", got)
	}
	mustMark(t, l, Marker{ProducerID: 2, Epoch: 0, Commit: true})
	has(clean(now), 2, 4, 5, 6, 7) // sets the horizon of 2 and 4
	has(clean(now.Add(23*time.Hour)), 2, 4, 5, 6, 7)
	has(clean(now.Add(25*time.Hour)), 5, 6, 7)
	if got, _ := abortedIn(t, l, 0); len(got) != 0 {
		t.Errorf("an entry outlived its marker: %v", got)
	}
	if p := l.Producers()[0]; p.Epoch != 3 || p.LastSequence != -1 {
		t.Errorf("producer %+v", p)
	}
}

// TestCompactionRollsForMaxLag: a quiet log is compacted when it must be.
func TestCompactionRollsForMaxLag(t *testing.T) {
	s, l := compactedLog(t)
	cfg := l.Config()
	cfg.MinCleanableRatio, cfg.MaxCompactionLagMillis, cfg.MinCompactionLagMillis = 1, 60_000, 30_000
	l.SetConfig(cfg)
	mustAppend(t, l, batchOf([]byte("a"), []byte("1")))
	mustAppend(t, l, batchOf([]byte("a"), []byte("2")))
	if err := s.Clean(time.Now().Add(time.Second)); err != nil {
		t.Fatal(err)
	}
	if got := len(readAll(t, l)); got != 2 {
		t.Errorf("%d records left before the lag, want 2", got)
	}
	if err := s.Clean(time.Now().Add(2 * time.Minute)); err != nil {
		t.Fatal(err)
	}
	if got := len(readAll(t, l)); got != 1 {
		t.Errorf("%d records left after max.compaction.lag.ms, want 1", got)
	}
}
