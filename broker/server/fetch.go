package server

import (
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/kurier-io/kurier/broker/commitlog"
	"github.com/kurier-io/kurier/broker/wireproto"
)

// fetchState is one Fetch request at work.
type fetchState struct {
	c       *conn
	req     *kmsg.FetchRequest
	version int16
	logs    [][]*commitlog.Log // per topic and partition, nil where the row is an error
	codes   [][]int16
	resp    wireproto.FetchResponse
	results []commitlog.ReadResult
	failed  bool
	weight  int64
}

// fetch waits for enough data and returns the answer. Sessions are refused by
// answering session id 0, which makes clients send full requests (KIP-227).
func (c *conn) fetch(r *request, peek wireproto.Peek, req *kmsg.FetchRequest) pending {
	f := &fetchState{c: c, req: req, version: r.version}
	f.resolve()
	deadline := time.Now().Add(time.Duration(max(req.MaxWaitMillis, 0)) * time.Millisecond)
	minBytes := min(int64(max(req.MinBytes, 0)), f.maxBytes())
	if !f.failed && minBytes > 0 && f.available() < minBytes {
		f.wait(deadline, minBytes)
	}
	return func() (*reply, error) {
		if err := f.collect(); err != nil {
			return nil, err
		}
		return f.encode(peek), nil
	}
}

func (f *fetchState) maxBytes() int64 { return min(int64(max(f.req.MaxBytes, 0)), maxFetchBytes) }

// resolve finds the logs and checks what can be refused at once.
func (f *fetchState) resolve() {
	s := f.c.s
	f.logs = make([][]*commitlog.Log, len(f.req.Topics))
	f.codes = make([][]int16, len(f.req.Topics))
	follower := f.req.ReplicaID >= 0 || f.version >= 15 && f.req.ReplicaState.ID >= 0
	for i := range f.req.Topics {
		t := &f.req.Topics[i]
		f.logs[i] = make([]*commitlog.Log, len(t.Partitions))
		f.codes[i] = make([]int16, len(t.Partitions))
		topic, code := s.resolve(t.Topic, t.TopicID, f.version >= 13)
		for j := range t.Partitions {
			p := &t.Partitions[j]
			pcode := code
			log := s.log(topic, p.Partition)
			switch {
			case follower:
				pcode = errClusterAuthorization
			case code != errNone:
			case log == nil:
				pcode = errUnknownTopic
			default:
				pcode = checkEpoch(p.CurrentLeaderEpoch, log.Epoch())
			}
			if pcode != errNone {
				f.codes[i][j], f.failed = pcode, true
				continue
			}
			f.logs[i][j] = log
			if hw, start := log.HighWatermark(), log.LogStart(); p.FetchOffset < start || p.FetchOffset > hw {
				f.failed = true // the read will say so
			}
			if f.diverging(log, p) != nil {
				f.failed = true
			}
		}
	}
}

// checkEpoch compares the leader epoch that a client believes in; -1 is none.
func checkEpoch(client, current int32) int16 {
	switch {
	case client < 0 || client == current:
		return errNone
	case client < current:
		return errFencedLeaderEpoch
	}
	return errUnknownLeaderEpoch
}

// diverging detects that the log was cut below what the client has read (KIP-595).
func (f *fetchState) diverging(log *commitlog.Log, p *kmsg.FetchRequestTopicPartition) *wireproto.EpochEnd {
	if f.version < 12 || p.LastFetchedEpoch < 0 {
		return nil
	}
	epoch, end := log.EpochEnd(p.LastFetchedEpoch)
	if epoch < 0 || epoch == p.LastFetchedEpoch && end >= p.FetchOffset {
		return nil
	}
	if epoch < p.LastFetchedEpoch || end < p.FetchOffset {
		return &wireproto.EpochEnd{Epoch: epoch, EndOffset: end}
	}
	return nil
}

// each calls fn for every partition that has a log, in request order.
func (f *fetchState) each(fn func(*commitlog.Log, *kmsg.FetchRequestTopicPartition)) {
	for i := range f.logs {
		for j, log := range f.logs[i] {
			if log != nil {
				fn(log, &f.req.Topics[i].Partitions[j])
			}
		}
	}
}

