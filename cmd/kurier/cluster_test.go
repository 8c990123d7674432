//go:build unix

package main

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

// workerProperties is a distributed worker's file on a broker that runs elsewhere, with short time-outs.
func workerProperties(t *testing.T, dir, kafka, rest string) string {
	return writeProperties(t, dir, strings.ReplaceAll(rest, ":", "-")+".properties",
		"bootstrap.servers="+kafka,
		"group.id=connect-test",
		"listeners=http://"+rest,
		"key.converter=org.apache.kafka.connect.storage.StringConverter",
		"value.converter=org.apache.kafka.connect.storage.StringConverter",
		"config.storage.topic=cc", "offset.storage.topic=co", "status.storage.topic=cs",
		"config.storage.replication.factor=1", "offset.storage.replication.factor=1", "status.storage.replication.factor=1",
		"offset.flush.interval.ms=200", "session.timeout.ms=6000", "heartbeat.interval.ms=500", "scheduled.rebalance.max.delay.ms=0",
	)
}

func brokerProcess(t *testing.T, dir string) (*process, string) {
	kafka := freeAddr(t)
	path := writeProperties(t, dir, "server.properties", "listeners=PLAINTEXT://"+kafka, "log.dirs="+filepath.Join(dir, "kafka"))
	return start(t, "broker", path).ready(), kafka
}

func distributedWorker(t *testing.T, dir, kafka string) *process {
	rest := freeAddr(t)
	p := start(t, "distributed", workerProperties(t, dir, kafka, rest))
	p.rest, p.kafka = rest, kafka
	return p.ready()
}

// owners returns which worker runs what of a connector, by "connector" and task number.
func (p *process) owners(name string) map[string]string {
	_, body := p.call("GET", "/connectors/"+name+"/status", nil)
	var st struct {
		Connector struct {
			State    string
			WorkerID string `json:"worker_id"`
		}
		Tasks []struct {
			ID       int
			State    string
			WorkerID string `json:"worker_id"`
		}
	}
	out := map[string]string{}
	if json.Unmarshal([]byte(body), &st) != nil {
		return out
	}
	if st.Connector.State == "RUNNING" {
		out["connector"] = st.Connector.WorkerID
	}
	for _, task := range st.Tasks {
		if task.State == "RUNNING" {
			out[fmt.Sprint(task.ID)] = task.WorkerID
		}
	}
	return out
}

func TestTwoWorkersShareWorkAndOneTakesOver(t *testing.T) {
	dir := t.TempDir()
	_, kafka := brokerProcess(t, dir)
	a, b := distributedWorker(t, dir, kafka), distributedWorker(t, dir, kafka)
	workers := []*process{a, b}
	// One of them follows: what it is asked to write it sends on to the leader.
	for i := range 4 {
		in := filepath.Join(dir, fmt.Sprint("in", i))
		appendLines(t, in, 0, 10)
		cfg := fileSource(in)
		cfg["topic"] = fmt.Sprint("lines", i)
		workers[i%2].post(fmt.Sprint("src", i), cfg)
	}
	shares := func(p *process) map[string]int {
		n := map[string]int{}
		for i := range 4 {
			for _, w := range p.owners(fmt.Sprint("src", i)) {
				n[w]++
			}
		}
		return n
	}
	a.eventually("both to have four of the eight pieces", func() bool {
		n := shares(a)
		return n[a.rest] == 4 && n[b.rest] == 4
	})
	b.kill()
	for i := range 4 {
		appendLines(t, filepath.Join(dir, fmt.Sprint("in", i)), 10, 20)
	}
	a.eventually("the survivor to run everything", func() bool { return shares(a)[a.rest] == 8 })
	for i := range 4 {
		got := values(t, kafka, fmt.Sprint("lines", i), 20)
		seen := map[string]bool{}
		for _, v := range got {
			seen[v] = true
		}
		if len(seen) != 20 {
			t.Errorf("lines%d: %d different records of 20", i, len(seen))
		}
	}
	// Restarting a task through the worker that does not lead at first works too, now that the survivor leads.
	if code, body := a.call("POST", "/connectors/src0/tasks/0/restart", nil); code != 204 {
		t.Errorf("restart: %d %s", code, body)
	}
	if code, body := a.call("DELETE", "/connectors/src0", nil); code != 204 {
		t.Errorf("delete: %d %s", code, body)
	}
	a.eventually("the status to vanish", func() bool {
		code, _ := a.call("GET", "/connectors/src0/status", nil)
		return code == 404
	})
}

