package group

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kurier-io/kurier/broker/group/consumer"
)

// oneTopic is metadata of a topic t.
type oneTopic struct{ partitions int32 }

func (o *oneTopic) Lookup(name string) ([16]byte, int32, bool) {
	return [16]byte{7}, o.partitions, name == "t"
}
func (o *oneTopic) Names() []string { return []string{"t"} }

func consumerCoordinator(s Storage) (*Coordinator, *oneTopic) {
	c, topics := coordinator(s), &oneTopic{2}
	c.SetConsumer(topics, nil)
	return c, topics
}

func beat(id string, epoch int32) ConsumerHeartbeatRequest {
	r := ConsumerHeartbeatRequest{Group: "g", Request: consumer.Request{MemberID: id, Epoch: epoch, RebalanceTimeout: -1, ClientHost: "/h"}}
	if epoch == 0 {
		r.RebalanceTimeout, r.Topics, r.Owned = time.Minute, []string{"t"}, []consumer.TopicPartitions{}
	}
	return r
}

func reload(t *testing.T, s *memStorage) *Coordinator {
	t.Helper()
	c, _ := consumerCoordinator(s)
	for _, rec := range s.records {
		if err := c.Load(rec.Key, rec.Value); err != nil {
			t.Fatal(err)
		}
	}
	c.Start()
	return c
}

// TestConsumerGroup walks one group of the new protocol through everything that
// other requests see of it, and a restart.
func TestConsumerGroup(t *testing.T) {
	store := &memStorage{}
	c, topics := consumerCoordinator(store)
	ctx := t.Context()
	r := c.ConsumerHeartbeat(ctx, beat("m", 0))
	want := consumer.Response{MemberID: "m", Epoch: 1, Interval: 5 * time.Second, Assignment: []consumer.TopicPartitions{{ID: [16]byte{7}, Partitions: []int32{0, 1}}}}
	if diff := cmp.Diff(want, r); diff != "" {
		t.Fatal(diff)
	}
	written := len(store.records)
	if r := c.ConsumerHeartbeat(ctx, beat("m", 1)); r.Code != None || len(store.records) != written {
		t.Errorf("a heartbeat that changes nothing: %+v, %d records", r, len(store.records)-written)
	}
	tp := TopicPartition{"t", 0}
	commit := func(c *Coordinator, member string, epoch int32) Code {
		code, err := c.Commit(ctx, "g", CommitRequest{Member: member, Generation: epoch, Offsets: map[TopicPartition]Offset{tp: {Offset: 5}}})
		if err != nil {
			t.Error(err)
		}
		return code
	}
	codes := func(c *Coordinator) map[string]Code {
		txn, _ := c.CommitTxn(ctx, TxnCommitRequest{Group: "g", MemberID: "m", Generation: 0})
		deleted, err := c.Delete(ctx, "g")
		if err != nil {
			t.Error(err)
		}
		_, offsets, err := c.DeleteOffsets(ctx, "g", []TopicPartition{tp})
		if err != nil {
			t.Error(err)
		}
		return map[string]Code{
			"commit": commit(c, "m", 1), "old commit": commit(c, "m", 0), "strange commit": commit(c, "x", 1), "admin commit": commit(c, "", -1),
			"fetch": c.FetchOffsets(FetchRequest{Group: "g", Member: new("m"), Epoch: 1}).Code, "old fetch": c.FetchOffsets(FetchRequest{Group: "g", Member: new("m")}).Code,
			"strange fetch": c.FetchOffsets(FetchRequest{Group: "g", Member: new("x"), Epoch: 1}).Code, "admin fetch": c.FetchOffsets(FetchRequest{Group: "g", Epoch: -1}).Code,
			"old txn": txn, "delete": deleted, "delete offset": offsets[tp],
			"join": c.Join(ctx, "g", joinReq("", "n")).Code, "join again": c.Join(ctx, "g", joinReq("n", "")).Code,
			"sync": c.Sync(ctx, "g", SyncRequest{MemberID: "m", Generation: 1}).Code, "heartbeat": c.Heartbeat("g", "m", nil, 1), "leave": c.Leave(ctx, "g", "m", nil),
		}
	}
	wantCodes := map[string]Code{
		"commit": None, "old commit": StaleMemberEpoch, "strange commit": UnknownMember, "admin commit": UnknownMember,
		"fetch": None, "old fetch": StaleMemberEpoch, "strange fetch": UnknownMember, "admin fetch": None,
		"old txn": IllegalGeneration, "delete": NonEmptyGroup, "delete offset": Subscribed,
		"join": InconsistentProtocol, "join again": InconsistentProtocol, "sync": UnknownMember, "heartbeat": UnknownMember, "leave": UnknownMember,
	}
	wantCodes["old txn"] = NotAvailable // this storage takes no transactions
	if diff := cmp.Diff(wantCodes, codes(c)); diff != "" {
		t.Error(diff)
	}
	if got := c.List(); len(got) != 1 || got[0].Type != Consumer || got[0].State != "Stable" || got[0].ProtocolType != "consumer" {
		t.Errorf("listed as %+v", got)
	}
	if _, ok := c.Describe("g"); ok {
		t.Error("described as a classic group")
	}
	topics.partitions = 3
	c.TopicsChanged()
	if r := c.ConsumerHeartbeat(ctx, beat("m", 1)); r.Epoch != 2 || len(r.Assignment) != 1 || len(r.Assignment[0].Partitions) != 3 {
		t.Errorf("after the topic grew: %+v", r)
	}
	d := c.ConsumerDescribe("g")
	c.Close()
	again := reload(t, store)
	defer again.Close()
	again.topics.(*oneTopic).partitions = 3
	if diff := cmp.Diff(d, again.ConsumerDescribe("g")); diff != "" || d.Epoch != 2 || len(d.Members) != 1 {
		t.Errorf("after a restart: %s, %+v", diff, d)
	}
	if r := again.ConsumerHeartbeat(ctx, beat("m", 2)); r.Code != None || r.Epoch != 2 || r.Assignment != nil {
		t.Errorf("heartbeat after the restart: %+v", r)
	}
	again.Expel(ctx, "/h")
	if d := again.ConsumerDescribe("g"); d.State != consumer.Empty {
		t.Errorf("expelled: %+v", d)
	}
	if got := reload(t, store).ConsumerDescribe("g"); got.Code != None || got.State != consumer.Empty {
		t.Errorf("an empty group after a restart: %+v", got)
	}
	if code, err := again.Delete(ctx, "g"); code != None || err != nil {
		t.Error(code, err)
	}
	if got := reload(t, store).List(); len(got) != 0 {
		t.Errorf("a deleted group is back: %+v", got)
	}
}

