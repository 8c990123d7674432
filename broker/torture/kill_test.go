//go:build slow && unix

package torture

import (
	"fmt"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

var allGroups = []string{"classic", "next", "copiers"}

// everybody starts producers of every kind, exactly-once copiers, and consumers in
// a classic and in a KIP-848 group.
func everybody(t *testing.T, addr string) *workload {
	w := newWorkload(t, addr)
	for i := range 3 {
		w.produce(fmt.Sprint("idempotent", i), plainTopic)
		w.transact(fmt.Sprint("transactional", i))
	}
	w.produce("lone", loneTopic, kgo.DisableIdempotentWrite(), kgo.RequiredAcks(kgo.LeaderAck()))
	for i := range 2 {
		w.copy(fmt.Sprint("copier", i))
		w.consume("classic", []string{plainTopic, loneTopic, txnTopic}, i == 0)
		w.consume("next", []string{plainTopic, txnTopic}, true, kgo.ServerSideBalancer(), kgo.Balancers(kgo.RangeBalancer()))
	}
	return w
}

// TestKillRounds stops a broker in every way there is, under load.
func TestKillRounds(t *testing.T) {
	rng, rounds := random(t), number(t, "ROUNDS", 8)
	p := startProcess(t, t.TempDir())
	w := everybody(t, p.addr)
	var recoveries []time.Duration
	begin := time.Now()
	for i := range rounds {
		time.Sleep(time.Duration(200+rng.IntN(700)) * time.Millisecond)
		if i%4 == 3 {
			p.term()
		} else {
			p.kill()
		}
		at := time.Now()
		p.start()
		recoveries = append(recoveries, time.Since(at))
		if i%4 == 1 {
			w.offsets(allGroups...)
		}
	}
	slices.Sort(recoveries)
	t.Logf("%d rounds in %v; started again within %v (median), %v (maximum)", rounds, time.Since(begin).Round(time.Millisecond),
		recoveries[len(recoveries)/2].Round(time.Millisecond), recoveries[len(recoveries)-1].Round(time.Millisecond))
	w.finish(allGroups...)
	p.term()
}

// TestFreeze stops the process for ten seconds, as a machine that swaps or a
// virtual machine that moves does: time jumps, and sessions must end sanely.
func TestFreeze(t *testing.T) {
	p := startProcess(t, t.TempDir())
	w := everybody(t, p.addr)
	time.Sleep(time.Second)
	for range number(t, "FREEZES", 1) {
		p.signal(syscall.SIGSTOP)
		time.Sleep(10 * time.Second)
		p.signal(syscall.SIGCONT)
		time.Sleep(2 * time.Second)
	}
	w.finish(allGroups...)
	p.term()
}

// TestRestartStorm restarts every two seconds, in turn cleanly and not.
func TestRestartStorm(t *testing.T) {
	p := startProcess(t, t.TempDir())
	w := everybody(t, p.addr)
	end := time.Now().Add(duration(t, 10*time.Second))
	for i := 0; time.Now().Before(end); i++ {
		time.Sleep(2 * time.Second)
		if i%2 == 0 {
			p.term()
		} else {
			p.kill()
		}
		p.start()
	}
	w.finish(allGroups...)
	p.term()
}
