package membership

import "sync/atomic"

// lagging is a config view that stays behind until told otherwise.
type lagging struct {
	world    *world
	caughtUp atomic.Bool
}

func (l *lagging) Snapshot(atLeast int64) ConfigSnapshot {
	s := l.world.Snapshot(atLeast)
	if !l.caughtUp.Load() {
		s.Offset--
	}
	return s
}
