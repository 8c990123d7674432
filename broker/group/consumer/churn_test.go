package consumer

import (
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// TestChurn lets clients join, leave, die, lose answers and dawdle while topics
// come and go and the broker restarts. At no time do two members hold a
// partition, nor does a client own what its member does not hold; and two rounds
// of heartbeats after the last change everything is owned.
func TestChurn(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := &world{T: t, topics: newTopics(), now: time.Unix(1_700_000_000, 0), log: replica{}, clients: map[string]*client{}}
		w.m = New("g", w.topics)
		for _, name := range []string{"a", "b"} {
			w.topics.create(name, int32(rapid.IntRange(1, 7).Draw(t, "partitions")))
		}
		t.Repeat(map[string]func(*rapid.T){
			"":          func(*rapid.T) { w.check() },
			"join":      w.join,
			"heartbeat": func(t *rapid.T) { w.each(t, func(c *client) { w.heartbeat(c, rapid.IntRange(0, 9).Draw(t, "luck")) }) },
			"revoke":    func(t *rapid.T) { w.each(t, func(c *client) { c.revoke() }) },
			"subscribe": func(t *rapid.T) { w.each(t, func(c *client) { c.subscribe(t) }) },
			"leave":     func(t *rapid.T) { w.each(t, func(c *client) { w.leave(c, -1) }) },
			"die":       func(t *rapid.T) { w.each(t, func(c *client) { delete(w.clients, c.id) }) },
			"return":    func(t *rapid.T) { w.each(t, func(c *client) { w.comeBack(c) }) },
			"topics":    w.changeTopics,
			"restart":   func(*rapid.T) { w.restart() },
			"time":      func(t *rapid.T) { w.advance(time.Duration(rapid.IntRange(1, 20).Draw(t, "seconds")) * time.Second) },
		})
		w.settle()
	})
}

type world struct {
	*rapid.T
	topics  *fakeTopics
	m       *Machine
	now     time.Time
	log     replica
	clients map[string]*client
	made    int
}

// client is a consumer as the Java client behaves: it owns what it was given once
// it has given up what it was not.
type client struct {
	id       string
	instance *string
	epoch    int32
	owned    set
	target   set
	lost     bool // an answer: the next request says everything
	names    []string
	regex    string
	changed  bool // of subscription or owned, not yet told
}

func (w *world) each(t *rapid.T, fn func(*client)) {
	if len(w.clients) > 0 {
		fn(w.clients[rapid.SampledFrom(slices.Sorted(maps.Keys(w.clients))).Draw(t, "client")])
	}
}

func (w *world) join(t *rapid.T) {
	if len(w.clients) >= 6 {
		return
	}
	w.made++
	c := &client{id: fmt.Sprint("m", w.made), owned: set{}}
	if rapid.Bool().Draw(t, "static") {
		c.instance = new(fmt.Sprint("i", w.made))
	}
	c.subscribe(t)
	w.clients[c.id] = c
	w.heartbeat(c, 9)
}

func (c *client) subscribe(t *rapid.T) {
	c.names = rapid.SampledFrom([][]string{{}, {"a"}, {"a", "b"}, {"b", "c"}}).Draw(t, "names")
	c.regex = rapid.SampledFrom([]string{"", ".*", "a|c"}).Draw(t, "regex")
	c.changed = true
}

// heartbeat sends one; with bad luck the answer is lost, with some the client
// takes its time to revoke.
func (w *world) heartbeat(c *client, luck int) {
	req := Request{MemberID: c.id, InstanceID: c.instance, Epoch: c.epoch, RebalanceTimeout: -1}
	full := c.epoch == 0 || c.lost
	if full {
		req.RebalanceTimeout = 30 * time.Second
	}
	if full || c.changed {
		req.Topics, req.Regex, req.Owned = slices.Clone(c.names), new(c.regex), c.owned.topics()
		c.changed = false
	}
	r := w.m.Heartbeat(w.now, Config{}, req)
	w.store()
	if luck == 0 {
		c.lost = true
		return
	}
	c.lost = false
	switch r.Code {
	case none:
	case fencedEpoch, unknownMember:
		c.epoch, c.owned, c.target = 0, set{}, nil
		return
	default:
		w.Fatalf("%s: %+v", c.id, r)
	}
	c.epoch = r.Epoch
	if r.Assignment != nil {
		c.target = setOf(r.Assignment)
	}
	if luck > 2 {
		c.revoke()
	}
}

