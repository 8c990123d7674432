package group

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/kurier-io/kurier/broker/wireproto"
)

// TestTxnOffsets writes through a log that it replays
// into a second coordinator: both must answer the same.
func TestTxnOffsets(t *testing.T) {
	tp, other := TopicPartition{"t", 0}, TopicPartition{"t", 1}
	tests := []struct {
		name     string
		run      func(t *testing.T, l *txnLog)
		want     map[TopicPartition]int64
		unstable map[TopicPartition]bool
	}{
		{"open", func(t *testing.T, l *txnLog) { l.txn(t, 1, tp, 5) }, nil, map[TopicPartition]bool{tp: true}},
		{"committed", func(t *testing.T, l *txnLog) { l.txn(t, 1, tp, 5); l.marker(1, true) }, map[TopicPartition]int64{tp: 5}, nil},
		{"aborted", func(t *testing.T, l *txnLog) {
			l.plain(t, tp, 3)
			l.txn(t, 1, tp, 5)
			l.marker(1, false)
		}, map[TopicPartition]int64{tp: 3}, nil},
		{"a later plain commit wins", func(t *testing.T, l *txnLog) {
			l.txn(t, 1, tp, 5)
			l.txn(t, 1, other, 6)
			l.plain(t, tp, 3)
			l.marker(1, true)
		}, map[TopicPartition]int64{tp: 3, other: 6}, nil},
		{"a later transaction wins", func(t *testing.T, l *txnLog) {
			l.txn(t, 1, tp, 5)
			l.txn(t, 2, tp, 7)
			l.marker(2, true)
			l.marker(1, true)
		}, map[TopicPartition]int64{tp: 7}, nil},
		{"a deleted offset stays deleted", func(t *testing.T, l *txnLog) {
			l.txn(t, 1, tp, 5)
			l.txn(t, 1, other, 6)
			if _, _, err := l.c.DeleteOffsets(t.Context(), "g", []TopicPartition{tp}); err != nil {
				t.Fatal(err)
			}
			l.marker(1, true)
		}, map[TopicPartition]int64{other: 6}, nil},
		{"a deleted topic takes what is pending", func(t *testing.T, l *txnLog) {
			l.txn(t, 1, tp, 5)
			if err := l.c.DropTopic(t.Context(), "t"); err != nil {
				t.Fatal(err)
			}
			l.marker(1, true)
		}, nil, nil},
		{"a deleted group takes what is pending", func(t *testing.T, l *txnLog) {
			l.txn(t, 1, tp, 5)
			if code, err := l.c.Delete(t.Context(), "g"); code != None || err != nil {
				t.Fatal(code, err)
			}
			l.marker(1, true)
		}, nil, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			l := &txnLog{}
			l.c = coordinator(l)
			defer l.c.Close()
			tt.run(t, l)
			again := coordinator(&memStorage{})
			defer again.Close()
			for _, replay := range l.log {
				replay(t, again)
			}
			for name, c := range map[string]*Coordinator{"live": l.c, "replayed": again} {
				r := c.FetchOffsets(FetchRequest{Group: "g", Stable: true})
				got := map[TopicPartition]int64{}
				for tp, o := range r.Offsets {
					got[tp] = o.Offset
				}
				if diff := cmp.Diff(tt.want, got, cmpopts.EquateEmpty()); diff != "" {
					t.Errorf("%s offsets: %s", name, diff)
				}
				if diff := cmp.Diff(tt.unstable, r.Unstable, cmpopts.EquateEmpty()); diff != "" {
					t.Errorf("%s unstable: %s", name, diff)
				}
				if len(tt.unstable) == 0 && len(c.txns) != 0 {
					t.Errorf("%s: the ended transactions are still known: %v", name, c.txns)
				}
			}
		})
	}
}

// txnLog is a storage that can be replayed, markers included.
type txnLog struct {
	c   *Coordinator
	log []func(*testing.T, *Coordinator)
}

func (l *txnLog) Append(_ context.Context, _ string, records []wireproto.Record) error {
	for _, r := range records {
		l.log = append(l.log, func(t *testing.T, c *Coordinator) {
			if err := c.Load(r.Key, r.Value); err != nil {
				t.Error(err)
			}
		})
	}
	return nil
}

func (l *txnLog) AppendTxn(_ context.Context, _ string, pid int64, epoch int16, records []wireproto.Record) error {
	for _, r := range records {
		l.log = append(l.log, func(t *testing.T, c *Coordinator) {
			if err := c.LoadTxn(pid, epoch, r.Key, r.Value); err != nil {
				t.Error(err)
			}
		})
	}
	return nil
}

func (l *txnLog) marker(pid int64, commit bool) {
	l.log = append(l.log, func(_ *testing.T, c *Coordinator) { c.CompleteTxn(pid, 0, commit) })
	l.c.CompleteTxn(pid, 0, commit)
}

