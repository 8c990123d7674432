package server

import (
	"bytes"
	"fmt"
)

// maxUnauthenticated bounds what a client may send before SASL is done.
const maxUnauthenticated = 64 << 10

// sniff recognises clients of other protocols by their first bytes, which would
// be a frame of hundreds of megabytes here: browsers and TLS clients come by
// when a port or a security.protocol is wrong.
func (c *conn) sniff() error {
	if !c.auth.required {
		// Pools open connections before they need them.
		if err := c.extend(c.s.cfg.IdleTimeout); err != nil {
			return err
		}
	}
	if _, err := c.in.Peek(1); err != nil {
		return err
	}
	if err := c.extend(headerTimeout); err != nil {
		return err
	}
	first, err := c.in.Peek(4)
	if err != nil {
		return err
	}
	if first[0] == 0x16 && first[1] == 0x03 {
		return fmt.Errorf("%w: this client speaks TLS, listener %s does not: set security.protocol=PLAINTEXT or SASL_PLAINTEXT, or use the TLS listener's port", errRefused, c.listener.Name)
	}
	for _, method := range []string{"GET ", "POST", "PUT ", "HEAD", "DELE", "OPTI", "PATC"} {
		if !bytes.Equal(first, []byte(method)) {
			continue
		}
		const advice = "This port speaks the Kafka protocol, not HTTP. Point a Kafka client at it; the Connect REST API is on port 8083 by default.\n"
		_, err := fmt.Fprintf(c.nc, "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s", len(advice), advice)
		if err != nil {
			c.logger.Debug("answering an HTTP client", "error", err)
		}
		return fmt.Errorf("%w: this client speaks HTTP, this port the Kafka protocol; the Connect REST API is on port 8083 by default", errRefused)
	}
	return nil
}
