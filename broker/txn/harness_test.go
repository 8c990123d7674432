package txn

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"testing"

	"github.com/kurier-io/kurier/broker/wireproto"
)

var errDead = errors.New("the process is dead")

// entry is a data batch or a marker in the log of a partition.
type entry struct {
	pid    int64
	epoch  int16
	label  string // of the transaction that the data belongs to
	marker bool
	commit bool
}

// fakeBroker is everything around the coordinator: storage that keeps what was
// appended, logs that know producer epochs, and faults at any write.
type fakeBroker struct {
	mu       sync.Mutex
	records  []wireproto.Record // durable
	unsynced []wireproto.Record // lost in a crash
	logs     map[TopicPartition][]entry
	pids     int64

	fuse int  // writes until the process dies; zero never
	once bool // only the one write fails, the process lives
	late bool // the failing write has its effect all the same
	dead bool
	ops  int
}

// fault counts a write. It reports whether the write has its effect and what it
// returns. Called with mu held.
func (b *fakeBroker) fault() (effect bool, err error) {
	if b.dead {
		return false, errDead
	}
	b.ops++
	if b.fuse > 0 {
		if b.fuse--; b.fuse == 0 {
			b.dead = !b.once
			return b.late, errDead
		}
	}
	return true, nil
}

func (b *fakeBroker) Append(_ context.Context, _ string, rec wireproto.Record) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	effect, err := b.fault()
	if effect {
		b.records = append(append(b.records, b.unsynced...), rec)
		b.unsynced = nil
	}
	return err
}

func (b *fakeBroker) Write(_ string, rec wireproto.Record) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	effect, err := b.fault()
	if effect {
		b.unsynced = append(b.unsynced, rec)
	}
	return err
}

func (b *fakeBroker) ProducerID() (int64, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.pids++
	return 1000 + b.pids, nil
}

func (b *fakeBroker) Partition(string) TopicPartition { return TopicPartition{"__consumer_offsets", 0} }

// epoch returns the last epoch of a producer in a log and whether its transaction
// is open.
func (b *fakeBroker) epoch(tp TopicPartition, pid int64) (epoch int16, open bool) {
	epoch = -1
	for _, e := range b.logs[tp] {
		if e.pid == pid {
			epoch, open = e.epoch, !e.marker
		}
	}
	return epoch, open
}

// produce appends transactional data as the log would.
func (b *fakeBroker) produce(tp TopicPartition, pid int64, epoch int16, label string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if last, _ := b.epoch(tp, pid); epoch < last || b.dead {
		return false
	}
	b.logs[tp] = append(b.logs[tp], entry{pid: pid, epoch: epoch, label: label})
	return true
}

// Markers

type fakeMarkers struct{ *fakeBroker }

func (b fakeMarkers) Write(_ context.Context, m Marker, tps []TopicPartition) error {
	for _, tp := range tps {
		if err := b.mark(m, tp); err != nil {
			return err
		}
	}
	return nil
}

func (b *fakeBroker) mark(m Marker, tp TopicPartition) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	last, open := b.epoch(tp, m.ProducerID)
	if m.Epoch < last || m.V2 && m.Epoch == last && open {
		return fmt.Errorf("marker of epoch %d in %v, which is at %d", m.Epoch, tp, last)
	}
	effect, err := b.fault()
	if effect {
		b.logs[tp] = append(b.logs[tp], entry{pid: m.ProducerID, epoch: m.Epoch, marker: true, commit: m.Commit})
	}
	return err
}

// fates returns what became of each transaction's data: "commit", "abort",
// "open", or several of them if it was torn.
func (b *fakeBroker) fates() map[string][]string {
	b.mu.Lock()
	defer b.mu.Unlock()
	out := map[string][]string{}
	for _, log := range b.logs {
		for i, e := range log {
			if e.marker {
				continue
			}
			fate := "open"
			if j := slices.IndexFunc(log[i:], func(m entry) bool { return m.marker && m.pid == e.pid }); j >= 0 {
				fate = "abort"
				if log[i+j].commit {
					fate = "commit"
				}
			}
			if !slices.Contains(out[e.label], fate) {
				out[e.label] = append(out[e.label], fate)
			}
		}
	}
	return out
}

// harness is a coordinator in its fake broker.
type harness struct {
	b *fakeBroker
	c *Coordinator
}

func newHarness() *harness {
	h := &harness{b: &fakeBroker{logs: map[TopicPartition][]entry{}}}
	h.start()
	return h
}

func (h *harness) start() {
	h.c = NewCoordinator(DefaultConfig(), h.b, fakeMarkers{h.b}, h.b, h.b, slog.New(slog.DiscardHandler))
}

// restart is a crash and a start: what was not durable may be lost.
func (h *harness) restart(t interface{ Fatal(...any) }, lose bool) {
	h.b.mu.Lock()
	h.b.dead, h.b.fuse = false, 0
	if !lose {
		h.b.records = append(h.b.records, h.b.unsynced...)
	}
	h.b.unsynced = nil
	records := slices.Clone(h.b.records)
	h.b.mu.Unlock()
	h.start()
	for _, rec := range records {
		if err := h.c.Load(rec.Key, rec.Value); err != nil {
			t.Fatal(err)
		}
	}
	if err := h.c.Resume(context.Background()); err != nil {
		t.Fatal(err)
	}
}

// client is a transactional producer.
type client struct {
	h     *harness
	id    string
	v2    bool
	pid   int64
	epoch int16
}

func (p *client) init(pid int64, epoch int16) Code {
	pid, epoch, code := p.h.c.InitProducerID(context.Background(), InitRequest{p.id, 60_000, pid, epoch})
	if code == None {
		p.pid, p.epoch = pid, epoch
	}
	return code
}

// produce adds the partition to the transaction as its version does and appends;
// ok is false if the log fenced it.
func (p *client) produce(tp TopicPartition, label string) (code Code, ok bool) {
	tps := []TopicPartition{tp}
	if p.v2 {
		if code := p.h.c.Implicit(context.Background(), p.id, p.pid, p.epoch, tps); code != None {
			return code, false
		}
		return None, p.h.b.produce(tp, p.pid, p.epoch, label)
	}
	if code := p.h.c.AddPartitions(context.Background(), p.id, p.pid, p.epoch, tps); code != None {
		return code, false
	}
	hold, code := p.h.c.Verify(p.id, p.pid, p.epoch, tps)
	if code != None {
		return code, false
	}
	defer hold.Release()
	return None, p.h.b.produce(tp, p.pid, p.epoch, label)
}

func (p *client) end(commit bool) Code {
	pid, epoch, code := p.h.c.End(context.Background(), p.id, p.pid, p.epoch, commit, p.v2)
	if code == None && p.v2 {
		p.pid, p.epoch = pid, epoch
	}
	return code
}

func must(t *testing.T, what string, code Code) {
	t.Helper()
	if code != None {
		t.Fatalf("%s: code %d", what, code)
	}
}
