//go:build interop

package interop

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// open leaves a transaction open on the topic's first partition; the function that it returns lets the producer crash.
func (b *broker) open(t *testing.T, topic, id string) func() {
	t.Helper()
	cmd := java(t, javaClient("clients"), "interop.OpenTransaction", b.addr, topic, id)
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out := &buffer{}
	cmd.Stdout, cmd.Stderr = out, out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	crash := func() {
		_ = in.Close()
		_ = cmd.Wait()
	}
	t.Cleanup(crash)
	eventually(t, 30*time.Second, func() error {
		if !strings.Contains(out.String(), "open\n") {
			return fmt.Errorf("no transaction is open: %s", out)
		}
		return nil
	})
	return crash
}

func toolTransactions(t *testing.T, b *broker) {
	b.tool(t, topicCommand, "--create", "--topic", "tx.list").ok(t)
	b.lines(t, "tx.list", 1, 3)
	b.open(t, "tx.list", "tx.list.id")
	row := b.tool(t, transactionCmd, "list").ok(t).row(t, "tx.list.id", "Ongoing")
	id := row[2]
	b.tool(t, transactionCmd, "list", "--duration-filter", "3600000").ok(t).lacks(t, "tx.list.id")
	b.tool(t, transactionCmd, "describe", "--transactional-id", "tx.list.id").ok(t).row(t, "tx.list.id", id, "0", "Ongoing", "600000", "tx.list-0")
	b.tool(t, transactionCmd, "describe-producers", "--topic", "tx.list", "--partition", "0").ok(t).row(t, id, "0", "3")
	b.tool(t, transactionCmd, "find-hanging", "--broker-id", "1").ok(t).lacks(t, "tx.list")
	b.tool(t, "GetOffsetShell", "--topic", "tx.list", "--time", "latest").ok(t, "tx.list:0:4")
	b.tool(t, consoleReader, "--topic", "tx.list", "--from-beginning", "--isolation-level", "read_committed", "--timeout-ms", "2000").has(t, "v3\n").lacks(t, "open")
	b.tool(t, consoleReader, "--topic", "tx.list", "--from-beginning", "--max-messages", "4", "--timeout-ms", "10000").ok(t, "v3\n", "open\n")
	b.tool(t, transactionCmd, "describe", "--transactional-id", "none").fails(t, "the ID could not be found")
	b.tool(t, transactionCmd, "forceTerminateTransaction", "--transactionalId", "tx.list.id").ok(t)
	eventually(t, 10*time.Second, func() error {
		// The tool aborts by initializing a producer, so the state goes on to Empty.
		if o := b.tool(t, transactionCmd, "describe", "--transactional-id", "tx.list.id"); !strings.Contains(o.stdout, "Empty") {
			return fmt.Errorf("not aborted: %s", o)
		}
		return nil
	})
	b.tool(t, consoleReader, "--topic", "tx.list", "--from-beginning", "--isolation-level", "read_committed", "--timeout-ms", "2000").has(t, "v3\n").lacks(t, "open")
}

func toolAbort(t *testing.T, b *broker) {
	b.tool(t, topicCommand, "--create", "--topic", "tx.abort").ok(t)
	b.open(t, "tx.abort", "tx.abort.id")()
	b.tool(t, transactionCmd, "describe-producers", "--topic", "tx.abort", "--partition", "0").ok(t).row(t, "0", "-1")
	b.tool(t, transactionCmd, "abort", "--topic", "tx.abort", "--partition", "0", "--start-offset", "0").ok(t)
	b.tool(t, transactionCmd, "describe-producers", "--topic", "tx.abort", "--partition", "0").ok(t, "None")
	b.lines(t, "tx.abort", 1, 2)
	b.tool(t, consoleReader, "--topic", "tx.abort", "--from-beginning", "--isolation-level", "read_committed", "--max-messages", "2", "--timeout-ms", "10000").ok(t, "v1\n", "v2\n").lacks(t, "open")
}
