package torture

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
)

// Kind is a class of anomaly. The names are those of jepsen.tests.kafka where it
// has one.
type Kind string

// The anomalies.
const (
	InconsistentOffsets Kind = "inconsistent-offsets" // two values at one offset, or an acknowledged one elsewhere
	Duplicate           Kind = "duplicate"            // one value at two offsets
	LostWrite           Kind = "lost-write"           // acknowledged and not there
	NonmonotonicSend    Kind = "nonmonotonic-send"    // a producer's order is not the log's
	NonmonotonicPoll    Kind = "nonmonotonic-poll"    // a consumer got an offset again or an earlier one
	Skipped             Kind = "skipped"              // a consumer went past a record without getting it
	AbortedRead         Kind = "aborted-read"         // read_committed showed a record of an aborted transaction, or anybody one that failed
	PrecommitRead       Kind = "precommit-read"       // read_committed showed a record before its commit began
	TornTransaction     Kind = "torn-transaction"     // some but not all records of a transaction are committed
	OffsetWentBack      Kind = "offset-went-back"     // a group's committed offset is lower than what was acknowledged
	StuckReader         Kind = "stuck-reader"         // a reader, or the last stable offset, did not reach the end
	Unsent              Kind = "unsent"               // a value that nobody sent
)

// Anomaly is something that must not be in a history.
type Anomaly struct {
	Kind   Kind
	At     Partition
	Detail string
}

func (a Anomaly) String() string { return fmt.Sprintf("%s in %v: %s", a.Kind, a.At, a.Detail) }

// checker joins what all clients know.
type checker struct {
	h     *History
	found []Anomaly
	sent  map[string]*Send
	// log is what anybody saw in each partition, by offset.
	log map[Partition]map[int64]string
	// where is each value that anybody saw.
	where map[string]place
}

type place struct {
	at     Partition
	offset int64
}

// Check returns what is wrong with a history, in a fixed order. Nothing may be
// recorded meanwhile. What needs the state at rest is checked for the partitions
// that have a Final.
func Check(h *History) []Anomaly {
	h.mu.Lock()
	defer h.mu.Unlock()
	c := &checker{h: h, sent: map[string]*Send{}, log: map[Partition]map[int64]string{}, where: map[string]place{}}
	c.join()
	c.sends()
	c.order()
	c.polls()
	c.transactions()
	c.rest()
	slices.SortStableFunc(c.found, func(a, b Anomaly) int {
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.At.Topic, b.At.Topic), cmp.Compare(a.At.Index, b.At.Index), cmp.Compare(a.Detail, b.Detail))
	})
	return slices.Compact(c.found)
}

func (c *checker) report(k Kind, at Partition, format string, args ...any) {
	c.found = append(c.found, Anomaly{k, at, fmt.Sprintf(format, args...)})
}

// join puts every sighting into one log per partition.
func (c *checker) join() {
	for i := range c.h.sends {
		s := &c.h.sends[i]
		if old := c.sent[s.Value]; old != nil {
			c.report(Unsent, s.At, "the test sent %q twice", s.Value)
		}
		c.sent[s.Value] = s
	}
	for i := range c.h.sends {
		if s := &c.h.sends[i]; s.Outcome == Acked && s.Offset >= 0 {
			c.see(s.At, s.Offset, s.Value)
		}
	}
	for i := range c.h.polls {
		c.see(c.h.polls[i].At, c.h.polls[i].Offset, c.h.polls[i].Value)
	}
	for _, f := range c.h.finals {
		for _, seen := range []map[int64]string{f.All, f.Committed} {
			for _, o := range slices.Sorted(maps.Keys(seen)) {
				c.see(f.At, o, seen[o])
			}
		}
	}
}

func (c *checker) see(at Partition, offset int64, value string) {
	log := c.log[at]
	if log == nil {
		log = map[int64]string{}
		c.log[at] = log
	}
	if old, ok := log[offset]; ok && old != value {
		c.report(InconsistentOffsets, at, "offset %d holds %q and %q", offset, old, value)
		return
	}
	log[offset] = value
	s := c.sent[value]
	switch {
	case s == nil:
		c.report(Unsent, at, "%q at offset %d", value, offset)
		return
	case s.Outcome == Failed:
		c.report(AbortedRead, at, "%q at offset %d was refused", value, offset)
	case s.At != at:
		c.report(InconsistentOffsets, at, "%q at offset %d was sent to %v", value, offset, s.At)
	}
	here := place{at, offset}
	if old, ok := c.where[value]; ok && old != here && !s.Repeats {
		c.report(Duplicate, at, "%q is at offset %d and at %d of %v", value, offset, old.offset, old.at)
		return
	}
	c.where[value] = here
}

// sends looks for acknowledged records that are gone.
func (c *checker) sends() {
	newest := map[Partition]map[string]int64{} // of compacted partitions, by key
	for _, f := range c.h.finals {
		if !f.Compacted {
			continue
		}
		keys := map[string]int64{}
		for o, v := range f.All {
			if s := c.sent[v]; s != nil {
				keys[s.Key] = max(keys[s.Key], o)
			}
		}
		newest[f.At] = keys
	}
	for i := range c.h.sends {
		s := &c.h.sends[i]
		f := c.h.finals[s.At]
		if s.Outcome != Acked || f == nil || s.Offset >= 0 && s.Offset < f.Start {
			continue
		}
		if f.All[s.Offset] == s.Value && s.Txn == "" && s.Offset < f.Stable && f.Committed[s.Offset] != s.Value {
			c.report(LostWrite, s.At, "%q at offset %d is hidden from read_committed", s.Value, s.Offset)
		}
		if f.All[s.Offset] == s.Value || s.Offset < 0 && c.where[s.Value] == (place{}) && f.Start > 0 {
			continue
		}
		if _, ok := c.where[s.Value]; s.Offset < 0 && ok {
			continue
		}
		if f.Compacted && newest[s.At][s.Key] > s.Offset || f.Compacted && s.Txn != "" && (c.aborted(s.Txn) || c.h.txns[s.Txn].outcome == Unknown) {
			continue
		}
		c.report(LostWrite, s.At, "%q of %s was acknowledged at offset %d; the log is %d to %d", s.Value, s.Producer, s.Offset, f.Start, f.End)
	}
}

