//go:build slow && linux

package torture

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
)

// TestDiskFull fills a file system of 64 MiB: producers are refused with 56, reading
// and deleting go on, and producing resumes by itself. A kill -9 of the full broker
// loses nothing.
func TestDiskFull(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs root to mount a tmpfs: the full disk is NOT tested")
	}
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=64m"); err != nil {
		t.Skipf("cannot mount a tmpfs, the full disk is NOT tested: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	p := startProcess(t, filepath.Join(dir, "data"))
	h := NewHistory()
	cl, err := kgo.NewClient(kgo.SeedBrokers(p.addr), kgo.RecordPartitioner(kgo.ManualPartitioner()), kgo.DisableIdempotentWrite(), kgo.RecordRetries(0),
		kgo.ProducerBatchCompression(kgo.NoCompression()), kgo.RetryBackoffFn(func(int) time.Duration { return 50 * time.Millisecond }))
	if err != nil {
		t.Fatal(err)
	}
	defer cl.Close()
	adm := kadm.NewClient(cl)
	for _, topic := range []string{"keep", "ballast"} {
		if _, err := adm.CreateTopic(t.Context(), 1, 1, nil, topic); err != nil {
			t.Fatal(err)
		}
	}
	sent := 0
	produce := func(topic string, size int) error {
		sent++
		s := Send{Producer: "p", At: Partition{topic, 0}, Value: fmt.Sprintf("%d-%0*d", sent, size, 0)}
		r, err := cl.ProduceSync(t.Context(), &kgo.Record{Topic: topic, Value: []byte(s.Value)}).First()
		if err == nil {
			s.Outcome, s.Offset = Acked, r.Offset
		}
		h.Send(s)
		return err
	}
	fill := func() error {
		for i := range 3000 {
			topic := "ballast"
			if i%10 == 0 {
				topic = "keep"
			}
			if err := produce(topic, 50_000); err != nil {
				return err
			}
		}
		return errors.New("the disk does not fill up")
	}
	resume := func() {
		t.Helper()
		var err error
		for end := time.Now().Add(15 * time.Second); time.Now().Before(end); time.Sleep(200 * time.Millisecond) {
			if err = produce("keep", 100); err == nil {
				return
			}
		}
		t.Fatalf("producing does not resume: %v", err)
	}
	if err := fill(); !errors.Is(err, kerr.KafkaStorageError) {
		t.Fatalf("a full disk gives %v, want KAFKA_STORAGE_ERROR", err)
	}
	t.Logf("full after %d records", sent)
	for _, f := range readFinals(t.Context(), t, p.addr, adm, "keep") { // reading goes on
		if len(f.All) < 10 {
			t.Errorf("%d records can be read", len(f.All))
		}
	}
	p.kill()
	p.start()
	for _, topic := range []string{"keep", "ballast"} {
		for _, f := range readFinals(t.Context(), t, p.addr, adm, topic) {
			h.Final(f)
		}
	}
	report(t, h)
	if _, err := adm.DeleteTopic(t.Context(), "ballast"); err != nil {
		t.Fatalf("deleting a topic on a full disk: %v", err)
	}
	delete(h.finals, Partition{"ballast", 0})
	resume()
	for _, f := range readFinals(t.Context(), t, p.addr, adm, "keep") {
		h.Final(f)
	}
	report(t, h)
	p.term()
}
