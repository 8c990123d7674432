package rest

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/kurier-io/kurier/plugins/registry"
	"github.com/kurier-io/kurier/runtime/herder"
)

// httpError is an error that already is an answer.
type httpError struct {
	status int
	msg    string
	bare   bool // without Content-Type, as Kafka Connect sends errors from before a method was chosen
}

func (e *httpError) Error() string { return e.msg }

var (
	errNoRoute  = &httpError{http.StatusNotFound, "HTTP 404 Not Found", true}
	errTooLarge = &httpError{http.StatusRequestEntityTooLarge, "The request body has more than " + strconv.Itoa(maxBody) + " bytes", false}
)

type errorBody struct {
	Code    int    `json:"error_code"`
	Message string `json:"message"`
}

// fail turns an error into an answer; echo calls it once for each request that failed.
func (s *Server) fail(err error, c echo.Context) {
	if c.Response().Committed {
		return
	}
	status, bare := statusOf(err)
	msg := err.Error()
	if e, ok := errors.AsType[*echo.HTTPError](err); ok {
		// From echo itself: no route, or no such method on it.
		status, bare = e.Code, true
		msg = "HTTP " + strconv.Itoa(status) + " " + http.StatusText(status)
		c.Response().Header().Del("Allow")
	}
	if status >= http.StatusInternalServerError {
		s.cfg.Logger.Warn("a request failed", "method", c.Request().Method, "path", c.Request().URL.Path, "status", status, "err", err)
	}
	b, _ := marshal(errorBody{status, msg}) // two plain fields
	ct := jsonType
	if bare {
		ct = ""
	}
	send(c, status, ct, b)
}

func statusOf(err error) (status int, bare bool) {
	if e, ok := errors.AsType[*httpError](err); ok {
		return e.status, e.bare
	}
	if _, ok := errors.AsType[*herder.NotFoundError](err); ok {
		return http.StatusNotFound, false
	}
	if _, ok := errors.AsType[*herder.BadRequestError](err); ok {
		return http.StatusBadRequest, false
	}
	if _, ok := errors.AsType[*herder.ForbiddenError](err); ok {
		return http.StatusForbidden, false
	}
	if _, ok := errors.AsType[*herder.UnavailableError](err); ok {
		return http.StatusServiceUnavailable, false
	}
	if _, ok := errors.AsType[*herder.ConflictError](err); ok {
		return http.StatusConflict, false
	}
	if _, other := elsewhere(err); other {
		return http.StatusConflict, false
	}
	if _, ok := errors.AsType[*registry.NotFoundError](err); ok {
		return http.StatusBadRequest, false // an unknown class is the client's mistake, as in Kafka Connect 4.1
	}
	return http.StatusInternalServerError, false
}

// nullError has the lines of a 400 for keys whose value is null.
func nullError(keys []string) error {
	slices.Sort(keys)
	var b strings.Builder
	fmt.Fprintf(&b, "Connector configuration is invalid and contains the following %d error(s):", len(keys))
	for _, k := range keys {
		fmt.Fprintf(&b, "\nNull value can not be supplied as the configuration value. (configuration %s: remove it, or give it a value)", k)
	}
	b.WriteString("\nYou can also find the above list of errors at the endpoint `/connector-plugins/{connectorType}/config/validate`")
	return badRequest("%s", b.String())
}
