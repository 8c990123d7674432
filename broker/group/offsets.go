package group

import (
	"context"
	"maps"
	"slices"
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
	if group == "" {
		return InvalidGroupID, nil
	}
	g := c.lock(group, req.Generation < 0)
	if g == nil {
		return IllegalGeneration, nil
	}
	defer g.mu.Unlock()
	now := time.Now()
	if code := g.m.CheckCommit(now, req.Member, req.Instance, req.Generation); code != None {
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
	g := c.lock(req.Group, false)
	if g == nil {
		return FetchResponse{}
	}
	defer g.mu.Unlock()
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
	g := c.lock(group, false)
	if g == nil {
		return Offset{}, false
	}
	defer g.mu.Unlock()
	o, ok := g.offsets[tp]
	return o.Offset, ok
}

// DeleteOffsets handles OffsetDelete. The first code is for the whole request,
// the map for each partition.
func (c *Coordinator) DeleteOffsets(ctx context.Context, group string, tps []TopicPartition) (Code, map[TopicPartition]Code, error) {
	g := c.lock(group, false)
	if g == nil {
		return GroupNotFound, nil, nil
	}
	defer g.mu.Unlock()
	subscribed := map[string]bool{}
	if len(g.m.members) > 0 {
		if g.m.protocolType != "consumer" {
			return NonEmptyGroup, nil, nil
		}
		subscribed = g.m.subscribed()
	}
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
		records = append(records, offsetRecord(g.m.ID, tp, nil))
	}
	if err := g.c.storage.Append(ctx, g.m.ID, records); err != nil {
		return err
	}
	for _, tp := range tps {
		g.discard(tp)
	}
	return nil
}

// Delete handles DeleteGroups for one group.
func (c *Coordinator) Delete(ctx context.Context, group string) (Code, error) {
	g := c.lock(group, false)
	if g == nil {
		return GroupNotFound, nil
	}
	defer g.mu.Unlock()
	if len(g.m.members) > 0 || len(g.m.pending) > 0 {
		return NonEmptyGroup, nil
	}
	return None, g.bury(ctx)
}

// bury writes tombstones for everything the group stored and removes it. Called
// with mu held.
func (g *shell) bury(ctx context.Context) error {
	records := []wireproto.Record{groupTombstone(g.m.ID)}
	for tp := range g.all() {
		records = append(records, offsetRecord(g.m.ID, tp, nil))
	}
	if err := g.c.storage.Append(ctx, g.m.ID, records); err != nil {
		return err
	}
	for pid := range g.pending {
		g.c.unindex(pid, g.m.ID)
	}
	g.removed = true
	g.m.set(Dead, time.Now())
	if g.timer != nil {
		g.timer.Stop()
	}
	// Lock order is group before coordinator nowhere else: the map is only
	// locked for look-ups, never while a group's lock is waited for.
	g.c.mu.Lock()
	delete(g.c.groups, g.m.ID)
	g.c.mu.Unlock()
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

func (c *Coordinator) each(fn func(*shell) error) error {
	c.mu.Lock()
	shells := slices.Collect(maps.Values(c.groups))
	c.mu.Unlock()
	for _, g := range shells {
		g.mu.Lock()
		var err error
		if !g.removed {
			err = fn(g)
		}
		g.mu.Unlock()
		if err != nil {
			return err
		}
	}
	return nil
}

// Expire forgets offsets as KIP-211 says: of an empty group once it was empty
// for the retention time, of a group that never had members by the age of each
// commit, of a consumer group with members for topics that nobody subscribes to
// any more. Other groups with members keep theirs.
func (c *Coordinator) Expire(ctx context.Context, now time.Time) error {
	limit := now.Add(-c.retention)
	return c.each(func(g *shell) error {
		var topics map[string]bool
		empty := g.m.state == Empty && len(g.m.pending) == 0
		member := g.m.generation > 0
		switch {
		case empty && member && g.m.since.After(limit):
			return nil
		case !empty && (g.m.protocolType != "consumer" || g.m.state != Stable):
			return nil
		case !empty:
			topics = g.m.subscribed()
		}
		var gone []TopicPartition
		for tp, o := range g.offsets {
			if !topics[tp.Topic] && o.Committed.Before(limit) && !g.unstable(tp) {
				gone = append(gone, tp)
			}
		}
		if empty && len(gone) == len(g.offsets) && len(g.pending) == 0 {
			return g.bury(ctx)
		}
		return g.forgetOffsets(ctx, gone)
	})
}
