package consumer

import (
	"cmp"
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// TestAssignors: every partition goes to exactly one subscriber; uniform leaves
// no pair of members between which a move would help, and moves nothing when
// nothing changed.
func TestAssignors(t *testing.T) {
	for _, name := range []string{"uniform", "range"} {
		t.Run(name, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				p := drawPlan(t)
				out := assignors[name](p)
				owner := map[partition]int{}
				for i, s := range out {
					for part := range s {
						if j, dup := owner[part]; dup {
							t.Fatalf("%v is given to %d and %d", part, i, j)
						}
						owner[part] = i
					}
				}
				for _, top := range p.topics {
					for n := range top.partitions {
						from, ok := owner[partition{top.id, n}]
						if !ok || !slices.Contains(top.subscribers, from) {
							t.Fatalf("%s-%d goes to %d, %v", top.name, n, from, ok)
						}
						for _, to := range top.subscribers {
							if name == "uniform" && len(out[from])-len(out[to]) > 1 {
								t.Fatalf("%d has %d partitions, %d has %d and could take %s-%d", from, len(out[from]), to, len(out[to]), top.name, n)
							}
						}
					}
				}
				again := *p
				again.previous = map[string]set{}
				for i, m := range p.members {
					again.previous[m.id] = out[i]
				}
				for i, s := range assignors[name](&again) {
					if !s.equal(out[i]) {
						t.Fatalf("%s had %v, now %v, though nothing changed", p.members[i].id, out[i], s)
					}
				}
			})
		})
	}
}

func drawPlan(t *rapid.T) *plan {
	p := &plan{previous: map[string]set{}}
	n := rapid.IntRange(1, 6).Draw(t, "members")
	for i := range n {
		p.members = append(p.members, subscriber{id: fmt.Sprint("m", i)})
	}
	all := rapid.Bool().Draw(t, "equal")
	for i := range rapid.IntRange(1, 4).Draw(t, "topics") {
		top := &topic{name: fmt.Sprint("t", i), id: TopicID{byte(i)}, partitions: int32(rapid.IntRange(1, 9).Draw(t, "partitions"))}
		for j := range n {
			if all || j == i%n || rapid.Bool().Draw(t, "subscribed") {
				top.subscribers = append(top.subscribers, j)
			}
		}
		p.topics = append(p.topics, top)
	}
	slices.SortFunc(p.topics, func(a, b *topic) int { return cmp.Compare(len(a.subscribers), len(b.subscribers)) })
	for _, m := range p.members { // of an older plan, perhaps of topics that are gone
		p.previous[m.id] = set{}
	}
	for _, part := range rapid.SliceOfDistinct(rapid.Custom(func(t *rapid.T) partition {
		return partition{TopicID{byte(rapid.IntRange(0, 4).Draw(t, "topic"))}, int32(rapid.IntRange(0, 10).Draw(t, "number"))}
	}), func(p partition) partition { return p }).Draw(t, "previous") {
		p.previous[p.members[rapid.IntRange(0, n-1).Draw(t, "owner")].id].add(part)
	}
	return p
}

// TestUniformMovesLittle: when a member joins, only what it gets moves.
func TestUniformMovesLittle(t *testing.T) {
	p := &plan{members: []subscriber{{id: "a"}, {id: "b"}}, previous: map[string]set{}}
	p.topics = []*topic{{name: "t", partitions: 100, subscribers: []int{0, 1}}}
	before := uniform(p)
	p.previous["a"], p.previous["b"] = before[0], before[1]
	p.members = append(p.members, subscriber{id: "c"})
	p.topics[0].subscribers = []int{0, 1, 2}
	after := uniform(p)
	for i, s := range before {
		kept := 0
		for part := range s {
			if after[i].has(part) {
				kept++
			}
		}
		if kept != len(after[i]) {
			t.Errorf("%s has %d partitions, of which it had only %d before", p.members[i].id, len(after[i]), kept)
		}
	}
}

func BenchmarkUniform(b *testing.B) {
	for _, members := range []int{10, 1000} {
		for _, equal := range []bool{true, false} {
			b.Run(fmt.Sprintf("members=%d/partitions=10000/equal=%v", members, equal), func(b *testing.B) {
				p := &plan{previous: map[string]set{}}
				for i := range members {
					p.members = append(p.members, subscriber{id: fmt.Sprintf("m%04d", i)})
				}
				for i := range 100 {
					top := &topic{name: fmt.Sprint(i), id: TopicID{byte(i)}, partitions: 100}
					for j := range members {
						if equal || (i+j)%2 == 0 {
							top.subscribers = append(top.subscribers, j)
						}
					}
					p.topics = append(p.topics, top)
				}
				for b.Loop() {
					uniform(p)
				}
			})
		}
	}
}
