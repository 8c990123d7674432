package ident

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestNamesAsPeopleWriteThem(t *testing.T) {
	for text, want := range map[string]Table{
		"t": {"", "t"}, "s.t": {"s", "t"}, `"s"."t"`: {"s", "t"}, `s."we.ird ""x"""`: {"s", `we.ird "x"`}, "db.s.t": {"s", "t"},
	} {
		if got, err := ParseTable(text, "db"); err != nil || got != want {
			t.Errorf("%s: %+v %v", text, got, err)
		}
	}
	for _, bad := range []string{"", ".", "a.", `"a`, `"a"b`, "other.s.t", "a.b.c.d", "a..b"} {
		if got, err := ParseTable(bad, "db"); err == nil {
			t.Errorf("%q was taken as %+v", bad, got)
		}
	}
}

func TestListsOfTables(t *testing.T) {
	got, err := SplitTables(` a , s.b,"x,y"."z" ,`)
	if d := cmp.Diff([]Table{{"", "a"}, {"s", "b"}, {"x,y", "z"}}, got); err != nil || d != "" {
		t.Error(d, err)
	}
}

func TestQuotedNamesComeBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		part := rapid.StringOfN(rapid.RuneFrom([]rune(`ab. ",é`)), 1, 8, -1)
		want := []Table{{part.Draw(t, "schema"), part.Draw(t, "name")}, {"", part.Draw(t, "other")}}
		got, err := SplitTables(Always.Table(want[0]) + "," + Always.Table(want[1]))
		if d := cmp.Diff(want, got); err != nil || d != "" {
			t.Fatal(d, err)
		}
	})
}

func TestNeverQuoting(t *testing.T) {
	if got := ParseQuoting("NEVER").Table(Table{"S", "T"}); got != "S.T" {
		t.Error(got)
	}
}
