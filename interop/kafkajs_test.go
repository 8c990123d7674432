//go:build interop

package interop

import (
	"encoding/json"
	"os"
	"os/exec"
	"testing"
	"time"
)

// TestKafkaJS runs programs of ours on kafkajs.
func TestKafkaJS(t *testing.T) {
	t.Parallel()
	c := client{"kafkajs", "none"}
	installed, ok := cached("node", "node_modules", "kafkajs", "package.json")
	node, err := exec.LookPath("node")
	if err != nil || !ok {
		c.missing(t, "node or the module is missing; run .ci/interop")
	}
	text, err := os.ReadFile(installed)
	if err != nil {
		t.Fatal(err)
	}
	var module struct{ Version string }
	if err := json.Unmarshal(text, &module); err != nil {
		t.Fatal(err)
	}
	c.version = module.Version
	program := func(name string, args ...string) *exec.Cmd {
		path, _ := cached("node", name)
		return exec.Command(node, append([]string{path}, args...)...)
	}
	t.Run("clients", func(t *testing.T) {
		b := startBroker(t)
		c.program(t, 2*time.Minute, program("clients.js", b.addr))
	})
	t.Run("security", func(t *testing.T) {
		s := startSecured(t)
		c.program(t, 2*time.Minute, program("security.js", s.saslSSL, s.saslPlain, s.mutual, s.ca, s.client))
	})
}
