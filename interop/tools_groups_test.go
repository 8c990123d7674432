//go:build interop

package interop

import (
	"fmt"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// TestJavaGroupTools moves, shows and deletes the offsets of consumer groups with the tools of Apache Kafka.
func TestJavaGroupTools(t *testing.T) {
	t.Parallel()
	c := javaClient("tools")
	java(t, c, "none") // skips when it is missing
	b := startBroker(t)
	b.tool(t, topicCommand, "--create", "--topic", "g", "--partitions", "2").ok(t)
	b.lines(t, "g", 1, 10)
	for _, part := range []struct {
		name string
		fn   func(*testing.T, *broker)
	}{
		{"console producer and consumer", toolConsole},
		{"reset-offsets", toolResets},
		{"reset-offsets of an active group", toolResetActive},
		{"reset-offsets of an active group of the new protocol", toolResetActiveNew},
		{"delete-offsets and delete", toolDeleteGroup},
		{"delete of an active group", toolDeleteActive},
		{"groups", toolGroups},
	} {
		c.check(t, part.name, func(t *testing.T) { part.fn(t, b) })
	}
}

func toolConsole(t *testing.T, b *broker) {
	o := b.tool(t, consoleReader, "--topic", "g", "--from-beginning", "--group", "console", "--max-messages", "10", "--timeout-ms", "15000", "--formatter-property", "print.key=true",
		"--formatter-property", "print.partition=true", "--formatter-property", "print.offset=true", "--formatter-property", "print.timestamp=true", "--formatter-property", "print.headers=true").ok(t)
	for i := 1; i <= 10; i++ {
		o.has(t, fmt.Sprintf("\tk%d\tv%d\n", i, i))
	}
	o.has(t, "CreateTime:", "Partition:0\tOffset:0\tNO_HEADERS\t", "Partition:1\tOffset:0\tNO_HEADERS\t")
	b.tool(t, consoleReader, "--topic", "g", "--partition", "0", "--offset", "1", "--max-messages", "1", "--timeout-ms", "15000", "--formatter-property", "print.offset=true").ok(t, "Offset:1\t")
	b.tool(t, consoleReader, "--include", "g|none", "--from-beginning", "--max-messages", "10", "--timeout-ms", "15000").ok(t, "v1\n", "v10\n")
	b.toolInput(t, "h1:x\tkey\tvalue\n", "ConsoleProducer", "--topic", "headers", "--compression-codec", "zstd", "--reader-property", "parse.key=true", "--reader-property", "parse.headers=true").ok(t)
	b.tool(t, consoleReader, "--topic", "headers", "--from-beginning", "--max-messages", "1", "--timeout-ms", "15000", "--formatter-property", "print.headers=true", "--formatter-property", "print.key=true").
		ok(t, "h1:x\tkey\tvalue\n")
	b.tool(t, consoleReader, "--topic", "g", "--from-beginning", "--group", "console.new", "--command-property", "group.protocol=consumer", "--max-messages", "10", "--timeout-ms", "15000").ok(t, "v1\n", "v10\n")
	b.tool(t, groupCommand, "--describe", "--group", "console").ok(t).row(t, "console", "g", "0", "7", "-")
	b.tool(t, groupCommand, "--describe", "--group", "console.new").ok(t).row(t, "console.new", "g", "0", "7", "-")
}

// toolResets tries each form of reset-offsets. The keys k1 to k10 spread as 7 records in partition 0 and 3 in partition 1.
func toolResets(t *testing.T, b *broker) {
	b.tool(t, consoleReader, "--topic", "g", "--from-beginning", "--group", "r", "--max-messages", "10", "--timeout-ms", "15000").ok(t)
	reset := func(how ...string) outcome {
		return b.tool(t, groupCommand, append([]string{"--group", "r", "--reset-offsets", "--topic", "g"}, how...)...).ok(t, "NEW-OFFSET")
	}
	expect := func(what string, p0, p1 string) {
		t.Helper()
		o := b.tool(t, groupCommand, "--describe", "--group", "r").ok(t)
		for p, want := range []string{p0, p1} {
			if row := o.begins(t, "r", "g", fmt.Sprint(p)); len(row) < 6 || row[3] != want {
				t.Errorf("%s: partition %d is not at %s: %s", what, p, want, o)
			}
		}
	}
	expect("after reading", "7", "3")
	reset("--to-earliest", "--dry-run").row(t, "r", "g", "0")
	expect("dry run", "7", "3")
	for _, step := range []struct {
		how    string
		p0, p1 string
	}{
		{"--to-earliest", "0", "0"},
		{"--to-latest", "7", "3"},
		{"--shift-by -2", "5", "1"},
		{"--shift-by 1", "6", "2"},
		{"--shift-by -100", "0", "0"},
		{"--to-offset 2", "2", "2"},
		{"--to-offset 100", "7", "3"},
		{"--to-datetime 2020-01-01T00:00:00.000", "0", "0"},
		{"--to-datetime 2999-01-01T00:00:00.000", "7", "3"},
		{"--by-duration PT1H", "0", "0"},
		{"--by-duration PT0S", "7", "3"},
		{"--to-current", "7", "3"},
	} {
		reset(append(strings.Fields(step.how), "--execute")...)
		expect(step.how, step.p0, step.p1)
	}
	b.tool(t, groupCommand, "--group", "r", "--reset-offsets", "--topic", "g:1", "--to-offset", "1", "--execute").ok(t)
	expect("one partition", "7", "1")
	o := b.tool(t, groupCommand, "--group", "r", "--reset-offsets", "--all-topics", "--to-offset", "2", "--dry-run", "--export").ok(t, "g,0,2", "g,1,2")
	file := writeFile(t, "offsets.csv", strings.ReplaceAll(strings.TrimSpace(o.stdout), "g,0,2", "g,0,4")+"\n")
	b.tool(t, groupCommand, "--group", "r", "--reset-offsets", "--from-file", file, "--execute").ok(t)
	expect("from a file", "4", "2")
	b.tool(t, groupCommand, "--group", "unborn", "--reset-offsets", "--topic", "g", "--to-latest", "--execute").ok(t).row(t, "unborn", "g", "0", "7")
	b.tool(t, groupCommand, "--describe", "--group", "unborn").ok(t).row(t, "unborn", "g", "1", "3", "0")
}

// member keeps a console consumer running in the group until the test ends.
func (b *broker) member(t *testing.T, group string, more ...string) *exec.Cmd {
	t.Helper()
	cmd := java(t, javaClient("tools"), "org.apache.kafka.tools."+consoleReader, append([]string{"--bootstrap-server", b.addr, "--topic", "g", "--group", group}, more...)...)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	eventually(t, 30*time.Second, func() error {
		o := b.tool(t, groupCommand, "--describe", "--group", group, "--state")
		if !strings.Contains(o.stdout, " Stable ") {
			return fmt.Errorf("not stable: %s", o)
		}
		return nil
	})
	return cmd
}

func toolResetActive(t *testing.T, b *broker) {
	b.member(t, "busy", "--command-property", "client.id=busybody")
	o := b.tool(t, groupCommand, "--describe", "--group", "busy", "--state").ok(t)
	o.row(t, "busy", b.addr, "(1)", "range", "Stable", "1")
	o = b.tool(t, groupCommand, "--describe", "--group", "busy", "--members", "--verbose").ok(t)
	o.row(t, "busy", "busybody", "/127.0.0.1", "2")
	o.has(t, "g:0,1")
	b.tool(t, groupCommand, "--group", "busy", "--reset-offsets", "--topic", "g", "--to-earliest", "--execute").fails(t, "inactive, but the current state is Stable")
}

func toolResetActiveNew(t *testing.T, b *broker) {
	b.member(t, "busy.new", "--command-property", "group.protocol=consumer", "--command-property", "client.id=newcomer")
	b.tool(t, groupCommand, "--describe", "--group", "busy.new", "--state", "--verbose").ok(t).row(t, "busy.new", b.addr, "(1)", "uniform", "Stable", "1")
	o := b.tool(t, groupCommand, "--describe", "--group", "busy.new", "--members", "--verbose").ok(t)
	o.row(t, "busy.new", "newcomer", "/127.0.0.1", "2", "g:0,1")
	b.tool(t, groupCommand, "--group", "busy.new", "--reset-offsets", "--topic", "g", "--to-earliest", "--execute").fails(t, "inactive, but the current state is Stable")
	b.tool(t, "GroupsCommand", "--list").ok(t).row(t, "busy.new", "Consumer", "consumer")
}

func toolDeleteGroup(t *testing.T, b *broker) {
	b.tool(t, consoleReader, "--topic", "g", "--from-beginning", "--group", "d", "--max-messages", "10", "--timeout-ms", "15000").ok(t)
	b.tool(t, groupCommand, "--group", "d", "--delete-offsets", "--topic", "g:1").ok(t, "Request succeeded for deleting offsets from group d.").row(t, "g", "1", "Successful")
	b.tool(t, groupCommand, "--describe", "--group", "d").ok(t).lacks(t, "  1          3 ").row(t, "d", "g", "0", "7")
	b.tool(t, groupCommand, "--delete", "--group", "d").ok(t, "Deletion of requested consumer groups ('d') was successful.")
	b.tool(t, groupCommand, "--describe", "--group", "d").fails(t, "GroupIdNotFoundException")
	b.tool(t, groupCommand, "--delete", "--group", "d").fails(t, "GroupIdNotFoundException")
	b.tool(t, groupCommand, "--list").ok(t).lacks(t, "d\n")
}

func toolDeleteActive(t *testing.T, b *broker) {
	b.member(t, "alive")
	b.tool(t, groupCommand, "--delete", "--group", "alive").fails(t, "GroupNotEmptyException")
	b.tool(t, groupCommand, "--group", "alive", "--delete-offsets", "--topic", "g").fails(t, "GroupSubscribedToTopicException")
}

func toolGroups(t *testing.T, b *broker) {
	b.tool(t, consoleReader, "--topic", "g", "--from-beginning", "--group", "listed", "--max-messages", "10", "--timeout-ms", "15000").ok(t)
	b.tool(t, groupCommand, "--list", "--state").ok(t).row(t, "listed", "Empty")
	b.tool(t, groupCommand, "--list", "--state", "Stable").ok(t).lacks(t, "listed")
	b.tool(t, groupCommand, "--list", "--type", "classic").ok(t, "listed")
	b.tool(t, groupCommand, "--list", "--type", "consumer").ok(t).lacks(t, "listed")
	b.tool(t, "GroupsCommand", "--list").ok(t).row(t, "listed", "Classic", "consumer")
	b.tool(t, "GroupsCommand", "--list", "--consumer").ok(t, "listed")
	b.tool(t, "GroupsCommand", "--list", "--share").ok(t).lacks(t, "listed")
}
