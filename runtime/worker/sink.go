package worker

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/kurier-io/kurier/plugins/config"
	"github.com/kurier-io/kurier/plugins/connect"
	"github.com/kurier-io/kurier/plugins/host"
	"github.com/kurier-io/kurier/runtime/store"
	"github.com/kurier-io/kurier/runtime/supervise"
)

// A sinkLoop moves records from topics into a sink task. Its goroutine owns everything here; one poll reads ahead, and the consumer
// group's callbacks are served between two steps, never while a Put is with the task.
//
// While one batch is with the task the next is converted, so that Kafka, conversion and the external system work side by side.
type sinkLoop struct {
	t      *task
	p      *parts
	client *kgo.Client
	sink   *host.SinkTask

	most     int   // records of a poll
	polling  *poll // reads ahead; nil: none under way
	calls    chan *rebalance
	finished chan struct{} // closed when nobody serves calls any more
	wanted   chan struct{} // the task asked for a commit

	owned    map[connect.TopicPartition]*position
	ready    []connect.SinkRecord // converted, waits for the task
	readyTo  map[connect.TopicPartition]int64
	inflight *delivery
	put      bool // since the last commit
	due      bool // a commit is to be made as soon as no Put is with the task
	puts     sync.WaitGroup
}

// A position is how far a partition has come.
type position struct {
	put       int64 // behind the last record of a Put that succeeded; -1: none yet
	committed int64 // -1: nothing by this task
}

// A delivery is a batch that is with the task, or waits for its next try.
type delivery struct {
	records []connect.SinkRecord
	to      map[connect.TopicPartition]int64
	outcome chan error       // nil between two tries
	retry   <-chan time.Time // set between two tries
}

// A poll is one read-ahead. A goroutine of its own waits for it, and ends with it.
type poll struct {
	cancel context.CancelFunc
	result chan kgo.Fetches // holds one
}

func (t *task) runSink(p *parts, record *supervise.Record) error {
	l := &sinkLoop{
		t: t, p: p, calls: make(chan *rebalance), finished: make(chan struct{}), wanted: make(chan struct{}, 1),
		owned: map[connect.TopicPartition]*position{}, readyTo: map[connect.TopicPartition]int64{},
	}
	opts, err := l.options()
	if err != nil {
		return err
	}
	// The task starts before the consumer joins the group: one that cannot start must not make its siblings rebalance.
	if l.sink, err = p.proc.StartSinkTask(t.soft, p.spec, sinkEvents{l}); err != nil {
		return err
	}
	if l.client, err = kgo.NewClient(opts...); err != nil {
		return l.stop(t.hard, fmt.Errorf("consumer: %w", err))
	}
	// Closing leaves the group, for which callbacks are made: they must find finished closed.
	defer l.leave()
	defer close(l.finished)
	record.Started(time.Now())
	t.status(store.Running, nil)
	err = l.run()
	if l.polling != nil {
		l.polling.cancel()
		<-l.polling.result
	}
	return l.end(err)
}

// options returns the consumer's options and sets the most records of a poll.
func (l *sinkLoop) options() ([]kgo.Opt, error) {
	cfg := l.t.start.Connector
	overrides := l.p.overrides("consumer.override.")
	opts, limits, err := l.t.w.Clients.SinkConsumer(l.t.start.ID.Connector, l.t.start.ID.Task, overrides)
	if err != nil {
		return nil, err
	}
	if topics := config.SplitList(cfg["topics"]); len(topics) > 0 {
		opts = append(opts, kgo.ConsumeTopics(topics...))
	} else {
		opts = append(opts, kgo.ConsumeRegex(), kgo.ConsumeTopics("^(?:"+cfg["topics.regex"]+")$"))
	}
	l.most = limits.MaxPollRecords
	_, own := overrides["max.poll.records"]
	_, workers := l.t.w.Settings.Property("consumer.max.poll.records")
	if !own && !workers {
		l.most = defaultPollRecords
	}
	return append(opts,
		kgo.OnPartitionsAssigned(func(ctx context.Context, _ *kgo.Client, m map[string][]int32) { l.call(ctx, assigned, m) }),
		kgo.OnPartitionsRevoked(func(ctx context.Context, _ *kgo.Client, m map[string][]int32) { l.call(ctx, revoked, m) }),
		kgo.OnPartitionsLost(func(ctx context.Context, _ *kgo.Client, m map[string][]int32) { l.call(ctx, lost, m) }),
	), nil
}

