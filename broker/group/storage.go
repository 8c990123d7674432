package group

import (
	"context"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/kurier-io/kurier/broker/group/consumer"
	"github.com/kurier-io/kurier/broker/wireproto"
)

// Storage is the compacted log that groups live in.
type Storage interface {
	// Append writes records that belong to a group and returns when they are
	// durable.
	Append(ctx context.Context, group string, records []wireproto.Record) error
}

// TxnStorage is a Storage that can also write for a transactional producer.
type TxnStorage interface {
	Storage
	// AppendTxn writes one transactional batch of a producer to the partition
	// that a group lives in and returns when it is durable. What it wrote takes
	// effect when the server reports the marker by Coordinator.CompleteTxn.
	AppendTxn(ctx context.Context, group string, pid int64, epoch int16, records []wireproto.Record) error
}

// TopicPartition names a partition.
type TopicPartition struct {
	Topic     string
	Partition int32
}

// committed is an offset and when it was written, as a count of writes.
type committed struct {
	Offset
	at uint64
}

// Offset is a committed offset.
type Offset struct {
	Offset      int64
	LeaderEpoch int32
	Metadata    string
	Committed   time.Time
}

func offsetRecord(group string, tp TopicPartition, o *Offset) wireproto.Record {
	k := kmsg.OffsetCommitKey{Version: 1, Group: group, Topic: tp.Topic, Partition: tp.Partition}
	rec := wireproto.Record{Key: k.AppendTo(nil)}
	if o != nil {
		v := kmsg.OffsetCommitValue{Version: 3, Offset: o.Offset, LeaderEpoch: o.LeaderEpoch, Metadata: o.Metadata,
			CommitTimestamp: o.Committed.UnixMilli()}
		rec.Value = v.AppendTo(nil)
	}
	return rec
}

func groupTombstone(group string) wireproto.Record {
	k := kmsg.GroupMetadataKey{Version: 2, Group: group}
	return wireproto.Record{Key: k.AppendTo(nil)}
}

func (g *Machine) record() wireproto.Record {
	rec := groupTombstone(g.ID)
	v := kmsg.GroupMetadataValue{Version: 3, ProtocolType: g.protocolType, Generation: g.generation,
		CurrentStateTimestamp: g.since.UnixMilli()}
	if g.protocol != "" {
		v.Protocol = &g.protocol
	}
	if g.leader != "" {
		v.Leader = &g.leader
	}
	for _, m := range g.ordered() {
		v.Members = append(v.Members, kmsg.GroupMetadataValueMember{
			MemberID: m.ID, InstanceID: m.InstanceID, ClientID: m.ClientID, ClientHost: m.ClientHost,
			RebalanceTimeoutMillis: int32(m.RebalanceTimeout.Milliseconds()), SessionTimeoutMillis: int32(m.Session.Milliseconds()),
			Subscription: m.metadata(g.protocol), Assignment: m.Assignment,
		})
	}
	rec.Value = v.AppendTo(nil)
	return rec
}

// Load replays one record of the storage, in order, before the coordinator
// serves. A nil value is a tombstone. Record types of other coordinators are
// skipped.
func (c *Coordinator) Load(key, value []byte) error {
	r := wireproto.NewReader(key)
	switch v := r.Int16(); v {
	case 0, 1:
		return c.loadOffset(key, value)
	case 2:
		return c.loadGroup(key, value)
	}
	kind, id, name, ok, err := consumer.ParseKey(key)
	if !ok || err != nil || c.topics == nil {
		return err
	}
	g := c.load(id)
	if g.cg == nil {
		g.cg = consumer.New(id, c.topics)
	}
	return g.cg.Load(kind, name, value)
}

// load finds or makes the group of a record that is replayed.
func (c *Coordinator) load(id string) *shell {
	c.mu.Lock()
	defer c.mu.Unlock()
	if g := c.groups[id]; g != nil {
		return g
	}
	return c.create(id)
}

// resume ends the replay of a group. Called with mu held.
func (g *shell) resume() {
	if g.cg != nil && !g.cg.Resume(time.Now(), g.config()) {
		g.cg = nil // only tombstones were left
	}
}

func (c *Coordinator) loadOffset(key, value []byte) error {
	var k kmsg.OffsetCommitKey
	if err := k.ReadFrom(key); err != nil {
		return fmt.Errorf("group: offset key: %w", err)
	}
	g := c.load(k.Group)
	tp := TopicPartition{k.Topic, k.Partition}
	g.writes++
	if value == nil {
		g.discard(tp)
		return nil
	}
	o, err := decodeOffset(&k, value)
	if err == nil {
		g.offsets[tp] = committed{o, g.writes}
	}
	return err
}

func decodeOffset(k *kmsg.OffsetCommitKey, value []byte) (Offset, error) {
	var v kmsg.OffsetCommitValue
	if err := v.ReadFrom(value); err != nil {
		return Offset{}, fmt.Errorf("group %q: offset of %s-%d: %w", k.Group, k.Topic, k.Partition, err)
	}
	if v.Version < 3 {
		v.LeaderEpoch = -1
	}
	return Offset{v.Offset, v.LeaderEpoch, v.Metadata, time.UnixMilli(v.CommitTimestamp)}, nil
}

func (c *Coordinator) loadGroup(key, value []byte) error {
	var k kmsg.GroupMetadataKey
	if err := k.ReadFrom(key); err != nil {
		return fmt.Errorf("group: group key: %w", err)
	}
	g := c.load(k.Group)
	now := time.Now()
	if value == nil {
		g.m = NewMachine(k.Group, c.limits, now)
		return nil
	}
	var v kmsg.GroupMetadataValue
	if err := v.ReadFrom(value); err != nil {
		return fmt.Errorf("group %q: metadata: %w", k.Group, err)
	}
	str := func(s *string) string {
		if s == nil {
			return ""
		}
		return *s
	}
	var members []Member
	for _, m := range v.Members {
		members = append(members, Member{ID: m.MemberID, InstanceID: m.InstanceID, ClientID: m.ClientID, ClientHost: m.ClientHost,
			RebalanceTimeout: time.Duration(m.RebalanceTimeoutMillis) * time.Millisecond,
			Session:          time.Duration(m.SessionTimeoutMillis) * time.Millisecond,
			Protocols:        []Protocol{{str(v.Protocol), append([]byte{}, m.Subscription...)}},
			Assignment:       append([]byte{}, m.Assignment...)})
	}
	g.m.Restore(now, v.ProtocolType, str(v.Protocol), str(v.Leader), v.Generation, members)
	if len(members) == 0 && v.CurrentStateTimestamp > 0 {
		g.m.since = time.UnixMilli(v.CurrentStateTimestamp)
	}
	return nil
}
