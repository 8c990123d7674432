package group

import (
	"bufio"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/datadriven"
)

// TestTranscripts drives the machine in virtual time from testdata. Commands:
//
//	join <token> [id=…] [new=…] [instance=…] [proto=a:meta,b:meta] [session=10s] [rebalance=30s] [known] [skip]
//	sync <token> id=… gen=N [assign=m1:x,m2:y]
//	heartbeat id=… gen=N
//	leave [id=…] [instance=…]
//	commit [id=…] gen=N
//	wait <duration>       runs every deadline on the way
//	show
func TestTranscripts(t *testing.T) {
	datadriven.Walk(t, "testdata", func(t *testing.T, path string) {
		if st, err := os.Stat(path); err != nil || st.IsDir() {
			t.Skip("a folder, not a transcript")
		}
		start := time.Unix(1_700_000_000, 0)
		d := &driver{now: start, m: NewMachine("g", Limits{MinSession: time.Second, MaxSession: time.Hour, MaxSize: 3}, start)}
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

func (d *driver) step(f []string) error {
	if len(f) == 0 {
		return nil
	}
	args, flags := map[string]string{}, map[string]bool{}
	token := Token(0)
	for _, a := range f[1:] {
		if k, v, ok := strings.Cut(a, "="); ok {
			args[k] = v
		} else if _, err := fmt.Sscan(a, &token); err != nil {
			flags[a] = true
		}
	}
	dur := func(key string, def time.Duration) time.Duration {
		if v, err := time.ParseDuration(args[key]); err == nil {
			return v
		}
		return def
	}
	var instance *string
	if v, ok := args["instance"]; ok {
		instance = &v
	}
	gen := int32(-1)
	if v, ok := args["gen"]; ok {
		if _, err := fmt.Sscan(v, &gen); err != nil {
			return err
		}
	}
	switch f[0] {
	case "join":
		protos := []Protocol{{"range", []byte("m")}}
		if v, ok := args["proto"]; ok {
			protos = nil
			for p := range strings.SplitSeq(v, ",") {
				name, meta, _ := strings.Cut(p, ":")
				protos = append(protos, Protocol{name, []byte(meta)})
			}
		}
		kind := "consumer"
		if v, ok := args["type"]; ok {
			kind = v
		}
		d.show(d.m.Join(d.now, JoinRequest{MemberID: args["id"], NewID: args["new"], InstanceID: instance, ProtocolType: kind, Protocols: protos,
			Session: dur("session", 10*time.Second), RebalanceTimeout: dur("rebalance", 30*time.Second), RequireKnownID: flags["known"], SkipAssignment: flags["skip"]}, token))
	case "sync":
		plan := map[string][]byte{}
		for p := range strings.SplitSeq(args["assign"], ",") {
			if id, a, ok := strings.Cut(p, ":"); ok {
				plan[id] = []byte(a)
			}
		}
		d.show(d.m.Sync(d.now, SyncRequest{MemberID: args["id"], InstanceID: instance, Generation: gen, Assignments: plan}, token))
	case "heartbeat":
		fmt.Fprintf(&d.out, "heartbeat %s: %d\n", args["id"], d.m.Heartbeat(d.now, args["id"], instance, gen))
	case "leave":
		code, e := d.m.Leave(d.now, args["id"], instance)
		fmt.Fprintf(&d.out, "leave %s: %d\n", args["id"], code)
		d.show(e)
	case "commit":
		fmt.Fprintf(&d.out, "commit %s: %d\n", args["id"], d.m.CheckCommit(d.now, args["id"], instance, gen))
	case "wait":
		wait, err := time.ParseDuration(f[1])
		if err != nil {
			return err
		}
		end := d.now.Add(wait)
		for next := d.m.Next(); !next.IsZero() && !next.After(end); next = d.m.Next() {
			d.now = next
			d.show(d.m.Tick(d.now))
		}
		d.now = end
	case "show":
		fmt.Fprintf(&d.out, "%s gen=%d leader=%s protocol=%s members=%v\n", d.m.state, d.m.generation, d.m.leader, d.m.protocol, slices.Sorted(maps.Keys(d.m.members)))
	default:
		return fmt.Errorf("unknown command")
	}
	return nil
}

func (d *driver) show(e Effects) {
	if e.Persist {
		fmt.Fprintln(&d.out, "persist")
	}
	for _, t := range slices.Sorted(maps.Keys(e.Joins)) {
		r := e.Joins[t]
		fmt.Fprintf(&d.out, "join %d: code=%d id=%s gen=%d leader=%s protocol=%s", t, r.Code, r.ID, r.Generation, r.Leader, r.Protocol)
		for _, m := range r.Members {
			fmt.Fprintf(&d.out, " %s:%s", m.ID, m.Metadata)
		}
		if r.SkipAssignment {
			fmt.Fprint(&d.out, " skip")
		}
		fmt.Fprintln(&d.out)
	}
	for _, t := range slices.Sorted(maps.Keys(e.Syncs)) {
		r := e.Syncs[t]
		fmt.Fprintf(&d.out, "sync %d: code=%d assignment=%s\n", t, r.Code, r.Assignment)
	}
}
