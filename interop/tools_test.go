//go:build interop

package interop

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

const (
	topicCommand   = "TopicCommand"
	configCommand  = "kafka.admin.ConfigCommand"
	groupCommand   = "consumer.group.ConsumerGroupCommand"
	consoleReader  = "consumer.ConsoleConsumer"
	reassignTool   = "reassign.ReassignPartitionsCommand"
	transactionCmd = "TransactionsCommand"
)

// TestJavaTools runs the command-line tools of Apache Kafka as people type them and reads what they print.
func TestJavaTools(t *testing.T) {
	t.Parallel()
	c := javaClient("tools")
	java(t, c, "none") // skips when it is missing
	b := startBroker(t)
	for _, part := range []struct {
		name string
		fn   func(*testing.T, *broker)
	}{
		{"topics", toolTopics},
		{"topics that are refused", toolTopicsRefused},
		{"topic configs", toolTopicConfigs},
		{"synonyms of configs", toolSynonyms},
		{"broker configs", toolBrokerConfigs},
		{"users", toolUsers},
		{"group configs", toolGroupConfigs},
		{"delete-records", toolDeleteRecords},
		{"get-offsets", toolGetOffsets},
		{"performance", toolPerformance},
		{"verifiable producer and consumer", toolVerifiable},
		{"end-to-end latency", toolLatency},
		{"cluster", toolCluster},
		{"log-dirs", toolLogDirs},
		{"leader-election", toolElection},
		{"reassign-partitions", toolReassign},
		{"reassign-partitions verify", toolReassignVerify},
		{"reassign-partitions cancel", toolReassignCancel},
		{"transactions", toolTransactions},
		{"transactions abort", toolAbort},
		{"acls without an authorizer", toolNoAuthorizer},
		{"streams-application-reset", toolStreamsReset},
	} {
		c.check(t, part.name, func(t *testing.T) { part.fn(t, b) })
	}
}

func toolTopics(t *testing.T, b *broker) {
	b.tool(t, topicCommand, "--create", "--topic", "a", "--partitions", "3", "--replication-factor", "1", "--config", "retention.ms=1000", "--config", "cleanup.policy=compact,delete").
		ok(t, "Created topic a.")
	o := b.tool(t, topicCommand, "--describe", "--topic", "a").ok(t, "PartitionCount: 3\tReplicationFactor: 1\tConfigs: ", "retention.ms=1000", "cleanup.policy=compact,delete",
		"\tTopic: a\tPartition: 0\tLeader: 1\tReplicas: 1\tIsr: 1\tElr: \tLastKnownElr: \n", "\tPartition: 2\t")
	if strings.Count(o.stdout, "\tElr: \t") != 3 {
		t.Errorf("want three lines with an empty Elr: %s", o)
	}
	b.tool(t, topicCommand, "--alter", "--topic", "a", "--partitions", "5").ok(t)
	b.tool(t, topicCommand, "--describe", "--topic", "a").ok(t, "PartitionCount: 5", "\tPartition: 4\tLeader: 1\t")
	b.tool(t, topicCommand, "--describe", "--topics-with-overrides").ok(t, "Topic: a\t")
	b.tool(t, topicCommand, "--describe", "--under-replicated-partitions").ok(t).lacks(t, "Topic:")
	b.tool(t, topicCommand, "--list").ok(t, "a\n")
	b.tool(t, topicCommand, "--create", "--topic", "a", "--if-not-exists").ok(t)
	b.tool(t, topicCommand, "--delete", "--topic", "a").ok(t)
	eventually(t, 10*time.Second, func() error {
		if o := b.tool(t, topicCommand, "--list"); strings.Contains("\n"+o.stdout, "\na\n") {
			return fmt.Errorf("still listed: %s", o)
		}
		return nil
	})
	b.tool(t, topicCommand, "--create", "--topic", "defaults").ok(t)
	b.tool(t, topicCommand, "--describe", "--topic", "defaults").ok(t, "PartitionCount: 1\tReplicationFactor: 1\t")
}

