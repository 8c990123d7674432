package group

import (
	"fmt"
	"slices"
	"strings"
)

// The types of groups, as ListGroups names them.
const (
	Classic  = "classic"
	Consumer = "consumer"
)

// Description is a group as DescribeGroups and ListGroups show it.
type Description struct {
	ID, ProtocolType, Protocol string
	Type                       string // Classic or Consumer
	State                      State
	Members                    []Member
}

func (g *shell) describe() Description {
	d := Description{ID: g.id, Type: Classic, ProtocolType: g.m.protocolType, State: g.m.state}
	if g.m.state == Stable {
		d.Protocol = g.m.protocol
	}
	for _, m := range g.m.ordered() {
		c := *m
		if g.m.state != Stable {
			c.Assignment = nil
		}
		if meta := m.metadata(g.m.protocol); meta != nil && g.m.state == Stable {
			c.Protocols = []Protocol{{g.m.protocol, meta}}
		} else {
			c.Protocols = nil
		}
		d.Members = append(d.Members, c)
	}
	return d
}

// Describe returns a classic group; ok is false if it does not exist. For tools
// that do not know the new protocol a group of that is dead too, as in Kafka.
func (c *Coordinator) Describe(group string) (d Description, ok bool) {
	dead := Description{ID: group, Type: Classic, State: Dead}
	g, _ := c.lock(group, false, None)
	if g == nil {
		return dead, false
	}
	defer g.unlock()
	if g.cg != nil {
		return dead, false
	}
	return g.describe(), true
}

// ConsumerDescribe returns a group of the new protocol.
func (c *Coordinator) ConsumerDescribe(group string) ConsumerDescription {
	g, code := c.lock(group, false, GroupNotFound)
	if g == nil {
		return ConsumerDescription{Code: code, Message: fmt.Sprintf("Group %s not found.", group)}
	}
	defer g.unlock()
	if g.cg == nil {
		return ConsumerDescription{Code: GroupNotFound, Message: fmt.Sprintf("Group %s is not a consumer group.", group)}
	}
	return ConsumerDescription{Description: g.cg.Describe()}
}

// List returns all groups of both types by id, without members.
func (c *Coordinator) List() []Description {
	var out []Description
	for _, g := range c.shells() {
		g.mu.Lock()
		switch {
		case g.removed || g.promised():
		case g.cg != nil:
			out = append(out, Description{ID: g.id, Type: Consumer, ProtocolType: "consumer", State: g.state()})
		default:
			out = append(out, Description{ID: g.id, Type: Classic, ProtocolType: g.m.protocolType, State: g.m.state})
		}
		g.mu.Unlock()
	}
	slices.SortFunc(out, func(a, b Description) int { return strings.Compare(a.ID, b.ID) })
	return out
}
