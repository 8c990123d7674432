package distributed

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/cockroachdb/datadriven"

	"github.com/kurier-io/kurier/runtime/assign"
	"github.com/kurier-io/kurier/runtime/herder"
	"github.com/kurier-io/kurier/runtime/membership"
	"github.com/kurier-io/kurier/runtime/store"
)

// Each file is the life of one worker; what follows a command is what it made the worker do.
func TestTranscripts(t *testing.T) {
	datadriven.Walk(t, "testdata", func(t *testing.T, path string) {
		synctest.Test(t, func(t *testing.T) {
			n := newNode(t)
			defer n.stop()
			datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string { return n.command(t, d) })
		})
	})
}

func (n *node) command(t *testing.T, d *datadriven.TestData) string {
	name := ""
	var pairs []string
	if len(d.CmdArgs) > 0 {
		name = d.CmdArgs[0].Key
		for _, a := range d.CmdArgs[1:] {
			pairs = append(pairs, a.Key+"="+strings.Join(a.Vals, ","))
		}
	}
	var err error
	switch d.Cmd {
	case "put":
		n.put(name, pairs...)
	case "delete":
		err = n.h.Delete(t.Context(), name)
	case "target":
		err = n.h.SetTargetState(t.Context(), name, store.TargetState(d.CmdArgs[1].Key))
	case "fail":
		n.h.Task(assign.TaskID{Connector: name}, store.Failed, "boom")
	case "restart":
		_, err = n.h.RestartAll(t.Context(), herder.RestartRequest{Connector: name, IncludeTasks: d.HasArg("tasks"), OnlyFailed: d.HasArg("failed")})
	case "restart-connector":
		err = n.h.RestartConnector(t.Context(), name)
	case "rebalance":
		n.rebalance(func(g *membership.Generation) {
			if d.HasArg("follow") {
				follow(g)
			}
			if d.HasArg("older") {
				g.ConfigOffset--
			}
			if d.HasArg("newer") {
				g.ConfigOffset++
			}
			g.Mismatch = d.HasArg("mismatch")
			g.Assigned.Connectors = slices.DeleteFunc(g.Assigned.Connectors, func(c string) bool { return d.HasArg("without-" + c) })
			g.Assigned.Tasks = slices.DeleteFunc(g.Assigned.Tasks, func(id assign.TaskID) bool { return d.HasArg("without-" + id.String()) })
		})
	default:
		t.Fatalf("unknown command %s", d.Cmd)
	}
	if err != nil {
		n.add("error: %v", err)
	}
	synctest.Wait()
	happened := n.take()
	if len(happened) == 0 {
		return "nothing"
	}
	slices.Sort(happened) // much of it happens side by side; starting twice is noted as a BUG
	return strings.Join(happened, "\n")
}