func toolTopicsRefused(t *testing.T, b *broker) {
	b.tool(t, topicCommand, "--create", "--topic", "once").ok(t)
	b.tool(t, topicCommand, "--create", "--topic", "once").fails(t, "already exists")
	b.tool(t, topicCommand, "--create", "--topic", "refused", "--replication-factor", "3").fails(t, "eplication factor")
	b.tool(t, topicCommand, "--create", "--topic", "refused", "--config", "bogus=1").fails(t, "bogus")
	b.tool(t, topicCommand, "--create", "--topic", "refused", "--config", "retention.ms=abc").fails(t, "retention.ms")
	b.tool(t, topicCommand, "--create", "--topic", "refused", "--config", "segment.bytes=1000").fails(t, "segment.bytes")
	b.tool(t, topicCommand, "--create", "--topic", strings.Repeat("x", 250)).fails(t, "249")
	b.tool(t, topicCommand, "--alter", "--topic", "once", "--partitions", "1").fails(t, "partition")
	b.tool(t, topicCommand, "--delete", "--topic", "none").fails(t, "does not exist")
	b.tool(t, topicCommand, "--list").ok(t).lacks(t, "refused", "xxx")
}

func toolTopicConfigs(t *testing.T, b *broker) {
	b.tool(t, topicCommand, "--create", "--topic", "conf").ok(t)
	topic := []string{"--entity-type", "topics", "--entity-name", "conf"}
	describe := func() outcome { return b.tool(t, configCommand, append(topic, "--describe")...).ok(t) }
	b.tool(t, configCommand, append(topic, "--alter", "--add-config", "cleanup.policy=[compact,delete],segment.bytes=2000000")...).ok(t, "Completed updating config for topic conf.")
	describe().has(t, "cleanup.policy=compact,delete sensitive=false synonyms={DYNAMIC_TOPIC_CONFIG:cleanup.policy=compact,delete, DEFAULT_CONFIG:log.cleanup.policy=delete}",
		"segment.bytes=2000000 sensitive=false")
	b.tool(t, configCommand, append(topic, "--alter", "--delete-config", "cleanup.policy")...).ok(t)
	describe().lacks(t, "cleanup.policy").has(t, "segment.bytes=2000000")
	b.tool(t, configCommand, append(topic, "--describe", "--all")...).ok(t, "  cleanup.policy=delete sensitive=false synonyms={DEFAULT_CONFIG:log.cleanup.policy=delete}")
	b.tool(t, configCommand, append(topic, "--alter", "--add-config", "retention.ms=abc")...).fails(t, "retention.ms")
	b.tool(t, configCommand, append(topic, "--alter", "--delete-config", "max.message.bytes")...).fails(t, "Invalid config(s): max.message.bytes")
}

// toolSynonyms holds the keys of server.properties that topics inherit from to the names that Kafka gives them.
func toolSynonyms(t *testing.T, b *broker) {
	b.tool(t, topicCommand, "--create", "--topic", "synonyms").ok(t)
	b.tool(t, configCommand, "--entity-type", "topics", "--entity-name", "synonyms", "--describe", "--all").ok(t,
		":message.max.bytes=", ":compression.type=producer", ":min.insync.replicas=1", ":log.cleaner.delete.retention.ms=", ":log.cleaner.min.cleanable.ratio=",
		":log.flush.interval.messages=", ":log.segment.delete.delay.ms=", ":log.index.size.max.bytes=")
}

func toolBrokerConfigs(t *testing.T, b *broker) {
	b.tool(t, configCommand, "--entity-type", "brokers", "--entity-name", "1", "--describe", "--all").ok(t, "All configs for broker 1 are:", "log.dirs="+b.data,
		"num.partitions=1 ", "auto.create.topics.enable=true ", "message.max.bytes=1048588 ", "advertised.listeners=PLAINTEXT://"+b.addr)
	b.tool(t, configCommand, "--entity-type", "brokers", "--entity-name", "1", "--describe").ok(t, "Dynamic configs for broker 1 are:")
	b.tool(t, configCommand, "--entity-type", "brokers", "--entity-default", "--describe").ok(t, "Default configs for brokers in the cluster are:")
}

