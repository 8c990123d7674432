package txn

import (
	"cmp"
	"maps"
	"math"
	"slices"
	"strings"
)

// Code is a Kafka error code.
type Code = int16

// The error codes that the coordinator answers with. In a Produce answer the
// server translates ProducerFenced to 47 INVALID_PRODUCER_EPOCH, InvalidTxnState
// to 48 or 120 by version, and ConcurrentTransactions and NotAvailable to a code
// that the client's version retries.
const (
	None                      Code = 0
	NotAvailable              Code = 15 // storage failed; the client retries
	InvalidRequest            Code = 42
	PolicyViolation           Code = 44 // too many transactional ids
	InvalidTxnState           Code = 48
	InvalidProducerIDMapping  Code = 49
	InvalidTransactionTimeout Code = 50
	ConcurrentTransactions    Code = 51 // another change is in progress; the client retries
	ProducerFenced            Code = 90
	TransactionalIDNotFound   Code = 105
	InvalidRegularExpression  Code = 128
)

// State is the state of a transactional id, numbered as in its record.
type State int8

// The states of a transactional id.
const (
	Empty State = iota
	Ongoing
	PrepareCommit
	PrepareAbort
	CompleteCommit
	CompleteAbort
	Dead
	PrepareEpochFence
)

var stateNames = [...]string{"Empty", "Ongoing", "PrepareCommit", "PrepareAbort", "CompleteCommit", "CompleteAbort", "Dead", "PrepareEpochFence"}

// String is Kafka's name of the state.
func (s State) String() string {
	if s < 0 || int(s) >= len(stateNames) {
		return "Unknown"
	}
	return stateNames[s]
}

func (s State) preparing() bool { return s == PrepareCommit || s == PrepareAbort }
func (s State) idle() bool      { return s == Empty || s == CompleteCommit || s == CompleteAbort }

// The versions of the transaction protocol that a client may use (feature
// transaction.version).
const (
	tv1 int16 = 0 // Kafka records 0 for any client without TV2
	tv2 int16 = 2
)

const (
	noProducer = int64(-1)
	noEpoch    = int16(-1)
	lastUsable = int16(math.MaxInt16 - 1) // the highest epoch that a client gets
)

// TopicPartition names a partition.
type TopicPartition struct {
	Topic     string
	Partition int32
}

func compare(a, b TopicPartition) int {
	return cmp.Or(strings.Compare(a.Topic, b.Topic), cmp.Compare(a.Partition, b.Partition))
}

// partitions is a set that is never changed once it is shared.
type partitions map[TopicPartition]struct{}

func (p partitions) has(tps []TopicPartition) bool {
	for i := range tps {
		if _, ok := p[tps[i]]; !ok {
			return false
		}
	}
	return true
}

func (p partitions) with(tps []TopicPartition) partitions {
	next := make(partitions, len(p)+len(tps))
	maps.Copy(next, p)
	for _, tp := range tps {
		next[tp] = struct{}{}
	}
	return next
}

func (p partitions) sorted() []TopicPartition {
	return slices.SortedFunc(maps.Keys(p), compare)
}

// metadata is what is stored of a transactional id, and lastEpoch, which Kafka's
// record has no room for. It is a value: transitions make a new one. Times are
// Unix milliseconds, -1 if there is none.
type metadata struct {
	state         State
	producerID    int64
	prev          int64 // producer id before the last transition
	next          int64 // producer id after the transaction, when epochs ran out
	epoch         int16
	lastEpoch     int16 // whose owner may repeat its last InitProducerID
	timeout       int32 // in milliseconds
	clientVersion int16
	partitions    partitions
	start         int64
	updated       int64
}

// fresh reports an id that was never given a producer id.
func (m *metadata) fresh() bool { return m.producerID < 0 }

// fencedLast reports the epoch that only fencing reaches.
func (m *metadata) fencedLast() bool { return m.epoch > lastUsable && m.next < 0 }
