package registry

import (
	"strings"
	"testing"
)

func TestNamesUnderWhichAClassIsFound(t *testing.T) {
	r := New()
	if err := r.Add(
		Entry{Kind: SourceKind, Class: "io.confluent.connect.jdbc.JdbcSourceConnector"},
		Entry{Kind: SourceKind, Class: "a.XSourceConnector"},
		Entry{Kind: SourceKind, Class: "b.XSourceConnector"},
	); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]bool{
		"io.confluent.connect.jdbc.JdbcSourceConnector": true, "JdbcSourceConnector": true, "JdbcSource": true,
		"a.XSourceConnector": true, "XSourceConnector": false, "XSource": false, "Nope": false, "": false,
	} {
		if _, err := r.Connector(name); (err == nil) != want {
			t.Errorf("%q: %v", name, err)
		}
	}
	if err := r.Add(Entry{Kind: SourceKind, Class: "a.XSourceConnector"}); err == nil || !strings.Contains(err.Error(), "a.XSourceConnector") {
		t.Errorf("a duplicate class was taken: %v", err)
	}
}

func TestTaskClassFollowsJavasCustom(t *testing.T) {
	e := Source[struct{}]("io.confluent.connect.jdbc.JdbcSourceConnector", nil, nil)
	if want := "io.confluent.connect.jdbc.JdbcSourceTask"; e.TaskClass != want {
		t.Errorf("%s, want %s", e.TaskClass, want)
	}
}