func toolUsers(t *testing.T, b *broker) {
	alice := []string{"--entity-type", "users", "--entity-name", "alice"}
	b.tool(t, configCommand, append(alice, "--alter", "--add-config", "SCRAM-SHA-256=[iterations=8192,password=s],SCRAM-SHA-512=[password=s]")...).ok(t, "Completed updating config for user alice.")
	b.tool(t, configCommand, append(alice, "--describe")...).ok(t, "SCRAM credential configs for user-principal 'alice' are SCRAM-SHA-256=iterations=8192, SCRAM-SHA-512=iterations=4096")
	b.tool(t, configCommand, append(alice, "--alter", "--delete-config", "SCRAM-SHA-256")...).ok(t)
	b.tool(t, configCommand, append(alice, "--describe")...).ok(t, "SCRAM-SHA-512=iterations=4096").lacks(t, "SCRAM-SHA-256")
	b.tool(t, configCommand, append(alice, "--alter", "--add-config", "producer_byte_rate=1024,consumer_byte_rate=2048")...).ok(t)
	b.tool(t, configCommand, append(alice, "--describe")...).ok(t, "Quota configs for user-principal 'alice' are ", "producer_byte_rate=1024.0", "consumer_byte_rate=2048.0")
	b.tool(t, configCommand, append(alice, "--entity-type", "clients", "--entity-name", "app", "--alter", "--add-config", "request_percentage=50")...).ok(t)
	b.tool(t, configCommand, append(alice, "--entity-type", "clients", "--entity-name", "app", "--describe")...).ok(t, "user-principal 'alice', client-id 'app'", "request_percentage=50.0")
	b.tool(t, configCommand, append(alice, "--alter", "--delete-config", "producer_byte_rate")...).ok(t)
	b.tool(t, configCommand, "--entity-type", "users", "--describe").ok(t, "consumer_byte_rate=2048.0").lacks(t, "producer_byte_rate")
	b.tool(t, configCommand, append(alice, "--alter", "--add-config", "bogus_rate=1")...).fails(t, "bogus_rate")
}

func toolGroupConfigs(t *testing.T, b *broker) {
	group := []string{"--entity-type", "groups", "--entity-name", "conf"}
	b.tool(t, configCommand, append(group, "--alter", "--add-config", "consumer.session.timeout.ms=50000")...).ok(t, "Completed updating config for group conf.")
	b.tool(t, configCommand, append(group, "--describe")...).ok(t, "consumer.session.timeout.ms=50000 sensitive=false synonyms={DYNAMIC_GROUP_CONFIG:consumer.session.timeout.ms=50000")
	b.tool(t, configCommand, append(group, "--alter", "--add-config", "consumer.session.timeout.ms=1")...).fails(t, "consumer.session.timeout.ms")
	b.tool(t, configCommand, append(group, "--alter", "--delete-config", "consumer.session.timeout.ms")...).ok(t)
	b.tool(t, configCommand, append(group, "--describe")...).ok(t).lacks(t, "DYNAMIC_GROUP_CONFIG")
}

// lines produces values v<from> to v<to> into a partition of its own choice, keyed by number.
func (b *broker) lines(t *testing.T, topic string, from, to int) {
	t.Helper()
	var in strings.Builder
	for i := from; i <= to; i++ {
		fmt.Fprintf(&in, "k%d:v%d\n", i, i)
	}
	b.toolInput(t, in.String(), "ConsoleProducer", "--topic", topic, "--reader-property", "parse.key=true", "--reader-property", "key.separator=:").ok(t)
}

func toolDeleteRecords(t *testing.T, b *broker) {
	b.tool(t, topicCommand, "--create", "--topic", "purge").ok(t)
	b.lines(t, "purge", 1, 20)
	file := writeFile(t, "purge.json", `{"partitions":[{"topic":"purge","partition":0,"offset":10}],"version":1}`)
	b.tool(t, "DeleteRecordsCommand", "--offset-json-file", file).ok(t, "partition: purge-0\tlow_watermark: 10")
	b.tool(t, "GetOffsetShell", "--topic", "purge", "--time", "earliest").ok(t, "purge:0:10")
	b.tool(t, consoleReader, "--topic", "purge", "--from-beginning", "--max-messages", "10", "--timeout-ms", "10000").ok(t, "v11\n", "v20\n").lacks(t, "v10\n")
	file = writeFile(t, "beyond.json", `{"partitions":[{"topic":"purge","partition":0,"offset":21}],"version":1}`)
	b.tool(t, "DeleteRecordsCommand", "--offset-json-file", file).fails(t, "OffsetOutOfRangeException")
}

