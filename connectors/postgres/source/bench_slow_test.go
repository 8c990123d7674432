//go:build slow

package source

import (
	"context"
	"io"
	"testing"

	"github.com/kurier-io/kurier/connectors/postgres/pgtest"
)

const benchRows = 1_000_000

// benchTable has ten columns and about 200 bytes a row.
func benchTable(b *testing.B) *pgtest.Database {
	db := pgtest.NewDatabase(b)
	db.Exec(b, `CREATE TABLE t(id bigint PRIMARY KEY, a int NOT NULL, b bigint, price numeric(12,2), ratio float8, ok bool, created timestamptz NOT NULL, u uuid, name varchar(60), note text);
		INSERT INTO t SELECT i, i % 1000, i * 7, (i % 1000000) / 100.0, i / 3.0, i % 2 = 0, '2024-01-01Z'::timestamptz + i * interval '1 second',
			md5(i::text)::uuid, 'name-' || i, repeat('x', 80) FROM generate_series(1, 1000000) i`)
	db.Exec(b, `VACUUM ANALYZE t`)
	return db
}

// BenchmarkPoll measures rows/s of a whole table through Poll. Compare it with BenchmarkCopyDrain.
func BenchmarkPoll(b *testing.B) {
	db := benchTable(b)
	for _, mode := range []string{"bulk", "incrementing"} {
		b.Run(mode, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				task := newWorld(b).mustStart(props(db, "mode", mode, "tables", `"public"."t"`, "incrementing.column.name", "id", "poll.interval.ms", "3600000"))
				for n := 0; n < benchRows; {
					recs, err := task.Poll(context.Background())
					if err != nil {
						b.Fatal(err)
					}
					n += len(recs)
				}
				stop(b, task)
			}
			b.ReportMetric(float64(benchRows)*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
		})
	}
}

// BenchmarkCopyDrain is the yardstick: the same table as binary COPY, read and thrown away.
func BenchmarkCopyDrain(b *testing.B) {
	db := benchTable(b)
	for _, sql := range []string{"t", "(SELECT * FROM t ORDER BY id)"} {
		b.Run(sql, func(b *testing.B) {
			for b.Loop() {
				c := db.Connect(b)
				if _, err := c.CopyTo(context.Background(), io.Discard, "COPY "+sql+" TO STDOUT (FORMAT binary)"); err != nil {
					b.Fatal(err)
				}
				c.Close(context.Background())
			}
			b.ReportMetric(float64(benchRows)*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
		})
	}
}
