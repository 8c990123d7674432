//go:build slow && unix

package torture

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
)

const (
	partitions = 4
	plainTopic = "plain" // of idempotent producers, input of the copiers
	loneTopic  = "lone"  // of acks=1 producers
	txnTopic   = "txn"   // of transactional producers
	copyTopic  = "copy"  // what the copiers made of plain
)

// workload is a set of clients around a history.
type workload struct {
	t      *testing.T
	addr   string
	h      *History
	ctx    context.Context // ends everything by force
	cancel context.CancelFunc
	quit   chan struct{} // ends producers after what they are doing
	wg     sync.WaitGroup
	rest   chan struct{} // ends copiers and consumers
	late   sync.WaitGroup
	names  atomic.Int64
}

func newWorkload(t *testing.T, addr string) *workload {
	w := &workload{t: t, addr: addr, h: NewHistory(), quit: make(chan struct{}), rest: make(chan struct{})}
	w.ctx, w.cancel = context.WithCancel(context.Background())
	t.Cleanup(w.cancel)
	adm := kadm.NewClient(w.client())
	defer adm.Close()
	for _, topic := range []string{plainTopic, loneTopic, txnTopic, copyTopic} {
		if _, err := adm.CreateTopic(w.ctx, partitions, 1, nil, topic); err != nil {
			t.Fatal(err)
		}
	}
	return w
}

func (w *workload) client(opts ...kgo.Opt) *kgo.Client {
	cl, err := kgo.NewClient(w.options(opts...)...)
	if err != nil {
		w.t.Fatal(err)
	}
	return cl
}

func (w *workload) options(opts ...kgo.Opt) []kgo.Opt {
	return append([]kgo.Opt{kgo.SeedBrokers(w.addr), kgo.RetryBackoffFn(func(int) time.Duration { return 20 * time.Millisecond }), kgo.RecordPartitioner(kgo.ManualPartitioner()),
		kgo.MetadataMinAge(50 * time.Millisecond), kgo.RetryTimeout(time.Minute)}, opts...)
}

func (w *workload) stopping() bool {
	select {
	case <-w.quit:
		return true
	case <-time.After(2 * time.Millisecond):
		return false
	}
}

// produce writes without transactions until quit.
func (w *workload) produce(name, topic string, opts ...kgo.Opt) {
	repeats := topic == loneTopic
	cl := w.client(opts...)
	w.wg.Go(func() {
		defer cl.Close()
		for i := 0; !w.stopping(); {
			for range 4 {
				s := Send{Producer: name, At: Partition{topic, int32(i % partitions)}, Value: fmt.Sprintf("%s-%d", name, i), Repeats: repeats}
				i++
				cl.Produce(w.ctx, &kgo.Record{Topic: topic, Partition: s.At.Index, Value: []byte(s.Value), Key: make([]byte, 100)}, func(r *kgo.Record, err error) {
					s.Offset = r.Offset
					if err == nil {
						s.Outcome = Acked
					} else if !repeats {
						w.t.Errorf("%s: %v", s.Value, err) // a minute of retries was not enough
					}
					w.h.Send(s)
				})
			}
		}
		if err := cl.Flush(w.ctx); err != nil {
			w.t.Errorf("%s: %v", name, err)
		}
	})
}

// transact writes transactions over several partitions, a third of them aborted.
func (w *workload) transact(id string) {
	w.wg.Go(func() {
		for n := 0; !w.stopping(); {
			cl := w.client(kgo.TransactionalID(id), kgo.TransactionTimeout(20*time.Second))
			for ; !w.stopping(); n++ {
				if err := w.transaction(cl, id, n); err != nil {
					w.t.Logf("%s: a new client after: %v", id, err)
					n++
					break
				}
			}
			cl.Close()
		}
	})
}

func (w *workload) transaction(cl *kgo.Client, id string, n int) error {
	if err := cl.BeginTransaction(); err != nil {
		return err
	}
	txn := fmt.Sprintf("%s/%d", id, n)
	var failed atomic.Pointer[error]
	for i := range 6 {
		s := Send{Producer: id, At: Partition{txnTopic, int32((n + i) % partitions)}, Value: fmt.Sprintf("%s-%d", txn, i), Txn: txn}
		cl.Produce(w.ctx, &kgo.Record{Topic: s.At.Topic, Partition: s.At.Index, Value: []byte(s.Value)}, func(r *kgo.Record, err error) {
			s.Offset = r.Offset
			if err == nil {
				s.Outcome = Acked
			} else {
				failed.Store(&err)
			}
			w.h.Send(s)
		})
	}
	if err := cl.Flush(w.ctx); err != nil {
		return err
	}
	commit := n%3 != 2 && failed.Load() == nil
	w.h.Ending(txn, commit)
	if err := cl.EndTransaction(w.ctx, kgo.TransactionEndTry(commit)); err != nil {
		return err // the outcome is unknown, and the next client of the id settles it
	}
	w.h.Ended(txn, Acked)
	return nil
}

