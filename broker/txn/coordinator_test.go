package txn

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/kurier-io/kurier/broker/wireproto"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// slowStorage takes its time in Append.
type slowStorage struct {
	Storage
	delay time.Duration
}

func (s slowStorage) Append(ctx context.Context, id string, rec wireproto.Record) error {
	time.Sleep(s.delay)
	return s.Storage.Append(ctx, id, rec)
}

// TestAdditionsWaitForEachOther: a producer begins its transaction with several
// requests at once; each adds its partition, none is sent back.
func TestAdditionsWaitForEachOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHarness()
		p := &client{h: h, id: "id", v2: true}
		must(t, "init", p.init(-1, -1))
		h.c.storage = slowStorage{h.b, time.Second}
		codes := make(chan Code, 3)
		var wg sync.WaitGroup
		for i := range int32(3) {
			wg.Go(func() {
				codes <- h.c.Implicit(t.Context(), "id", p.pid, p.epoch, []TopicPartition{{"t", i}})
			})
		}
		synctest.Wait()
		if code := (&client{h: h, id: "id"}).init(-1, -1); code != ConcurrentTransactions {
			t.Errorf("init while a partition is added: %d", code)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if code := h.c.Implicit(ctx, "id", p.pid, p.epoch, []TopicPartition{{"t", 9}}); code != ConcurrentTransactions {
			t.Errorf("the wait of a client that has gone: %d", code)
		}
		wg.Wait()
		for range 3 {
			must(t, "implicit", <-codes)
		}
		d, _ := h.c.Describe("id")
		if diff := cmp.Diff([]TopicPartition{{"t", 0}, {"t", 1}, {"t", 2}}, d.Partitions); diff != "" {
			t.Error(diff)
		}
	})
}

// TestHoldKeepsTheTransactionOpen: End waits for verified appends, and new ones
// are sent back meanwhile.
func TestHoldKeepsTheTransactionOpen(t *testing.T) {
	h := newHarness()
	p := &client{h: h, id: "id"}
	must(t, "init", p.init(-1, -1))
	tps := []TopicPartition{p0}
	must(t, "add", h.c.AddPartitions(t.Context(), "id", p.pid, p.epoch, tps))
	hold, code := h.c.Verify("id", p.pid, p.epoch, tps)
	must(t, "verify", code)
	again, code := h.c.Verify("id", p.pid, p.epoch, tps)
	must(t, "verify", code)
	again.Release()
	ended := make(chan Code, 1)
	go func() { ended <- p.end(true) }()
	s, _ := h.c.find("id", false)
	for s.view.Load() != nil { // until End has begun
		time.Sleep(time.Millisecond)
	}
	select {
	case code := <-ended:
		t.Fatalf("ended under a hold: %d", code)
	default:
	}
	for _, c := range []struct {
		epoch int16
		want  Code
	}{{p.epoch, ConcurrentTransactions}, {p.epoch + 1, ProducerFenced}} {
		if _, code := h.c.Verify("id", p.pid, c.epoch, tps); code != c.want {
			t.Errorf("verify while it ends: %d, want %d", code, c.want)
		}
	}
	h.b.produce(p0, p.pid, p.epoch, "late")
	hold.Release()
	must(t, "end", <-ended)
	if diff := cmp.Diff(map[string][]string{"late": {"commit"}}, h.b.fates()); diff != "" {
		t.Error(diff)
	}
	if _, code := h.c.Verify("id", p.pid, p.epoch, tps); code != InvalidTxnState {
		t.Errorf("verify after the end: %d", code)
	}
}

func TestVirtualTimeouts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHarness()
		p := &client{h: h, id: "id", v2: true}
		must(t, "init", p.init(-1, -1))
		code, _ := p.produce(p0, "a")
		must(t, "produce", code)
		start := time.Now()
		for time.Since(start) < 2*time.Minute {
			time.Sleep(time.Second)
			h.c.Tick(t.Context(), time.Now())
			want := Ongoing
			if time.Since(start) >= time.Minute {
				want = CompleteAbort
			}
			if d, _ := h.c.Describe("id"); d.State != want {
				t.Fatalf("after %v: %s", time.Since(start), d.State)
			}
		}
		time.Sleep(7*24*time.Hour - 2*time.Minute)
		h.c.Tick(t.Context(), time.Now())
		if _, code := h.c.Describe("id"); code != None {
			t.Errorf("expired a minute early: %d", code)
		}
		time.Sleep(time.Minute)
		h.c.Tick(t.Context(), time.Now())
		if _, code := h.c.Describe("id"); code != TransactionalIDNotFound {
			t.Errorf("not expired: %d", code)
		}
		if last := h.b.records[len(h.b.records)-1]; last.Value != nil {
			t.Error("no tombstone was written")
		}
		for what, code := range map[string]Code{
			"end":      p.end(true),
			"add":      h.c.AddPartitions(t.Context(), "id", p.pid, p.epoch, []TopicPartition{p0}),
			"offsets":  h.c.AddOffsets(t.Context(), "id", p.pid, p.epoch, "g"),
			"implicit": h.c.Implicit(t.Context(), "id", p.pid, p.epoch, []TopicPartition{p0}),
		} {
			if code != InvalidProducerIDMapping {
				t.Errorf("%s of an expired id: %d", what, code)
			}
		}
		h.restart(t, true)
		if n := h.c.count.Load(); n != 0 {
			t.Errorf("%d ids after replaying the tombstone", n)
		}
		old := p.pid
		must(t, "init with the old producer id", p.init(p.pid, p.epoch))
		if p.pid == old || p.epoch != 0 {
			t.Errorf("after the expiration: %d/%d", p.pid, p.epoch)
		}
	})
}

