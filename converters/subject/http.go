package subject

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"sync/atomic"
	"time"

	"github.com/kurier-io/kurier/plugins/connect"
)

// An Error is the registry's refusal. Code is its own number, such as 40401 for a subject that it does not have.
type Error struct {
	Status int
	Code   int
	Msg    string
	Where  string // method and URL, without credentials
}

func (e *Error) Error() string {
	s := fmt.Sprintf("schema registry, %s: %s; error code: %d", e.Where, e.Msg, e.Code)
	switch e.Status {
	case http.StatusUnauthorized, http.StatusForbidden:
		return s + " (set basic.auth.credentials.source=USER_INFO and basic.auth.user.info, or bearer.auth.token, below the converter's prefix)"
	case http.StatusConflict:
		return s + " (make the change compatible, or lower the subject's compatibility level: PUT /config/{subject})"
	}
	return s
}

// missing reports whether the registry does not have what was asked for.
func missing(err error) bool {
	e, ok := errors.AsType[*Error](err)
	return ok && e.Status == http.StatusNotFound
}

const (
	mediaType = "application/vnd.schemaregistry.v1+json"
	// mostAnswer bounds an answer; registries refuse schemas of more than a megabyte or so.
	mostAnswer = 16 << 20
)

// caller sends requests, again where that helps, to one of several instances.
type caller struct {
	http  *http.Client
	bases []*url.URL
	user  *url.Userinfo
	token string
	s     Settings
	at    atomic.Int32 // the instance that answered last
}

// do sends a request and decodes the answer into out. Errors that may pass are marked retriable after the last try.
func (c *caller) do(ctx context.Context, method, path string, query url.Values, body, out any) error {
	var payload []byte
	if body != nil {
		var err error
		if payload, err = json.Marshal(body); err != nil {
			return err
		}
	}
	for try := 0; ; try++ {
		err := c.once(ctx, method, path, query, payload, out)
		if err == nil || !passing(err) || ctx.Err() != nil {
			return err
		}
		if try >= c.s.MaxRetries {
			return connect.Retriable(err, 0)
		}
		select {
		case <-time.After(c.pause(try)):
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// pause doubles from retries.wait.ms, less a random fifth, so that tasks that failed together do not return together.
func (c *caller) pause(try int) time.Duration {
	d := min(c.s.RetryWait<<min(try, 20), c.s.RetryMaxWait)
	return d - time.Duration(rand.Int64N(int64(d)/5+1))
}

func passing(err error) bool {
	if e, ok := errors.AsType[*Error](err); ok {
		switch e.Status {
		case http.StatusRequestTimeout, http.StatusTooManyRequests, http.StatusInternalServerError, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
			return true
		}
		return false
	}
	_, broken := errors.AsType[*url.Error](err)
	return broken
}

// once asks one instance after another until one can be reached.
func (c *caller) once(ctx context.Context, method, path string, query url.Values, payload []byte, out any) error {
	var err error
	for range c.bases {
		at := int(c.at.Load()) % len(c.bases)
		if err = c.send(ctx, c.bases[at], method, path, query, payload, out); err == nil {
			return nil
		}
		if _, broken := errors.AsType[*url.Error](err); !broken {
			return err
		}
		c.at.CompareAndSwap(int32(at), int32(at+1))
	}
	if _, refused := errors.AsType[*net.OpError](err); refused {
		return fmt.Errorf("%w (is the schema registry of schema.registry.url running? kurier dev has one on http://localhost:8081)", err)
	}
	return err
}

// send asks one instance. path is escaped already.
func (c *caller) send(ctx context.Context, base *url.URL, method, path string, query url.Values, payload []byte, out any) error {
	ctx, cancel := context.WithTimeout(ctx, c.s.ConnectTimeout+c.s.ReadTimeout)
	defer cancel()
	text := base.String() + path
	if len(query) > 0 {
		text += "?" + query.Encode()
	}
	req, err := http.NewRequestWithContext(ctx, method, text, bytes.NewReader(payload))
	if err != nil {
		return err
	}
	req.Header.Set("Accept", mediaType+", application/json")
	if payload != nil {
		req.Header.Set("Content-Type", mediaType)
	}
	switch {
	case c.token != "":
		req.Header.Set("Authorization", "Bearer "+c.token)
	case c.user != nil:
		password, _ := c.user.Password()
		req.SetBasicAuth(c.user.Username(), password)
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	where := method + " " + base.String() + path
	b, err := io.ReadAll(io.LimitReader(resp.Body, mostAnswer+1))
	if err != nil {
		return &url.Error{Op: method, URL: base.String() + path, Err: err}
	}
	if len(b) > mostAnswer {
		return fmt.Errorf("schema registry, %s: the answer exceeds %d bytes", where, mostAnswer)
	}
	if resp.StatusCode/100 != 2 {
		return refusal(resp.StatusCode, where, b)
	}
	if err := json.Unmarshal(b, out); err != nil {
		return fmt.Errorf("schema registry, %s: not the answer of a schema registry: %w (check schema.registry.url)", where, err)
	}
	return nil
}

func refusal(status int, where string, body []byte) error {
	var e struct {
		Code int    `json:"error_code"`
		Msg  string `json:"message"`
	}
	if json.Unmarshal(body, &e) != nil || e.Msg == "" {
		e.Code, e.Msg = status, http.StatusText(status)
	}
	return &Error{Status: status, Code: e.Code, Msg: e.Msg, Where: where}
}
