package protoconv

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"github.com/kurier-io/kurier/converters/subject"
	"github.com/kurier-io/kurier/plugins/connect"
	"github.com/kurier-io/kurier/plugins/data"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// A registryFake answers as a schema registry that accepts everything.
type registryFake struct {
	*httptest.Server
	mu       sync.Mutex
	schemas  []subject.Schema // by id-1
	subjects map[string][]int // ids by version-1
	asked    int
	down     int // status of all answers, if not 0
}

func newRegistry(t testing.TB) *registryFake {
	r := &registryFake{subjects: map[string][]int{}}
	r.Server = httptest.NewServer(http.HandlerFunc(r.serve))
	t.Cleanup(r.Close)
	return r
}

// add registers a schema under a subject and returns its id.
func (r *registryFake) add(name string, s subject.Schema) int {
	id := 0
	for i, have := range r.schemas {
		if have.Text == s.Text && have.Type == s.Type {
			id = i + 1
		}
	}
	if id == 0 {
		r.schemas = append(r.schemas, s)
		id = len(r.schemas)
	}
	for _, have := range r.subjects[name] {
		if have == id {
			return id
		}
	}
	r.subjects[name] = append(r.subjects[name], id)
	return id
}

func (r *registryFake) put(name, text string) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.add(name, subject.Schema{Type: subject.Protobuf, Text: text})
}

func (r *registryFake) text(name string) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	ids := r.subjects[name]
	if len(ids) == 0 {
		return ""
	}
	return r.schemas[ids[len(ids)-1]-1].Text
}

type body struct {
	Schema     string              `json:"schema"`
	SchemaType string              `json:"schemaType,omitempty"`
	References []subject.Reference `json:"references,omitempty"`
	Subject    string              `json:"subject,omitempty"`
	Version    int                 `json:"version,omitempty"`
	ID         int                 `json:"id,omitempty"`
}

func (r *registryFake) serve(w http.ResponseWriter, q *http.Request) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.asked++
	if r.down != 0 {
		w.WriteHeader(r.down)
		fmt.Fprint(w, `{"error_code":50001,"message":"down"}`)
		return
	}
	var in body
	_ = json.NewDecoder(q.Body).Decode(&in)
	path := strings.Split(strings.Trim(q.URL.Path, "/"), "/")
	var out *body
	answer := func(name string, version, id int) {
		s := r.schemas[id-1]
		out = &body{Schema: s.Text, References: s.References, Subject: name, Version: version, ID: id}
		out.SchemaType = s.Type
	}
	switch {
	case q.Method == "POST" && len(path) == 3:
		id := r.add(path[1], subject.Schema{Type: subject.Protobuf, Text: in.Schema, References: in.References})
		out = &body{ID: id}
	case q.Method == "POST" && len(path) == 2:
		for v, id := range r.subjects[path[1]] {
			if r.schemas[id-1].Text == in.Schema {
				answer(path[1], v+1, id)
			}
		}
	case path[0] == "schemas" && len(path) == 3:
		if path[1] == "guids" {
			path[2] = strings.TrimLeft(strings.ReplaceAll(path[2], "-", ""), "0")
		}
		if id, _ := strconv.Atoi(path[2]); id > 0 && id <= len(r.schemas) {
			answer("", 0, id)
		}
	case path[0] == "subjects" && len(path) == 4:
		ids := r.subjects[path[1]]
		v, _ := strconv.Atoi(path[3])
		if path[3] == "latest" {
			v = len(ids)
		}
		if v > 0 && v <= len(ids) {
			answer(path[1], v, ids[v-1])
		}
	}
	if out == nil {
		w.WriteHeader(404)
		fmt.Fprint(w, `{"error_code":40403,"message":"Schema not found"}`)
		return
	}
	_ = json.NewEncoder(w).Encode(out)
}

// open returns a configured converter of values; settings are key=value.
func (r *registryFake) open(t testing.TB, settings ...string) *Converter {
	t.Helper()
	props := connect.Props{"schema.registry.url": r.URL, "retries.wait.ms": "1", "max.retries": "0"}
	for _, kv := range settings {
		k, v, _ := strings.Cut(kv, "=")
		props[k] = v
	}
	pool := subject.NewPool()
	c := Register(pool)[0].NewConverter().(*Converter)
	if err := c.Configure(props, false); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close(); pool.Close() })
	return c
}

func of(t data.Type) *data.Schema  { return data.Of(t).MustBuild() }
func opt(t data.Type) *data.Schema { return data.Of(t).Optional().MustBuild() }

func i32(i int32) data.Value   { return data.Int32Value(i) }
func i64(i int64) data.Value   { return data.Int64Value(i) }
func f64(f float64) data.Value { return data.Float64Value(f) }
func str(s string) data.Value  { return data.StringValue(s) }

func arr(vs ...data.Value) data.Value { return data.ArrayValue(vs) }

func pairs(vs ...data.Value) data.Value {
	m := data.NewMap(0)
	for i := 0; i < len(vs); i += 2 {
		m.Put(vs[i], vs[i+1])
	}
	return data.MapValue(m)
}

func row(s *data.Schema, vs ...data.Value) data.Value {
	return data.StructValue(data.StructOn(s, vs))
}
