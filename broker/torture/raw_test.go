package torture

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// rawConn sends single requests.
type rawConn struct{ nc net.Conn }

// frame encodes a request with its header.
func frame(key, version int16, flexible bool, body []byte) []byte {
	be := binary.BigEndian
	b := be.AppendUint16(make([]byte, 4, len(body)+32), uint16(key))
	b = be.AppendUint16(b, uint16(version))
	b = be.AppendUint32(b, 7)
	b = append(be.AppendUint16(b, 7), "torture"...)
	if flexible {
		b = append(b, 0)
	}
	b = append(b, body...)
	be.PutUint32(b, uint32(len(b)-4))
	return b
}

const maxAnswer = 128 << 20

// receive returns the body of an answer after the correlation id.
func (c rawConn) receive() ([]byte, error) {
	var size [4]byte
	if _, err := io.ReadFull(c.nc, size[:]); err != nil {
		return nil, err
	}
	n := binary.BigEndian.Uint32(size[:])
	if n < 4 || n > maxAnswer {
		return nil, fmt.Errorf("an answer of %d bytes", n)
	}
	b := make([]byte, n)
	if _, err := io.ReadFull(c.nc, b); err != nil {
		return nil, err
	}
	return b[4:], nil
}

// call sends a request and decodes its answer with a decoder that is not ours.
func (c rawConn) call(req kmsg.Request, version int16, timeout time.Duration) (kmsg.Response, error) {
	req.SetVersion(version)
	if err := c.nc.SetDeadline(time.Now().Add(timeout)); err != nil {
		return nil, err
	}
	// In a goroutine, as an unbuffered connection may be answered while it is
	// written to.
	sent := make(chan error, 1)
	go func() {
		_, err := c.nc.Write(frame(req.Key(), version, req.IsFlexible(), req.AppendTo(nil)))
		sent <- err
	}()
	answer, err := c.receive()
	if err := errors.Join(err, <-sent); err != nil {
		return nil, err
	}
	resp := req.ResponseKind()
	resp.SetVersion(version)
	return resp, decode(resp, answer)
}

func decode(resp kmsg.Response, answer []byte) error {
	if resp.IsFlexible() && resp.Key() != 18 {
		if len(answer) == 0 {
			return errors.New("an answer without header tags")
		}
		answer = answer[1:]
	}
	return resp.ReadFrom(answer)
}
