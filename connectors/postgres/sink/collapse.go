package sink

import (
	"bytes"
	"hash/maphash"
	"slices"
)

// A collapser reduces the operations of a batch to the last one for each key, because one statement may touch a row only once
// (SQLSTATE 21000). Keys are the encoded key columns. Its memory is reused from batch to batch; it serves one goroutine.
type collapser struct {
	seed  maphash.Seed
	keys  []byte
	slots []slot
	table []int32 // open addressing: slot index + 1
}

// A slot is one distinct key.
type slot struct {
	start, end int32
	hash       uint64
	last       int32 // record of the last write; -1: the last operation is a delete
	deleted    int32 // record of the last delete, -1: none
}

func (c *collapser) reset(n int) {
	if c.table == nil {
		c.seed = maphash.MakeSeed()
	}
	size := 16
	for size < 2*n {
		size *= 2
	}
	if size > len(c.table) {
		c.table = make([]int32, size)
	} else {
		clear(c.table)
	}
	c.keys, c.slots = c.keys[:0], c.slots[:0]
}

// add notes an operation on the key that the caller has appended to c.keys from start on.
func (c *collapser) add(start int, record int32, isDelete bool) {
	key := c.keys[start:]
	h := maphash.Bytes(c.seed, key)
	mask := uint64(len(c.table) - 1)
	at := h & mask
	for ; c.table[at] != 0; at = (at + 1) & mask {
		s := &c.slots[c.table[at]-1]
		if s.hash == h && bytes.Equal(c.keys[s.start:s.end], key) {
			c.keys = c.keys[:start]
			s.set(record, isDelete)
			return
		}
	}
	s := slot{int32(start), int32(len(c.keys)), h, -1, -1}
	s.set(record, isDelete)
	c.slots = append(c.slots, s)
	c.table[at] = int32(len(c.slots))
}

func (s *slot) set(record int32, isDelete bool) {
	if isDelete {
		s.last, s.deleted = -1, record
		return
	}
	s.last = record
}

// sort brings the keys into one order for all tasks, so that two that write the same rows wait for each other instead of deadlocking.
func (c *collapser) sort() {
	compare := func(a, b slot) int { return bytes.Compare(c.keys[a.start:a.end], c.keys[b.start:b.end]) }
	if !slices.IsSortedFunc(c.slots, compare) {
		slices.SortFunc(c.slots, compare)
	}
}
