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
//	  <base>.snapshot     producer state before <base>
//	  leader-epoch-checkpoint, partition.metadata
//
// Index and snapshot files belong to sealed segments and to a clean stop. They
// carry nothing that a scan of batch headers cannot rebuild; a missing or damaged
// one is rebuilt.
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
// An extent is a batch too large to be worth writing twice: its segment was
// flushed before the frame that names it. Journal files are filled with zeroes as
// they are first used and recycled later; overwriting real blocks needs no metadata
// flush. Frames left from an earlier use have lower sequences, which is how a
// reader knows the end.
//
// The checkpoint: crc uint32 of the rest, version uint16 1, first sequence that is
// not covered uint64, count int32, then per partition topic id [16], partition
// int32, end, log start and first uncompacted offset, int64 each.
//
// A producer snapshot: version uint16 2, crc uint32 of the rest, then per producer
// id int64, epoch int16, number of batches int8 and five slots of last sequence
// int32, offset delta int32, last offset int64, timestamp int64. Kafka's version 1
// remembers one batch; this one all five, so that any retry after a crash is known.
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
// writes into one that compaction has rewritten. After a failed flush nothing is
// acknowledged any more: the state of the pages is unknown.
//
// # Locks
//
// appendMu serialises the appends of a log and is held while the journal pushes
// back; mu guards what readers see and is never held across a wait or I/O. The
// journal publishes high watermarks under mu alone. Order: cleanMu, appendMu, mu,
// journal.mu.
package commitlog
