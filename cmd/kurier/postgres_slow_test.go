//go:build slow && unix

package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kurier-io/kurier/connectors/postgres/pgtest"
)

// exampleConfig reads a connector of examples/postgres-to-postgres and points it at db.
func exampleConfig(t *testing.T, file string, db *pgtest.Database) map[string]string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("..", "..", "examples", "postgres-to-postgres", file))
	if err != nil {
		t.Fatal(err)
	}
	var c struct{ Config map[string]string }
	if err := json.Unmarshal(b, &c); err != nil {
		t.Fatal(err)
	}
	c.Config["connection.url"], c.Config["connection.user"], c.Config["connection.password"] = db.JDBC(), db.User, db.Password
	return c.Config
}

// TestEachMistakeGivesOneClearErrorAtItsPlace: what people get wrong first.
func TestEachMistakeGivesOneClearErrorAtItsPlace(t *testing.T) {
	db := pgtest.NewDatabase(t)
	db.Exec(t, "CREATE TABLE orders (id bigserial PRIMARY KEY, updated_at timestamptz NOT NULL DEFAULT now())")
	p := dev(t, filepath.Join(t.TempDir(), "data"))
	post := func(change func(map[string]string)) (int, string) {
		cfg := exampleConfig(t, "source.json", db)
		change(cfg)
		return p.call("POST", "/connectors", map[string]any{"name": "x", "config": cfg})
	}
	for _, c := range []struct {
		what   string
		change func(map[string]string)
		says   []string
	}{
		{"wrong password", func(c map[string]string) { c["connection.password"] = "wr0ng" }, []string{"following 1 error(s)", "connection.password: the server", "refused the password of user"}},
		{"missing database", func(c map[string]string) {
			c["connection.url"] = strings.Replace(c["connection.url"], db.Name, "nowhere", 1)
		}, []string{"connection.url", "nowhere"}},
		{"missing table", func(c map[string]string) { c["table.whitelist"] = "oders" }, []string{"table.whitelist", "oders"}},
		{"unknown class", func(c map[string]string) { c["connector.class"] = "com.example.Nope" }, []string{"Failed to find any class that implements Connector and which name matches com.example.Nope", "JdbcSourceConnector"}},
		{"unknown transformation", func(c map[string]string) { c["transforms.createKey.type"] = "com.example.Nope" }, []string{"transforms.createKey.type", "Class com.example.Nope could not be found"}},
		{"not a number", func(c map[string]string) { c["tasks.max"] = "many" }, []string{"Invalid value many for configuration tasks.max: Not a number of type INT"}},
	} {
		code, body := post(c.change)
		if code != 400 {
			t.Errorf("%s: %d %s", c.what, code, body)
		}
		for _, s := range c.says {
			if !strings.Contains(body, s) {
				t.Errorf("%s: nothing of %q in %s", c.what, s, body)
			}
		}
		if strings.Contains(body, "wr0ng") || strings.Contains(body, db.Password) && len(db.Password) > 3 {
			t.Errorf("%s: a password in %s", c.what, body)
		}
	}
	code, body := p.call("POST", "/connectors", "{\"name\": \"x\",\n \"config\": {\"a\": }}")
	if code != 400 || !strings.Contains(body, "line 2, column 18") {
		t.Errorf("malformed JSON: %d %s", code, body)
	}
	if code, body := p.call("GET", "/connectors", nil); body != "[]" {
		t.Errorf("one of them was created: %d %s", code, body)
	}
	// A sink's missing table shows where it is found: in the task.
	p.post("source", exampleConfig(t, "source.json", db))
	db.Exec(t, "INSERT INTO orders DEFAULT VALUES")
	sink := exampleConfig(t, "sink.json", db)
	sink["auto.create"] = "false"
	p.post("sink", sink)
	p.eventually("the sink task to fail", func() bool { return p.states("sink") == "RUNNING FAILED" })
	_, body = p.call("GET", "/connectors/sink/status", nil)
	for _, s := range []string{"orders_copy", "auto.create"} {
		if !strings.Contains(body, s) {
			t.Errorf("nothing of %q in %s", s, body)
		}
	}
	// Secrets are hidden wherever a configuration is shown, and a hidden one sent back means: keep it.
	for _, path := range []string{"/connectors/source", "/connectors/source/config", "/connectors/source/tasks", "/connectors?expand=info"} {
		if _, body := p.call("GET", path, nil); !strings.Contains(body, `"connection.password":"[hidden]"`) {
			t.Errorf("%s: %s", path, body)
		}
	}
	_, shown := p.call("GET", "/connectors/source/config", nil)
	if code, body := p.call("PUT", "/connectors/source/config", shown); code != 200 {
		t.Errorf("putting back what was shown: %d %s", code, body)
	}
	p.eventually("the source to run on", func() bool { return p.states("source") == "RUNNING RUNNING" })
}
