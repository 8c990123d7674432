package rest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/kurier-io/kurier/runtime/herder"
)

// A request is what handlers see of HTTP.
type request struct {
	connector string
	task      int
	plugin    string
	query     url.Values
	header    http.Header
	body      []byte
}

// flag reads a boolean parameter: true in any case is true, anything else is false, the first of several counts.
func (r *request) flag(name string) bool { return strings.EqualFold(r.query.Get(name), "true") }

// A response is a status with a value that becomes JSON; a nil value is an empty body.
type response struct {
	status   int
	value    any
	location string // connector whose URL goes into Location; empty: none
}

type handler func(ctx context.Context, r *request) (response, error)

// A kind says which content negotiation applies to a route.
type kind bool

const (
	free      kind = false // takes a body of any type
	consuming kind = true
)

// httpError is an error that already is an answer.
type httpError struct {
	status int
	msg    string
	bare   bool // without Content-Type, as Kafka Connect sends errors from before a method was chosen
}

func (e *httpError) Error() string { return e.msg }

func (s *Server) wrap(k kind, h handler) echo.HandlerFunc {
	return func(c echo.Context) error {
		req := c.Request()
		if err := negotiate(req, k); err != nil {
			return err
		}
		r := &request{query: req.URL.Query(), header: req.Header}
		var err error
		if r.connector, err = pathParam(c, "connector"); err != nil {
			return err
		}
		if r.plugin, err = pathParam(c, "plugin"); err != nil {
			return err
		}
		if t := c.Param("task"); t != "" {
			n, err := strconv.ParseInt(t, 10, 32)
			if err != nil {
				return &httpError{status: http.StatusNotFound, msg: "HTTP 404 Not Found"}
			}
			r.task = int(n)
		}
		if r.body, err = io.ReadAll(http.MaxBytesReader(c.Response(), req.Body, maxBody)); err != nil {
			return tooLarge(err)
		}
		ctx, cancel := context.WithTimeout(req.Context(), requestTimeout)
		defer cancel()
		resp, err := h(ctx, r)
		if err != nil {
			if url := elsewhere(err); url != "" {
				return s.sendOn(ctx, c, r, url)
			}
			return err
		}
		if resp.location != "" {
			c.Response().Header().Set("Location", "http://"+req.Host+"/connectors/"+escapeName(resp.location))
		}
		return write(c, resp)
	}
}

func tooLarge(err error) error {
	if e, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return &httpError{status: http.StatusRequestEntityTooLarge, msg: "The request body has more than " + strconv.FormatInt(e.Limit, 10) + " bytes"}
	}
	return err
}

func pathParam(c echo.Context, name string) (string, error) {
	v, err := url.PathUnescape(c.Param(name))
	if err != nil {
		return "", &httpError{status: http.StatusBadRequest, msg: "The path holds a broken percent escape: " + err.Error()}
	}
	return strings.ToValidUTF8(v, "\uFFFD"), nil
}

// escapeName leaves slashes as they are, as Kafka Connect does.
func escapeName(name string) string {
	return strings.ReplaceAll(url.PathEscape(name), "%2F", "/")
}

// negotiate follows JAX-RS: what does not accept JSON is 406, and a body of another type 415.
func negotiate(r *http.Request, k kind) error {
	if !accepts(r.Header, "application/json") {
		return &httpError{http.StatusNotAcceptable, "HTTP 406 Not Acceptable", true}
	}
	if k == free {
		return nil
	}
	ct, given := r.Header["Content-Type"]
	if !given {
		if r.ContentLength == 0 {
			return nil
		}
		return &httpError{http.StatusUnsupportedMediaType, "HTTP 415 Unsupported Media Type", false}
	}
	mt, _, err := mime.ParseMediaType(ct[0])
	if err != nil || mt != "application/json" {
		return &httpError{http.StatusUnsupportedMediaType, "HTTP 415 Unsupported Media Type", true}
	}
	return nil
}

func accepts(h http.Header, want string) bool {
	values := h.Values("Accept")
	if len(values) == 0 {
		return true
	}
	major, _, _ := strings.Cut(want, "/")
	for part := range strings.SplitSeq(strings.Join(values, ","), ",") {
		mt, params, err := mime.ParseMediaType(part)
		if err != nil {
			continue
		}
		if q, err := strconv.ParseFloat(params["q"], 64); err == nil && q == 0 {
			continue
		}
		if mt == want || mt == "*/*" || mt == major+"/*" {
			return true
		}
	}
	return false
}

func write(c echo.Context, r response) error {
	if r.value == nil {
		if r.status == http.StatusAccepted || r.status == http.StatusOK {
			c.Response().Header().Set("Content-Length", "0")
		}
		return c.NoContent(r.status)
	}
	b, err := marshal(r.value)
	if err != nil {
		return err
	}
	ct := "application/json"
	if strings.Contains(strings.ToLower(c.Request().Header.Get("Accept")), "charset=utf-8") {
		ct += ";charset=utf-8"
	}
	return c.Blob(r.status, ct, b)
}

// marshal writes JSON as Kafka Connect does: nothing escaped for HTML, no newline at the end.
func marshal(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

type errorBody struct {
	Code    int    `json:"error_code"`
	Message string `json:"message"`
}

// fail turns an error into an answer; echo calls it once for each request that failed.
func (s *Server) fail(err error, c echo.Context) {
	if c.Response().Committed {
		return
	}
	status, bare := http.StatusInternalServerError, false
	msg := err.Error()
	if e, ok := errors.AsType[*echo.HTTPError](err); ok {
		// From echo itself: no route, or no such method on it.
		status, bare = e.Code, true
		msg = "HTTP " + strconv.Itoa(status) + " " + http.StatusText(status)
		c.Response().Header().Del("Allow")
	} else {
		status, bare = statusOf(err)
	}
	if status >= http.StatusInternalServerError {
		s.cfg.Logger.Warn("a request failed", "method", c.Request().Method, "path", c.Request().URL.Path, "status", status, "err", err)
	}
	b, _ := marshal(errorBody{status, msg}) // two plain fields
	h := c.Response().Header()
	if bare {
		h["Content-Type"] = nil // keeps net/http from guessing one
	} else {
		h.Set("Content-Type", "application/json")
	}
	c.Response().WriteHeader(status)
	if c.Request().Method != http.MethodHead {
		_, _ = c.Response().Write(b) // the client is gone
	}
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
	if _, ok := errors.AsType[*herder.NotLeaderError](err); ok {
		return http.StatusConflict, false
	}
	return unknownClass(err), false
}