func toolGetOffsets(t *testing.T, b *broker) {
	b.tool(t, topicCommand, "--create", "--topic", "offsets").ok(t)
	before := time.Now().UnixMilli()
	b.lines(t, "offsets", 1, 7)
	file := writeFile(t, "offsets.json", `{"partitions":[{"topic":"offsets","partition":0,"offset":2}],"version":1}`)
	b.tool(t, "DeleteRecordsCommand", "--offset-json-file", file).ok(t)
	for spec, want := range map[string]string{
		"latest": "offsets:0:7\n", "-1": "offsets:0:7\n", "earliest": "offsets:0:2\n", "-2": "offsets:0:2\n", "earliest-local": "offsets:0:2\n", "-4": "offsets:0:2\n",
		"latest-tiered": "", "-5": "", "earliest-pending-upload": "", "-6": "",
		strconv.FormatInt(before, 10): "offsets:0:2\n", strconv.FormatInt(before+time.Hour.Milliseconds(), 10): "",
	} {
		if o := b.tool(t, "GetOffsetShell", "--topic", "offsets", "--time", spec).ok(t); o.stdout != want {
			t.Errorf("want %q: %s", want, o)
		}
	}
	b.tool(t, "GetOffsetShell", "--topic", "offsets", "--time", "max-timestamp").ok(t, "offsets:0:")
	b.tool(t, "GetOffsetShell", "--topic-partitions", "off.*:0").ok(t, "offsets:0:7")
}

func toolPerformance(t *testing.T, b *broker) {
	b.tool(t, "ProducerPerformance", "--topic", "perf", "--num-records", "20000", "--record-size", "100", "--throughput", "-1").ok(t, "20000 records sent")
	o := b.tool(t, "ConsumerPerformance", "--topic", "perf", "--num-records", "20000", "--timeout", "20000").ok(t)
	if lines := strings.Split(strings.TrimSpace(o.stdout), "\n"); len(lines) != 2 || strings.Split(lines[1], ", ")[4] != "20000" {
		t.Errorf("want 20000 records: %s", o)
	}
	b.tool(t, "ProducerPerformance", "--topic", "perf.tx", "--num-records", "5000", "--record-size", "100", "--throughput", "-1", "--transaction-duration-ms", "50").ok(t, "5000 records sent")
	o = b.tool(t, "ConsumerPerformance", "--topic", "perf.tx", "--num-records", "5000", "--timeout", "20000", "--command-property", "isolation.level=read_committed").ok(t)
	if lines := strings.Split(strings.TrimSpace(o.stdout), "\n"); len(lines) != 2 || strings.Split(lines[1], ", ")[4] != "5000" {
		t.Errorf("want 5000 committed records: %s", o)
	}
}

func toolVerifiable(t *testing.T, b *broker) {
	b.tool(t, "VerifiableProducer", "--topic", "verify", "--max-messages", "100", "--throughput", "-1").ok(t, `"sent":100,"acked":100`)
	b.tool(t, "VerifiableConsumer", "--topic", "verify", "--group-id", "verify", "--max-messages", "100", "--reset-policy", "earliest").ok(t, `"name":"partitions_assigned"`, `"success":true`)
}

func toolLatency(t *testing.T, b *broker) {
	b.tool(t, "EndToEndLatency", "--topic", "latency", "--num-records", "100", "--producer-acks", "all", "--record-size", "100").ok(t, "Avg latency: ", "Percentiles: ")
}

