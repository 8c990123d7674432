package worker

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/kurier-io/kurier/runtime/store"
)

// consume reads the topic until it has seen n different numbers.
func (f *fixture) consume(n int) map[string]int {
	f.t.Helper()
	seen := map[string]int{}
	ctx, cancel := context.WithTimeout(f.t.Context(), testPatience)
	defer cancel()
	for len(seen) < n {
		for _, r := range f.kafka.PollFetches(ctx).Records() {
			seen[string(r.Value)]++
		}
		if ctx.Err() != nil {
			f.t.Fatalf("%d of %d records came", len(seen), n)
		}
	}
	return seen
}

func TestASourceWhosePluginIsKilledLosesNothing(t *testing.T) {
	f := newFixture(t, 1)
	f.start(0, countClass, map[string]string{"total": "4000"})
	f.eventually("an offset is stored", func() bool { return f.stored() > 0 })
	f.kill()
	f.awaitState(0, store.Restarting)
	f.awaitState(0, store.Running)
	f.consume(4000)
	f.eventually("the last offset is stored", func() bool { return f.stored() == 4000 })
	f.stop(0)
	states, _ := f.statuses.of(0)
	if want := []store.State{store.Running, store.Restarting, store.Running, store.Unassigned}; !slices.Equal(states, want) {
		t.Errorf("states %v, want %v", states, want)
	}
}

func TestAnOversizedRecordFailsTheTask(t *testing.T) {
	f := newFixture(t, 1)
	f.start(0, countClass, map[string]string{"total": "100", "big": "50"})
	f.awaitState(0, store.Failed)
	if _, trace := f.statuses.of(0); !strings.Contains(trace, "MESSAGE_TOO_LARGE") || !strings.Contains(trace, "numbers") {
		t.Errorf("trace %q", trace)
	}
	if n := f.stored(); n > 50 {
		t.Errorf("offset %d is stored, though record 50 was refused", n)
	}
}

func TestAnOversizedRecordIsSkippedWhenTolerated(t *testing.T) {
	f := newFixture(t, 1)
	f.start(0, countClass, map[string]string{"total": "100", "big": "50", "errors.tolerance": "all"})
	seen := f.consume(99)
	f.eventually("the last offset is stored", func() bool { return f.stored() == 100 })
	if seen["50"] != 0 {
		t.Error("the record came")
	}
}

func TestAPausedSourceResumesAndStopCommits(t *testing.T) {
	f := newFixture(t, 1)
	f.start(0, countClass, map[string]string{"total": "1000000"})
	f.awaitState(0, store.Running)
	f.w.SetTarget("c", store.Paused)
	f.awaitState(0, store.PausedState)
	f.w.SetTarget("c", store.Started)
	f.awaitState(0, store.Running)
	f.eventually("it goes on", func() bool { return f.stored() >= 200 })
	f.stop(0)
	f.awaitState(0, store.Unassigned)
	end := f.stored()
	if seen := f.consume(int(end)); seen[strconv.FormatInt(end-1, 10)] != 1 {
		t.Errorf("offset %d is stored, but its record is not in the topic once", end)
	}
}

func TestARetriedPutGetsTheSameBatch(t *testing.T) {
	f := newFixture(t, 1)
	f.produce(0, "a", "b", "c")
	f.write("retry", "")
	f.start(0, fileClass, nil)
	f.eventually("three tries", func() bool { return count(f.read("tries"), "\n") >= 3 })
	if f.committed(0) > 0 {
		t.Error("an offset was committed though nothing was put")
	}
	lines := strings.Split(strings.TrimSuffix(f.read("tries"), "\n"), "\n")
	f.remove("retry")
	f.eventually("delivery", func() bool { return count(f.read("out"), "0:2=c") == 1 })
	for _, l := range lines[1:] {
		if l != lines[0] {
			t.Errorf("another batch: %q, first %q", l, lines[0])
		}
	}
	f.eventually("the commit", func() bool { return f.committed(0) == 3 })
}

func TestBadRecords(t *testing.T) {
	for _, tolerance := range []string{"none", "all"} {
		t.Run(tolerance, func(t *testing.T) {
			f := newFixture(t, 1)
			f.produce(0, "a", "bad", "c")
			f.start(0, fileClass, map[string]string{"errors.tolerance": tolerance})
			if tolerance == "all" {
				f.eventually("the commit", func() bool { return f.committed(0) == 3 })
				if out := f.read("out"); out != "0:0=a 0:2=c " {
					t.Errorf("out %q", out)
				}
				return
			}
			f.awaitState(0, store.Failed)
			if _, trace := f.statuses.of(0); !strings.Contains(trace, "Tolerance exceeded") || !strings.Contains(trace, "offset=1") {
				t.Errorf("trace %q", trace)
			}
			if o := f.committed(0); o > 0 {
				t.Errorf("committed %d", o)
			}
		})
	}
}

func TestNoMoreIsCommittedThanTheTaskVouchesFor(t *testing.T) {
	f := newFixture(t, 1)
	f.write("durable", "2")
	f.produce(0, "a", "b", "c", "d")
	f.start(0, fileClass, nil)
	f.eventually("delivery", func() bool { return count(f.read("out"), "0:3=d") == 1 })
	f.eventually("the commit", func() bool { return f.committed(0) == 2 })
	f.stop(0)
	if o := f.committed(0); o != 2 {
		t.Errorf("committed %d at the stop, the task vouched for 2", o)
	}
	f.remove("durable")
	f.start(0, fileClass, nil)
	f.eventually("the rest comes again", func() bool { return count(f.read("out"), "0:2=c") == 2 })
	if n := count(f.read("out"), "0:1=b"); n != 1 {
		t.Errorf("a committed record came %d times", n)
	}
}

func TestASiblingTakesOverWhileASinkTriesAgain(t *testing.T) {
	f := newFixture(t, 2)
	f.produce(0, "a", "b")
	f.produce(1, "a", "b")
	f.write("retry", "")
	soon := map[string]string{"consumer.override.heartbeat.interval.ms": "100"} // hears of the other at once
	f.start(0, fileClass, soon)
	f.eventually("a try", func() bool { return f.read("tries") != "" })
	f.start(1, fileClass, soon) // its join needs the first one's consent
	f.awaitState(1, store.Running)
	apart := func() bool { // the last tries of both are of one partition each
		lines := strings.Split(strings.TrimSpace(f.read("tries")), "\n")
		var only [2]bool
		for _, l := range lines[max(0, len(lines)-4):] {
			zero, one := strings.Contains(l, "0:0"), strings.Contains(l, "1:0")
			only[0], only[1] = only[0] || zero && !one, only[1] || one && !zero
		}
		return only == [2]bool{true, true}
	}
	f.eventually("each has one partition", apart)
	f.stop(0)
	f.remove("retry")
	for p := range 2 {
		f.eventually("delivery", func() bool { return count(f.read("out"), fmt.Sprintf("%d:1=b", p)) >= 1 })
		f.eventually("the commit", func() bool { return f.committed(int32(p)) == 2 })
	}
}

func TestTheDeathOfAnIdleSinkIsNoticed(t *testing.T) {
	f := newFixture(t, 1)
	f.start(0, fileClass, nil)
	f.awaitState(0, store.Running)
	f.kill()
	f.awaitState(0, store.Restarting)
	f.produce(0, "a")
	f.awaitState(0, store.Running)
	f.eventually("delivery", func() bool { return count(f.read("out"), "0:0=a") == 1 })
}
