package tail

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/kurier-io/kurier/broker/brokertest"
)

func TestRecordsAreShownDecoded(t *testing.T) {
	c := brokertest.New(t)
	cl, err := kgo.NewClient(kgo.SeedBrokers(c.Addr()), kgo.AllowAutoTopicCreation())
	if err != nil {
		t.Fatal(err)
	}
	defer cl.Close()
	at := time.UnixMilli(1_700_000_000_000)
	for _, r := range []*kgo.Record{
		{Topic: "t", Key: []byte(`{"schema":{"type":"int64"},"payload":7}`), Value: []byte(`{"schema":null,"payload":{"a":1}}`), Timestamp: at},
		{Topic: "t", Key: []byte("plain"), Timestamp: at},
		{Topic: "t", Value: []byte(`{"schema":{"type":"struct"},"payload":{"name":"` + strings.Repeat("é", 200) + `"}}`), Timestamp: at},
	} {
		if err := cl.ProduceSync(t.Context(), r).FirstErr(); err != nil {
			t.Fatal(err)
		}
	}
	cfg := Config{Brokers: []string{c.Addr()}, Topic: "t", Max: 3, Timeout: 10 * time.Second, Now: func() time.Time { return at.Add(12 * time.Millisecond) }}
	var out bytes.Buffer
	if err := Run(t.Context(), cfg, &out); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
	if len(lines) != 4 || !strings.Contains(lines[1], "12 ms  7 ") || !strings.HasSuffix(lines[2], `"plain"        null`) || !strings.HasSuffix(lines[3], "é…") {
		t.Errorf("%s", out.String())
	}
	out.Reset()
	cfg.JSON, cfg.Max = true, 1
	if err := Run(t.Context(), cfg, &out); err != nil {
		t.Fatal(err)
	}
	if want := `{"partition":0,"offset":0,"latency_ms":12,"key":7,"value":{"schema":null,"payload":{"a":1}}}` + "\n"; out.String() != want {
		t.Errorf("%s want %s", out.String(), want)
	}
	cfg.FromEnd, cfg.Timeout = true, 300*time.Millisecond
	if err := Run(t.Context(), cfg, &out); err == nil || !strings.Contains(err.Error(), "no record came") {
		t.Errorf("silence: %v", err)
	}
}
