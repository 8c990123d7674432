//go:build interop

package interop

import (
	"testing"
	"time"
)

// TestJavaClients runs programs of ours on Apache Kafka's clients.
func TestJavaClients(t *testing.T) {
	t.Parallel()
	c := javaClient("clients")
	b := startBroker(t)
	for _, protocol := range []string{"classic", "consumer"} {
		t.Run("transactions/"+protocol, func(t *testing.T) {
			c.program(t, 2*time.Minute, java(t, c, "interop.Transactions", b.addr, protocol))
		})
	}
	t.Run("groups", func(t *testing.T) {
		c.program(t, 4*time.Minute, java(t, c, "interop.Groups", b.addr))
	})
}

// TestJavaStreams runs a Kafka Streams application with exactly_once_v2.
func TestJavaStreams(t *testing.T) {
	t.Parallel()
	c := javaClient("Streams")
	b := startBroker(t)
	c.program(t, 3*time.Minute, java(t, c, "interop.WordCount", b.addr))
}
