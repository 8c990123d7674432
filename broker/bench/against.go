package main

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// cell is one workload.
type cell struct{ size, partitions int }

func matrix() []cell { return []cell{{100, 1}, {1024, 1}, {100, 32}, {1024, 32}} }

func (c cell) String() string {
	s := fmt.Sprintf("%d B", c.size)
	if c.size%1024 == 0 {
		s = fmt.Sprintf("%d KiB", c.size/1024)
	}
	return s + ", " + plural(c.partitions)
}

func plural(partitions int) string {
	if partitions == 1 {
		return "1 partition"
	}
	return grouped(float64(partitions)) + " partitions"
}

// topic names the topic of a producer.
func (c cell) topic(producer string) string {
	return fmt.Sprintf("%s-%d-%d", producer, c.size, c.partitions)
}

// The measurements of a sitting; %s is a cell.
const (
	franzProduce = "franz-go producer, acks=all, %s"
	javaProduce  = "kafka-producer-perf-test, acks=all, %s"
	franzConsume = "franz-go consumer, %s"
	javaConsume  = "kafka-consumer-perf-test, %s"
	produceCPU   = "CPU to produce a GB with franz-go, %s"
	consumeCPU   = "CPU to consume a GB with franz-go, %s"
	latencyRow   = "end to end at %s records/s of 100 B, %s"
	startRow     = "from exec to the first ApiVersions and Metadata answer, empty directory"
	idleRow      = "resident after the start"
	producedRow  = "resident after producing"
	consumedRow  = "resident after consuming"
	deviceRow    = "the device itself at that time: write and fdatasync of 1 MiB"
)

func quantiles() map[string]float64 {
	return map[string]float64{"p50": 0.5, "p99": 0.99, "p99.9": 0.999}
}

// against measures Kurier and Apache Kafka in turns.
type against struct {
	*runner
	java *java
	got  map[string]map[string]series // by system and measurement
	rate map[string]float64           // of the Java producer when it ran last, by system and size
}

// contenders returns Kurier and Kafka, each without and with a flush before the acknowledgement.
func (a *against) contenders() (plain, flushing [2]system) {
	kafka := "Kafka " + a.java.version()
	return [2]system{kurierSystem(a.cfg.binary, "os"), a.java.system(kafka)},
		[2]system{kurierSystem(a.cfg.binary, "fsync"), a.java.system(kafka+", flush.messages=1", "log.flush.interval.messages=1")}
}

func (r *runner) againstKafka(ctx context.Context) error {
	j, err := findJava(r.cfg.lib)
	if err != nil {
		r.show("NOT MEASURED: Apache Kafka: %v", err)
		r.add(line{Part: "Against Apache Kafka", What: "everything", Skipped: err.Error()})
		return nil
	}
	a := &against{runner: r, java: j, got: map[string]map[string]series{}, rate: map[string]float64{}}
	plain, flushing := a.contenders()
	r.note("Kafka does not flush to the device before it acknowledges unless log.flush.interval.messages=1 makes it; Kurier does unless kurier.durability=os.")
	for round := range r.cfg.rounds {
		for _, sys := range []system{plain[0], plain[1], flushing[0], flushing[1]} {
			r.show("against Kafka, round %d of %d: %s", round+1, r.cfg.rounds, sys.name)
			if err := a.sitting(ctx, sys, sys.name != flushing[1].name); err != nil {
				if err := r.failed(ctx, fmt.Errorf("%s: %w", sys.name, err)); err != nil {
					return err
				}
			}
		}
	}
	a.rows("Like for like, neither flushes: kurier.durability=os, Kafka's defaults", plain[0], plain[1], true)
	a.rows("Like for like, both flush before they acknowledge: Kurier's defaults, Kafka with log.flush.interval.messages=1", flushing[0], flushing[1], false)
	a.rows("Defaults: Kurier flushes before it acknowledges, Kafka does not", flushing[0], plain[1], true)
	const part = "The process, both with their defaults"
	mine, theirs := a.got[flushing[0].name], a.got[plain[1].name]
	for _, what := range []string{idleRow, producedRow, consumedRow} {
		r.add(line{Part: part, What: what, Unit: "MB", Better: lower, Aim: 10, Yardstick: plain[1].name, Kurier: mine[what], Baseline: theirs[what]})
	}
	r.add(line{Part: part, What: startRow, Unit: "ms", Better: lower, Aim: 100, Yardstick: plain[1].name, Kurier: mine[startRow], Baseline: theirs[startRow]})
	return nil
}

