package torture

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var p0, p1 = Partition{"t", 0}, Partition{"t", 1}

// quiet is a history without fault: two producers, one of them transactional with
// a committed and an aborted transaction, two readers and a group.
func quiet() *History {
	h := NewHistory()
	for i := range 3 {
		h.Send(Send{Producer: "a", At: p0, Value: fmt.Sprint("a", i), Outcome: Acked, Offset: int64(i)})
	}
	h.Send(Send{Producer: "a", At: p0, Value: "lost in time", Outcome: Unknown})
	h.Send(Send{Producer: "a", At: p0, Value: "refused", Outcome: Failed})
	for _, at := range []Partition{p0, p1} {
		h.Send(Send{Producer: "x", At: at, Value: "c" + at.String(), Outcome: Acked, Offset: 3, Txn: "commit"})
	}
	h.Ending("commit", true)
	h.Ended("commit", Acked)
	for _, at := range []Partition{p0, p1} {
		h.Send(Send{Producer: "x", At: at, Value: "d" + at.String(), Outcome: Acked, Offset: 5, Txn: "abort"})
	}
	h.Ending("abort", false)
	h.Ended("abort", Acked)
	for i, v := range []string{"a0", "a1", "a2", "ct-0"} {
		h.Poll(Poll{Consumer: "committed", At: p0, Offset: int64(i), Value: v, Committed: true})
	}
	h.Poll(Poll{Consumer: "all", At: p1, Offset: 3, Value: "ct-1"}, Poll{Consumer: "all", At: p1, Offset: 5, Value: "dt-1"})
	h.Commit("g", p0, 2)
	h.CommittedSeen("g", p0, h.CommittedBefore("g", p0), 3)
	h.Position("committed", p0, 7, true)
	h.Final(Final{At: p0, Stable: 7, End: 7, All: map[int64]string{0: "a0", 1: "a1", 2: "a2", 3: "ct-0", 5: "dt-0"},
		Committed: map[int64]string{0: "a0", 1: "a1", 2: "a2", 3: "ct-0"}})
	h.Final(Final{At: p1, Stable: 7, End: 7, All: map[int64]string{3: "ct-1", 5: "dt-1"}, Committed: map[int64]string{3: "ct-1"}})
	return h
}

func TestCheckFindsNothingInAGoodHistory(t *testing.T) {
	if found := Check(quiet()); len(found) > 0 {
		t.Error(found)
	}
}

