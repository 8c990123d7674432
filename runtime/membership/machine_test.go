package membership

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/datadriven"
	"github.com/twmb/franz-go/pkg/kerr"

	"github.com/kurier-io/kurier/runtime/assign"
)

// fixedConfigs is a config view that tests set.
type fixedConfigs struct{ snap ConfigSnapshot }

func (f *fixedConfigs) Snapshot(int64) ConfigSnapshot { return f.snap }

var kafkaErrors = map[string]error{
	"member-id-required": kerr.MemberIDRequired, "unknown-member": kerr.UnknownMemberID,
	"illegal-generation": kerr.IllegalGeneration, "rebalance": kerr.RebalanceInProgress,
	"not-coordinator": kerr.NotCoordinator, "not-authorized": kerr.GroupAuthorizationFailed,
	"fenced": kerr.FencedInstanceID, "network": errors.New("connection refused"),
}

// TestMachine replays transcripts: each command is an event, each answer the effects in order.
func TestMachine(t *testing.T) {
	datadriven.Walk(t, "testdata", func(t *testing.T, path string) {
		now := time.Unix(0, 0)
		configs := &fixedConfigs{ConfigSnapshot{Offset: 5}}
		m := newMachine(Config{Group: "g", URL: "me/", Protocol: Sessioned, MaxDelay: time.Minute}.withDefaults(), configs, now)
		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
			args := map[string]string{}
			for _, a := range d.CmdArgs {
				args[a.Key] = strings.Join(a.Vals, ",")
			}
			number := func(key string, def int) int {
				if args[key] == "" {
					return def
				}
				n, err := strconv.Atoi(args[key])
				if err != nil {
					t.Fatalf("%s: %v", d.Pos, err)
				}
				return n
			}
			var ev event
			switch d.Cmd {
			case "configs":
				configs.snap = ConfigSnapshot{Offset: int64(number("offset", 5)), Configured: parseWork(t, args["work"])}
				return ""
			case "protocol":
				m.cfg.Protocol, m.protocol = Eager, Eager
				return ""
			case "tick":
				by, err := time.ParseDuration(d.CmdArgs[0].Key)
				if err != nil {
					t.Fatalf("%s: %v", d.Pos, err)
				}
				now = now.Add(by)
				ev = tick{}
			case "healthy": // heartbeats are answered for a while
				by, err := time.ParseDuration(d.CmdArgs[0].Key)
				if err != nil {
					t.Fatalf("%s: %v", d.Pos, err)
				}
				for end := now.Add(by); now.Before(end); {
					now = now.Add(time.Second)
					m.step(now, tick{})
					if m.beating {
						m.step(now, beaten{generation: m.generation, sent: now})
					}
				}
				return m.phase.String() + "\n"
			case "joined":
				j := joined{attempt: m.attempt, err: kafkaErrors[args["err"]], memberID: "me", generation: int32(number("gen", 1)),
					protocol: m.cfg.Protocol.String(), leader: args["leader"]}
				if j.leader == "me" {
					own := Metadata{Version: m.cfg.Protocol, URL: "me/", ConfigOffset: 5}
					if m.last != nil {
						own.Allocation = &Assignment{Version: m.cfg.Protocol, Assigned: m.owned}
					}
					j.members = map[string][]byte{"me": own.AppendTo(nil)}
					if args["with"] != "" {
						j.members[args["with"]] = Metadata{Version: m.cfg.Protocol, URL: args["with"] + "/", ConfigOffset: int64(number("at", 5))}.AppendTo(nil)
					}
				}
				ev = j
			case "synced":
				a := Assignment{
					Version: m.protocol, Error: int16(number("code", 0)), Leader: "boss", LeaderURL: "boss/", ConfigOffset: int64(number("offset", 5)),
					Assigned: parseWork(t, args["assigned"]), Revoked: parseWork(t, args["revoked"]),
					Delay: time.Duration(number("delay", 0)) * time.Millisecond,
				}
				ev = synced{attempt: m.attempt, err: kafkaErrors[args["err"]], assignment: a.AppendTo(nil)}
			case "beaten":
				ev = beaten{generation: m.generation, sent: now, err: kafkaErrors[args["err"]]}
			case "returned":
				ev = returned{}
			case "rejoin":
				ev = rejoin{"asked"}
			case "leave":
				ev = leave{"asked"}
			case "abandon":
				ev = abandon{}
			default:
				t.Fatalf("%s: unknown command %s", d.Pos, d.Cmd)
			}
			var b strings.Builder
			for _, e := range m.step(now, ev) {
				b.WriteString(describe(e) + "\n")
			}
			fmt.Fprintf(&b, "%s", m.phase)
			if at := m.wake(); !at.IsZero() {
				fmt.Fprintf(&b, ", wakes in %s", max(0, at.Sub(now)))
			}
			return b.String() + "\n"
		})
	})
}

// parseWork reads "c,c-0": names with a dash are tasks.
func parseWork(t *testing.T, s string) assign.Assignment {
	var a assign.Assignment
	for w := range strings.SplitSeq(s, ",") {
		switch {
		case w == "":
		case strings.Contains(w, "-"):
			id, err := assign.ParseTaskID(w)
			if err != nil {
				t.Fatal(err)
			}
			a.Tasks = append(a.Tasks, id)
		default:
			a.Connectors = append(a.Connectors, w)
		}
	}
	return a
}

func showWork(a assign.Assignment) string {
	out := slices.Clone(a.Connectors)
	for _, id := range a.Tasks {
		out = append(out, id.String())
	}
	return "[" + strings.Join(out, " ") + "]"
}

func describe(e effect) string {
	switch e := e.(type) {
	case sendJoin:
		s := fmt.Sprintf("join as %q offset %d because %s", e.memberID, e.protocols[0].metadata.ConfigOffset, e.reason)
		if own := e.protocols[0].metadata.Allocation; own != nil {
			s += ", running " + showWork(own.Assigned)
		}
		return s
	case sendSync:
		s := fmt.Sprintf("sync %q generation %d", e.memberID, e.generation)
		for _, id := range slices.Sorted(func(yield func(string) bool) {
			for id := range e.shares {
				if !yield(id) {
					return
				}
			}
		}) {
			a, err := DecodeAssignment(e.shares[id])
			if err != nil {
				return err.Error()
			}
			s += fmt.Sprintf("\n  %s: error %d offset %d + %s - %s delay %s", id, a.Error, a.ConfigOffset, showWork(a.Assigned), showWork(a.Revoked), a.Delay)
		}
		return s
	case sendHeartbeat:
		return fmt.Sprintf("heartbeat %q generation %d", e.memberID, e.generation)
	case sendLeave:
		return fmt.Sprintf("leave %q because %s", e.memberID, e.reason)
	case callRevoked:
		return fmt.Sprintf("OnRevoked %s", showWork(e.work))
	case callAssigned:
		return fmt.Sprintf("OnAssigned generation %d mismatch %t offset %d %s", e.generation.ID, e.generation.Mismatch, e.generation.ConfigOffset, showWork(e.generation.Assigned))
	case fatal:
		return "fatal: " + e.err.Error()
	case note:
		return "note: " + e.text
	}
	return fmt.Sprintf("%T", e)
}
