package rest

import (
	"context"
	"net/http"
	"strings"

	"github.com/kurier-io/kurier/plugins/registry"
	"github.com/kurier-io/kurier/runtime/assign"
	"github.com/kurier-io/kurier/runtime/herder"
	"github.com/kurier-io/kurier/runtime/store"
)

func (s *Server) root(context.Context, *request) (response, error) {
	i := s.cfg.Herder.About().Info()
	return ok(struct {
		Version string `json:"version"`
		Commit  string `json:"commit"`
		Cluster string `json:"kafka_cluster_id"`
	}{i.Version, i.Commit, i.KafkaClusterID})
}

func (s *Server) health(ctx context.Context, _ *request) (response, error) {
	ctx, cancel := context.WithTimeout(ctx, healthTimeout)
	defer cancel()
	h := s.cfg.Herder.About().Health(ctx)
	status, word := http.StatusOK, "healthy"
	switch {
	case !h.Started:
		status, word = http.StatusServiceUnavailable, "starting"
	case !h.Ready:
		status, word = http.StatusInternalServerError, "unhealthy"
	}
	return response{status: status, value: struct {
		Status  string `json:"status"`
		Message string `json:"message"`
	}{word, h.Message}}, nil
}

func (s *Server) status(_ context.Context, r *request) (response, error) {
	st, err := s.cfg.Herder.Status(r.connector)
	if err != nil {
		return response{}, err
	}
	return ok(viewStatus(st))
}

func (s *Server) taskStatus(_ context.Context, r *request) (response, error) {
	st, err := s.cfg.Herder.TaskStatus(assign.TaskID{Connector: r.connector, Task: r.task})
	if err != nil {
		return response{}, err
	}
	return ok(viewTaskState(st))
}

// target changes the wanted state; an unknown connector has a text of its own here.
func (s *Server) target(ctx context.Context, r *request, t store.TargetState, status int) (response, error) {
	err := s.cfg.Herder.SetTargetState(ctx, r.connector, t)
	if notFound(err) {
		err = &herder.NotFoundError{Msg: "Unknown connector " + r.connector}
	}
	return response{status: status}, err
}

func (s *Server) pause(ctx context.Context, r *request) (response, error) {
	return s.target(ctx, r, store.Paused, http.StatusAccepted)
}

func (s *Server) resume(ctx context.Context, r *request) (response, error) {
	return s.target(ctx, r, store.Started, http.StatusAccepted)
}

func (s *Server) stop(ctx context.Context, r *request) (response, error) {
	return s.target(ctx, r, store.Stopped, http.StatusNoContent)
}

func (s *Server) restart(ctx context.Context, r *request) (response, error) {
	tasks, failed := r.flag("includeTasks"), r.flag("onlyFailed")
	if tasks || failed {
		st, err := s.cfg.Herder.RestartAll(ctx, herder.RestartRequest{Connector: r.connector, IncludeTasks: tasks, OnlyFailed: failed})
		if err != nil {
			return response{}, err
		}
		return response{status: http.StatusAccepted, value: viewStatus(st)}, nil
	}
	err := s.cfg.Herder.RestartConnector(ctx, r.connector)
	if notFound(err) {
		err = &herder.NotFoundError{Msg: "Unknown connector: " + r.connector}
	}
	return response{status: http.StatusNoContent}, err
}

func (s *Server) restartTask(ctx context.Context, r *request) (response, error) {
	return response{status: http.StatusNoContent}, s.cfg.Herder.RestartTask(ctx, assign.TaskID{Connector: r.connector, Task: r.task})
}

func (s *Server) plugins(_ context.Context, r *request) (response, error) {
	kinds := []registry.Kind{registry.SinkKind, registry.SourceKind}
	if v := r.query.Get("connectorsOnly"); v != "" && !strings.EqualFold(v, "true") {
		kinds = registry.Kinds()
	}
	out := []pluginView{}
	for _, e := range s.cfg.Herder.List(kinds...) {
		out = append(out, pluginView{e.Class, string(e.Kind), e.Version})
	}
	return ok(out)
}

func (s *Server) pluginConfig(_ context.Context, r *request) (response, error) {
	c, err := s.cfg.Herder.PluginConfig(r.plugin)
	if err != nil {
		return response{}, err
	}
	out := []*keyView{}
	for i := range c.Keys {
		out = append(out, viewKey(&c.Keys[i]))
	}
	return ok(out)
}
