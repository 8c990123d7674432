package membership

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// leaveTimeout bounds the farewell of a worker that shuts down.
const leaveTimeout = 5 * time.Second

// Member is one worker's membership of its Connect cluster. Run must be called exactly once; all other methods
// are safe from any goroutine, listener calls included, and never block on the network.
type Member struct {
	cfg      Config
	listener Listener
	client   *kgo.Client
	machine  *machine // Run's goroutine only

	mu       sync.Mutex
	requests []event
	snapshot Generation
	wake     chan struct{} // one slot: requests were added

	events chan event  // answers of requests and listener calls under way
	calls  chan effect // listener calls in order
}

// New checks the configuration and prepares a member; nothing is sent before Run.
func New(cfg Config, configs Configs, listener Listener) (*Member, error) {
	cfg = cfg.withDefaults()
	if err := cfg.validate(); err != nil {
		return nil, fmt.Errorf("group membership: %w", err)
	}
	client, err := kgo.NewClient(cfg.options()...)
	if err != nil {
		return nil, fmt.Errorf("group membership: client: %w", err)
	}
	m := &Member{
		cfg: cfg, listener: listener, client: client,
		machine: newMachine(cfg, configs, time.Now()),
		wake:    make(chan struct{}, 1),
		events:  make(chan event, 16),
		calls:   make(chan effect, 16),
	}
	m.snapshot = m.machine.snapshot()
	return m, nil
}

// Generation returns the current view. ID is -1 while the worker is outside the group or a rebalance is under way;
// the leader's URL stays that of the last assignment then.
func (m *Member) Generation() Generation {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.snapshot
}

// RequestRejoin asks for a rebalance, and ends the absence that Leave began. Requests that arrive before the next
// join are served by one.
func (m *Member) RequestRejoin(reason string) { m.request(rejoin{reason}) }

// Leave leaves the group until RequestRejoin. Work that runs here goes on and is announced again on return.
func (m *Member) Leave(reason string) { m.request(leave{reason}) }

// Abandon gives up all local work through OnRevoked; the next join announces none.
func (m *Member) Abandon() { m.request(abandon{}) }

func (m *Member) request(ev event) {
	m.mu.Lock()
	if n := len(m.requests); n > 0 {
		if _, again := m.requests[n-1].(rejoin); again {
			if _, too := ev.(rejoin); too {
				n--
			}
		}
		m.requests = append(m.requests[:n], ev)
	} else {
		m.requests = append(m.requests, ev)
	}
	m.mu.Unlock()
	select {
	case m.wake <- struct{}{}:
	default:
	}
}

// Run joins the group and keeps the membership until ctx ends; then it leaves the group and returns nil. It does not
// revoke on the way out: the herder stops its work before it ends ctx. An error means that the coordinator refuses
// this worker for good (authorization, protocol or session settings).
func (m *Member) Run(ctx context.Context) error {
	defer m.client.Close()
	inner, cancel := context.WithCancelCause(ctx)
	var wg sync.WaitGroup
	wg.Go(func() { m.serveCalls(inner) })
	err := m.loop(inner, &wg)
	cancel(context.Cause(ctx))
	wg.Wait()
	if id := m.machine.memberID; id != "" {
		bounded, done := context.WithTimeout(context.WithoutCancel(ctx), leaveTimeout)
		defer done()
		m.leave(bounded, sendLeave{memberID: id, reason: "the worker stops"})
	}
	m.publish(Generation{ID: -1, Protocol: m.cfg.Protocol})
	return err
}

func (m *Member) loop(ctx context.Context, wg *sync.WaitGroup) error {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		var evs []event
		select {
		case <-ctx.Done():
			return nil
		case ev := <-m.events:
			evs = append(evs, ev)
		case <-m.wake:
			m.mu.Lock()
			evs, m.requests = slices.Clone(m.requests), m.requests[:0]
			m.mu.Unlock()
		case <-timer.C:
			evs = append(evs, tick{})
		}
		for _, ev := range evs {
			effects := m.machine.step(time.Now(), ev)
			m.publish(m.machine.snapshot())
			for _, e := range effects {
				if f, ok := e.(fatal); ok {
					return f.err
				}
				m.do(ctx, wg, e)
			}
		}
		timer.Stop()
		if at := m.machine.wake(); !at.IsZero() {
			timer.Reset(max(0, time.Until(at)))
		}
	}
}

func (m *Member) publish(g Generation) {
	m.mu.Lock()
	m.snapshot = g
	m.mu.Unlock()
}

// do starts an effect; answers come back as events.
func (m *Member) do(ctx context.Context, wg *sync.WaitGroup, e effect) {
	log := m.cfg.Logger
	switch e := e.(type) {
	case note:
		log.Warn(e.text, append(e.args, "group", m.cfg.Group)...)
	case callRevoked, callAssigned:
		select {
		case m.calls <- e:
		case <-ctx.Done():
		}
	case sendJoin:
		log.Info("joining the group", "group", m.cfg.Group, "reason", e.reason)
		wg.Go(func() { m.post(ctx, m.join(ctx, e)) })
	case sendSync:
		wg.Go(func() { m.post(ctx, m.sync(ctx, e)) })
	case sendHeartbeat:
		wg.Go(func() { m.post(ctx, m.beat(ctx, e)) })
	case sendLeave:
		log.Info("leaving the group", "group", m.cfg.Group, "reason", e.reason)
		wg.Go(func() { m.leave(ctx, e) })
	}
}

func (m *Member) post(ctx context.Context, ev event) {
	select {
	case m.events <- ev:
	case <-ctx.Done():
	}
}

func (m *Member) serveCalls(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case e := <-m.calls:
			switch e := e.(type) {
			case callRevoked:
				m.listener.OnRevoked(ctx, e.leader, e.work.Connectors, e.work.Tasks)
			case callAssigned:
				m.listener.OnAssigned(ctx, e.generation)
			}
			m.post(ctx, returned{})
		}
	}
}
