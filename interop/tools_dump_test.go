//go:build interop

package interop

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// TestJavaDumpLog reads a copied partition directory with Apache Kafka's own code.
func TestJavaDumpLog(t *testing.T) {
	t.Parallel()
	c := javaClient("tools")
	java(t, c, "none") // skips when it is missing
	b := startBroker(t)
	b.tool(t, topicCommand, "--create", "--topic", "dump", "--config", "segment.bytes=1048576").ok(t)
	b.open(t, "dump", "dump.id")()
	b.tool(t, transactionCmd, "forceTerminateTransaction", "--transactionalId", "dump.id").ok(t)
	b.tool(t, "ProducerPerformance", "--topic", "dump", "--num-records", "20000", "--record-size", "100", "--throughput", "-1").ok(t)
	b.tool(t, "ProducerPerformance", "--topic", "dump", "--num-records", "10000", "--record-size", "100", "--throughput", "-1", "--command-property", "compression.type=zstd").ok(t)
	b.tool(t, "ProducerPerformance", "--topic", "dump", "--num-records", "3000", "--record-size", "100", "--throughput", "-1", "--transaction-duration-ms", "50").ok(t)
	dir := filepath.Join(t.TempDir(), "dump-0")
	if err := os.CopyFS(dir, os.DirFS(filepath.Join(b.data, "dump-0"))); err != nil {
		t.Fatal(err)
	}
	files := func(t *testing.T, ext string) string {
		t.Helper()
		names, err := filepath.Glob(filepath.Join(dir, "*."+ext))
		if err != nil || len(names) == 0 {
			t.Fatalf("no *.%s in %s: %v", ext, dir, err)
		}
		return strings.Join(names, ",")
	}
	dump := func(t *testing.T, files string, more ...string) outcome {
		t.Helper()
		return runProcess(t, time.Minute, "", java(t, c, "kafka.tools.DumpLogSegments", append([]string{"--files", files}, more...)...)).ok(t).
			lacks(t, "Mismatches in", "isvalid: false", "Found timestamp mismatch", "Found out of order timestamp", "found at the end of")
	}
	c.check(t, "dump-log of records", func(t *testing.T) {
		o := dump(t, files(t, "log"), "--deep-iteration", "--print-data-log")
		records := regexp.MustCompile(`(?m)^\| offset: \d+ `).FindAllString(o.stdout, -1)
		markers := regexp.MustCompile(`(?m)^\| .*endTxnMarker: (COMMIT|ABORT)`).FindAllString(o.stdout, -1)
		if len(records)-len(markers) != 33001 || len(markers) < 2 {
			t.Errorf("%d records and %d markers, want 33001 and some: %s", len(records), len(markers), outcome{stdout: tail(o.stdout, 5)})
		}
		for _, want := range []string{"payload: open", "endTxnMarker: ABORT coordinatorEpoch: 0", "endTxnMarker: COMMIT", "compresscodec: zstd", "isTransactional: true isControl: true"} {
			if !strings.Contains(o.stdout, want) {
				t.Errorf("%q is missing", want)
			}
		}
	})
	for _, ext := range []string{"index", "timeindex", "txnindex"} {
		c.check(t, "dump-log of ."+ext, func(t *testing.T) {
			o := dump(t, files(t, ext))
			switch ext {
			case "index":
				o.has(t, "offset: ", "position: ")
			case "timeindex":
				o.has(t, "timestamp: ", "offset: ")
			case "txnindex":
				o.has(t, "firstOffset: 0 lastOffset: ", "lastStableOffset: ", "version: 0 producerId: ")
			}
		})
	}
	for _, ext := range []string{"index", "timeindex"} {
		c.check(t, "dump-log sanity check of ."+ext, func(t *testing.T) {
			dump(t, files(t, ext), "--index-sanity-check").has(t, "passed sanity check")
		})
	}
	offsets := filepath.Join(t.TempDir(), "offsets")
	c.check(t, "dump-log of __consumer_offsets", func(t *testing.T) {
		// The first offset holds an aborted record and the second its marker, so ten committed records end at 12.
		b.tool(t, consoleReader, "--topic", "dump", "--isolation-level", "read_committed", "--from-beginning", "--group", "dumped", "--max-messages", "10", "--timeout-ms", "15000").ok(t)
		if err := os.CopyFS(offsets, os.DirFS(filepath.Join(b.data, "__consumer_offsets-0"))); err != nil {
			t.Fatal(err)
		}
		dump(t, filepath.Join(offsets, "00000000000000000000.log"), "--offsets-decoder").has(t, `"group":"dumped","topic":"dump","partition":0`, `"offset":12`, `"protocolType":"consumer"`)
	})
	c.check(t, "dump-log of __transaction_state", func(t *testing.T) {
		if err := os.CopyFS(offsets+".txn", os.DirFS(filepath.Join(b.data, "__transaction_state-0"))); err != nil {
			t.Fatal(err)
		}
		dump(t, filepath.Join(offsets+".txn", "00000000000000000000.log"), "--transaction-log-decoder").has(t, `{"transactionalId":"dump.id"}`, `"transactionStatus":1`, `"transactionStatus":3`, `"transactionStatus":5`)
	})
}
