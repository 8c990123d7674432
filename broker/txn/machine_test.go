package txn

import (
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var (
	t0 = time.UnixMilli(1_700_000_000_000)
	p0 = TopicPartition{"t", 0}
	p1 = TopicPartition{"t", 1}
)

// at returns a machine in a state, with producer id 7.
func at(state State, epoch int16) *Machine {
	m := NewMachine(15 * time.Minute)
	m.meta = metadata{state: state, producerID: 7, prev: 7, next: noProducer, epoch: epoch, lastEpoch: noEpoch, timeout: 60_000, start: -1, updated: t0.UnixMilli()}
	if state == Ongoing || state.preparing() {
		m.meta.start, m.meta.partitions = t0.UnixMilli(), partitions(nil).with([]TopicPartition{p0})
	}
	return m
}

// outcome is a step in words: a code, or what is to be written.
func outcome(s Step) string {
	switch {
	case s.NeedProducerID:
		return "pid?"
	case s.write != nil:
		return fmt.Sprintf("%s %d/%d", s.write.state, s.write.producerID, s.write.epoch)
	}
	return fmt.Sprint(s.Code)
}

// TestEndTV1 is the matrix of EndTxn up to version 4; the epoch is 5.
func TestEndTV1(t *testing.T) {
	for _, c := range []struct {
		state                      State
		abortOld, abort, commit    string
		abortWrongPID, commitNewer string
	}{
		{Empty, "90", "48", "48", "49", "90"},
		{Ongoing, "90", "PrepareAbort 7/5", "PrepareCommit 7/5", "49", "90"},
		{PrepareCommit, "90", "48", "51", "49", "90"},
		{PrepareAbort, "90", "51", "48", "49", "90"},
		{CompleteCommit, "90", "48", "0", "49", "90"},
		{CompleteAbort, "90", "0", "48", "49", "90"},
	} {
		end := func(pid int64, epoch int16, commit bool) string {
			return outcome(at(c.state, 5).End(t0, pid, epoch, commit, false, noProducer))
		}
		got := []string{end(7, 4, false), end(7, 5, false), end(7, 5, true), end(8, 5, false), end(7, 6, true)}
		if diff := cmp.Diff([]string{c.abortOld, c.abort, c.commit, c.abortWrongPID, c.commitNewer}, got); diff != "" {
			t.Errorf("%s: %s", c.state, diff)
		}
	}
}

// TestEndTV2 is the matrix of EndTxn version 5 (KIP-890); the epoch is 5, and 4
// makes a repetition.
func TestEndTV2(t *testing.T) {
	for _, c := range []struct {
		state                                      State
		abortRetry, abort, commitRetry, commit     string
		abortOlder, commitOlder, abortNewer, wrong string
	}{
		{Empty, "90", "PrepareAbort 7/6", "90", "48", "90", "90", "90", "49"},
		{Ongoing, "90", "PrepareAbort 7/6", "90", "PrepareCommit 7/6", "90", "90", "90", "49"},
		{PrepareCommit, "48", "90", "51", "90", "90", "90", "90", "49"},
		{PrepareAbort, "51", "90", "48", "90", "90", "90", "90", "49"},
		{CompleteCommit, "48", "PrepareAbort 7/6", "0", "48", "90", "90", "90", "49"},
		{CompleteAbort, "0", "PrepareAbort 7/6", "48", "48", "90", "90", "90", "49"},
	} {
		end := func(pid int64, epoch int16, commit bool) string {
			m := at(c.state, 5)
			m.meta.clientVersion = tv2
			return outcome(m.End(t0, pid, epoch, commit, true, noProducer))
		}
		got := []string{end(7, 4, false), end(7, 5, false), end(7, 4, true), end(7, 5, true), end(7, 3, false), end(7, 3, true), end(7, 6, false), end(8, 5, true)}
		want := []string{c.abortRetry, c.abort, c.commitRetry, c.commit, c.abortOlder, c.commitOlder, c.abortNewer, c.wrong}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", c.state, diff)
		}
	}
}

// TestOldEndTV2AfterTV1: a producer with TV2 was fenced by one with TV1, whose
// transaction then ended. What the old one asks is no repetition.
func TestOldEndTV2AfterTV1(t *testing.T) {
	for _, state := range []State{PrepareCommit, PrepareAbort, CompleteCommit, CompleteAbort} {
		for _, commit := range []bool{false, true} {
			if got := outcome(at(state, 5).End(t0, 7, 4, commit, true, noProducer)); got != "90" {
				t.Errorf("%s, commit=%v: %s", state, commit, got)
			}
		}
	}
}

