package assign

import (
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// settle runs the rounds that real members would trigger, until none is due.
func (c *cluster) settle(t *rapid.T) {
	for range 100 {
		c.round("")
		if twice := duplicatesIn(c.owned); len(twice) > 0 {
			t.Fatalf("assigned twice: %v", twice)
		}
		switch {
		case c.revoked:
		case !c.due.IsZero():
			c.now = c.due
		default:
			return
		}
	}
	t.Fatalf("did not settle: %v", c.owned)
}

func duplicatesIn(owned map[string]Assignment) []string {
	var members []Member
	for id, a := range owned {
		members = append(members, Member{ID: id, Owned: a})
	}
	d := duplicated(members)
	var out []string
	out = append(out, d.sortedConnectors()...)
	for _, t := range d.sortedTasks() {
		out = append(out, t.String())
	}
	return out
}

func TestClusterSettlesCompleteAndBalanced(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := newCluster()
		c.maxDelay = rapid.SampledFrom([]time.Duration{0, time.Second, 5 * time.Minute}).Draw(t, "maxDelay")
		c.owned["w0"] = Assignment{}
		next := 1
		for range rapid.IntRange(1, 25).Draw(t, "steps") {
			switch rapid.IntRange(0, 7).Draw(t, "step") {
			case 0, 1:
				c.owned[fmt.Sprintf("w%d", next)] = Assignment{}
				next++
			case 2:
				if len(c.owned) > 1 {
					delete(c.owned, rapid.SampledFrom(slices.Sorted(maps.Keys(c.owned))).Draw(t, "leaver"))
				}
			case 3, 4:
				c.configure(fmt.Sprintf("c%d", rapid.IntRange(0, 5).Draw(t, "connector")), rapid.IntRange(0, 7).Draw(t, "tasks"))
			case 5:
				c.drop(fmt.Sprintf("c%d", rapid.IntRange(0, 5).Draw(t, "connector")))
			case 6:
				c.leader, c.completed = NewCooperative(), c.generation
			case 7:
				c.now = c.now.Add(time.Duration(rapid.IntRange(0, 400).Draw(t, "seconds")) * time.Second)
			}
			if rapid.Bool().Draw(t, "rebalance now") {
				c.round("")
			}
			if d := duplicatesIn(c.owned); len(d) > 0 {
				t.Fatalf("assigned twice: %v", d)
			}
		}
		c.settle(t)
		checkSettled(t, c)
		before := maps.Clone(c.owned)
		out := c.round("")
		for id, s := range out.Shares {
			if !s.Revoked.Empty() || !s.Assigned.Empty() {
				t.Fatalf("a round without cause changed %s: %+v (owned %v)", id, s, before)
			}
		}
	})
}

func checkSettled(t *rapid.T, c *cluster) {
	have := newSet()
	var conns, tasks []int
	for _, a := range c.owned {
		have.add(a)
		conns, tasks = append(conns, len(a.Connectors)), append(tasks, len(a.Tasks))
	}
	want := newSet(c.configured)
	if missing, extra := want.minus(have), have.minus(want); !missing.empty() || !extra.empty() {
		t.Fatalf("missing %s, extra %s", show(missing.list()), show(extra.list()))
	}
	for _, counts := range [][]int{conns, tasks} {
		if slices.Max(counts)-slices.Min(counts) > 1 {
			t.Fatalf("unbalanced: %v", c.owned)
		}
	}
}

// A kill never moves work of the survivors: whatever they ran before the delay, they run after it.
func TestLossLeavesSurvivorsAlone(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := newCluster()
		for i := range rapid.IntRange(2, 6).Draw(t, "workers") {
			c.owned[fmt.Sprintf("w%d", i)] = Assignment{}
		}
		for i := range rapid.IntRange(1, 5).Draw(t, "connectors") {
			c.configure(fmt.Sprintf("c%d", i), rapid.IntRange(0, 6).Draw(t, "tasks"))
		}
		c.settle(t)
		delete(c.owned, "w1")
		out := c.round("")
		for id, s := range out.Shares {
			if !s.Revoked.Empty() || !s.Assigned.Empty() {
				t.Fatalf("%s changed within the delay: %+v", id, s)
			}
		}
	})
}

func TestTaskIDRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		id := TaskID{rapid.StringN(1, 20, -1).Draw(t, "connector"), rapid.IntRange(0, 1<<31-1).Draw(t, "task")}
		got, err := ParseTaskID(id.String())
		if err != nil || got != id {
			t.Fatalf("ParseTaskID(%q) = %v, %v", id.String(), got, err)
		}
	})
	for _, bad := range []string{"", "x", "-1", "x-", "x-y", "x-+1", "x-99999999999"} {
		if id, err := ParseTaskID(bad); err == nil {
			t.Errorf("ParseTaskID(%q) = %v, want an error", bad, id)
		}
	}
}

func TestEagerRoundRobin(t *testing.T) {
	got := Eager([]string{"b", "a"}, Assignment{
		Connectors: []string{"y", "x", "z"},
		Tasks:      []TaskID{{"x", 1}, {"x", 0}, {"y", 0}},
	})
	if a, b := show(got["a"]), show(got["b"]); a != "x z x-1" || b != "y x-0 y-0" {
		t.Fatalf("a: %s, b: %s", a, b)
	}
}

func BenchmarkAssign(b *testing.B) {
	c := newCluster()
	for i := range 20 {
		c.owned[fmt.Sprintf("w%02d", i)] = Assignment{}
	}
	for i := range 1000 {
		c.configure(fmt.Sprintf("c%d", i), 5)
	}
	c.round("")
	for b.Loop() {
		c.round("")
	}
}