func (a *against) record(sys system, what string, v float64) {
	if a.got[sys.name] == nil {
		a.got[sys.name] = map[string]series{}
	}
	a.got[sys.name][what] = append(a.got[sys.name][what], v)
}

// rows adds the rows of a pair; reading does not depend on flushing, so the pair in which Kafka flushes leaves it out.
func (a *against) rows(part string, kurier, kafka system, reading bool) {
	add := func(what, unit string, better direction) {
		l := line{Part: part, What: what, Unit: unit, Better: better, Aim: 1, Yardstick: kafka.name, Kurier: a.got[kurier.name][what], Baseline: a.got[kafka.name][what]}
		if len(l.Kurier) == 0 && len(l.Baseline) == 0 {
			l.Skipped = "see the failures below"
		}
		a.add(l)
	}
	a.add(line{Part: part, What: deviceRow, Unit: "MB/s", Better: higher, Yardstick: kafka.name, Kurier: a.got[kurier.name][deviceRow], Baseline: a.got[kafka.name][deviceRow]})
	for _, format := range []string{javaProduce, franzProduce} {
		for _, c := range matrix() {
			add(fmt.Sprintf(format, c), "records/s", higher)
		}
	}
	if reading {
		for _, format := range []string{javaConsume, franzConsume} {
			for _, c := range matrix() {
				add(fmt.Sprintf(format, c), "records/s", higher)
			}
		}
	}
	for _, q := range []string{"p50", "p99", "p99.9"} {
		add(fmt.Sprintf(latencyRow, grouped(latencyRate), q), "ms", lower)
	}
	for _, c := range matrix() {
		add(fmt.Sprintf(produceCPU, c), "s", lower)
	}
	if reading {
		for _, c := range matrix() {
			add(fmt.Sprintf(consumeCPU, c), "s", lower)
		}
	}
}

// latencyRate is modest: no broker has to queue anything.
const latencyRate = 1000

// sitting starts a broker on an empty directory, alone on the machine, and measures everything once, reading if asked for.
func (a *against) sitting(ctx context.Context, sys system, reading bool) (err error) {
	n, err := startNode(ctx, sys, a.dir)
	if err != nil {
		return err
	}
	defer func() {
		err = errors.Join(err, n.discard())
		settle() // its dirty pages are not to be written back while the next one is measured
	}()
	a.record(sys, startRow, float64(n.ready.Microseconds())/1000)
	if err := a.resident(n, idleRow); err != nil {
		return err
	}
	first, err := datasyncLoop(ctx, a.dir, 1<<20, a.cfg.pace(500*time.Millisecond))
	if err != nil {
		return err
	}
	f := franz{n.addr, overTCP}
	if err := a.warm(ctx, f); err != nil {
		return fmt.Errorf("warming up: %w", err)
	}
	written := map[cell]int{}
	for _, c := range matrix() {
		if err := a.produce(ctx, n, f, c, written); err != nil {
			return fmt.Errorf("producing %s: %w", c, err)
		}
	}
	if err := a.resident(n, producedRow); err != nil {
		return err
	}
	if reading {
		for _, c := range matrix() {
			if err := a.consume(ctx, n, f, c, written[c]); err != nil {
				return fmt.Errorf("consuming %s: %w", c, err)
			}
		}
		if err := a.resident(n, consumedRow); err != nil {
			return err
		}
	}
	if err := f.create(ctx, "latency", 1); err != nil {
		return err
	}
	sorted, err := f.latency(ctx, "latency", latencyRate, a.cfg.pace(5*time.Second))
	if err != nil {
		return fmt.Errorf("measuring latency: %w", err)
	}
	for name, q := range quantiles() {
		a.record(sys, fmt.Sprintf(latencyRow, grouped(latencyRate), name), float64(quantile(sorted, q).Microseconds())/1000)
	}
	second, err := datasyncLoop(ctx, a.dir, 1<<20, a.cfg.pace(500*time.Millisecond))
	if err == nil {
		a.record(sys, deviceRow, (first+second)/2)
	}
	return err
}

// warm runs both sides of the workload until it gets no faster, so that a JVM has compiled what it takes.
func (a *against) warm(ctx context.Context, f franz) error {
	for _, c := range []cell{{100, 1}, {1024, 32}} {
		best := 0.0
		for pass := range maxWarm {
			topic := fmt.Sprintf("warm-%d-%d", c.size, pass)
			if err := f.create(ctx, topic, c.partitions); err != nil {
				return err
			}
			n, took, err := f.produce(ctx, topic, c.size, a.cfg.pace(time.Second), 128<<20)
			if err != nil {
				return err
			}
			if _, err := f.consume(ctx, topic, n); err != nil {
				return err
			}
			rate := float64(n) / took.Seconds()
			if rate < 1.1*best {
				break
			}
			best = rate
		}
	}
	return nil
}

