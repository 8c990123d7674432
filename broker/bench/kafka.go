package main

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// java runs the classes of Apache Kafka's jars.
type java struct {
	binary string
	lib    string // folder of the jars
}

// findJava reports why there is none, in words for the table.
func findJava(lib string) (*java, error) {
	binary, err := exec.LookPath("java")
	if err != nil {
		return nil, errors.New("there is no java on the PATH: install a JRE, 17 or later")
	}
	if jars, err := filepath.Glob(filepath.Join(lib, "kafka_2.13-*.jar")); err != nil || len(jars) == 0 {
		return nil, fmt.Errorf("the jars of Apache Kafka are not in %q: .ci/bench-broker gets them from Maven Central", lib)
	}
	lib, err = filepath.Abs(lib)
	return &java{binary, lib}, err
}

// version is that of the jars.
func (j *java) version() string {
	jars, _ := filepath.Glob(filepath.Join(j.lib, "kafka_2.13-*.jar")) // findJava saw it
	return strings.TrimSuffix(strings.TrimPrefix(filepath.Base(jars[0]), "kafka_2.13-"), ".jar")
}

// performance are the options that kafka-run-class.sh gives to every class.
func performance() []string {
	return []string{"-server", "-XX:+UseG1GC", "-XX:MaxGCPauseMillis=20", "-XX:InitiatingHeapOccupancyPercent=35", "-XX:+ExplicitGCInvokesConcurrent",
		"-XX:MaxInlineLevel=15", "-Djava.awt.headless=true"}
}

// args are those of a JVM that runs a class with the heap that Kafka's script for it sets.
func (j *java) args(heap, class string, args ...string) []string {
	out := append(strings.Fields(heap), performance()...)
	return append(append(out, "-cp", filepath.Join(j.lib, "*"), class), args...)
}

// The heaps of kafka-server-start.sh, of kafka-*-perf-test.sh and of other tools.
const (
	serverHeap = "-Xmx1G -Xms1G"
	perfHeap   = "-Xmx512M"
	toolHeap   = "-Xmx256M"
)

// run executes a tool and returns what it printed; the error has it too.
func (j *java) run(ctx context.Context, heap, class string, args ...string) (string, error) {
	cmd := exec.Command(j.binary, j.args(heap, class, args...)...)
	out, err := os.CreateTemp("", "kurier-bench-tool-")
	if err != nil {
		return "", err
	}
	defer func() { _ = errors.Join(out.Close(), os.Remove(out.Name())) }()
	cmd.Stdout, cmd.Stderr = out, out
	done, err := startProcess(cmd)
	if err != nil {
		return "", err
	}
	select {
	case <-done:
	case <-ctx.Done():
		_ = cmd.Process.Kill() // it may be gone already
		<-done
		return "", context.Cause(ctx)
	}
	text, err := os.ReadFile(out.Name())
	if err == nil && !cmd.ProcessState.Success() {
		err = fmt.Errorf("%s: %s: %s", class, cmd.ProcessState, strings.TrimSpace(string(text)))
	}
	return string(text), err
}

// system is one node that is broker and controller, with Kafka's defaults but for what a single node needs, and more settings.
func (j *java) system(name string, more ...string) system {
	return system{name: name, prepare: func(ctx context.Context, dir string, port, node int) (string, []string, error) {
		controller, err := freePort()
		if err != nil {
			return "", nil, err
		}
		var id [16]byte
		rand.Read(id[:])
		file := filepath.Join(dir, "server.properties")
		lines := []string{
			"process.roles=broker,controller", fmt.Sprintf("node.id=%d", node), fmt.Sprintf("controller.quorum.voters=%d@127.0.0.1:%d", node, controller),
			fmt.Sprintf("listeners=PLAINTEXT://127.0.0.1:%d,CONTROLLER://127.0.0.1:%d", port, controller),
			fmt.Sprintf("advertised.listeners=PLAINTEXT://127.0.0.1:%d", port),
			"controller.listener.names=CONTROLLER", "listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
			"log.dirs=" + filepath.Join(dir, "data"),
			"offsets.topic.replication.factor=1", "transaction.state.log.replication.factor=1", "transaction.state.log.min.isr=1",
			"share.coordinator.state.topic.replication.factor=1", "share.coordinator.state.topic.min.isr=1",
		}
		if err := writeProperties(file, append(lines, more...)...); err != nil {
			return "", nil, err
		}
		if _, err := j.run(ctx, toolHeap, "kafka.tools.StorageTool", "format", "-t", base64.RawURLEncoding.EncodeToString(id[:]), "-c", file); err != nil {
			return "", nil, err
		}
		return j.binary, j.args(serverHeap, "kafka.Kafka", file), nil
	}}
}
