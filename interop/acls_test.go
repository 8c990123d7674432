//go:build interop

package interop

import (
	"strings"
	"testing"
	"time"
)

// TestJavaSecurity runs Apache Kafka's clients and kafka-acls against a broker that asks who is there.
func TestJavaSecurity(t *testing.T) {
	t.Parallel()
	c := javaClient("security")
	java(t, c, "none") // skips when it is missing
	s := startSecured(t)
	c.program(t, 2*time.Minute, java(t, c, "interop.Security", s.addr, s.saslSSL, s.saslPlain, s.mutual, s.ca, s.client))
	c.check(t, "kafka-acls", func(t *testing.T) { toolACLs(t, s.broker) })
	c.check(t, "tools with SCRAM over TLS", func(t *testing.T) {
		config := func(password string) string {
			return writeFile(t, "client.properties", strings.Join([]string{
				"security.protocol=SASL_SSL", "sasl.mechanism=SCRAM-SHA-512", "ssl.truststore.type=PEM", "ssl.truststore.location=" + s.ca,
				`sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required username="scram512" password="` + password + `";`}, "\n"))
		}
		run := func(password string, args ...string) outcome {
			return runProcess(t, time.Minute, "", java(t, c, "org.apache.kafka.tools.TopicCommand", append([]string{"--bootstrap-server", s.saslSSL, "--command-config", config(password)}, args...)...))
		}
		run("secret", "--create", "--topic", "open.tool").ok(t, "Created topic open.tool.")
		run("secret", "--list").ok(t, "open.tool\n").lacks(t, "\nclosed\n")
		run("secret", "--create", "--topic", "closed").fails(t, "not allowed")
		run("secret", "--describe", "--topic", "closed").fails(t, "does not exist")
		run("wrong", "--list").fails(t, "authentication failed")
	})
}

func toolACLs(t *testing.T, b *broker) {
	b.tool(t, "AclCommand", "--add", "--allow-principal", "User:bob", "--operation", "Read", "--operation", "Write", "--topic", "ledger").ok(t,
		"Adding ACLs for resource `ResourcePattern(resourceType=TOPIC, name=ledger, patternType=LITERAL)`", "(principal=User:bob, host=*, operation=READ, permissionType=ALLOW)")
	b.tool(t, "AclCommand", "--add", "--deny-principal", "User:eve", "--deny-host", "10.0.0.1", "--operation", "All", "--group", "team-", "--resource-pattern-type", "prefixed").ok(t)
	b.tool(t, "AclCommand", "--add", "--allow-principal", "User:bob", "--operation", "ClusterAction", "--cluster").ok(t)
	b.tool(t, "AclCommand", "--add", "--allow-principal", "User:app", "--producer", "--topic", "app", "--transactional-id", "app").ok(t)
	b.tool(t, "AclCommand", "--list", "--topic", "ledger").ok(t, "Current ACLs for resource `ResourcePattern(resourceType=TOPIC, name=ledger, patternType=LITERAL)`",
		"(principal=User:bob, host=*, operation=WRITE, permissionType=ALLOW)").lacks(t, "eve", "CLUSTER_ACTION")
	b.tool(t, "AclCommand", "--list", "--principal", "User:bob").ok(t, "CLUSTER_ACTION", "name=ledger").lacks(t, "eve")
	b.tool(t, "AclCommand", "--list", "--group", "team-7", "--resource-pattern-type", "match").ok(t, "(principal=User:eve, host=10.0.0.1, operation=ALL, permissionType=DENY)")
	b.tool(t, "AclCommand", "--list", "--group", "other", "--resource-pattern-type", "match").ok(t).lacks(t, "eve")
	b.tool(t, "AclCommand", "--list").ok(t, "resourceType=TRANSACTIONAL_ID, name=app", "resourceType=GROUP, name=team-, patternType=PREFIXED", "resourceType=CLUSTER, name=kafka-cluster")
	b.tool(t, "AclCommand", "--remove", "--allow-principal", "User:bob", "--operation", "Read", "--topic", "ledger", "--force").ok(t)
	b.tool(t, "AclCommand", "--list", "--topic", "ledger").ok(t, "operation=WRITE").lacks(t, "operation=READ")
	b.tool(t, "AclCommand", "--remove", "--topic", "ledger", "--force").ok(t)
	b.tool(t, "AclCommand", "--list", "--topic", "ledger").ok(t).lacks(t, "bob")
}
