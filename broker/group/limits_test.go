package group

import (
	"fmt"
	"testing"
	"time"
)

// TestMadeUpGroups: requests that achieve nothing leave nothing, promises of ids
// are bounded, and so are groups.
func TestMadeUpGroups(t *testing.T) {
	limits := DefaultLimits()
	limits.MaxGroups = 3000
	c := NewCoordinator(&memStorage{}, limits, time.Hour, coordinator(nil).logger)
	defer c.Close()
	ctx := t.Context()
	for i := range 5000 {
		id := fmt.Sprint("made-up-", i)
		c.Commit(ctx, id, CommitRequest{Generation: -1})
		c.CommitTxn(ctx, TxnCommitRequest{Group: id, Generation: -1})
		bad := joinReq("", "x")
		bad.ProtocolType = ""
		c.Join(ctx, id, bad)
		promised := joinReq("", "x")
		promised.RequireKnownID = true
		if r := c.Join(ctx, id, promised); r.Code != MemberIDRequired {
			t.Fatalf("%+v", r)
		}
	}
	if len(c.groups) != maxUnused || len(c.unused) != maxUnused || len(c.List()) != 0 {
		t.Errorf("%d groups, %d unused", len(c.groups), len(c.unused))
	}
	if r := c.Join(ctx, "made-up-4999", joinReq("x", "")); r.Code != None {
		t.Errorf("the newest promise is not kept: %+v", r)
	}
	if r := c.Join(ctx, "made-up-1", joinReq("x", "")); r.Code != UnknownMember {
		t.Errorf("the oldest promise is kept: %+v", r)
	}
	refused := 0
	for i := range 3000 {
		if c.Join(ctx, fmt.Sprint("live-", i), joinReq("", "x")).Code == NotAvailable {
			refused++
		}
	}
	if len(c.groups) != 3000 || refused != maxUnused {
		t.Errorf("%d groups, %d refused", len(c.groups), refused)
	}
	one := NewMachine("g", DefaultLimits(), time.Now())
	for i := range 3 * maxPromised {
		r := joinReq("", fmt.Sprint(i))
		r.RequireKnownID = true
		one.Join(time.Now(), r, 1)
	}
	if len(one.pending) != maxPromised {
		t.Errorf("%d ids of one group are promised", len(one.pending))
	}
}
