//go:build slow

package torture

import (
	"context"
	"flag"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"
	"pgregory.net/rapid"

	"github.com/kurier-io/kurier/broker/vfs"
)

// side is one of the two brokers with what its clients know. The ids that it gives
// out stay here, so that the answers can be compared without them.
type side struct {
	name    string
	conn    rawConn
	prods   [3]*producer
	members map[string]string // of groups
	gens    map[string]int32
}

func newSide(name string, nc net.Conn) *side {
	s := &side{name: name, conn: rawConn{nc}, members: map[string]string{}, gens: map[string]int32{}}
	r := &requester{conn: s.conn}
	s.prods[0] = &producer{r: r, pid: -1, epoch: -1}
	s.prods[1] = &producer{r: r, id: new("tv1"), pid: -1, epoch: -1}
	s.prods[2] = &producer{r: r, id: new("tv2"), v2: true, pid: -1, epoch: -1}
	for _, p := range s.prods {
		p.seqs = map[Partition]int32{}
	}
	return s
}

// ask sends a request and decodes the answer; an error of the connection is part of
// the result.
func ask[R kmsg.Response](s *side, req kmsg.Request, version int16, show func(R) string) string {
	resp, err := s.conn.call(req, version, 10*time.Second)
	if err != nil {
		return "error: " + err.Error()
	}
	return show(resp.(R))
}

// differential runs operations on both sides.
type differential struct {
	t          *rapid.T
	ours       *side
	theirs     *side
	log        []string
	known      map[string]int // hits by reason
	ends       map[Partition]int64
	diverged   bool // by a known difference that changes the state: the case ends
	timestamps int64
}

// do runs one operation on both brokers and compares what they say.
func (d *differential) do(op string, f func(*side) string) {
	if d.diverged {
		return
	}
	ours, theirs := f(d.ours), f(d.theirs)
	d.log = append(d.log, fmt.Sprintf("%s -> %s", op, ours))
	if ours == theirs {
		return
	}
	for _, k := range knownDifferences {
		if strings.HasPrefix(op, k.op) && (k.ours == "" || strings.Contains(ours, k.ours)) && (k.theirs == "" || strings.Contains(theirs, k.theirs)) {
			d.known[k.reason]++
			d.diverged = !k.harmless
			return
		}
	}
	d.t.Fatalf("%s\n  kurier: %s\n  kfake:  %s\nafter:\n  %s", op, ours, theirs, strings.Join(d.log, "\n  "))
}

// TestAgainstKfake sends the same random requests to both brokers. The requests
// are the same in every run; -rapid.seed chooses others.
func TestAgainstKfake(t *testing.T) {
	if f := flag.Lookup("rapid.seed"); f.Value.String() == "0" {
		if err := f.Value.Set("1"); err != nil {
			t.Fatal(err)
		}
	}
	known := map[string]int{}
	steps := 0
	rapid.Check(t, func(rt *rapid.T) {
		n, err := startNode(vfs.NewMem(), slog.New(slog.DiscardHandler), nil)
		if err != nil {
			rt.Fatal(err)
		}
		defer func() {
			if err := n.stop(); err != nil {
				rt.Error(err)
			}
		}()
		fake, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.DefaultNumPartitions(1))
		if err != nil {
			rt.Fatal(err)
		}
		defer fake.Close()
		ourConn, err := n.dial(context.Background(), "", "")
		if err != nil {
			rt.Fatal(err)
		}
		defer ourConn.Close()
		fakeConn, err := net.Dial("tcp", fake.ListenAddrs()[0])
		if err != nil {
			rt.Fatal(err)
		}
		defer fakeConn.Close()
		d := &differential{t: rt, ours: newSide("kurier", ourConn), theirs: newSide("kfake", fakeConn), known: known, ends: map[Partition]int64{}, timestamps: time.Now().UnixMilli() - 100_000}
		d.create("a", 2, 1, "")
		rt.Repeat(map[string]func(*rapid.T){
			"topics": d.topics, "configs": d.configs, "produce": d.plain, "idempotent": d.idempotent, "fetch": d.fetch, "offsets": d.listOffsets,
			"commit": d.commits, "group": d.group, "transaction": d.transaction, "delete records": d.deleteRecords,
		})
		steps += len(d.log)
	})
	t.Logf("%d operations compared", steps)
	for reason, n := range known {
		t.Logf("%5d times known: %s", n, reason)
	}
}