func TestLimits(t *testing.T) {
	h := newHarness()
	h.c.config.MaxIDs, h.c.config.MaxIDLength = 2, 10
	for _, c := range []struct {
		id   string
		want Code
	}{{"a", None}, {"b", None}, {"c", PolicyViolation}, {"a", None}, {"", InvalidRequest}, {strings.Repeat("x", 11), InvalidRequest}} {
		if code := (&client{h: h, id: c.id}).init(-1, -1); code != c.want {
			t.Errorf("%q: %d, want %d", c.id, code, c.want)
		}
	}
	if _, _, code := h.c.End(t.Context(), "", 1, 1, true, true); code != InvalidRequest {
		t.Errorf("end: %d", code)
	}
	if code := h.c.AddPartitions(t.Context(), "", 1, 1, nil); code != InvalidRequest {
		t.Errorf("add: %d", code)
	}
}

func TestOffsetsPartition(t *testing.T) {
	h := newHarness()
	p := &client{h: h, id: "id"}
	must(t, "init", p.init(-1, -1))
	must(t, "add", h.c.AddOffsets(t.Context(), "id", p.pid, p.epoch, "g"))
	hold, code := h.c.Verify("id", p.pid, p.epoch, []TopicPartition{h.b.Partition("g")})
	must(t, "verify", code)
	hold.Release()
}

func TestListAndDescribe(t *testing.T) {
	h := newHarness()
	for i, id := range []string{"app-2", "app-1", "other"} {
		p := &client{h: h, id: id, v2: true}
		must(t, "init", p.init(-1, -1))
		if i > 0 {
			for _, tp := range []TopicPartition{{"u", 0}, p1, p0} {
				code, _ := p.produce(tp, id)
				must(t, "produce", code)
			}
		}
		if i > 1 {
			must(t, "end", p.end(true))
		}
	}
	now := time.Now()
	for _, c := range []struct {
		name    string
		f       Filter
		ids     string
		unknown string
		code    Code
	}{
		{"all", Filter{}, "app-1 app-2 other", "", None},
		{"state", Filter{States: []string{"Ongoing"}}, "app-1", "", None},
		{"states", Filter{States: []string{"Empty", "CompleteCommit", "Wrong"}}, "app-2 other", "Wrong", None},
		{"only unknown", Filter{States: []string{"ongoing"}}, "", "ongoing", None},
		{"producer", Filter{ProducerIDs: []int64{1001, 1003, 9}}, "app-2 other", "", None},
		{"running", Filter{OlderThan: time.Minute}, "app-1", "", None},
		{"running longer", Filter{OlderThan: 2 * time.Hour}, "", "", None},
		{"pattern", Filter{IDPattern: "app-."}, "app-1 app-2", "", None},
		{"the pattern is for all of the id", Filter{IDPattern: "app"}, "", "", None},
		{"bad pattern", Filter{IDPattern: "("}, "", "", InvalidRegularExpression},
		{"pattern that would close the group", Filter{IDPattern: "a)|(?:b"}, "", "", InvalidRegularExpression},
	} {
		rows, unknown, code := h.c.List(now.Add(time.Hour), c.f)
		var ids []string
		for _, r := range rows {
			ids = append(ids, r.ID)
		}
		if got := strings.Join(ids, " "); got != c.ids || strings.Join(unknown, " ") != c.unknown || code != c.code {
			t.Errorf("%s: %q, unknown %q, code %d", c.name, got, unknown, code)
		}
	}
	d, code := h.c.Describe("app-1")
	want := Description{ID: "app-1", State: Ongoing, ProducerID: 1002, TimeoutMillis: 60_000, StartMillis: d.StartMillis, Partitions: []TopicPartition{p0, p1, {"u", 0}}}
	if diff := cmp.Diff(want, d); code != None || diff != "" || time.Since(time.UnixMilli(d.StartMillis)) > time.Minute {
		t.Errorf("described: %d %s", code, diff)
	}
	for id, want := range map[string]Code{"": InvalidRequest, "nobody": TransactionalIDNotFound} {
		if _, code := h.c.Describe(id); code != want {
			t.Errorf("describe %q: %d", id, code)
		}
	}
}