// TestOtherGroupsAreNotConsumerGroups: 69 for describe, 25 or 23 for heartbeats.
func TestOtherGroupsAreNotConsumerGroups(t *testing.T) {
	c, _ := consumerCoordinator(&memStorage{})
	defer c.Close()
	ctx := t.Context()
	if r := c.ConsumerHeartbeat(ctx, beat("m", 3)); r.Code != UnknownMember {
		t.Errorf("unknown group: %+v", r)
	}
	if d := c.ConsumerDescribe("g"); d.Code != GroupNotFound || d.Message != "Group g not found." {
		t.Errorf("unknown group: %+v", d)
	}
	if r := c.ConsumerHeartbeat(ctx, ConsumerHeartbeatRequest{}); r.Code != InvalidRequest {
		t.Errorf("no group id: %+v", r)
	}
	c.Join(ctx, "g", joinReq("", "a"))
	for _, epoch := range []int32{0, 1, -1} {
		if r := c.ConsumerHeartbeat(ctx, beat("m", epoch)); r.Code != InconsistentProtocol {
			t.Errorf("epoch %d in a classic group: %+v", epoch, r)
		}
	}
	if d := c.ConsumerDescribe("g"); d.Code != GroupNotFound || d.Message != "Group g is not a consumer group." {
		t.Errorf("classic group: %+v", d)
	}
	invalid := beat("m", 0)
	invalid.Group, invalid.Regex = "h", new("(")
	if r := c.ConsumerHeartbeat(ctx, invalid); r.Code != 128 {
		t.Errorf("invalid pattern: %+v", r)
	}
	if len(c.groups) != 1 {
		t.Errorf("a refused heartbeat left a group: %v", c.groups)
	}
	plain := coordinator(&memStorage{})
	defer plain.Close()
	if r := plain.ConsumerHeartbeat(ctx, beat("m", 0)); r.Code != UnsupportedVersion {
		t.Errorf("without SetConsumer: %+v", r)
	}
}

