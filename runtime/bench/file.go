package bench

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"sync/atomic"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

const (
	fileAim   = 300_000 // lines a second
	lineBytes = 100     // with the line's end
	fileTimes = 2       // lines for each row of the table
)

// file measures lines on their way into a topic against a bare producer of the same lines to the same broker.
func (r *runner) file(ctx context.Context) error {
	lines := r.cfg.Rows * fileTimes
	l := Line{
		Part: File, What: "file to topic, StringConverter", Unit: "lines/s", Direction: Higher, Yardstick: "bare franz-go producer, same broker over TCP", Aim: Aim{AtLeast: fileAim},
	}
	path := r.path("lines.txt")
	if err := writeLines(path, lines); err != nil {
		return err
	}
	s, err := r.newStand(ctx)
	if err != nil {
		return err
	}
	return s.close(File, func() error {
		for n := range r.cfg.Rounds {
			r.show.begin("file yardstick, round %d", n+1)
			topic := r.unique("bare")
			if err := s.topic(ctx, topic); err != nil {
				return err
			}
			base, err := rate(lines, func() error { return s.produceLines(ctx, path, topic) })
			if err != nil {
				return err
			}
			if err := s.drop(ctx, topic); err != nil {
				return err
			}
			r.show.begin("file, round %d", n+1)
			topic = r.unique("file")
			if err := s.topic(ctx, topic); err != nil {
				return err
			}
			const text = "org.apache.kafka.connect.storage.StringConverter"
			f, err := s.run(ctx, topic, map[string]string{
				"connector.class": "FileStreamSource", "file": path, "topic": topic, "key.converter": text, "value.converter": text,
			}, lines, func(ctx context.Context) (int, error) { return s.records(ctx, topic) })
			if err != nil {
				return err
			}
			if err := s.drop(ctx, topic); err != nil {
				return err
			}
			l.Measured, l.Baseline = append(l.Measured, f.rate(lines)), append(l.Baseline, base)
		}
		r.add(l)
		return nil
	}())
}

func writeLines(path string, n int) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	w := bufio.NewWriterSize(f, 1<<20)
	for i := range n {
		line := fmt.Appendf(w.AvailableBuffer(), "line %9d ", i)
		for len(line) < lineBytes-1 {
			line = append(line, 'a'+byte(len(line)%26))
		}
		if _, err := w.Write(append(line, '\n')); err != nil {
			return errors.Join(err, f.Close())
		}
	}
	return errors.Join(w.Flush(), f.Close())
}

// produceLines is the yardstick: a loop around the client library, with the batches of the worker's producer.
func (s *stand) produceLines(ctx context.Context, path, topic string) error {
	client, err := kgo.NewClient(kgo.SeedBrokers(s.kafka), kgo.DefaultProduceTopic(topic), kgo.ProducerBatchMaxBytes(1<<20),
		kgo.ProducerLinger(5*time.Millisecond), kgo.MaxBufferedBytes(32<<20), kgo.MaxBufferedRecords(1<<30), kgo.ProducerBatchCompression(kgo.NoCompression()))
	if err != nil {
		return err
	}
	defer client.Close()
	content, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	var failed atomic.Pointer[error]
	promise := func(_ *kgo.Record, err error) {
		if err != nil {
			failed.CompareAndSwap(nil, &err)
		}
	}
	var records []kgo.Record
	for line := range bytes.Lines(content) {
		if len(records) == 0 {
			records = make([]kgo.Record, 1024)
		}
		records[0].Value = line[:len(line)-1]
		client.Produce(ctx, &records[0], promise)
		records = records[1:]
	}
	if err := client.Flush(ctx); err != nil {
		return err
	}
	if e := failed.Load(); e != nil {
		return *e
	}
	return nil
}
