package rest

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"github.com/kurier-io/kurier/plugins/registry"
	"github.com/kurier-io/kurier/runtime/herder"
)

func (s *Server) validate(ctx context.Context, r *request) (response, error) {
	doc, whole := parse(r.body)
	members, err := doc.object(whole, "the configuration")
	if err != nil {
		return response{}, err
	}
	cfg, err := doc.config(members)
	if err != nil {
		return response{}, err
	}
	class, given := cfg["connector.class"]
	if given && !strings.HasSuffix(strings.TrimSuffix(class, "Connector"), strings.TrimSuffix(r.plugin, "Connector")) {
		return response{}, badRequest("Included connector type %s does not match request type %s", class, r.plugin)
	}
	infos, err := s.cfg.Herder.Validate(ctx, cfg)
	if err != nil {
		return response{}, wrapped(err)
	}
	return ok(viewValidation(infos))
}

// wrapped is the answer when a configuration could not be validated at all: Kafka Connect's is a 500 with the Java class of the exception in
// front, whatever went wrong, and clients match the class.
func wrapped(err error) error {
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
		return err
	}
	class := "org.apache.kafka.connect.errors.ConnectException: "
	_, bad := errors.AsType[*herder.BadRequestError](err)
	_, unknown := errors.AsType[*registry.NotFoundError](err)
	if bad || unknown {
		class = "org.apache.kafka.connect.runtime.rest.errors.BadRequestException: "
	}
	return &httpError{status: http.StatusInternalServerError, msg: class + err.Error()}
}