func (l *txnLog) txn(t *testing.T, pid int64, tp TopicPartition, offset int64) {
	code, err := l.c.CommitTxn(t.Context(), TxnCommitRequest{Group: "g", Generation: -1, ProducerID: pid, Offsets: map[TopicPartition]Offset{tp: {Offset: offset}}})
	if code != None || err != nil {
		t.Fatal(code, err)
	}
}

func (l *txnLog) plain(t *testing.T, tp TopicPartition, offset int64) {
	code, err := l.c.Commit(t.Context(), "g", CommitRequest{Generation: -1, Offsets: map[TopicPartition]Offset{tp: {Offset: offset}}})
	if code != None || err != nil {
		t.Fatal(code, err)
	}
}

// TestTxnValidation: a transaction that names its consumer is held to it.
func TestTxnValidation(t *testing.T) {
	l := &txnLog{}
	l.c = coordinator(l)
	defer l.c.Close()
	ctx := t.Context()
	req := joinReq("", "s1-a")
	req.InstanceID = new("s1")
	r := l.c.Join(ctx, "g", req)
	l.c.Sync(ctx, "g", SyncRequest{MemberID: "s1-a", Generation: r.Generation})
	for _, tt := range []struct {
		group, member string
		instance      *string
		generation    int32
		want          Code
	}{
		{"", "", nil, -1, InvalidGroupID},
		{"g", "", nil, -1, None},
		{"g", "s1-a", nil, 1, None},
		{"g", "s1-a", new("s1"), 1, None},
		{"g", "s1-a", nil, 0, IllegalGeneration},
		{"g", "x", nil, 1, UnknownMember},
		{"g", "x", new("s1"), 1, FencedInstance},
		{"none", "x", nil, 1, IllegalGeneration},
	} {
		got, err := l.c.CommitTxn(ctx, TxnCommitRequest{Group: tt.group, MemberID: tt.member, InstanceID: tt.instance, Generation: tt.generation, ProducerID: 1})
		if got != tt.want || err != nil {
			t.Errorf("%+v: %d, %v", tt, got, err)
		}
	}
}

// TestTxnOfConsumerGroup: the same for a group of the new protocol.
func TestTxnOfConsumerGroup(t *testing.T) {
	l := &txnLog{}
	l.c, _ = consumerCoordinator(l)
	defer l.c.Close()
	l.c.ConsumerHeartbeat(t.Context(), beat("m", 0))
	for _, tt := range []struct {
		member     string
		generation int32
		want       Code
	}{{"", -1, None}, {"m", 1, None}, {"m", 0, IllegalGeneration}, {"x", 1, UnknownMember}} {
		got, err := l.c.CommitTxn(t.Context(), TxnCommitRequest{Group: "g", MemberID: tt.member, Generation: tt.generation, ProducerID: 1})
		if got != tt.want || err != nil {
			t.Errorf("%+v: %d, %v", tt, got, err)
		}
	}
}

// TestPendingKeepsGroup: neither expiry nor the sweep of unused groups takes a
// group that an open transaction writes to.
func TestPendingKeepsGroup(t *testing.T) {
	l := &txnLog{}
	l.c = coordinator(l)
	defer l.c.Close()
	l.txn(t, 1, TopicPartition{"t", 0}, 5)
	if err := l.c.Expire(t.Context(), time.Now().Add(30*24*time.Hour)); err != nil {
		t.Fatal(err)
	}
	if got := l.c.List(); len(got) != 1 {
		t.Fatalf("groups %v", got)
	}
	l.marker(1, true)
	if _, ok := l.c.FetchOne("g", TopicPartition{"t", 0}); !ok {
		t.Error("the committed offset is gone")
	}
}

// TestPartition compares with String.hashCode of Java, worked out by hand from
// its definition: "polygenelubricants" has the smallest int.
func TestPartition(t *testing.T) {
	for _, tt := range []struct {
		group string
		n     int32
		want  int32
	}{
		{"", 50, 0}, {"a", 50, 97 % 50}, {"ab", 50, (97*31 + 98) % 50}, {"polygenelubricants", 50, 0}, {"😀", 1000, (0xd83d*31 + 0xde00) % 1000}, {"a", 1, 0},
	} {
		if got := Partition(tt.group, tt.n); got != tt.want {
			t.Errorf("Partition(%q, %d) = %d, want %d", tt.group, tt.n, got, tt.want)
		}
	}
}

// TestMarkerOfAnotherPartition leaves a group's offsets pending.
func TestMarkerOfAnotherPartition(t *testing.T) {
	l := &txnLog{}
	l.c = coordinator(l)
	l.c.SetPartitions(50)
	defer l.c.Close()
	tp := TopicPartition{"t", 0}
	l.txn(t, 1, tp, 5)
	own := Partition("g", 50)
	l.c.CompleteTxn(1, own+1, true)
	if _, ok := l.c.FetchOne("g", tp); ok {
		t.Error("visible by the marker of another partition")
	}
	l.c.CompleteTxn(1, own, true)
	if o, _ := l.c.FetchOne("g", tp); o.Offset != 5 {
		t.Errorf("offset %d after the marker", o.Offset)
	}
}
