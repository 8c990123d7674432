package commitlog

import (
	"errors"
	"log/slog"
	"time"

	"github.com/kurier-io/kurier/broker/vfs"
)

// Durability says when an append counts as durable.
type Durability string

const (
	// Fsync acknowledges after a group commit of the journal was flushed to the
	// device. Consumers see only what is durable.
	Fsync Durability = "fsync"
	// Interval acknowledges after the write to the page cache and flushes the
	// journal every Options.FlushInterval.
	Interval Durability = "interval"
	// OS leaves flushing to the operating system, as Kafka does by default:
	// survives a crash of the process, not of the machine.
	OS Durability = "os"
)

// Options configures a Store. Zero values take the default in brackets.
type Options struct {
	FS              vfs.FS
	Durability      Durability    // [Fsync]
	FlushInterval   time.Duration // of Interval durability [100 ms]
	CheckpointEvery time.Duration // [60 s]
	CheckpointBytes int64         // of journal since the last checkpoint [64 MiB]
	JournalBytes    int64         // of one journal file [16 MiB]
	BypassBytes     int           // of a partition in one commit, from which on they are flushed in place, not journaled [256 KiB]
	Logger          *slog.Logger  // [discard]
	// Reserve is the free space below which appends are refused with ErrDiskFull;
	// negative turns the check off [512 MiB, at most 2 % of the device].
	Reserve int64
	// OnFlush is told after each flush of the journal how long it took and how
	// many bytes it wrote. The flusher calls it and waits for it.
	OnFlush func(d time.Duration, bytes int)
	// Progress is told during recovery, at most four times a second and once at
	// its end, how many bytes of the journal and the logs were scanned, and of how
	// many. Total may grow. The goroutine of Open calls it.
	Progress func(done, total int64)
}

func (o Options) withDefaults() Options {
	def := func(v *int64, d int64) {
		if *v <= 0 {
			*v = d
		}
	}
	if o.Durability == "" {
		o.Durability = Fsync
	}
	if o.FlushInterval <= 0 {
		o.FlushInterval = 100 * time.Millisecond
	}
	if o.CheckpointEvery <= 0 {
		o.CheckpointEvery = time.Minute
	}
	def(&o.CheckpointBytes, 64<<20)
	def(&o.JournalBytes, 16<<20)
	if o.BypassBytes <= 0 {
		o.BypassBytes = 256 << 10
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return o
}

// Config is the part of a topic's configuration that the log acts on. Times
// are milliseconds, -1 means no limit; the fields carry the names of the
// topic configs.
type Config struct {
	SegmentBytes           int64
	SegmentMillis          int64
	SegmentJitterMillis    int64
	FlushMessages          int64 // 1 makes each append durable in every mode; other values leave it to the journal
	IndexIntervalBytes     int64
	RetentionMillis        int64
	RetentionBytes         int64
	Delete, Compact        bool
	DeleteRetentionMillis  int64
	MinCompactionLagMillis int64
	MaxCompactionLagMillis int64
	MinCleanableRatio      float64
	MaxMessageBytes        int64
	LogAppendTime          bool
	TimestampBeforeMax     int64
	TimestampAfterMax      int64
	Codec                  int // codec to store with, -1 as produced
}

// DefaultConfig is Kafka's default, with a smaller segment.
func DefaultConfig() Config {
	const day = 24 * 60 * 60 * 1000
	return Config{
		SegmentBytes: 128 << 20, SegmentMillis: 7 * day, FlushMessages: 1<<63 - 1, IndexIntervalBytes: 4096,
		RetentionMillis: 7 * day, RetentionBytes: -1, Delete: true, DeleteRetentionMillis: day,
		MaxCompactionLagMillis: 1<<63 - 1, MinCleanableRatio: 0.5, MaxMessageBytes: 1048588,
		TimestampBeforeMax: 1<<63 - 1, TimestampAfterMax: 3600000, Codec: -1,
	}
}

// ID names a partition of one incarnation of a topic.
type ID struct {
	Topic     [16]byte
	Partition int32
}

// Spec is a partition that the store must have.
type Spec struct {
	ID
	Name   string // of the topic
	Config Config
}

// The refusals of Append and Read. The server maps them to protocol errors.
var (
	ErrOffsetOutOfRange   = errors.New("commitlog: offset out of range")
	ErrOutOfOrderSequence = errors.New("commitlog: out of order sequence number")
	ErrProducerEpoch      = errors.New("commitlog: producer epoch is older than the current one")
	ErrTxnState           = errors.New("commitlog: invalid transaction state")
	ErrCoordinatorEpoch   = errors.New("commitlog: transaction coordinator is fenced")
	ErrTooLarge           = errors.New("commitlog: batch exceeds max.message.bytes")
	ErrSegmentTooSmall    = errors.New("commitlog: batch exceeds segment.bytes")
	ErrCorrupt            = errors.New("commitlog: corrupt batch")
	ErrInvalidRecord      = errors.New("commitlog: invalid record")
	ErrTimestamp          = errors.New("commitlog: timestamp out of range")
	ErrUnsupportedCodec   = errors.New("commitlog: unsupported compression type")
	ErrStorage            = errors.New("commitlog: storage failure")
	// ErrDiskFull comes with ErrStorage. It passes by itself when there is space.
	ErrDiskFull = errors.New("commitlog: disk full")
	ErrDeleted  = errors.New("commitlog: partition deleted")
	ErrClosed   = errors.New("commitlog: closed")
)
