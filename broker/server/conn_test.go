package server_test

import (
	"bytes"
	"crypto/tls"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/kurier-io/kurier/broker"
	"github.com/kurier-io/kurier/broker/brokertest"
)

// logBuffer is a log that can be read while it is written.
type logBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *logBuffer) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(b)
}

func (l *logBuffer) await(t *testing.T, text string) {
	t.Helper()
	for deadline := time.Now().Add(5 * time.Second); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		l.mu.Lock()
		found := strings.Contains(l.buf.String(), text)
		l.mu.Unlock()
		if found {
			return
		}
	}
	t.Errorf("nothing logged with %q; the log:\n%s", text, l.buf.String())
}

// TestClientsOfOtherProtocolsGetAdvice: a browser is answered in its own words,
// and the log says what to change.
func TestClientsOfOtherProtocolsGetAdvice(t *testing.T) {
	log := &logBuffer{}
	c := brokertest.New(t, func(cfg *broker.Config) { cfg.Logger = slog.New(slog.NewTextHandler(log, nil)) })
	resp, err := http.Get("http://" + c.Addr() + "/connectors")
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(resp.Body)
	_ = resp.Body.Close()
	if err != nil || resp.StatusCode != 400 || !strings.Contains(string(body), "8083") {
		t.Errorf("a browser got %d %q, %v", resp.StatusCode, body, err)
	}
	log.await(t, "this client speaks HTTP")
	if _, err := tls.Dial("tcp", c.Addr(), &tls.Config{InsecureSkipVerify: true}); err == nil {
		t.Error("TLS on a plain listener works")
	}
	log.await(t, "this client speaks TLS")
}

func TestConnectionLimits(t *testing.T) {
	c := brokertest.New(t, func(cfg *broker.Config) { cfg.MaxConnections = 2 })
	a, b := dial(t, c.Addr()), dial(t, c.Addr())
	a.call(kmsg.NewPtrMetadataRequest(), 12)
	b.call(kmsg.NewPtrMetadataRequest(), 12)
	if _, err := dial(t, c.Addr()).try(kmsg.NewPtrMetadataRequest(), 12); err == nil {
		t.Error("a third connection was served")
	}
	// The worker in the same process is not locked out by others.
	nc, err := c.Dial(t.Context(), "tcp", c.Addr())
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	(&client{t, nc}).call(kmsg.NewPtrMetadataRequest(), 12)
	_ = a.nc.Close()
	for deadline := time.Now().Add(5 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		if _, err := dial(t, c.Addr()).try(kmsg.NewPtrMetadataRequest(), 12); err == nil {
			break
		} else if time.Now().After(deadline) {
			t.Fatal("the place of a closed connection stays taken")
		}
	}
}

func TestIdleConnectionsAreClosed(t *testing.T) {
	c := brokertest.New(t, func(cfg *broker.Config) { cfg.IdleTimeout = 50 * time.Millisecond })
	nc, err := net.Dial("tcp", c.Addr())
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	if err := nc.SetReadDeadline(time.Now().Add(5 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, err := nc.Read(make([]byte, 1)); err != io.EOF {
		t.Errorf("an idle connection: %v, want the end", err)
	}
}

// TestQuotas: a client above its quota is told so and waits; others do not.
func TestQuotas(t *testing.T) {
	c := brokertest.New(t)
	admin := dial(t, c.Addr())
	alter := kmsg.NewPtrAlterClientQuotasRequest()
	alter.Entries = []kmsg.AlterClientQuotasRequestEntry{{Entity: []kmsg.AlterClientQuotasRequestEntryEntity{{Type: "client-id", Name: new("test")}},
		Ops: []kmsg.AlterClientQuotasRequestEntryOp{{Key: "producer_byte_rate", Value: 10_000}}}}
	if got := admin.call(alter, 1).(*kmsg.AlterClientQuotasResponse).Entries[0]; got.ErrorCode != 0 {
		t.Fatalf("%d %v", got.ErrorCode, got.ErrorMessage)
	}
	ct := kmsg.NewPtrCreateTopicsRequest()
	ct.Topics = []kmsg.CreateTopicsRequestTopic{{Topic: aTopic, NumPartitions: 1, ReplicationFactor: 1}}
	admin.call(ct, 7)
	produce := func(n int) int32 {
		p := kmsg.NewPtrProduceRequest()
		p.Acks, p.TimeoutMillis = 1, 1000
		records := bigBatch(n)
		p.Topics = []kmsg.ProduceRequestTopic{{Topic: aTopic, Partitions: []kmsg.ProduceRequestTopicPartition{{Records: records}}}}
		resp := admin.call(p, 9).(*kmsg.ProduceResponse)
		if code := resp.Topics[0].Partitions[0].ErrorCode; code != 0 {
			t.Fatalf("code %d", code)
		}
		return resp.ThrottleMillis
	}
	if d := produce(5000); d != 0 {
		t.Errorf("within the quota: throttled by %d ms", d)
	}
	began := time.Now()
	if d := produce(7000); d < 100 || d > 1000 {
		t.Errorf("above the quota: throttled by %d ms", d)
	}
	admin.call(kmsg.NewPtrMetadataRequest(), 12)
	if waited := time.Since(began); waited < 100*time.Millisecond {
		t.Errorf("the connection was silent for %v only", waited)
	}
	describe := kmsg.NewPtrDescribeClientQuotasRequest()
	describe.Components = []kmsg.DescribeClientQuotasRequestComponent{{EntityType: "client-id", MatchType: kmsg.QuotasMatchTypeAny}}
	if got := fmt.Sprintf("%v", admin.call(describe, 1).(*kmsg.DescribeClientQuotasResponse).Entries[0].Values); got != "[{producer_byte_rate 10000 {map[]}}]" && !strings.Contains(got, "producer_byte_rate 10000") {
		t.Errorf("described: %s", got)
	}
}

// TestStrangersCannotBurnTime: a count of tags that the request does not hold
// closes the connection at once.
func TestStrangersCannotBurnTime(t *testing.T) {
	c := brokertest.New(t)
	for name, frame := range map[string][]byte{
		"ApiVersions":      {0, 0, 0, 20, 0, 18, 0, 3, 0, 0, 0, 1, 0xff, 0xff, 0, 2, 'a', 2, 'b', 0xff, 0xff, 0xff, 0xff, 0x0f},
		"SaslAuthenticate": {0, 0, 0, 17, 0, 36, 0, 2, 0, 0, 0, 1, 0xff, 0xff, 0, 1, 0xff, 0xff, 0xff, 0xff, 0x0f},
	} {
		conn := dial(t, c.Addr())
		if _, err := conn.nc.Write(frame); err != nil {
			t.Fatal(err)
		}
		if err := conn.nc.SetReadDeadline(time.Now().Add(2 * time.Second)); err != nil {
			t.Fatal(err)
		}
		if _, err := conn.nc.Read(make([]byte, 1)); err != io.EOF {
			t.Errorf("%s: %v, want the end of the connection", name, err)
		}
	}
}
