package consumer

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/datadriven"
)

// fakeTopics is the broker's metadata: partitions by topic name. The id of a
// topic starts with its name and ends with how often it was created.
type fakeTopics struct {
	sizes   map[string]int32
	created map[string]byte
}

func newTopics() *fakeTopics { return &fakeTopics{map[string]int32{}, map[string]byte{}} }

func (f *fakeTopics) create(name string, n int32) {
	f.created[name]++
	f.sizes[name] = n
}

func (f *fakeTopics) id(name string) (id TopicID) {
	copy(id[:15], name)
	id[15] = f.created[name]
	return id
}

func (f *fakeTopics) Lookup(name string) (TopicID, int32, bool) {
	n, ok := f.sizes[name]
	return f.id(name), n, ok
}

func (f *fakeTopics) Names() []string {
	out := []string{}
	for name := range f.sizes {
		out = append(out, name)
	}
	return out
}

// TestTranscripts drives the machine in virtual time from testdata. Commands:
//
//	topic <name> <partitions>     creates or grows it
//	drop <name>
//	hb <id> epoch=N [new=…] [instance=…] [topics=a,b] [regex=…] [assignor=…] [owned=t:0,1;u:2] [rebalance=30s]
//	     a join brings topics=t, owned= and rebalance=30s unless said otherwise
//	check <id> epoch=N
//	wait <duration>               runs every deadline on the way
//	reload                        through the stored records
//	show
func TestTranscripts(t *testing.T) {
	datadriven.Walk(t, "testdata", func(t *testing.T, path string) {
		if st, err := os.Stat(path); err != nil || st.IsDir() {
			t.Skip("a folder, not a transcript")
		}
		d := newDriver()
		datadriven.RunTest(t, path, func(t *testing.T, td *datadriven.TestData) string {
			d.out.Reset()
			for line := range strings.Lines(td.Input) {
				if err := d.step(strings.Fields(line)); err != nil {
					td.Fatalf(t, "%s: %v", line, err)
				}
				if err := d.log.follow(d.m); err != nil {
					td.Fatalf(t, "%s: %v", line, err)
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
	topics *fakeTopics
	m      *Machine
	cfg    Config
	now    time.Time
	log    replica
	out    strings.Builder
}

func newDriver() *driver {
	topics := newTopics()
	return &driver{topics: topics, m: New("g", topics), cfg: Config{MaxSize: 4}, now: time.Unix(1_700_000_000, 0), log: replica{}}
}

func (d *driver) step(f []string) error {
	if len(f) == 0 {
		return nil
	}
	args := map[string]string{}
	for _, a := range f[1:] {
		if k, v, ok := strings.Cut(a, "="); ok {
			args[k] = v
		}
	}
	epoch := int32(0)
	if v, ok := args["epoch"]; ok {
		if _, err := fmt.Sscan(v, &epoch); err != nil {
			return err
		}
	}
	switch f[0] {
	case "topic":
		var n int32
		if _, err := fmt.Sscan(f[2], &n); err != nil {
			return err
		}
		if _, ok := d.topics.sizes[f[1]]; ok {
			d.topics.sizes[f[1]] = n
		} else {
			d.topics.create(f[1], n)
		}
		d.m.TopicsChanged()
	case "drop":
		delete(d.topics.sizes, f[1])
		d.m.TopicsChanged()
	case "hb":
		d.heartbeat(f[1], epoch, args)
	case "check":
		fmt.Fprintf(&d.out, "check %s: %d\n", f[1], d.m.Check(strings.TrimPrefix(f[1], "-"), epoch))
	case "wait":
		wait, err := time.ParseDuration(f[1])
		if err != nil {
			return err
		}
		d.advance(d.now.Add(wait))
	case "reload":
		m, err := d.log.load(d.topics, d.now, d.cfg)
		if err != nil {
			return err
		}
		d.m = m
	case "show":
		d.show()
	default:
		return fmt.Errorf("unknown command")
	}
	return nil
}

func (d *driver) advance(end time.Time) {
	for next := d.m.Next(); !next.IsZero() && !next.After(end); next = d.m.Next() {
		d.now = next
		d.m.Tick(d.now)
	}
	d.now = end
}

func (d *driver) heartbeat(id string, epoch int32, args map[string]string) {
	req := Request{MemberID: id, NewID: args["new"], Epoch: epoch, RebalanceTimeout: -1, ClientID: "c", ClientHost: "/h"}
	if id == "-" {
		req.MemberID = ""
	}
	if epoch == 0 {
		req.RebalanceTimeout, req.Owned = 30*time.Second, []TopicPartitions{}
		if args["regex"] == "" && args["topics"] == "" {
			req.Topics = []string{"t"}
		}
	}
	if v, ok := args["rebalance"]; ok {
		req.RebalanceTimeout, _ = time.ParseDuration(v) // a mistake shows in the transcript
	}
	if v, ok := args["topics"]; ok {
		req.Topics = slices.DeleteFunc(strings.Split(v, ","), func(s string) bool { return s == "" })
	}
	for key, dst := range map[string]**string{"instance": &req.InstanceID, "regex": &req.Regex, "assignor": &req.Assignor, "rack": &req.RackID} {
		if v, ok := args[key]; ok {
			*dst = &v
		}
	}
	if v, ok := args["owned"]; ok {
		req.Owned = []TopicPartitions{}
		for tp := range strings.SplitSeq(v, ";") {
			name, list, ok := strings.Cut(tp, ":")
			if !ok {
				continue
			}
			row := TopicPartitions{ID: d.topics.id(name)}
			for n := range strings.SplitSeq(list, ",") {
				var p int32
				if _, err := fmt.Sscan(n, &p); err == nil {
					row.Partitions = append(row.Partitions, p)
				}
			}
			req.Owned = append(req.Owned, row)
		}
	}
	r := d.m.Heartbeat(d.now, d.cfg, req)
	if r.Code != none {
		fmt.Fprintf(&d.out, "%s: error %d %s\n", id, r.Code, r.Message)
		return
	}
	fmt.Fprintf(&d.out, "%s: epoch=%d", r.MemberID, r.Epoch)
	if r.Assignment != nil {
		fmt.Fprintf(&d.out, " assignment=[%s]", format(r.Assignment))
	}
	fmt.Fprintln(&d.out)
}

func format(tps []TopicPartitions) string {
	var out []string
	for _, tp := range tps {
		out = append(out, fmt.Sprintf("%s%v", strings.TrimRight(string(tp.ID[:15]), "\x00"), tp.Partitions))
	}
	return strings.Join(out, " ")
}

func (d *driver) show() {
	g := d.m.Describe()
	fmt.Fprintf(&d.out, "%s epoch=%d/%d %s\n", g.State, g.Epoch, g.AssignmentEpoch, g.Assignor)
	for _, c := range g.Members {
		fmt.Fprintf(&d.out, "  %s epoch=%d", c.ID, c.Epoch)
		if c.InstanceID != nil {
			fmt.Fprintf(&d.out, " instance=%s", *c.InstanceID)
		}
		if c.Regex != nil {
			fmt.Fprintf(&d.out, " regex=%s", *c.Regex)
		}
		fmt.Fprintf(&d.out, " topics=%v has=%s target=%s\n", c.Topics, partitionsOf(c.Assignment), partitionsOf(c.Target))
	}
}

func partitionsOf(list []NamedPartitions) string {
	var out []string
	for _, n := range list {
		out = append(out, fmt.Sprintf("%s%v", n.Topic, n.Partitions))
	}
	return "[" + strings.Join(out, " ") + "]"
}

// BenchmarkHeartbeat is a heartbeat that changes nothing, of one member of many.
func BenchmarkHeartbeat(b *testing.B) {
	for _, members := range []int{10, 1000} {
		b.Run(fmt.Sprintf("members=%d/partitions=10000", members), func(b *testing.B) {
			topics := newTopics()
			topics.create("t", 10_000)
			m, now := New("g", topics), time.Unix(0, 0)
			for i := range members {
				m.Heartbeat(now, Config{}, Request{MemberID: fmt.Sprint(i), RebalanceTimeout: time.Minute, Topics: []string{"t"}, Owned: []TopicPartitions{}})
			}
			req := Request{MemberID: "0", Epoch: 1, RebalanceTimeout: -1}
			if r := m.Heartbeat(now, Config{}, req); r.Code != none {
				b.Fatal(r)
			}
			m.Records()
			m.Stored()
			b.ReportAllocs()
			for b.Loop() {
				m.Heartbeat(now, Config{}, req)
			}
			if m.Records() != nil {
				b.Error("the heartbeats changed something")
			}
		})
	}
}