// TestMarkersAsDecided has the markers that the logs get.
func TestMarkersAsDecided(t *testing.T) {
	for _, c := range []struct {
		v2   bool
		want []entry
	}{
		{false, []entry{{pid: 1001, label: "a"}, {pid: 1001, marker: true, commit: true}, {pid: 1001, label: "b"}, {pid: 1001, marker: true}}},
		{true, []entry{{pid: 1001, label: "a"}, {pid: 1001, epoch: 1, marker: true, commit: true}, {pid: 1001, epoch: 1, label: "b"}, {pid: 1001, epoch: 2, marker: true}}},
	} {
		h := newHarness()
		p := &client{h: h, id: "id", v2: c.v2}
		must(t, "init", p.init(-1, -1))
		for label, commit := range map[string]bool{"a": true} {
			code, _ := p.produce(p0, label)
			must(t, "produce", code)
			must(t, "end", p.end(commit))
		}
		code, _ := p.produce(p0, "b")
		must(t, "produce", code)
		must(t, "end", p.end(false))
		if diff := cmp.Diff(c.want, h.b.logs[p0], cmp.AllowUnexported(entry{})); diff != "" {
			t.Error(diff)
		}
	}
}

// TestConcurrentUse has producers with their own ids and others that fight for
// one, while everything is listed, described and ticked.
func TestConcurrentUse(t *testing.T) {
	h := newHarness()
	ctx, stop := context.WithCancel(t.Context())
	var work, watch sync.WaitGroup
	for i := range 8 {
		work.Go(func() {
			p := &client{h: h, id: fmt.Sprint("own-", i), v2: i%2 == 0}
			shared := i >= 5
			if shared {
				p.id = "shared"
			}
			for n := range 60 {
				label := fmt.Sprintf("%d-%d", i, n)
				code := None
				if n%10 == 0 {
					code = p.init(-1, -1)
				}
				for q := range int32(3) {
					if code == None {
						code, _ = p.produce(TopicPartition{"t", q}, label)
					}
				}
				if code == None {
					code = p.end(n%3 != 0)
				}
				if code != None && !shared {
					t.Errorf("%s: %s: code %d", p.id, label, code)
					return
				}
			}
		})
	}
	watch.Go(func() {
		for ctx.Err() == nil {
			h.c.Tick(ctx, time.Now())
			rows, _, _ := h.c.List(time.Now(), Filter{})
			for _, r := range rows {
				h.c.Describe(r.ID)
			}
		}
	})
	work.Wait()
	stop()
	watch.Wait()
	h.restart(t, true)
	h.c.Tick(t.Context(), time.Now().Add(time.Hour))
	for label, fates := range h.b.fates() {
		if len(fates) != 1 || fates[0] == "open" {
			t.Errorf("%s: %v", label, fates)
		}
	}
}

func TestResumeReportsFailure(t *testing.T) {
	h := newHarness()
	p := &client{h: h, id: "id"}
	must(t, "init", p.init(-1, -1))
	code, _ := p.produce(p0, "a")
	must(t, "produce", code)
	h.b.fuse = 2
	if code := p.end(true); code != ConcurrentTransactions {
		t.Fatal(code)
	}
	h.start()
	for _, rec := range h.b.records {
		if err := h.c.Load(rec.Key, rec.Value); err != nil {
			t.Fatal(err)
		}
	}
	if err := h.c.Resume(t.Context()); err == nil {
		t.Fatal("the logs are dead, and Resume succeeded")
	}
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	if err := h.c.Resume(cancelled); err == nil {
		t.Fatal("cancelled, and Resume succeeded")
	}
	h.b.dead = false
	h.c.Tick(t.Context(), time.Now())
	if diff := cmp.Diff(map[string][]string{"a": {"commit"}}, h.b.fates()); diff != "" {
		t.Error(diff)
	}
}

// TestVerify is the hot path of TV1, which must see what the machine sees.
func TestVerify(t *testing.T) {
	h := newHarness()
	p := &client{h: h, id: "id"}
	must(t, "init", p.init(-1, -1))
	code, _ := p.produce(p0, "a")
	must(t, "produce", code)
	for _, c := range []struct {
		id    string
		pid   int64
		epoch int16
		tps   []TopicPartition
		want  Code
	}{
		{"id", p.pid, p.epoch, []TopicPartition{p0}, None},
		{"id", p.pid, p.epoch, []TopicPartition{p0, p1}, InvalidTxnState},
		{"id", p.pid, p.epoch + 1, []TopicPartition{p0}, ProducerFenced},
		{"id", p.pid + 1, p.epoch, []TopicPartition{p0}, InvalidProducerIDMapping},
		{"other", p.pid, p.epoch, []TopicPartition{p0}, InvalidProducerIDMapping},
	} {
		hold, code := h.c.Verify(c.id, c.pid, c.epoch, c.tps)
		if code != c.want {
			t.Errorf("%+v: %d", c, code)
		}
		if code == None {
			hold.Release()
		}
	}
	must(t, "end without holds left", p.end(true))
	must(t, "init", p.init(p.pid, p.epoch))
	if d, _ := h.c.Describe("id"); d.State != Empty || d.StartMillis != -1 {
		t.Errorf("after init: %+v", d)
	}
}
