package worker

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/kurier-io/kurier/plugins/connect"
	"github.com/kurier-io/kurier/plugins/data"
	"github.com/kurier-io/kurier/plugins/host"
	"github.com/kurier-io/kurier/plugins/wire"
	"github.com/kurier-io/kurier/runtime/store"
	"github.com/kurier-io/kurier/runtime/supervise"
	"github.com/kurier-io/kurier/runtime/tolerance"
)

// A sourceLoop moves records from a source task into topics, at least once.
type sourceLoop struct {
	t      *task
	p      *parts
	src    *host.SourceTask
	client *kgo.Client
	admin  *topicCreator // nil: the broker creates topics by itself
	sent   *submitted
	batch  int // number of the batch being handed over

	// producing ends with the producer's first failure as its cause, or with the task.
	producing context.Context
	fail      context.CancelCauseFunc
}

// closeGrace bounds what is done for a task that failed or was stopped, beyond the flush of its records.
const closeGrace = 5 * time.Second

func (t *task) runSource(p *parts, record *supervise.Record) error {
	opts, err := t.w.Clients.SourceProducer(t.start.ID.Connector, t.start.ID.Task, p.overrides("producer.override."))
	if err != nil {
		return err
	}
	client, err := kgo.NewClient(append(opts,
		kgo.RecordPartitioner(explicitPartitioner{kgo.UniformBytesPartitioner(64<<10, true, true, nil)}),
		kgo.AllowAutoTopicCreation(),
	)...)
	if err != nil {
		return fmt.Errorf("producer: %w", err)
	}
	defer client.Close()
	l := &sourceLoop{t: t, p: p, client: client, sent: newSubmitted()}
	l.producing, l.fail = context.WithCancelCause(t.soft)
	defer l.fail(nil)
	if l.admin, err = t.newTopicCreator(p); err != nil {
		return err
	}
	defer l.admin.close()
	l.src, err = p.proc.StartSourceTask(t.soft, p.spec, sourceEvents{t})
	if err != nil {
		return err
	}
	record.Started(time.Now())
	t.status(store.Running, nil)
	err = l.run()
	return l.end(err)
}

// run returns nil when the worker wants the task to stop.
func (l *sourceLoop) run() error {
	flush := time.NewTicker(l.t.w.Settings.OffsetFlushInterval)
	defer flush.Stop()
	for l.t.soft.Err() == nil {
		if !l.t.target.started() {
			l.pause(flush.C)
			continue
		}
		batch, due, err := l.next(flush.C)
		if batch != nil {
			if err = l.send(batch); err == nil {
				err = l.src.Release(batch)
			}
		}
		if l.producing.Err() != nil && l.t.soft.Err() == nil {
			return fmt.Errorf("Unrecoverable exception from producer send callback: %w", context.Cause(l.producing)) // Kafka Connect's text
		}
		if err != nil {
			if errors.Is(err, errStop) {
				return nil // in a pause between two tries, or in a converter's request
			}
			return err
		}
		if due {
			l.commit()
		}
	}
	return nil
}

// pause waits for the target STARTED, or the end. What was under way is acknowledged meanwhile, so commits go on.
func (l *sourceLoop) pause(flush <-chan time.Time) {
	l.commit()
	l.t.status(store.PausedState, nil)
	for {
		state, changed := l.t.target.get()
		if state == store.Started || state == "" {
			l.t.status(store.Running, nil)
			return
		}
		select {
		case <-changed:
		case <-flush:
			l.commit()
		case <-l.producing.Done():
			return
		}
	}
}

// next waits for a batch; none is returned when something else wants attention. due: a commit is.
func (l *sourceLoop) next(flush <-chan time.Time) (_ *host.Batch, due bool, _ error) {
	_, changed := l.t.target.get()
	ctx, cancel := context.WithCancelCause(l.producing)
	watching := make(chan struct{})
	go func() {
		defer close(watching)
		select {
		case <-flush:
			due = true
			cancel(errAttention)
		case <-changed:
			cancel(errAttention)
		case <-ctx.Done():
		}
	}()
	batch, err := l.src.Recv(ctx)
	cancel(nil)
	<-watching
	if err != nil && (errors.Is(err, errAttention) || l.producing.Err() != nil) {
		return nil, due, nil
	}
	return batch, due, err
}

var errAttention = errors.New("the task has something else to do")

