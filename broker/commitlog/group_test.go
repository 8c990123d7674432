package commitlog

import (
	"testing"

	"github.com/kurier-io/kurier/broker/vfs"
)

// TestSlimKeepsEntries: what a group flushes in place is named by extents at the same
// places, and everything else stays as it was.
func TestSlimKeepsEntries(t *testing.T) {
	var ends []logEnd
	for i := range int32(2) {
		l := &Log{id: ID{Topic: [16]byte{1}, Partition: i}}
		ends = append(ends, logEnd{log: l, seg: newSegment(vfs.NewMem(), "t-0", 100)})
	}
	g := newGroup(nil)
	var want []entry
	for i := range 20 {
		e := entry{id: ends[i%2].log.id, baseOffset: int64(100 + i), segBase: 100, pos: int64(i * 1000)}
		if i == 0 {
			e.segBase = 50 // rolled within the group
		}
		batch := batchOf(nil, make([]byte, 10+i))
		e.data, e.length = batch, uint32(len(batch))
		g.buf = appendEntry(g.buf, e)
		g.n++
		if i%2 == 0 {
			if i > 0 {
				e.data, e.extent, e.crc = nil, true, batch.CRC()
			}
			ends[0].bytes += len(batch)
		}
		want = append(want, e)
	}
	g.ends = ends
	g.slim(2*ends[0].bytes + 2)
	if len(g.syncs) != 0 {
		t.Fatal("slimmed below the limit")
	}
	g.slim(2 * ends[0].bytes)
	if len(g.syncs) != 1 || g.syncs[ends[0].seg] != ends[0].log {
		t.Fatalf("segments to flush: %v", g.syncs)
	}
	i := 0
	err := eachEntry(g.buf[frameHeader:], g.n, func(e entry) error {
		w := want[i]
		if e.id != w.id || e.baseOffset != w.baseOffset || e.segBase != w.segBase || e.pos != w.pos || e.length != w.length ||
			e.extent != w.extent || e.crc != w.crc || string(e.data) != string(w.data) {
			t.Errorf("entry %d is %+v, want %+v", i, e, w)
		}
		i++
		return nil
	})
	if err != nil || i != len(want) {
		t.Fatalf("%d entries, %v", i, err)
	}
}
