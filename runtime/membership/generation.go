package membership

import (
	"context"
	"time"

	"github.com/kurier-io/kurier/runtime/assign"
)

// Generation is one completed rebalance as this worker sees it. It is immutable; its lists must not be changed.
type Generation struct {
	ID           int32  // -1 outside the group
	MemberID     string // this worker
	LeaderID     string
	LeaderURL    string // empty when no leader is known
	Protocol     Protocol
	ConfigOffset int64 // read the config topic exactly to here before starting anything
	// Mismatch: the leader could not read the config topic as far as ConfigOffset. Nothing changed; catch up
	// to ConfigOffset and call RequestRejoin.
	Mismatch bool
	Assigned assign.Assignment // all that this worker should run now, not only what is new
	// Delay is positive while the cluster waits for a lost worker. The member rejoins by itself after it.
	Delay time.Duration
	// Owners tells, on the leader only, where everything runs; nil on followers.
	Owners *Owners
}

// IsLeader reports whether this worker leads the cluster in this generation.
func (g Generation) IsLeader() bool {
	return g.ID >= 0 && g.MemberID != "" && g.MemberID == g.LeaderID
}

// Owners maps connectors and tasks to the advertised URL of their worker.
type Owners struct {
	connectors map[string]string
	tasks      map[assign.TaskID]string
}

// Connector returns the URL of the worker that runs the connector, or "".
func (o *Owners) Connector(name string) string {
	if o == nil {
		return ""
	}
	return o.connectors[name]
}

// Task returns the URL of the worker that runs the task, or "".
func (o *Owners) Task(id assign.TaskID) string {
	if o == nil {
		return ""
	}
	return o.tasks[id]
}

func (o *Owners) add(url string, a assign.Assignment) {
	for _, c := range a.Connectors {
		o.connectors[c] = url
	}
	for _, t := range a.Tasks {
		o.tasks[t] = url
	}
}

// Listener is the herder's side. Both methods are called one at a time, in protocol order, from a goroutine of
// the member's Run; heartbeats go on meanwhile. The member does not rejoin before the last call returned, and
// leaves the group if a call takes longer than the rebalance timeout. The context ends with Run.
type Listener interface {
	// OnRevoked must have stopped the given work when it returns: the leader gives it to others after that.
	// It is also called, with an empty leader, for everything this worker runs when the coordinator could not
	// be reached for a session timeout.
	OnRevoked(ctx context.Context, leader string, connectors []string, tasks []assign.TaskID)
	// OnAssigned announces a completed rebalance.
	OnAssigned(ctx context.Context, g Generation)
}

// ConfigSnapshot is what the leader needs to know of the config topic.
type ConfigSnapshot struct {
	Offset     int64
	Configured assign.Assignment // all connectors, and the tasks of all consistent ones
}

// Configs gives the worker's view of the config topic. Snapshot is called from Run's goroutine when a rebalance
// begins and, on the leader, when it assigns; it must not block. When the herder's own view is older than
// atLeast it returns the newest that is at hand, which may still be older.
type Configs interface {
	Snapshot(atLeast int64) ConfigSnapshot
}
