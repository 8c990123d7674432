package commitlog

import (
	"encoding/binary"
	"slices"
)

// maxBypassed is how many segments one group may flush in place: each costs a flush,
// where the journal costs one for all.
const maxBypassed = 8

// logEnd is what a log publishes when a group becomes durable.
type logEnd struct {
	log   *Log
	end   logPos
	seg   *segment // that holds end
	bytes int      // of the group that are data of seg
}

// group is the set of appends that one flush makes durable.
type group struct {
	buf   []byte // frameHeader bytes of room, then entries
	n     uint32
	ends  []logEnd
	syncs map[*segment]*Log // bypassed segments, flushed before the frame
	done  chan struct{}
	err   error // set before done is closed
}

func newGroup(buf []byte) *group {
	return &group{buf: append(buf[:0], make([]byte, frameHeader)...), done: make(chan struct{})}
}

// sync makes the group flush a segment before its frame.
func (g *group) sync(seg *segment, l *Log) {
	if g.syncs == nil {
		g.syncs = map[*segment]*Log{}
	}
	g.syncs[seg] = l
}

// slim replaces the batches of a log that has at least limit bytes of them in the
// group by extents: writing them once and flushing the segment is cheaper than
// writing them twice. For a log that is alone in this, half of that is enough.
func (g *group) slim(limit int) {
	var fat []logEnd
	for _, e := range g.ends {
		if e.bytes >= limit/2 {
			fat = append(fat, e)
		}
	}
	if len(fat) > 1 || len(g.syncs) > 0 {
		fat = slices.DeleteFunc(fat, func(e logEnd) bool { return e.bytes < limit })
	}
	if len(fat) == 0 || len(fat)+len(g.syncs) > maxBypassed {
		return
	}
	be := binary.BigEndian
	out := g.buf[:frameHeader] // written behind what is read
	for rest := g.buf[frameHeader:]; len(rest) > 0; {
		n := entryHeader + 4
		if rest[0] == kindData {
			n = entryHeader + int(be.Uint32(rest[entryHeader-4:]))
			if holds(fat, rest) {
				crc := be.Uint32(rest[entryHeader+17:])
				at := len(out)
				out = append(out, rest[:entryHeader]...)
				out[at] = kindExtent
				out = be.AppendUint32(out, crc)
				rest = rest[n:]
				continue
			}
		}
		out = append(out, rest[:n]...)
		rest = rest[n:]
	}
	g.buf = out
	for _, e := range fat {
		g.sync(e.seg, e.log)
	}
}

// holds reports whether an encoded entry belongs to the segment of one of the ends.
func holds(ends []logEnd, entry []byte) bool {
	be := binary.BigEndian
	for _, e := range ends {
		if [16]byte(entry[1:17]) == e.log.id.Topic && int32(be.Uint32(entry[17:])) == e.log.id.Partition && int64(be.Uint64(entry[29:])) == e.seg.base {
			return true
		}
	}
	return false
}
