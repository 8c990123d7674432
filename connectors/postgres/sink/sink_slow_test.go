//go:build slow

package sink

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kurier-io/kurier/connectors/postgres/pgtest"
	"github.com/kurier-io/kurier/plugins/config"
	"github.com/kurier-io/kurier/plugins/connect"
	"github.com/kurier-io/kurier/plugins/data"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

type taskContext struct{}

func (taskContext) RequestCommit()    {}
func (taskContext) Log() *slog.Logger { return slog.New(slog.DiscardHandler) }

func props(db *pgtest.Database, kv ...string) connect.Props {
	p := connect.Props{
		"name": "s", "connection.url": db.JDBC(), "connection.user": db.User, "connection.password": db.Password,
		"retry.backoff.ms": "1", "connection.backoff.ms": "50",
	}
	for i := 0; i < len(kv); i += 2 {
		p[kv[i]] = kv[i+1]
	}
	return p
}

func start(t testing.TB, p connect.Props) connect.SinkTask {
	t.Helper()
	task := NewTask()
	if err := task.Start(context.Background(), taskContext{}, p); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = task.Stop(context.Background()) })
	return task
}

func put(t testing.TB, task connect.SinkTask, rs ...connect.SinkRecord) {
	t.Helper()
	if err := task.Put(context.Background(), rs); err != nil {
		t.Fatal(err)
	}
}

var (
	keySchema   = data.StructOf().Field("id", data.Of(data.Int32).MustBuild()).MustBuild()
	valueSchema = data.StructOf().Field("id", data.Of(data.Int32).MustBuild()).Field("name", data.Of(data.String).Optional().MustBuild()).MustBuild()
)

func rec(offset int64, id int32, name string) connect.SinkRecord {
	r := tombstone(offset, id)
	r.ValueSchema = valueSchema
	r.Value = data.StructValue(data.StructOn(valueSchema, []data.Value{data.Int32Value(id), data.StringValue(name)}))
	return r
}

func tombstone(offset int64, id int32) connect.SinkRecord {
	return connect.SinkRecord{
		Record: connect.Record{Topic: "t", KeySchema: keySchema, Key: data.StructValue(data.StructOn(keySchema, []data.Value{data.Int32Value(id)}))},
		Offset: offset, OriginalTopic: "t",
	}
}

func expect(t *testing.T, db *pgtest.Database, sql string, want ...string) {
	t.Helper()
	if d := cmp.Diff(append([]string{}, want...), db.Query(t, sql)); d != "" {
		t.Errorf("%s: %s", sql, d)
	}
}

func TestUpsertCreatesTheTableAndKeepsTheLastValue(t *testing.T) {
	db := pgtest.NewDatabase(t)
	task := start(t, props(db, "insert.mode", "upsert", "pk.mode", "record_key", "auto.create", "true"))
	put(t, task, rec(0, 1, "a"), rec(1, 2, "b"), rec(2, 1, "c"))
	put(t, task, rec(3, 2, "d"))
	expect(t, db, `SELECT id, name FROM "t" ORDER BY id`, "1|c", "2|d")
	expect(t, db, `SELECT a.attname FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = ANY(i.indkey) WHERE i.indisprimary AND i.indrelid = '"t"'::regclass`, "id")
	var same []connect.SinkRecord
	for i := range 1000 {
		same = append(same, rec(int64(i), 9, fmt.Sprint(i)))
	}
	put(t, task, same...)
	expect(t, db, `SELECT name FROM "t" WHERE id = 9`, "999")
}

