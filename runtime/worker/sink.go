package worker

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/kurier-io/kurier/plugins/config"
	"github.com/kurier-io/kurier/plugins/connect"
	"github.com/kurier-io/kurier/plugins/host"
	"github.com/kurier-io/kurier/runtime/store"
	"github.com/kurier-io/kurier/runtime/supervise"
)

// A sinkLoop moves records from topics into a sink task. Its goroutine owns everything here; a fetcher reads ahead by one poll, and the consumer
// group's callbacks are served between two steps.
//
// While one batch is with the task the next is converted, so that Kafka, conversion and the external system work side by side.
type sinkLoop struct {
	t      *task
	p      *parts
	client *kgo.Client
	sink   *host.SinkTask

	fetched  chan kgo.Fetches
	calls    chan *rebalance
	finished chan struct{} // closed when nobody serves calls any more
	wanted   chan struct{} // the task asked for a commit

	owned    map[connect.TopicPartition]*position
	ready    []connect.SinkRecord // converted, waits for the task
	readyTo  map[connect.TopicPartition]int64
	inflight *delivery
	put      bool // since the last commit
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
	outcome chan error
	retry   <-chan time.Time // set between two tries
}

func (t *task) runSink(p *parts, record *supervise.Record) error {
	l := &sinkLoop{
		t: t, p: p, fetched: make(chan kgo.Fetches), calls: make(chan *rebalance), finished: make(chan struct{}), wanted: make(chan struct{}, 1),
		owned: map[connect.TopicPartition]*position{}, readyTo: map[connect.TopicPartition]int64{},
	}
	most, err := l.consume()
	if err != nil {
		return err
	}
	// Closing leaves the group, for which callbacks are made: they must find finished closed.
	defer l.client.Close()
	defer close(l.finished)
	l.sink, err = p.proc.StartSinkTask(t.soft, p.spec, sinkEvents{l})
	if err != nil {
		return err
	}
	record.Started(time.Now())
	t.status(store.Running, nil)
	fetching, stopFetching := context.WithCancel(t.soft)
	fetcherDone := make(chan struct{})
	go func() {
		defer close(fetcherDone)
		l.fetch(fetching, most)
	}()
	err = l.run()
	stopFetching()
	<-fetcherDone
	return l.end(err)
}

// consume opens the consumer and returns the most records of a poll.
func (l *sinkLoop) consume() (int, error) {
	cfg := l.t.start.Connector
	overrides := l.p.overrides("consumer.override.")
	opts, limits, err := l.t.w.Clients.SinkConsumer(l.t.start.ID.Connector, l.t.start.ID.Task, overrides)
	if err != nil {
		return 0, err
	}
	if topics := config.SplitList(cfg["topics"]); len(topics) > 0 {
		opts = append(opts, kgo.ConsumeTopics(topics...))
	} else {
		opts = append(opts, kgo.ConsumeRegex(), kgo.ConsumeTopics("^(?:"+cfg["topics.regex"]+")$"))
	}
	opts = append(opts,
		kgo.OnPartitionsAssigned(func(ctx context.Context, _ *kgo.Client, m map[string][]int32) { l.call(ctx, assigned, m) }),
		kgo.OnPartitionsRevoked(func(ctx context.Context, _ *kgo.Client, m map[string][]int32) { l.call(ctx, revoked, m) }),
		kgo.OnPartitionsLost(func(ctx context.Context, _ *kgo.Client, m map[string][]int32) { l.call(ctx, lost, m) }),
	)
	if l.client, err = kgo.NewClient(opts...); err != nil {
		return 0, fmt.Errorf("consumer: %w", err)
	}
	_, own := overrides["max.poll.records"]
	_, workers := l.t.w.Settings.Property("consumer.max.poll.records")
	if !own && !workers {
		return defaultPollRecords, nil
	}
	return limits.MaxPollRecords, nil
}

// defaultPollRecords replaces Kafka's default of 500 where nobody set max.poll.records: sinks write in batches of thousands, and a batch costs
// them a round trip.
const defaultPollRecords = 5000

