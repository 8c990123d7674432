package distributed

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"time"

	"github.com/kurier-io/kurier/runtime/store"
	"github.com/kurier-io/kurier/runtime/worker"
)

// A reconfiguration asks one connector for its task configurations, away from Run's goroutine: a connector may take its time.
type reconfiguration struct {
	again bool          // of Herder.mu
	news  chan struct{} // one slot: again was set
}

// Pauses between tries.
const (
	firstReconfigPause = 250 * time.Millisecond
	maxReconfigPause   = time.Minute
)

// Reconfigure implements worker.Connectors; requests for one connector that come while one is served are served by one more.
func (h *Herder) Reconfigure(name string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.stopped {
		return
	}
	if r := h.reconfig[name]; r != nil {
		r.again = true
		select {
		case r.news <- struct{}{}:
		default:
		}
		return
	}
	r := &reconfiguration{news: make(chan struct{}, 1)}
	h.reconfig[name] = r
	h.background.Go(func() { h.reconfigure(name, r) })
}

func (h *Herder) reconfigure(name string, r *reconfiguration) {
	pause := firstReconfigPause
	for {
		h.mu.Lock()
		r.again = false // what was asked for so far is served now
		select {
		case <-r.news:
		default:
		}
		h.mu.Unlock()
		err := h.updateTasks(h.life, name)
		h.mu.Lock()
		settled := err == nil || errors.Is(err, worker.ErrNotRunning)
		if h.life.Err() != nil || settled && !r.again {
			delete(h.reconfig, name)
			h.mu.Unlock()
			return
		}
		h.mu.Unlock()
		if settled {
			pause = firstReconfigPause
			continue
		}
		h.Logger.Warn("the tasks of a connector could not be brought up to date; trying again", "connector", name, "err", err, "in", pause)
		select {
		case <-time.After(pause):
			pause = min(2*pause, maxReconfigPause)
		case <-r.news: // what failed may be mended
			pause = firstReconfigPause
			select {
			case <-time.After(pause):
			case <-h.life.Done():
			}
		case <-h.life.Done():
		}
	}
}

// updateTasks asks the connector and has the result written if it differs from what the config topic has.
func (h *Herder) updateTasks(ctx context.Context, name string) error {
	s := h.configs.Snapshot()
	cfg := s.ConnectorConfig(name)
	if cfg == nil || s.TargetState(name) != store.Started || !h.worker.RunsConnector(name) {
		return nil
	}
	configs, err := h.worker.TaskConfigs(ctx, name, worker.TasksMax(cfg))
	if err != nil {
		return err
	}
	if err := worker.CheckTaskCount(name, cfg, len(configs)); err != nil {
		h.Connector(name, store.Failed, err.Error())
		return nil
	}
	if !tasksDiffer(h.configs.Snapshot(), name, configs) {
		return nil
	}
	g, err := h.stableGeneration(ctx)
	if err != nil {
		return err
	}
	if !h.worker.RunsConnector(name) {
		return nil // it moved with the rebalance, and its new owner asks it again
	}
	if g.IsLeader() {
		return h.commitTasks(ctx, name, configs)
	}
	if g.LeaderURL == "" {
		return errors.New("the leader is not known at present")
	}
	if err := h.Peer.PutTaskConfigs(ctx, g.LeaderURL, name, configs, h.configs.Snapshot().SessionKey); err != nil {
		return fmt.Errorf("sending task configurations to the leader at %s: %w", g.LeaderURL, err)
	}
	return nil
}

// tasksDiffer also says yes when the tasks are the same but the connector's configuration is not the one that they were started with:
// converters and transformations stand there.
func tasksDiffer(s *store.ConfigState, name string, configs []map[string]string) bool {
	if s.TaskCount(name) != len(configs) || !maps.Equal(s.AppliedConfig(name), s.ConnectorConfig(name)) {
		return true
	}
	have := s.Tasks(name)
	if len(have) != len(configs) {
		return true // the set in the topic is incomplete
	}
	for i, id := range have {
		if !maps.Equal(s.TaskConfig(id), configs[i]) {
			return true
		}
	}
	return false
}