// available is the number of visible bytes from the fetch offsets on, as far as
// limits would let them be returned; it is exact to an index interval.
func (f *fetchState) available() int64 {
	var n int64
	f.each(func(log *commitlog.Log, p *kmsg.FetchRequestTopicPartition) {
		n += min(log.Available(p.FetchOffset), int64(max(p.PartitionMaxBytes, 1)))
	})
	return n
}

// wait blocks until there is enough, the deadline passes or the server stops.
func (f *fetchState) wait(deadline time.Time, minBytes int64) {
	d := time.Until(deadline)
	if d <= 0 {
		return
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	wake := make(chan struct{}, 1)
	f.each(func(log *commitlog.Log, _ *kmsg.FetchRequestTopicPartition) { log.Watch(wake) })
	defer f.each(func(log *commitlog.Log, _ *kmsg.FetchRequestTopicPartition) { log.Unwatch(wake) })
	for f.available() < minBytes && !f.anyDeleted() {
		select {
		case <-wake:
		case <-timer.C:
			return
		case <-f.c.s.stop:
			return
		case <-f.c.ctx.Done():
			return
		}
	}
}

func (f *fetchState) anyDeleted() (deleted bool) {
	f.each(func(log *commitlog.Log, _ *kmsg.FetchRequestTopicPartition) { deleted = deleted || log.Deleted() })
	return deleted
}

// collect reads the records. Memory for all of them is reserved at once, so that
// two fetches cannot wait for each other.
func (f *fetchState) collect() error {
	f.weight = min(f.available(), f.maxBytes(), f.c.s.cfg.MaxInflightBytes)
	if err := f.c.s.fetches.Acquire(f.c.ctx, f.weight); err != nil {
		return err
	}
	left, first := f.maxBytes(), true
	f.resp.Topics = make([]wireproto.FetchTopic, len(f.req.Topics))
	for i := range f.req.Topics {
		t := &f.req.Topics[i]
		out := &f.resp.Topics[i]
		out.Name, out.ID = t.Topic, t.TopicID
		out.Partitions = make([]wireproto.FetchPartition, len(t.Partitions))
		for j := range t.Partitions {
			p, row := &t.Partitions[j], &out.Partitions[j]
			*row = wireproto.FetchPartition{Index: p.Partition, ErrorCode: f.codes[i][j], HighWatermark: -1, LastStableOffset: -1, LogStartOffset: -1}
			log := f.logs[i][j]
			if log == nil {
				continue
			}
			if row.Diverging = f.diverging(log, p); row.Diverging != nil {
				row.HighWatermark, row.LogStartOffset = log.HighWatermark(), log.LogStart()
				row.LastStableOffset = row.HighWatermark
				continue
			}
			res, err := log.Read(p.FetchOffset, int(min(left, int64(max(p.PartitionMaxBytes, 0)))), first)
			if err != nil {
				row.ErrorCode = f.readCode(log, err)
				continue
			}
			row.HighWatermark, row.LastStableOffset, row.LogStartOffset = res.HighWatermark, res.HighWatermark, res.LogStart
			if row.Records = res.Records; len(res.Records) > 0 {
				first = false
				left = max(left-int64(len(res.Records)), 0)
				f.results = append(f.results, res)
			}
		}
	}
	return nil
}

func (f *fetchState) readCode(log *commitlog.Log, err error) int16 {
	code := codeOf(err)
	switch {
	case code == errStorage:
		f.c.s.logger.Error("fetch failed", "topic", log.Topic(), "partition", log.ID().Partition, "error", err)
	case code == errUnknownTopic && f.version >= 13:
		return errUnknownTopicID
	}
	return code
}

func (f *fetchState) encode(peek wireproto.Peek) *reply {
	buf := wireproto.GetBuffer(4096)
	dst := wireproto.AppendResponseHeader(buf.B[:0], peek.CorrelationID, f.version >= 12)
	pieces, head, size := wireproto.AppendFetch(dst, f.version, &f.resp)
	wireproto.FinishFrame(head, size)
	return &reply{pieces: pieces, release: func() {
		for i := range f.results {
			f.results[i].Release()
		}
		f.c.s.fetches.Release(f.weight)
		buf.Release()
	}}
}
