//go:build slow

package sink

import (
	"context"
	"encoding/binary"
	"fmt"
	"testing"

	"github.com/kurier-io/kurier/connectors/postgres/pgtest"
	"github.com/kurier-io/kurier/plugins/connect"
	"github.com/kurier-io/kurier/plugins/data"
)

const (
	benchBatch = 3000
	benchRows  = 300_000
)

var benchSchema = func() *data.Schema {
	b := data.StructOf().Field("id", data.Of(data.Int64).MustBuild())
	for i := range 4 {
		b.Field(fmt.Sprintf("n%d", i), data.Of(data.Int64).Optional().MustBuild())
	}
	for i := range 4 {
		b.Field(fmt.Sprintf("s%d", i), data.Of(data.String).Optional().MustBuild())
	}
	return b.Field("at", data.TimestampOf().MustBuild()).MustBuild()
}()

func benchRecords(from int) []connect.SinkRecord {
	out := make([]connect.SinkRecord, benchBatch)
	for i := range out {
		n := int64(from + i)
		v := []data.Value{data.Int64Value(n)}
		for j := range int64(4) {
			v = append(v, data.Int64Value(n*j))
		}
		for j := range 4 {
			v = append(v, data.StringValue(fmt.Sprintf("some text of about thirty %d %d", j, n)))
		}
		v = append(v, data.TimestampValue(1_704_067_200_000+n))
		out[i] = connect.SinkRecord{Record: connect.Record{Topic: "t", ValueSchema: benchSchema, Value: data.StructValue(data.StructOn(benchSchema, v))}, Offset: n}
	}
	return out
}

func benchDatabase(b *testing.B) *pgtest.Database {
	db := pgtest.NewDatabase(b)
	db.Exec(b, `CREATE TABLE t(id bigint PRIMARY KEY, n0 bigint, n1 bigint, n2 bigint, n3 bigint, s0 text, s1 text, s2 text, s3 text, at timestamp)`)
	return db
}

func benchBatches() [][]connect.SinkRecord {
	var out [][]connect.SinkRecord
	for from := 0; from < benchRows; from += benchBatch {
		out = append(out, benchRecords(from))
	}
	return out
}

// BenchmarkPut measures upserted rows/s through Put: the first pass inserts, the second meets every row. Compare it with BenchmarkBare.
func BenchmarkPut(b *testing.B) {
	db := benchDatabase(b)
	batches := benchBatches()
	for _, phase := range []string{"insert", "conflict"} {
		b.Run(phase, func(b *testing.B) {
			task := start(b, props(db, "insert.mode", "upsert", "pk.mode", "record_value", "pk.fields", "id"))
			b.ReportAllocs()
			for b.Loop() {
				b.StopTimer()
				benchPrepare(b, db, phase)
				b.StartTimer()
				for _, rs := range batches {
					if err := task.Put(context.Background(), rs); err != nil {
						b.Fatal(err)
					}
				}
			}
			b.ReportMetric(float64(benchRows)*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
		})
	}
}

// benchPrepare empties the table, or fills it freshly, so that bloat of one round does not slow the next.
func benchPrepare(b *testing.B, db *pgtest.Database, phase string) {
	db.Exec(b, `TRUNCATE t`)
	if phase == "conflict" {
		db.Exec(b, fmt.Sprintf(`INSERT INTO t(id) SELECT i FROM generate_series(0, %d) i`, benchRows-1))
	}
	db.Exec(b, `VACUUM ANALYZE t`)
	db.Exec(b, `CHECKPOINT`)
}

// BenchmarkBare is the yardstick: the same statement in a loop, its parameters encoded beforehand.
func BenchmarkBare(b *testing.B) {
	db := benchDatabase(b)
	s := start(b, props(db, "insert.mode", "upsert", "pk.mode", "record_value", "pk.fields", "id")).(*Task)
	if err := s.Put(context.Background(), benchRecords(0)); err != nil {
		b.Fatal(err)
	}
	var sql string
	for _, l := range s.layouts {
		sql = l.write
	}
	var params [][][]byte
	for _, rs := range benchBatches() {
		g, _, err := s.group(context.Background(), rs, 0, len(rs))
		if err != nil {
			b.Fatal(err)
		}
		if err := s.batcher.run(g.out[0], rs, func(_ string, p [][]byte) error {
			own := make([][]byte, len(p))
			for i := range p {
				own[i] = append([]byte{}, p[i]...)
			}
			params = append(params, own)
			return nil
		}); err != nil {
			b.Fatal(err)
		}
	}
	if n := binary.BigEndian.Uint32(params[0][0][12:]); n != benchBatch {
		b.Fatal(n)
	}
	for _, phase := range []string{"insert", "conflict"} {
		b.Run(phase, func(b *testing.B) {
			c := db.Connect(b)
			if _, err := c.Prepare(context.Background(), "s", sql, nil); err != nil {
				b.Fatal(err)
			}
			for b.Loop() {
				b.StopTimer()
				benchPrepare(b, db, phase)
				b.StartTimer()
				for _, p := range params {
					if r := c.ExecPrepared(context.Background(), "s", p, binaryFormat, nil).Read(); r.Err != nil {
						b.Fatal(r.Err)
					}
				}
			}
			b.ReportMetric(float64(benchRows)*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
		})
	}
}
