package standalone

import (
	"context"
	"testing"
	"testing/synctest"

	"go.uber.org/goleak"

	"github.com/kurier-io/kurier/runtime/assign"
	"github.com/kurier-io/kurier/runtime/membership"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// listener is also the configuration, which grows with every look at it.
type listener struct {
	offset int64
	got    []membership.Generation
}

func (l *listener) Snapshot(int64) membership.ConfigSnapshot {
	l.offset++
	return membership.ConfigSnapshot{Offset: l.offset, Configured: assign.Assignment{Connectors: []string{"X"}, Tasks: []assign.TaskID{{Connector: "X"}}}}
}

func (l *listener) OnAssigned(_ context.Context, g membership.Generation) { l.got = append(l.got, g) }

func (l *listener) OnRevoked(context.Context, string, []string, []assign.TaskID) {
	panic("nothing is ever taken away")
}

func TestClusterOfOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &listener{}
		g := NewGroup("http://127.0.0.1:8083/", l, l)
		if id := g.Generation().ID; id != -1 {
			t.Errorf("generation %d before Run", id)
		}
		ctx, end := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- g.Run(ctx) }()
		synctest.Wait()
		if gen := g.Generation(); gen.ID != 0 || !gen.IsLeader() || gen.LeaderURL != "http://127.0.0.1:8083/" || len(gen.Assigned.Tasks) != 1 || gen.ConfigOffset != 1 {
			t.Errorf("first generation %+v", gen)
		}
		g.RequestRejoin("a change")
		synctest.Wait()
		if gen := g.Generation(); gen.ID != 1 || gen.ConfigOffset != 2 {
			t.Errorf("second generation %+v", gen)
		}
		for range 5 {
			g.RequestRejoin("many at once cost at most two")
		}
		synctest.Wait()
		if n := len(l.got); n < 3 || n > 4 {
			t.Errorf("%d generations announced", n)
		}
		end()
		if err := <-done; err != nil {
			t.Error(err)
		}
		if again := g.Generation(); again.ID < 2 {
			t.Errorf("last generation %+v", again)
		}
	})
}
