//go:build slow && unix

package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/kurier-io/kurier/connectors/postgres/pgtest"
)

// setting reads a number from the environment; .ci/chaos passes it on.
func setting(t *testing.T, name string, otherwise int) int {
	t.Helper()
	text := os.Getenv(name)
	if text == "" {
		return otherwise
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return n
}

// A deployment copies the table orders into one of its own, and can be killed in part or as a whole.
type deployment struct {
	name    string
	worker  *process
	restart func() *process
}

func (d *deployment) connect(t *testing.T, db *pgtest.Database) {
	t.Helper()
	source, sink := exampleConfig(t, "source.json", db), exampleConfig(t, "sink.json", db)
	source["topic.prefix"], source["poll.interval.ms"] = d.name+"-", "50"
	sink["topics"], sink["table.name.format"] = d.name+"-orders", "copy_"+d.name
	for _, cfg := range []map[string]string{source, sink} {
		cfg["key.converter"], cfg["value.converter"] = "JsonConverter", "JsonConverter"
	}
	d.worker.post("source", source)
	d.worker.post("sink", sink)
}

// running waits until both connectors and their tasks run. Right after a kill statuses are those of the dead, so their processes are looked for too.
func (d *deployment) running() {
	d.worker.t.Helper()
	d.worker.eventually("everything of "+d.name+" to run", func() bool {
		return d.worker.states("source") == "RUNNING RUNNING" && d.worker.states("sink") == "RUNNING RUNNING" &&
			len(children(d.worker.t, d.worker.cmd.Process.Pid)) == 2
	})
}

// TestChaos kills with -9, in turn, a plugin process, the worker (whose broker lives on elsewhere) and a whole kurier dev, while a table is
// written to all the time. In the end every copy must equal the table.
func TestChaos(t *testing.T) {
	rounds, seed := setting(t, "ROUNDS", 20), setting(t, "SEED", 1)
	rnd := rand.New(rand.NewPCG(uint64(seed), 0))
	dir := t.TempDir()
	db := pgtest.NewDatabase(t)
	db.Exec(t, `CREATE TABLE orders (id bigserial PRIMARY KEY, customer text NOT NULL, amount numeric(10,2) NOT NULL, paid boolean NOT NULL DEFAULT false,
		updated_at timestamptz NOT NULL DEFAULT clock_timestamp()); CREATE INDEX ON orders (updated_at, id)`)

	_, kafka := brokerProcess(t, dir)
	rest := freeAddr(t)
	worker := workerProperties(t, dir, kafka, rest)
	file, err := os.OpenFile(worker, os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	// A dead worker's sinks are missed as soon as the worker itself is.
	fmt.Fprintln(file, "consumer.session.timeout.ms=6000\nconsumer.heartbeat.interval.ms=500")
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	apart := &deployment{name: "apart", restart: func() *process {
		p := start(t, "distributed", worker, "--log-level", "warn")
		p.rest = rest
		return p.ready()
	}}
	data, devKafka, devRest := filepath.Join(dir, "data"), freeAddr(t), freeAddr(t)
	whole := &deployment{name: "whole", restart: func() *process {
		p := start(t, "dev", "--data-dir", data, "--kafka", devKafka, "--rest", devRest, "--log-level", "warn")
		p.rest = devRest
		return p.ready()
	}}
	all := []*deployment{apart, whole}
	for _, d := range all {
		d.worker = d.restart()
		d.connect(t, db)
	}

	stopLoad, written := load(t, db)
	for round := range rounds {
		for _, d := range all {
			d.running()
		}
		time.Sleep(time.Duration(rnd.IntN(1000)) * time.Millisecond)
		switch round % 3 {
		case 0:
			d := all[rnd.IntN(len(all))]
			pids := children(t, d.worker.cmd.Process.Pid)
			pid := pids[rnd.IntN(len(pids))]
			t.Logf("round %d: kill -9 of plugin process %d of %s, %d writes so far", round, pid, d.name, written.Load())
			_ = syscall.Kill(pid, syscall.SIGKILL) // it may just have ended
		case 1:
			t.Logf("round %d: kill -9 of the worker, %d writes so far", round, written.Load())
			apart.worker.kill()
			apart.worker = apart.restart()
		case 2:
			t.Logf("round %d: kill -9 of kurier dev, %d writes so far", round, written.Load())
			whole.worker.kill()
			whole.worker = whole.restart()
		}
	}
	stopLoad()
	const sum = "SELECT count(*) || ' rows, ' || coalesce(md5(string_agg(concat_ws('|', id, customer, amount::float8, paid), ',' ORDER BY id)), '') FROM "
	want := db.Query(t, sum+"orders")[0]
	t.Logf("orders: %s after %d writes", want, written.Load())
	for _, d := range all {
		var got string
		for deadline := time.Now().Add(90 * time.Second); time.Now().Before(deadline); time.Sleep(200 * time.Millisecond) {
			if got = db.Query(t, sum+"copy_"+d.name)[0]; got == want {
				break
			}
		}
		if got != want {
			missing := db.Query(t, "SELECT count(*) FROM orders o LEFT JOIN copy_"+d.name+" c USING (id) WHERE c.id IS NULL OR c.paid <> o.paid")[0]
			t.Errorf("copy_%s: %s; %s rows are missing or old; %s %s", d.name, got, missing, d.worker.states("source"), d.worker.states("sink"))
		}
		d.running()
	}
}

// load writes to the table until it is told to stop.
func load(t *testing.T, db *pgtest.Database) (stop func(), written *atomic.Int64) {
	t.Helper()
	written = &atomic.Int64{}
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	c := db.Connect(t)
	wg.Go(func() {
		for n := 0; ctx.Err() == nil; n++ {
			sql := fmt.Sprintf("INSERT INTO orders (customer, amount) SELECT 'customer %d-' || i, i + 0.25 FROM generate_series(1, 10) i;"+
				"UPDATE orders SET paid = NOT paid, updated_at = clock_timestamp() WHERE id %% 97 = %d", n, n%97)
			if _, err := c.Exec(context.Background(), sql).ReadAll(); err != nil {
				t.Errorf("load: %v", err)
				return
			}
			written.Add(1)
			time.Sleep(10 * time.Millisecond)
		}
	})
	return func() { cancel(); wg.Wait() }, written
}