// TestConversion turns an empty group from one kind into the other and back; its
// offsets stay, over restarts too.
func TestConversion(t *testing.T) {
	store := &memStorage{}
	c, _ := consumerCoordinator(store)
	ctx := t.Context()
	tp := TopicPartition{"t", 0}
	check := func(kind string) {
		t.Helper()
		c.Close()
		c = reload(t, store)
		if got := c.List(); len(got) != 1 || got[0].Type != kind {
			t.Errorf("after a restart: %+v, want one %s group", got, kind)
		}
		if o, ok := c.FetchOne("g", tp); !ok || o.Offset != 9 {
			t.Errorf("offset %+v, %v", o, ok)
		}
	}
	classic := func(id string) {
		t.Helper()
		r := c.Join(ctx, "g", joinReq("", id))
		if s := c.Sync(ctx, "g", SyncRequest{MemberID: id, Generation: r.Generation}); r.Code != None || s.Code != None {
			t.Fatalf("%+v %+v", r, s)
		}
	}
	classic("a")
	if code, err := c.Commit(ctx, "g", CommitRequest{Member: "a", Generation: 1, Offsets: map[TopicPartition]Offset{tp: {Offset: 9}}}); code != None || err != nil {
		t.Fatal(code, err)
	}
	c.Leave(ctx, "g", "a", nil)
	check(Classic)
	if r := c.ConsumerHeartbeat(ctx, beat("m", 0)); r.Code != None || r.Epoch != 1 {
		t.Fatalf("%+v", r)
	}
	check(Consumer)
	c.ConsumerHeartbeat(ctx, beat("m", -1))
	check(Consumer)
	if r := c.Join(ctx, "g", joinReq("old", "")); r.Code != UnknownMember {
		t.Errorf("a join with an old id: %+v", r)
	}
	classic("b")
	check(Classic)
	if code := c.Heartbeat("g", "b", nil, 1); code != None {
		t.Errorf("heartbeat: %d", code)
	}
	c.Close()
}

// TestConsumerStorageFails: what could not be stored is not believed, and the
// member gets its assignment when the disk is back.
func TestConsumerStorageFails(t *testing.T) {
	store := &memStorage{err: errors.New("disk gone")}
	c, topics := consumerCoordinator(store)
	defer c.Close()
	ctx := t.Context()
	if r := c.ConsumerHeartbeat(ctx, beat("m", 0)); r.Code != NotAvailable || len(c.List()) != 0 {
		t.Errorf("%+v, %v", r, c.List())
	}
	store.err = nil
	if r := c.ConsumerHeartbeat(ctx, beat("m", 0)); r.Code != None || r.Epoch != 1 {
		t.Fatalf("%+v", r)
	}
	store.err = errors.New("disk gone")
	topics.partitions = 5
	c.TopicsChanged()
	for range 2 {
		if r := c.ConsumerHeartbeat(ctx, beat("m", 1)); r.Code != NotAvailable && r.Code != 110 {
			t.Errorf("%+v", r)
		}
	}
	store.err = nil
	again := beat("m", 1)
	again.Owned = []consumer.TopicPartitions{{ID: [16]byte{7}, Partitions: []int32{0, 1}}}
	if r := c.ConsumerHeartbeat(ctx, again); r.Epoch != 2 || len(r.Assignment) != 1 || len(r.Assignment[0].Partitions) != 5 {
		t.Errorf("%+v", r)
	}
	if diff := cmp.Diff(c.ConsumerDescribe("g").Members[0].Epoch, reload(t, store).ConsumerDescribe("g").Members[0].Epoch); diff != "" {
		t.Error(diff)
	}
}

