package rest

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"

	"github.com/kurier-io/kurier/runtime/herder"
)

func (s *Server) validate(ctx context.Context, r *request) (response, error) {
	var raw map[string]json.RawMessage
	if err := decode(r.body, &raw); err != nil {
		return response{}, err
	}
	cfg, err := decodeConfig(raw)
	if err != nil {
		return response{}, err
	}
	class := cfg["connector.class"]
	if class != "" && !strings.HasSuffix(strings.TrimSuffix(class, "Connector"), strings.TrimSuffix(r.plugin, "Connector")) {
		return response{}, &herder.BadRequestError{Msg: "Included connector type " + class + " does not match request type " + r.plugin}
	}
	infos, err := s.cfg.Herder.Validate(ctx, cfg)
	if err != nil {
		// Kafka Connect answers 500 with the Java class of the exception in front, whatever went wrong; clients match the class.
		status := http.StatusInternalServerError
		prefix := "org.apache.kafka.connect.errors.ConnectException: "
		if code, _ := statusOf(err); code == http.StatusBadRequest {
			status = code
			if class == "" {
				prefix = "org.apache.kafka.connect.runtime.rest.errors.BadRequestException: "
			}
		}
		return response{}, &httpError{status: status, msg: prefix + err.Error()}
	}
	return ok(viewValidation(infos))
}