// copy moves records from plain to copy, exactly once.
func (w *workload) copy(id string) {
	w.late.Go(func() {
		for n := 0; w.ctx.Err() == nil; {
			sess, err := kgo.NewGroupTransactSession(w.options(kgo.TransactionalID(id), kgo.TransactionTimeout(20*time.Second), kgo.ConsumerGroup("copiers"), kgo.ConsumeTopics(plainTopic),
				kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()), kgo.FetchIsolationLevel(kgo.ReadCommitted()),
				kgo.SessionTimeout(10*time.Second), kgo.HeartbeatInterval(500*time.Millisecond), kgo.FetchMaxWait(250*time.Millisecond))...)
			if err != nil {
				w.t.Error(err)
				return
			}
			for ; ; n++ {
				if more, err := w.copyOnce(sess, id, n); err != nil {
					w.t.Logf("%s: a new session after: %v", id, err)
					n++
					break
				} else if !more {
					sess.Close()
					return
				}
			}
			sess.Close()
		}
	})
}

func (w *workload) copyOnce(sess *kgo.GroupTransactSession, id string, n int) (more bool, err error) {
	ctx, cancel := context.WithTimeout(w.ctx, 300*time.Millisecond)
	fs := sess.PollRecords(ctx, 200)
	cancel()
	if fs.NumRecords() == 0 {
		select {
		case <-w.rest:
			return false, nil
		default:
		}
		for _, e := range fs.Errors() {
			if !errors.Is(e.Err, context.DeadlineExceeded) && !errors.Is(e.Err, context.Canceled) && !kerr.IsRetriable(e.Err) {
				return true, e.Err
			}
		}
		return true, nil
	}
	if err := sess.Begin(); err != nil {
		return true, err
	}
	txn := fmt.Sprintf("%s/%d", id, n)
	fs.EachRecord(func(r *kgo.Record) {
		s := Send{Producer: id, At: Partition{copyTopic, r.Partition}, Value: fmt.Sprintf("%s#%s", r.Value, txn), Txn: txn}
		sess.Produce(w.ctx, &kgo.Record{Topic: copyTopic, Partition: r.Partition, Value: []byte(s.Value)}, func(r *kgo.Record, err error) {
			s.Offset = r.Offset
			if err == nil {
				s.Outcome = Acked
			}
			w.h.Send(s)
		})
	})
	// Its end flushes, and commits only what was produced.
	w.h.Ending(txn, true)
	committed, err := sess.End(w.ctx, kgo.TryCommit)
	switch {
	case err != nil:
		return true, err
	case committed:
		w.h.Ended(txn, Acked)
		end := map[Partition]int64{}
		fs.EachRecord(func(r *kgo.Record) { end[Partition{r.Topic, r.Partition}] = r.Offset + 1 })
		for at, o := range end {
			w.h.Commit("copiers", at, o)
		}
	default:
		w.h.Ended(txn, Failed)
	}
	return true, nil
}

