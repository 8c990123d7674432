package server

import (
	"fmt"

	"github.com/kurier-io/kurier/broker/commitlog"
	"github.com/kurier-io/kurier/broker/txn"
	"github.com/kurier-io/kurier/broker/wireproto"
)

// producing is the transactional side of one Produce request; its methods are
// called by the goroutine that handles it.
type producing struct {
	s     *Server
	r     *request
	id    string
	on    bool  // the request names a transactional id
	code  int16 // that refuses the whole request
	holds []txn.Hold
}

func (s *Server) beginProduce(r *request, req *wireproto.ProduceRequest) *producing {
	p := &producing{s: s, r: r, id: req.TransactionalID, on: req.Transactional}
	if p.on {
		p.code = s.check(r, writeTxn, p.id)
	}
	return p
}

// v2 is the first version of Produce whose producers leave it to the broker to
// add partitions to their transaction (KIP-890).
const produceV2 = 12

// admit checks a batch against its transaction before it is appended. With the
// second protocol it takes the partition into the transaction, with the first
// it keeps the transaction from ending until release.
func (p *producing) admit(topic string, partition int32, batch wireproto.Batch) (commitlog.AppendOptions, error) {
	options := commitlog.AppendOptions{}
	if !batch.Transactional() {
		return options, nil
	}
	if !p.on {
		return options, &produceError{errInvalidRecord, "a transactional batch in a request without a transactional id"}
	}
	tps := []txn.TopicPartition{{Topic: topic, Partition: partition}}
	var code txn.Code
	if options.TransactionV2 = p.r.version >= produceV2; options.TransactionV2 {
		code = p.s.txns.Implicit(p.r.ctx, p.id, batch.ProducerID(), batch.ProducerEpoch(), tps)
	} else {
		var hold txn.Hold
		if hold, code = p.s.txns.Verify(p.id, batch.ProducerID(), batch.ProducerEpoch(), tps); code == txn.None {
			p.holds = append(p.holds, hold)
		}
	}
	switch {
	case code == txn.None:
		return options, nil
	case code == txn.ProducerFenced:
		code = errInvalidProducerEpoch
	case code == txn.InvalidTxnState && p.r.version >= 11:
		code = errTxnAbortable
	case (code == txn.ConcurrentTransactions || code == txn.NotAvailable) && p.r.version < produceV2:
		code = errNotEnoughReplicas // older producers retry this one
	case code == txn.NotAvailable:
		code = errCoordNotAvailable
	}
	return options, &produceError{code, fmt.Sprintf("transactional id %s: the transaction coordinator refuses the batch", p.id)}
}

// release lets the transaction end: what it verified is appended.
func (p *producing) release() {
	for _, h := range p.holds {
		h.Release()
	}
	p.holds = nil
}
