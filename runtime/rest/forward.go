package rest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"

	"github.com/labstack/echo/v4"

	"github.com/kurier-io/kurier/plugins/registry"
	"github.com/kurier-io/kurier/runtime/herder"
)

// elsewhere returns the URL of the worker that must serve a request instead; empty: none.
func elsewhere(err error) string {
	if e, ok := errors.AsType[*herder.NotLeaderError](err); ok {
		return e.URL
	}
	if e, ok := errors.AsType[*herder.NotOwnerError](err); ok {
		return e.URL
	}
	return ""
}

// unknownClass: a class that no plugin provides is the client's mistake, as in Kafka Connect 4.1.
func unknownClass(err error) int {
	if _, ok := errors.AsType[*registry.NotFoundError](err); ok {
		return http.StatusBadRequest
	}
	return http.StatusInternalServerError
}

// sendOn asks another worker, at most two hops far: the first adds forward=true, the second forward=false, which nobody sends on.
func (s *Server) sendOn(ctx context.Context, c echo.Context, r *request, target string) error {
	query := r.query
	hop := "true"
	if v, given := query["forward"]; given {
		if len(v) == 0 || v[0] != "true" {
			return &herder.ConflictError{Msg: "Cannot complete request because of a conflicting operation (e.g. worker rebalance)"}
		}
		hop = "false"
	}
	query.Set("forward", hop)
	base, err := url.Parse(target)
	if err != nil {
		return fmt.Errorf("the address %q of another worker: %w", target, err)
	}
	in := c.Request()
	u := base.Scheme + "://" + base.Host + in.URL.RawPath + "?" + query.Encode()
	out, err := http.NewRequestWithContext(ctx, in.Method, u, bytes.NewReader(r.body))
	if err != nil {
		return err
	}
	out.Header.Set("Accept", "application/json")
	out.Header.Set("User-Agent", "kafka-connect")
	if len(r.body) > 0 {
		out.Header.Set("Content-Type", "application/json")
	}
	for _, h := range []string{"Authorization", herder.SignatureHeader, herder.SignatureAlgorithmHeader} {
		if v := in.Header.Get(h); v != "" {
			out.Header.Set(h, v)
		}
	}
	resp, err := s.forward.Do(out)
	if err != nil {
		return fmt.Errorf("IO Error trying to forward REST request: %w", err) //nolint:staticcheck // Kafka Connect's text
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(io.LimitReader(resp.Body, maxBody))
	if err != nil {
		return fmt.Errorf("IO Error trying to forward REST request: %w", err) //nolint:staticcheck // Kafka Connect's text
	}
	if resp.StatusCode >= http.StatusBadRequest {
		var e errorBody
		if err := json.Unmarshal(b, &e); err != nil {
			return fmt.Errorf("IO Error trying to forward REST request: %w", err) //nolint:staticcheck // Kafka Connect's text
		}
		return &httpError{status: resp.StatusCode, msg: e.Message}
	}
	if resp.StatusCode >= http.StatusMultipleChoices {
		return fmt.Errorf("Unexpected status code when handling forwarded request: %d", resp.StatusCode) //nolint:staticcheck // Kafka Connect's text
	}
	if loc := resp.Header.Get("Location"); loc != "" {
		if l, err := url.Parse(loc); err == nil {
			c.Response().Header().Set("Location", "http://"+in.Host+l.EscapedPath())
		}
	}
	if len(b) == 0 {
		return c.NoContent(resp.StatusCode)
	}
	return c.Blob(resp.StatusCode, "application/json", b)
}
