package consumer

import (
	"cmp"
	"slices"
	"strings"
)

// plan is what an assignor works on: members by id, topics by how few want them
// and then by name.
type plan struct {
	members  []subscriber
	topics   []*topic
	previous map[string]set
}

type subscriber struct {
	id       string
	instance *string
}

type topic struct {
	name        string
	id          TopicID
	partitions  int32
	subscribers []int // into members, ascending
}

// assignors are the server assignors by name; each returns a set per member.
var assignors = map[string]func(*plan) []set{"uniform": uniform, "range": ranges}

// ranges gives each member a contiguous part of every topic, the same parts of
// topics of the same size and subscribers.
func ranges(p *plan) []set {
	out := make([]set, len(p.members))
	for i := range out {
		out[i] = set{}
	}
	for _, t := range p.topics {
		order := slices.Clone(t.subscribers)
		// By instance id first: a static member that comes back gets the same.
		slices.SortFunc(order, func(a, b int) int {
			x, y := p.members[a], p.members[b]
			switch {
			case x.instance != nil && y.instance != nil:
				return strings.Compare(*x.instance, *y.instance)
			case x.instance != nil:
				return -1
			case y.instance != nil:
				return 1
			}
			return strings.Compare(x.id, y.id)
		})
		quota, extra := int(t.partitions)/len(order), int(t.partitions)%len(order)
		at := int32(0)
		for i, m := range order {
			n := quota
			if i < extra {
				n++
			}
			for range n {
				out[m].add(partition{t.id, at})
				at++
			}
		}
	}
	return out
}

// uniform spreads all partitions evenly and moves as few as that takes.
func uniform(p *plan) []set {
	u := &uniformer{plan: p, out: make([]set, len(p.members))}
	for i := range u.out {
		u.out[i] = set{}
	}
	same := true
	for _, t := range p.topics {
		same = same && len(t.subscribers) == len(p.members)
	}
	u.limit(same)
	u.keep()
	u.fill()
	if !same {
		u.balance()
	}
	return u.out
}

type uniformer struct {
	*plan
	out   []set
	quota int // what a member may keep; extra members may keep one more
	extra int
}

// limit sets how much members may keep. With equal subscriptions nobody may keep
// more than its part; otherwise balance sorts it out.
func (u *uniformer) limit(same bool) {
	total := 0
	for _, t := range u.topics {
		total += int(t.partitions)
	}
	u.quota = total
	if same && len(u.members) > 0 {
		u.quota, u.extra = total/len(u.members), total%len(u.members)
	}
}

// keep leaves members what they had, as far as they still want it and may.
func (u *uniformer) keep() {
	sizes := make(map[TopicID]*topic, len(u.topics))
	for _, t := range u.topics {
		sizes[t.id] = t
	}
	for i, m := range u.members {
		for _, p := range u.previous[m.id].sorted() {
			t := sizes[p.topic]
			if t == nil || p.number >= t.partitions {
				continue
			}
			if _, wants := slices.BinarySearch(t.subscribers, i); !wants {
				continue
			}
			switch n := len(u.out[i]); {
			case n < u.quota:
			case n == u.quota && u.extra > 0:
				u.extra--
			default:
				continue
			}
			u.out[i].add(p)
		}
	}
}

// fill gives what nobody kept to the subscriber that has least.
func (u *uniformer) fill() {
	taken := set{}
	for _, s := range u.out {
		for p := range s {
			taken.add(p)
		}
	}
	for _, t := range u.topics {
		var free []partition
		for n := range t.partitions {
			if p := (partition{t.id, n}); !taken.has(p) {
				free = append(free, p)
			}
		}
		if len(free) == 0 {
			continue
		}
		h := newLoads(u.out, t.subscribers)
		for _, p := range free {
			u.out[h.least()].add(p)
			h.grow()
		}
	}
}

// balance moves partitions of unequally subscribed topics from members with more
// to members with less until no move helps. Every move makes the sum of squares
// smaller, so it ends.
func (u *uniformer) balance() {
	for moved := true; moved; {
		moved = false
		for _, t := range u.topics {
			owner := make([]int, t.partitions)
			for _, i := range t.subscribers {
				for n := range t.partitions {
					if u.out[i].has(partition{t.id, n}) {
						owner[n] = i
					}
				}
			}
			for n, from := range owner {
				to := slices.MinFunc(t.subscribers, func(a, b int) int { return cmp.Compare(len(u.out[a]), len(u.out[b])) })
				if len(u.out[from])-len(u.out[to]) < 2 {
					continue
				}
				p := partition{t.id, int32(n)}
				delete(u.out[from], p)
				u.out[to].add(p)
				moved = true
			}
		}
	}
}

// loads is a heap of members by how much they have, then by their order.
type loads struct {
	sets []set
	heap []int
}

func newLoads(sets []set, members []int) *loads {
	l := &loads{sets, slices.Clone(members)}
	slices.SortFunc(l.heap, func(a, b int) int { return cmp.Or(cmp.Compare(len(sets[a]), len(sets[b])), cmp.Compare(a, b)) })
	return l
}

func (l *loads) least() int { return l.heap[0] }

// grow puts the first member where it belongs after it got one more.
func (l *loads) grow() {
	h := l.heap
	less := func(a, b int) bool {
		return cmp.Or(cmp.Compare(len(l.sets[h[a]]), len(l.sets[h[b]])), cmp.Compare(h[a], h[b])) < 0
	}
	for i := 0; ; {
		c := 2*i + 1
		if c >= len(h) {
			return
		}
		if c+1 < len(h) && less(c+1, c) {
			c++
		}
		if !less(c, i) {
			return
		}
		h[i], h[c] = h[c], h[i]
		i = c
	}
}
