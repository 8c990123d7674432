//go:build slow

package source

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kurier-io/kurier/connectors/postgres/pgtest"
)

func TestIncrementingModeResumesFromTheStoredOffset(t *testing.T) {
	db := pgtest.NewDatabase(t)
	db.Exec(t, `CREATE TABLE t(id serial PRIMARY KEY, v text); INSERT INTO t VALUES (-5,'no'),(0,'z'),(1,'a'),(2,'b'); SELECT setval('t_id_seq', 2)`)
	w := newWorld(t)
	p := props(db, "mode", "incrementing", "table.whitelist", "t", "tables", `"public"."t"`)
	task := w.mustStart(p)
	got := poll(t, task)
	if values(got) != "Struct{id=0,v=z} Struct{id=1,v=a} Struct{id=2,v=b}" {
		t.Errorf("%s", values(got))
	}
	last := got[len(got)-1]
	if last.topic != "p-t" || last.partition != `{"protocol":"1","table":"public.t"}` || last.offset != `{"incrementing":2}` || last.schema.Name() != "t" {
		t.Errorf("%+v", last)
	}
	if f, _ := last.schema.Field("v"); !f.Schema.Optional() {
		t.Error("a nullable column is a required field")
	}
	w.commit(got)
	stop(t, task)

	task = w.mustStart(p)
	db.Exec(t, `INSERT INTO t(v) VALUES ('c')`)
	if got := poll(t, task); values(got) != "Struct{id=3,v=c}" {
		t.Errorf("after the restart: %s", values(got))
	}
}

func TestTimestampModeNeverSplitsEqualTimes(t *testing.T) {
	db := pgtest.NewDatabase(t)
	db.Exec(t, `CREATE TABLE t(id int, ts timestamp NOT NULL);
		INSERT INTO t VALUES (1,'2024-01-01 00:00:00.123456'),(2,'2024-01-01 00:00:00.123456'),(3,'2024-01-01 00:00:01'),(4,'1970-01-01')`)
	w := newWorld(t)
	p := props(db, "mode", "timestamp", "timestamp.column.name", "ts", "tables", `"public"."t"`, "batch.max.rows", "1")
	task := w.mustStart(p)
	first := poll(t, task)
	if len(first) != 1 || first[0].offset != "null" {
		t.Fatalf("the first of two equal times was given a position: %+v", first)
	}
	second, third := poll(t, task), poll(t, task)
	const atFirst = `{"timestamp":1704067200123,"timestamp_nanos":123456000}`
	if second[0].offset != atFirst {
		t.Errorf("%+v", second)
	}
	if third[0].offset != `{"timestamp":1704067201000,"timestamp_nanos":0}` {
		t.Errorf("%+v", third)
	}
	stop(t, task)
	w.commit(second)
	task = w.mustStart(p)
	if got := drain(t, task, 1); len(got) != 1 || !strings.Contains(got[0].value, "id=3") {
		t.Errorf("after a restart from the first time: %s", values(got))
	}
	db.Exec(t, `UPDATE t SET ts = '2024-01-02' WHERE id = 1`)
	if got := poll(t, task); len(got) != 1 || !strings.Contains(got[0].value, "id=1") {
		t.Errorf("an update: %s", values(got))
	}
}

func TestTimestampAndIncrementing(t *testing.T) {
	db := pgtest.NewDatabase(t)
	db.Exec(t, `CREATE TABLE t(id bigint NOT NULL, created timestamptz NOT NULL, updated timestamptz);
		INSERT INTO t VALUES (2,'2024-01-01Z',NULL),(1,'2024-01-01Z',NULL),(3,'2023-01-01Z','2024-01-01Z'),(4,'2023-06-01Z',NULL)`)
	w := newWorld(t)
	p := props(db, "mode", "timestamp+incrementing", "timestamp.column.name", "updated,created", "incrementing.column.name", "ID", "tables", `"public"."t"`)
	w.offsets[`{"table":"t"}`] = map[string]any{"timestamp": 1704067200000.0, "timestamp_nanos": 0.0, "incrementing": 1.0}
	task := w.mustStart(p)
	got := poll(t, task)
	if len(got) != 2 || !strings.Contains(got[0].value, "id=2") || !strings.Contains(got[1].value, "id=3") {
		t.Fatalf("behind (t,1): %s", values(got))
	}
	if want := `{"incrementing":3,"timestamp":1704067200000,"timestamp_nanos":0}`; got[1].offset != want {
		t.Errorf("%s, want %s", got[1].offset, want)
	}
	db.Exec(t, `UPDATE t SET updated = now() - interval '1 second' WHERE id = 4`)
	if got := poll(t, task); len(got) != 1 || !strings.Contains(got[0].value, "id=4") {
		t.Errorf("an update: %s", values(got))
	}
}

func TestTimestampInitial(t *testing.T) {
	db := pgtest.NewDatabase(t)
	db.Exec(t, `CREATE TABLE t(id int, ts timestamptz NOT NULL DEFAULT clock_timestamp()); INSERT INTO t VALUES (1,'2024-01-01Z')`)
	w := newWorld(t)
	p := props(db, "mode", "timestamp", "timestamp.column.name", "ts", "timestamp.initial", "-1", "tables", `"public"."t"`)
	task := w.mustStart(p)
	time.Sleep(5 * time.Millisecond)
	db.Exec(t, `INSERT INTO t(id) VALUES (2)`)
	if got := poll(t, task); len(got) != 1 || !strings.Contains(got[0].value, "id=2") {
		t.Errorf("%s", values(got))
	}
}

