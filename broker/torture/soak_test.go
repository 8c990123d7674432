//go:build slow && linux

package torture

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

// TestSoak runs 2,000 partitions in 200 topics with 50 producers, topics that come,
// grow and go, and group members that join and leave. No client may see an error,
// and the process stays within bounds.
func TestSoak(t *testing.T) {
	const maxRSS, maxFiles = 1 << 30, 8000
	p := startProcess(t, t.TempDir())
	h := NewHistory()
	ctx, cancel := context.WithTimeout(t.Context(), duration(t, 20*time.Second)+3*time.Minute)
	defer cancel()
	client := func(opts ...kgo.Opt) *kgo.Client {
		cl, err := kgo.NewClient(append(opts, kgo.SeedBrokers(p.addr), kgo.RecordPartitioner(kgo.ManualPartitioner()))...)
		if err != nil {
			t.Fatal(err)
		}
		return cl
	}
	admin := client()
	defer admin.Close()
	adm := kadm.NewClient(admin)
	for i := range 200 {
		if _, err := adm.CreateTopic(ctx, 10, 1, nil, fmt.Sprint("soak", i)); err != nil {
			t.Fatal(err)
		}
	}
	end := time.Now().Add(duration(t, 20*time.Second))
	running := func() bool { return time.Now().Before(end) && ctx.Err() == nil }
	var wg sync.WaitGroup
	for c := range 50 {
		cl := client()
		wg.Go(func() {
			defer cl.Close()
			for i := 0; running(); i++ {
				s := Send{Producer: fmt.Sprint(c), At: Partition{fmt.Sprint("soak", (c*7+i)%200), int32(i % 10)}, Value: fmt.Sprintf("%d-%d", c, i)}
				r, err := cl.ProduceSync(ctx, &kgo.Record{Topic: s.At.Topic, Partition: s.At.Index, Value: []byte(s.Value)}).First()
				if err == nil {
					s.Outcome, s.Offset = Acked, r.Offset
				} else {
					t.Errorf("produce to %v: %v", s.At, err)
				}
				h.Send(s)
				time.Sleep(20 * time.Millisecond)
			}
		})
	}
	wg.Go(func() { // topics that come, grow and go
		for i := 0; running(); i++ {
			name := fmt.Sprint("churn", i)
			_, err1 := adm.CreateTopic(ctx, 5, 1, nil, name)
			grown, err2 := adm.CreatePartitions(ctx, 3, name)
			_, err3 := adm.DeleteTopic(ctx, name)
			if err := errors.Join(err1, err2, grown.Error(), err3); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
	for g := range 5 { // members that join and leave
		wg.Go(func() {
			for i := 0; running(); i++ {
				cl := client(kgo.ConsumerGroup(fmt.Sprint("group", g)), kgo.ConsumeTopics(fmt.Sprint("soak", g), fmt.Sprint("soak", g+100)), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
				poll, stop := context.WithTimeout(ctx, time.Second)
				fs := cl.PollFetches(poll)
				stop()
				fs.EachError(func(topic string, part int32, err error) {
					if !errors.Is(err, context.DeadlineExceeded) {
						t.Errorf("group%d: %s-%d: %v", g, topic, part, err)
					}
				})
				cl.Close()
			}
		})
	}
	var worstRSS, worstFiles int
	for running() {
		rss, files := usage(t, p.cmd.Process.Pid)
		worstRSS, worstFiles = max(worstRSS, rss), max(worstFiles, files)
		time.Sleep(500 * time.Millisecond)
	}
	wg.Wait()
	t.Logf("at most %d MiB resident and %d files open", worstRSS>>20, worstFiles)
	if worstRSS > maxRSS || worstFiles > maxFiles {
		t.Errorf("limits are %d MiB and %d files", maxRSS>>20, maxFiles)
	}
	for i := 0; i < 200; i += 20 { // a sample: reading all takes longer than the soak
		for _, f := range readFinals(ctx, t, p.addr, adm, fmt.Sprint("soak", i)) {
			h.Final(f)
		}
	}
	report(t, h)
	p.term()
}

// usage reads the resident set and the number of open files of a process.
func usage(t *testing.T, pid int) (rss, files int) {
	t.Helper()
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", pid))
	if err != nil {
		t.Fatal(err)
	}
	var size, resident int
	if _, err := fmt.Sscan(string(stat), &size, &resident); err != nil {
		t.Fatal(err)
	}
	fds, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", pid))
	if err != nil {
		t.Fatal(err)
	}
	return resident * os.Getpagesize(), len(fds)
}
