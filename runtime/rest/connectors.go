package rest

import (
	"context"
	"errors"
	"fmt"
	"maps"
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
	out := map[string]expandedView{}
	for _, name := range names {
		var entry expandedView
		if slices.Contains(expand, "status") {
			st, err := s.cfg.Herder.Status(name)
			if err != nil {
				continue // no status yet: left out, as in Kafka Connect
			}
			entry.Status = new(viewStatus(st))
		}
		if slices.Contains(expand, "info") {
			info, err := s.cfg.Herder.Info(ctx, name)
			if err != nil {
				continue // deleted meanwhile
			}
			entry.Info = new(viewConnector(info))
		}
		out[name] = entry
	}
	return ok(out)
}

func (s *Server) create(ctx context.Context, r *request) (response, error) {
	doc, whole := parse(r.body)
	fields, err := doc.object(whole, "the request")
	if err != nil {
		return response{}, err
	}
	for _, k := range slices.Sorted(maps.Keys(fields)) {
		if k != "name" && k != "config" && k != "initial_state" {
			return response{}, doc.bad(fields[k].at, fmt.Sprintf("Unrecognized field %q: a connector has \"name\", \"config\" and \"initial_state\"", k))
		}
	}
	if fields["config"].null() {
		return response{}, badRequest(`The request has no "config" object`)
	}
	members, err := doc.object(fields["config"], `"config"`)
	if err != nil {
		return response{}, err
	}
	cfg, err := doc.config(members)
	if err != nil {
		return response{}, err
	}
	name, err := nameOf(doc, fields["name"])
	if err != nil {
		return response{}, err
	}
	if err := sameName(cfg, name); err != nil {
		return response{}, err
	}
	initial, err := initialState(doc, fields["initial_state"])
	if err != nil {
		return response{}, err
	}
	_, info, err := s.cfg.Herder.Put(ctx, name, cfg, initial, false)
	if err != nil {
		return response{}, err
	}
	return response{status: http.StatusCreated, value: viewConnector(info), location: name}, nil
}

// nameOf reads a name, of which Java trims everything up to the blank; without one it is empty, which validation reports.
func nameOf(doc document, m member) (string, error) {
	if m.null() {
		return "", nil
	}
	name, err := doc.text(m, "name")
	if err != nil {
		return "", err
	}
	return strings.TrimFunc(*name, func(r rune) bool { return r <= ' ' }), nil
}

func sameName(cfg map[string]string, name string) error {
	if in, ok := cfg["name"]; ok && in != name {
		return badRequest("Connector name configuration (%s) doesn't match connector name in the URL (%s)", in, name)
	}
	return nil
}

func initialState(doc document, m member) (store.TargetState, error) {
	if m.null() {
		return "", nil
	}
	text, err := doc.text(m, "initial_state")
	if err != nil {
		return "", err
	}
	switch strings.ToUpper(*text) {
	case "RUNNING":
		return store.Started, nil
	case "PAUSED":
		return store.Paused, nil
	case "STOPPED":
		return store.Stopped, nil
	}
	return "", doc.bad(m.at, fmt.Sprintf("Cannot construct instance of initial_state from %q: want RUNNING, PAUSED or STOPPED", *text))
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
	doc, whole := parse(r.body)
	members, err := doc.object(whole, "the configuration")
	if err != nil {
		return response{}, err
	}
	if members["name"].null() {
		delete(members, "name")
	}
	cfg, err := doc.config(members)
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
	doc, whole := parse(r.body)
	members, err := doc.object(whole, "the patch")
	if err != nil {
		return response{}, err
	}
	patch, err := doc.texts(members)
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
	return ok(map[string][]offsetView{"offsets": out})
}

// topics of a connector that is not known are none, not a 404.
func (s *Server) topics(_ context.Context, r *request) (response, error) {
	topics, err := s.cfg.Herder.Topics(r.connector)
	if err != nil && !notFound(err) {
		return response{}, err
	}
	if topics == nil {
		topics = []string{}
	}
	type view struct {
		Topics []string `json:"topics"`
	}
	return ok(map[string]view{r.connector: {topics}})
}

func (s *Server) resetTopics(ctx context.Context, r *request) (response, error) {
	if err := s.cfg.Herder.ResetTopics(ctx, r.connector); err != nil && !notFound(err) {
		return response{}, err
	}
	return response{status: http.StatusAccepted}, nil
}

func notFound(err error) bool {
	_, is := errors.AsType[*herder.NotFoundError](err)
	return is
}
