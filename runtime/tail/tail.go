// Package tail shows the records of a topic as they arrive: decoded, with key, offset and latency.
package tail

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"
	"unicode/utf8"

	"github.com/twmb/franz-go/pkg/kgo"
)

// Config says what to show.
type Config struct {
	Brokers []string
	Topic   string
	FromEnd bool // only records that arrive from now on
	Max     int  // stop after so many; 0: never
	// Timeout ends it with an error when no record came for so long; 0: never.
	Timeout time.Duration
	JSON    bool // one JSON object a line instead of columns
	Now     func() time.Time
}

// A line is one record, as -o json prints it.
type line struct {
	Partition int32           `json:"partition"`
	Offset    int64           `json:"offset"`
	LatencyMs int64           `json:"latency_ms"` // from the record's timestamp to its arrival here
	Key       json.RawMessage `json:"key"`
	Value     json.RawMessage `json:"value"`
}

// Run writes records to w until ctx is done (nil), Max is reached (nil), or something fails.
func Run(ctx context.Context, cfg Config, w io.Writer) error {
	start := kgo.NewOffset().AtStart()
	if cfg.FromEnd {
		start = kgo.NewOffset().AtEnd()
	}
	cl, err := kgo.NewClient(kgo.SeedBrokers(cfg.Brokers...), kgo.ConsumeTopics(cfg.Topic), kgo.ConsumeResetOffset(start), kgo.FetchMaxWait(250*time.Millisecond))
	if err != nil {
		return err
	}
	defer cl.Close()
	if !cfg.JSON {
		fmt.Fprintf(w, "   %-9s %8s %10s  %-14s %s\n", "PARTITION", "OFFSET", "LATENCY", "KEY", "VALUE")
	}
	for shown := 0; ; {
		f, err := poll(ctx, cl, cfg.Timeout)
		if err != nil || ctx.Err() != nil {
			return err
		}
		for iter := f.RecordIter(); !iter.Done(); {
			if err := show(w, cfg, iter.Next()); err != nil {
				return err
			}
			if shown++; cfg.Max > 0 && shown >= cfg.Max {
				return nil
			}
		}
	}
}

func poll(ctx context.Context, cl *kgo.Client, patience time.Duration) (kgo.Fetches, error) {
	waiting := ctx
	if patience > 0 {
		var cancel context.CancelFunc
		waiting, cancel = context.WithTimeout(ctx, patience)
		defer cancel()
	}
	f := cl.PollFetches(waiting)
	if ctx.Err() != nil {
		return f, nil
	}
	if err := f.Err0(); errors.Is(err, context.DeadlineExceeded) {
		return f, fmt.Errorf("no record came for %s", patience)
	}
	for _, e := range f.Errors() {
		return f, fmt.Errorf("topic %s partition %d: %w", e.Topic, e.Partition, e.Err)
	}
	return f, nil
}

const widest = 110

func show(w io.Writer, cfg Config, r *kgo.Record) error {
	l := line{
		Partition: r.Partition, Offset: r.Offset, LatencyMs: cfg.Now().Sub(r.Timestamp).Milliseconds(), Key: decoded(r.Key), Value: decoded(r.Value),
	}
	if cfg.JSON {
		return json.NewEncoder(w).Encode(l)
	}
	_, err := fmt.Fprintf(w, "   %-9d %8d %7d ms  %-14s %s\n", l.Partition, l.Offset, l.LatencyMs, l.Key, short(string(l.Value)))
	return err
}

func short(s string) string {
	if len(s) <= widest {
		return s
	}
	cut := widest
	for !utf8.RuneStart(s[cut]) {
		cut--
	}
	return s[:cut] + "…"
}

// decoded gives the payload of a JsonConverter envelope, other JSON as it is, and anything else as a string.
func decoded(b []byte) json.RawMessage {
	if b == nil {
		return json.RawMessage("null")
	}
	if !json.Valid(b) {
		s, err := json.Marshal(string(b))
		if err != nil {
			return json.RawMessage(`"?"`)
		}
		return s
	}
	var env struct {
		Schema  *json.RawMessage `json:"schema"`
		Payload *json.RawMessage `json:"payload"`
	}
	if json.Unmarshal(b, &env) == nil && env.Schema != nil && env.Payload != nil {
		return *env.Payload
	}
	return b
}