// TestConsumerTimers: sessions end and configurations of the group count.
func TestConsumerTimers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := coordinator(&memStorage{})
		c.SetConsumer(&oneTopic{2}, func(group string) GroupConfig {
			return GroupConfig{Session: time.Minute, Interval: 7 * time.Second, MaxSize: 1}
		})
		defer c.Close()
		ctx := t.Context()
		if r := c.ConsumerHeartbeat(ctx, beat("m", 0)); r.Interval != 7*time.Second {
			t.Errorf("%+v", r)
		}
		if r := c.ConsumerHeartbeat(ctx, beat("n", 0)); r.Code != GroupFull {
			t.Errorf("%+v", r)
		}
		for range 20 {
			time.Sleep(59 * time.Second)
			if r := c.ConsumerHeartbeat(ctx, beat("m", 1)); r.Code != None {
				t.Fatalf("%+v", r)
			}
		}
		time.Sleep(61 * time.Second)
		if d := c.ConsumerDescribe("g"); d.State != consumer.Empty {
			t.Errorf("%+v", d)
		}
		if r := c.ConsumerHeartbeat(ctx, beat("m", 1)); r.Code != UnknownMember {
			t.Errorf("%+v", r)
		}
	})
}

// TestConsumerOffsetsExpire: of topics that nobody consumes, and of a group that
// was empty long enough; then the group goes as well.
func TestConsumerOffsetsExpire(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &memStorage{}
		c, _ := consumerCoordinator(store)
		defer c.Close()
		ctx := t.Context()
		used, unused := TopicPartition{"t", 0}, TopicPartition{"u", 0}
		if code, err := c.Commit(ctx, "g", CommitRequest{Generation: -1, Offsets: map[TopicPartition]Offset{used: {}, unused: {}}}); code != None || err != nil {
			t.Fatal(code, err)
		}
		c.ConsumerHeartbeat(ctx, beat("m", 0))
		expire := func(want ...TopicPartition) {
			t.Helper()
			if err := c.Expire(ctx, time.Now()); err != nil {
				t.Fatal(err)
			}
			for _, tp := range []TopicPartition{used, unused} {
				if _, ok := c.FetchOne("g", tp); ok != slices.Contains(want, tp) {
					t.Errorf("%v: %v, want %v", tp, ok, want)
				}
			}
		}
		expire(used, unused)
		for range 8 * 24 * 120 {
			time.Sleep(30 * time.Second)
			c.ConsumerHeartbeat(ctx, beat("m", 1))
		}
		expire(used)
		c.ConsumerHeartbeat(ctx, beat("m", -1))
		expire(used)
		time.Sleep(7*24*time.Hour + time.Second)
		expire()
		if got := reload(t, store).List(); len(got) != 0 {
			t.Errorf("groups %+v", got)
		}
	})
}

// TestConsumersTogether runs many members at once, for the race detector, and
// wants every partition owned once.
func TestConsumersTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := coordinator(&memStorage{})
		c.SetConsumer(&oneTopic{20}, nil)
		defer c.Close()
		ctx, cancel := context.WithCancel(t.Context())
		owned := make([][]consumer.TopicPartitions, 6)
		done := make(chan struct{})
		for i := range owned {
			go func() {
				defer func() { done <- struct{}{} }()
				req := beat(fmt.Sprint("m", i), 0)
				for ctx.Err() == nil {
					r := c.ConsumerHeartbeat(t.Context(), req)
					if r.Code != None {
						t.Errorf("%+v", r)
					}
					req = beat(fmt.Sprint("m", i), r.Epoch)
					if r.Assignment != nil {
						owned[i] = r.Assignment
						req.Owned = r.Assignment
						continue // to confirm
					}
					time.Sleep(r.Interval)
				}
			}()
		}
		time.Sleep(30 * time.Second)
		c.Describe("g")
		c.ConsumerDescribe("g")
		cancel()
		for range owned {
			<-done
		}
		seen := map[int32]int{}
		for _, tps := range owned {
			for _, tp := range tps {
				for _, p := range tp.Partitions {
					seen[p]++
				}
			}
		}
		for p := range int32(20) {
			if seen[p] != 1 {
				t.Errorf("partition %d is owned %d times", p, seen[p])
			}
		}
	})
}
