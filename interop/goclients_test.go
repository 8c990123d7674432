//go:build interop

package interop

import (
	"os/exec"
	"strings"
	"testing"
	"time"
)

// TestGoClients runs programs of ours on Go clients other than the one that Kurier itself uses.
func TestGoClients(t *testing.T) {
	t.Parallel()
	path, ok := cached("goclients")
	if !ok {
		client{"sarama, kafka-go", "none"}.missing(t, "the program is not built; run .ci/interop")
	}
	versions := map[string]string{}
	for line := range strings.Lines(runProcess(t, time.Minute, "", exec.Command(path, "versions")).ok(t).stdout) {
		if name, version, found := strings.Cut(strings.TrimSpace(line), " "); found {
			versions[name] = version
		}
	}
	s := startSecured(t)
	for name, module := range map[string]string{"sarama": "github.com/IBM/sarama", "segmentio": "github.com/segmentio/kafka-go"} {
		t.Run(name, func(t *testing.T) {
			client{module, versions[module]}.program(t, 2*time.Minute, exec.Command(path, name, s.addr, s.saslSSL, s.mutual, s.ca, s.client))
		})
	}
}
