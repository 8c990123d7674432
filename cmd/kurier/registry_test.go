//go:build unix

package main

import (
	"encoding/json"
	"io"
	"maps"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

// chained are three transformations that make a struct of a line.
var chained = map[string]string{
	"transforms": "hoist,insert,route", "transforms.hoist.type": "org.apache.kafka.connect.transforms.HoistField$Value", "transforms.hoist.field": "line",
	"transforms.insert.type": "org.apache.kafka.connect.transforms.InsertField$Value", "transforms.insert.topic.field": "origin",
	"transforms.route.type": "org.apache.kafka.connect.transforms.RegexRouter", "transforms.route.regex": "(.*)", "transforms.route.replacement": "typed-$1",
}

// TestSchemaConvertersTravelThroughTheIncludedRegistry posts a source and a sink with each converter of the schema registry; nothing but
// kurier dev runs.
func TestSchemaConvertersTravelThroughTheIncludedRegistry(t *testing.T) {
	for name, tc := range map[string]struct{ class, schemaType, serializer string }{
		"Avro":                {"io.confluent.connect.avro.AvroConverter", "AVRO", "PrefixSchemaIdSerializer"},
		"JSON Schema":         {"io.confluent.connect.json.JsonSchemaConverter", "JSON", "PrefixSchemaIdSerializer"},
		"Protobuf":            {"io.confluent.connect.protobuf.ProtobufConverter", "PROTOBUF", "PrefixSchemaIdSerializer"},
		"Avro by headers":     {"io.confluent.connect.avro.AvroConverter", "AVRO", "HeaderSchemaIdSerializer"},
		"JSON by headers":     {"io.confluent.connect.json.JsonSchemaConverter", "JSON", "HeaderSchemaIdSerializer"},
		"Protobuf by headers": {"io.confluent.connect.protobuf.ProtobufConverter", "PROTOBUF", "HeaderSchemaIdSerializer"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			in, out := filepath.Join(dir, "in"), filepath.Join(dir, "out")
			appendLines(t, in, 0, 300)
			p := dev(t, filepath.Join(dir, "data"))
			converter := map[string]string{
				"value.converter": tc.class, "value.converter.schema.registry.url": "http://" + p.schemas,
				"value.converter.value.schema.id.serializer": "io.confluent.kafka.serializers.schema.id." + tc.serializer,
			}
			source := fileSource(in)
			maps.Copy(source, chained)
			maps.Copy(source, converter)
			p.post("src", source)
			sink := withFile(map[string]string{"connector.class": "FileStreamSink", "topics": "typed-lines", "tasks.max": "1"}, out)
			maps.Copy(sink, converter)
			p.post("snk", sink)
			values(t, p.kafka, "typed-lines", 300)
			p.eventually("all lines", func() bool { p.call("POST", "/connectors/snk/tasks/0/restart", nil); return len(lines(t, out)) >= 300 })
			got := lines(t, out)
			slices.Sort(got)
			if got = slices.Compact(got); len(got) != 300 || !slices.Contains(got, "Struct{line=line 299,origin=lines}") {
				t.Errorf("%d lines, the last %s", len(got), got[len(got)-1])
			}
			if code, body := p.registry("GET", "/subjects/typed-lines-value/versions/latest", ""); code != 200 || tc.schemaType != "AVRO" && !strings.Contains(body, `"schemaType":"`+tc.schemaType+`"`) {
				t.Errorf("%d %s", code, body)
			}
			if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
				t.Fatal(err)
			}
			if code := p.exit(); code != exitOK {
				t.Errorf("SIGTERM: exit %d", code)
			}
		})
	}
}

