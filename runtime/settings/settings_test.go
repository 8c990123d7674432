package settings

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestParseProperties(t *testing.T) {
	in := "# comment\n! too\n\n" +
		"a=1\r\nb : 2\nc 3\rd\n" +
		"  e = x\\\n     y # kept  \n" +
		"path=C:\\\\dir\\\n" +
		"\\tmore\n" +
		"k\\=ey\\ 1=v\\u00e4l\\uD83D\\uDE00\n" +
		"dup=1\ndup=2\n" +
		"sql=select \\\n# not a comment\n"
	got, err := ParseProperties(strings.NewReader(in))
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{
		"a": "1", "b": "2", "c": "3", "d": "", "e": "xy # kept  ", "path": "C:\\dir\tmore",
		"k=ey 1": "väl😀", "dup": "2", "sql": "select # not a comment",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if got, err := ParseProperties(strings.NewReader("name=caf\xe9")); err != nil || got["name"] != "café" {
		t.Errorf("ISO-8859-1: %v, %v", got, err)
	}
	if _, err := ParseProperties(strings.NewReader("a=1\nb=\\u12x4")); err == nil || !strings.Contains(err.Error(), "line 2") {
		t.Errorf("malformed escape: %v", err)
	}
}

func FuzzProperties(f *testing.F) {
	f.Add("a=1\nb\\ c : \\u0041\\\n  x")
	f.Add("\\\\\\\n=\x00\xff")
	f.Fuzz(func(t *testing.T, in string) {
		first, err := ParseProperties(strings.NewReader(in))
		if err != nil {
			return
		}
		var b bytes.Buffer
		if err := WriteProperties(&b, slices.Sorted(maps.Keys(first)), first); err != nil {
			t.Fatal(err)
		}
		second, err := ParseProperties(&b)
		if err != nil {
			t.Fatalf("written form is unreadable: %v\n%s", err, b.String())
		}
		if diff := cmp.Diff(first, second); diff != "" {
			t.Fatal(diff)
		}
	})
}

func minimal() map[string]string {
	return map[string]string{
		"bootstrap.servers": "b1:9092, b2:9092", "group.id": "g",
		"key.converter": "JsonConverter", "value.converter": "JsonConverter", "value.converter.schemas.enable": "false",
		"config.storage.topic": "cfg", "offset.storage.topic": "off", "status.storage.topic": "st",
		"offset.storage.segment.bytes": "1000", "offset.storage.cleanup.policy": "delete",
		"producer.linger.ms": "7", "producer.sasl.jaas.config": "hunter2",
	}
}

func TestDistributedDefaults(t *testing.T) {
	w, err := ParseDistributed(minimal())
	if err != nil {
		t.Fatal(err)
	}
	g := w.Group
	if g.SessionTimeout != 10*time.Second || g.ScheduledDelayMax != 5*time.Minute || g.Protocol != "sessioned" || g.KeyTTL != time.Hour {
		t.Errorf("group %+v", g)
	}
	want := InternalTopic{Name: "off", Partitions: 25, ReplicationFactor: 3, Config: map[string]string{"segment.bytes": "1000"}}
	if diff := cmp.Diff(want, g.OffsetTopic); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(map[string]string{"schemas.enable": "false", "converter.type": "value"}, w.ValueConverter.Config); diff != "" {
		t.Error(diff)
	}
	if w.REST.Listeners[0].String() != "http://:8083" || !w.REST.MaskSecrets || !w.REST.AdminOnMain {
		t.Errorf("rest %+v", w.REST)
	}
	if w.WithPrefix("producer.")["linger.ms"] != "7" || !slices.Equal(w.BootstrapServers, []string{"b1:9092", "b2:9092"}) {
		t.Errorf("prefix %v, servers %v", w.WithPrefix("producer."), w.BootstrapServers)
	}
}

func TestSecretsAreNeverPrinted(t *testing.T) {
	w, err := ParseDistributed(minimal())
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	slog.New(slog.NewTextHandler(&b, nil)).Info("settings", "worker", w)
	for _, text := range []string{b.String(), fmt.Sprintf("%v %+v %#v", w, w, w)} {
		if strings.Contains(text, "hunter2") {
			t.Errorf("secret in %s", text)
		}
	}
	if !strings.Contains(b.String(), Masked) {
		t.Errorf("nothing masked in %s", b.String())
	}
}

func TestAllProblemsAtOnce(t *testing.T) {
	_, err := ParseDistributed(map[string]string{
		"bootstrap.servers": "b1", "key.converter": "x", "session.timeout.ms": "abc", "topic.creation.enable": "yes",
		"config.storage.topic": "same", "offset.storage.topic": "same", "offset.storage.partitions": "0",
		"exactly.once.source.support": "ENABLED", "listeners": "ftp://x:1, http://:99999, nonsense",
		"rest.extension.classes": "a.B", "inter.worker.verification.algorithms": "HmacSHA1",
	})
	e, ok := errors.AsType[*Error](err)
	if !ok {
		t.Fatalf("got %v", err)
	}
	var keys []string
	for _, p := range e.Problems {
		keys = append(keys, p.Key)
	}
	want := []string{
		"bootstrap.servers", "value.converter", "topic.creation.enable", "listeners", "listeners", "listeners",
		"rest.extension.classes", "group.id", "session.timeout.ms", "offset.storage.partitions", "status.storage.topic",
		"exactly.once.source.support", "inter.worker.verification.algorithms", "offset.storage.topic",
	}
	slices.Sort(keys)
	slices.Sort(want)
	if diff := cmp.Diff(want, keys); diff != "" {
		t.Errorf("%s\n%v", diff, err)
	}
}

func TestStandalone(t *testing.T) {
	w, err := ParseStandalone(map[string]string{"key.converter": "a", "value.converter": "b", "offset.storage.file.filename": "/tmp/o"})
	if err != nil || w.OffsetStorageFile != "/tmp/o" || w.BootstrapServers[0] != "localhost:9092" {
		t.Fatalf("%+v, %v", w, err)
	}
	if _, err := ParseStandalone(map[string]string{"key.converter": "a", "value.converter": "b"}); err == nil {
		t.Error("accepted a file without offset.storage.file.filename")
	}
}
