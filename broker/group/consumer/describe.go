package consumer

import (
	"slices"
	"strings"
)

// Describe returns what ConsumerGroupDescribe shows. Partitions of topics that
// were deleted are left out.
func (m *Machine) Describe() Description {
	d := Description{State: m.State(), Epoch: m.epoch, AssignmentEpoch: m.assigned, Assignor: m.assignor}
	if d.Assignor == "" {
		d.Assignor = m.preferred()
	}
	names := map[TopicID]string{}
	for name := range m.Subscribed() {
		if id, _, ok := m.topics.Lookup(name); ok {
			names[id] = name
		}
	}
	// What a member has not given up yet may be of topics that nobody wants.
	for p := range m.owners {
		if _, ok := names[p.topic]; !ok {
			m.nameAll(names)
			break
		}
	}
	for _, c := range m.ordered() {
		row := MemberDescription{ID: c.id, InstanceID: c.instance, RackID: c.rack, Epoch: c.epoch, ClientID: c.clientID, ClientHost: c.clientHost,
			Topics: slices.Clone(c.topics), Assignment: named(c.assigned, names), Target: named(m.targets[c.id], names)}
		if c.regex != "" {
			row.Regex = new(c.regex)
		}
		d.Members = append(d.Members, row)
	}
	return d
}

func (m *Machine) nameAll(names map[TopicID]string) {
	for _, name := range m.topics.Names() {
		if id, _, ok := m.topics.Lookup(name); ok {
			names[id] = name
		}
	}
}

func named(s set, names map[TopicID]string) []NamedPartitions {
	out := []NamedPartitions{}
	for _, tp := range s.topics() {
		if name, ok := names[tp.ID]; ok {
			out = append(out, NamedPartitions{name, tp})
		}
	}
	slices.SortFunc(out, func(a, b NamedPartitions) int { return strings.Compare(a.Topic, b.Topic) })
	return out
}
