package worker

import (
	"bytes"
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/kurier-io/kurier/plugins/connect"
	"github.com/kurier-io/kurier/plugins/wire"
)

// submitted keeps, for each source partition, what was handed to the producer and in which order, so that an offset is stored only
// when everything before it in its partition was acknowledged. The records of one batch and partition count as one: they are acknowledged together. Its methods
// belong to the task's goroutine; acknowledgements come from the producer's.
type submitted struct {
	queues map[string]*queue // by the partition's bytes in canonical form
	key    []byte

	uncommitted []connect.SourcePosition // acknowledged, but storing them failed
}

type queue struct {
	partition map[string]any
	groups    []*group
}

// A group is the records of one batch and source partition.
type group struct {
	batch   int
	pending atomic.Int64 // records not acknowledged yet, and one while the batch is still being handed over
	offset  []byte       // the last offset among them; nil: none
	promise func(*kgo.Record, error)
}

func newSubmitted() *submitted { return &submitted{queues: map[string]*queue{}} }

// open returns the group of a batch in its partition's queue, and whether that is new; batches are numbered from 1. A plugin may give equal
// partitions several numbers, so the group may be there already. A nil partition has no queue: its records are counted by nobody.
func (s *submitted) open(partition map[string]any, batch int) (_ *group, fresh bool, err error) {
	g := &group{batch: batch}
	g.pending.Store(1)
	if partition == nil {
		return g, true, nil
	}
	if s.key, err = wire.AppendPosition(s.key[:0], partition); err != nil {
		return nil, false, err
	}
	q := s.queues[string(s.key)]
	if q == nil {
		q = &queue{partition: partition}
		s.queues[string(s.key)] = q
	}
	if n := len(q.groups); n > 0 && q.groups[n-1].batch == batch {
		return q.groups[n-1], false, nil
	}
	q.groups = append(q.groups, g)
	return g, true, nil
}

// reached notes an offset of the group's last record so far, whether that was produced or left out. offset is copied.
func (g *group) reached(offset []byte) {
	if offset != nil {
		g.offset = append(g.offset[:0], offset...)
	}
}

func (g *group) acked() { g.pending.Add(-1) }

// committable removes what was acknowledged, up to the first in each partition that was not, and returns the offsets reached. An error is about
// offsets that are malformed; the others are returned all the same.
func (s *submitted) committable() ([]connect.SourcePosition, error) {
	var out []connect.SourcePosition
	var errs []error
	for key, q := range s.queues {
		var offset []byte
		n := 0
		for n < len(q.groups) && q.groups[n].pending.Load() == 0 {
			if q.groups[n].offset != nil {
				offset = q.groups[n].offset
			}
			n++
		}
		q.groups = q.groups[n:]
		if len(q.groups) == 0 {
			delete(s.queues, key)
		}
		if offset == nil {
			continue
		}
		o, err := wire.DecodePosition(bytes.Clone(offset))
		if err != nil {
			errs = append(errs, fmt.Errorf("source partition %v: %w", q.partition, err))
			continue
		}
		out = append(out, connect.SourcePosition{Partition: q.partition, Offset: o})
	}
	return out, errors.Join(errs...)
}

// withUncommitted adds positions whose storing failed before, where newer ones do not replace them.
func (s *submitted) withUncommitted(newer []connect.SourcePosition) []connect.SourcePosition {
	if len(s.uncommitted) == 0 {
		return newer
	}
	have := map[string]bool{}
	for _, p := range newer {
		have[canonical(p.Partition)] = true
	}
	for _, p := range s.uncommitted {
		if !have[canonical(p.Partition)] {
			newer = append(newer, p)
		}
	}
	s.uncommitted = nil
	return newer
}

// canonical is the identity of a partition; one that cannot be encoded never got here.
func canonical(partition map[string]any) string {
	b, _ := wire.AppendPosition(nil, partition)
	return string(b)
}
