package worker

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/kurier-io/kurier/plugins/wire"
)

// TestOnlyTheLongestAckedPrefixIsCommittable acknowledges groups of three partitions in any order and compares with a plain model.
func TestOnlyTheLongestAckedPrefixIsCommittable(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		type entry struct {
			g       *group
			offset  int64
			records int
		}
		s := newSubmitted()
		names := []string{"a", "b", "c"}
		model := map[string][]*entry{}
		committed, next := map[string]int64{}, int64(1)
		var open []*entry
		check := func() {
			want := map[string]int64{}
			for _, n := range names {
				for len(model[n]) > 0 && model[n][0].records == 0 {
					want[n] = model[n][0].offset
					model[n] = model[n][1:]
				}
			}
			got, err := s.committable()
			if err != nil || len(got) != len(want) {
				t.Fatalf("got %v, %v; want %v", got, err, want)
			}
			for _, p := range got {
				n := p.Partition["p"].(string)
				o := p.Offset["n"].(int64)
				if o != want[n] || o <= committed[n] {
					t.Fatalf("partition %s: %d, want %d after %d", n, o, want[n], committed[n])
				}
				committed[n] = o
			}
		}
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			switch rapid.IntRange(0, 2).Draw(t, "step") {
			case 0:
				n := rapid.SampledFrom(names).Draw(t, "partition")
				g, fresh, err := s.open(map[string]any{"p": n}, int(next)+1)
				if err != nil || !fresh {
					t.Fatal(fresh, err)
				}
				if same, fresh, err := s.open(map[string]any{"p": n}, int(next)+1); same != g || fresh || err != nil {
					t.Fatalf("an equal partition of the same batch has another group: %v %v", fresh, err)
				}
				e := &entry{g, next, rapid.IntRange(0, 3).Draw(t, "records")}
				next++
				offset, err := wire.AppendPosition(nil, map[string]any{"n": e.offset})
				if err != nil {
					t.Fatal(err)
				}
				g.reached(offset)
				clear(offset) // it is copied
				g.pending.Add(int64(e.records))
				g.acked() // handed over
				model[n] = append(model[n], e)
				if e.records > 0 {
					open = append(open, e)
				}
			case 1:
				if len(open) > 0 {
					i := rapid.IntRange(0, len(open)-1).Draw(t, "ack")
					open[i].g.acked()
					if open[i].records--; open[i].records == 0 {
						open = append(open[:i], open[i+1:]...)
					}
				}
			case 2:
				check()
			}
		}
		for _, e := range open {
			for ; e.records > 0; e.records-- {
				e.g.acked()
			}
		}
		check()
		if len(s.queues) != 0 {
			t.Fatalf("%d queues are left", len(s.queues))
		}
	})
}