// TestCheckFinds damages the good history in one way each.
func TestCheckFinds(t *testing.T) {
	for name, tc := range map[string]struct {
		damage func(*History)
		want   []Kind
	}{
		"two values at one offset": {func(h *History) {
			h.Send(Send{Producer: "b", At: p0, Value: "b0", Outcome: Acked, Offset: 1})
		}, []Kind{InconsistentOffsets, LostWrite}},
		"a reader sees another value": {func(h *History) {
			h.Send(Send{Producer: "b", At: p0, Value: "b0", Outcome: Unknown})
			h.Poll(Poll{Consumer: "late", At: p0, Offset: 1, Value: "b0"})
		}, []Kind{InconsistentOffsets}},
		"the wrong partition": {func(h *History) {
			h.Send(Send{Producer: "b", At: p0, Value: "b0", Outcome: Unknown})
			h.Poll(Poll{Consumer: "late", At: p1, Offset: 0, Value: "b0"})
		}, []Kind{InconsistentOffsets}},
		"duplicate":             {func(h *History) { h.finals[p0].All[4] = "a2" }, []Kind{Duplicate}},
		"lost":                  {func(h *History) { delete(h.finals[p0].All, 1) }, []Kind{LostWrite}},
		"lost at the end":       {func(h *History) { h.Send(Send{Producer: "a", At: p0, Value: "a9", Outcome: Acked, Offset: 9}) }, []Kind{LostWrite}},
		"lost with transaction": {func(h *History) { delete(h.finals[p0].Committed, 3); delete(h.finals[p1].Committed, 3) }, []Kind{LostWrite}},
		"torn":                  {func(h *History) { delete(h.finals[p1].Committed, 3) }, []Kind{TornTransaction}},
		"torn, outcome unknown": {func(h *History) { h.txns["commit"].outcome = Unknown; delete(h.finals[p0].Committed, 3) }, []Kind{TornTransaction}},
		"aborted but readable":  {func(h *History) { h.finals[p0].Committed[5] = "dt-0" }, []Kind{AbortedRead, TornTransaction}},
		"aborted and polled":    {func(h *History) { h.Poll(Poll{Consumer: "late", At: p0, Offset: 5, Value: "dt-0", Committed: true}) }, []Kind{AbortedRead}},
		"refused and there":     {func(h *History) { h.finals[p0].All[4] = "refused" }, []Kind{AbortedRead}},
		"polled before commit":  {func(h *History) { h.txns["commit"].ending = 1 << 30 }, []Kind{PrecommitRead}},
		"polled before any end": {func(h *History) { h.polls[3].event, h.txns["commit"].ending = 7, 8 }, []Kind{PrecommitRead}},
		"order of sends":        {func(h *History) { h.sends[0], h.sends[1] = h.sends[1], h.sends[0] }, []Kind{NonmonotonicSend}},
		"polled twice": {func(h *History) {
			h.Poll(Poll{Consumer: "committed", At: p0, Offset: 3, Value: "ct-0", Committed: true})
		}, []Kind{NonmonotonicPoll}},
		"polled again after":   {func(h *History) { h.Poll(Poll{Consumer: "committed", Session: 1, At: p0, Offset: 3, Value: "ct-0"}) }, nil},
		"skipped":              {func(h *History) { h.polls = append(h.polls[:1], h.polls[2:]...) }, []Kind{Skipped}},
		"offset went back":     {func(h *History) { h.CommittedSeen("g", p0, h.CommittedBefore("g", p0), 1) }, []Kind{OffsetWentBack}},
		"offset vanished":      {func(h *History) { h.CommittedSeen("g", p0, h.CommittedBefore("g", p0), -1) }, []Kind{OffsetWentBack}},
		"hidden":               {func(h *History) { delete(h.finals[p0].Committed, 1); h.polls = h.polls[:0] }, []Kind{LostWrite}},
		"stuck reader":         {func(h *History) { h.Position("slow", p1, 4, false) }, []Kind{StuckReader}},
		"hanging transaction":  {func(h *History) { h.finals[p1].OpenTransactions = 1 }, []Kind{StuckReader}},
		"stable offset behind": {func(h *History) { h.finals[p1].Stable = 5 }, []Kind{StuckReader}},
		"out of nowhere":       {func(h *History) { h.finals[p1].All[6] = "?" }, []Kind{Unsent}},
		"repeats are no fault": {func(h *History) { h.sends[2].Repeats = true; h.finals[p0].All[4] = "a2" }, nil},
		"retention is no fault": {func(h *History) {
			f := h.finals[p0]
			f.Start = 2
			delete(f.All, 0)
			delete(f.All, 1)
			delete(f.Committed, 0)
			delete(f.Committed, 1)
		}, nil},
		"compaction is no fault": {func(h *History) { f := h.finals[p0]; f.Compacted = true; delete(f.All, 0); delete(f.Committed, 0) }, nil},
		"compaction took the last": {func(h *History) {
			h.sends[2].Key = "k"
			f := h.finals[p0]
			f.Compacted = true
			delete(f.All, 2)
			delete(f.Committed, 2)
		}, []Kind{LostWrite}},
	} {
		t.Run(name, func(t *testing.T) {
			h := quiet()
			tc.damage(h)
			var kinds []Kind
			for _, a := range Check(h) {
				if len(kinds) == 0 || kinds[len(kinds)-1] != a.Kind {
					kinds = append(kinds, a.Kind)
				}
			}
			if diff := cmp.Diff(tc.want, kinds); diff != "" {
				t.Errorf("%s\n%v", diff, Check(h))
			}
		})
	}
}
