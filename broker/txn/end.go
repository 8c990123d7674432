package txn

import "time"

// result names the states that lead to and follow a decision.
func result(commit bool) (prepare, complete State) {
	if commit {
		return PrepareCommit, CompleteCommit
	}
	return PrepareAbort, CompleteAbort
}

// End handles EndTxn. With v2 (version 5) every transaction ends with a new
// epoch, or a new producer id for which spare is used, and an abort may come
// without a transaction.
func (m *Machine) End(now time.Time, pid int64, epoch int16, commit, v2 bool, spare int64) Step {
	if v2 {
		return m.end2(now, pid, epoch, commit, spare)
	}
	if code := m.check(pid, epoch); code != None {
		return Step{Code: code}
	}
	prepare, complete := result(commit)
	switch {
	case m.pending != nil || m.meta.state == prepare:
		return Step{Code: ConcurrentTransactions}
	case m.meta.state == complete:
		return Step{}
	case m.meta.state != Ongoing:
		return Step{Code: InvalidTxnState}
	}
	return m.transit(now, prepare, func(next *metadata) { next.clientVersion = tv1 })
}

// end2 is EndTxn as KIP-890 has it. As the epoch moved on with the transaction,
// a request with the epoch before the current one is a repetition. Unlike in
// Kafka it is none if the last end was not TV2: the epoch then moved on by an
// InitProducerId, which fenced the sender.
func (m *Machine) end2(now time.Time, pid int64, epoch int16, commit bool, spare int64) Step {
	cur := &m.meta
	retry := pid == cur.producerID && epoch+1 == cur.epoch && cur.clientVersion >= tv2 && !cur.fencedLast()
	rotated := pid == cur.prev && pid != cur.producerID && epoch == lastUsable && cur.epoch == 0
	switch {
	case cur.fresh() || pid != cur.producerID && !rotated:
		return Step{Code: InvalidProducerIDMapping}
	case !m.mayEnd(epoch, retry, rotated):
		return Step{Code: ProducerFenced}
	case m.pending != nil:
		return Step{Code: ConcurrentTransactions}
	}
	retry = retry || rotated
	prepare, complete := result(commit)
	switch {
	case cur.state == prepare:
		return Step{Code: ConcurrentTransactions}
	case cur.state == complete && retry:
		return Step{}
	case cur.state.preparing() || cur.state != Ongoing && (commit || retry):
		return Step{Code: InvalidTxnState}
	}
	exhausted := cur.epoch >= lastUsable
	if exhausted && spare < 0 {
		return Step{NeedProducerID: true}
	}
	return m.transit(now, prepare, func(next *metadata) {
		if cur.state != Ongoing {
			next.start = next.updated
		}
		next.epoch, next.lastEpoch, next.clientVersion = cur.epoch+1, cur.epoch, tv2
		if exhausted {
			next.next = spare
		}
	})
}

func (m *Machine) mayEnd(epoch int16, retry, rotated bool) bool {
	switch {
	case m.meta.state.preparing():
		return retry
	case m.meta.state == CompleteCommit || m.meta.state == CompleteAbort:
		return retry || rotated || epoch == m.meta.epoch
	}
	return !rotated && epoch == m.meta.epoch
}

// Complete begins the step from Prepare* to Complete*: its markers first.
func (m *Machine) Complete(now time.Time) Step {
	if m.pending != nil || !m.meta.state.preparing() {
		return Step{Code: ConcurrentTransactions}
	}
	cur := &m.meta
	commit := cur.state == PrepareCommit
	_, complete := result(commit)
	step := m.transit(now, complete, func(next *metadata) {
		if next.next >= 0 {
			next.producerID, next.epoch = next.next, 0
		}
		next.next, next.partitions = noProducer, nil
	})
	step.Marker = &Marker{ProducerID: cur.producerID, Epoch: cur.epoch, Commit: commit, V2: cur.clientVersion >= tv2}
	step.Partitions = cur.partitions.sorted()
	return step
}

// never is a deadline that does not come.
const never = int64(1<<63 - 1)

// Next is when Tick has something to do, in Unix milliseconds.
func (m *Machine) Next(expiration time.Duration) int64 {
	switch {
	case m.pending != nil || m.meta.fresh():
		return never
	case m.meta.state == Ongoing:
		return m.meta.start + int64(m.meta.timeout)
	case m.meta.state.idle():
		return m.meta.updated + expiration.Milliseconds()
	}
	return 0 // left in Prepare*
}

// Tick does what is due: completes a transaction whose markers failed, aborts
// one past its timeout, or lets an idle id die.
func (m *Machine) Tick(now time.Time, expiration time.Duration) Step {
	if now.UnixMilli() < m.Next(expiration) {
		return Step{}
	}
	switch {
	case m.meta.state.preparing():
		return m.Complete(now)
	case m.meta.state == Ongoing:
		return m.fence(now, noEpoch)
	}
	return m.transit(now, Dead, func(next *metadata) {
		*next = NewMachine(0).meta
		next.state = Dead
	})
}
