package group

import (
	"context"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/kurier-io/kurier/broker/wireproto"
)

// MaxMetadata is offset.metadata.max.bytes.
const MaxMetadata = 4096

// CommitRequest is an OffsetCommit of one group. Generation is -1 and Member
// empty for a client that is no member.
type CommitRequest struct {
	Member     string
	Instance   *string
	Generation int32
	Offsets    map[TopicPartition]Offset
}

// Commit stores offsets. The code is for all of them; an error means that
// nothing is known to be stored.
func (c *Coordinator) Commit(ctx context.Context, group string, req CommitRequest) (Code, error) {
	if !validID(group) {
		return InvalidGroupID, nil
	}
	g, code := c.lock(group, req.Generation < 0, IllegalGeneration)
	if g == nil {
		return code, nil
	}
	defer g.unlock()
	now := time.Now()
	if code := g.checkCommit(now, &req); code != None {
		return code, nil
	}
	g.arm()
	if len(req.Offsets) == 0 {
		return None, nil
	}
	records := make([]wireproto.Record, 0, len(req.Offsets))
	for tp, o := range req.Offsets {
		o.Committed = now
		req.Offsets[tp] = o
		records = append(records, offsetRecord(group, tp, &o))
	}
	if err := c.storage.Append(ctx, group, records); err != nil {
		return NotAvailable, err
	}
	g.writes++
	for tp, o := range req.Offsets {
		g.offsets[tp] = committed{o, g.writes}
	}
	return None, nil
}

func (g *shell) checkCommit(now time.Time, req *CommitRequest) Code {
	if g.cg != nil {
		return g.cg.Check(req.Member, req.Generation)
	}
	return g.m.CheckCommit(now, req.Member, req.Instance, req.Generation)
}

// FetchRequest is OffsetFetch of one group. Member is nil and Epoch -1 unless a
// member of a group of the new protocol asks (v9+). With Stable the answer names
// the partitions that an open transaction may still change (KIP-447).
type FetchRequest struct {
	Group  string
	Member *string
	Epoch  int32
	Stable bool
}

// FetchResponse holds the committed offsets of a group; a partition that is in
// neither map has none. One that is in Unstable is answered with
// UnstableOffsetCommit, whatever Offsets says. The maps belong to the caller.
type FetchResponse struct {
	Code     Code
	Offsets  map[TopicPartition]Offset
	Unstable map[TopicPartition]bool
}

// FetchOffsets handles OffsetFetch. A group that does not exist has no offsets.
func (c *Coordinator) FetchOffsets(req FetchRequest) FetchResponse {
	g, code := c.lock(req.Group, false, None)
	if g == nil {
		return FetchResponse{Code: code}
	}
	defer g.unlock()
	if g.cg != nil && (req.Member != nil || req.Epoch >= 0) {
		id := ""
		if req.Member != nil {
			id = *req.Member
		}
		if code := g.cg.Check(id, req.Epoch); code != None {
			return FetchResponse{Code: code}
		}
	}
	r := FetchResponse{Offsets: make(map[TopicPartition]Offset, len(g.offsets))}
	for tp, o := range g.offsets {
		r.Offsets[tp] = o.Offset
	}
	if req.Stable {
		r.Unstable = map[TopicPartition]bool{}
		for _, held := range g.pending {
			for tp := range held {
				r.Unstable[tp] = true
			}
		}
	}
	return r
}

// Fetch returns the committed offsets of a group, nil if it is unknown.
func (c *Coordinator) Fetch(group string) map[TopicPartition]Offset {
	return c.FetchOffsets(FetchRequest{Group: group, Epoch: -1}).Offsets
}

// FetchOne returns one committed offset.
func (c *Coordinator) FetchOne(group string, tp TopicPartition) (Offset, bool) {
	g, _ := c.lock(group, false, None)
	if g == nil {
		return Offset{}, false
	}
	defer g.unlock()
	o, ok := g.offsets[tp]
	return o.Offset, ok
}

