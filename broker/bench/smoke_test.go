package main

import (
	"context"
	"errors"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/kurier-io/kurier/broker"
)

// TestClients runs the clients against a broker, over both transports, and compares what they read with what they wrote.
func TestClients(t *testing.T) {
	in, err := openInside(t.TempDir(), broker.DurabilityFsync)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := in.close(); err != nil {
			t.Error(err)
		}
	}()
	const partitions, requests, perBatch = 4, 40, 10
	batch := batchOf(perBatch, 100)
	for name, dial := range in.transports() {
		t.Run(name, func(t *testing.T) {
			f, topic := franz{in.Addr(), dial}, strings.ReplaceAll(name, " ", "-")
			if err := f.create(t.Context(), topic, partitions); err != nil {
				t.Fatal(err)
			}
			w, err := connect(t.Context(), dial, in.Addr())
			if err != nil {
				t.Fatal(err)
			}
			defer w.close()
			acked, err := w.pump(produceFrames(topic, partitions, batch), 7, func(sent int) bool { return sent == requests })
			if err != nil || acked != requests {
				t.Fatalf("%d requests acknowledged, %v", acked, err)
			}
			if n, err := w.drain(topic, partitions, requests/partitions*perBatch); err != nil || n != int64(requests*len(batch)) {
				t.Errorf("%d bytes read of %d, %v", n, requests*len(batch), err)
			}
			wrote, took, err := f.produce(t.Context(), topic, 100, time.Minute, 100_000)
			if err != nil || wrote < 1000 || took <= 0 {
				t.Fatalf("%d records written in %v, %v", wrote, took, err)
			}
			if _, err := f.consume(t.Context(), topic, requests*perBatch+wrote); err != nil {
				t.Error(err)
			}
		})
	}
	if n, err := in.flushes(); err != nil || n == 0 {
		t.Errorf("%d flushes, %v", n, err)
	}
	if err := answers(t.Context(), in.Addr(), 1); err != nil {
		t.Error(err)
	}
	if err := answers(t.Context(), in.Addr(), 2); err == nil || !strings.Contains(err.Error(), "node 1 answers") {
		t.Errorf("another node's answer is taken: %v", err)
	}
}

// TestRefused is about a topic that is not there: nothing may count as acknowledged.
func TestRefused(t *testing.T) {
	in, err := openInside(t.TempDir(), broker.DurabilityOS)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := in.close(); err != nil {
			t.Error(err)
		}
	}()
	w, err := connect(t.Context(), in.Dial, in.Addr())
	if err != nil {
		t.Fatal(err)
	}
	defer w.close()
	if n, err := w.pump(produceFrames("missing", 1, batchOf(1, 10)), 2, func(int) bool { return false }); n != 0 || err == nil {
		t.Errorf("%d requests acknowledged, %v", n, err)
	}
}

// TestInterrupted leaves no file behind.
func TestInterrupted(t *testing.T) {
	stop := errors.New("interrupted")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(stop)
	dir := t.TempDir()
	_, err := measure(ctx, config{binary: "/nonexistent", parent: dir, only: []string{"machine", "scaling"}, rounds: 1, gb: 1, progress: io.Discard})
	if !errors.Is(err, stop) {
		t.Errorf("%v", err)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

// TestFailedMeasurement goes on with the others and says so in the end.
func TestFailedMeasurement(t *testing.T) {
	rep, err := measure(t.Context(), config{binary: "/nonexistent", parent: t.TempDir(), only: []string{"scaling"}, rounds: 1, gb: 1, progress: io.Discard})
	if err != nil || len(rep.Failed) != 2 || !strings.Contains(rep.Failed[0], "/nonexistent") {
		t.Errorf("%+v, %v", rep, err)
	}
}

// TestWithoutKafka leaves that part out and says why.
func TestWithoutKafka(t *testing.T) {
	rep, err := measure(t.Context(), config{lib: t.TempDir(), parent: t.TempDir(), only: []string{"kafka"}, rounds: 1, gb: 1, progress: io.Discard})
	if err != nil || len(rep.Failed) != 0 || len(rep.Lines) != 1 || rep.Lines[0].Skipped == "" {
		t.Errorf("%+v, %v", rep, err)
	}
}
