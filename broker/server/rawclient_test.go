package server_test

import (
	"encoding/binary"
	"io"
	"net"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// client sends single requests over a connection of its own.
type client struct {
	t  testing.TB
	nc net.Conn
}

func dial(t testing.TB, addr string) *client {
	t.Helper()
	nc, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = nc.Close() })
	if err := nc.SetDeadline(time.Now().Add(30 * time.Second)); err != nil {
		t.Fatal(err)
	}
	return &client{t, nc}
}

// try sends a request and returns the answer, or the error of the connection.
func (c *client) try(req kmsg.Request, version int16) (kmsg.Response, error) {
	req.SetVersion(version)
	be := binary.BigEndian
	b := be.AppendUint16(make([]byte, 4), uint16(req.Key()))
	b = be.AppendUint16(b, uint16(version))
	b = be.AppendUint32(b, 7)
	b = append(be.AppendUint16(b, 4), "test"...)
	if req.IsFlexible() {
		b = append(b, 0)
	}
	b = req.AppendTo(b)
	be.PutUint32(b, uint32(len(b)-4))
	if _, err := c.nc.Write(b); err != nil {
		return nil, err
	}
	var size [4]byte
	if _, err := io.ReadFull(c.nc, size[:]); err != nil {
		return nil, err
	}
	answer := make([]byte, be.Uint32(size[:]))
	if _, err := io.ReadFull(c.nc, answer); err != nil {
		return nil, err
	}
	resp := req.ResponseKind()
	resp.SetVersion(version)
	answer = answer[4:]
	if resp.IsFlexible() && req.Key() != 18 {
		answer = answer[1:]
	}
	return resp, resp.ReadFrom(answer)
}

func (c *client) call(req kmsg.Request, version int16) kmsg.Response {
	c.t.Helper()
	resp, err := c.try(req, version)
	if err != nil {
		c.t.Fatalf("%T version %d: %v", req, version, err)
	}
	return resp
}

// plain authenticates with SASL PLAIN and returns the code of the broker.
func (c *client) plain(user, password string) int16 {
	c.t.Helper()
	hs := kmsg.NewPtrSASLHandshakeRequest()
	hs.Mechanism = "PLAIN"
	if code := c.call(hs, 1).(*kmsg.SASLHandshakeResponse).ErrorCode; code != 0 {
		return code
	}
	auth := kmsg.NewPtrSASLAuthenticateRequest()
	auth.SASLAuthBytes = []byte("\x00" + user + "\x00" + password)
	return c.call(auth, 2).(*kmsg.SASLAuthenticateResponse).ErrorCode
}
