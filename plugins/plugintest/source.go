package plugintest

import (
	"context"
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kurier-io/kurier/plugins/connect"
	"github.com/kurier-io/kurier/plugins/data"
	"github.com/kurier-io/kurier/plugins/host"
	"github.com/kurier-io/kurier/plugins/registry"
)

// A SourceCase is what the suite needs to know of a source connector.
type SourceCase struct {
	Class string
	// Props returns a connector configuration over a fresh external system; called once for each way.
	Props func(t *testing.T) map[string]string
	// Feed adds n records to the external system that Props set up last. The suite feeds at least twice.
	Feed func(t *testing.T, n int)
	// Required is a key that must be given.
	Required string
}

const (
	feed    = 25
	patient = 20 * time.Second
)

// Source runs the conformance suite for source connectors: each part the three ways, and over protobuf without frames.
func Source(t *testing.T, p registry.Plugin, c SourceCase) {
	t.Helper()
	e := entryOf(t, p, c.Class)
	checkConfig(t, p, c.Class, c.Required)
	ways := map[string]func(t *testing.T) (*host.Process, bool){
		"direct":     func(*testing.T) (*host.Process, bool) { return nil, false },
		"memory":     func(t *testing.T) (*host.Process, bool) { return Memory(t, p, true), true },
		"structured": func(t *testing.T) (*host.Process, bool) { return Memory(t, p, false), true },
		"process":    func(t *testing.T) (*host.Process, bool) { return Subprocess(t, p), true },
	}
	for name, open := range ways {
		t.Run(name, func(t *testing.T) {
			proc, remote := open(t)
			props := taskProps(t, e, proc, c.Props(t))
			start := func(o offsets) sourceRun {
				t.Helper()
				var run sourceRun
				var err error
				if remote {
					run, err = startRemote(t, proc, c.Class, props, o)
				} else {
					run, err = startDirect(t, e, props, o)
				}
				if err != nil {
					t.Fatalf("Start: %v", err)
				}
				return run
			}
			sourceSuite(t, c, start)
			if name == "process" {
				dieWhileReading(t, c, proc, start)
			}
		})
	}
}

func sourceSuite(t *testing.T, c SourceCase, start func(offsets) sourceRun) {
	c.Feed(t, feed)
	run := start(offsets{})
	first := read(t, run, feed)
	stopSoon(t, run)

	stored := offsets{}
	for _, it := range first {
		if it.Offset != nil {
			stored[canonical(it.Partition)] = it.Offset
		}
	}
	if len(stored) == 0 {
		t.Fatal("no record carries an offset: a restart would begin anew")
	}
	for key, o := range stored {
		if b, err := json.Marshal(o); err != nil {
			t.Errorf("offset of %q is not JSON: %v %s", key, err, b)
		}
	}
	c.Feed(t, feed)
	run = start(stored)
	second := read(t, run, feed)
	if err := run.committed(t.Context(), nil); err != nil {
		t.Errorf("Commit: %v", err)
	}
	stopSoon(t, run)
	seen := map[string]bool{}
	for _, it := range first {
		seen[it.Value.String()] = true
	}
	for _, it := range second {
		if seen[it.Value.String()] {
			t.Errorf("came again after its offset was stored: %v", it.Value)
		}
	}
	// Without stored offsets everything comes again, the same and in the same order.
	run = start(offsets{})
	again := read(t, run, 2*feed)
	stopSoon(t, run)
	for i := range first[:feed] {
		if d := cmp.Diff(first[i].Value.String(), again[i].Value.String()); d != "" {
			t.Errorf("record %d differs when read again: %s", i, d)
			break
		}
	}
}

func read(t *testing.T, run sourceRun, n int) []Item {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patient)
	defer cancel()
	var got []Item
	for len(got) < n {
		items, err := run.next(ctx)
		if err != nil {
			t.Fatalf("after %d of %d records: %v", len(got), n, err)
		}
		for _, it := range items {
			if err := data.Validate(it.ValueSchema, it.Value); err != nil {
				t.Fatalf("record %d does not fit its own schema: %v", len(got), err)
			}
			if it.Topic == "" {
				t.Fatalf("record %d names no topic", len(got))
			}
		}
		got = append(got, items...)
	}
	if len(got) > n {
		t.Fatalf("%d records where %d were fed", len(got), n)
	}
	return got
}

