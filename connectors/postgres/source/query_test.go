package source

import (
	"strings"
	"testing"
	"time"

	"github.com/kurier-io/kurier/connectors/postgres/ident"
)

func TestStatements(t *testing.T) {
	table := ident.Table{Schema: "public", Name: "t"}
	for _, c := range []struct {
		s    statement
		want string
	}{
		{statement{quote: ident.Always, table: table}, `SELECT * FROM "public"."t"`},
		{statement{quote: ident.Always, table: table, criterion: criterion{id: "id"}},
			`SELECT * FROM "public"."t" WHERE "public"."t"."id" > $1 ORDER BY "public"."t"."id" ASC`},
		{statement{quote: ident.Always, table: table, criterion: criterion{timestamps: []string{"ts"}}},
			`SELECT * FROM "public"."t" WHERE "public"."t"."ts" > $1 AND "public"."t"."ts" < $2 ORDER BY "public"."t"."ts" ASC`},
		{statement{quote: ident.Never, table: table, criterion: criterion{id: "id", timestamps: []string{"a", "b"}}},
			`SELECT * FROM public.t WHERE COALESCE(public.t.a,public.t.b) < $1 AND ((COALESCE(public.t.a,public.t.b) = $2 AND public.t.id > $3)` +
				` OR COALESCE(public.t.a,public.t.b) > $4) ORDER BY COALESCE(public.t.a,public.t.b),public.t.id ASC`},
		{statement{quote: ident.Always, query: "SELECT a.id FROM a", suffix: "LIMIT 5", criterion: criterion{id: "id"}},
			`SELECT a.id FROM a WHERE "id" > $1 ORDER BY "id" ASC LIMIT 5`},
		{statement{quote: ident.Always, table: ident.Table{Schema: "s", Name: `we"ird`}}, `SELECT * FROM "s"."we""ird"`},
	} {
		if got := c.s.sql(); got != c.want {
			t.Errorf("\n got %s\nwant %s", got, c.want)
		}
	}
}

func TestParametersCarryWallClockAndZone(t *testing.T) {
	loc, err := time.LoadLocation("America/New_York")
	if err != nil {
		t.Fatal(err)
	}
	s := statement{criterion: criterion{id: "id", timestamps: []string{"ts"}}}
	var got []string
	for _, p := range s.params(position{micros: 1706951106123456, id: 9}, 1706951107000000, loc) {
		got = append(got, string(p))
	}
	want := "2024-02-03 04:05:07.000000-05:00:00|2024-02-03 04:05:06.123456-05:00:00|9|2024-02-03 04:05:06.123456-05:00:00"
	if strings.Join(got, "|") != want {
		t.Errorf("%q, want %s", got, want)
	}
}
