package assign

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/datadriven"
)

// cluster plays the members and the coordinator for an assignor under test.
type cluster struct {
	leader     *Cooperative
	configured Assignment
	owned      map[string]Assignment
	now        time.Time
	maxDelay   time.Duration
	generation int32
	completed  int32
	due        time.Time // when members rejoin because of a delay
	revoked    bool      // some member gave work up and therefore rejoins
}

func newCluster() *cluster {
	return &cluster{
		leader: NewCooperative(), owned: map[string]Assignment{}, now: time.Unix(0, 0),
		maxDelay: time.Minute, completed: -1,
	}
}

func (c *cluster) configure(name string, tasks int) {
	c.drop(name)
	c.configured.Connectors = append(c.configured.Connectors, name)
	for i := range tasks {
		c.configured.Tasks = append(c.configured.Tasks, TaskID{name, i})
	}
}

func (c *cluster) drop(name string) {
	c.configured.Connectors = slices.DeleteFunc(c.configured.Connectors, func(s string) bool { return s == name })
	c.configured.Tasks = slices.DeleteFunc(c.configured.Tasks, func(t TaskID) bool { return t.Connector == name })
}

// round runs one rebalance; lose names a member that never receives its share.
func (c *cluster) round(lose string) Output {
	in := Input{Configured: c.configured, Now: c.now, MaxDelay: c.maxDelay, LastGeneration: c.completed}
	c.generation++
	in.Generation = c.generation
	for id, own := range c.owned {
		in.Members = append(in.Members, Member{ID: id, Owned: own})
	}
	out := c.leader.Assign(in)
	c.completed = c.generation
	c.revoked, c.due = false, time.Time{}
	for id, s := range out.Shares {
		if id == lose {
			continue
		}
		c.owned[id] = c.owned[id].Minus(s.Revoked).Union(s.Assigned)
		c.revoked = c.revoked || !s.Revoked.Empty()
	}
	if out.Delay > 0 {
		c.due = c.now.Add(out.Delay)
	}
	return out
}

func show(a Assignment) string {
	s := newSet(a)
	var parts []string
	parts = append(parts, s.sortedConnectors()...)
	for _, t := range s.sortedTasks() {
		parts = append(parts, t.String())
	}
	if len(parts) == 0 {
		return "nothing"
	}
	return strings.Join(parts, " ")
}

func describe(out Output) string {
	var b strings.Builder
	for _, id := range slices.Sorted(maps.Keys(out.Shares)) {
		s := out.Shares[id]
		if !s.Assigned.Empty() {
			fmt.Fprintf(&b, "%s + %s\n", id, show(s.Assigned))
		}
		if !s.Revoked.Empty() {
			fmt.Fprintf(&b, "%s - %s\n", id, show(s.Revoked))
		}
	}
	if out.Delay > 0 {
		fmt.Fprintf(&b, "delay %s\n", out.Delay)
	}
	if b.Len() == 0 {
		return "no change\n"
	}
	return b.String()
}

func TestTranscripts(t *testing.T) {
	datadriven.Walk(t, "testdata", func(t *testing.T, path string) {
		c := newCluster()
		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
			return run(t, c, d)
		})
	})
}

func run(t *testing.T, c *cluster, d *datadriven.TestData) string {
	lose := ""
	for _, arg := range d.CmdArgs {
		val := strings.Join(arg.Vals, ",")
		switch d.Cmd + " " + arg.Key {
		case "rebalance lose":
			lose = val
			continue
		}
		switch d.Cmd {
		case "configure":
			n, err := strconv.Atoi(val)
			if err != nil {
				t.Fatalf("%s: %v", d.Pos, err)
			}
			c.configure(arg.Key, n)
		case "delete":
			c.drop(arg.Key)
		case "join":
			c.owned[arg.Key] = Assignment{}
		case "leave":
			delete(c.owned, arg.Key)
		case "own": // a member claims work, whatever was decided
			id, err := ParseTaskID(val)
			if err != nil {
				t.Fatalf("%s: %v", d.Pos, err)
			}
			c.owned[arg.Key] = c.owned[arg.Key].Union(Assignment{Tasks: []TaskID{id}})
		case "max-delay", "advance":
			dur, err := time.ParseDuration(arg.Key)
			if err != nil {
				t.Fatalf("%s: %v", d.Pos, err)
			}
			if d.Cmd == "advance" {
				c.now = c.now.Add(dur)
			} else {
				c.maxDelay = dur
			}
		default:
			t.Fatalf("%s: unknown command %s", d.Pos, d.Cmd)
		}
	}
	switch d.Cmd {
	case "rebalance":
		return describe(c.round(lose))
	case "new-leader":
		c.leader = NewCooperative()
	case "state":
		var b strings.Builder
		for _, id := range slices.Sorted(maps.Keys(c.owned)) {
			fmt.Fprintf(&b, "%s: %s\n", id, show(c.owned[id]))
		}
		return b.String()
	}
	return ""
}
