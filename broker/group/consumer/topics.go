package consumer

import (
	"cmp"
	"encoding/binary"
	"hash/fnv"
	"iter"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"
)

// pattern is a subscribed regular expression and what it matches.
type pattern struct {
	re     *regexp.Regexp // nil after loading, until it is needed
	topics []string       // sorted
	at     time.Time
}

// compile reads a pattern, which has to match whole names.
func compile(expr string) (*regexp.Regexp, error) {
	if _, err := regexp.Compile(expr); err != nil { // as sent, so that it cannot close the group below
		return nil, err
	}
	return regexp.Compile("^(?:" + expr + ")$")
}

// match finds the topics of a pattern, internal ones too, as in Kafka: clients
// leave those out themselves.
func (m *Machine) match(now time.Time, expr string, re *regexp.Regexp) {
	found := []string{}
	for _, name := range m.topics.Names() {
		if re.MatchString(name) {
			found = append(found, name)
		}
	}
	slices.Sort(found)
	if p := m.patterns[expr]; p != nil && slices.Equal(p.topics, found) {
		p.re = re
		return
	}
	m.patterns[expr] = &pattern{re, found, now}
	m.mark(recordRegex, expr)
}

// dropPatterns forgets patterns that nobody subscribes to any more.
func (m *Machine) dropPatterns() {
	if len(m.patterns) == 0 {
		return
	}
	used := map[string]bool{}
	for _, c := range m.members {
		used[c.regex] = true
	}
	for expr := range m.patterns {
		if !used[expr] {
			delete(m.patterns, expr)
			m.mark(recordRegex, expr)
		}
	}
}

// subscription ranges over the topics of a member by name, some perhaps twice,
// whether they exist or not.
func (m *Machine) subscription(c *member) iter.Seq[string] {
	return func(yield func(string) bool) {
		for _, t := range c.topics {
			if !yield(t) {
				return
			}
		}
		if p := m.patterns[c.regex]; p != nil {
			for _, t := range p.topics {
				if !yield(t) {
					return
				}
			}
		}
	}
}

// refresh looks at the topics again if they or the subscriptions may have changed
// and reports whether they did.
func (m *Machine) refresh(now time.Time, subscribed bool) bool {
	if !m.stale && !subscribed {
		return false
	}
	if m.stale {
		m.stale = false
		m.rematch(now)
	}
	was := m.hash
	m.hash = m.topicHash()
	return m.hash != was
}

func (m *Machine) rematch(now time.Time) {
	for _, c := range m.ordered() {
		if c.regex == "" {
			continue
		}
		p := m.patterns[c.regex]
		if p != nil && p.re != nil {
			m.match(now, c.regex, p.re)
		} else if re, err := compile(c.regex); err == nil { // loaded: it was valid once
			m.match(now, c.regex, re)
		}
	}
}

// topicHash sums up the subscribed topics: their names, ids and sizes.
func (m *Machine) topicHash() uint64 {
	names := m.Subscribed()
	h := fnv.New64a()
	found := false
	for _, name := range slices.Sorted(maps.Keys(names)) {
		id, n, ok := m.topics.Lookup(name)
		if !ok {
			continue
		}
		found = true
		var b [8]byte
		binary.BigEndian.PutUint32(b[:], uint32(len(name)))
		binary.BigEndian.PutUint32(b[4:], uint32(n))
		// Writing to a hash cannot fail.
		_, _ = h.Write(b[:])
		_, _ = h.Write([]byte(name))
		_, _ = h.Write(id[:])
	}
	if !found {
		return 0
	}
	return h.Sum64()
}

// preferred is the assignor that most members ask for.
func (m *Machine) preferred() string {
	votes := map[string]int{}
	for _, c := range m.members {
		if c.assignor != "" {
			votes[c.assignor]++
		}
	}
	if votes["range"] > votes["uniform"] {
		return "range"
	}
	return "uniform"
}

// retarget computes who should own what in this epoch.
func (m *Machine) retarget() {
	name := m.preferred()
	plan := plan{previous: m.targets}
	topics := map[string]*topic{}
	for _, c := range m.ordered() {
		s := subscriber{id: c.id, instance: c.instance}
		seen := map[string]bool{}
		for t := range m.subscription(c) {
			if seen[t] {
				continue
			}
			seen[t] = true
			if topics[t] == nil {
				id, n, ok := m.topics.Lookup(t)
				if !ok {
					continue
				}
				topics[t] = &topic{name: t, id: id, partitions: n}
			}
			topics[t].subscribers = append(topics[t].subscribers, len(plan.members))
		}
		plan.members = append(plan.members, s)
	}
	for _, t := range topics {
		plan.topics = append(plan.topics, t)
	}
	slices.SortFunc(plan.topics, func(a, b *topic) int {
		return cmp.Or(cmp.Compare(len(a.subscribers), len(b.subscribers)), strings.Compare(a.name, b.name))
	})
	next := make(map[string]set, len(plan.members))
	for i, s := range assignors[name](&plan) {
		id := plan.members[i].id
		next[id] = s
		if old, ok := m.targets[id]; !ok || !old.equal(s) {
			m.mark(recordTargetMember, id)
		}
	}
	m.targets, m.assigned, m.assignor = next, m.epoch, name
	m.mark(recordTarget, "")
}
