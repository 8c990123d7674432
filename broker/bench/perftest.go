package main

import (
	"context"
	"encoding/csv"
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

var sentRate = regexp.MustCompile(`(?m)^(\d+)( steady state)? records sent, ([0-9.]+) records/sec .* 99\.9th\.$`)

// parseProducer reads the records per second from the output of kafka-producer-perf-test: those after the warm-up if they are there.
// Its lines of progress have no percentiles.
func parseProducer(out string) (float64, error) {
	found := ""
	for _, m := range sentRate.FindAllStringSubmatch(out, -1) {
		if found == "" || m[2] != "" {
			found = m[3]
		}
	}
	rate, err := strconv.ParseFloat(found, 64)
	if err != nil || rate <= 0 {
		return 0, fmt.Errorf("kafka-producer-perf-test printed no result: %s", strings.TrimSpace(out))
	}
	return rate, nil
}

// parseConsumer reads the records per second from the output of kafka-consumer-perf-test, the wait for the group left out, and how many
// records it got.
func parseConsumer(out string) (rate float64, records int, err error) {
	var head []string
	for l := range strings.Lines(out) {
		row, err := csv.NewReader(strings.NewReader(l)).Read()
		if err != nil || len(row) < 2 {
			continue // of a log
		}
		for i := range row {
			row[i] = strings.TrimSpace(row[i])
		}
		if row[0] == "start.time" {
			head = row
			continue
		}
		if len(row) != len(head) {
			continue
		}
		for i, name := range head {
			switch name {
			case "fetch.nMsg.sec":
				rate, err = strconv.ParseFloat(row[i], 64)
			case "data.consumed.in.nMsg":
				records, err = strconv.Atoi(row[i])
			}
			if err != nil {
				return 0, 0, fmt.Errorf("kafka-consumer-perf-test: %s: %w", name, err)
			}
		}
	}
	if rate <= 0 || records <= 0 {
		return 0, 0, fmt.Errorf("kafka-consumer-perf-test printed no result: %s", strings.TrimSpace(out))
	}
	return rate, records, nil
}

// produce runs kafka-producer-perf-test and returns the records per second after a fifth of them as a warm-up of its own JVM.
func (j *java) produce(ctx context.Context, addr, topic string, size, records int) (float64, error) {
	out, err := j.run(ctx, perfHeap, "org.apache.kafka.tools.ProducerPerformance", "--bootstrap-server", addr, "--topic", topic,
		"--num-records", strconv.Itoa(records), "--warmup-records", strconv.Itoa(records/5), "--record-size", strconv.Itoa(size), "--throughput", "-1",
		"--command-property", "acks=all")
	if err != nil {
		return 0, err
	}
	return parseProducer(out)
}

// consume runs kafka-consumer-perf-test over what produce wrote.
func (j *java) consume(ctx context.Context, addr, topic string, records int) (float64, error) {
	out, err := j.run(ctx, perfHeap, "org.apache.kafka.tools.ConsumerPerformance", "--bootstrap-server", addr, "--topic", topic, "--num-records", strconv.Itoa(records))
	if err != nil {
		return 0, err
	}
	rate, got, err := parseConsumer(out)
	if err == nil && got < records {
		err = fmt.Errorf("kafka-consumer-perf-test got %d of %d records", got, records)
	}
	return rate, err
}
