package rest

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/kurier-io/kurier/runtime/herder"
	"github.com/kurier-io/kurier/runtime/store"
)

func ok(v any) (response, error) { return response{status: http.StatusOK, value: v}, nil }

func (s *Server) connectors(ctx context.Context, r *request) (response, error) {
	names := s.cfg.Herder.Connectors()
	expand, given := r.query["expand"]
	if !given {
		if names == nil {
			names = []string{}
		}
		return ok(names)
	}
	out := map[string]map[string]any{}
	for _, name := range names {
		entry := map[string]any{}
		if slices.Contains(expand, "status") {
			st, err := s.cfg.Herder.Status(name)
			if err != nil {
				continue // no status yet: left out, as in Kafka Connect
			}
			entry["status"] = viewStatus(st)
		}
		if slices.Contains(expand, "info") {
			info, err := s.cfg.Herder.Info(ctx, name)
			if err != nil {
				continue // deleted meanwhile
			}
			entry["info"] = viewConnector(info)
		}
		out[name] = entry
	}
	return ok(out)
}

type createRequest struct {
	Name    json.RawMessage            `json:"name"`
	Config  map[string]json.RawMessage `json:"config"`
	Initial *string                    `json:"initial_state"`
}

func (s *Server) create(ctx context.Context, r *request) (response, error) {
	var fields map[string]json.RawMessage
	if err := decode(r.body, &fields); err != nil {
		return response{}, err
	}
	for k := range fields {
		if k != "name" && k != "config" && k != "initial_state" {
			return response{}, &httpError{status: http.StatusBadRequest, msg: fmt.Sprintf("Unrecognized field %q: a connector has \"name\", \"config\" and \"initial_state\"", k)}
		}
	}
	var req createRequest
	if err := decode(r.body, &req); err != nil {
		return response{}, err
	}
	if req.Config == nil {
		return response{}, &httpError{status: http.StatusBadRequest, msg: `The request has no "config" object`}
	}
	cfg, err := decodeConfig(req.Config)
	if err != nil {
		return response{}, err
	}
	name, err := nameOf(req.Name)
	if err != nil {
		return response{}, err
	}
	if err := sameName(cfg, name); err != nil {
		return response{}, err
	}
	initial, err := initialState(req.Initial)
	if err != nil {
		return response{}, err
	}
	_, info, err := s.cfg.Herder.Put(ctx, name, cfg, initial, false)
	if err != nil {
		return response{}, err
	}
	return response{status: http.StatusCreated, value: viewConnector(info), location: name}, nil
}

func nameOf(raw json.RawMessage) (string, error) {
	if len(raw) == 0 {
		return "", nil
	}
	values, err := configValues(map[string]json.RawMessage{"name": raw})
	if err != nil || values["name"] == nil {
		return "", err
	}
	return strings.TrimSpace(*values["name"]), nil
}

func sameName(cfg map[string]string, name string) error {
	if in, ok := cfg["name"]; ok && in != name {
		return &herder.BadRequestError{Msg: "Connector name configuration (" + in + ") doesn't match connector name in the URL (" + name + ")"}
	}
	return nil
}

func initialState(text *string) (store.TargetState, error) {
	if text == nil {
		return "", nil
	}
	switch strings.ToUpper(*text) {
	case "RUNNING":
		return store.Started, nil
	case "PAUSED":
		return store.Paused, nil
	case "STOPPED":
		return store.Stopped, nil
	}
	return "", &httpError{status: http.StatusBadRequest, msg: fmt.Sprintf("initial_state %q: want RUNNING, PAUSED or STOPPED", *text)}
}

func (s *Server) connector(ctx context.Context, r *request) (response, error) {
	info, err := s.cfg.Herder.Info(ctx, r.connector)
	if err != nil {
		return response{}, err
	}
	return ok(viewConnector(info))
}

func (s *Server) config(ctx context.Context, r *request) (response, error) {
	info, err := s.cfg.Herder.Info(ctx, r.connector)
	if err != nil {
		return response{}, err
	}
	return ok(info.Config)
}

func (s *Server) putConfig(ctx context.Context, r *request) (response, error) {
	var raw map[string]json.RawMessage
	if err := decode(r.body, &raw); err != nil {
		return response{}, err
	}
	if raw == nil {
		return response{}, &httpError{status: http.StatusBadRequest, msg: "The request has no configuration object"}
	}
	if string(raw["name"]) == "null" {
		delete(raw, "name")
	}
	cfg, err := decodeConfig(raw)
	if err != nil {
		return response{}, err
	}
	if err := sameName(cfg, r.connector); err != nil {
		return response{}, err
	}
	created, info, err := s.cfg.Herder.Put(ctx, r.connector, cfg, "", true)
	if err != nil {
		return response{}, err
	}
	if created {
		return response{status: http.StatusCreated, value: viewConnector(info), location: r.connector}, nil
	}
	return ok(viewConnector(info))
}

func (s *Server) patchConfig(ctx context.Context, r *request) (response, error) {
	var raw map[string]json.RawMessage
	if err := decode(r.body, &raw); err != nil {
		return response{}, err
	}
	patch, err := configValues(raw)
	if err != nil {
		return response{}, err
	}
	info, err := s.cfg.Herder.Patch(ctx, r.connector, patch)
	if err != nil {
		return response{}, err
	}
	return ok(viewConnector(info))
}

func (s *Server) remove(ctx context.Context, r *request) (response, error) {
	return response{status: http.StatusNoContent}, s.cfg.Herder.Delete(ctx, r.connector)
}

func (s *Server) tasks(ctx context.Context, r *request) (response, error) {
	tasks, err := s.cfg.Herder.Tasks(ctx, r.connector)
	if err != nil {
		return response{}, err
	}
	out := []taskView{}
	for _, t := range tasks {
		out = append(out, taskView{viewTaskID(t.ID), t.Config})
	}
	return ok(out)
}

func (s *Server) tasksConfig(ctx context.Context, r *request) (response, error) {
	tasks, err := s.cfg.Herder.Tasks(ctx, r.connector)
	if err != nil {
		return response{}, err
	}
	out := map[string]map[string]string{}
	for _, t := range tasks {
		out[t.ID.String()] = t.Config
	}
	return ok(out)
}

func (s *Server) putTasks(ctx context.Context, r *request) (response, error) {
	err := s.cfg.Herder.PutTaskConfigs(ctx, r.connector, r.body, r.header.Get(herder.SignatureHeader), r.header.Get(herder.SignatureAlgorithmHeader))
	return response{status: http.StatusNoContent}, err
}

func (s *Server) offsets(ctx context.Context, r *request) (response, error) {
	list, err := s.cfg.Herder.Offsets(ctx, r.connector)
	if err != nil {
		return response{}, err
	}
	out := []offsetView{}
	for _, o := range list {
		out = append(out, offsetView(o))
	}
	return ok(map[string]any{"offsets": out})
}

func (s *Server) topics(_ context.Context, r *request) (response, error) {
	topics, err := s.cfg.Herder.Topics(r.connector)
	if err != nil {
		return response{}, err
	}
	return ok(map[string]any{r.connector: map[string]any{"topics": topics}})
}

func (s *Server) resetTopics(ctx context.Context, r *request) (response, error) {
	return response{status: http.StatusAccepted}, s.cfg.Herder.ResetTopics(ctx, r.connector)
}
