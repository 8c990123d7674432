// Package commitlog stores partitions: Kafka-layout segments for reading, and one
// journal that makes appends of all partitions durable with a single flush.
//
// # Files
//
//	checkpoint            what is flushed, see below
//	clean-stop            the journal sequence of a clean stop; removed at the start
//	journal/<seq>.wal     frames, named by the first sequence in the file
//	journal/spare-<n>     journal files to be used again
//	<topic>-<partition>/  as in Kafka:
//	  <base>.log          record batches, format 2, with offset and leader epoch patched in
//	  <base>.index        8 bytes an entry: relative offset of the last record, position
//	  <base>.timeindex    12 bytes an entry: timestamp, relative offset
//	  <base>.txnindex     34 bytes an aborted transaction whose marker is in the
//	                      segment: version int16 0, producer id, first offset, offset of
//	                      the marker, first offset undecided after it; empty if none
//	  leader-epoch-checkpoint, partition.metadata
//	and of our own:
//	  <base>.producers    producer state before <base>
//	  <base>-<end>.cleaned, .swap    a compaction that is running, or to be finished
//
// Index and producers files belong to sealed segments and to a clean stop. They
// carry nothing that a scan of batch headers, and of control batches, cannot rebuild
// before retention and compaction have taken batches; a missing or damaged one is
// rebuilt. Indexes of the active segment, and the aborted transactions of all
// segments, are in memory.
//
// A journal frame starts on a multiple of 4096 bytes. All integers are big-endian:
//
//	magic     uint32  0x4b4a4631
//	crc       uint32  CRC-32C of everything after it
//	seq       uint64  previous + 1
//	length    uint32  of the entries
//	count     uint32  of the entries
//	entries:  kind uint8 (1 data, 2 extent), topic id [16], partition int32,
//	          base offset int64, segment base int64, position int64, length uint32,
//	          then the batch (data) or the checksum of the batch (extent)
//
// An extent is a batch not worth writing twice, because it, or what its partition has
// in the frame, is large: its segment was flushed before the frame that names it. Journal files are filled with zeroes as
// they are first used and recycled later; overwriting real blocks needs no metadata
// flush. Frames left from an earlier use have lower sequences, which is how a
// reader knows the end.
//
// The checkpoint: crc uint32 of the rest, version uint16 1, first sequence that is
// not covered uint64, count int32, then per partition topic id [16], partition
// int32, end, log start and first uncompacted offset, int64 each.
//
// A producers file: version uint16 3, crc uint32 of the rest, then per producer, by
// id: id int64, epoch int16, coordinator epoch int32 (-1 none), first offset of the
// open transaction int64 (-1 none), timestamp of the last batch int64, time of the last
// append int64, number of batches int8 and five slots of last sequence int32, offset
// delta int32, last offset int64, timestamp int64. Kafka's .snapshot remembers one
// batch; this file all five, so that any retry after a crash is known, and has a name
// of its own because Kafka's tools read those. Version 2 of ours had that name;
// it is removed.
//
// # Why an acknowledged append survives
//
// An append is written to its segment (page cache), then queued for the journal. With
// fsync durability it is acknowledged, and becomes visible, when the frame that
// holds it was flushed. A checkpoint notes the journal sequence, flushes all segments
// written since the last one, and then replaces the checkpoint file; every entry of
// an earlier frame was in its segment before, so the journal up to that sequence is
// not needed any more. After a crash the frames from the checkpoint's sequence on
// are written back to the positions they name, and the rest of each segment is
// scanned: whole batches that continue the offsets are kept (acks=1 may have
// promised them), anything else is cut. A frame that is missing in the middle, or an
// extent that is not where it was flushed, is reported as CorruptError, never skipped.
//
// Segments are deleted or replaced only below the checkpoint, so replay never
// writes into one that compaction has rewritten, and only when the producers file
// behind them was flushed: it then is the only one to know what their batches said.
// A deleted file is gone at once (file.delete.delay.ms is not needed): a reader that
// has it open finishes its read, one that comes later looks the offset up again.
//
// # Transactions
//
// The last stable offset is the first offset of the oldest transaction that is open,
// or whose marker is not below the high watermark; without one it is the high
// watermark. A producers file keeps what was open at its offset, so replaying the
// batches after it gives what is open at the end, and the entries of transaction
// indexes that are missing. A transaction that is open in a file of which no record is
// left before it is taken as decided: compaction removes records before their marker.
//
// Compaction ends at the last stable offset. It drops the records of aborted
// transactions at once. A marker gets a delete horizon (attribute bit 6, base
// timestamp) from the first cleaning that finds no batch of its transaction, and goes
// in the first one after that time, its index entry with it; an entry without marker
// would hide later records of its producer. The last batch of each producer, of the
// cleaned part, and the marker that set a producer's epoch when nothing followed stay,
// the batches without records if need be.
//
// # Failures
//
// After a failed flush nothing is acknowledged any more: the state of the pages is
// unknown. A write that failed changes nothing: the segment is cut back, the offset is
// not used, the producer's state stays. A journal frame is the exception, because its
// records have offsets that acks=1 may have told: when there is no space it is
// written again until there is, and no other append is let in meanwhile. Below
// Options.Reserve of free space appends are refused before that, markers and records
// with UseReserve excepted; reading, deleting, retention and checkpoints go on.
//
// # Locks
//
// appendMu serialises the appends of a log and is held while the journal pushes
// back; mu guards what readers see and is never held across a wait or I/O. The
// journal publishes high watermarks under mu alone. Order: cleanMu, appendMu, mu,
// journal.mu.
package commitlog
