//go:build slow

package source

import (
	"context"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/kurier-io/kurier/connectors/postgres/pgtest"
)

func TestStopEndsAPollAndLeavesNothingBehind(t *testing.T) {
	db := pgtest.NewDatabase(t)
	db.Exec(t, `CREATE TABLE t AS SELECT i AS id, repeat('x', 1000) AS pad FROM generate_series(1,50000) i; CREATE TABLE idle(id int)`)
	for _, table := range []string{"t", "idle"} {
		t.Run(table, func(t *testing.T) {
			leaks := goleak.IgnoreCurrent()
			task := NewTask()
			if err := task.Start(context.Background(), newWorld(t), props(db, "mode", "bulk", "tables", `"public"."`+table+`"`, "poll.linger.ms", "60000")); err != nil {
				t.Fatal(err)
			}
			if table == "t" { // Stop while a result is being read ahead.
				if got, err := task.Poll(context.Background()); err != nil || len(got) == 0 {
					t.Fatal(len(got), err)
				}
			}
			ctx, cancel := context.WithCancel(context.Background())
			var polling sync.WaitGroup
			if table == "idle" { // Stop while Poll waits for rows.
				polling.Go(func() {
					if got, err := task.Poll(ctx); err != nil || len(got) != 0 {
						t.Errorf("%d records, %v", len(got), err)
					}
				})
				time.Sleep(100 * time.Millisecond)
			}
			begin := time.Now()
			cancel()
			stop(t, task)
			polling.Wait()
			if took := time.Since(begin); took > 3*time.Second {
				t.Errorf("stopping took %v", took)
			}
			goleak.VerifyNone(t, leaks)
			if n := db.Query(t, `SELECT count(*) FROM pg_stat_activity WHERE application_name = 'kurier c'`); n[0] != "0" {
				time.Sleep(time.Second)
				if n = db.Query(t, `SELECT count(*) FROM pg_stat_activity WHERE application_name = 'kurier c'`); n[0] != "0" {
					t.Errorf("%s sessions are left", n[0])
				}
			}
		})
	}
}

func TestAValueWithoutAFormFailsTheTaskAndNamesTheColumn(t *testing.T) {
	db := pgtest.NewDatabase(t)
	db.Exec(t, `CREATE TABLE t(id serial PRIMARY KEY, d date); INSERT INTO t(d) VALUES ('infinity')`)
	task := newWorld(t).mustStart(props(db, "mode", "incrementing", "tables", `"public"."t"`))
	_, err := task.Poll(context.Background())
	if want := `table public.t: column "d": date infinity`; err == nil || len(err.Error()) < len(want) || err.Error()[:len(want)] != want {
		t.Errorf("%v", err)
	}
}