func TestDeletesAndWritesOfAKeyKeepTheirOrder(t *testing.T) {
	db := pgtest.NewDatabase(t)
	db.Exec(t, `CREATE TABLE t(id int PRIMARY KEY, name text, extra text DEFAULT 'fresh'); INSERT INTO t VALUES (1,'old','old'), (2,'old','old'), (3,'old','old')`)
	task := start(t, props(db, "insert.mode", "upsert", "pk.mode", "record_key", "delete.enabled", "true"))
	put(t, task, rec(0, 1, "a"), tombstone(1, 1), rec(2, 1, "b"), rec(3, 2, "x"), tombstone(4, 2), rec(5, 3, "kept"))
	expect(t, db, `SELECT * FROM t ORDER BY id`, "1|b|fresh", "3|kept|old")
	for _, mode := range []string{"insert", "update"} {
		db.Exec(t, `TRUNCATE t; INSERT INTO t VALUES (2,'old')`)
		task = start(t, props(db, "insert.mode", mode, "pk.mode", "record_key", "delete.enabled", "true"))
		if mode == "insert" {
			put(t, task, rec(0, 1, "a"), tombstone(1, 1), rec(2, 1, "b"), tombstone(3, 2))
			expect(t, db, `SELECT id, name FROM t ORDER BY id`, "1|b")
			continue
		}
		put(t, task, rec(0, 2, "a"), rec(1, 2, "b"), rec(2, 7, "missing"))
		expect(t, db, `SELECT id, name FROM t ORDER BY id`, "2|b")
		put(t, task, rec(3, 2, "c"), tombstone(4, 2), rec(5, 2, "d"))
		expect(t, db, `SELECT id, name FROM t ORDER BY id`)
	}
}

func TestANullValueWithoutDeleteEnabledIsNamed(t *testing.T) {
	db := pgtest.NewDatabase(t)
	task := start(t, props(db, "insert.mode", "upsert", "pk.mode", "record_key", "auto.create", "true"))
	err := task.Put(context.Background(), []connect.SinkRecord{rec(0, 1, "a"), tombstone(41, 1)})
	if err == nil || !strings.Contains(err.Error(), "t-0@41") || !strings.Contains(err.Error(), "delete.enabled") {
		t.Errorf("%v", err)
	}
}

func TestBadRecordsAreSetAsideAndTheRestIsKept(t *testing.T) {
	db := pgtest.NewDatabase(t)
	db.Exec(t, `CREATE TABLE t(id int PRIMARY KEY, name jsonb CHECK (name <> '"never"'))`)
	var batch []connect.SinkRecord
	for i := range int32(100) {
		batch = append(batch, rec(int64(i), i, `{"a": 1}`))
	}
	batch[17] = rec(17, 17, "not json")
	batch[64] = rec(64, 64, `"never"`)
	batch[65].Value, batch[65].ValueSchema = data.Int32Value(5), data.Of(data.Int32).MustBuild()
	task := start(t, props(db, "insert.mode", "insert", "pk.mode", "record_key", "errors.tolerance", "all"))
	err := task.Put(context.Background(), batch)
	bad, ok := errors.AsType[*connect.BadRecordsError](err)
	if !ok || len(bad.Records) != 3 || bad.Records[0].Index != 17 || bad.Records[1].Index != 64 || bad.Records[2].Index != 65 {
		t.Fatalf("%v", err)
	}
	expect(t, db, `SELECT count(*) FROM t`, "97")

	db.Exec(t, `TRUNCATE t`)
	task = start(t, props(db, "insert.mode", "insert", "pk.mode", "record_key"))
	err = task.Put(context.Background(), batch[:65])
	if _, isBad := errors.AsType[*connect.BadRecordsError](err); isBad || err == nil || !strings.Contains(err.Error(), "t-0@17") {
		t.Errorf("without tolerance: %v", err)
	}
	expect(t, db, `SELECT count(*) FROM t`, "0")
	put(t, task, batch[0])
}

