package group

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"time"
	"unicode/utf16"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/kurier-io/kurier/broker/wireproto"
)

// TxnCommitRequest is a TxnOffsetCommit of one group (KIP-98). A producer that
// does not name its consumer sends Generation -1, an empty MemberID and no
// InstanceID; what it sends otherwise is validated (KIP-447).
type TxnCommitRequest struct {
	Group, MemberID string
	InstanceID      *string
	Generation      int32
	ProducerID      int64
	ProducerEpoch   int16
	Offsets         map[TopicPartition]Offset
}

// CommitTxn stores offsets of an open transaction: durable, but invisible until
// CompleteTxn. The code is for all of them; an error means that nothing is known
// to be stored. The server calls it after the transaction coordinator took the
// group's partition of the offsets topic into the transaction.
func (c *Coordinator) CommitTxn(ctx context.Context, req TxnCommitRequest) (Code, error) {
	store, ok := c.storage.(TxnStorage)
	switch {
	case !validID(req.Group):
		return InvalidGroupID, nil
	case !ok:
		return NotAvailable, errors.New("group: the storage takes no transactions")
	}
	g, code := c.lock(req.Group, req.Generation < 0, IllegalGeneration)
	if g == nil {
		return code, nil
	}
	defer g.unlock()
	now := time.Now()
	if code := g.checkTxnCommit(now, &req); code != None {
		return code, nil
	}
	if len(req.Offsets) == 0 {
		return None, nil
	}
	records := make([]wireproto.Record, 0, len(req.Offsets))
	for tp, o := range req.Offsets {
		o.Committed = now
		req.Offsets[tp] = o
		records = append(records, offsetRecord(req.Group, tp, &o))
	}
	// Before the write, so that a marker right behind it finds the group and
	// waits for its lock.
	c.index(req.ProducerID, req.Group)
	if err := store.AppendTxn(ctx, req.Group, req.ProducerID, req.ProducerEpoch, records); err != nil {
		if g.pending[req.ProducerID] == nil {
			c.unindex(req.ProducerID, req.Group)
		}
		return NotAvailable, err
	}
	g.writes++
	for tp, o := range req.Offsets {
		g.hold(req.ProducerID, tp, o)
	}
	return None, nil
}

func (g *shell) checkTxnCommit(now time.Time, req *TxnCommitRequest) Code {
	if g.cg == nil {
		return g.m.CheckTxnCommit(now, req.MemberID, req.InstanceID, req.Generation)
	}
	if req.Generation < 0 && req.MemberID == "" && req.InstanceID == nil {
		return None
	}
	code := g.cg.Check(req.MemberID, req.Generation)
	if code == StaleMemberEpoch {
		return IllegalGeneration // what clients of this request know
	}
	return code
}

// CompleteTxn ends the transaction of a producer for the groups of one partition
// of the offsets topic. The server calls it once the marker is in that partition
// and before it answers EndTxn, and at the same place when it replays the
// partition. It does no I/O. On commit an offset becomes visible unless a later
// write to its partition is visible already, as the order of the log decides.
func (c *Coordinator) CompleteTxn(pid int64, partition int32, commit bool) {
	c.txnMu.Lock()
	var ids []string
	for id := range c.txns[pid] {
		if Partition(id, c.partitions) == partition {
			ids = append(ids, id)
		}
	}
	c.txnMu.Unlock()
	for _, id := range ids {
		g, _ := c.lock(id, false, None)
		if g == nil {
			continue
		}
		if commit {
			for tp, o := range g.pending[pid] {
				if o.at > g.offsets[tp].at {
					g.offsets[tp] = o
				}
			}
		}
		delete(g.pending, pid)
		c.unindex(pid, id)
		g.unlock()
	}
}

// LoadTxn replays one record of a transactional batch, in order with Load. What
// it brings stays invisible until CompleteTxn.
func (c *Coordinator) LoadTxn(pid int64, epoch int16, key, value []byte) error {
	r := wireproto.NewReader(key)
	if v := r.Int16(); r.Err() != nil || v > 1 {
		return fmt.Errorf("group: producer %d epoch %d: a transaction holds a record of type %d: %w", pid, epoch, v, r.Err())
	}
	var k kmsg.OffsetCommitKey
	if err := k.ReadFrom(key); err != nil {
		return fmt.Errorf("group: producer %d epoch %d: offset key: %w", pid, epoch, err)
	}
	g := c.load(k.Group)
	tp := TopicPartition{k.Topic, k.Partition}
	g.writes++
	o, err := decodeOffset(&k, value)
	if err == nil {
		c.index(pid, k.Group)
		g.hold(pid, tp, o)
	}
	return err
}

// SetPartitions tells how many partitions the offsets topic has, which decides
// the groups that a marker is for; it is 1 otherwise. Called before Load.
func (c *Coordinator) SetPartitions(n int32) {
	c.txnMu.Lock()
	c.partitions = max(n, 1)
	c.txnMu.Unlock()
}

func (c *Coordinator) index(pid int64, group string) {
	c.txnMu.Lock()
	defer c.txnMu.Unlock()
	if c.txns[pid] == nil {
		c.txns[pid] = map[string]struct{}{}
	}
	c.txns[pid][group] = struct{}{}
}

func (c *Coordinator) unindex(pid int64, group string) {
	c.txnMu.Lock()
	defer c.txnMu.Unlock()
	delete(c.txns[pid], group)
	if len(c.txns[pid]) == 0 {
		delete(c.txns, pid)
	}
}

// hold keeps an offset of an open transaction. Called with mu held.
func (g *shell) hold(pid int64, tp TopicPartition, o Offset) {
	if g.pending[pid] == nil {
		g.pending[pid] = map[TopicPartition]committed{}
	}
	g.pending[pid][tp] = committed{o, g.writes}
}

// unstable reports whether an open transaction may still change an offset.
func (g *shell) unstable(tp TopicPartition) bool {
	for _, held := range g.pending {
		if _, ok := held[tp]; ok {
			return true
		}
	}
	return false
}

func (g *shell) known(tp TopicPartition) bool {
	_, ok := g.offsets[tp]
	return ok || g.unstable(tp)
}

// all ranges over the partitions with a committed or pending offset, of which
// one may come twice.
func (g *shell) all() iter.Seq[TopicPartition] {
	return func(yield func(TopicPartition) bool) {
		for tp := range g.offsets {
			if !yield(tp) {
				return
			}
		}
		for _, held := range g.pending {
			for tp := range held {
				if _, dup := g.offsets[tp]; !dup && !yield(tp) {
					return
				}
			}
		}
	}
}

// discard forgets an offset, and what open transactions wrote about it before:
// the tombstone comes later in the log.
func (g *shell) discard(tp TopicPartition) {
	delete(g.offsets, tp)
	for pid, held := range g.pending {
		delete(held, tp)
		if len(held) == 0 {
			delete(g.pending, pid)
			g.c.unindex(pid, g.id)
		}
	}
}

// Partition is the partition of an offsets topic with n partitions that a group
// lives in: Java's String.hashCode without its sign, as Kafka places it.
func Partition(group string, n int32) int32 {
	var h int32
	for _, u := range utf16.Encode([]rune(group)) {
		h = 31*h + int32(u)
	}
	switch {
	case n <= 1 || h == -1<<31:
		return 0
	case h < 0:
		h = -h
	}
	return h % n
}
