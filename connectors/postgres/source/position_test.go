package source

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestOffsetsAreThoseOfTheJDBCSource(t *testing.T) {
	for _, c := range []struct {
		p    position
		want string
	}{
		{position{id: 3, hasID: true}, `{"incrementing":3}`},
		{position{micros: 1704067200123456, hasTS: true}, `{"timestamp":1704067200123,"timestamp_nanos":123456000}`},
		{position{micros: -500000, hasTS: true, id: 7, hasID: true}, `{"incrementing":7,"timestamp":-500,"timestamp_nanos":500000000}`},
		{position{}, `null`},
	} {
		enc, err := json.Marshal(c.p.offset())
		if err != nil {
			t.Fatal(err)
		}
		if string(enc) != c.want {
			t.Errorf("%s, want %s", enc, c.want)
		}
		var back map[string]any
		if err := json.Unmarshal(enc, &back); err != nil {
			t.Fatal(err)
		}
		if got := parseOffset(back); got != c.p {
			t.Errorf("%s came back as %+v, want %+v", enc, got, c.p)
		}
	}
	if got := parseOffset(map[string]any{"timestamp": int64(1500)}); got.micros != 1_500_000 {
		t.Errorf("an offset without nanoseconds: %+v", got)
	}
}

func TestATimeIsCompleteOnlyWhenALaterRowWasSeen(t *testing.T) {
	at := func(us int64) position { return position{micros: us, hasTS: true} }
	tr := tracker{byTime: true}
	var got []position
	step := func(p position) {
		tr.row(p)
		got = append(got, tr.safe)
	}
	step(at(1))
	step(at(1))
	step(at(2))
	step(at(2))
	tr.next(at(2)) // the batch ends within a group
	got = append(got, tr.safe)
	tr.next(at(3)) // the batch ends between groups
	got = append(got, tr.safe)
	step(at(3))
	tr.end()
	got = append(got, tr.safe)
	want := []position{{}, {}, at(1), at(1), at(1), at(2), at(2), at(3)}
	if d := cmp.Diff(want, got, cmp.AllowUnexported(position{})); d != "" {
		t.Error(d)
	}
}

func TestWithAnIncrementingColumnEveryRowIsAPosition(t *testing.T) {
	tr := tracker{byTime: true, byID: true}
	p := position{micros: 1, id: 1, hasTS: true, hasID: true}
	tr.row(p)
	if tr.safe != p {
		t.Errorf("%+v", tr.safe)
	}
}