func TestTheTableEvolves(t *testing.T) {
	db := pgtest.NewDatabase(t)
	task := start(t, props(db, "insert.mode", "upsert", "pk.mode", "record_value", "pk.fields", "id", "auto.create", "true", "auto.evolve", "true"))
	put(t, task, rec(0, 1, "a"))
	wider := data.StructOf().Field("id", data.Of(data.Int32).MustBuild()).
		Field("q", data.Of(data.String).Default(data.StringValue("it's")).MustBuild()).Field("n", data.Of(data.Int64).Optional().MustBuild()).MustBuild()
	r := rec(1, 2, "")
	r.ValueSchema, r.Value = wider, data.StructValue(data.StructOn(wider, []data.Value{data.Int32Value(2), data.Null(), data.Null()}))
	put(t, task, rec(2, 3, "c"), r)
	expect(t, db, `SELECT id, name, q, n FROM t ORDER BY id`, "1|a|it's|NULL", "2|NULL|it's|NULL", "3|c|it's|NULL")
	required := data.StructOf().Field("id", data.Of(data.Int32).MustBuild()).Field("must", data.Of(data.Int32).MustBuild()).MustBuild()
	r.ValueSchema, r.Value = required, data.StructValue(data.StructOn(required, []data.Value{data.Int32Value(5), data.Int32Value(5)}))
	err := task.Put(context.Background(), []connect.SinkRecord{rec(3, 4, "never"), r})
	if err == nil || !strings.Contains(err.Error(), `"must"`) {
		t.Errorf("%v", err)
	}
	expect(t, db, `SELECT count(*) FROM t WHERE id IN (4,5)`, "0")
}

