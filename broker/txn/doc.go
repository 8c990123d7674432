// Package txn is the coordinator of transactions (KIP-98, KIP-360, KIP-447) in
// both protocols of KIP-890: TV1, where clients add partitions by request and
// keep their epoch, and TV2, where producing adds them and every transaction
// ends with a new epoch.
//
// Machine decides: it is the pure state of one transactional id that takes
// requests and the time and returns steps. Coordinator is the shell around it:
// it writes steps through Storage in the record format of Kafka's
// __transaction_state and markers through Markers.
//
// # States
//
//	Empty ──────────┐              ┌─► PrepareCommit ─► CompleteCommit ─┐
//	  ▲             ├─► Ongoing ───┤                                    ├─► (Ongoing, Empty)
//	  │ Init        │              └─► PrepareAbort  ─► CompleteAbort ──┘
//	Complete* ──────┘                       ▲
//	Empty, Complete* ── TV2 abort of nothing┘
//
// An id that was idle for the expiration time is Dead: its record becomes a
// tombstone. PrepareEpochFence, which Kafka passes through on the way from
// Ongoing to PrepareAbort when it fences, is one step with PrepareAbort here; a
// record that carries it is read as PrepareAbort.
//
// Fencing (a new InitProducerID, or the timeout) bumps the epoch by two. The
// markers carry the new epoch, so appends of the old producer are refused from
// then on; and as TV2 takes an EndTxn with the epoch before the current one for
// a retry, a bump by one would let the fenced producer back in. Epochs stop at
// 32766; 32767 is kept for fencing and never given to a client.
//
// # The end of a transaction
//
//  1. Prepare* is durable. This is the decision.
//  2. A marker is durable in every partition of the transaction.
//  3. Complete* is appended, and the client is answered.
//
// # Why a crash tears nothing
//
// Every partition is durably in the transaction before data can be appended
// to it, so a reloaded Ongoing or Prepare* record names every partition that may
// hold data, and a transaction unknown to the coordinator cannot be open
// anywhere. No marker is written before its decision is durable, and from
// Prepare* only the one Complete* of the same result can follow, so all markers
// of a transaction say the same. A crash after step 1 leaves Prepare*, which
// Resume drives through steps 2 and 3; markers are idempotent, and no new
// transaction of the id can have begun, as Prepare* answers everything with
// ConcurrentTransactions. A crash before step 1 leaves Ongoing, which the client
// ends or the timeout aborts.
//
// Step 3 is not waited for. Records of one id become durable in the order in
// which they were appended, so if Complete* is lost then so is everything after
// it: no later transaction can have begun, since beginning one waits for a
// later record. Complete* follows from Prepare* alone, including the producer id
// and epoch that the client was given, so Resume arrives at the same answer.
//
// A failed Append may have reached the disk or not. Memory keeps the state
// before it; whatever is appended next decides, and if nothing is, either
// outcome is one of which the client knows only that it failed.
//
// TV1 keeps the epoch, so a late append could pass Verify, wait, and land behind
// the marker, open for ever. Verify therefore returns a Hold: until it is
// released no transaction of the id ends.
//
// # Locks
//
// shell.mu guards the machine of one id and is never held over I/O; a step that
// is being written is pending in the machine and keeps others out. shard.mu
// guards the map from ids to shells and may be taken while shell.mu is held,
// never the other way round. shell.appends is taken before shell.mu. The hot path
// of Implicit takes shard.mu for reading and otherwise reads one atomic pointer.
package txn
