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
	"time"

	"github.com/labstack/echo/v4"

	"github.com/kurier-io/kurier/runtime/herder"
)

// elsewhere reports whether another worker must serve a request, and its URL; an empty one is not known.
func elsewhere(err error) (target string, other bool) {
	if e, ok := errors.AsType[*herder.NotLeaderError](err); ok {
		return e.URL, true
	}
	if e, ok := errors.AsType[*herder.NotOwnerError](err); ok {
		return e.URL, true
	}
	return "", false
}

// workerClient speaks to other workers: directly, whatever proxy the environment names, and without following redirects, which could
// lead signed requests and credentials astray.
func workerClient(timeout time.Duration) *http.Client {
	return &http.Client{
		Timeout:       timeout,
		Transport:     &http.Transport{DisableCompression: true, MaxIdleConnsPerHost: 2, IdleConnTimeout: time.Minute},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// sendOn asks another worker, at most two hops far: the first adds forward=true, the second forward=false, which nobody sends on. cause
// is the error that named target.
func (s *Server) sendOn(ctx context.Context, c echo.Context, r *request, target string, cause error) error {
	hop := "true"
	if r.query.Has("forward") {
		if !r.flag("forward") {
			return errConflicting
		}
		hop = "false"
	}
	switch target {
	case "":
		return cause
	case s.cfg.URL: // this worker has just lost the lead, or is about to get it
		return errConflicting
	}
	r.query.Set("forward", hop)
	resp, body, err := s.ask(ctx, c.Request(), r, target)
	if err != nil {
		return fmt.Errorf("IO Error trying to forward REST request: %w", err)
	}
	if resp.StatusCode >= http.StatusBadRequest {
		var e errorBody
		if err := json.Unmarshal(body, &e); err != nil {
			return fmt.Errorf("IO Error trying to forward REST request: status %d without a JSON error from %s", resp.StatusCode, target)
		}
		return &httpError{status: resp.StatusCode, msg: e.Message}
	}
	if resp.StatusCode >= http.StatusMultipleChoices {
		//lint:ignore ST1005 this is Kafka Connect's text
		return fmt.Errorf("Unexpected status code when handling forwarded request: %d", resp.StatusCode)
	}
	if l, err := url.Parse(resp.Header.Get("Location")); err == nil && l.Path != "" {
		c.Response().Header().Set("Location", ownURL(c.Request())+l.EscapedPath())
	}
	if len(body) == 0 {
		return write(c, response{status: resp.StatusCode})
	}
	if !json.Valid(body) {
		return fmt.Errorf("IO Error trying to forward REST request: the answer of %s is not JSON", target)
	}
	send(c, resp.StatusCode, contentType(c.Request()), body)
	return nil
}

var errConflicting = &herder.ConflictError{Msg: "Cannot complete request because of a conflicting operation (e.g. worker rebalance)"}

// ask repeats a request at another worker and returns the answer with its body.
func (s *Server) ask(ctx context.Context, in *http.Request, r *request, target string) (*http.Response, []byte, error) {
	base, err := url.Parse(target)
	if err != nil {
		return nil, nil, err
	}
	u := base.Scheme + "://" + base.Host + in.URL.RawPath + "?" + r.query.Encode()
	out, err := http.NewRequestWithContext(ctx, in.Method, u, bytes.NewReader(r.body))
	if err != nil {
		return nil, nil, err
	}
	out.Header.Set("Accept", jsonType)
	out.Header.Set("User-Agent", "kafka-connect")
	if len(r.body) > 0 {
		out.Header.Set("Content-Type", jsonType)
	}
	for _, h := range []string{"Authorization", herder.SignatureHeader, herder.SignatureAlgorithmHeader} {
		if v := in.Header.Get(h); v != "" {
			out.Header.Set(h, v)
		}
	}
	return do(s.forward, out)
}

// do sends a request to a worker and reads the whole answer.
func do(client *http.Client, r *http.Request) (*http.Response, []byte, error) {
	resp, err := client.Do(r)
	if err != nil {
		return nil, nil, err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(io.LimitReader(resp.Body, maxBody+1))
	if err == nil && len(b) > maxBody {
		err = fmt.Errorf("an answer of more than %d bytes", maxBody)
	}
	return resp, b, err
}