// revoke finishes what the last assignment asked for.
func (c *client) revoke() {
	if c.target != nil && !c.target.equal(c.owned) {
		c.owned, c.changed = maps.Clone(c.target), true
	}
}

func (w *world) leave(c *client, epoch int32) {
	w.m.Heartbeat(w.now, Config{}, Request{MemberID: c.id, InstanceID: c.instance, Epoch: epoch})
	w.store()
	delete(w.clients, c.id)
}

// comeBack restarts a static member under a new id.
func (w *world) comeBack(c *client) {
	if c.instance == nil {
		return
	}
	w.leave(c, -2)
	w.made++
	next := &client{id: fmt.Sprint("m", w.made), instance: c.instance, owned: set{}, names: c.names, regex: c.regex}
	w.clients[next.id] = next
	w.heartbeat(next, 9)
}

func (w *world) changeTopics(t *rapid.T) {
	name := rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "topic")
	switch n, ok := w.topics.sizes[name]; {
	case !ok:
		w.topics.create(name, 3)
	case n < 9 && rapid.Bool().Draw(t, "grow"):
		w.topics.sizes[name] = n + 1
	default:
		delete(w.topics.sizes, name)
	}
	w.m.TopicsChanged()
}

func (w *world) store() {
	if err := w.log.follow(w.m); err != nil {
		w.Fatal(err)
	}
}

func (w *world) restart() {
	m, err := w.log.load(w.topics, w.now, Config{})
	if err != nil {
		w.Fatal(err)
	}
	w.m = m
}

func (w *world) advance(d time.Duration) {
	end := w.now.Add(d)
	for next := w.m.Next(); !next.IsZero() && !next.After(end); next = w.m.Next() {
		w.now = next
		w.m.Tick(w.now)
		w.store()
	}
	w.now = end
}

func (w *world) check() {
	holder := map[partition]string{}
	for id, c := range w.m.members {
		for _, s := range []set{c.assigned, c.revoking} {
			for p := range s {
				if other, held := holder[p]; held {
					w.Fatalf("%s and %s both hold %v", other, id, p)
				}
				holder[p] = id
			}
		}
	}
	for id, c := range w.clients {
		m := w.m.members[id]
		if m == nil || c.epoch == 0 || c.epoch != m.epoch && c.epoch != m.previous {
			continue // it is fenced and will hear of it
		}
		for p := range c.owned {
			if holder[p] != id {
				w.Fatalf("client %s owns %v, which %q holds", id, p, holder[p])
			}
		}
	}
}

// settle lets the dead expire, changes one thing more and wants everything owned
// after two rounds, in which clients revoke at once and say so.
func (w *world) settle() {
	round := func() {
		for _, id := range slices.Sorted(maps.Keys(w.clients)) {
			c := w.clients[id]
			w.heartbeat(c, 9)
			for range 2 { // to rejoin if fenced, then to confirm a revocation
				if c.epoch == 0 || c.changed {
					w.heartbeat(c, 9)
				}
			}
			w.check()
		}
	}
	for range 12 { // the dead are gone after nine of them
		round()
		w.advance(5 * time.Second)
	}
	w.owned()
	w.join(w.T)
	round()
	round()
	w.owned()
}

// owned checks that every subscribed partition is owned, by a client that wants
// it, and that loads differ only as far as subscriptions force them.
func (w *world) owned() {
	for name, n := range w.topics.sizes {
		wanted := false
		for id := range w.clients {
			if m := w.m.members[id]; m != nil {
				for t := range w.m.subscription(m) {
					wanted = wanted || t == name
				}
			}
		}
		for i := range n {
			p, owners := partition{w.topics.id(name), i}, 0
			for _, c := range w.clients {
				if c.owned.has(p) {
					owners++
				}
			}
			if wanted && owners != 1 || !wanted && owners != 0 {
				w.Fatalf("%s-%d is owned by %d clients, wanted: %v; the group is %s\n%+v", name, i, owners, wanted, w.m.State(), w.m.Describe())
			}
		}
	}
	if len(w.clients) > 0 && w.m.State() != Stable {
		w.Fatalf("the group is %s", w.m.State())
	}
}
