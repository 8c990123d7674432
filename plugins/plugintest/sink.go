package plugintest

import (
	"context"
	"testing"

	"github.com/kurier-io/kurier/plugins/connect"
	"github.com/kurier-io/kurier/plugins/host"
	"github.com/kurier-io/kurier/plugins/registry"
)

// A SinkCase is what the suite needs to know of a sink connector.
type SinkCase struct {
	Class string
	// Props returns a connector configuration over a fresh external system; called once for each way.
	Props func(t *testing.T) map[string]string
	// Record returns record i of a topic; the suite sets its coordinates.
	Record func(i int) connect.Record
	// Delivered returns how many records the external system holds, and waits for none.
	Delivered func(t *testing.T) int
	// Idempotent says that a record delivered twice is held once.
	Idempotent bool
	// Required is a key that must be given.
	Required string
}

// Sink runs the conformance suite for sink connectors: the three ways, and over protobuf without frames.
func Sink(t *testing.T, p registry.Plugin, c SinkCase) {
	t.Helper()
	e := entryOf(t, p, c.Class)
	checkConfig(t, p, c.Class, c.Required)
	ways := map[string]func(t *testing.T) *host.Process{
		"direct":     func(*testing.T) *host.Process { return nil },
		"memory":     func(t *testing.T) *host.Process { return Memory(t, p, true) },
		"structured": func(t *testing.T) *host.Process { return Memory(t, p, false) },
		"process":    func(t *testing.T) *host.Process { return Subprocess(t, p) },
	}
	for name, open := range ways {
		t.Run(name, func(t *testing.T) {
			proc := open(t)
			props := c.Props(t)
			props["topics"] = "conformance"
			props = taskProps(t, e, proc, props)
			var run sinkRun
			var err error
			if proc != nil {
				run, err = startRemoteSink(t, proc, c.Class, props)
			} else {
				run, err = startDirectSink(t, e, props)
			}
			if err != nil {
				t.Fatalf("Start: %v", err)
			}
			sinkSuite(t, c, run)
		})
	}
}

func sinkSuite(t *testing.T, c SinkCase, run sinkRun) {
	batch := func(from, n int) []connect.SinkRecord {
		out := make([]connect.SinkRecord, n)
		for i := range out {
			out[i] = connect.SinkRecord{Record: c.Record(from + i), Offset: int64(from + i), OriginalTopic: "conformance"}
			out[i].Topic, out[i].Partition = "conformance", connect.Some(int32(0))
		}
		return out
	}
	ctx, cancel := context.WithTimeout(t.Context(), patient)
	defer cancel()
	commit := func(next int64) {
		t.Helper()
		tp := connect.TopicPartition{Topic: "conformance"}
		got, err := run.preCommit(ctx, map[connect.TopicPartition]int64{tp: next})
		if err != nil || got[tp] != next {
			t.Fatalf("PreCommit of %d: %v, %v", next, got, err)
		}
	}
	check := func(want int) {
		t.Helper()
		if got := c.Delivered(t); got != want {
			t.Fatalf("%d records delivered, want %d", got, want)
		}
	}
	for _, step := range []struct{ from, n, want int }{{0, feed, feed}, {feed, 1, feed + 1}, {feed + 1, 0, feed + 1}} {
		if err := run.put(ctx, batch(step.from, step.n)); err != nil {
			t.Fatalf("Put of %d records: %v", step.n, err)
		}
		commit(int64(step.from + step.n))
		check(step.want)
	}
	if c.Idempotent {
		if err := run.put(ctx, batch(0, feed)); err != nil {
			t.Fatalf("Put of records that were delivered before: %v", err)
		}
		commit(feed + 1)
		check(feed + 1)
	}
	if err := run.stop(ctx); err != nil {
		t.Errorf("Stop: %v", err)
	}
}
