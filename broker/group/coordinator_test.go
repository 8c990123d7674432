package group

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kurier-io/kurier/broker/wireproto"
)

// memStorage keeps records as the topic would.
type memStorage struct {
	mu      sync.Mutex
	records []wireproto.Record
	err     error
}

func (s *memStorage) Append(_ context.Context, _ string, records []wireproto.Record) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err != nil {
		return s.err
	}
	s.records = append(s.records, records...)
	return nil
}

func coordinator(s Storage) *Coordinator {
	return NewCoordinator(s, DefaultLimits(), 7*24*time.Hour, slog.New(slog.DiscardHandler))
}

func joinReq(id, newID string) JoinRequest {
	return JoinRequest{MemberID: id, NewID: newID, ProtocolType: "connect", Session: 10 * time.Second, RebalanceTimeout: time.Minute,
		Protocols: []Protocol{{"sessioned", []byte("meta")}}}
}

// TestSessionExpiryInVirtualTime: a silent member is dropped after its session and
// the others are told to rejoin.
func TestSessionExpiryInVirtualTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := coordinator(&memStorage{})
		defer c.Close()
		ctx := t.Context()
		if r := c.Join(ctx, "g", joinReq("", "a")); r.Code != None || r.Leader != "a" {
			t.Fatalf("join a: %+v", r)
		}
		joined := make(chan JoinResponse)
		go func() { joined <- c.Join(ctx, "g", joinReq("", "b")) }()
		synctest.Wait()
		ra := c.Join(ctx, "g", joinReq("a", ""))
		if rb := <-joined; rb.Generation != ra.Generation || len(ra.Members) != 2 {
			t.Fatalf("joins %+v %+v", ra, rb)
		}
		synced := make(chan SyncResponse)
		go func() { synced <- c.Sync(ctx, "g", SyncRequest{MemberID: "b", Generation: ra.Generation}) }()
		synctest.Wait()
		c.Sync(ctx, "g", SyncRequest{MemberID: "a", Generation: ra.Generation, Assignments: map[string][]byte{"b": []byte("work")}})
		if s := <-synced; string(s.Assignment) != "work" {
			t.Fatalf("sync b: %+v", s)
		}
		start := time.Now()
		for {
			time.Sleep(3 * time.Second)
			if code := c.Heartbeat("g", "a", nil, ra.Generation); code == RebalanceInProgress {
				break
			} else if code != None {
				t.Fatalf("heartbeat: %d", code)
			}
		}
		if gone := time.Since(start); gone < 10*time.Second || gone > 13*time.Second {
			t.Errorf("b was missed after %v, its session is 10s", gone)
		}
		if r := c.Join(ctx, "g", joinReq("a", "")); len(r.Members) != 1 {
			t.Errorf("members after the expiry: %+v", r.Members)
		}
	})
}

func TestGroupsAndOffsetsSurviveReload(t *testing.T) {
	store := &memStorage{}
	c := coordinator(store)
	ctx := t.Context()
	r := c.Join(ctx, "g", joinReq("", "a"))
	c.Sync(ctx, "g", SyncRequest{MemberID: "a", Generation: r.Generation, Assignments: map[string][]byte{"a": []byte("x")}})
	tp := TopicPartition{"t", 3}
	if code, err := c.Commit(ctx, "g", CommitRequest{Member: "a", Generation: r.Generation, Offsets: map[TopicPartition]Offset{tp: {Offset: 42, LeaderEpoch: 2, Metadata: "m"}}}); code != None || err != nil {
		t.Fatal(code, err)
	}
	c.Close()
	again := coordinator(store)
	defer again.Close()
	for _, rec := range store.records {
		if err := again.Load(rec.Key, rec.Value); err != nil {
			t.Fatal(err)
		}
	}
	again.Start()
	if code := again.Heartbeat("g", "a", nil, r.Generation); code != None {
		t.Errorf("heartbeat after the reload: %d", code)
	}
	o, ok := again.FetchOne("g", tp)
	if diff := cmp.Diff(Offset{Offset: 42, LeaderEpoch: 2, Metadata: "m"}, Offset{o.Offset, o.LeaderEpoch, o.Metadata, time.Time{}}); !ok || diff != "" {
		t.Error(diff)
	}
	if code, _ := again.Delete(ctx, "g"); code != NonEmptyGroup {
		t.Errorf("delete of a live group: %d", code)
	}
	again.Leave(ctx, "g", "a", nil)
	if err := again.Expire(ctx, time.Now().Add(8*24*time.Hour)); err != nil {
		t.Fatal(err)
	}
	if got := again.List(); len(got) != 0 {
		t.Errorf("groups after expiry: %v", got)
	}
}

