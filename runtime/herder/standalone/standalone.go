// Package standalone makes the herder of package distributed a worker on its own: a cluster of one without a group. Connectors come from
// files on the command line or over REST and are forgotten with the process; source offsets are kept in a file.
package standalone

import (
	"context"
	"sync"

	"github.com/kurier-io/kurier/runtime/membership"
)

// A Group is a cluster of one: the member leads, owns everything, and every request to rejoin is a new generation at once.
type Group struct {
	url      string
	configs  membership.Configs
	listener membership.Listener

	mu   sync.Mutex
	gen  membership.Generation
	join chan struct{}
}

// NewGroup returns a group whose worker has the given REST URL.
func NewGroup(url string, configs membership.Configs, listener membership.Listener) *Group {
	return &Group{url: url, configs: configs, listener: listener, gen: membership.Generation{ID: -1}, join: make(chan struct{}, 1)}
}

// Run assigns everything to this worker, again after each request, until ctx is done.
func (g *Group) Run(ctx context.Context) error {
	for id := int32(0); ; id++ {
		s := g.configs.Snapshot(0)
		gen := membership.Generation{
			ID: id, MemberID: "standalone", LeaderID: "standalone", LeaderURL: g.url, Protocol: membership.Compatible,
			ConfigOffset: s.Offset, Assigned: s.Configured,
		}
		g.mu.Lock()
		g.gen = gen
		g.mu.Unlock()
		g.listener.OnAssigned(ctx, gen)
		select {
		case <-ctx.Done():
			return nil
		case <-g.join:
		}
	}
}

// Generation implements distributed.Group.
func (g *Group) Generation() membership.Generation {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.gen
}

// RequestRejoin implements distributed.Group.
func (g *Group) RequestRejoin(string) {
	select {
	case g.join <- struct{}{}:
	default:
	}
}
