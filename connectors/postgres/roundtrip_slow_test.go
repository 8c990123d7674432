//go:build slow

package postgres

import (
	"context"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kurier-io/kurier/connectors/postgres/pgtest"
	"github.com/kurier-io/kurier/connectors/postgres/sink"
	"github.com/kurier-io/kurier/connectors/postgres/source"
	"github.com/kurier-io/kurier/plugins/connect"
	"github.com/kurier-io/kurier/plugins/data"
	"github.com/kurier-io/kurier/plugins/plugintest"
)

func TestMain(m *testing.M) {
	plugintest.ServeIfAsked(plugin())
	pgtest.Main(m)
}

type quiet struct{}

func (quiet) Offsets(_ context.Context, p []map[string]any) ([]map[string]any, error) {
	return make([]map[string]any, len(p)), nil
}
func (quiet) Log() *slog.Logger { return slog.New(slog.DiscardHandler) }
func (quiet) RequestCommit()    {}

const columns = `id serial PRIMARY KEY, b bool, i2 smallint, i4 int, i8 bigint, o oid, f4 real, f8 float8, n numeric(20,5), n0 numeric(5), nu numeric, m money, t text, vc varchar(20), c char(5),
	na name, q "char", by bytea, d date, ti time(3), tz timetz(3), ts timestamp(3), tstz timestamptz(3), j json, jb jsonb, u uuid, x xml, e mood, i inet, ci cidr, ma macaddr, iv interval, r int4range, bt bit(1),
	vb varbit(5), dom pos, ia int[], ta text[], pt point`

// TestRowsOfAllTypesComeBackEqual copies a table through source and sink and compares the rows as the server prints them.
func TestRowsOfAllTypesComeBackEqual(t *testing.T) {
	db := pgtest.NewDatabase(t)
	db.Exec(t, `CREATE TYPE mood AS ENUM ('sad', 'ok'); CREATE DOMAIN pos AS int CHECK (VALUE > 0);
		CREATE TABLE a(`+columns+`); CREATE TABLE "p-a"(`+columns+`);
		INSERT INTO a(b) SELECT NULL FROM generate_series(1,1);
		INSERT INTO a SELECT 10+s, s > 0, -32768, s * 2147483647, s * 9223372036854775807, 4294967295, s * 1.5e-7, s / 3.0, s * 123456789012345.54321, s * 99999, s * 0.0000000001234, 12.34,
			E'tab\t ü "quoted" \\ {}', 'vc', 'ab', 'nm', 'q', '\x00ff10', date '2024-02-29' + s * 100000, '23:59:59.999', '04:05:06.123+02', timestamp '2024-02-03 04:05:06.123' + s * interval '20000 days',
			'1969-12-31 23:59:59.5Z', '{"a" : 1}', '{"b": [1, null]}', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', '<a>1</a>', 'ok', '10.1.2.3/24', '10.0.0.0/8', '08:00:2b:01:02:03',
			'1 year 2 mons 3 days 04:05:06.78', '[1,5)', B'1', B'101', 5, '{1,NULL,3}', '{"a,b","q\"",NULL}', '(1.5,2)' FROM generate_series(-1, 1) s;
		INSERT INTO a(f8, f4, ts, tstz, ti) VALUES ('NaN', 'Infinity', 'infinity', '-infinity', '24:00')`)
	common := connect.Props{"name": "rt", "connection.url": db.JDBC(), "connection.user": db.User, "connection.password": db.Password}
	with := func(kv ...string) connect.Props {
		p := connect.Props{}
		for k, v := range common {
			p[k] = v
		}
		for i := 0; i < len(kv); i += 2 {
			p[kv[i]] = kv[i+1]
		}
		return p
	}
	src, dst := source.NewTask(), sink.NewTask()
	ctx := context.Background()
	if err := src.Start(ctx, quiet{}, with("mode", "incrementing", "table.whitelist", "a", "topic.prefix", "p-", "unsupported.types.mode", "text", "poll.linger.ms", "100")); err != nil {
		t.Fatal(err)
	}
	defer src.Stop(ctx)
	if err := dst.Start(ctx, quiet{}, with("insert.mode", "upsert", "pk.mode", "record_value", "pk.fields", "id", "table.name.format", `"${topic}"`)); err != nil {
		t.Fatal(err)
	}
	defer dst.Stop(ctx)
	n := 0
	for end := time.Now().Add(5 * time.Second); n < 5 && time.Now().Before(end); {
		recs, err := src.Poll(ctx)
		if err != nil {
			t.Fatal(err)
		}
		var out []connect.SinkRecord
		for _, r := range recs {
			if err := data.Validate(r.ValueSchema, data.StructValue(r.Value.Struct())); err != nil {
				t.Error(err)
			}
			out = append(out, connect.SinkRecord{Record: r.Record, Offset: int64(n)})
			n++
		}
		if err := dst.Put(ctx, out); err != nil {
			t.Fatal(err)
		}
	}
	// A time with zone keeps its instant, not its zone; it is compared in UTC.
	const view = `SELECT (to_jsonb(whole) - 'tz') || jsonb_build_object('tz', tz AT TIME ZONE 'UTC', 'nu', trim_scale(nu)) FROM %s whole ORDER BY id`
	want, got := db.Query(t, fmt.Sprintf(view, "a")), db.Query(t, fmt.Sprintf(view, `"p-a"`))
	if len(want) != 5 {
		t.Fatalf("%d rows", len(want))
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}
