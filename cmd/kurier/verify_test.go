package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/kurier-io/kurier/broker/brokertest"
)

// TestVerify checks a good directory, then one with a bad byte in it, and refuses
// one in use.
func TestVerify(t *testing.T) {
	c := brokertest.New(t)
	cl, err := kgo.NewClient(kgo.SeedBrokers(c.Addr()), kgo.AllowAutoTopicCreation())
	if err != nil {
		t.Fatal(err)
	}
	defer cl.Close()
	for _, v := range []string{"one", "two"} {
		if err := cl.ProduceSync(t.Context(), &kgo.Record{Topic: "t", Value: []byte(v)}).FirstErr(); err != nil {
			t.Fatal(err)
		}
	}
	verify := func() (string, error) {
		var out strings.Builder
		cmd := verifyCommand()
		cmd.SetArgs([]string{c.DataDir()})
		cmd.SetOut(&out)
		cmd.SilenceErrors, cmd.SilenceUsage = true, true
		err := cmd.Execute()
		return out.String(), err
	}
	if _, err := verify(); err == nil || !strings.Contains(err.Error(), "in use") {
		t.Errorf("a directory in use: %v", err)
	}
	c.Stop()
	if out, err := verify(); err != nil || !strings.Contains(out, "1 partitions, 1 segments, 2 batches") {
		t.Errorf("%s %v", out, err)
	}
	segment := filepath.Join(c.DataDir(), "t-0", "00000000000000000000.log")
	b, err := os.ReadFile(segment)
	if err != nil {
		t.Fatal(err)
	}
	b[len(b)-3] ^= 1
	if err := os.WriteFile(segment, b, 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := verify(); err == nil || !strings.Contains(out, "offset 1") || !strings.Contains(out, "checksum") {
		t.Errorf("%s %v", out, err)
	}
}