// consume reads topics in a group and commits what it read.
func (w *workload) consume(group string, topics []string, committed bool, opts ...kgo.Opt) {
	name := fmt.Sprintf("%s-%d", group, w.names.Add(1))
	var mu sync.Mutex
	sessions, at := map[Partition]int{}, map[Partition]int64{}
	opts = append(opts, kgo.ConsumerGroup(group), kgo.ConsumeTopics(topics...), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()), kgo.DisableAutoCommit(),
		kgo.BlockRebalanceOnPoll(), kgo.FetchMaxWait(250*time.Millisecond), kgo.SessionTimeout(10*time.Second), kgo.HeartbeatInterval(500*time.Millisecond),
		kgo.OnPartitionsAssigned(func(_ context.Context, _ *kgo.Client, m map[string][]int32) {
			mu.Lock()
			defer mu.Unlock()
			for topic, ps := range m {
				for _, p := range ps {
					sessions[Partition{topic, p}]++
				}
			}
		}))
	if committed {
		opts = append(opts, kgo.FetchIsolationLevel(kgo.ReadCommitted()))
	}
	cl := w.client(opts...)
	w.late.Go(func() {
		defer cl.CloseAllowingRebalance()
		for {
			ctx, cancel := context.WithTimeout(w.ctx, 300*time.Millisecond)
			fs := cl.PollRecords(ctx, 500)
			cancel()
			var polls []Poll
			mu.Lock()
			fs.EachRecord(func(r *kgo.Record) {
				p := Partition{r.Topic, r.Partition}
				polls = append(polls, Poll{Consumer: name, Session: sessions[p], At: p, Offset: r.Offset, Value: string(r.Value), Committed: committed})
				at[p] = r.Offset + 1
			})
			mu.Unlock()
			if len(polls) > 0 {
				w.h.Poll(polls...)
				w.commit(cl, group)
			} else {
				select {
				case <-w.rest:
					return
				default:
				}
			}
			cl.AllowRebalance()
		}
	})
}

// commit stores what was polled; only what the broker acknowledged counts.
func (w *workload) commit(cl *kgo.Client, group string) {
	ctx, cancel := context.WithTimeout(w.ctx, 5*time.Second)
	defer cancel()
	want := cl.UncommittedOffsets()
	if err := cl.CommitUncommittedOffsets(ctx); err != nil {
		return // it is tried again with the next records
	}
	// The call returns nil for refused partitions too: what is known to be stored
	// is what the client now takes for committed.
	have := cl.CommittedOffsets()
	for topic, ps := range want {
		for p, o := range ps {
			if have[topic][p].Offset >= o.Offset {
				w.h.Commit(group, Partition{topic, p}, o.Offset)
			}
		}
	}
}

// offsets asks what groups have committed; it is called while the broker is up.
func (w *workload) offsets(groups ...string) {
	cl := w.client()
	defer cl.Close()
	for _, g := range groups {
		before := map[Partition]int64{}
		for _, topic := range []string{plainTopic, loneTopic, txnTopic, copyTopic} {
			for p := range int32(partitions) {
				at := Partition{topic, p}
				before[at] = w.h.CommittedBefore(g, at)
			}
		}
		ctx, cancel := context.WithTimeout(w.ctx, 30*time.Second)
		got, err := kadm.NewClient(cl).FetchOffsets(ctx, g)
		cancel()
		if err != nil {
			w.t.Errorf("offsets of %s: %v", g, err)
			continue
		}
		for at, o := range before {
			if o > 0 {
				seen := int64(-1)
				if r, ok := got.Lookup(at.Topic, at.Index); ok && r.Err == nil {
					seen = r.At
				}
				w.h.CommittedSeen(g, at, o, seen)
			}
		}
	}
}

// finish lets everything come to rest, reads all partitions and checks.
func (w *workload) finish(groups ...string) {
	w.t.Helper()
	close(w.quit)
	w.wg.Wait()
	w.caughtUp(groups)
	close(w.rest)
	done := make(chan struct{})
	go func() {
		w.late.Wait()
		close(done)
	}()
	select {
	case <-done:
	case <-time.After(time.Minute):
		w.t.Error("consumers did not come to an end within a minute")
		w.cancel()
		<-done
		return
	}
	w.offsets(groups...)
	cl := w.client()
	defer cl.Close()
	adm := kadm.NewClient(cl)
	w.settled(adm)
	for _, topic := range []string{plainTopic, loneTopic, txnTopic, copyTopic} {
		for _, f := range readFinals(w.ctx, w.t, w.addr, adm, topic) {
			w.h.Final(f)
			for _, g := range groups {
				if topic == plainTopic {
					w.h.Position(g, f.At, w.h.CommittedBefore(g, f.At), true)
				}
			}
		}
	}
	report(w.t, w.h)
	w.once()
}

// caughtUp waits until the groups have committed the ends of what is not
// transactional. Whoever does not get there is reported by the checker.
func (w *workload) caughtUp(groups []string) {
	w.t.Helper()
	cl := w.client()
	defer cl.Close()
	ends, err := kadm.NewClient(cl).ListEndOffsets(w.ctx, plainTopic)
	if err := errors.Join(err, ends.Error()); err != nil {
		w.t.Fatal(err)
	}
	for deadline := time.Now().Add(40 * time.Second); time.Now().Before(deadline); time.Sleep(100 * time.Millisecond) {
		behind := false
		ends.Each(func(e kadm.ListedOffset) {
			for _, g := range groups {
				behind = behind || w.h.CommittedBefore(g, Partition{plainTopic, e.Partition}) < e.Offset
			}
		})
		if !behind {
			return
		}
	}
}

