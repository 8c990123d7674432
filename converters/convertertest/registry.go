// Package convertertest is what the tests of the converters that use a schema registry share.
package convertertest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/kurier-io/kurier/converters/subject"
)

// A Registry answers as a schema registry that accepts everything.
type Registry struct {
	*httptest.Server
	schemaType string // of what is registered

	// Mu guards the rest while requests come.
	Mu       sync.Mutex
	Schemas  []subject.Schema // by id-1
	Subjects map[string][]int // ids by version-1
	Asked    int              // requests so far
	Down     int              // status of all answers, if not 0
}

// New starts a registry for schemas of a type; it ends with the test.
func New(t testing.TB, schemaType string) *Registry {
	t.Helper()
	r := &Registry{Subjects: map[string][]int{}, schemaType: schemaType}
	r.Server = httptest.NewServer(http.HandlerFunc(r.serve))
	t.Cleanup(r.Close)
	return r
}

// Add registers a schema under a subject and returns its id. The caller holds Mu, or nobody asks yet.
func (r *Registry) Add(name string, s subject.Schema) int {
	id := 0
	for i, have := range r.Schemas {
		if have.Text == s.Text && have.Type == s.Type {
			id = i + 1
		}
	}
	if id == 0 {
		r.Schemas = append(r.Schemas, s)
		id = len(r.Schemas)
	}
	for _, have := range r.Subjects[name] {
		if have == id {
			return id
		}
	}
	r.Subjects[name] = append(r.Subjects[name], id)
	return id
}

// Put registers a text of the registry's type under a subject and returns its id.
func (r *Registry) Put(name, text string) int {
	r.Mu.Lock()
	defer r.Mu.Unlock()
	return r.Add(name, subject.Schema{Type: r.schemaType, Text: text})
}

// Text returns the latest text of a subject, empty if there is none.
func (r *Registry) Text(name string) string {
	r.Mu.Lock()
	defer r.Mu.Unlock()
	ids := r.Subjects[name]
	if len(ids) == 0 {
		return ""
	}
	return r.Schemas[ids[len(ids)-1]-1].Text
}

type body struct {
	Schema     string              `json:"schema"`
	SchemaType string              `json:"schemaType,omitempty"`
	References []subject.Reference `json:"references,omitempty"`
	Subject    string              `json:"subject,omitempty"`
	Version    int                 `json:"version,omitempty"`
	ID         int                 `json:"id,omitempty"`
}

func (r *Registry) serve(w http.ResponseWriter, q *http.Request) {
	r.Mu.Lock()
	defer r.Mu.Unlock()
	r.Asked++
	if r.Down != 0 {
		w.WriteHeader(r.Down)
		fmt.Fprint(w, `{"error_code":50001,"message":"down"}`)
		return
	}
	var in body
	_ = json.NewDecoder(q.Body).Decode(&in)
	path := strings.Split(strings.Trim(q.URL.Path, "/"), "/")
	var out *body
	answer := func(name string, version, id int) {
		s := r.Schemas[id-1]
		out = &body{Schema: s.Text, References: s.References, Subject: name, Version: version, ID: id}
		if s.Type != subject.Avro {
			out.SchemaType = s.Type
		}
	}
	switch {
	case q.Method == "POST" && len(path) == 3:
		id := r.Add(path[1], subject.Schema{Type: r.schemaType, Text: in.Schema, References: in.References})
		out = &body{ID: id}
	case q.Method == "POST" && len(path) == 2:
		for v, id := range r.Subjects[path[1]] {
			if r.Schemas[id-1].Text == in.Schema {
				answer(path[1], v+1, id)
			}
		}
	case path[0] == "schemas" && len(path) == 3:
		if path[1] == "guids" {
			path[2] = strings.TrimLeft(strings.ReplaceAll(path[2], "-", ""), "0")
		}
		if id, _ := strconv.Atoi(path[2]); id > 0 && id <= len(r.Schemas) {
			answer("", 0, id)
		}
	case path[0] == "subjects" && len(path) == 4:
		ids := r.Subjects[path[1]]
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