// defaultPollRecords replaces Kafka's default of 500 where nobody set max.poll.records: sinks write in batches of thousands, and a batch costs
// them a round trip. It is twice the JDBC sink's default batch.
const defaultPollRecords = 6000

// poll begins to read ahead, unless that is under way.
func (l *sinkLoop) poll() {
	if l.polling != nil {
		return
	}
	ctx, cancel := context.WithCancel(l.t.soft)
	p := &poll{cancel, make(chan kgo.Fetches, 1)}
	go func() { p.result <- l.client.PollRecords(ctx, l.most) }() // its owner receives the result in any case
	l.polling = p
}

// run returns nil when the worker wants the task to stop.
func (l *sinkLoop) run() error {
	flush := time.NewTicker(l.t.w.Settings.OffsetFlushInterval)
	defer flush.Stop()
	paused := false
	for {
		target, changed := l.t.target.get()
		if want := target != store.Started && target != ""; want != paused {
			paused = want
			if paused {
				l.t.status(store.PausedState, nil)
				l.due = true
			} else {
				l.t.status(store.Running, nil)
			}
		}
		err := l.proceed(paused)
		if err == nil {
			var over bool
			if over, err = l.step(paused, changed, flush.C); over {
				return err
			}
		}
		if err != nil {
			if errors.Is(err, errStop) {
				return nil // in a pause between two tries, or in a converter's request
			}
			return err
		}
	}
}

// proceed does what needs no event: a commit that is due, the next batch.
func (l *sinkLoop) proceed(paused bool) error {
	if l.due && !l.busy() {
		l.due = false
		if err := l.commit(); err != nil {
			return err
		}
	}
	if l.inflight != nil || paused {
		return nil
	}
	if len(l.ready) > 0 {
		return l.deliverReady()
	}
	l.skipEmpty()
	return nil
}

// step waits for one event and serves it; over: the loop is to end.
func (l *sinkLoop) step(paused bool, changed <-chan struct{}, flush <-chan time.Time) (over bool, _ error) {
	var fetched <-chan kgo.Fetches
	if !paused && len(l.ready) == 0 {
		l.poll()
		fetched = l.polling.result
	}
	calls := l.calls
	var outcome <-chan error
	var retry <-chan time.Time
	if l.inflight != nil {
		outcome, retry = l.inflight.outcome, l.inflight.retry
	}
	if l.busy() {
		calls = nil // nothing else may be asked of the task meanwhile
	}
	select {
	case <-l.t.soft.Done():
		return true, nil
	case <-changed:
	case f := <-fetched:
		l.polling.cancel()
		l.polling = nil
		return false, l.take(f)
	case e := <-outcome:
		return false, l.settle(e)
	case <-retry:
		return false, l.deliver(l.inflight)
	case c := <-calls:
		return false, l.rebalance(c)
	case <-flush:
		return false, l.tick()
	case <-l.wanted:
		l.due = true
	case <-l.sink.Ended(): // noticed at once, though nothing may be under way
		return true, l.sink.Err()
	}
	return false, nil
}

// busy reports whether a Put is with the task: nothing else may be asked of it then.
func (l *sinkLoop) busy() bool { return l.inflight != nil && l.inflight.outcome != nil }