func TestCommitFailsWithStorage(t *testing.T) {
	store := &memStorage{err: errors.New("disk gone")}
	c := coordinator(store)
	defer c.Close()
	tp := TopicPartition{"t", 0}
	code, err := c.Commit(t.Context(), "g", CommitRequest{Generation: -1, Offsets: map[TopicPartition]Offset{tp: {Offset: 1}}})
	if code != NotAvailable || err == nil {
		t.Errorf("commit: %d, %v", code, err)
	}
	if _, ok := c.FetchOne("g", tp); ok {
		t.Error("an offset that was not stored can be fetched")
	}
}

// TestOffsetsOfLiveGroupsStay: a connect group with members keeps its offsets for
// ever, an empty one for the retention time from when it became empty.
func TestOffsetsOfLiveGroupsStay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := coordinator(&memStorage{})
		defer c.Close()
		ctx := t.Context()
		req := joinReq("", "a")
		req.Session = 30 * time.Minute
		r := c.Join(ctx, "g", req)
		c.Sync(ctx, "g", SyncRequest{MemberID: "a", Generation: r.Generation})
		tp := TopicPartition{"t", 0}
		if code, err := c.Commit(ctx, "g", CommitRequest{Member: "a", Generation: r.Generation, Offsets: map[TopicPartition]Offset{tp: {}}}); code != None || err != nil {
			t.Fatal(code, err)
		}
		kept := func(want bool) {
			t.Helper()
			if err := c.Expire(ctx, time.Now()); err != nil {
				t.Fatal(err)
			}
			if _, ok := c.FetchOne("g", tp); ok != want {
				t.Errorf("the offset is there: %v, want %v", ok, want)
			}
		}
		for range 8 * 24 * 3 {
			time.Sleep(20 * time.Minute)
			if code := c.Heartbeat("g", "a", nil, r.Generation); code != None {
				t.Fatal(code)
			}
		}
		kept(true)
		c.Leave(ctx, "g", "a", nil)
		time.Sleep(6 * 24 * time.Hour)
		kept(true)
		time.Sleep(25 * time.Hour)
		kept(false)
		if got := c.List(); len(got) != 0 {
			t.Errorf("groups %v", got)
		}
	})
}

func FuzzLoad(f *testing.F) {
	store := &memStorage{}
	seed, _ := consumerCoordinator(store)
	seed.ConsumerHeartbeat(f.Context(), beat("m", 0))
	seed.Close()
	for _, rec := range store.records {
		f.Add(rec.Key, rec.Value)
	}
	rec := offsetRecord("g", TopicPartition{"t", 1}, &Offset{Offset: 5})
	f.Add(rec.Key, rec.Value)
	m := NewMachine("g", DefaultLimits(), time.Now())
	m.Join(time.Now(), joinReq("", "a"), 1)
	rec = m.record()
	f.Add(rec.Key, rec.Value)
	f.Add([]byte{0, 2}, []byte{0, 3})
	f.Fuzz(func(t *testing.T, key, value []byte) {
		c, _ := consumerCoordinator(&memStorage{})
		if c.Load(key, value) == nil {
			c.Start()
			for _, d := range c.List() {
				_, classic := c.Describe(d.ID)
				if c.ConsumerDescribe(d.ID).Code != None && !classic {
					t.Errorf("group %q is listed but unknown", d.ID)
				}
			}
		}
		c.Close()
	})
}
