package commitlog

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/kurier-io/kurier/broker/vfs"
	"github.com/kurier-io/kurier/broker/wireproto"
)

// op is one append as the test made it.
type op struct {
	offset int64
	pid    int64 // -1 without producer
	epoch  int16
	seq    int32
	txn    bool
	marker *Marker
	key    string
	value  string
}

type modelProducer struct {
	epoch int16
	seq   int32 // next
	first int64 // of the open transaction, -1 for none
}

// model is what a partition must hold.
type model struct {
	ops   []op
	acked int64 // everything before it was acknowledged
	prods map[int64]*modelProducer
}

func (m *model) producer(pid int64) *modelProducer {
	p := m.prods[pid]
	if p == nil {
		p = &modelProducer{first: -1}
		m.prods[pid] = p
	}
	return p
}

func (m *model) add(o op) {
	m.ops = append(m.ops, o)
	if o.pid < 0 {
		return
	}
	p := m.producer(o.pid)
	if o.epoch != p.epoch {
		p.epoch, p.seq = o.epoch, 0
	}
	switch {
	case o.marker != nil:
		p.first = -1
	default:
		p.seq++
		if o.txn && p.first < 0 {
			p.first = o.offset
		}
	}
}

// cut forgets what a crash took: everything from end on.
func (m *model) cut(end int64) {
	ops := m.ops
	m.ops, m.prods = nil, map[int64]*modelProducer{}
	for _, o := range ops {
		if o.offset < end {
			m.add(o)
		}
	}
}

// committed is what a read_committed consumer gets before offset to.
func (m *model) committed(to int64) map[int64]op {
	out := map[int64]op{}
	pending := map[int64][]op{}
	for _, o := range m.ops {
		switch {
		case o.marker != nil:
			if o.marker.Commit {
				for _, d := range pending[o.pid] {
					out[d.offset] = d
				}
			}
			delete(pending, o.pid)
		case o.txn:
			pending[o.pid] = append(pending[o.pid], o)
		default:
			out[o.offset] = o
		}
	}
	for off := range out {
		if off >= to {
			delete(out, off)
		}
	}
	return out
}

func (m *model) stable(hw, start int64) (stable int64, exact bool) {
	stable, exact = hw, true
	for _, p := range m.prods {
		if p.first >= 0 {
			stable = min(stable, p.first)
			exact = exact && p.first >= start
		}
	}
	return max(stable, start), exact
}

// consume reads as the Java client does with read_committed.
func consume(t *testing.T, l *Log, maxBytes int) map[int64]wireproto.Record {
	t.Helper()
	out := map[int64]wireproto.Record{}
	for at := l.LogStart(); ; {
		res, err := l.ReadCommitted(at, maxBytes, true)
		if err != nil {
			t.Fatalf("read %d: %v", at, err)
		}
		if len(res.Records) == 0 {
			return out
		}
		if !slices.IsSortedFunc(res.Aborted, func(a, b AbortedTxn) int { return int(a.FirstOffset - b.FirstOffset) }) {
			t.Fatalf("aborted transactions are not in order: %v", res.Aborted)
		}
		queue, skip := res.Aborted, map[int64]bool{}
		for rest := bytes.Clone(res.Records); len(rest) > 0; {
			var b wireproto.Batch
			if b, rest, err = wireproto.NextBatch(rest); err != nil || b.CheckCRC() != nil {
				t.Fatalf("at %d: %v", at, err)
			}
			for len(queue) > 0 && queue[0].FirstOffset <= b.LastOffset() {
				skip[queue[0].ProducerID] = true
				queue = queue[1:]
			}
			at = b.LastOffset() + 1
			if b.Control() {
				c, err := wireproto.ParseMarker(b)
				if err != nil {
					t.Fatal(err)
				}
				if !c.Commit {
					delete(skip, b.ProducerID())
				}
				continue
			}
			if b.Transactional() && skip[b.ProducerID()] {
				continue
			}
			if err := wireproto.EachRecord(b.Payload(), b.Count(), func(r wireproto.Record) error {
				out[b.BaseOffset()+int64(r.OffsetDelta)] = r
				return nil
			}); err != nil {
				t.Fatal(err)
			}
		}
		if len(queue) > 0 {
			t.Fatalf("aborted transactions %v begin after the records, which end before %d", queue, at)
		}
		res.Release()
	}
}

// check compares a recovered log with its model, and cuts the model to it.
func (m *model) check(t *testing.T, l *Log, compacted bool) {
	t.Helper()
	hw, start := l.HighWatermark(), l.LogStart()
	if hw < m.acked {
		t.Fatalf("log ends at %d, acknowledged to %d", hw, m.acked)
	}
	m.cut(hw)
	m.acked = hw // what can be read stays
	if n := len(m.ops); n > 0 && m.ops[n-1].offset+1 != hw {
		t.Fatalf("log ends at %d, the last append was at %d", hw, m.ops[n-1].offset)
	}
	stable, exact := m.stable(hw, start)
	if got := l.LastStable(); got < stable || exact && got != stable {
		t.Fatalf("last stable offset %d, want %d (start %d, end %d)", got, stable, start, hw)
	}
	if exact {
		for pid, p := range m.prods {
			if first, open := l.OpenTransaction(pid); open != (p.first >= 0) || first != p.first {
				t.Fatalf("transaction of %d: %d, %v; want %d", pid, first, open, p.first)
			}
		}
	}
	want := m.committed(l.LastStable())
	latest := map[string]int64{}
	for off, o := range want {
		latest[o.key] = max(latest[o.key], off)
	}
	for _, maxBytes := range []int{1 << 20, 700} {
		got := consume(t, l, maxBytes)
		for off, r := range got {
			if o, ok := want[off]; !ok || o.value != string(r.Value) {
				t.Fatalf("a consumer got %.40q at %d, want %.40q, %v", r.Value, off, o.value, ok)
			}
		}
		for off, o := range want {
			if _, ok := got[off]; !ok && off >= start && (!compacted || latest[o.key] == off) {
				t.Fatalf("a consumer does not get %d %.40q; log is %d to %d to %d", off, o.value, start, l.LastStable(), hw)
			}
		}
	}
}

