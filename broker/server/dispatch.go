package server

import (
	"context"
	"fmt"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/kurier-io/kurier/broker/security/acl"
	"github.com/kurier-io/kurier/broker/wireproto"
)

// request is a decoded request with its context.
type request struct {
	ctx      context.Context
	version  int16
	clientID string
	host     string
	who      acl.Client
	listener *Listener
}

// handler answers a decoded request. An error closes the connection; refusals
// are codes in the response.
type handler func(s *Server, r *request, body kmsg.Request) (kmsg.Response, error)

// on adapts a method for one kind of request.
func on[R kmsg.Request](f func(*Server, *request, R) kmsg.Response) handler {
	return func(s *Server, r *request, body kmsg.Request) (kmsg.Response, error) {
		req, ok := body.(R)
		if !ok {
			return nil, fmt.Errorf("%w: API key %d decodes to %T", errClose, body.Key(), body)
		}
		return f(s, r, req), nil
	}
}

// dispatch decodes a frame and handles it up to the point where only waiting is
// left, which the returned function does.
func (c *conn) dispatch(a api, peek wireproto.Peek, frame []byte) (pending, error) {
	if peek.Key == keyApiVersions && peek.Version > a.max {
		// The header of a future version cannot be trusted: answer in version 0
		// with what is offered (KIP-511).
		resp := kmsg.NewPtrApiVersionsResponse()
		resp.ErrorCode = errUnsupportedVersion
		resp.ApiKeys = c.s.offered()
		return c.answer(peek, resp, false), nil
	}
	body := kmsg.RequestForKey(peek.Key)
	if body == nil {
		return nil, fmt.Errorf("%w: no codec for API key %d", errClose, peek.Key)
	}
	body.SetVersion(peek.Version)
	h, rest, err := wireproto.ParseHeader(frame, body.IsFlexible())
	if err != nil {
		return nil, fmt.Errorf("%s: request header: %w", a.name, err)
	}
	r := &request{ctx: c.ctx, version: peek.Version, clientID: h.ClientID, host: "/" + c.host, who: c.who, listener: c.listener}
	if peek.Key == keyProduce {
		return c.produce(r, peek, rest)
	}
	if err := checkUnauthenticated(peek.Key, peek.Version, rest); err != nil {
		return nil, fmt.Errorf("%s version %d: %w", a.name, peek.Version, err)
	}
	if err := body.ReadFrom(rest); err != nil {
		return nil, fmt.Errorf("%s version %d: %w", a.name, peek.Version, err)
	}
	switch req := body.(type) {
	case *kmsg.FetchRequest:
		return c.fetch(r, peek, req), nil
	case *kmsg.SASLHandshakeRequest:
		return c.saslHandshake(peek, req), nil
	case *kmsg.SASLAuthenticateRequest:
		return c.saslAuthenticate(peek, req), nil
	}
	resp, err := a.handle(c.s, r, body)
	if err != nil {
		return nil, fmt.Errorf("%s version %d: %w", a.name, peek.Version, err)
	}
	resp.SetVersion(peek.Version)
	return c.answer(peek, resp, resp.IsFlexible() && peek.Key != keyApiVersions), nil
}

// checkUnauthenticated walks through the requests that strangers may send before
// the generated decoder does, which takes its time over a damaged count of tags.
func checkUnauthenticated(key, version int16, body []byte) error {
	r := wireproto.NewReader(body)
	switch {
	case key == keyApiVersions && version >= 3:
		r.NullableString(true)
		r.NullableString(true)
		if version >= 5 {
			r.NullableString(true)
			r.Int32()
		}
		r.SkipTags()
	case key == keySaslAuthenticate && version >= 2:
		r.NullableBytes(true)
		r.SkipTags()
	}
	return r.Err()
}

// answer encodes a response now and hands it to the writer.
func (c *conn) answer(peek wireproto.Peek, resp kmsg.Response, flexible bool) pending {
	buf := wireproto.GetBuffer(4096)
	b := wireproto.AppendResponseHeader(buf.B[:0], peek.CorrelationID, flexible)
	b = resp.AppendTo(b)
	wireproto.FinishFrame(b, 0)
	return func() (*reply, error) { return &reply{pieces: [][]byte{b}, release: buf.Release}, nil }
}
