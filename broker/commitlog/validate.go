package commitlog

import (
	"errors"
	"fmt"
	"time"

	"github.com/kurier-io/kurier/broker/wireproto"
)

// maxInflate bounds the memory that validating a compressed batch may take.
const maxInflate = 64 << 20

// RecordError is a refusal of one record of a batch.
type RecordError struct {
	Index int32
	Err   error
}

func (e *RecordError) Error() string { return fmt.Sprintf("record %d: %v", e.Index, e.Err) }

func (e *RecordError) Unwrap() error { return e.Err }

// Validate checks the records field of a Produce request as Kafka does and
// returns its one batch, which aliases records. When the topic stores another
// codec than the producer sent the batch is a re-encoded copy.
//
// Records are walked when the batch is not compressed, or when the topic is
// compacted and every record must have a key. The timestamp bounds are checked
// against the header's maximum.
func Validate(records []byte, cfg Config, version int16) (wireproto.Batch, error) {
	b, rest, err := wireproto.NextBatch(records)
	switch {
	case errors.Is(err, wireproto.ErrIncomplete) && len(records) == 0:
		return nil, fmt.Errorf("%w: no record batch", ErrInvalidRecord)
	case errors.Is(err, wireproto.ErrCorrupt) && len(records) > 16 && records[16] < 2:
		return nil, fmt.Errorf("%w: message format %d is not supported", ErrInvalidRecord, records[16])
	case err != nil:
		return nil, fmt.Errorf("%w: %w", ErrCorrupt, err)
	case len(rest) != 0:
		return nil, fmt.Errorf("%w: more than one record batch for a partition", ErrInvalidRecord)
	case int64(len(b)) > cfg.MaxMessageBytes:
		return nil, fmt.Errorf("%w: %d bytes, the limit is %d", ErrTooLarge, len(b), cfg.MaxMessageBytes)
	}
	if err := b.CheckCRC(); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrCorrupt, err)
	}
	switch {
	case b.Count() <= 0 || b.LastOffsetDelta() != b.Count()-1:
		return nil, fmt.Errorf("%w: %d records with last offset delta %d", ErrInvalidRecord, b.Count(), b.LastOffsetDelta())
	case b.Control():
		return nil, fmt.Errorf("%w: clients may not write control records", ErrInvalidRecord)
	case b.Transactional() && b.ProducerID() < 0:
		return nil, fmt.Errorf("%w: transactional records without a producer id", ErrInvalidRecord)
	case b.ProducerID() >= 0 && (b.BaseSequence() < 0 || b.ProducerEpoch() < 0):
		return nil, fmt.Errorf("%w: producer id without epoch or sequence", ErrInvalidRecord)
	case b.Codec() > wireproto.CodecZstd:
		return nil, fmt.Errorf("%w: codec %d", ErrUnsupportedCodec, b.Codec())
	case b.Codec() == wireproto.CodecZstd && version < 7:
		return nil, fmt.Errorf("%w: zstd needs produce version 7", ErrUnsupportedCodec)
	}
	if !cfg.LogAppendTime {
		if err := checkTimestamps(b, cfg); err != nil {
			return nil, err
		}
	}
	recode := cfg.Codec >= 0 && cfg.Codec != b.Codec()
	if b.Codec() != wireproto.CodecNone && !cfg.Compact && !recode {
		return b, nil
	}
	payload, err := wireproto.Decompress(b.Codec(), b.Payload(), maxInflate)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrCorrupt, err)
	}
	if err := checkRecords(payload, b.Count(), cfg.Compact); err != nil {
		return nil, err
	}
	if !recode {
		return b, nil
	}
	return reencode(b, payload, cfg.Codec)
}

func checkTimestamps(b wireproto.Batch, cfg Config) error {
	now, ts := time.Now().UnixMilli(), b.MaxTimestamp()
	if ts > now && ts-now > cfg.TimestampAfterMax {
		return fmt.Errorf("%w: newest timestamp %d is more than message.timestamp.after.max.ms=%d ahead of the broker's clock", ErrTimestamp, ts, cfg.TimestampAfterMax)
	}
	if ts >= 0 && now > ts && now-ts > cfg.TimestampBeforeMax {
		return fmt.Errorf("%w: newest timestamp %d is more than message.timestamp.before.max.ms=%d behind the broker's clock", ErrTimestamp, ts, cfg.TimestampBeforeMax)
	}
	return nil
}

func checkRecords(payload []byte, count int32, keys bool) error {
	i := int32(0)
	err := wireproto.EachRecord(payload, count, func(r wireproto.Record) error {
		if r.OffsetDelta != i {
			return &RecordError{i, fmt.Errorf("%w: offset delta %d", ErrInvalidRecord, r.OffsetDelta)}
		}
		if keys && r.Key == nil {
			return &RecordError{i, fmt.Errorf("%w: a compacted topic needs a key in every record", ErrInvalidRecord)}
		}
		i++
		return nil
	})
	if errors.Is(err, wireproto.ErrCorrupt) {
		return fmt.Errorf("%w: %w", ErrCorrupt, err)
	}
	return err
}

func reencode(b wireproto.Batch, payload []byte, codec int) (wireproto.Batch, error) {
	packed, err := wireproto.Compress(codec, payload)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrStorage, err)
	}
	info := b.Info()
	info.Attributes = info.Attributes&^wireproto.AttrCodecMask | int16(codec)
	out := make(wireproto.Batch, wireproto.HeaderSize, wireproto.HeaderSize+len(packed))
	out = append(out, packed...)
	wireproto.FinishBatch(out, info)
	return out, nil
}