func TestTextGoesIntoEveryType(t *testing.T) {
	db := pgtest.NewDatabase(t)
	db.Exec(t, `CREATE TYPE mood AS ENUM ('sad','ok'); CREATE DOMAIN pos AS int CHECK (VALUE > 0);
		CREATE TABLE t(id int PRIMARY KEY, m mood, i inet, j jsonb, u uuid, iv interval, r int4range, v varchar(3), c char(3), p pos, x xml, b bit(3), a int[], at text[])`)
	b := data.StructOf().Field("id", data.Of(data.Int32).MustBuild())
	vals := []data.Value{data.Int32Value(1)}
	for _, f := range [][2]string{{"m", "ok"}, {"i", "10.0.0.1"}, {"j", `{"a":1}`}, {"u", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"}, {"iv", "1 day"}, {"r", "[1,5)"},
		{"v", "abc"}, {"c", "x"}, {"p", "5"}, {"x", "<a/>"}, {"b", "101"}} {
		b.Field(f[0], data.Of(data.String).Optional().MustBuild())
		vals = append(vals, data.StringValue(f[1]))
	}
	b.Field("a", data.ArrayOf(data.Of(data.Int32).Optional().MustBuild()).MustBuild())
	b.Field("at", data.ArrayOf(data.Of(data.String).MustBuild()).MustBuild())
	vals = append(vals, data.ArrayValue([]data.Value{data.Int32Value(1), data.Null()}), data.ArrayValue([]data.Value{data.StringValue(`q"\`), data.StringValue("a,b")}))
	s := b.MustBuild()
	r := rec(0, 1, "")
	r.ValueSchema, r.Value = s, data.StructValue(data.StructOn(s, vals))
	task := start(t, props(db, "insert.mode", "upsert", "pk.mode", "record_value", "pk.fields", "id"))
	put(t, task, r, r)
	expect(t, db, `SELECT m, i, j, u, iv, r, v, c, p, x, b, a, at[1], at[2] FROM t`,
		`ok|10.0.0.1|{"a": 1}|a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11|1 day|[1,5)|abc|x  |5|<a/>|101|{1,NULL}|q"\|a,b`)
	vals[7] = data.StringValue("long")
	task = start(t, props(db, "insert.mode", "upsert", "pk.mode", "record_value", "pk.fields", "id", "errors.tolerance", "all"))
	if _, bad := errors.AsType[*connect.BadRecordsError](task.Put(context.Background(), []connect.SinkRecord{r})); !bad {
		t.Error("text too long for varchar(3) was cut or taken")
	}
}

func TestKafkaCoordinatesAsKey(t *testing.T) {
	db := pgtest.NewDatabase(t)
	task := start(t, props(db, "insert.mode", "upsert", "pk.mode", "kafka", "auto.create", "true"))
	put(t, task, rec(7, 1, "a"))
	put(t, task, rec(7, 1, "a"))
	expect(t, db, `SELECT * FROM t`, "t|0|7|1|a")
}

func TestALostConnectionIsReplacedAndTheBatchWrittenOnce(t *testing.T) {
	db := pgtest.NewDatabase(t)
	task := start(t, props(db, "insert.mode", "insert", "auto.create", "true"))
	put(t, task, rec(0, 1, "a"))
	db.Exec(t, `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'kurier s'`)
	err := task.Put(context.Background(), []connect.SinkRecord{rec(1, 2, "b")})
	if _, ok := errors.AsType[*connect.RetriableError](err); !ok {
		t.Fatalf("%v", err)
	}
	put(t, task, rec(1, 2, "b"))
	expect(t, db, `SELECT id FROM t ORDER BY id`, "1", "2")
}

func TestTwoTasksOnTheSameRowsDoNotDeadlock(t *testing.T) {
	db := pgtest.NewDatabase(t)
	db.Exec(t, `CREATE TABLE t(id int PRIMARY KEY, name text)`)
	var tasks sync.WaitGroup
	for n := range 2 {
		task := start(t, props(db, "insert.mode", "upsert", "pk.mode", "record_key"))
		tasks.Go(func() {
			for round := range 30 {
				var batch []connect.SinkRecord
				for i := range int32(200) {
					id := i
					if n == 1 {
						id = 199 - i
					}
					batch = append(batch, rec(int64(round), id, fmt.Sprint(n, round)))
				}
				if err := task.Put(context.Background(), batch); err != nil {
					t.Error(err)
				}
			}
		})
	}
	tasks.Wait()
}

func TestAMissingTableIsAClearError(t *testing.T) {
	db := pgtest.NewDatabase(t)
	task := start(t, props(db))
	err := task.Put(context.Background(), []connect.SinkRecord{rec(0, 1, "a")})
	if err == nil || !strings.Contains(err.Error(), "table t is missing") || !strings.Contains(err.Error(), "auto.create") {
		t.Errorf("%v", err)
	}
}

func TestWrongCredentialsAndKeysAreNamedByValidate(t *testing.T) {
	db := pgtest.NewDatabase(t)
	for name, c := range map[string]struct {
		kv   []string
		keys string
		text string
	}{
		"good":     {nil, "", ""},
		"password": {[]string{"connection.password", "s3cret"}, "connection.password connection.url connection.user", "refused the password"},
		"database": {[]string{"connection.url", db.JDBC() + "x"}, "connection.url", "has no database"},
		"deletes":  {[]string{"delete.enabled", "true"}, "delete.enabled pk.mode", "record_key"},
		"no key":   {[]string{"insert.mode", "UPSERT"}, "pk.mode", "primary key"},
	} {
		p := props(db, c.kv...)
		values, err := (&Connector{}).Validate(context.Background(), p, config.Of[Settings]().Validate(p))
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		for _, v := range values {
			for _, msg := range v.Errors {
				n++
				if !strings.Contains(c.keys, v.Name) || !strings.Contains(msg, c.text) || strings.Contains(msg, "s3cret") {
					t.Errorf("%s: %s: %s", name, v.Name, msg)
				}
			}
		}
		if n != len(strings.Fields(c.keys)) {
			t.Errorf("%s: %d errors", name, n)
		}
		if err := NewTask().Start(context.Background(), taskContext{}, p); (err == nil) != (c.keys == "") {
			t.Errorf("%s: Start: %v", name, err)
		}
	}
}

func TestTimestampsAndZones(t *testing.T) {
	db := pgtest.NewDatabase(t)
	s := data.StructOf().Field("ts", data.TimestampOf().MustBuild()).Field("d", data.DateOf().MustBuild()).Field("raw", data.Of(data.Int64).MustBuild()).MustBuild()
	r := rec(0, 1, "")
	r.ValueSchema, r.Value = s, data.StructValue(data.StructOn(s, []data.Value{data.TimestampValue(1_706_933_106_123), data.TimestampValue(1_706_918_400_000), data.Int64Value(1_706_933_106_123_456)}))
	task := start(t, props(db, "auto.create", "true", "timestamp.fields.list", "raw", "db.timezone", "America/New_York", "date.timezone", "UTC"))
	put(t, task, r)
	expect(t, db, `SELECT * FROM t`, "2024-02-02 23:05:06.123|2024-02-03|2024-02-02 23:05:06.123456")
	db.Exec(t, `DROP TABLE t; CREATE TABLE t(ts timestamptz, d date, raw timestamptz)`)
	task = start(t, props(db, "timestamp.fields.list", "raw", "db.timezone", "America/New_York", "date.timezone", "UTC"))
	put(t, task, r)
	expect(t, db, `SELECT ts AT TIME ZONE 'UTC', d, raw AT TIME ZONE 'UTC' FROM t`, "2024-02-03 04:05:06.123|2024-02-03|2024-02-03 04:05:06.123456")
}

func TestAPartitionedTableIsATarget(t *testing.T) {
	db := pgtest.NewDatabase(t)
	db.Exec(t, `CREATE TABLE t(id int PRIMARY KEY, name text) PARTITION BY RANGE (id); CREATE TABLE t1 PARTITION OF t FOR VALUES FROM (0) TO (100); CREATE VIEW v AS SELECT 1 AS id, ''::text AS name`)
	put(t, start(t, props(db, "insert.mode", "upsert", "pk.mode", "record_key")), rec(0, 1, "a"))
	expect(t, db, `SELECT * FROM t`, "1|a")
	err := start(t, props(db, "table.name.format", "v")).Put(context.Background(), []connect.SinkRecord{rec(0, 1, "a")})
	if err == nil || !strings.Contains(err.Error(), "table.types") {
		t.Errorf("%v", err)
	}
}

func TestErrorsReadOnceAndHideValuesWhenAsked(t *testing.T) {
	db := pgtest.NewDatabase(t)
	db.Exec(t, `CREATE TABLE t(id int PRIMARY KEY, name text); INSERT INTO t VALUES (1, 'x')`)
	for _, c := range []struct{ trim, want string }{
		{"false", `record t-0@3: ERROR: duplicate key value violates unique constraint "t_pkey" (SQLSTATE 23505): Key (id)=(1) already exists. (nothing of this batch of 2 records was written; with errors.tolerance=all such records are set aside)`},
		{"true", `record t-0@3: the server refused a value: SQLSTATE 23505, table "t", column "", constraint "t_pkey" (trim.sensitive.log hides its text) (nothing of this batch of 2 records was written; with errors.tolerance=all such records are set aside)`},
	} {
		task := start(t, props(db, "trim.sensitive.log", c.trim))
		err := task.Put(context.Background(), []connect.SinkRecord{rec(2, 7, "y"), rec(3, 1, "z")})
		if err == nil || err.Error() != c.want {
			t.Errorf("%v", err)
		}
		db.Exec(t, `ALTER TABLE t RENAME name TO other`)
		err = task.Put(context.Background(), []connect.SinkRecord{rec(2, 8, "y")})
		if err == nil || strings.Count(err.Error(), "SQLSTATE 42703") != 1 {
			t.Errorf("%v", err)
		}
		db.Exec(t, `ALTER TABLE t RENAME other TO name`)
	}
	task := start(t, props(db, "pk.mode", "record_key", "errors.tolerance", "all"))
	keyless := rec(9, 50, "k")
	keyless.Key, keyless.KeySchema = data.Null(), nil
	bad, ok := errors.AsType[*connect.BadRecordsError](task.Put(context.Background(), []connect.SinkRecord{keyless, rec(10, 51, "k")}))
	if !ok || len(bad.Records) != 1 || bad.Records[0].Index != 0 {
		t.Errorf("%v", bad)
	}
	expect(t, db, `SELECT id FROM t ORDER BY id`, "1", "51")
}
