package commitlog

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kurier-io/kurier/broker/vfs"
	"github.com/kurier-io/kurier/broker/wireproto"
)

// TestVerifyFindsDamage flips bytes of sealed segments, and knows a torn end from
// damage.
func TestVerifyFindsDamage(t *testing.T) {
	segment := func(from, to int64) []byte {
		var out []byte
		for o := from; o < to; o++ {
			b := wireproto.NewBatch(1000, wireproto.Record{Value: fmt.Appendf(nil, "record %d", o)})
			b.SetBaseOffset(o)
			out = append(out, b...)
		}
		return out
	}
	whole := segment(0, 3)
	size := int64(len(whole) / 3)
	flip := func(b []byte, at int64) []byte {
		b[at] ^= 1
		return b
	}
	for name, tc := range map[string]struct {
		first, second []byte
		want          []Damage
	}{
		"nothing":     {segment(0, 3), segment(3, 5), nil},
		"a hole":      {segment(0, 2), segment(3, 5), nil}, // compaction leaves them
		"a torn end":  {segment(0, 3), segment(3, 5)[:2*size-10], nil},
		"a bit":       {flip(segment(0, 3), size+wireproto.HeaderSize+5), segment(3, 5), []Damage{{"t-0/00000000000000000000.log", size, 1, "the checksum is wrong"}}},
		"a length":    {flip(segment(0, 3), size+8), segment(3, 5), []Damage{{"t-0/00000000000000000000.log", size, 1, "no whole batch here"}}},
		"a repeat":    {append(segment(0, 3), segment(1, 2)...), segment(3, 5), []Damage{{"t-0/00000000000000000000.log", 3 * size, 1, "offset 1 comes after 2"}}},
		"cut too far": {segment(0, 3)[:size+20], segment(3, 5), []Damage{{"t-0/00000000000000000000.log", size, 1, "no whole batch here"}}},
	} {
		fs := vfs.NewMem()
		if err := fs.MkdirAll("t-0"); err != nil {
			t.Fatal(err)
		}
		for base, b := range map[int64][]byte{0: tc.first, 3: tc.second} {
			if err := vfs.WriteFile(fs, "t-0", fmt.Sprintf("%020d.log", base), b); err != nil {
				t.Fatal(err)
			}
		}
		var got []Damage
		v, err := Verify(fs, func(d Damage) { got = append(got, d) }, func(int64) {})
		if diff := cmp.Diff(tc.want, got); diff != "" || err != nil || v.Partitions != 1 || v.Segments != 2 {
			t.Errorf("%s: %+v, %v\n%s", name, v, err, diff)
		}
	}
}