// TestCrashKeepsTransactions runs random transactions, rolls, retention and
// compaction, and loses power or stops again and again. What comes up must be a
// prefix with everything acknowledged, and a consumer must see exactly what that
// prefix committed.
func TestCrashKeepsTransactions(t *testing.T) {
	seeds := uint64(40)
	if testing.Short() {
		seeds = 8
	}
	for seed := range seeds {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			runTransactions(t, seed)
		})
	}
}

func runTransactions(t *testing.T, seed uint64) {
	rng := rand.New(rand.NewPCG(seed, 7))
	compacted, limited := smallConfig(), smallConfig()
	compacted.Delete, compacted.Compact, compacted.SegmentBytes = false, true, 8<<10
	compacted.DeleteRetentionMillis = 1000
	limited.RetentionBytes, limited.SegmentBytes = 12<<10, 6<<10
	parts := specs(smallConfig(), compacted, limited)
	fs, epochs := vfs.NewMem(), &epochCounter{}
	models := []*model{}
	for range parts {
		models = append(models, &model{prods: map[int64]*modelProducer{}})
	}
	now := time.Now()
	for range 7 {
		s := mustOpen(t, smallOptions(fs), parts, epochs)
		for i, p := range parts {
			models[i].check(t, s.Log(p.ID), i == 1)
		}
		type inflight struct {
			part int
			res  AppendResult
		}
		var waiting []inflight
		for range 60 + rng.IntN(150) {
			i := rng.IntN(len(parts))
			l := s.Log(parts[i].ID)
			waiting = append(waiting, inflight{i, models[i].step(t, rng, l)})
			now = now.Add(time.Duration(rng.IntN(200)) * time.Millisecond)
			switch rng.IntN(50) {
			case 0:
				if err := s.Checkpoint(); err != nil {
					t.Fatal(err)
				}
			case 1, 2:
				if err := s.Clean(now); err != nil {
					t.Fatal(err)
				}
			case 3:
				seal(t, l)
			}
			for len(waiting) > rng.IntN(20) {
				f := waiting[0]
				waiting = waiting[1:]
				if err := f.res.Wait(nil); err != nil {
					t.Fatal(err)
				}
				models[f.part].acked = max(models[f.part].acked, f.res.LastOffset+1)
			}
		}
		if rng.IntN(4) == 0 {
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			for _, m := range models {
				m.acked = m.ops[len(m.ops)-1].offset + 1
			}
		} else {
			crashed := fs.Crash(rng)
			s.abort()
			fs = crashed
		}
	}
}

// step makes one random append.
func (m *model) step(t *testing.T, rng *rand.Rand, l *Log) AppendResult {
	t.Helper()
	o := op{pid: int64(rng.IntN(6)) - 1, key: fmt.Sprintf("k%d", rng.IntN(15)), value: fmt.Sprintf("%0*d", 20+rng.IntN(300), rng.Int64())}
	if rng.IntN(30) == 0 {
		o.value = fmt.Sprintf("%05000d", rng.Int64()) // flushed in place
	}
	b := batchOf([]byte(o.key), []byte(o.value))
	if o.pid >= 0 {
		p := m.producer(o.pid)
		o.epoch, o.seq = p.epoch, p.seq
		o.txn = p.first >= 0 || rng.IntN(3) > 0
		if p.first >= 0 && rng.IntN(3) == 0 || rng.IntN(20) == 0 {
			v2 := rng.IntN(2) == 0
			o.marker = &Marker{ProducerID: o.pid, Epoch: p.epoch, Commit: rng.IntN(2) == 0, V2: v2}
			if v2 {
				o.marker.Epoch++
			}
			o.epoch = o.marker.Epoch
			res, err := l.AppendMarker(*o.marker)
			if err != nil {
				t.Fatal(err)
			}
			o.offset = res.BaseOffset
			m.add(o)
			return res
		}
		info := b.Info()
		info.ProducerID, info.ProducerEpoch, info.BaseSequence = o.pid, o.epoch, o.seq
		if o.txn {
			info.Attributes |= wireproto.AttrTransactional
		}
		wireproto.FinishBatch(b, info)
	}
	res, err := l.AppendWith(b, AppendOptions{TransactionV2: rng.IntN(2) == 0 && o.seq == 0})
	if err != nil {
		t.Fatal(err)
	}
	if res.Duplicate {
		t.Fatalf("producer %d epoch %d sequence %d was taken for a duplicate", o.pid, o.epoch, o.seq)
	}
	o.offset = res.BaseOffset
	m.add(o)
	if rng.IntN(8) == 0 && o.pid >= 0 { // a retry
		b.SetBaseOffset(0)
		again, err := l.Append(b)
		if err != nil || !again.Duplicate || again.BaseOffset != res.BaseOffset {
			t.Fatalf("retry of offset %d: %+v, %v", res.BaseOffset, again, err)
		}
	}
	return res
}
