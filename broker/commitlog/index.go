package commitlog

import (
	"encoding/binary"
	"slices"
	"sort"

	"github.com/kurier-io/kurier/broker/vfs"
)

const (
	offsetEntrySize = 8  // relative offset, position
	timeEntrySize   = 12 // timestamp, relative offset
)

type offsetEntry struct{ rel, pos uint32 }

type timeEntry struct {
	ts  int64
	rel uint32
}

// index is the sparse index of a segment that is being written.
type index struct {
	offsets []offsetEntry
	times   []timeEntry
	since   int64 // bytes since the last entry
}

// add notes a batch of n bytes at pos, following Kafka: an entry is due once
// more than interval bytes came after the previous one, and holds the last
// offset of the batch that it points to.
func (x *index) add(s *segment, lastOffset, pos, n, interval int64) {
	if x.since > interval && pos > 0 {
		x.offsets = append(x.offsets, offsetEntry{uint32(lastOffset - s.base), uint32(pos)})
		x.addTime(s)
		x.since = 0
	}
	x.since += n
}

func (x *index) addTime(s *segment) {
	if n := len(x.times); s.maxTS >= 0 && (n == 0 || x.times[n-1].ts < s.maxTS) {
		x.times = append(x.times, timeEntry{s.maxTS, uint32(s.maxTSOffset - s.base)})
	}
}

func (x *index) encode() (offsets, times []byte) {
	be := binary.BigEndian
	for _, e := range x.offsets {
		offsets = be.AppendUint32(be.AppendUint32(offsets, e.rel), e.pos)
	}
	for _, e := range x.times {
		times = be.AppendUint32(be.AppendUint64(times, uint64(e.ts)), e.rel)
	}
	return offsets, times
}

func (x *index) lookup(rel int64) int64 {
	i := sort.Search(len(x.offsets), func(i int) bool { return int64(x.offsets[i].rel) > rel })
	if i == 0 {
		return 0
	}
	return int64(x.offsets[i-1].pos)
}

// lookupTime returns a relative offset before which every record is older
// than ts.
func (x *index) lookupTime(ts int64) int64 {
	i := sort.Search(len(x.times), func(i int) bool { return x.times[i].ts >= ts })
	if i == 0 {
		return 0
	}
	return int64(x.times[i-1].rel)
}

// decodeIndex reads index files back, refusing what is not strictly ordered or
// points outside the segment.
func decodeIndex(offsets, times []byte, size int64) (*index, bool) {
	if len(offsets)%offsetEntrySize != 0 || len(times)%timeEntrySize != 0 {
		return nil, false
	}
	x := &index{}
	be := binary.BigEndian
	for e := range slices.Chunk(offsets, offsetEntrySize) {
		o := offsetEntry{be.Uint32(e), be.Uint32(e[4:])}
		if n := len(x.offsets); int64(o.pos) >= size || n > 0 && (o.pos <= x.offsets[n-1].pos || o.rel <= x.offsets[n-1].rel) {
			return nil, false
		}
		x.offsets = append(x.offsets, o)
	}
	for e := range slices.Chunk(times, timeEntrySize) {
		t := timeEntry{int64(be.Uint64(e)), be.Uint32(e[8:])}
		if n := len(x.times); n > 0 && t.ts <= x.times[n-1].ts {
			return nil, false
		}
		x.times = append(x.times, t)
	}
	return x, true
}

// lookupFile searches the offset index of a sealed segment on disk; ok is
// false when the file cannot be used and the caller must scan instead.
func lookupFile(fs vfs.FS, name string, rel, segmentSize int64) (pos int64, ok bool) {
	f, err := fs.Open(name)
	if err != nil {
		return 0, false
	}
	defer f.Close()
	size, err := f.Size()
	if err != nil || size%offsetEntrySize != 0 {
		return 0, false
	}
	var e [offsetEntrySize]byte
	i := sort.Search(int(size/offsetEntrySize), func(i int) bool {
		if _, rerr := f.ReadAt(e[:], int64(i)*offsetEntrySize); rerr != nil {
			err = rerr
			return true
		}
		return int64(binary.BigEndian.Uint32(e[:])) > rel
	})
	if i == 0 || err != nil {
		return 0, err == nil
	}
	if _, err := f.ReadAt(e[:], int64(i-1)*offsetEntrySize); err != nil {
		return 0, false
	}
	pos = int64(binary.BigEndian.Uint32(e[4:]))
	return pos, pos < segmentSize
}
