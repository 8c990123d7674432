package membership

import (
	"encoding/hex"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/kurier-io/kurier/runtime/assign"
)

func task(c string, n int) assign.TaskID { return assign.TaskID{Connector: c, Task: n} }

// The layouts of ConnectProtocol and IncrementalCooperativeConnectProtocol, field by field.
func TestGoldenBytes(t *testing.T) {
	work := assign.Assignment{Connectors: []string{"a"}, Tasks: []assign.TaskID{task("a", 0), task("b", 1)}}
	tests := map[string]struct {
		got  []byte
		want string
	}{
		"metadata v0": {Metadata{Version: Eager, URL: "u/", ConfigOffset: 5}.AppendTo(nil),
			"0000 0002752f 0000000000000005"},
		"metadata v1, no allocation": {Metadata{Version: Compatible, URL: "u/", ConfigOffset: -1}.AppendTo(nil),
			"0001 0002752f ffffffffffffffff ffffffff"},
		"metadata v2, allocation": {Metadata{Version: Sessioned, URL: "u/", ConfigOffset: 5,
			Allocation: &Assignment{Version: Sessioned, Leader: "m", LeaderURL: "u/", ConfigOffset: 4,
				Assigned: assign.Assignment{Connectors: []string{"a"}}}}.AppendTo(nil),
			"0002 0002752f 0000000000000005 0000002a" +
				"0002 0000 00016d 0002752f 0000000000000004 00000001 000161 00000001 ffffffff ffffffff 00000000"},
		"assignment v0": {Assignment{Version: Eager, Leader: "m", LeaderURL: "u/", ConfigOffset: 7, Assigned: work}.AppendTo(nil),
			"0000 0000 00016d 0002752f 0000000000000007 00000002" +
				"000161 00000002 ffffffff 00000000" + "000162 00000001 00000001"},
		"assignment v0, empty": {Assignment{Version: Eager, Leader: "m", LeaderURL: "u/", ConfigOffset: 7}.AppendTo(nil),
			"0000 0000 00016d 0002752f 0000000000000007 00000000"},
		"assignment v1, mismatch": {Assignment{Version: Compatible, Error: 1, Leader: "m", LeaderURL: "u/", ConfigOffset: 7}.AppendTo(nil),
			"0001 0001 00016d 0002752f 0000000000000007 ffffffff ffffffff 00000000"},
		"assignment v2": {Assignment{Version: Sessioned, Leader: "m", LeaderURL: "u/", ConfigOffset: 7,
			Assigned: work, Revoked: assign.Assignment{Tasks: []assign.TaskID{task("c-d", 3)}}, Delay: time.Minute}.AppendTo(nil),
			"0002 0000 00016d 0002752f 0000000000000007 00000002" +
				"000161 00000002 ffffffff 00000000" + "000162 00000001 00000001" +
				"00000001 0003632d64 00000001 00000003 0000ea60"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			want := strings.ReplaceAll(tc.want, " ", "")
			if got := hex.EncodeToString(tc.got); got != want {
				t.Errorf("\n got %s\nwant %s", got, want)
			}
		})
	}
}

func drawWork(t *rapid.T, label string) assign.Assignment {
	var a assign.Assignment
	for _, c := range rapid.SliceOfNDistinct(rapid.StringN(1, 8, -1), 0, 4, rapid.ID[string]).Draw(t, label) {
		if rapid.Bool().Draw(t, "connector too") {
			a.Connectors = append(a.Connectors, c)
		}
		for i := range rapid.IntRange(0, 3).Draw(t, "tasks") {
			a.Tasks = append(a.Tasks, task(c, i))
		}
	}
	return a
}

func TestAssignmentRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := Assignment{
			Version: rapid.SampledFrom([]Protocol{Compatible, Sessioned}).Draw(t, "version"),
			Error:   rapid.Int16().Draw(t, "error"), Leader: rapid.String().Draw(t, "leader"),
			LeaderURL: rapid.String().Draw(t, "url"), ConfigOffset: rapid.Int64().Draw(t, "offset"),
			Assigned: drawWork(t, "assigned"), Revoked: drawWork(t, "revoked"),
			Delay: time.Duration(rapid.Int32Range(0, math.MaxInt32).Draw(t, "delay")) * time.Millisecond,
		}
		got, err := DecodeAssignment(want.AppendTo(nil))
		if err != nil {
			t.Fatal(err)
		}
		for _, pair := range [][2]assign.Assignment{{got.Assigned, want.Assigned}, {got.Revoked, want.Revoked}} {
			if !pair[0].Minus(pair[1]).Empty() || !pair[1].Minus(pair[0]).Empty() {
				t.Fatalf("got %v, want %v", pair[0], pair[1])
			}
		}
		got.Assigned, got.Revoked, want.Assigned, want.Revoked = assign.Assignment{}, assign.Assignment{}, assign.Assignment{}, assign.Assignment{}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatal(diff)
		}
	})
}

func TestNewerVersionsAreReadByTheirKnownPrefix(t *testing.T) {
	b := Assignment{Version: 9, Leader: "m", Assigned: assign.Assignment{Connectors: []string{"a"}}}.AppendTo(nil)
	a, err := DecodeAssignment(append(b, 1, 2, 3))
	if err != nil || len(a.Assigned.Connectors) != 1 {
		t.Fatalf("got %+v, %v", a, err)
	}
}

func FuzzDecode(f *testing.F) {
	f.Add(Assignment{Version: Sessioned, Leader: "m", Assigned: assign.Assignment{Tasks: []assign.TaskID{task("a", 0)}}}.AppendTo(nil))
	f.Add(Metadata{Version: Sessioned, URL: "u", Allocation: &Assignment{Version: Sessioned}}.AppendTo(nil))
	f.Fuzz(func(t *testing.T, b []byte) {
		if a, err := DecodeAssignment(b); err == nil && len(a.Assigned.Tasks)+len(a.Assigned.Connectors) > len(b)/4 {
			t.Fatalf("%d bytes became %d tasks", len(b), len(a.Assigned.Tasks))
		}
		if m, err := DecodeMetadata(b); err == nil && len(m.URL) > len(b) {
			t.Fatalf("%d bytes became a URL of %d", len(b), len(m.URL))
		}
	})
}
