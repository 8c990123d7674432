//go:build interop

package interop

import (
	"os/exec"
	"strings"
	"testing"
	"time"
)

const kafkaVersion = "4.2.0" // the one of java/pom.xml

func javaClient(name string) client { return client{"Java " + name, kafkaVersion} }

// java prepares a command that runs a class of Kafka, or of ours, with quick start-up in mind.
func java(t *testing.T, c client, class string, args ...string) *exec.Cmd {
	t.Helper()
	lib, ok := cached("java", "lib")
	ours, built := cached("java", "interop.jar")
	if _, err := exec.LookPath("java"); err != nil || !ok || !built {
		c.missing(t, "java, or what Maven installs, is missing; run .ci/interop")
	}
	line := []string{"-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xmx256m", "-Xshare:auto", "-Xlog:disable", "-Dorg.slf4j.simpleLogger.defaultLogLevel=off"}
	if archive, ok := cached("java", "tools.jsa"); ok {
		line = append(line, "-XX:SharedArchiveFile="+archive)
	}
	line = append(line, "-cp", lib+"/*:"+ours, class)
	return exec.Command("java", append(line, args...)...)
}

// tool runs one of Kafka's command-line tools against the broker.
func (b *broker) tool(t *testing.T, class string, args ...string) outcome {
	t.Helper()
	return b.toolInput(t, "", class, args...)
}

// toolInput is tool with text on its standard input.
func (b *broker) toolInput(t *testing.T, input, class string, args ...string) outcome {
	t.Helper()
	if !strings.HasPrefix(class, "kafka.") {
		class = "org.apache.kafka.tools." + class
	}
	return runProcess(t, 60*time.Second, input, java(t, javaClient("tools"), class, append([]string{"--bootstrap-server", b.addr}, args...)...))
}