func (c *checker) aborted(txn string) bool {
	t := c.h.txns[txn]
	return t.ending < 0 || !t.commit || t.outcome == Failed
}

// order compares the order of each producer with that of the log.
func (c *checker) order() {
	type lane struct {
		producer string
		at       Partition
	}
	last := map[lane]*Send{}
	for i := range c.h.sends {
		s := &c.h.sends[i]
		if s.Repeats || s.Outcome == Failed {
			continue
		}
		here, ok := c.where[s.Value]
		if !ok || here.at != s.At {
			continue
		}
		k := lane{s.Producer, s.At}
		if before := last[k]; before != nil && c.where[before.Value].offset >= here.offset {
			c.report(NonmonotonicSend, s.At, "%s sent %q (offset %d) before %q (offset %d)", s.Producer, before.Value, c.where[before.Value].offset, s.Value, here.offset)
		}
		last[k] = s
	}
}

// polls looks at what consumers got.
func (c *checker) polls() {
	type lane struct {
		consumer string
		session  int
		at       Partition
	}
	last := map[lane]int64{}
	sorted := map[Partition][2][]int64{} // offsets of the final logs: all, committed
	for at, f := range c.h.finals {
		if !f.Compacted {
			sorted[at] = [2][]int64{slices.Sorted(maps.Keys(f.All)), slices.Sorted(maps.Keys(f.Committed))}
		}
	}
	for i := range c.h.polls {
		p := &c.h.polls[i]
		k := lane{p.Consumer, p.Session, p.At}
		before, ok := last[k]
		last[k] = p.Offset
		if ok && p.Offset <= before {
			c.report(NonmonotonicPoll, p.At, "%s got offset %d after %d", p.Consumer, p.Offset, before)
		} else if ok {
			log := sorted[p.At][0]
			if p.Committed {
				log = sorted[p.At][1]
			}
			at, _ := slices.BinarySearch(log, before+1)
			if at < len(log) && log[at] < p.Offset {
				c.report(Skipped, p.At, "%s got offset %d after %d and not %d", p.Consumer, p.Offset, before, log[at])
			}
		}
		s := c.sent[p.Value]
		if s == nil || s.Txn == "" || !p.Committed {
			continue
		}
		switch t := c.h.txns[s.Txn]; {
		case c.aborted(s.Txn) && t.ending >= 0:
			c.report(AbortedRead, p.At, "%s got %q of transaction %s, which was aborted", p.Consumer, p.Value, s.Txn)
		case t.ending < 0 || p.event < t.ending:
			c.report(PrecommitRead, p.At, "%s got %q of transaction %s, whose commit had not begun", p.Consumer, p.Value, s.Txn)
		}
	}
}

// transactions compares what is committed with what was told, all or nothing.
func (c *checker) transactions() {
	type tally struct {
		visible, missing *Send
		hidden           bool // a final is missing: nothing can be said
	}
	byTxn := map[string]*tally{}
	for i := range c.h.sends {
		s := &c.h.sends[i]
		if s.Txn == "" || s.Outcome == Failed {
			continue
		}
		t := byTxn[s.Txn]
		if t == nil {
			t = &tally{}
			byTxn[s.Txn] = t
		}
		f := c.h.finals[s.At]
		if f == nil || f.Compacted || s.Offset >= 0 && s.Offset < f.Start {
			t.hidden = t.hidden || f == nil
			continue
		}
		here, seen := c.where[s.Value]
		committed := seen && f.Committed[here.offset] == s.Value
		switch {
		case committed:
			t.visible = s
		case s.Outcome == Acked:
			t.missing = s
		}
	}
	for _, id := range slices.Sorted(maps.Keys(byTxn)) {
		t, state := byTxn[id], c.h.txns[id]
		if t.visible != nil && c.aborted(id) {
			c.report(AbortedRead, t.visible.At, "%q of transaction %s, which was not committed, can be read", t.visible.Value, id)
		}
		if t.missing == nil {
			continue
		}
		if t.visible != nil {
			c.report(TornTransaction, t.missing.At, "transaction %s: %q in %v can be read, %q cannot", id, t.visible.Value, t.visible.At, t.missing.Value)
		} else if !c.aborted(id) && state.outcome == Acked {
			c.report(LostWrite, t.missing.At, "transaction %s was committed and %q cannot be read", id, t.missing.Value)
		}
	}
}

// rest looks at the state in the end.
func (c *checker) rest() {
	for _, r := range c.h.backwards {
		c.report(OffsetWentBack, r.at, "group %s had committed %d and is at %d", r.group, r.told, r.seen)
	}
	for _, f := range c.h.finals {
		if f.Stable < f.End || f.OpenTransactions > 0 {
			c.report(StuckReader, f.At, "the last stable offset is %d, the end %d; %d transactions are open", f.Stable, f.End, f.OpenTransactions)
		}
	}
	for _, p := range c.h.positions {
		f := c.h.finals[p.at]
		if f == nil {
			continue
		}
		end := f.End
		if p.committed {
			end = f.Stable
		}
		if p.offset < end {
			c.report(StuckReader, p.at, "%s is at %d and the end is at %d", p.consumer, p.offset, end)
		}
	}
}