func toolCluster(t *testing.T, b *broker) {
	b.tool(t, "ClusterTool", "cluster-id").fails(t) // the tool takes its command first
	host, port, _ := strings.Cut(b.addr, ":")
	run := func(class string, args ...string) outcome {
		return runProcess(t, 30*time.Second, "", java(t, javaClient("tools"), "org.apache.kafka.tools."+class, args...))
	}
	id := run("ClusterTool", "cluster-id", "--bootstrap-server", b.addr).ok(t, "Cluster ID: ")
	if len(strings.TrimSpace(id.stdout)) != len("Cluster ID: ")+22 {
		t.Errorf("not a cluster id: %s", id)
	}
	run("ClusterTool", "list-endpoints", "--bootstrap-server", b.addr).ok(t).row(t, "1", host, port, "unfenced", "broker")
	features := b.tool(t, "FeatureCommand", "describe").ok(t)
	features.row(t, "group.version", "FinalizedVersionLevel:", "1")
	features.row(t, "transaction.version", "FinalizedVersionLevel:", "2")
	b.tool(t, "BrokerApiVersionsCommand").ok(t, b.addr+" (id: 1 rack: null isFenced: false) -> (", "Produce(0): 0 to 13 [usable: 13]", "Fetch(1): 4 to 18 [usable: 18]", "ConsumerGroupHeartbeat(68): 0 to 1 [usable: 1]")
	b.tool(t, "ClientMetricsCommand", "--list").ok(t)
}

func toolLogDirs(t *testing.T, b *broker) {
	b.tool(t, topicCommand, "--create", "--topic", "dirs").ok(t)
	b.lines(t, "dirs", 1, 5)
	b.tool(t, "LogDirsCommand", "--describe", "--topic-list", "dirs").ok(t, `"logDir":"`+b.data+`"`, `"partition":"dirs-0","size":`, `"offsetLag":0,"isFuture":false`).lacks(t, `"size":0`)
}

func toolElection(t *testing.T, b *broker) {
	b.tool(t, topicCommand, "--create", "--topic", "elect").ok(t)
	b.tool(t, "LeaderElectionCommand", "--election-type", "preferred", "--topic", "elect", "--partition", "0").ok(t, "Valid replica already elected for partitions elect-0")
}

func toolReassign(t *testing.T, b *broker) {
	b.tool(t, topicCommand, "--create", "--topic", "move", "--partitions", "2").ok(t)
	topics := writeFile(t, "topics.json", `{"topics":[{"topic":"move"}],"version":1}`)
	b.tool(t, reassignTool, "--generate", "--topics-to-move-json-file", topics, "--broker-list", "1").ok(t, "Proposed partition reassignment configuration", `{"topic":"move","partition":1,"replicas":[1],"log_dirs":["any"]}`)
	b.tool(t, reassignTool, "--execute", "--reassignment-json-file", reassignment(t)).ok(t, "Successfully started partition reassignment for move-0")
	b.tool(t, reassignTool, "--list").ok(t, "No partition reassignments found.")
}

func toolReassignVerify(t *testing.T, b *broker) {
	b.tool(t, topicCommand, "--create", "--if-not-exists", "--topic", "move").ok(t)
	b.tool(t, reassignTool, "--verify", "--reassignment-json-file", reassignment(t)).ok(t, "Reassignment of partition move-0 is completed.", "Clearing broker-level throttles on broker 1", "Clearing topic-level throttles on topic move")
}

func toolReassignCancel(t *testing.T, b *broker) {
	b.tool(t, topicCommand, "--create", "--if-not-exists", "--topic", "move").ok(t)
	b.tool(t, reassignTool, "--cancel", "--reassignment-json-file", reassignment(t)).ok(t, "None of the specified partition reassignments are active.")
}

func reassignment(t *testing.T) string {
	return writeFile(t, "move.json", `{"version":1,"partitions":[{"topic":"move","partition":0,"replicas":[1],"log_dirs":["any"]}]}`)
}

func toolNoAuthorizer(t *testing.T, b *broker) {
	b.tool(t, "AclCommand", "--list").fails(t, "SecurityDisabledException")
}

func toolStreamsReset(t *testing.T, b *broker) {
	b.tool(t, topicCommand, "--create", "--topic", "streams.in").ok(t)
	b.lines(t, "streams.in", 1, 4)
	b.tool(t, consoleReader, "--topic", "streams.in", "--group", "streams.app", "--from-beginning", "--max-messages", "4", "--timeout-ms", "10000").ok(t)
	b.tool(t, "StreamsResetter", "--application-id", "streams.app", "--input-topics", "streams.in", "--force").ok(t, "Reset-offsets for input topics", "Done.")
	b.tool(t, groupCommand, "--describe", "--group", "streams.app", "--offsets").ok(t).row(t, "streams.app", "streams.in", "0", "4")
}

func writeFile(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
