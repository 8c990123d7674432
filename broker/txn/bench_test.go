package txn

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/kurier-io/kurier/broker/wireproto"
)

// discard is a broker that keeps nothing.
type discard struct{ fakeBroker }

func (*discard) Append(context.Context, string, wireproto.Record) error { return nil }
func (*discard) Write(string, wireproto.Record) error                   { return nil }

type discardMarkers struct{}

func (discardMarkers) Write(context.Context, Marker, []TopicPartition) error { return nil }

func benchHarness() *harness {
	h := newHarness()
	h.c.storage, h.c.markers = &discard{}, discardMarkers{}
	return h
}

// BenchmarkImplicit is what each transactional Produce request costs after the
// first.
func BenchmarkImplicit(b *testing.B) {
	h := benchHarness()
	p := &client{h: h, id: "connect-cluster-orders-0", v2: true}
	p.init(-1, -1)
	tps := []TopicPartition{p0, p1}
	h.c.Implicit(b.Context(), p.id, p.pid, p.epoch, tps)
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if code := h.c.Implicit(context.Background(), p.id, p.pid, p.epoch, tps); code != None {
				b.Fatal(code)
			}
		}
	})
}

func BenchmarkVerify(b *testing.B) {
	h := benchHarness()
	p := &client{h: h, id: "connect-cluster-orders-0"}
	p.init(-1, -1)
	tps := []TopicPartition{p0, p1}
	h.c.AddPartitions(b.Context(), p.id, p.pid, p.epoch, tps)
	b.ReportAllocs()
	for b.Loop() {
		hold, code := h.c.Verify(p.id, p.pid, p.epoch, tps)
		if code != None {
			b.Fatal(code)
		}
		hold.Release()
	}
}

// BenchmarkTransaction is a whole transaction of ten partitions without I/O.
func BenchmarkTransaction(b *testing.B) {
	h := benchHarness()
	p := &client{h: h, id: "id", v2: true}
	p.init(-1, -1)
	var tps []TopicPartition
	for i := range int32(10) {
		tps = append(tps, TopicPartition{"t", i})
	}
	b.ReportAllocs()
	for b.Loop() {
		if code := h.c.Implicit(b.Context(), p.id, p.pid, p.epoch, tps); code != None {
			b.Fatal(code)
		}
		if code := p.end(true); code != None {
			b.Fatal(code)
		}
	}
}

// BenchmarkTick is the tick that finds nothing among 100 000 ids.
func BenchmarkTick(b *testing.B) {
	h := benchHarness()
	for i := range 100_000 {
		p := &client{h: h, id: fmt.Sprint("id-", i)}
		p.init(-1, -1)
	}
	now := time.Now()
	for b.Loop() {
		h.c.Tick(b.Context(), now)
	}
}

// TestHotPathAllocatesNothing guards what the benchmarks measure.
func TestHotPathAllocatesNothing(t *testing.T) {
	h := benchHarness()
	p := &client{h: h, id: "id", v2: true}
	must(t, "init", p.init(-1, -1))
	tps := []TopicPartition{p0}
	must(t, "implicit", h.c.Implicit(t.Context(), p.id, p.pid, p.epoch, tps))
	ctx := t.Context()
	if n := testing.AllocsPerRun(100, func() { h.c.Implicit(ctx, p.id, p.pid, p.epoch, tps) }); n != 0 {
		t.Errorf("Implicit: %v allocations", n)
	}
	if n := testing.AllocsPerRun(100, func() {
		hold, _ := h.c.Verify(p.id, p.pid, p.epoch, tps)
		hold.Release()
	}); n != 0 {
		t.Errorf("Verify: %v allocations", n)
	}
}