// send converts a batch and hands it to the producer, in order.
func (l *sourceLoop) send(b *host.Batch) error {
	records := make([]kgo.Record, len(b.Records))
	keep := make([]bool, len(b.Records))
	groups := make(map[uint32]*group, 1)
	var opened []*group
	defer func() {
		for _, g := range opened {
			g.acked() // the batch is handed over, wholly or until an error that ends the task
		}
	}()
	l.batch++
	return l.p.lanes.each(len(records), func(ln *lane, from, to int) (int, error) {
		for i := from; i < to; i++ {
			var err error
			if keep[i], err = l.convert(ln, &records[i], b, i); err != nil {
				return i - from, err
			}
		}
		return to - from, nil
	}, func(from, to int) error {
		for i := from; i < to; i++ {
			n := b.Partitions[i]
			g := groups[n]
			if g == nil {
				var fresh bool
				var err error
				if g, fresh, err = l.sent.open(b.Partition(n), l.batch); err != nil {
					return err
				}
				if fresh {
					opened = append(opened, g)
				}
				groups[n] = g
			}
			if keep[i] {
				if err := l.ensureTopic(records[i].Topic); err != nil {
					return err
				}
				g.pending.Add(1)
				l.client.Produce(l.t.hard, &records[i], l.promise(g))
			}
			g.reached(b.Offsets[i])
		}
		return nil
	})
}

func (l *sourceLoop) ensureTopic(topic string) error {
	if l.t.topics[topic] {
		return nil
	}
	if err := l.admin.ensure(l.t.hard, topic); err != nil {
		return err
	}
	l.t.topics[topic] = true
	if l.t.w.Settings.TopicTrackingEnable {
		l.t.w.Statuses.Topic(l.t.start.ID, topic)
	}
	return nil
}

// promise is called by the producer's goroutine for each record of a group.
func (l *sourceLoop) promise(g *group) func(*kgo.Record, error) {
	if g.promise == nil {
		g.promise = func(r *kgo.Record, err error) {
			if err == nil {
				g.acked()
				return
			}
			e := &tolerance.StageError{Stage: tolerance.KafkaProduce, Class: "org.apache.kafka.connect.source.SourceTask", Record: tolerance.RecordInfo{Topic: r.Topic}, Err: err}
			if l.t.hard.Err() == nil && !errors.Is(err, kgo.ErrClientClosed) { // neither says anything about the record
				if skip, _ := l.p.op.Tolerate(l.t.hard, e); skip {
					g.acked()
					return
				}
			}
			l.fail(e) // the first one counts
		}
	}
	return g.promise
}

// convert runs transformations and converters on record i of a batch. keep false: it was dropped or tolerated.
func (l *sourceLoop) convert(ln *lane, out *kgo.Record, b *host.Batch, i int) (keep bool, err error) {
	in := &b.Records[i]
	at := func(e *tolerance.StageError) *tolerance.StageError {
		if e != nil {
			e.Record = sourceRecord(b, i)
		}
		return e
	}
	if !ln.chain.Empty() {
		skip, err := l.p.op.Do(l.t.soft, func() (e *tolerance.StageError) {
			ln.scratch = *in
			if keep, e = ln.chain.Apply(&ln.scratch); e == nil {
				*in = ln.scratch
			}
			return at(e)
		})
		if err != nil || skip || !keep {
			return false, err
		}
	}
	if in.Timestamp.Set && in.Timestamp.V < -1 {
		return false, fmt.Errorf("Invalid record timestamp %d", in.Timestamp.V) // Kafka Connect's text
	}
	out.Topic = in.Topic
	if in.Partition.Set {
		if in.Partition.V < 0 {
			return false, fmt.Errorf("Invalid partition: %d. Partition number should always be non-negative or null.", in.Partition.V) //nolint:staticcheck,revive // Kafka's text
		}
		out.Partition = wish(in.Partition.V)
	}
	if in.Timestamp.Set && in.Timestamp.V >= 0 {
		out.Timestamp = time.UnixMilli(in.Timestamp.V)
	}
	skip, err := l.p.op.Do(l.t.soft, func() *tolerance.StageError { return at(ln.bytes(out, in)) })
	return err == nil && !skip, err
}

// sourceRecord describes a record of a batch for an operator.
func sourceRecord(b *host.Batch, i int) tolerance.RecordInfo {
	r := tolerance.RecordInfo{Topic: b.Records[i].Topic, SourcePartition: b.Partition(b.Partitions[i])}
	if b.Offsets[i] != nil {
		r.SourceOffset, _ = wire.DecodePosition(b.Offsets[i]) // it only helps to find the record
	}
	return r
}