// DeleteOffsets handles OffsetDelete. The first code is for the whole request,
// the map for each partition.
func (c *Coordinator) DeleteOffsets(ctx context.Context, group string, tps []TopicPartition) (Code, map[TopicPartition]Code, error) {
	g, code := c.lock(group, false, GroupNotFound)
	if g == nil {
		return code, nil, nil
	}
	defer g.unlock()
	if len(g.m.members) > 0 && g.m.protocolType != "consumer" {
		return NonEmptyGroup, nil, nil
	}
	subscribed := g.subscribed()
	codes := make(map[TopicPartition]Code, len(tps))
	var gone []TopicPartition
	for _, tp := range tps {
		if subscribed[tp.Topic] {
			codes[tp] = Subscribed
			continue
		}
		codes[tp] = None
		if g.known(tp) {
			gone = append(gone, tp)
		}
	}
	return None, codes, g.forgetOffsets(ctx, gone)
}

// subscribed is the set of topics that the members consume, as far as their
// metadata can be read.
func (g *Machine) subscribed() map[string]bool {
	topics := map[string]bool{}
	for _, m := range g.members {
		for _, p := range m.Protocols {
			var meta kmsg.ConsumerMemberMetadata
			if meta.ReadFrom(p.Metadata) == nil {
				for _, t := range meta.Topics {
					topics[t] = true
				}
			}
		}
	}
	return topics
}

func (g *shell) forgetOffsets(ctx context.Context, tps []TopicPartition) error {
	if len(tps) == 0 {
		return nil
	}
	records := make([]wireproto.Record, 0, len(tps))
	for _, tp := range tps {
		records = append(records, offsetRecord(g.id, tp, nil))
	}
	if err := g.c.storage.Append(ctx, g.id, records); err != nil {
		return err
	}
	for _, tp := range tps {
		g.discard(tp)
	}
	return nil
}

// Delete handles DeleteGroups for one group.
func (c *Coordinator) Delete(ctx context.Context, group string) (Code, error) {
	g, code := c.lock(group, false, GroupNotFound)
	if g == nil {
		return code, nil
	}
	defer g.unlock()
	if !g.vacant() {
		return NonEmptyGroup, nil
	}
	return None, g.bury(ctx)
}

// bury writes tombstones for everything the group stored and removes it. Called
// with mu held.
func (g *shell) bury(ctx context.Context) error {
	records := []wireproto.Record{groupTombstone(g.id)}
	if g.cg != nil {
		records = g.cg.Tombstones()
	}
	for tp := range g.all() {
		records = append(records, offsetRecord(g.id, tp, nil))
	}
	if err := g.c.storage.Append(ctx, g.id, records); err != nil {
		return err
	}
	for pid := range g.pending {
		g.c.unindex(pid, g.id)
	}
	g.drop()
	return nil
}

// DropTopic forgets the offsets of a deleted topic in all groups.
func (c *Coordinator) DropTopic(ctx context.Context, topic string) error {
	return c.each(func(g *shell) error {
		var gone []TopicPartition
		for tp := range g.all() {
			if tp.Topic == topic {
				gone = append(gone, tp)
			}
		}
		return g.forgetOffsets(ctx, gone)
	})
}

// Expire forgets offsets as KIP-211 says: of an empty group once it was empty
// for the retention time, of a group that never had members by the age of each
// commit, of a consumer group with members for topics that nobody subscribes to
// any more. Other groups with members keep theirs, and no offset goes that an
// open transaction may change. An empty group with no offsets goes.
func (c *Coordinator) Expire(ctx context.Context, now time.Time) error {
	limit := now.Add(-c.retention)
	return c.each(func(g *shell) error {
		topics, expires := g.expires(limit)
		var gone []TopicPartition
		for tp, o := range g.offsets {
			if expires && !topics[tp.Topic] && o.Committed.Before(limit) && !g.unstable(tp) {
				gone = append(gone, tp)
			}
		}
		if g.vacant() && len(gone) == len(g.offsets) && len(g.pending) == 0 {
			return g.bury(ctx)
		}
		return g.forgetOffsets(ctx, gone)
	})
}

// expires says whether offsets of the group may expire, and which topics are
// exempt because members consume them.
func (g *shell) expires(limit time.Time) (subscribed map[string]bool, ok bool) {
	switch {
	case g.cg != nil:
		return g.cg.Subscribed(), g.cg.Size() > 0 || g.cg.Emptied().Before(limit)
	case g.vacant():
		return nil, g.m.generation == 0 || !g.m.since.After(limit)
	case g.m.protocolType == "consumer" && g.m.state == Stable:
		return g.m.subscribed(), true
	}
	return nil, false
}
