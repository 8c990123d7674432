package kafka

import (
	"errors"
	"math"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// Producer defaults. Where Java's value is only a default we choose our own: kgo's batch limit is a maximum and not, as
// batch.size in Java, a size to allocate and wait for, so 16384 bytes would cut every busy partition into tiny batches.
// A megabyte with a short linger lets batches grow under load and costs an idle task at most the linger. A batch.size
// that somebody wrote is honoured, but never below what a single record of max.request.size needs.
const (
	defaultBatchBytes = 1 << 20
	defaultLinger     = 5 * time.Millisecond
	defaultBuffer     = 32 << 20
)

// ProducerOptions maps producer properties. Retries and delivery are unlimited unless delivery.timeout.ms says
// otherwise. Idempotence stays on unless it was switched off explicitly, because it alone keeps the order through
// retries with more than one request in flight.
func ProducerOptions(p Properties, dial Dialer) ([]kgo.Opt, error) {
	r := &reader{props: p}
	opts := common(r, dial)
	idempotent := r.bool("enable.idempotence", true)
	switch acks := r.str("acks", "all"); acks {
	case "all", "-1":
		opts = append(opts, kgo.RequiredAcks(kgo.AllISRAcks()))
	case "1", "0":
		if idempotent && r.has("enable.idempotence") {
			r.fail("acks", "%s contradicts enable.idempotence=true: use all", acks)
		}
		idempotent = false
		if acks == "1" {
			opts = append(opts, kgo.RequiredAcks(kgo.LeaderAck()))
		} else {
			opts = append(opts, kgo.RequiredAcks(kgo.NoAck()))
		}
	default:
		r.fail("acks", "%q: want all, -1, 1 or 0", acks)
	}
	if !idempotent {
		opts = append(opts, kgo.DisableIdempotentWrite(),
			kgo.MaxProduceRequestsInflightPerBroker(int(r.int("max.in.flight.requests.per.connection", 1, 1, math.MaxInt32))))
	}
	// max.request.size bounds a record, and so also the least batch that must be possible.
	batch := r.int("batch.size", defaultBatchBytes, 0, math.MaxInt32)
	if limit := r.int("max.request.size", defaultBatchBytes, 1, 1<<30); !r.has("batch.size") || batch < limit {
		batch = limit
	}
	opts = append(opts,
		kgo.ProducerBatchMaxBytes(bounded32(max(batch, 1024))),
		kgo.ProducerLinger(min(r.millis("linger.ms", defaultLinger), time.Minute)),
		kgo.MaxBufferedBytes(int(r.int("buffer.memory", defaultBuffer, 1, math.MaxInt64))),
		kgo.MaxBufferedRecords(math.MaxInt32), // bytes bound the buffer, not counts
		kgo.RecordPartitioner(kgo.UniformBytesPartitioner(64<<10, true, true, nil)),
	)
	if batch > 100<<20 {
		opts = append(opts, kgo.BrokerMaxWriteBytes(bounded32(batch+1<<20)))
	}
	if r.has("partitioner.class") {
		r.fail("partitioner.class", "names a Java class, which cannot run here: remove it")
	}
	switch codec := r.str("compression.type", "none"); codec {
	case "none":
		opts = append(opts, kgo.ProducerBatchCompression(kgo.NoCompression()))
	case "gzip":
		opts = append(opts, kgo.ProducerBatchCompression(kgo.GzipCompression()))
	case "snappy":
		opts = append(opts, kgo.ProducerBatchCompression(kgo.SnappyCompression()))
	case "lz4":
		opts = append(opts, kgo.ProducerBatchCompression(kgo.Lz4Compression()))
	case "zstd":
		opts = append(opts, kgo.ProducerBatchCompression(kgo.ZstdCompression()))
	default:
		r.fail("compression.type", "%q: want none, gzip, snappy, lz4 or zstd", codec)
	}
	if d := r.int("delivery.timeout.ms", math.MaxInt32, 0, math.MaxInt64); d < math.MaxInt32 {
		opts = append(opts, kgo.RecordDeliveryTimeout(max(time.Duration(d)*time.Millisecond, time.Second)))
	}
	if r.has("retries") {
		if n := r.int("retries", math.MaxInt32, 0, math.MaxInt32); n < math.MaxInt32 {
			opts = append(opts, kgo.RecordRetries(int(n)))
		}
	}
	if r.has("transactional.id") {
		r.fail("transactional.id", "is set by the worker where exactly-once is enabled: remove it")
	}
	return opts, errors.Join(r.errs...)
}
