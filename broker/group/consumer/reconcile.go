package consumer

import "time"

// reconcile leads a member one step towards its target. Owned is what it says it
// owns, nil if it does not say.
func (m *Machine) reconcile(now time.Time, c *member, claims []TopicPartitions) {
	switch c.state {
	case stable:
		if c.epoch == m.assigned {
			return
		}
	case unrevoked:
		if claims == nil || overlaps(claims, c.revoking) {
			return
		}
	}
	target := m.targets[c.id]
	keep, give, get := set{}, set{}, set{}
	waiting := false
	for p := range c.assigned {
		if target.has(p) {
			keep.add(p)
		} else {
			give.add(p)
		}
	}
	for p := range target {
		if keep.has(p) {
			continue
		}
		// Its own can only be what it was asked to revoke and did.
		if owner, held := m.owners[p]; held && owner != c.id {
			waiting = true
		} else {
			get.add(p)
		}
	}
	if len(give) > 0 && (claims == nil || overlaps(claims, give)) {
		c.state = unrevoked
		m.hold(c, keep, give)
		c.revokeBy = now.Add(c.rebalance)
		m.due(c.revokeBy)
		return
	}
	for p := range get {
		keep.add(p)
	}
	state := stable
	if waiting {
		state = unreleased
	}
	if state == c.state && c.epoch == m.assigned && keep.equal(c.assigned) {
		return // still waiting
	}
	c.state, c.revokeBy = state, time.Time{}
	if c.epoch != m.assigned {
		c.previous, c.epoch = c.epoch, m.assigned
	}
	m.hold(c, keep, set{})
}

func overlaps(tps []TopicPartitions, s set) bool {
	for _, tp := range tps {
		for _, n := range tp.Partitions {
			if s.has(partition{tp.ID, n}) {
				return true
			}
		}
	}
	return false
}