func TestStandaloneRunsTheConnectorsOfItsFiles(t *testing.T) {
	dir := t.TempDir()
	_, kafka := brokerProcess(t, dir)
	in := filepath.Join(dir, "in")
	appendLines(t, in, 0, 10)
	rest := freeAddr(t)
	worker := writeProperties(t, dir, "worker.properties", "bootstrap.servers="+kafka, "listeners=http://"+rest,
		"key.converter=org.apache.kafka.connect.storage.StringConverter", "value.converter=org.apache.kafka.connect.storage.StringConverter",
		"offset.storage.file.filename="+filepath.Join(dir, "offsets"), "offset.flush.interval.ms=100")
	connector := writeProperties(t, dir, "source.properties", "name=src", "connector.class=FileStreamSource", "file="+in, "topic=lines", "tasks.max=1")
	p := start(t, "standalone", worker, connector)
	p.rest = rest
	p.ready()
	values(t, kafka, "lines", 10)
	p.eventually("the offset", func() bool {
		_, body := p.call("GET", "/connectors/src/offsets", nil)
		return strings.Contains(body, `"position":70`)
	})
	p.kill()
	appendLines(t, in, 10, 12)
	p = start(t, "standalone", worker, connector)
	p.rest = rest
	p.ready()
	got := values(t, kafka, "lines", 12)
	if strings.Join(got[10:], ",") != "line 10,line 11" {
		t.Errorf("after the restart came %v: the stored offset was not used", got[10:])
	}
	bad := writeProperties(t, dir, "bad.properties", "name=bad", "connector.class=NoSuchClass")
	p.kill()
	q := start(t, "standalone", worker, bad)
	if code := q.exit(); code == exitOK || !strings.Contains(q.stderr(), "bad.properties") || !strings.Contains(q.stderr(), "NoSuchClass") {
		t.Errorf("exit %d: %s", code, q.stderr())
	}
}

// TestAConsumerGroupSpansTwoProcesses: the two tasks of a sink run on two workers, and one goes on alone when the other is killed.
func TestAConsumerGroupSpansTwoProcesses(t *testing.T) {
	dir := t.TempDir()
	_, kafka := brokerProcess(t, dir)
	a, b := distributedWorker(t, dir, kafka), distributedWorker(t, dir, kafka)
	cl, err := kgo.NewClient(kgo.SeedBrokers(kafka), kgo.RecordPartitioner(kgo.RoundRobinPartitioner()))
	if err != nil {
		t.Fatal(err)
	}
	defer cl.Close()
	admin := kadm.NewClient(cl)
	if _, err := admin.CreateTopic(t.Context(), 2, 1, nil, "two"); err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(dir, "out")
	a.post("snk", map[string]string{
		"connector.class": "FileStreamSink", "file": out, "topics": "two", "tasks.max": "2", "consumer.override.session.timeout.ms": "6000",
	})
	a.eventually("a task on each worker, both in the consumer group", func() bool {
		o := a.owners("snk")
		groups, err := admin.DescribeGroups(t.Context(), "connect-snk")
		if err != nil {
			t.Fatal(err)
		}
		g := groups["connect-snk"]
		return o["0"] != "" && o["1"] != "" && o["0"] != o["1"] && g.State == "Stable" && len(g.Members) == 2
	})
	produce := func(from, to int) {
		for i := from; i < to; i++ {
			if err := cl.ProduceSync(t.Context(), &kgo.Record{Topic: "two", Value: fmt.Append(nil, "line ", i)}).FirstErr(); err != nil {
				t.Fatal(err)
			}
		}
	}
	have := func(n int) bool {
		seen := map[string]bool{}
		for _, l := range lines(t, out) {
			seen[l] = true
		}
		return len(seen) == n
	}
	produce(0, 100)
	a.eventually("the records of both partitions", func() bool { return have(100) })
	b.kill()
	produce(100, 200)
	a.eventually("the survivor to have both partitions", func() bool { return have(200) })
}
