package txn

import (
	"regexp"
	"slices"
	"strings"
	"time"
)

// Description is a transactional id as DescribeTransactions and ListTransactions
// show it.
type Description struct {
	ID            string
	State         State
	ProducerID    int64
	ProducerEpoch int16
	TimeoutMillis int32
	StartMillis   int64            // Unix time, -1 if no transaction was begun
	Partitions    []TopicPartition // sorted; not in a list
}

// Describe returns a transactional id.
func (c *Coordinator) Describe(id string) (Description, Code) {
	if id == "" {
		return Description{}, InvalidRequest
	}
	s, _ := c.find(id, false)
	if s == nil {
		return Description{ID: id}, TransactionalIDNotFound
	}
	m, ok := s.snapshot()
	if !ok {
		return Description{ID: id}, TransactionalIDNotFound
	}
	d := describe(id, &m)
	d.Partitions = m.partitions.sorted()
	return d, None
}

func (s *shell) snapshot() (m metadata, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.m.meta, !s.gone && !s.m.meta.fresh()
}

func describe(id string, m *metadata) Description {
	return Description{ID: id, State: m.state, ProducerID: m.producerID, ProducerEpoch: m.epoch, TimeoutMillis: m.timeout, StartMillis: m.start}
}

// Filter selects what List returns. Empty fields select everything.
type Filter struct {
	States      []string // Kafka's names
	ProducerIDs []int64
	OlderThan   time.Duration // of transactions that are not complete; zero or less for all
	IDPattern   string        // RE2, for the whole id
}

// List returns the ids that pass the filter by id, and the states of the filter
// that do not exist.
func (c *Coordinator) List(now time.Time, f Filter) (rows []Description, unknown []string, code Code) {
	var pattern *regexp.Regexp
	if f.IDPattern != "" {
		var err error
		if _, err = regexp.Compile(f.IDPattern); err == nil {
			pattern, err = regexp.Compile(`^(?:` + f.IDPattern + `)$`)
		}
		if err != nil {
			return nil, nil, InvalidRegularExpression
		}
	}
	for _, name := range f.States {
		if !slices.Contains(stateNames[:], name) {
			unknown = append(unknown, name)
		}
	}
	for i := range c.shards {
		sh := &c.shards[i]
		sh.mu.RLock()
		shells := make([]*shell, 0, len(sh.ids))
		for id, s := range sh.ids {
			if pattern == nil || pattern.MatchString(id) {
				shells = append(shells, s)
			}
		}
		sh.mu.RUnlock()
		for _, s := range shells {
			if m, ok := s.snapshot(); ok && f.takes(now, &m) {
				rows = append(rows, describe(s.id, &m))
			}
		}
	}
	slices.SortFunc(rows, func(a, b Description) int { return strings.Compare(a.ID, b.ID) })
	return rows, unknown, None
}

func (f *Filter) takes(now time.Time, m *metadata) bool {
	if len(f.States) > 0 && !slices.Contains(f.States, m.state.String()) ||
		len(f.ProducerIDs) > 0 && !slices.Contains(f.ProducerIDs, m.producerID) {
		return false
	}
	running := m.state == Ongoing || m.state.preparing()
	return f.OlderThan <= 0 || running && now.UnixMilli()-m.start > f.OlderThan.Milliseconds()
}
