package assign

import (
	"cmp"
	"maps"
	"slices"
)

// set is the working form of an Assignment.
type set struct {
	connectors map[string]bool
	tasks      map[TaskID]bool
}

func newSet(as ...Assignment) set {
	s := set{connectors: map[string]bool{}, tasks: map[TaskID]bool{}}
	for _, a := range as {
		s.add(a)
	}
	return s
}

func (s set) add(a Assignment) {
	for _, c := range a.Connectors {
		s.connectors[c] = true
	}
	for _, t := range a.Tasks {
		s.tasks[t] = true
	}
}

func (s set) remove(a Assignment) {
	for _, c := range a.Connectors {
		delete(s.connectors, c)
	}
	for _, t := range a.Tasks {
		delete(s.tasks, t)
	}
}

func (s set) empty() bool { return len(s.connectors) == 0 && len(s.tasks) == 0 }

// minus returns the items of s that are in none of others.
func (s set) minus(others ...set) set {
	out := newSet()
	for c := range s.connectors {
		if !slices.ContainsFunc(others, func(o set) bool { return o.connectors[c] }) {
			out.connectors[c] = true
		}
	}
	for t := range s.tasks {
		if !slices.ContainsFunc(others, func(o set) bool { return o.tasks[t] }) {
			out.tasks[t] = true
		}
	}
	return out
}

func (s set) overlaps(o set) bool {
	for c := range s.connectors {
		if o.connectors[c] {
			return true
		}
	}
	for t := range s.tasks {
		if o.tasks[t] {
			return true
		}
	}
	return false
}

func (s set) sortedConnectors() []string { return slices.Sorted(maps.Keys(s.connectors)) }

func (s set) sortedTasks() []TaskID {
	return slices.SortedFunc(maps.Keys(s.tasks), TaskID.Compare)
}

func (s set) list() Assignment {
	return Assignment{Connectors: s.sortedConnectors(), Tasks: s.sortedTasks()}
}

// in returns the items of a that s holds, in a's order.
func (s set) in(a Assignment) Assignment {
	var out Assignment
	for _, c := range a.Connectors {
		if s.connectors[c] {
			out.Connectors = append(out.Connectors, c)
		}
	}
	for _, t := range a.Tasks {
		if s.tasks[t] {
			out.Tasks = append(out.Tasks, t)
		}
	}
	return out
}

// duplicated returns what more than one member owns.
func duplicated(members []Member) set {
	seen, twice := newSet(), newSet()
	for _, m := range members {
		own := newSet(m.Owned) // a member that lists an item twice still owns it once
		for c := range own.connectors {
			twice.connectors[c] = seen.connectors[c] || twice.connectors[c]
			seen.connectors[c] = true
		}
		for t := range own.tasks {
			twice.tasks[t] = seen.tasks[t] || twice.tasks[t]
			seen.tasks[t] = true
		}
	}
	maps.DeleteFunc(twice.connectors, func(_ string, dup bool) bool { return !dup })
	maps.DeleteFunc(twice.tasks, func(_ TaskID, dup bool) bool { return !dup })
	return twice
}

// fill hands items one by one to the least loaded loads, ties broken by member id.
func fill[T any](loads []*load, items []T, list func(*load) *[]T) {
	for len(items) > 0 {
		slices.SortFunc(loads, func(a, b *load) int {
			return cmp.Or(cmp.Compare(len(*list(a)), len(*list(b))), cmp.Compare(a.id, b.id))
		})
		least := len(*list(loads[0]))
		for _, l := range loads {
			if len(items) == 0 || len(*list(l)) > least {
				break
			}
			*list(l) = append(*list(l), items[0])
			items = items[1:]
		}
	}
}

// excess returns, per member, what it holds above its fair share of total items.
func excess[T any](loads []*load, total int, list func(*load) *[]T) map[string][]T {
	least, extras := total/len(loads), total%len(loads)
	atLeast, atMost := 0, 0
	for _, l := range loads {
		switch len(*list(l)) {
		case least:
			atLeast++
		case least + 1:
			atMost++
		}
	}
	if atMost == extras && atLeast+atMost == len(loads) {
		return nil
	}
	out := map[string][]T{}
	for _, l := range loads {
		held := *list(l)
		if len(held) <= least {
			continue
		}
		keep := least
		if extras > 0 {
			extras--
			keep++
		}
		if len(held) > keep {
			out[l.id] = held[:len(held)-keep]
		}
	}
	return out
}