func (l *sinkLoop) fetch(ctx context.Context, most int) {
	for {
		f := l.client.PollRecords(ctx, most)
		if ctx.Err() != nil || f.IsClientClosed() {
			return
		}
		select {
		case l.fetched <- f:
		case <-ctx.Done():
			return
		}
	}
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
				if err := l.commit(nil); err != nil {
					return err
				}
			} else {
				l.t.status(store.Running, nil)
			}
		}
		fetched := l.fetched
		if paused || len(l.ready) > 0 {
			fetched = nil
		}
		var outcome <-chan error
		var retry <-chan time.Time
		if l.inflight != nil {
			outcome, retry = l.inflight.outcome, l.inflight.retry
		}
		var err error
		select {
		case <-l.t.soft.Done():
			return nil
		case <-changed:
		case f := <-fetched:
			err = l.take(f)
		case e := <-outcome:
			err = l.settle(e)
		case <-retry:
			l.inflight.retry = nil
			err = l.deliver(l.inflight)
		case c := <-l.calls:
			err = l.rebalance(c)
		case <-flush.C:
			err = l.tick()
		case <-l.wanted:
			err = l.commit(nil)
		case <-l.sink.Ended(): // noticed at once, though nothing may be under way
			return l.sink.Err()
		}
		if err == nil && l.inflight == nil && !paused {
			if len(l.ready) > 0 {
				err = l.deliverReady()
			} else {
				l.skipEmpty()
			}
		}
		if err != nil {
			return err
		}
	}
}

// tick commits; a task that was given nothing since the last tick gets an empty Put, which those that flush by time count on.
func (l *sinkLoop) tick() error {
	if !l.put && l.inflight == nil {
		if err := l.deliver(&delivery{}); err != nil {
			return err
		}
	}
	l.put = false
	return l.commit(nil)
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
	d.outcome = make(chan error, 1)
	l.inflight = d
	go func() { d.outcome <- sent.Wait(l.t.hard) }() // ends with the Put, with the process, or when the task is abandoned
	return nil
}

// settle takes a Put's outcome.
func (l *sinkLoop) settle(err error) error {
	d := l.inflight
	if retry, ok := errors.AsType[*connect.RetriableError](err); ok {
		pause := retry.After
		if pause <= 0 {
			pause = connect.DefaultRetry
		}
		l.t.log.Warn("the sink cannot take records at present; trying again", "err", err, "in", pause)
		d.outcome, d.retry = nil, time.After(pause)
		return nil
	}
	if bad, ok := errors.AsType[*connect.BadRecordsError](err); ok {
		err = l.tolerate(d, bad)
	}
	if err != nil {
		return err
	}
	l.inflight = nil
	for tp, to := range d.to {
		if p := l.owned[tp]; p != nil {
			p.put = to
		}
	}
	return nil
}

// wait lets the Put that is under way end, retries included, as long as ctx allows.
func (l *sinkLoop) wait(ctx context.Context) error {
	for l.inflight != nil {
		select {
		case err := <-l.inflight.outcome:
			if err := l.settle(err); err != nil {
				return err
			}
		case <-l.inflight.retry:
			l.inflight.retry = nil
			if err := l.deliver(l.inflight); err != nil {
				return err
			}
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	return nil
}

// end stops the task in order: the Put under way, a last commit, then the task itself.
func (l *sinkLoop) end(cause error) error {
	ctx, cancel := context.WithTimeout(l.t.hard, l.t.w.Settings.TaskShutdownGracefulTimeout)
	defer cancel()
	if cause == nil && l.t.hard.Err() == nil {
		if err := l.wait(ctx); err != nil {
			l.t.log.Warn("the last batch was not delivered; it will be delivered again", "err", err)
		} else if err := l.closePartitions(ctx, l.partitions(), true); err != nil {
			l.t.log.Warn("the last commit failed", "err", err)
		}
	}
	if err := l.sink.Stop(ctx); err != nil && cause == nil {
		l.t.log.Warn("the sink task did not stop in order", "err", err)
	}
	return cause
}

type sinkEvents struct{ l *sinkLoop }

func (e sinkEvents) CommitRequested() {
	select {
	case e.l.wanted <- struct{}{}:
	default: // asked already
	}
}
