package txn

import (
	"math"
	"time"
)

// Machine is the state machine of one transactional id: it has no clock, no
// locks and does no I/O. A request leads to a Step; while a step is pending,
// requests that need another are answered with ConcurrentTransactions.
type Machine struct {
	maxTimeout time.Duration
	meta       metadata
	pending    *metadata
}

// Step is what a request leads to. Either Code is the answer; or NeedProducerID
// asks to call again with a fresh producer id; or write has to be done, and then
// Commit or, after a failure, Cancel called.
type Step struct {
	Code           Code
	NeedProducerID bool
	// Marker has to be durable in Partitions before the record is written.
	Marker     *Marker
	Partitions []TopicPartition

	write *metadata
}

// NewMachine returns the machine of an id that nobody has used.
func NewMachine(maxTimeout time.Duration) *Machine {
	return &Machine{maxTimeout: maxTimeout, meta: metadata{producerID: noProducer, prev: noProducer, next: noProducer,
		epoch: noEpoch, lastEpoch: noEpoch, start: -1, updated: -1}}
}

// Commit makes the pending step the state, once it is durable.
func (m *Machine) Commit() {
	m.meta, m.pending = *m.pending, nil
}

// Cancel forgets the pending step, which could not be written.
func (m *Machine) Cancel() { m.pending = nil }

// extending reports that the pending step only adds partitions.
func (m *Machine) extending() bool { return m.pending != nil && m.pending.state == Ongoing }

// transit begins a step to a state that keeps everything but what edit changes.
func (m *Machine) transit(now time.Time, to State, edit func(next *metadata)) Step {
	next := m.meta
	next.state = to
	next.prev = m.meta.producerID
	next.updated = max(next.updated, now.UnixMilli())
	edit(&next)
	m.pending = &next
	return Step{write: &next}
}

// InitRequest is an InitProducerId request for a transactional id. ProducerID
// and ProducerEpoch are -1 unless the client goes on after an error (KIP-360).
type InitRequest struct {
	TransactionalID string
	TimeoutMillis   int32
	ProducerID      int64
	ProducerEpoch   int16
}

// Init handles InitProducerId. An open transaction is fenced: the step then leads
// to PrepareAbort, and Init is to be called again once that is complete. spare is
// a fresh producer id, or -1.
func (m *Machine) Init(now time.Time, req InitRequest, spare int64) Step {
	cur := &m.meta
	expects := req.ProducerID >= 0
	switch {
	case expects != (req.ProducerEpoch >= 0):
		return Step{Code: InvalidRequest}
	case req.TimeoutMillis <= 0 || time.Duration(req.TimeoutMillis)*time.Millisecond > m.maxTimeout:
		return Step{Code: InvalidTransactionTimeout}
	case m.pending != nil:
		return Step{Code: ConcurrentTransactions}
	case cur.fresh():
		// Whatever is expected: the producer outlived its id's expiration, or
		// sends zeros for a first time as segmentio's client does.
		return m.rotate(now, req, spare, noEpoch)
	case expects && !m.owned(req):
		return Step{Code: ProducerFenced}
	case cur.state.preparing():
		return Step{Code: ConcurrentTransactions}
	case cur.state == Ongoing:
		// Kafka lets an outdated epoch abort the transaction of its successor.
		if expects && req.ProducerEpoch != cur.epoch {
			return Step{Code: ProducerFenced}
		}
		last := noEpoch
		if expects {
			last = cur.epoch // so that Init goes on for this client
		}
		return m.fence(now, last)
	case expects && req.ProducerEpoch != cur.epoch && req.ProducerEpoch != cur.lastEpoch:
		return Step{Code: ProducerFenced}
	case cur.epoch > lastUsable, cur.epoch == lastUsable && (!expects || req.ProducerEpoch == cur.epoch):
		return m.rotate(now, req, spare, max(req.ProducerEpoch, noEpoch))
	}
	return m.transit(now, Empty, func(next *metadata) {
		next.clear(req.TimeoutMillis)
		switch {
		case !expects:
			next.epoch, next.lastEpoch = cur.epoch+1, noEpoch
		case req.ProducerEpoch == cur.epoch:
			next.epoch, next.lastEpoch = cur.epoch+1, cur.epoch
		}
		// Otherwise it is the repetition of a request that was granted. Nobody
		// else can have been since: that would have reset lastEpoch.
	})
}

// owned reports whether the expected producer id is the current one, or the one
// before if its epochs ran out and the client may have missed the answer.
func (m *Machine) owned(req InitRequest) bool {
	return req.ProducerID == m.meta.producerID ||
		req.ProducerID == m.meta.prev && req.ProducerEpoch == m.meta.lastEpoch
}

func (m *Machine) rotate(now time.Time, req InitRequest, spare int64, last int16) Step {
	if spare < 0 {
		return Step{NeedProducerID: true}
	}
	return m.transit(now, Empty, func(next *metadata) {
		next.clear(req.TimeoutMillis)
		next.producerID, next.epoch, next.lastEpoch = spare, 0, last
	})
}

func (m *metadata) clear(timeout int32) { m.timeout, m.start = timeout, -1 }

// fence begins to abort an open transaction in a way that its producer cannot
// take part in again.
func (m *Machine) fence(now time.Time, last int16) Step {
	return m.transit(now, PrepareAbort, func(next *metadata) {
		next.epoch = min(next.epoch, math.MaxInt16-2) + 2
		next.lastEpoch, next.clientVersion = last, tv2
	})
}

// check finds whether a producer is the current one.
func (m *Machine) check(pid int64, epoch int16) Code {
	switch {
	case m.meta.fresh() || pid != m.meta.producerID:
		return InvalidProducerIDMapping
	case epoch != m.meta.epoch:
		return ProducerFenced
	}
	return None
}

// Add handles AddPartitionsToTxn and AddOffsetsToTxn, and with v2 the implicit
// addition by a Produce or TxnOffsetCommit request.
func (m *Machine) Add(now time.Time, pid int64, epoch int16, tps []TopicPartition, v2 bool) Step {
	if code := m.check(pid, epoch); code != None {
		return Step{Code: code}
	}
	if m.pending != nil || m.meta.state.preparing() {
		return Step{Code: ConcurrentTransactions}
	}
	open := m.meta.state == Ongoing
	if len(tps) == 0 || open && m.meta.partitions.has(tps) {
		return Step{}
	}
	return m.transit(now, Ongoing, func(next *metadata) {
		if !open {
			next.start = now.UnixMilli()
		}
		next.partitions = next.partitions.with(tps)
		next.clientVersion = tv1
		if v2 {
			next.clientVersion = tv2
		}
	})
}

// Verify tells whether a producer's open transaction has all the partitions.
func (m *Machine) Verify(pid int64, epoch int16, tps []TopicPartition) Code {
	code := m.check(pid, epoch)
	switch {
	case code != None:
		return code
	case m.meta.state.preparing() || m.pending != nil && !m.extending():
		return ConcurrentTransactions
	case m.meta.state != Ongoing || !m.meta.partitions.has(tps):
		return InvalidTxnState
	}
	return None
}
