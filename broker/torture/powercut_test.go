package torture

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/kurier-io/kurier/broker/vfs"
)

// TestPowerCut runs random requests on a file system that loses power after a
// random number of operations, again and again, and checks the whole history after
// each recovery. Only what was synced survives for sure.
func TestPowerCut(t *testing.T) {
	seeds, first := 12, 0
	if testing.Short() {
		seeds = 3
	}
	if s := os.Getenv("SEED"); s != "" {
		n, err := strconv.Atoi(s)
		if err != nil {
			t.Fatal(err)
		}
		first = n
	}
	if s := os.Getenv("ROUNDS"); s != "" {
		n, err := strconv.Atoi(s)
		if err != nil {
			t.Fatal(err)
		}
		seeds = n
	}
	for seed := range seeds {
		t.Run(fmt.Sprint(first+seed), func(t *testing.T) {
			t.Parallel()
			cutPower(t, uint64(first+seed))
		})
	}
}

// world is what the clients of a power cut know.
type world struct {
	t      *testing.T
	rng    *rand.Rand
	n      *node
	r      *requester
	h      *History
	dead   bool
	cause  string           // of dead
	topics map[string]int32 // that exist for sure
	maybe  map[string]int32 // whose creation or deletion was not answered
	starts map[string]int64 // log starts that were answered, by partition
	made   int              // topics, so that no name comes twice
	values int              // records
	txns   int
	ids    []*producer
	plain  *producer
	open   map[*producer]string // transactions
	offset int64                // committed by group g
}

func cutPower(t *testing.T, seed uint64) {
	rng := rand.New(rand.NewPCG(seed, 11))
	fs := vfs.NewMem()
	w := &world{t: t, rng: rng, h: NewHistory(), topics: map[string]int32{}, maybe: map[string]int32{}, starts: map[string]int64{}}
	for gen := range 8 {
		w.n = mustStart(t, fs)
		w.r = newRequester(t, w.n)
		w.check()
		if t.Failed() {
			return
		}
		if gen == 0 {
			if code := w.r.create(p0.Topic, 1, nil); code != 0 {
				t.Fatalf("create: code %d", code)
			}
			w.topics[p0.Topic] = 1
		}
		f := &fuse{}
		f.left.Store(100 + rng.Int64N(2000))
		fs.FailWith(f.hook)
		for w.dead = false; !w.dead; {
			w.step()
		}
		if f.left.Load() >= 0 {
			t.Fatalf("%s while the power was on; %s", w.cause, w.h.Counts())
		}
		w.r.close()
		fs = fs.Crash(rng)
		_ = w.n.stop() // its file system is gone
	}
	t.Log(w.h.Counts())
}

// check reads everything after a recovery.
func (w *world) check() {
	w.t.Helper()
	w.open = map[*producer]string{}
	w.ids = nil
	for i := range 2 {
		p := &producer{r: w.r, id: new(fmt.Sprint("id", i)), v2: i == 0}
		if code := p.init(); code != 0 {
			w.t.Fatalf("init: code %d", code)
		}
		w.ids = append(w.ids, p)
	}
	w.plain = &producer{r: w.r}
	if code := w.plain.init(); code != 0 {
		w.t.Fatalf("init: code %d", code)
	}
	for name, parts := range w.maybe {
		if w.n.meta.Topic(name) != nil {
			w.topics[name] = parts
		}
	}
	clear(w.maybe)
	for name, parts := range w.topics {
		if w.n.meta.Topic(name) == nil {
			w.t.Errorf("topic %s is gone", name)
			return
		}
		for p := range parts {
			w.partition(Partition{name, p})
		}
	}
	for _, topic := range w.n.meta.Topics() {
		if _, ok := w.topics[topic.Name]; !ok && topic.Name[0] != '_' {
			w.t.Errorf("topic %s is there again", topic.Name)
		}
	}
	if got, code := w.r.committed("g", p0); code != 0 || got < w.offset && w.offset > 0 {
		w.t.Errorf("group g is at %d (code %d), had committed %d", got, code, w.offset)
	}
	for _, a := range Check(w.h) {
		w.t.Error(a)
	}
	// What could be read once stays.
	for i := range w.h.sends {
		s := &w.h.sends[i]
		f := w.h.finals[s.At]
		if s.Outcome != Unknown || f == nil {
			continue
		}
		for o, v := range f.All {
			if v == s.Value {
				s.Outcome, s.Offset = Acked, o
			}
		}
	}
}

func (w *world) partition(at Partition) {
	f, err := w.r.final(at)
	if err != nil {
		w.t.Fatal(err)
	}
	f.Compacted = at.Topic[0] == 'c'
	if f.Start < w.starts[at.String()] {
		w.t.Errorf("%v starts at %d, records were deleted up to %d", at, f.Start, w.starts[at.String()])
	}
	w.h.Final(f)
}