func TestBulkModeReadsAllEveryTimeAndStoresNothing(t *testing.T) {
	db := pgtest.NewDatabase(t)
	db.Exec(t, `CREATE TABLE t AS SELECT i AS id FROM generate_series(1,10) i`)
	task := newWorld(t).mustStart(props(db, "mode", "bulk", "tables", `"public"."t"`))
	got := drain(t, task, 20)
	if len(got) != 20 {
		t.Fatalf("%d rows", len(got))
	}
	if got[9].offset != "null" || got[9].partition != `{"table":"t"}` {
		t.Errorf("%+v", got[9])
	}
}

func TestQueryMode(t *testing.T) {
	db := pgtest.NewDatabase(t)
	db.Exec(t, `CREATE TABLE a(id int); INSERT INTO a VALUES (1),(2)`)
	w := newWorld(t)
	task := w.mustStart(props(db, "mode", "incrementing", "incrementing.column.name", "id", "query", "SELECT id, id*2 AS twice FROM a", "topic.prefix", "q", "tables", ""))
	got := poll(t, task)
	if len(got) != 2 || got[1].topic != "q" || got[1].partition != `{"query":"query"}` || got[1].schema.HasName() || got[1].value != "Struct{id=2,twice=4}" {
		t.Errorf("%+v", got)
	}
}

func TestNoRowIsLostOrDoubledWhileOthersInsert(t *testing.T) {
	db := pgtest.NewDatabase(t)
	db.Exec(t, `CREATE TABLE t(id bigserial PRIMARY KEY, w int)`)
	w := newWorld(t)
	p := props(db, "mode", "incrementing", "tables", `"public"."t"`, "batch.max.rows", "7", "poll.interval.ms", "1")
	var writers sync.WaitGroup
	writers.Go(func() { // One writer: ids of one session commit in order, so incrementing mode must see each of them once.
		c := db.Connect(t)
		for i := range 300 {
			if _, err := c.Exec(context.Background(), fmt.Sprintf("INSERT INTO t(w) VALUES (%d)", i)).ReadAll(); err != nil {
				t.Error(err)
				return
			}
		}
	})
	seen := map[string]int{}
	for n := 0; n < 300; {
		task := w.mustStart(p)
		for range 5 {
			got := poll(t, task)
			w.commit(got)
			for _, r := range got {
				seen[r.value]++
				n++
			}
		}
		stop(t, task)
	}
	writers.Wait()
	if len(seen) != 300 {
		t.Errorf("%d different rows", len(seen))
	}
	for v, n := range seen {
		if n != 1 {
			t.Errorf("%s came %d times", v, n)
		}
	}
}

func TestASchemaChangeNeedsNoRestart(t *testing.T) {
	db := pgtest.NewDatabase(t)
	db.Exec(t, `CREATE TABLE t(id serial PRIMARY KEY); INSERT INTO t DEFAULT VALUES`)
	w := newWorld(t)
	task := w.mustStart(props(db, "mode", "incrementing", "tables", `"public"."t"`))
	before := poll(t, task)
	db.Exec(t, `ALTER TABLE t ADD x numeric(10,2) DEFAULT 10.20; INSERT INTO t DEFAULT VALUES`)
	after := poll(t, task)
	if values(after) != "Struct{id=2,x=10.20}" || before[0].schema.Equal(after[0].schema) {
		t.Errorf("%s", values(after))
	}
	db.Exec(t, `INSERT INTO t DEFAULT VALUES`)
	if again := poll(t, task); again[0].schema != after[0].schema {
		t.Error("an equal schema is another pointer")
	}
	db.Exec(t, `ALTER TABLE t RENAME id TO ident; INSERT INTO t DEFAULT VALUES`)
	if _, err := task.Poll(context.Background()); err == nil {
		_, err = task.Poll(context.Background())
		if err == nil || !strings.Contains(err.Error(), "42703") {
			t.Errorf("a renamed column: %v", err)
		}
	}
	if !strings.Contains(w.logged(), "sqlstate=42703") {
		t.Errorf("the log lacks the SQLSTATE: %s", w.logged())
	}
	db.Exec(t, `ALTER TABLE t RENAME ident TO id`)
	var got []row
	for range 10 {
		recs, err := task.Poll(context.Background())
		if err == nil && len(recs) > 0 {
			got = rowsOf(recs)
			break
		}
	}
	if values(got) != "Struct{id=4,x=10.20}" {
		t.Errorf("after the name is back: %s", values(got))
	}
}

func TestALostConnectionIsReplaced(t *testing.T) {
	db := pgtest.NewDatabase(t)
	db.Exec(t, `CREATE TABLE t AS SELECT i AS id, repeat('x', 2000) AS pad FROM generate_series(1,5000) i`)
	w := newWorld(t)
	task := w.mustStart(props(db, "mode", "incrementing", "incrementing.column.name", "id", "validate.non.null", "false", "tables", `"public"."t"`))
	seen := map[string]bool{}
	for n := 0; len(seen) < 5000; n++ {
		if n == 2 {
			db.Exec(t, `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'kurier c'`)
		}
		recs, err := task.Poll(context.Background())
		if err != nil && n > 1000 {
			t.Fatal(err)
		}
		for _, r := range rowsOf(recs) {
			if seen[r.value] {
				t.Fatalf("%.30s came twice", r.value)
			}
			seen[r.value] = true
		}
	}
	if !strings.Contains(w.logged(), "query failed") {
		t.Error("the connection was not cut in the middle")
	}
}