// registry makes a request to the schema registry.
func (p *process) registry(method, path, body string, auth ...string) (int, string) {
	p.t.Helper()
	req, err := http.NewRequestWithContext(p.t.Context(), method, "http://"+p.schemas+path, strings.NewReader(body))
	if err != nil {
		p.t.Fatal(err)
	}
	if len(auth) == 2 {
		req.SetBasicAuth(auth[0], auth[1])
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, err.Error()
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	return resp.StatusCode, string(b)
}

func TestTheRegistryRunsAloneAndKeepsItsSchemas(t *testing.T) {
	dir := t.TempDir()
	p := dev(t, filepath.Join(dir, "data"), "--registry", "")
	users, file := filepath.Join(dir, "users"), filepath.Join(dir, "schema-registry.properties")
	listen := freeAddr(t)
	for path, text := range map[string]string{
		users: "ada=secret\n",
		file: "listeners=http://" + listen + "\nkafkastore.bootstrap.servers=PLAINTEXT://" + p.kafka + "\nkafkastore.topic=_own\nschema.compatibility.level=full\n" +
			"authentication.method=BASIC\nkurier.users.file=" + users + "\nhost.name=x\n",
	} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	first := start(t, "registry", file).ready()
	first.schemas = listen
	asked := func(r *process, method, path, body string) string {
		var code int
		var text string
		r.eventually("an answer", func() bool {
			code, text = r.registry(method, path, body, "ada", "secret")
			return code != 503 && code != 0
		})
		return strings.TrimSpace(text)
	}
	if got := asked(first, "POST", "/subjects/a%2Fb/versions", `{"schema":"\"int\""}`); !strings.HasPrefix(got, `{"id":1,`) {
		t.Error(got)
	}
	if code, _ := first.registry("GET", "/subjects", ""); code != 401 {
		t.Errorf("without a password: %d", code)
	}
	if code, body := first.registry("GET", "/subjects", "", "ada", "guess"); code != 401 || strings.Contains(body+first.stderr(), "guess") {
		t.Errorf("with a wrong password: %d %s", code, body)
	}
	if !strings.Contains(first.stderr(), "host.name") {
		t.Error("what was ignored is not told")
	}
	first.kill()
	second := start(t, "registry", file).ready()
	second.schemas = listen
	if got := asked(second, "GET", "/subjects", ""); got != `["a/b"]` {
		t.Error(got)
	}
	if got := asked(second, "GET", "/config", ""); got != `{"compatibilityLevel":"FULL"}` {
		t.Error(got)
	}
	if err := second.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if code := second.exit(); code != exitOK {
		t.Errorf("SIGTERM: exit %d", code)
	}
}

// TestAFailedRegistryLeavesTheRest starts dev on a folder whose _schemas is no schema topic.
func TestAFailedRegistryLeavesTheRest(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	p := dev(t, dir, "--registry", "")
	client, err := kgo.NewClient(kgo.SeedBrokers(p.kafka))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	if _, err := kadm.NewClient(client).CreateTopic(t.Context(), 2, 1, nil, "_schemas"); err != nil {
		t.Fatal(err)
	}
	p.kill()
	p = dev(t, dir)
	p.eventually("the reason", func() bool { return strings.Contains(p.stderr(), "topic _schemas has 2 partitions") })
	if code, body := p.call("GET", "/connectors", nil); code != 200 {
		t.Errorf("%d %s", code, body)
	}
	alone := start(t, "registry", "--kafka", p.kafka, "--listen", freeAddr(t))
	if code := alone.exit(); code != exitRuntime {
		t.Errorf("alone: exit %d", code)
	}
}

func TestATakenRegistryPort(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	p := start(t, "dev", "--data-dir", t.TempDir(), "--kafka", freeAddr(t), "--rest", freeAddr(t), "--registry", taken.Addr().String())
	if code := p.exit(); code != exitEnvironment || !strings.Contains(p.stderr(), taken.Addr().String()) {
		t.Errorf("exit %d: %s", code, p.stderr())
	}
	bad := filepath.Join(t.TempDir(), "bad.properties")
	if err := os.WriteFile(bad, []byte("listeners=https://x:1\nkafkastore.topic.replication.factor=no\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	p = start(t, "registry", bad)
	if code := p.exit(); code != exitUsage {
		t.Errorf("exit %d", code)
	}
	for _, key := range []string{"listeners", "kafkastore.topic.replication.factor", "kafkastore.bootstrap.servers"} {
		if !strings.Contains(p.stderr(), key) {
			t.Errorf("nothing about %s in: %s", key, p.stderr())
		}
	}
}

// TestAMismatchOfConvertersSaysWhatToChange reads Avro as JSON and JSON as Avro.
func TestAMismatchOfConvertersSaysWhatToChange(t *testing.T) {
	dir := t.TempDir()
	in := filepath.Join(dir, "in")
	appendLines(t, in, 0, 1)
	p := dev(t, filepath.Join(dir, "data"))
	avro := map[string]string{"value.converter": "AvroConverter", "value.converter.schema.registry.url": "http://" + p.schemas}
	toAvro := fileSource(in)
	maps.Copy(toAvro, avro)
	toAvro["topic"] = "avro"
	p.post("to-avro", toAvro)
	toJSON := fileSource(in)
	toJSON["topic"] = "json"
	p.post("to-json", toJSON)
	values(t, p.kafka, "avro", 1)
	values(t, p.kafka, "json", 1)
	for name, tc := range map[string]struct {
		config map[string]string
		want   []string
	}{
		"avro-as-json": {map[string]string{"topics": "avro"}, []string{
			"stage VALUE_CONVERTER, class org.apache.kafka.connect.json.JsonConverter, record {topic='avro', partition=0, offset=0}", "AvroConverter", "schema.registry.url",
		}},
		"json-as-avro": {map[string]string{"topics": "json", "value.converter": avro["value.converter"], "value.converter.schema.registry.url": avro["value.converter.schema.registry.url"]}, []string{
			"stage VALUE_CONVERTER, class io.confluent.connect.avro.AvroConverter, record {topic='json', partition=0, offset=0}", "Unknown magic byte!", "JsonConverter",
		}},
	} {
		cfg := withFile(map[string]string{"connector.class": "FileStreamSink", "tasks.max": "1"}, filepath.Join(dir, name))
		maps.Copy(cfg, tc.config)
		p.post(name, cfg)
		p.eventually(name+" to fail", func() bool { return p.states(name) == "RUNNING FAILED" })
		_, body := p.call("GET", "/connectors/"+name+"/tasks/0/status", nil)
		var status struct{ Trace string }
		if err := json.Unmarshal([]byte(body), &status); err != nil {
			t.Fatal(err)
		}
		for _, want := range tc.want {
			if !strings.Contains(status.Trace, want) {
				t.Errorf("%s: nothing of %q in %s", name, want, status.Trace)
			}
		}
	}
}

// TestAWrongConverterSettingIsOneClearError asks validation, as POST does, about what only the converter knows.
func TestAWrongConverterSettingIsOneClearError(t *testing.T) {
	p := dev(t, filepath.Join(t.TempDir(), "data"))
	source := fileSource("/nowhere")
	source["value.converter"] = "AvroConverter"
	for want, props := range map[string]map[string]string{
		"Missing required configuration \"value.converter.schema.registry.url\" which has no default value.": {},
		"not an http or https URL":                      {"value.converter.schema.registry.url": "localhost:8081"},
		"unknown subject name strategy com.example.Own": {"value.converter.schema.registry.url": "http://localhost:8081", "value.converter.value.subject.name.strategy": "com.example.Own"},
	} {
		cfg := maps.Clone(source)
		maps.Copy(cfg, props)
		code, body := p.call("POST", "/connectors", map[string]any{"name": "x", "config": cfg})
		var e struct{ Message string }
		if json.Unmarshal([]byte(body), &e) != nil || code != 400 || !strings.Contains(e.Message, want) {
			t.Errorf("%d %s, want %s", code, body, want)
		}
	}
}