func (w *world) pick() (at Partition, ok bool) {
	names := slices.Sorted(maps.Keys(w.topics))
	if len(names) == 0 {
		return at, false
	}
	name := names[w.rng.IntN(len(names))]
	return Partition{name, w.rng.Int32N(w.topics[name])}, true
}

// step does one thing. An answer other than success means that the power is gone.
func (w *world) step() {
	at, ok := w.pick()
	dice := w.rng.IntN(100)
	switch {
	case !ok || dice < 3 && len(w.topics) < 8:
		w.create()
	case dice < 5 && len(w.topics) > 3 && at.Topic != p0.Topic:
		w.remove(at.Topic)
	case dice < 8:
		w.cut(at)
	case dice < 10:
		if err := w.n.logs.Checkpoint(); err != nil {
			w.died(err.Error(), 0)
		}
	case dice < 13:
		if err := w.n.logs.Clean(time.Now().Add(time.Duration(w.rng.IntN(48)) * time.Hour)); err != nil {
			w.died(err.Error(), 0)
		}
	case dice < 18:
		w.commitOffset()
	case dice < 30:
		w.end(w.ids[w.rng.IntN(len(w.ids))])
	case dice < 60:
		w.produce(w.ids[w.rng.IntN(len(w.ids))], at)
	default:
		w.produce(w.plain, at)
	}
}

func (w *world) create() {
	w.made++
	name, configs := fmt.Sprintf("%c%d", "dc"[w.made%2], w.made), map[string]string{}
	if name[0] == 'c' {
		configs["cleanup.policy"] = "compact"
	}
	parts := 1 + w.rng.Int32N(3)
	if code := w.r.create(name, parts, configs); code == 0 {
		w.topics[name] = parts
	} else {
		w.maybe[name] = parts
		w.died("create", code)
	}
}

func (w *world) remove(name string) {
	parts := w.topics[name]
	delete(w.topics, name)
	for p := range parts {
		delete(w.h.finals, Partition{name, p}) // nothing is promised any more
	}
	if code := w.r.remove(name); code != 0 {
		w.maybe[name] = parts
		w.died("delete", code)
	}
	for _, p := range w.ids { // what they had there is gone, so nothing can be said of all of it
		if txn, ok := w.open[p]; ok {
			for i := range w.h.sends {
				if s := &w.h.sends[i]; s.Txn == txn && s.At.Topic == name {
					s.Outcome = Unknown
				}
			}
		}
	}
}

// cut deletes records at the front.
func (w *world) cut(at Partition) {
	if at.Topic[0] == 'c' {
		return
	}
	b, err := w.r.bounds(at)
	if err != nil {
		w.died(err.Error(), broken)
		return
	}
	to := b[0] + w.rng.Int64N(b[2]-b[0]+1)
	switch code := w.r.deleteRecords(at, to); code {
	case 0:
		w.starts[at.String()] = to
	default:
		w.died("delete records", code)
	}
}

func (w *world) died(what string, code int16) {
	w.dead, w.cause = true, fmt.Sprintf("%s: code %d", what, code)
}

func (w *world) commitOffset() {
	p := w.ids[0]
	if w.open[p] == "" {
		return
	}
	// With the transaction: it counts when that is committed, see end.
	if code := p.commitOffset("g", p0, w.offset+1); code != 0 {
		w.died("commit offset", code)
	}
}

func (w *world) produce(p *producer, at Partition) {
	w.values++
	s := Send{Producer: fmt.Sprint(p.pid), At: at, Key: fmt.Sprint("k", w.rng.IntN(10)), Value: fmt.Sprintf("%d-%0*d", w.values, 20+w.rng.IntN(300), 0)}
	if w.rng.IntN(25) == 0 {
		s.Value = fmt.Sprintf("%d-%05000d", w.values, 0) // flushed in place
	}
	if p.id != nil {
		if w.open[p] == "" {
			w.txns++
			w.open[p] = fmt.Sprint("txn", w.txns)
		}
		s.Txn = w.open[p]
	}
	offset, code := p.produce(at, s.Key, s.Value)
	if code == 0 {
		s.Outcome, s.Offset = Acked, offset
	} else {
		w.died("produce", code)
	}
	w.h.Send(s)
}

func (w *world) end(p *producer) {
	txn := w.open[p]
	if txn == "" {
		return
	}
	before, _ := w.r.committed("g", p0) // may be unstable
	commit := w.rng.IntN(3) > 0
	delete(w.open, p)
	w.h.Ending(txn, commit)
	if code := p.end(commit); code != 0 {
		w.died("end", code)
		return
	}
	w.h.Ended(txn, Acked)
	if after, code := w.r.committed("g", p0); code == 0 {
		if after < before {
			w.t.Errorf("group g went from %d to %d", before, after)
		}
		w.offset = max(w.offset, after)
	}
}
