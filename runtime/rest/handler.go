package rest

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"runtime/debug"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"
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

func (s *Server) wrap(k kind, h handler) echo.HandlerFunc {
	return func(c echo.Context) error {
		req := c.Request()
		if err := negotiate(req, k); err != nil {
			return err
		}
		r, err := read(c)
		if err != nil {
			return err
		}
		ctx, cancel := context.WithTimeout(req.Context(), requestTimeout)
		defer cancel()
		resp, err := h(ctx, r)
		if err != nil {
			if target, other := elsewhere(err); other {
				return s.sendOn(ctx, c, r, target, err)
			}
			if ctx.Err() != nil && errors.Is(err, context.DeadlineExceeded) {
				return &httpError{status: http.StatusInternalServerError, msg: "Request timed out"}
			}
			return err
		}
		if resp.location != "" {
			c.Response().Header().Set("Location", ownURL(req)+"/connectors/"+escapeName(resp.location))
		}
		return write(c, resp)
	}
}

// read takes from HTTP what handlers see.
func read(c echo.Context) (*request, error) {
	req := c.Request()
	r := &request{query: req.URL.Query(), header: req.Header, connector: pathParam(c, "connector"), plugin: pathParam(c, "plugin")}
	if t := c.Param("task"); t != "" {
		n, err := strconv.ParseInt(t, 10, 32)
		if err != nil {
			return nil, &httpError{status: http.StatusNotFound, msg: "HTTP 404 Not Found"}
		}
		r.task = int(n)
	}
	if req.ContentLength > maxBody {
		return nil, errTooLarge
	}
	var err error
	if r.body, err = io.ReadAll(http.MaxBytesReader(c.Response().Writer, req.Body, maxBody)); err != nil {
		if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
			return nil, errTooLarge
		}
		return nil, badRequest("The request body could not be read: %v", err)
	}
	return r, nil
}

// pathParam returns a path segment as text; segments are well escaped since normalize has been over them.
func pathParam(c echo.Context, name string) string {
	v, _ := url.PathUnescape(c.Param(name))
	return strings.ToValidUTF8(v, "\uFFFD")
}

// ownURL is this worker's address as the client sees it.
func ownURL(r *http.Request) string {
	if r.TLS != nil {
		return "https://" + r.Host
	}
	return "http://" + r.Host
}

// escapeName leaves slashes as they are, as Kafka Connect does.
func escapeName(name string) string {
	return strings.ReplaceAll(url.PathEscape(name), "%2F", "/")
}

func write(c echo.Context, r response) error {
	if r.value == nil {
		if r.status != http.StatusNoContent {
			c.Response().Header().Set("Content-Length", "0")
		}
		return c.NoContent(r.status)
	}
	b, err := marshal(r.value)
	if err != nil {
		return err
	}
	send(c, r.status, contentType(c.Request()), b)
	return nil
}

// send answers with a body, whose length the answer to HEAD has too; an empty type leaves Content-Type out.
func send(c echo.Context, status int, contentType string, body []byte) {
	h := c.Response().Header()
	if contentType == "" {
		h["Content-Type"] = nil // keeps net/http from guessing one
	} else {
		h.Set("Content-Type", contentType)
	}
	h.Set("Content-Length", strconv.Itoa(len(body)))
	c.Response().WriteHeader(status)
	if c.Request().Method != http.MethodHead {
		_, _ = c.Response().Write(body) // an error means that the client is gone
	}
}

// survive turns a panic into a 500, so that one bad request does no more than fail, and says where in the log.
func (s *Server) survive(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) (err error) {
		defer func() {
			if p := recover(); p != nil {
				s.cfg.Logger.Error("a REST handler panicked; please report this", "method", c.Request().Method, "path", c.Request().URL.Path,
					"panic", p, "stack", string(debug.Stack()))
				err = &httpError{status: http.StatusInternalServerError, msg: "Internal error in the worker, whose log says more"}
			}
		}()
		return next(c)
	}
}