// tick makes a commit due; a task that was given nothing since the last tick gets an empty Put before, which those that flush by time count on.
func (l *sinkLoop) tick() error {
	idle := !l.put && l.inflight == nil
	l.put, l.due = false, true
	if idle {
		err := l.deliver(&delivery{})
		l.put = false
		return err
	}
	return nil
}

func (l *sinkLoop) deliverReady() error {
	d := &delivery{records: l.ready, to: l.readyTo}
	l.ready, l.readyTo = nil, map[connect.TopicPartition]int64{}
	return l.deliver(d)
}

// deliver hands a batch to the task; its outcome comes later.
func (l *sinkLoop) deliver(d *delivery) error {
	l.put = true
	sent, err := l.sink.Send(d.records)
	if err != nil {
		return err
	}
	outcome := make(chan error, 1)
	d.outcome, d.retry = outcome, nil
	l.inflight = d
	l.puts.Go(func() { outcome <- sent.Wait(l.t.hard) }) // ends with the Put, with the process, or when the task is abandoned
	return nil
}

// settle takes a Put's outcome.
func (l *sinkLoop) settle(err error) error {
	d := l.inflight
	d.outcome = nil
	if retry, ok := errors.AsType[*connect.RetriableError](err); ok {
		pause := retry.After
		if pause <= 0 {
			pause = connect.DefaultRetry
		}
		l.t.log.Warn("the sink cannot take records at present; trying again", "err", err, "in", pause)
		d.retry = time.After(pause)
		return nil
	}
	if bad, ok := errors.AsType[*connect.BadRecordsError](err); ok {
		err = l.tolerate(d, bad)
	}
	if err != nil {
		return err
	}
	l.inflight = nil
	l.advance(d.to)
	return nil
}

// advance notes how far partitions are dealt with.
func (l *sinkLoop) advance(to map[connect.TopicPartition]int64) {
	for tp, o := range to {
		if p := l.owned[tp]; p != nil {
			p.put = o
		}
	}
}

// end stops the task in order: the Put under way, a last commit, then the task itself. A batch that waits for its next try comes again. A task whose own
// call failed still says what is durable, as in Kafka Connect.
func (l *sinkLoop) end(cause error) error {
	ctx, cancel := context.WithTimeout(l.t.hard, l.t.w.Settings.TaskShutdownGracefulTimeout)
	defer cancel()
	if l.busy() && cause == nil {
		select {
		case err := <-l.inflight.outcome:
			if err := l.settle(err); err != nil {
				l.t.log.Warn("the last batch was not delivered; it will be delivered again", "err", err)
			}
		case <-ctx.Done():
			l.t.log.Warn("the last batch was not delivered in time; it will be delivered again")
		}
	}
	if !l.busy() && l.t.hard.Err() == nil && !errors.Is(cause, connect.ErrPluginGone) {
		if err := l.closePartitions(ctx, l.partitions(), true); err != nil && cause == nil {
			l.t.log.Warn("the last commit failed", "err", err)
		}
	}
	return l.stop(ctx, cause)
}

// stop ends the task in its process and returns cause.
func (l *sinkLoop) stop(ctx context.Context, cause error) error {
	if err := l.sink.Stop(ctx); err != nil && cause == nil {
		l.t.log.Warn("the sink task did not stop in order", "err", err)
	}
	l.puts.Wait()
	return cause
}

// leave leaves the group and closes the client. A cluster that cannot be reached holds it up for a moment only.
func (l *sinkLoop) leave() {
	grace := closeGrace
	if l.t.hard.Err() != nil {
		grace = time.Second
	}
	ctx, cancel := context.WithTimeout(context.Background(), grace)
	defer cancel()
	_ = l.client.LeaveGroupContext(ctx) // the group notices by itself who does not come back
	l.client.Close()
}

type sinkEvents struct{ l *sinkLoop }

func (e sinkEvents) CommitRequested() {
	select {
	case e.l.wanted <- struct{}{}:
	default: // asked already
	}
}