// settled waits until no transaction is open: those of clients that gave up end by
// their timeout.
func (w *workload) settled(adm *kadm.Client) {
	w.t.Helper()
	for deadline := time.Now().Add(40 * time.Second); ; time.Sleep(200 * time.Millisecond) {
		open, err := adm.ListTransactions(w.ctx, nil, []string{"Ongoing", "PrepareCommit", "PrepareAbort"})
		if err != nil {
			w.t.Fatal(err)
		}
		if len(open) == 0 {
			return
		}
		if time.Now().After(deadline) {
			w.t.Errorf("transactions hang: %+v", open)
			return
		}
	}
}

// once checks that each record of plain was copied exactly once.
func (w *workload) once() {
	w.t.Helper()
	for p := range int32(partitions) {
		in, out := w.h.finals[Partition{plainTopic, p}], w.h.finals[Partition{copyTopic, p}]
		copies := map[string]int{}
		for _, v := range out.Committed {
			original, _, _ := strings.Cut(v, "#")
			copies[original]++
		}
		missing, twice := 0, 0
		for _, v := range in.Committed {
			switch copies[v] {
			case 0:
				missing++
			case 1:
			default:
				twice++
			}
		}
		if missing+twice > 0 || len(copies) != len(in.Committed) {
			w.t.Errorf("copy-%d: of %d records %d were not copied and %d more than once", p, len(in.Committed), missing, twice)
		}
	}
}

func report(t *testing.T, h *History) {
	t.Helper()
	found := Check(h)
	t.Log(h.Counts())
	for i, a := range found {
		if i == 30 {
			t.Errorf("and %d more", len(found)-i)
			break
		}
		t.Error(a)
	}
}

// readFinals reads a topic at rest.
func readFinals(ctx context.Context, t *testing.T, addr string, adm *kadm.Client, topic string) []Final {
	t.Helper()
	starts, err1 := adm.ListStartOffsets(ctx, topic)
	stable, err2 := adm.ListCommittedOffsets(ctx, topic)
	ends, err3 := adm.ListEndOffsets(ctx, topic)
	producers, err4 := adm.DescribeProducers(ctx, starts.Offsets().TopicsSet())
	if err := errors.Join(err1, err2, err3, err4, starts.Error(), stable.Error(), ends.Error()); err != nil {
		t.Fatal(err)
	}
	var out []Final
	ends.Each(func(e kadm.ListedOffset) {
		s, _ := starts.Lookup(topic, e.Partition)
		c, _ := stable.Lookup(topic, e.Partition)
		f := Final{At: Partition{topic, e.Partition}, Start: s.Offset, Stable: c.Offset, End: e.Offset}
		for _, p := range producers[topic].Partitions[e.Partition].ActiveProducers {
			if p.CurrentTxnStartOffset >= 0 {
				f.OpenTransactions++
			}
		}
		f.All = readRange(ctx, t, addr, f, kgo.ReadUncommitted())
		f.Committed = readRange(ctx, t, addr, f, kgo.ReadCommitted())
		out = append(out, f)
	})
	return out
}

func readRange(ctx context.Context, t *testing.T, addr string, f Final, level kgo.IsolationLevel) map[int64]string {
	t.Helper()
	out := map[int64]string{}
	cl, err := kgo.NewClient(kgo.SeedBrokers(addr), kgo.FetchIsolationLevel(level), kgo.KeepControlRecords(), kgo.FetchMaxWait(100*time.Millisecond),
		kgo.ConsumePartitions(map[string]map[int32]kgo.Offset{f.At.Topic: {f.At.Index: kgo.NewOffset().At(f.Start)}}))
	if err != nil {
		t.Fatal(err)
	}
	defer cl.Close()
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	for at := f.Start; at < f.Stable; {
		fs := cl.PollFetches(ctx)
		if err := fs.Err(); err != nil {
			t.Errorf("reading %v at %d of %d: %v", f.At, at, f.End, err)
			return out
		}
		fs.EachRecord(func(r *kgo.Record) {
			at = r.Offset + 1
			if !r.Attrs.IsControl() {
				out[r.Offset] = string(r.Value)
			}
		})
	}
	return out
}