// TestAddAndVerify is the matrix of joining a transaction; p0 is in it, p1 is not.
func TestAddAndVerify(t *testing.T) {
	for _, c := range []struct {
		state                                                State
		add, addKnown, old, wrong, verify, verifyNew, verOld string
	}{
		{Empty, "Ongoing 7/5", "Ongoing 7/5", "90", "49", "48", "48", "90"},
		{Ongoing, "Ongoing 7/5", "0", "90", "49", "0", "48", "90"},
		{PrepareCommit, "51", "51", "90", "49", "51", "51", "90"},
		{PrepareAbort, "51", "51", "90", "49", "51", "51", "90"},
		{CompleteCommit, "Ongoing 7/5", "Ongoing 7/5", "90", "49", "48", "48", "90"},
		{CompleteAbort, "Ongoing 7/5", "Ongoing 7/5", "90", "49", "48", "48", "90"},
	} {
		for _, v2 := range []bool{false, true} {
			add := func(pid int64, epoch int16, tp TopicPartition) string {
				return outcome(at(c.state, 5).Add(t0, pid, epoch, []TopicPartition{tp}, v2))
			}
			verify := func(epoch int16, tp TopicPartition) string {
				return fmt.Sprint(at(c.state, 5).Verify(7, epoch, []TopicPartition{tp}))
			}
			got := []string{add(7, 5, p1), add(7, 5, p0), add(7, 4, p0), add(8, 5, p0), verify(5, p0), verify(5, p1), verify(4, p0)}
			if diff := cmp.Diff([]string{c.add, c.addKnown, c.old, c.wrong, c.verify, c.verifyNew, c.verOld}, got); diff != "" {
				t.Errorf("%s: %s", c.state, diff)
			}
		}
	}
}

// TestInit is the matrix of InitProducerId; the epoch is 5 and the last 4.
func TestInit(t *testing.T) {
	for _, c := range []struct {
		state                                  State
		none, current, last, older, wrong, bad string
	}{
		{Empty, "Empty 7/6", "Empty 7/6", "Empty 7/5", "90", "90", "50"},
		{Ongoing, "PrepareAbort 7/7", "PrepareAbort 7/7", "90", "90", "90", "50"},
		{PrepareCommit, "51", "51", "51", "51", "90", "50"},
		{PrepareAbort, "51", "51", "51", "51", "90", "50"},
		{CompleteCommit, "Empty 7/6", "Empty 7/6", "Empty 7/5", "90", "90", "50"},
		{CompleteAbort, "Empty 7/6", "Empty 7/6", "Empty 7/5", "90", "90", "50"},
	} {
		init := func(pid int64, epoch int16, timeout int32) string {
			m := at(c.state, 5)
			m.meta.lastEpoch = 4
			return outcome(m.Init(t0, InitRequest{"id", timeout, pid, epoch}, noProducer))
		}
		got := []string{init(-1, -1, 1), init(7, 5, 1), init(7, 4, 1), init(7, 3, 1), init(8, 5, 1), init(-1, -1, 0)}
		if diff := cmp.Diff([]string{c.none, c.current, c.last, c.older, c.wrong, c.bad}, got); diff != "" {
			t.Errorf("%s: %s", c.state, diff)
		}
	}
}

func TestInitRequests(t *testing.T) {
	for _, c := range []struct {
		req  InitRequest
		want string
	}{
		{InitRequest{"id", 60_000, -1, -1}, "Empty 9/0"},
		{InitRequest{"id", 60_000, 0, 0}, "Empty 9/0"}, // segmentio's first
		{InitRequest{"id", 60_000, 44, 3}, "Empty 9/0"},
		{InitRequest{"id", 900_000, -1, -1}, "Empty 9/0"},
		{InitRequest{"id", 900_001, -1, -1}, "50"},
		{InitRequest{"id", -1, -1, -1}, "50"},
		{InitRequest{"id", 60_000, 3, -1}, "42"},
		{InitRequest{"id", 60_000, -1, 3}, "42"},
	} {
		if got := outcome(NewMachine(15*time.Minute).Init(t0, c.req, 9)); got != c.want {
			t.Errorf("%+v: %s, want %s", c.req, got, c.want)
		}
	}
}