// maxWarm bounds the passes of a warm-up.
const maxWarm = 6

func (a *against) resident(n *node, what string) error {
	u, err := n.usage()
	if err == nil {
		a.record(n.sys, what, float64(u.resident)/1e6)
	}
	return err
}

// perGB runs f, which moves the bytes that it returns, and records the CPU time of the broker for a GB.
func (a *against) perGB(n *node, what string, f func() (int, error)) error {
	before, err := n.usage()
	if err != nil {
		return err
	}
	moved, err := f()
	if err != nil {
		return err
	}
	after, err := n.usage()
	if err == nil {
		a.record(n.sys, what, (after.cpu-before.cpu).Seconds()/(float64(moved)/1e9))
	}
	return err
}

// maxCell bounds the bytes of one workload.
const maxCell = 512 << 20

// touch makes a topic and writes to all of it for a moment: Kafka creates the log of a partition some time after it has told clients of the
// topic, and a client that comes too early waits before it tries again.
func (a *against) touch(ctx context.Context, f franz, topic string, c cell) (int, error) {
	if err := f.create(ctx, topic, c.partitions); err != nil {
		return 0, err
	}
	n, _, err := f.produce(ctx, topic, c.size, 300*time.Millisecond, 32<<20)
	return n, err
}

// produce measures both producers; written gets how many records franz-go's topics have.
func (a *against) produce(ctx context.Context, n *node, f franz, c cell, written map[cell]int) error {
	topic := c.topic("franz")
	touched, err := a.touch(ctx, f, topic, c)
	if err != nil {
		return err
	}
	var guess float64
	err = a.perGB(n, fmt.Sprintf(produceCPU, c), func() (int, error) {
		wrote, took, err := f.produce(ctx, topic, c.size, max(a.cfg.pace(1200*time.Millisecond), time.Second), maxCell)
		if err != nil {
			return 0, err
		}
		guess, written[c] = float64(wrote)/took.Seconds(), touched+wrote
		a.record(n.sys, fmt.Sprintf(franzProduce, c), guess)
		return wrote * c.size, nil
	})
	if err != nil {
		return err
	}
	topic = c.topic("java")
	if _, err := a.touch(ctx, f, topic, c); err != nil {
		return err
	}
	// The tool wants a number of records, so the time that it takes is only aimed at.
	known := fmt.Sprint(n.sys.name, c.size)
	if guess = min(guess, 300_000, 100e6/float64(c.size)); a.rate[known] > 0 {
		guess = a.rate[known]
	}
	count := min(max(int(guess*a.cfg.pace(2*time.Second).Seconds()), 20_000), maxCell/c.size)
	rate, err := a.java.produce(ctx, n.addr, topic, c.size, count)
	if err != nil {
		return err
	}
	a.rate[known] = rate
	a.record(n.sys, fmt.Sprintf(javaProduce, c), rate)
	return nil
}

// reads is how many records the consumers read: the same from every broker, because a JVM that starts reads the first ones slowly.
func (c cell) reads() int {
	if c.size < 1024 {
		return 1_000_000
	}
	return 250_000
}

// consume measures both consumers over the records of franz-go's producer, after it has topped them up, in a minute at most.
func (a *against) consume(ctx context.Context, n *node, f franz, c cell, written int) error {
	topic, records := c.topic("franz"), c.reads()
	if a.cfg.quick {
		records /= 2
	}
	if written < records {
		more, _, err := f.produce(ctx, topic, c.size, time.Minute, (records-written)*c.size)
		if err != nil {
			return err
		}
		if written += more; written < records {
			return fmt.Errorf("%d records could not be written within a minute", records)
		}
	}
	err := a.perGB(n, fmt.Sprintf(consumeCPU, c), func() (int, error) {
		took, err := f.consume(ctx, topic, records)
		if err == nil {
			a.record(n.sys, fmt.Sprintf(franzConsume, c), float64(records)/took.Seconds())
		}
		return records * c.size, err
	})
	if err != nil {
		return err
	}
	rate, err := a.java.consume(ctx, n.addr, topic, records)
	if err == nil {
		a.record(n.sys, fmt.Sprintf(javaConsume, c), rate)
	}
	return err
}
