package txn

import (
	"context"
	"time"
)

// InitProducerID handles InitProducerId for a transactional id. An open
// transaction is aborted, its producer fenced, and the answer given at once; it
// is ConcurrentTransactions while another change is in progress.
func (c *Coordinator) InitProducerID(ctx context.Context, req InitRequest) (pid int64, epoch int16, code Code) {
	refuse := func(code Code) (int64, int16, Code) { return noProducer, noEpoch, code }
	if req.TransactionalID == "" || len(req.TransactionalID) > c.config.MaxIDLength {
		return refuse(InvalidRequest)
	}
	spare, fenced := noProducer, false
	for {
		if s, _ := c.find(req.TransactionalID, false); s == nil && c.count.Load() >= int64(c.config.MaxIDs) {
			c.logger.Warn("transactional id refused, there are too many; they expire when idle for the expiration time",
				"transactional_id", req.TransactionalID, "limit", c.config.MaxIDs, "expiration", c.config.Expiration)
			return refuse(PolicyViolation)
		}
		s := c.lock(req.TransactionalID, true)
		step := s.m.Init(time.Now(), req, spare)
		s.unlock()
		switch {
		case step.NeedProducerID:
			if spare, code = c.producerID(); code != None {
				return refuse(code)
			}
		case step.write == nil:
			return refuse(step.Code)
		case step.write.state != PrepareAbort:
			if code := s.write(ctx, step); code != None {
				return refuse(code)
			}
			return step.write.producerID, step.write.epoch, None
		default:
			// A second one means that another producer was faster.
			if _, code := s.conclude(ctx, step); code != None || fenced {
				return refuse(ConcurrentTransactions)
			}
			fenced = true
		}
	}
}

func (c *Coordinator) producerID() (int64, Code) {
	pid, err := c.pids.ProducerID()
	if err != nil {
		c.logger.Warn("no producer id; the client tries again", "error", err)
		return noProducer, NotAvailable
	}
	return pid, None
}

// AddPartitions handles AddPartitionsToTxn (TV1): the partitions are durably in
// the transaction when it returns. The caller has checked that they exist.
func (c *Coordinator) AddPartitions(ctx context.Context, id string, pid int64, epoch int16, tps []TopicPartition) Code {
	return c.add(ctx, id, pid, epoch, tps, false)
}

// AddOffsets handles AddOffsetsToTxn (TV1): the group's partition of the offsets
// topic is durably in the transaction when it returns.
func (c *Coordinator) AddOffsets(ctx context.Context, id string, pid int64, epoch int16, group string) Code {
	return c.add(ctx, id, pid, epoch, []TopicPartition{c.offsets.Partition(group)}, false)
}

// Implicit is called for every transactional Produce (v12+) and TxnOffsetCommit
// (v5+) request before its append (TV2): it begins or extends the transaction
// durably, and costs no lock of the id and no I/O if the partitions are in it
// already. tps is not kept. The append must be refused if the log has seen a
// higher epoch of the producer, as the transaction may have ended by then.
func (c *Coordinator) Implicit(ctx context.Context, id string, pid int64, epoch int16, tps []TopicPartition) Code {
	if s, _ := c.find(id, false); s != nil && s.view.Load().has(pid, epoch, tps) {
		return None
	}
	return c.add(ctx, id, pid, epoch, tps, true)
}

// add waits for its turn if the change in progress is an addition too, since a
// producer begins its transaction with several requests at once.
func (c *Coordinator) add(ctx context.Context, id string, pid int64, epoch int16, tps []TopicPartition, v2 bool) Code {
	if id == "" {
		return InvalidRequest
	}
	for {
		s := c.lock(id, false)
		if s == nil {
			return InvalidProducerIDMapping
		}
		step := s.m.Add(time.Now(), pid, epoch, tps, v2)
		settled := s.settled
		s.unlock()
		switch {
		case step.write != nil:
			return s.write(ctx, step)
		case step.Code != ConcurrentTransactions || settled == nil:
			return step.Code
		}
		select {
		case <-settled:
		case <-ctx.Done():
			return ConcurrentTransactions
		}
	}
}

// Hold keeps a transaction from ending while verified data is appended.
type Hold struct{ s *shell }

// Release lets the transaction end. It is called exactly once for each Hold that
// came with None.
func (h Hold) Release() { h.s.appends.RUnlock() }

// Verify is called for every transactional Produce (up to v11) and
// TxnOffsetCommit (up to v4) request before its append (TV1): all partitions must
// be in the open transaction. With None the caller appends and then releases the
// Hold, soon and without another call for the same id in between except Verify;
// it need not wait until the data is durable.
func (c *Coordinator) Verify(id string, pid int64, epoch int16, tps []TopicPartition) (Hold, Code) {
	s, _ := c.find(id, false)
	if s == nil {
		return Hold{}, InvalidProducerIDMapping
	}
	held := s.appends.TryRLock()
	if held && s.view.Load().has(pid, epoch, tps) {
		return Hold{s}, None
	}
	s.mu.Lock()
	code := s.m.Verify(pid, epoch, tps)
	s.mu.Unlock()
	switch {
	case held && code == None:
		return Hold{s}, None
	case held:
		s.appends.RUnlock()
	case code == None:
		code = ConcurrentTransactions
	}
	return Hold{}, code
}

// End handles EndTxn; v2 is version 5 and later. When it answers None every
// partition durably has the marker, and the producer goes on with the producer id
// and epoch (-1 without v2).
func (c *Coordinator) End(ctx context.Context, id string, pid int64, epoch int16, commit, v2 bool) (newPID int64, newEpoch int16, code Code) {
	refuse := func(code Code) (int64, int16, Code) { return noProducer, noEpoch, code }
	if id == "" {
		return refuse(InvalidRequest)
	}
	for spare := noProducer; ; {
		s := c.lock(id, false)
		if s == nil {
			return refuse(InvalidProducerIDMapping)
		}
		step := s.m.End(time.Now(), pid, epoch, commit, v2, spare)
		after := s.m.meta
		s.unlock()
		switch {
		case step.NeedProducerID:
			if spare, code = c.producerID(); code != None {
				return refuse(code)
			}
			continue
		case step.write != nil:
			after, code = s.conclude(ctx, step)
		default:
			code = step.Code
		}
		if code != None || !v2 {
			return refuse(code)
		}
		return after.producerID, after.epoch, None
	}
}
