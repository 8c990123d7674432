package txn

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// instance is one of several producers that fight for a transactional id.
type instance struct {
	client
	label   string // of the open transaction
	asked   string // "commit" or "abort" once End was sent without an answer
	started bool
}

// fight is the model: what may become of each transaction.
type fight struct {
	h         *harness
	instances []*instance
	labels    int
	want      map[string]string // fates that are settled
	doubt     map[string]string // asked for, without an answer
	skew      time.Duration
}

// lost is called when an instance's transaction is given up: without a decision
// that is in doubt it can only have been aborted.
func (f *fight) lost(in *instance) {
	if in.label != "" && in.asked != "commit" {
		f.want[in.label] = "abort"
	}
	if in.asked == "commit" {
		f.doubt[in.label] = "commit"
	}
	in.label, in.asked = "", ""
}

func (f *fight) init(t *rapid.T, in *instance) {
	pid, epoch := int64(-1), int16(-1)
	if in.started && rapid.Bool().Draw(t, "goes on") {
		pid, epoch = in.pid, in.epoch
	}
	if in.init(pid, epoch) != None {
		return
	}
	in.started = true
	for _, other := range f.instances {
		f.lost(other)
	}
}

func (f *fight) produce(t *rapid.T, in *instance) {
	if in.asked != "" {
		return // a client whose EndTxn is in doubt only repeats it
	}
	tp := TopicPartition{rapid.SampledFrom([]string{"t", "u"}).Draw(t, "topic"), int32(rapid.IntRange(0, 1).Draw(t, "partition"))}
	if in.label == "" {
		f.labels++
		in.label = fmt.Sprint("x", f.labels)
	}
	in.produce(tp, in.label)
}

func (f *fight) end(t *rapid.T, in *instance) {
	if in.label == "" {
		return
	}
	ask := rapid.SampledFrom([]string{"commit", "abort"}).Draw(t, "result")
	if in.asked != "" {
		ask = in.asked
	}
	_, settled := f.want[in.label]
	switch code := in.end(ask == "commit"); code {
	case None:
		if settled {
			t.Fatalf("%s of the fenced transaction %s was answered with success", ask, in.label)
		}
		f.want[in.label] = ask
		if fates := f.h.b.fates()[in.label]; len(fates) > 1 || len(fates) == 1 && fates[0] != ask {
			t.Fatalf("%s of %s was answered, and it is %v", ask, in.label, fates)
		}
		delete(f.doubt, in.label)
		in.label, in.asked = "", ""
	case NotAvailable, ConcurrentTransactions:
		in.asked = ask
	default:
		f.lost(in)
	}
}

func (f *fight) check(t *rapid.T, final bool) {
	for label, fates := range f.h.b.fates() {
		committed := slices.Contains(fates, "commit")
		want, settled := f.want[label]
		switch {
		case committed && slices.Contains(fates, "abort"), len(fates) > 1 && (final || want == "commit"):
			t.Fatalf("%s is torn: %v", label, fates)
		case final && slices.Contains(fates, "open"):
			t.Fatalf("%s hangs", label)
		case settled && committed != (want == "commit"):
			t.Fatalf("%s: %v, want %s", label, fates, want)
		case !settled && final && committed && f.doubt[label] != "commit":
			t.Fatalf("%s was committed and nobody asked for it", label)
		}
	}
}

// TestFightingProducers runs random histories of two producers with one id, with
// failing writes, crashes and time, and checks that no transaction is torn, none
// hangs, each is what its producer was told, and a fenced one never commits.
func TestFightingProducers(t *testing.T) {
	for range 20 {
		rapid.Check(t, fightOnce)
	}
}

func fightOnce(t *rapid.T) {
	f := &fight{h: newHarness(), want: map[string]string{}, doubt: map[string]string{}}
	b := f.h.b
	for range 2 {
		f.instances = append(f.instances, &instance{client: client{h: f.h, id: "id", v2: rapid.Bool().Draw(t, "v2")}})
	}
	if must := f.instances[0].init(-1, -1); must != None {
		t.Fatal(must)
	}
	f.instances[0].started = true
	if rapid.IntRange(0, 3).Draw(t, "exhausted") == 0 {
		f.h.setEpoch(&f.instances[0].client, lastUsable-int16(rapid.IntRange(0, 4).Draw(t, "left")))
	}
	one := func(fn func(*rapid.T, *instance)) func(*rapid.T) {
		return func(t *rapid.T) {
			if b.dead {
				t.Skip("a coordinator that is dead takes no requests: rapid draws another action")
			}
			fn(t, rapid.SampledFrom(f.instances).Draw(t, "instance"))
		}
	}
	t.Repeat(map[string]func(*rapid.T){
		"init":     one(f.init),
		"produce":  one(f.produce),
		"produce2": one(f.produce),
		"end":      one(f.end),
		"end2":     one(f.end),
		"fail": func(t *rapid.T) {
			if b.dead {
				t.Skip("a coordinator that is dead takes no requests: rapid draws another action")
			}
			b.fuse = rapid.IntRange(1, 5).Draw(t, "fuse")
			b.once, b.late = rapid.Bool().Draw(t, "once"), rapid.Bool().Draw(t, "late")
		},
		"restart": func(t *rapid.T) { f.h.restart(t, rapid.Bool().Draw(t, "lose")) },
		"tick": func(t *rapid.T) {
			if rapid.IntRange(0, 2).Draw(t, "late tick") == 0 {
				f.skew += 2 * time.Minute
			}
			f.h.c.Tick(t.Context(), time.Now().Add(f.skew))
		},
		"": func(t *rapid.T) { f.check(t, false) },
	})
	f.settle(t)
}

// settle lets the broker recover and everything time out.
func (f *fight) settle(t *rapid.T) {
	f.h.restart(t, true)
	for _, in := range f.instances {
		if in.asked == "commit" {
			f.doubt[in.label] = "commit"
		}
	}
	f.h.c.Tick(t.Context(), time.Now().Add(f.skew+time.Hour))
	f.check(t, true)
	rows, _, _ := f.h.c.List(time.Now(), Filter{})
	if slices.ContainsFunc(rows, func(d Description) bool { return d.State == Ongoing || d.State.preparing() }) {
		t.Fatalf("not at rest: %+v", rows)
	}
}
