package consumer

import (
	"bytes"
	"cmp"
	"slices"
)

// partition names a partition of a topic by its id.
type partition struct {
	topic  TopicID
	number int32
}

func (a partition) compare(b partition) int {
	return cmp.Or(bytes.Compare(a.topic[:], b.topic[:]), cmp.Compare(a.number, b.number))
}

type set map[partition]struct{}

func (s set) add(p partition) { s[p] = struct{}{} }

func (s set) has(p partition) bool {
	_, ok := s[p]
	return ok
}

func (s set) equal(o set) bool {
	if len(s) != len(o) {
		return false
	}
	for p := range s {
		if !o.has(p) {
			return false
		}
	}
	return true
}

// sorted lists the partitions by topic id and number.
func (s set) sorted() []partition {
	out := make([]partition, 0, len(s))
	for p := range s {
		out = append(out, p)
	}
	slices.SortFunc(out, partition.compare)
	return out
}

// topics groups the partitions as the protocol does; never nil.
func (s set) topics() []TopicPartitions {
	out := []TopicPartitions{}
	for _, p := range s.sorted() {
		if n := len(out); n == 0 || out[n-1].ID != p.topic {
			out = append(out, TopicPartitions{ID: p.topic})
		}
		last := &out[len(out)-1]
		last.Partitions = append(last.Partitions, p.number)
	}
	return out
}

func setOf(tps []TopicPartitions) set {
	s := set{}
	for _, tp := range tps {
		for _, n := range tp.Partitions {
			s.add(partition{tp.ID, n})
		}
	}
	return s
}