// TestExhaustedEpochs: 32766 is the last epoch that a client gets.
func TestExhaustedEpochs(t *testing.T) {
	init := func(m *Machine, pid int64, epoch int16, spare int64) Step {
		return m.Init(t0, InitRequest{"id", 60_000, pid, epoch}, spare)
	}
	for _, c := range []struct {
		name string
		step Step
		want string
	}{
		{"init reaches the last", init(at(Empty, lastUsable-1), -1, -1, noProducer), "Empty 7/32766"},
		{"init needs an id", init(at(Empty, lastUsable), -1, -1, noProducer), "pid?"},
		{"init rotates", init(at(Empty, lastUsable), -1, -1, 9), "Empty 9/0"},
		{"init rotates for its owner", init(at(Empty, lastUsable), 7, lastUsable, 9), "Empty 9/0"},
		{"init of an older epoch", init(at(Empty, lastUsable), 7, 3, 9), "90"},
		{"init after a fence", init(at(CompleteAbort, math.MaxInt16), -1, -1, 9), "Empty 9/0"},
		{"init fences", init(at(Ongoing, lastUsable-1), -1, -1, noProducer), "PrepareAbort 7/32767"},
		{"init fences the last", init(at(Ongoing, lastUsable), -1, -1, noProducer), "PrepareAbort 7/32767"},
		{"end needs an id", at(Ongoing, lastUsable).End(t0, 7, lastUsable, true, true, noProducer), "pid?"},
		{"end leaves room", at(Ongoing, lastUsable-1).End(t0, 7, lastUsable-1, true, true, noProducer), "PrepareCommit 7/32766"},
		{"TV1 end keeps the epoch", at(Ongoing, lastUsable).End(t0, 7, lastUsable, true, false, noProducer), "PrepareCommit 7/32766"},
		{"a fenced end is no repetition", at(CompleteAbort, math.MaxInt16).End(t0, 7, lastUsable, false, true, noProducer), "90"},
		{"nor while it is fenced", at(PrepareAbort, math.MaxInt16).End(t0, 7, lastUsable, false, true, noProducer), "90"},
	} {
		if got := outcome(c.step); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

// TestRotationAtTheEnd: the markers carry 32767 of the old producer id, the
// client goes on with the new one, and may repeat its request.
func TestRotationAtTheEnd(t *testing.T) {
	m := at(Ongoing, lastUsable)
	if got := outcome(m.End(t0, 7, lastUsable, true, true, 9)); got != "PrepareCommit 7/32767" {
		t.Fatal(got)
	}
	m.Commit()
	if got := outcome(m.End(t0, 7, lastUsable, true, true, 10)); got != "51" {
		t.Errorf("repetition before the markers: %s", got)
	}
	step := m.Complete(t0)
	if diff := cmp.Diff(&Marker{ProducerID: 7, Epoch: math.MaxInt16, Commit: true, V2: true}, step.Marker); diff != "" {
		t.Error(diff)
	}
	if got := outcome(step); got != "CompleteCommit 9/0" {
		t.Error(got)
	}
	m.Commit()
	for _, c := range []struct {
		pid    int64
		epoch  int16
		commit bool
		want   string
	}{{7, lastUsable, true, "0"}, {7, lastUsable, false, "48"}, {7, 3, true, "49"}, {9, 0, true, "48"}} {
		if got := outcome(m.End(t0, c.pid, c.epoch, c.commit, true, noProducer)); got != c.want {
			t.Errorf("end of %d/%d: %s, want %s", c.pid, c.epoch, got, c.want)
		}
	}
	if got := outcome(m.Init(t0, InitRequest{"id", 60_000, 7, lastUsable}, noProducer)); got != "Empty 9/0" {
		t.Errorf("init of a client that missed the answer: %s", got)
	}
}

// TestFencedEndIsNoRepetition: after a fence EndTxn of the old producer must not
// pass for the repetition of its own.
func TestFencedEndIsNoRepetition(t *testing.T) {
	for _, epoch := range []int16{0, 5, lastUsable - 2, lastUsable - 1, lastUsable} {
		for _, v2 := range []bool{false, true} {
			m := at(Ongoing, epoch)
			m.Tick(t0.Add(time.Hour), time.Hour)
			m.Commit()
			if m.Complete(t0); m.pending == nil {
				t.Fatal("not completed")
			}
			m.Commit()
			for _, commit := range []bool{false, true} {
				if got := outcome(m.End(t0, 7, epoch, commit, v2, noProducer)); got != "90" {
					t.Errorf("end at epoch %d (now %d), commit=%v v2=%v: %s", epoch, m.meta.epoch, commit, v2, got)
				}
			}
		}
	}
}

// TestPendingLocksOut: while a step is written everything else is told to wait.
func TestPendingLocksOut(t *testing.T) {
	for _, begin := range []func(m *Machine) Step{
		func(m *Machine) Step { return m.End(t0, 7, 5, true, true, noProducer) },
		func(m *Machine) Step { return m.End(t0, 7, 5, false, false, noProducer) },
		func(m *Machine) Step { return m.Add(t0, 7, 5, []TopicPartition{p1}, true) },
		func(m *Machine) Step { return m.Tick(t0.Add(time.Hour), time.Hour) },
	} {
		m := at(Ongoing, 5)
		if begin(m).write == nil {
			t.Fatal("nothing begun")
		}
		got := []string{
			outcome(m.Init(t0, InitRequest{"id", 1, -1, -1}, 9)),
			outcome(m.Add(t0, 7, 5, []TopicPartition{{"u", 0}}, true)),
			outcome(m.End(t0, 7, 5, true, true, 9)),
			outcome(m.End(t0, 7, 5, true, false, 9)),
			outcome(m.Complete(t0)),
		}
		if diff := cmp.Diff([]string{"51", "51", "51", "51", "51"}, got); diff != "" {
			t.Error(diff)
		}
		if step := m.Tick(t0.Add(time.Hour), time.Hour); step.write != nil {
			t.Errorf("the tick took over a pending step: %s", outcome(step))
		}
		before := m.meta
		m.Cancel()
		if diff := cmp.Diff(before, m.meta, cmp.AllowUnexported(metadata{})); diff != "" || m.pending != nil {
			t.Errorf("cancelled: %s", diff)
		}
	}
}
