package server

import (
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/kurier-io/kurier/broker/commitlog"
	"github.com/kurier-io/kurier/broker/quota"
	"github.com/kurier-io/kurier/broker/wireproto"
)

// fetchPart is one partition of a Fetch request or session.
type fetchPart struct {
	topic   string
	id      [16]byte
	want    kmsg.FetchRequestTopicPartition
	log     *commitlog.Log // nil where the answer is an error
	code    int16
	session *sessionPart // nil without a session
}

// fetchState is one Fetch request at work.
type fetchState struct {
	c         *conn
	req       *kmsg.FetchRequest
	clientID  string
	version   int16
	committed bool // the consumer is read_committed
	session   *fetchSession
	parts     []fetchPart
	resp      wireproto.FetchResponse
	results   []commitlog.ReadResult
	failed    bool
	weight    int64
}

// fetch waits for enough data and returns the answer.
func (c *conn) fetch(r *request, peek wireproto.Peek, req *kmsg.FetchRequest) pending {
	f := &fetchState{c: c, req: req, version: r.version, clientID: r.clientID, committed: req.IsolationLevel == readCommitted}
	if f.resp.ErrorCode = c.s.fetchSessions.begin(f); f.resp.ErrorCode != errNone {
		return func() (*reply, error) { return f.encode(peek), nil }
	}
	f.resolve(r)
	deadline := time.Now().Add(time.Duration(max(req.MaxWaitMillis, 0)) * time.Millisecond)
	minBytes := min(int64(max(req.MinBytes, 0)), f.maxBytes())
	if !f.failed && minBytes > 0 && len(f.parts) > 0 && f.available() < minBytes {
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
func (f *fetchState) resolve(r *request) {
	s := f.c.s
	follower := f.req.ReplicaID >= 0 || f.version >= 15 && f.req.ReplicaState.ID >= 0
	for i := range f.parts {
		p := &f.parts[i]
		topic, code := s.resolve(p.topic, p.id, f.version >= 13)
		name := p.topic
		if topic != nil {
			name = topic.Name
		}
		log := s.log(topic, p.want.Partition)
		switch {
		case follower:
			p.code = errClusterAuthorization
		case (topic != nil || f.version < 13) && !s.may(r, readTopic, name):
			p.code = errTopicAuthorization
		case code != errNone:
			p.code = code
		case log == nil:
			p.code = errUnknownTopic
		default:
			p.code = checkEpoch(p.want.CurrentLeaderEpoch, log.Epoch())
		}
		if p.code != errNone {
			f.failed = true
			continue
		}
		p.log = log
		if hw, start := log.HighWatermark(), log.LogStart(); p.want.FetchOffset < start || p.want.FetchOffset > hw {
			f.failed = true // the read will say so
		}
		if f.diverging(p) != nil {
			f.failed = true
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
func (f *fetchState) diverging(p *fetchPart) *wireproto.EpochEnd {
	if f.version < 12 || p.want.LastFetchedEpoch < 0 {
		return nil
	}
	epoch, end := p.log.EpochEnd(p.want.LastFetchedEpoch)
	if epoch < 0 || epoch == p.want.LastFetchedEpoch && end >= p.want.FetchOffset {
		return nil
	}
	if epoch < p.want.LastFetchedEpoch || end < p.want.FetchOffset {
		return &wireproto.EpochEnd{Epoch: epoch, EndOffset: end}
	}
	return nil
}

// available is the number of visible bytes from the fetch offsets on, as far as
// limits would let them be returned; it is exact to an index interval.
func (f *fetchState) available() int64 {
	var n int64
	for i := range f.parts {
		p := &f.parts[i]
		if p.log == nil {
			continue
		}
		have := int64(0)
		if f.committed {
			have = p.log.AvailableCommitted(p.want.FetchOffset)
		} else {
			have = p.log.Available(p.want.FetchOffset)
		}
		n += min(have, int64(max(p.want.PartitionMaxBytes, 1)))
	}
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
	for i := range f.parts {
		if log := f.parts[i].log; log != nil {
			log.Watch(wake)
			defer log.Unwatch(wake)
		}
	}
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

func (f *fetchState) anyDeleted() bool {
	for i := range f.parts {
		if log := f.parts[i].log; log != nil && log.Deleted() {
			return true
		}
	}
	return false
}

// collect reads the records. Memory for all of them is reserved at once, so that
// two fetches cannot wait for each other.
func (f *fetchState) collect() error {
	f.weight = min(f.available(), f.maxBytes(), f.c.s.cfg.MaxInflightBytes)
	if err := f.c.s.fetches.Acquire(f.c.ctx, f.weight); err != nil {
		return err
	}
	left, first, total := f.maxBytes(), true, 0
	for i := range f.parts {
		p := &f.parts[i]
		row := f.read(p, left, first)
		if n := len(row.Records); n > 0 {
			first = false
			left = max(left-int64(n), 0)
			total += n
			if o := f.c.s.cfg.Observer; o != nil {
				o.Fetched(p.log.Topic(), n)
			}
		}
		if f.session == nil || f.session.changed(p, &row) {
			f.add(p, row)
		}
	}
	if f.session != nil {
		f.session.end(f.parts)
	}
	f.resp.ThrottleMillis = f.c.charge(quota.FetchRate, f.clientID, total)
	return nil
}

// add appends a row; rows of a topic that follow each other share its entry.
func (f *fetchState) add(p *fetchPart, row wireproto.FetchPartition) {
	if n := len(f.resp.Topics); n == 0 || f.resp.Topics[n-1].Name != p.topic || f.resp.Topics[n-1].ID != p.id {
		f.resp.Topics = append(f.resp.Topics, wireproto.FetchTopic{Name: p.topic, ID: p.id})
	}
	t := &f.resp.Topics[len(f.resp.Topics)-1]
	t.Partitions = append(t.Partitions, row)
}

// read answers for one partition.
func (f *fetchState) read(p *fetchPart, left int64, first bool) wireproto.FetchPartition {
	row := wireproto.FetchPartition{Index: p.want.Partition, ErrorCode: p.code, HighWatermark: -1, LastStableOffset: -1, LogStartOffset: -1}
	log := p.log
	if log == nil {
		return row
	}
	if row.Diverging = f.diverging(p); row.Diverging != nil {
		row.HighWatermark, row.LogStartOffset, row.LastStableOffset = log.HighWatermark(), log.LogStart(), log.LastStable()
		return row
	}
	limit := int(min(left, int64(max(p.want.PartitionMaxBytes, 0))))
	read := log.Read
	if f.committed {
		read = log.ReadCommitted
	}
	res, err := read(p.want.FetchOffset, limit, first)
	if err != nil {
		row.ErrorCode = f.readCode(log, err)
		return row
	}
	row.HighWatermark, row.LastStableOffset, row.LogStartOffset, row.Records = res.HighWatermark, res.LastStable, res.LogStart, res.Records
	for _, a := range res.Aborted {
		row.Aborted = append(row.Aborted, wireproto.AbortedTxn{ProducerID: a.ProducerID, FirstOffset: a.FirstOffset})
	}
	if len(res.Records) > 0 {
		f.results = append(f.results, res)
	}
	return row
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
