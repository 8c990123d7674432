package torture

import (
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync/atomic"
	"testing"

	"github.com/kurier-io/kurier/broker/vfs"
)

// fuse makes every file operation from the nth on fail, which is what a dead
// process leaves behind.
type fuse struct{ left atomic.Int64 }

func (f *fuse) hook(string, string) error {
	if f.left.Add(-1) < 0 {
		return vfs.ErrCrashed
	}
	return nil
}

// TestKillAtEveryWriteOfEndTxn cuts the power at every file operation of the end of
// a transaction over eight partitions and a group, and again at a random one of
// the recovery. Afterwards all of it is committed or none, what was answered is
// true, and nothing is open.
func TestKillAtEveryWriteOfEndTxn(t *testing.T) {
	for _, v2 := range []bool{false, true} {
		for _, commit := range []bool{true, false} {
			t.Run(fmt.Sprintf("v2=%v,commit=%v", v2, commit), func(t *testing.T) {
				t.Parallel()
				for seed := range uint64(3) {
					rng := rand.New(rand.NewPCG(seed, 1))
					cut := int64(0)
					for ; !killEndTxn(t, rng, v2, commit, cut); cut++ {
						if cut > 500 {
							t.Fatal("the end of a transaction never ends")
						}
					}
					t.Logf("%d file operations", cut)
					if cut < 10 {
						t.Error("so few cannot end eight partitions")
					}
				}
			})
		}
	}
}

// killEndTxn reports whether the end went through before the cut.
func killEndTxn(t *testing.T, rng *rand.Rand, v2, commit bool, cut int64) bool {
	t.Helper()
	fs, h, id := vfs.NewMem(), NewHistory(), "id"
	n := mustStart(t, fs)
	r := newRequester(t, n)
	p := &producer{r: r, id: &id, v2: v2}
	ok := func(what string, code int16) {
		t.Helper()
		if code != 0 {
			t.Fatalf("%s: code %d", what, code)
		}
	}
	ok("create", r.create("t", 8, nil))
	ok("init", p.init())
	for i := range int32(8) {
		at := Partition{"t", i}
		offset, code := p.produce(at, "k", fmt.Sprint("v", i))
		ok("produce", code)
		h.Send(Send{Producer: "id", At: at, Value: fmt.Sprint("v", i), Outcome: Acked, Offset: offset, Txn: "x"})
	}
	ok("commit offset", p.commitOffset("g", p0, 42))
	h.Ending("x", commit)
	f := &fuse{}
	f.left.Store(cut)
	fs.FailWith(f.hook)
	code := p.end(commit)
	done := f.left.Load() >= 0
	if done && code != 0 {
		t.Fatalf("cut %d: code %d without a cut", cut, code)
	}
	if code == 0 {
		h.Ended("x", Acked)
	}
	r.close()
	fs = fs.Crash(rng)
	_ = n.stop() // its file system is gone
	if again := rng.Int64N(60); !done && again < 40 {
		f := &fuse{}
		f.left.Store(again)
		fs.FailWith(f.hook)
		if n, err := startNode(fs, slog.New(slog.DiscardHandler), smallSegments()); err == nil {
			fs = fs.Crash(rng)
			_ = n.stop()
		} else {
			fs = fs.Crash(rng)
		}
	}
	n = mustStart(t, fs)
	r = newRequester(t, n)
	p.r = r
	ok("init again", p.init()) // ends what was not decided
	for i := range int32(8) {
		f, err := r.final(Partition{"t", i})
		if err != nil {
			t.Fatal(err)
		}
		h.Final(f)
	}
	for _, a := range Check(h) {
		t.Errorf("cut %d, answer %d: %v", cut, code, a)
	}
	offset, fetched := r.committed("g", p0)
	visible := len(h.finals[p0].Committed) > 0
	if fetched != 0 || (offset == 42) != visible || code == 0 && visible != commit {
		t.Errorf("cut %d, answer %d: the group is at %d (code %d), records visible: %v", cut, code, offset, fetched, visible)
	}
	r.close()
	if err := n.stop(); err != nil {
		t.Errorf("cut %d: %v", cut, err)
	}
	return done || t.Failed()
}
