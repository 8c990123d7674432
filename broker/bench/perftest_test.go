package main

import (
	"strings"
	"testing"
)

const producerOut = `Warmup first 200000 records. Steady state results will print after the complete test summary.
188116 records sent, 37623.2 records/sec (36.74 MB/sec), 701.2 ms avg latency, 1144.0 ms max latency.
1000000 records sent, 202429.149798 records/sec (19.31 MB/sec), 1043.08 ms avg latency, 1589.00 ms max latency, 1084 ms 50th, 1525 ms 95th, 1569 ms 99th, 1587 ms 99.9th.
`

const steadyOut = `800000 steady state records sent, 200551.516671 records/sec (19.13 MB/sec), 1176.63 ms avg latency, 1589.00 ms max latency, 1242 ms 50th, 1538 ms 95th, 1575 ms 99th, 1587 ms 99.9th.
`

func TestParseProducer(t *testing.T) {
	for _, tc := range []struct {
		name, out string
		want      float64
	}{
		{"after the warm-up", producerOut + steadyOut, 200551.516671},
		{"without a warm-up", producerOut, 202429.149798},
		{"only progress", strings.Join(strings.Split(producerOut, "\n")[:2], "\n"), 0},
		{"an error", "org.apache.kafka.common.errors.TimeoutException: Topic t not present in metadata after 60000 ms.", 0},
		{"nothing", "", 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, err := parseProducer(tc.out)
			if got != tc.want || (err == nil) != (tc.want > 0) {
				t.Errorf("%v, %v; want %v", got, err, tc.want)
			}
		})
	}
}

const consumerHead = `start.time, end.time, data.consumed.in.MB, MB.sec, data.consumed.in.nMsg, nMsg.sec, rebalance.time.ms, fetch.time.ms, fetch.MB.sec, fetch.nMsg.sec
`

func TestParseConsumer(t *testing.T) {
	const row = "2026-11-22 20:28:46:147, 2026-11-22 20:28:47:895, 486.2805, 278.1925, 1400295, 801084.0961, 286, 1462, 332.6132, 957794.1176\n"
	for _, tc := range []struct {
		name, out string
		rate      float64
		records   int
	}{
		{"a run", consumerHead + row, 957794.1176, 1400295},
		{"among a log", "SLF4J: nothing, here\n" + consumerHead + "WARNING: Exiting before consuming the expected number of records: timeout (10000 ms) exceeded. \n" + row, 957794.1176, 1400295},
		{"without a row", consumerHead, 0, 0},
		{"without a header", row, 0, 0},
		{"not a number", consumerHead + strings.Replace(row, "957794.1176", "fast", 1), 0, 0},
		{"nothing read", consumerHead + strings.NewReplacer("957794.1176", "0.0", "1400295", "0").Replace(row), 0, 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			rate, records, err := parseConsumer(tc.out)
			if rate != tc.rate || records != tc.records || (err == nil) != (tc.rate > 0) {
				t.Errorf("%v, %d, %v; want %v, %d", rate, records, err, tc.rate, tc.records)
			}
		})
	}
}

func TestParseFlushes(t *testing.T) {
	const text = "# TYPE kafka_log_log_flush_stats_log_flush_time_seconds histogram\nkafka_log_log_flush_stats_log_flush_time_seconds_bucket{le=\"0.1\"} 7\nkafka_log_log_flush_stats_log_flush_time_seconds_count 1.2e+06\n"
	if n, err := parseFlushes(text); n != 1_200_000 || err != nil {
		t.Errorf("%d, %v", n, err)
	}
	if n, err := parseFlushes("other 1\n"); err == nil {
		t.Errorf("%d without an error", n)
	}
}
