//go:build slow

package broker_test

import (
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/kurier-io/kurier/broker/brokertest"
)

// TestKcat drives librdkafka's command line client.
func TestKcat(t *testing.T) {
	path, err := exec.LookPath("kcat")
	if err != nil {
		t.Skip("kcat is not installed; apt-get install kcat to run this test")
	}
	c := brokertest.New(t)
	run := func(stdin string, args ...string) string {
		t.Helper()
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		defer cancel()
		cmd := exec.CommandContext(ctx, path, append([]string{"-b", c.Addr()}, args...)...)
		cmd.Stdin = strings.NewReader(stdin)
		var out, stderr bytes.Buffer
		cmd.Stdout, cmd.Stderr = &out, &stderr
		if err := cmd.Run(); err != nil {
			t.Fatalf("kcat %v: %v\n%s", args, err, stderr.String())
		}
		return out.String()
	}
	for _, codec := range []string{"none", "gzip", "snappy", "lz4", "zstd"} {
		var in strings.Builder
		for i := range 1000 {
			fmt.Fprintf(&in, "key%d:value %d\n", i, i)
		}
		topic := "kcat-" + codec
		run(in.String(), "-P", "-t", topic, "-K:", "-z", codec, "-X", "enable.idempotence=true")
		if got := run("", "-C", "-t", topic, "-e", "-q", "-K:", "-o", "beginning"); got != in.String() {
			t.Errorf("%s: read %d bytes, wrote %d", codec, len(got), in.Len())
		}
	}
	if got := run("", "-G", "readers", "-e", "-q", "-X", "auto.offset.reset=earliest", "kcat-none"); strings.Count(got, "\n") != 1000 {
		t.Errorf("group consumer read %d lines", strings.Count(got, "\n"))
	}
	if got := run("", "-L"); !strings.Contains(got, "topic \"kcat-zstd\" with 1 partitions") {
		t.Errorf("metadata: %s", got)
	}
	if got := run("", "-Q", "-t", "kcat-none:0:-1"); !strings.Contains(got, "offset 1000") {
		t.Errorf("latest offset: %s", got)
	}
}