// bytes converts headers, key and value.
func (ln *lane) bytes(out *kgo.Record, in *connect.Record) *tolerance.StageError {
	c := ln.conv
	out.Headers = out.Headers[:0]
	for i := range in.Headers {
		h := &in.Headers[i]
		b, ok, err := c.Header.FromConnectHeader(nil, in.Topic, h.Key, h.Schema, h.Value)
		if err != nil {
			return &tolerance.StageError{Stage: tolerance.HeaderConverter, Class: c.HeaderCls, Err: fmt.Errorf("header %q: %w", h.Key, err)}
		}
		if !ok {
			b = nil
		}
		out.Headers = append(out.Headers, kgo.RecordHeader{Key: h.Key, Value: b})
	}
	var err error
	if out.Key, err = ln.write(out, c.Key, in.Topic, in.KeySchema, in.Key); err != nil {
		return &tolerance.StageError{Stage: tolerance.KeyConverter, Class: c.KeyClass, Err: err}
	}
	if out.Value, err = ln.write(out, c.Value, in.Topic, in.ValueSchema, in.Value); err != nil {
		return &tolerance.StageError{Stage: tolerance.ValueConverter, Class: c.ValueClass, Err: err}
	}
	return nil
}

// write converts a key or value, with the headers that go with it.
func (ln *lane) write(out *kgo.Record, c connect.Converter, topic string, s *data.Schema, v data.Value) ([]byte, error) {
	headed, is := c.(connect.HeadedConverter)
	if !is {
		b, ok, err := c.FromConnectData(ln.arena.room(), topic, s, v)
		return ln.arena.keep(b, ok && err == nil), err
	}
	b, headers, ok, err := headed.FromConnectDataHeaded(ln.arena.room(), topic, s, v)
	for _, h := range headers {
		out.Headers = append(out.Headers, kgo.RecordHeader(h))
	}
	return ln.arena.keep(b, ok && err == nil), err
}

// end stops the task in order: no more polls, then the records that are under way, then their offsets.
func (l *sourceLoop) end(cause error) error {
	defer func() {
		ctx, cancel := context.WithTimeout(l.t.hard, closeGrace)
		defer cancel()
		l.src.Close(ctx)
	}()
	if l.t.hard.Err() != nil {
		return cause
	}
	ctx, cancel := context.WithTimeout(l.t.hard, l.t.w.Settings.OffsetFlushTimeout)
	defer cancel()
	var stopping sync.WaitGroup
	if !errors.Is(cause, connect.ErrPluginGone) {
		stopping.Go(func() { // a Poll that does not end must not take the time of the records
			if err := l.src.Stop(ctx); err != nil && cause == nil {
				l.t.log.Warn("the source task did not stop in order", "err", err)
			}
		})
	}
	if err := l.client.Flush(ctx); err != nil {
		l.t.log.Warn("records were not acknowledged in time; they will be read again", "err", err)
	}
	l.commit()
	stopping.Wait()
	return cause
}

// commit stores the offsets that are safe, and tells the task. A failure is logged: the next commit includes what this one had.
func (l *sourceLoop) commit() {
	positions, err := l.sent.committable()
	if err != nil {
		l.t.log.Error("an offset could not be read and was left out", "err", err)
	}
	positions = l.sent.withUncommitted(positions)
	if len(positions) == 0 || l.t.hard.Err() != nil {
		return
	}
	ctx, cancel := context.WithTimeout(l.t.hard, l.t.w.Settings.OffsetFlushTimeout)
	defer cancel()
	entries := make([]store.OffsetEntry, len(positions))
	for i, p := range positions {
		entries[i] = store.OffsetEntry{Partition: p.Partition, Offset: p.Offset}
	}
	if err := l.t.w.Offsets.Set(ctx, l.t.start.ID.Connector, entries...); err != nil {
		l.t.log.Warn("offsets could not be stored; trying again at the next commit", "err", err)
		l.sent.uncommitted = positions
		return
	}
	if err := l.src.Committed(positions); err != nil && !errors.Is(err, connect.ErrPluginGone) {
		l.t.log.Warn("the task could not be told of stored offsets", "err", err)
	}
}

// sourceEvents serves a source task's process.
type sourceEvents struct{ t *task }

func (e sourceEvents) Offsets(ctx context.Context, partitions []map[string]any) ([]map[string]any, error) {
	return e.t.w.Offsets.Get(ctx, e.t.start.ID.Connector, partitions...)
}

func (e sourceEvents) PollFailed(err error) {
	e.t.log.Warn("poll failed and is tried again", "err", err)
}
