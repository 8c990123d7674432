package txn

import (
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestCrashAtEveryWrite lets the process die at each write in turn, before or
// after its effect, with and without what was not yet durable. After the restart
// the client repeats what it was doing and everything must be as it was told.
func TestCrashAtEveryWrite(t *testing.T) {
	for _, v2 := range []bool{false, true} {
		for _, start := range []int16{0, lastUsable - 1, lastUsable} {
			for _, late := range []bool{false, true} {
				for _, lose := range []bool{false, true} {
					t.Run(fmt.Sprintf("v2=%v,epoch=%d,late=%v,lose=%v", v2, start, late, lose), func(t *testing.T) {
						crashEverywhere(t, v2, start, late, lose)
					})
				}
			}
		}
	}
}

func crashEverywhere(t *testing.T, v2 bool, epoch int16, late, lose bool) {
	for fuse := 1; ; fuse++ {
		h := newHarness()
		p := &client{h: h, id: "id", v2: v2}
		must(t, "init", p.init(-1, -1))
		h.setEpoch(p, epoch)
		h.b.fuse, h.b.late = fuse, late
		// do repeats a request that a crash swallowed, as a client does.
		do := func(what string, fn func() Code) {
			for range 3 {
				code := fn()
				if code == None {
					return
				}
				if !h.b.dead {
					t.Fatalf("fuse %d: %s: code %d without a crash", fuse, what, code)
				}
				h.restart(t, lose)
			}
			t.Fatalf("fuse %d: %s is refused again and again", fuse, what)
		}
		want := map[string][]string{}
		for i, commit := range []bool{true, false, true} {
			label := fmt.Sprintf("%s-%d", map[bool]string{true: "commit", false: "abort"}[commit], i)
			for _, tp := range []TopicPartition{p0, p1, {"u", 0}} {
				do("produce", func() Code {
					code, ok := p.produce(tp, label)
					if code == None && !ok {
						t.Fatalf("fuse %d: the log fenced %s", fuse, label)
					}
					return code
				})
			}
			do("end", func() Code { return p.end(commit) })
			want[label] = []string{map[bool]string{true: "commit", false: "abort"}[commit]}
			if diff := cmp.Diff(want, h.b.fates()); diff != "" {
				t.Fatalf("fuse %d: after the end of %s: %s", fuse, label, diff)
			}
		}
		done := h.b.fuse > 0
		// A last crash loses nothing of what was answered.
		h.restart(t, lose)
		if diff := cmp.Diff(want, h.b.fates()); diff != "" {
			t.Fatalf("fuse %d: after the last restart: %s", fuse, diff)
		}
		if done {
			return
		}
	}
}

// setEpoch puts the id to a later epoch, as if it had seen many transactions.
func (h *harness) setEpoch(p *client, epoch int16) {
	s, _ := h.c.find(p.id, false)
	s.m.meta.epoch, p.epoch = epoch, epoch
	rec := record(p.id, &s.m.meta)
	h.b.records = append(h.b.records, rec)
}

// TestCrashWhileFencing: a new instance takes over while the old one has a
// transaction open; whatever the crash, the old one never commits.
func TestCrashWhileFencing(t *testing.T) {
	for _, v2 := range []bool{false, true} {
		for _, late := range []bool{false, true} {
			for fuse, done := 1, false; !done; fuse++ {
				h := newHarness()
				old, next := &client{h: h, id: "id", v2: v2}, &client{h: h, id: "id", v2: v2}
				must(t, "init", old.init(-1, -1))
				for _, tp := range []TopicPartition{p0, p1} {
					code, _ := old.produce(tp, "old")
					must(t, "produce", code)
				}
				h.b.fuse, h.b.late = fuse, late
				for next.init(-1, -1) != None {
					if !h.b.dead {
						t.Fatal("no answer and no crash")
					}
					h.restart(t, true)
				}
				done = h.b.fuse > 0
				if code := old.end(true); code != ProducerFenced {
					t.Errorf("fuse %d: commit of the old instance: %d", fuse, code)
				}
				if code, ok := old.produce(p0, "zombie"); code != ProducerFenced {
					t.Errorf("fuse %d: produce of the old instance: %d %v", fuse, code, ok)
				}
				if h.b.produce(p0, old.pid, old.epoch, "zombie") {
					t.Errorf("fuse %d: the log takes a late append", fuse)
				}
				if diff := cmp.Diff(map[string][]string{"old": {"abort"}}, h.b.fates()); diff != "" {
					t.Errorf("fuse %d: %s", fuse, diff)
				}
			}
		}
	}
}

// TestMarkersFail: the decision stands, everything else waits, and the tick
// carries it out.
func TestMarkersFail(t *testing.T) {
	for _, v2 := range []bool{false, true} {
		h := newHarness()
		p := &client{h: h, id: "id", v2: v2}
		must(t, "init", p.init(-1, -1))
		for _, tp := range []TopicPartition{p0, p1} {
			code, _ := p.produce(tp, "a")
			must(t, "produce", code)
		}
		h.b.fuse, h.b.once = 3, true // the decision and one marker are written
		if code := p.end(true); code != ConcurrentTransactions {
			t.Fatalf("end without markers: %d", code)
		}
		if d, _ := h.c.Describe("id"); d.State != PrepareCommit || len(d.Partitions) != 2 {
			t.Fatalf("described as %+v", d)
		}
		other := &client{h: h, id: "id"}
		if code := other.init(-1, -1); code != ConcurrentTransactions {
			t.Errorf("init before the markers: %d", code)
		}
		if code := p.end(true); code != ConcurrentTransactions {
			t.Errorf("repetition before the markers: %d", code)
		}
		h.c.Tick(t.Context(), time.Now())
		if d, _ := h.c.Describe("id"); d.State != CompleteCommit {
			t.Errorf("after the tick: %+v", d)
		}
		must(t, "repetition", p.end(true))
		if diff := cmp.Diff(map[string][]string{"a": {"commit"}}, h.b.fates()); diff != "" {
			t.Error(diff)
		}
	}
}

// TestStorageFails: a failed write leaves the state before it, and the request can
// be repeated.
func TestStorageFails(t *testing.T) {
	h := newHarness()
	h.b.once = true
	fail := func(what string, want Code, fn func() Code) {
		t.Helper()
		h.b.fuse = 1
		before, _ := h.c.Describe("id")
		if code := fn(); code != want {
			t.Errorf("%s: %d, want %d", what, code, want)
		}
		if after, _ := h.c.Describe("id"); !cmp.Equal(before, after) {
			t.Errorf("%s: %+v became %+v", what, before, after)
		}
		h.b.fuse = 0
		must(t, what, fn())
	}
	p := &client{h: h, id: "id", v2: true}
	fail("init", NotAvailable, func() Code { return p.init(-1, -1) })
	fail("produce", NotAvailable, func() Code { code, _ := p.produce(p0, "a"); return code })
	fail("extend", NotAvailable, func() Code { code, _ := p.produce(p1, "a"); return code })
	fail("end", NotAvailable, func() Code { return p.end(true) })
	must(t, "produce", func() Code { code, _ := p.produce(p0, "b"); return code }())
	fail("init of another", ConcurrentTransactions, func() Code { return p.init(-1, -1) })
	if diff := cmp.Diff(map[string][]string{"a": {"commit"}, "b": {"abort"}}, h.b.fates()); diff != "" {
		t.Error(diff)
	}
}

// TestFreshIDLeavesNothing: an id that came to nothing does not take a place.
func TestFreshIDLeavesNothing(t *testing.T) {
	h := newHarness()
	h.b.fuse = 1
	p := &client{h: h, id: "id"}
	if code := p.init(-1, -1); code != NotAvailable {
		t.Fatal(code)
	}
	if _, _, code := h.c.InitProducerID(t.Context(), InitRequest{"other", math.MaxInt32, -1, -1}); code != InvalidTransactionTimeout {
		t.Fatal(code)
	}
	if n := h.c.count.Load(); n != 0 {
		t.Errorf("%d ids", n)
	}
	if rows, _, _ := h.c.List(time.Now(), Filter{}); len(rows) != 0 {
		t.Errorf("listed: %v", rows)
	}
}

// TestRestartCountsDowntime: a transaction that timed out while the broker was
// down is aborted by the first tick.
func TestRestartCountsDowntime(t *testing.T) {
	h := newHarness()
	p := &client{h: h, id: "id", v2: true}
	must(t, "init", p.init(-1, -1))
	code, _ := p.produce(p0, "a")
	must(t, "produce", code)
	h.restart(t, true)
	h.c.Tick(t.Context(), time.Now())
	if f := h.b.fates()["a"]; !slices.Equal(f, []string{"open"}) {
		t.Errorf("before the timeout: %v", f)
	}
	h.c.Tick(t.Context(), time.Now().Add(time.Minute+time.Second))
	if f := h.b.fates()["a"]; !slices.Equal(f, []string{"abort"}) {
		t.Errorf("after the timeout: %v", f)
	}
	if code := p.end(true); code != ProducerFenced {
		t.Errorf("commit of the timed out transaction: %d", code)
	}
}

// TestReplacedPartitions: a record that failed and is in the log all the same is
// replaced by the next, with as many partitions but others.
func TestReplacedPartitions(t *testing.T) {
	h := newHarness()
	p := &client{h: h, id: "id", v2: true}
	must(t, "init", p.init(-1, -1))
	h.b.fuse, h.b.once, h.b.late = 1, true, true
	if code, _ := p.produce(p0, "a"); code != NotAvailable {
		t.Fatal(code)
	}
	code, _ := p.produce(p1, "a")
	must(t, "produce", code)
	h.restart(t, true)
	code, _ = p.produce(p0, "a")
	must(t, "produce after the restart", code)
	must(t, "end", p.end(true))
	if diff := cmp.Diff(map[string][]string{"a": {"commit"}}, h.b.fates()); diff != "" {
		t.Error(diff)
	}
}
