package server

import (
	"math"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/kurier-io/kurier/broker/wireproto"
)

const (
	maxFetchSessions = 1000 // max.incremental.fetch.session.cache.slots
	sessionIdle      = 2 * time.Minute
	maxSessionParts  = 100_000 // of all sessions together
	fullFetchEpoch   = 0
	sessionlessEpoch = -1
)

// fetchSessions remembers what consumers fetch, so that they need not send all
// partitions again, nor get those without news (KIP-227). A session that finds
// no room is not an error: the consumer goes on with full requests.
type fetchSessions struct {
	mu       sync.Mutex
	sessions map[int32]*fetchSession
	parts    int
}

type partKey struct {
	topic     string
	id        [16]byte
	partition int32
}

// fetchSession is used by one request at a time: a client sends the next epoch
// when it has the answer to the one before. mu guards it all the same.
type fetchSession struct {
	mu    sync.Mutex
	id    int32
	epoch int32
	byID  bool
	used  time.Time // under fetchSessions.mu
	order []*sessionPart
	index map[partKey]*sessionPart
	known int // partitions counted in fetchSessions.parts
}

type sessionPart struct {
	key       partKey
	want      kmsg.FetchRequestTopicPartition
	hw, start int64
	told      bool // hw and start were sent
	failed    bool
	served    bool // by the request at work
}

// begin finds out what a request fetches and fills f.parts. The code is for the
// request as a whole.
func (c *fetchSessions) begin(f *fetchState) int16 {
	byID := f.version >= 13
	if f.version < 7 || f.req.SessionEpoch == sessionlessEpoch {
		if f.version >= 7 && f.req.SessionID != 0 {
			c.drop(f.req.SessionID)
		}
		f.full(byID)
		return errNone
	}
	if f.req.SessionEpoch == fullFetchEpoch {
		if f.req.SessionID != 0 {
			c.drop(f.req.SessionID)
		}
		f.full(byID)
		if s := c.open(f, byID); s != nil {
			f.session, f.resp.SessionID = s, s.id
		}
		return errNone
	}
	c.mu.Lock()
	s := c.sessions[f.req.SessionID]
	if s != nil {
		s.used = time.Now()
	}
	c.mu.Unlock()
	if s == nil {
		return errFetchSessionNotFound
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.epoch != f.req.SessionEpoch:
		return errInvalidFetchSessionEpoch
	case s.byID != byID:
		return errFetchSessionTopicID
	}
	if s.epoch = s.epoch + 1; s.epoch == math.MaxInt32 {
		s.epoch = 1
	}
	f.session, f.resp.SessionID = s, s.id
	s.update(f.req, byID)
	c.recount(s)
	f.parts = make([]fetchPart, 0, len(s.order))
	for _, p := range s.order {
		f.parts = append(f.parts, fetchPart{topic: p.key.topic, id: p.key.id, want: p.want, session: p})
	}
	return errNone
}

// full takes the partitions of the request itself.
func (f *fetchState) full(byID bool) {
	for i := range f.req.Topics {
		t := &f.req.Topics[i]
		for _, p := range t.Partitions {
			part := fetchPart{want: p}
			if byID {
				part.id = t.TopicID
			} else {
				part.topic = t.Topic
			}
			f.parts = append(f.parts, part)
		}
	}
}

// open makes a session of a full request, nil if there is no room.
func (c *fetchSessions) open(f *fetchState, byID bool) *fetchSession {
	if len(f.parts) == 0 {
		return nil
	}
	s := &fetchSession{epoch: 1, byID: byID, used: time.Now(), index: map[partKey]*sessionPart{}}
	for i := range f.parts {
		p := &f.parts[i]
		key := partKey{p.topic, p.id, p.want.Partition}
		if s.index[key] != nil {
			return nil // a request like that is answered, not remembered
		}
		p.session = &sessionPart{key: key, want: p.want}
		s.index[key] = p.session
		s.order = append(s.order, p.session)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.sessions) >= maxFetchSessions || c.parts+len(s.order) > maxSessionParts {
		c.evict(s.used.Add(-sessionIdle))
	}
	if len(c.sessions) >= maxFetchSessions || c.parts+len(s.order) > maxSessionParts {
		return nil
	}
	for s.id == 0 || c.sessions[s.id] != nil {
		s.id = rand.Int32N(math.MaxInt32-1) + 1
	}
	if c.sessions == nil {
		c.sessions = map[int32]*fetchSession{}
	}
	c.sessions[s.id] = s
	s.known = len(s.order)
	c.parts += s.known
	return s
}

// evict drops sessions that were not used for a while. Called with mu held.
func (c *fetchSessions) evict(before time.Time) {
	for id, s := range c.sessions {
		if s.used.Before(before) {
			delete(c.sessions, id)
			c.parts -= s.known
		}
	}
}

func (c *fetchSessions) drop(id int32) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if s := c.sessions[id]; s != nil {
		delete(c.sessions, id)
		c.parts -= s.known
	}
}

// recount keeps the bound when a session grows; one that grows past it is
// forgotten, and its consumer starts a new one.
func (c *fetchSessions) recount(s *fetchSession) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.sessions[s.id] != s {
		return
	}
	c.parts += len(s.order) - s.known
	if s.known = len(s.order); c.parts > maxSessionParts {
		delete(c.sessions, s.id)
		c.parts -= s.known
	}
}

// update applies what the request forgets, changes and adds. Called with mu held.
func (s *fetchSession) update(req *kmsg.FetchRequest, byID bool) {
	gone := map[*sessionPart]bool{}
	key := func(topic string, id [16]byte, partition int32) partKey {
		if byID {
			return partKey{id: id, partition: partition}
		}
		return partKey{topic: topic, partition: partition}
	}
	for _, t := range req.ForgottenTopics {
		for _, p := range t.Partitions {
			k := key(t.Topic, t.TopicID, p)
			if part := s.index[k]; part != nil {
				gone[part] = true
				delete(s.index, k)
			}
		}
	}
	if len(gone) > 0 {
		s.order = slices.DeleteFunc(s.order, func(p *sessionPart) bool { return gone[p] })
	}
	for i := range req.Topics {
		t := &req.Topics[i]
		for _, want := range t.Partitions {
			k := key(t.Topic, t.TopicID, want.Partition)
			if part := s.index[k]; part != nil {
				part.want = want
				continue
			}
			part := &sessionPart{key: k, want: want}
			s.index[k] = part
			s.order = append(s.order, part)
		}
	}
}

// changed reports whether a row belongs into the answer, and remembers it.
func (s *fetchSession) changed(p *fetchPart, row *wireproto.FetchPartition) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	part := p.session
	part.served = len(row.Records) > 0
	failed := row.ErrorCode != errNone || row.Diverging != nil
	news := failed || part.failed || part.served || !part.told || part.hw != row.HighWatermark || part.start != row.LogStartOffset
	part.hw, part.start, part.told, part.failed = row.HighWatermark, row.LogStartOffset, !failed, failed
	return news
}

// end moves the partitions that returned records behind the others, so that a
// small answer does not starve any.
func (s *fetchSession) end(parts []fetchPart) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !slices.ContainsFunc(parts, func(p fetchPart) bool { return p.session.served }) {
		return
	}
	rest := make([]*sessionPart, 0, len(s.order))
	var served []*sessionPart
	for _, p := range s.order {
		if p.served {
			served = append(served, p)
			p.served = false
		} else {
			rest = append(rest, p)
		}
	}
	s.order = append(rest, served...)
}