// stopSoon stops a task that waits for more, in the midst of Poll.
func stopSoon(t *testing.T, run sourceRun) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patient)
	defer cancel()
	if err := run.stop(ctx); err != nil {
		t.Errorf("Stop: %v", err)
	}
}

// dieWhileReading kills the process with -9 between a read and its acknowledgement: the worker must hear of it, and nothing may be lost.
func dieWhileReading(t *testing.T, c SourceCase, proc *host.Process, start func(offsets) sourceRun) {
	run := start(offsets{})
	ctx, cancel := context.WithTimeout(t.Context(), patient)
	defer cancel()
	if _, err := run.next(ctx); err != nil {
		t.Fatal(err)
	}
	if err := kill(proc.PID()); err != nil {
		t.Fatal(err)
	}
	for {
		_, err := run.next(ctx)
		if err == nil {
			continue // was under way
		}
		if !errors.Is(err, connect.ErrPluginGone) {
			t.Fatalf("the death of the process shows as: %v", err)
		}
		break
	}
	select {
	case <-proc.Done():
	case <-ctx.Done():
		t.Fatal("Done is not closed")
	}
	fresh := Subprocess(t, registry.Plugin{Name: "again", Entries: []registry.Entry{{Kind: registry.SourceKind, Class: c.Class}}})
	props := c.Props(t)
	c.Feed(t, feed)
	again, err := startRemote(t, fresh, c.Class, props, offsets{})
	if err != nil {
		t.Fatalf("a new process: %v", err)
	}
	read(t, again, feed)
	stopSoon(t, again)
}

func entryOf(t *testing.T, p registry.Plugin, class string) *registry.Entry {
	t.Helper()
	for i := range p.Entries {
		if p.Entries[i].Class == class {
			return &p.Entries[i]
		}
	}
	t.Fatalf("the plugin has no class %s", class)
	return nil
}

// taskProps asks the connector how it splits its work, and returns the first task's share.
func taskProps(t *testing.T, e *registry.Entry, proc *host.Process, props map[string]string) map[string]string {
	t.Helper()
	props["name"], props["connector.class"], props["tasks.max"] = "test", e.Class, "1"
	var configs []map[string]string
	if proc != nil {
		conn, err := proc.StartConnector(t.Context(), "test", e.Class, props, deaf{})
		if err != nil {
			t.Fatalf("starting the connector: %v", err)
		}
		if configs, err = conn.TaskConfigs(t.Context(), 1); err != nil {
			t.Fatalf("TaskConfigs: %v", err)
		}
		if err := conn.Stop(t.Context()); err != nil {
			t.Fatalf("stopping the connector: %v", err)
		}
	} else {
		conn := e.NewConnector()
		if err := conn.Start(t.Context(), connectorContext{taskContext{nil, logTo(t.Output())}}, props); err != nil {
			t.Fatalf("starting the connector: %v", err)
		}
		got, err := conn.TaskConfigs(t.Context(), 1)
		if err != nil {
			t.Fatalf("TaskConfigs: %v", err)
		}
		for _, g := range got {
			configs = append(configs, g)
		}
		if err := conn.Stop(t.Context()); err != nil {
			t.Fatalf("stopping the connector: %v", err)
		}
	}
	if len(configs) != 1 {
		t.Fatalf("%d task configurations where one was allowed and needed", len(configs))
	}
	return configs[0]
}

type deaf struct{}

func (deaf) Reconfigure()   {}
func (deaf) Failed(_ error) {}

type connectorContext struct{ taskContext }

func (connectorContext) RequestTaskReconfiguration() {}
func (connectorContext) RaiseError(error)            {}

// checkConfig checks the definition, and that a missing key is found by name.
func checkConfig(t *testing.T, p registry.Plugin, class, required string) {
	t.Helper()
	proc := Memory(t, p, true)
	v, err := proc.Validate(t.Context(), class, map[string]string{"name": "test", "connector.class": class, "no.such.key": "kept"})
	if err != nil {
		t.Fatalf("Validate: %v", err)
	}
	if v.Def == nil || len(v.Def.Keys) == 0 {
		t.Fatal("the class describes no configuration")
	}
	for _, k := range v.Def.Keys {
		if k.Doc == "" && !k.Internal {
			t.Errorf("key %s has no documentation", k.Name)
		}
	}
	found := required == ""
	for _, val := range v.Values {
		found = found || val.Name == required && len(val.Errors) > 0
	}
	if !found {
		t.Errorf("nothing says that %s is missing", required)
	}
}
