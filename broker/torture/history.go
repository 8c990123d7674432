package torture

import (
	"fmt"
	"sync"
)

// Partition names a partition of a topic.
type Partition struct {
	Topic string
	Index int32
}

func (p Partition) String() string { return fmt.Sprintf("%s-%d", p.Topic, p.Index) }

// Outcome is what a client knows about what it asked for.
type Outcome int8

// The outcomes. Only a refusal that excludes the effect is Failed.
const (
	Unknown Outcome = iota
	Acked
	Failed
)

// Send is a record that a producer gave to the broker. Values are unique in a
// history: they identify the record.
type Send struct {
	Producer string // its sends to a partition keep their order
	At       Partition
	Key      string // for compacted partitions
	Value    string
	Outcome  Outcome
	Offset   int64  // of an Acked one; -1 if the answer did not say
	Txn      string // "" without transaction
	// Repeats says that the producer retries without idempotence, so that the
	// record may be there twice and out of order.
	Repeats bool
}

// Poll is a record that a consumer got.
type Poll struct {
	Consumer string
	// Session counts the times that the consumer began to read the partition:
	// assignments and seeks.
	Session   int
	At        Partition
	Offset    int64
	Value     string
	Committed bool // with isolation level read_committed
}

// Final is a partition as it is read from its start after everything came to rest.
type Final struct {
	At                 Partition
	Start, Stable, End int64            // log start, last stable offset, high watermark
	All                map[int64]string // values by offset, read_uncommitted
	Committed          map[int64]string // read_committed
	Compacted          bool             // earlier values of a key may be gone
	OpenTransactions   int              // as DescribeProducers tells
}

type txnState struct {
	began   int // event of the first send, or of Begin
	ending  int // event at which the client began to end it, -1 if never
	commit  bool
	outcome Outcome
}

type pollEvent struct {
	Poll
	event int
}

type commitKey struct {
	group string
	at    Partition
}

type regression struct {
	commitKey
	told, seen int64
}

type position struct {
	consumer  string
	at        Partition
	offset    int64
	committed bool
}

// History records what clients did and saw. Its methods may be called from any
// goroutine; the order of the calls is taken as the order of the events, so what
// is about to begin is recorded before, and what has happened after.
type History struct {
	mu        sync.Mutex
	event     int
	sends     []Send
	polls     []pollEvent
	txns      map[string]*txnState
	committed map[commitKey]int64 // highest offset whose commit was acknowledged
	backwards []regression
	positions []position
	finals    map[Partition]*Final
}

// NewHistory returns an empty history.
func NewHistory() *History {
	return &History{txns: map[string]*txnState{}, committed: map[commitKey]int64{}, finals: map[Partition]*Final{}}
}

func (h *History) txn(id string) *txnState {
	t := h.txns[id]
	if t == nil {
		t = &txnState{began: h.event, ending: -1}
		h.txns[id] = t
	}
	return t
}

// Send records the end of a send.
func (h *History) Send(s Send) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.event++
	h.sends = append(h.sends, s)
	if s.Txn != "" {
		h.txn(s.Txn)
	}
}

// Ending records that a client is about to end a transaction.
func (h *History) Ending(txn string, commit bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.event++
	t := h.txn(txn)
	t.ending, t.commit = h.event, commit
}

// Ended records how that went.
func (h *History) Ended(txn string, o Outcome) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.event++
	h.txn(txn).outcome = o
}

// Poll records what a consumer got, in its order.
func (h *History) Poll(polls ...Poll) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.event++
	for _, p := range polls {
		h.polls = append(h.polls, pollEvent{p, h.event})
	}
}

// Commit records that the offset of a group was stored. Only commits that never
// go back may be recorded.
func (h *History) Commit(group string, at Partition, offset int64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.event++
	k := commitKey{group, at}
	h.committed[k] = max(h.committed[k], offset)
}

// CommittedBefore returns what a group is known to have stored; it is taken before
// the broker is asked, and given to CommittedSeen.
func (h *History) CommittedBefore(group string, at Partition) int64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.committed[commitKey{group, at}]
}

// CommittedSeen records what the broker then said; -1 for no offset.
func (h *History) CommittedSeen(group string, at Partition, before, seen int64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if k := (commitKey{group, at}); seen < before {
		h.backwards = append(h.backwards, regression{k, before, seen})
	}
}

// Position records how far a consumer has come after everything came to rest.
func (h *History) Position(consumer string, at Partition, offset int64, committed bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.positions = append(h.positions, position{consumer, at, offset, committed})
}

// Final records a partition at rest.
func (h *History) Final(f Final) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.finals[f.At] = &f
}

// Counts tells the size of the history, for logs of tests.
func (h *History) Counts() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	var sent [3]int
	for i := range h.sends {
		sent[h.sends[i].Outcome]++
	}
	var ended [3]int
	for _, t := range h.txns {
		ended[t.outcome]++
	}
	return fmt.Sprintf("sends: %d acknowledged, %d unknown, %d failed; polls: %d; transactions: %d ended, %d unknown, %d failed",
		sent[Acked], sent[Unknown], sent[Failed], len(h.polls), ended[Acked], ended[Unknown], ended[Failed])
}
