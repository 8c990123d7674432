package txn

import (
	"bufio"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/datadriven"
)

// TestTranscripts drives the machine in virtual time from testdata/transcripts. Commands:
//
//	init [pid/epoch] [timeout=1m] [spare=N]
//	add pid/epoch t-0,t-1 [v2]
//	verify pid/epoch t-0
//	end pid/epoch commit|abort [v2] [spare=N]
//	complete, commit, cancel, tick
//	wait <duration>
//	show
//
// A step is pending until "commit" or "cancel"; "complete" begins the one that
// follows a decision.
func TestTranscripts(t *testing.T) {
	datadriven.Walk(t, "testdata/transcripts", func(t *testing.T, path string) {
		d := &driver{now: t0, m: NewMachine(15 * time.Minute)}
		datadriven.RunTest(t, path, func(t *testing.T, td *datadriven.TestData) string {
			d.out.Reset()
			sc := bufio.NewScanner(strings.NewReader(td.Input))
			for sc.Scan() {
				if err := d.step(strings.Fields(sc.Text())); err != nil {
					td.Fatalf(t, "%s: %v", sc.Text(), err)
				}
			}
			if d.out.Len() == 0 {
				return "ok\n"
			}
			return d.out.String()
		})
	})
}

type driver struct {
	m   *Machine
	now time.Time
	out strings.Builder
}

type call struct {
	pid      int64
	epoch    int16
	tps      []TopicPartition
	commit   bool
	v2       bool
	spare    int64
	timeout  time.Duration
	duration time.Duration
}

func parse(words []string) (c call, err error) {
	c = call{pid: -1, epoch: -1, spare: -1, timeout: time.Minute}
	for _, w := range words {
		key, value, _ := strings.Cut(w, "=")
		switch {
		case w == "v2":
			c.v2 = true
		case w == "commit", w == "abort":
			c.commit = w == "commit"
		case key == "spare":
			c.spare, err = strconv.ParseInt(value, 10, 64)
		case key == "timeout":
			c.timeout, err = time.ParseDuration(value)
		case strings.Contains(w, "/"):
			_, err = fmt.Sscanf(w, "%d/%d", &c.pid, &c.epoch)
		case strings.Contains(w, "-"):
			for tp := range strings.SplitSeq(w, ",") {
				topic, p, _ := strings.Cut(tp, "-")
				n, perr := strconv.Atoi(p)
				if perr != nil {
					return c, perr
				}
				c.tps = append(c.tps, TopicPartition{topic, int32(n)})
			}
		default:
			c.duration, err = time.ParseDuration(w)
		}
		if err != nil {
			return c, err
		}
	}
	return c, nil
}

func (d *driver) step(f []string) error {
	if len(f) == 0 {
		return nil
	}
	c, err := parse(f[1:])
	if err != nil {
		return err
	}
	m := d.m
	switch f[0] {
	case "init":
		d.show(f, m.Init(d.now, InitRequest{"id", int32(c.timeout.Milliseconds()), c.pid, c.epoch}, c.spare))
	case "add":
		d.show(f, m.Add(d.now, c.pid, c.epoch, c.tps, c.v2))
	case "verify":
		fmt.Fprintf(&d.out, "verify: %d\n", m.Verify(c.pid, c.epoch, c.tps))
	case "end":
		d.show(f, m.End(d.now, c.pid, c.epoch, c.commit, c.v2, c.spare))
	case "complete":
		d.show(f, m.Complete(d.now))
	case "tick":
		d.show(f, m.Tick(d.now, 7*24*time.Hour))
	case "commit":
		m.Commit()
	case "cancel":
		m.Cancel()
	case "wait":
		d.now = d.now.Add(c.duration)
	case "show":
		next := "never"
		if n := m.Next(7 * 24 * time.Hour); n == 0 {
			next = "now"
		} else if n != never {
			next = time.UnixMilli(n).Sub(d.now).String()
		}
		fmt.Fprintf(&d.out, "%s %d/%d prev=%d last=%d tv=%d %v next=%s\n", m.meta.state, m.meta.producerID, m.meta.epoch,
			m.meta.prev, m.meta.lastEpoch, m.meta.clientVersion, m.meta.partitions.sorted(), next)
	default:
		return fmt.Errorf("unknown command")
	}
	return nil
}

func (d *driver) show(f []string, s Step) {
	fmt.Fprintf(&d.out, "%s: %s", f[0], outcome(s))
	if s.Marker != nil {
		kind := "abort"
		if s.Marker.Commit {
			kind = "commit"
		}
		fmt.Fprintf(&d.out, ", %s markers %d/%d v2=%v in %v", kind, s.Marker.ProducerID, s.Marker.Epoch, s.Marker.V2, s.Partitions)
	}
	fmt.Fprintln(&d.out)
}
