package schemaregistry

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// BenchmarkGetID is the hot path without the network: routing, look-up, and the answer's bytes.
func BenchmarkGetID(b *testing.B) {
	r := &Registry{state: newState(), ready: make(chan struct{}), parser: new(parser)}
	close(r.ready)
	for i := range 10_000 {
		rec := schemaRecord(&version{subject: fmt.Sprintf("topic-%d-value", i), number: 1, id: int32(i + 1), content: newContent(avro, fmt.Sprintf(`{"type":"fixed","name":"F%d","size":1}`, i), nil, nil, nil)})
		if err := r.state.apply(rec.key, rec.value, 1, int64(i)); err != nil {
			b.Fatal(err)
		}
	}
	h := r.handler()
	for name, query := range map[string]string{"plain": "", "serializer": "?fetchMaxId=false&subject=topic-41-value"} {
		b.Run(name, func(b *testing.B) {
			req := httptest.NewRequest(http.MethodGet, "/schemas/ids/42"+query, nil)
			b.ReportAllocs()
			for b.Loop() {
				w := httptest.NewRecorder()
				if h.ServeHTTP(w, req); w.Code != http.StatusOK {
					b.Fatal(w.Code, w.Body)
				}
			}
		})
	}
}

// BenchmarkGetIDOverHTTP is the same through a loopback connection that is kept, client included.
func BenchmarkGetIDOverHTTP(b *testing.B) {
	r := &Registry{state: newState(), ready: make(chan struct{}), parser: new(parser)}
	close(r.ready)
	rec := schemaRecord(&version{subject: "s", number: 1, id: 1, content: newContent(avro, `{"type":"fixed","name":"F","size":1}`, nil, nil, nil)})
	if err := r.state.apply(rec.key, rec.value, 1, 1); err != nil {
		b.Fatal(err)
	}
	server := httptest.NewServer(r.handler())
	defer server.Close()
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}}
	defer client.CloseIdleConnections()
	b.SetParallelism(8)
	b.RunParallel(func(p *testing.PB) {
		for p.Next() {
			resp, err := client.Get(server.URL + "/schemas/ids/1?fetchMaxId=false&subject=s")
			if err != nil {
				b.Error(err)
				return
			}
			if _, err := io.Copy(io.Discard, resp.Body); err != nil || resp.StatusCode != http.StatusOK {
				b.Error(resp.StatusCode, err)
			}
			resp.Body.Close()
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "requests/s")
}

// BenchmarkApply reads the topic at the start: schemas of a kilobyte, each in its own subject.
func BenchmarkApply(b *testing.B) {
	doc := strings.Repeat("x", 1000)
	var size int64
	s := newState()
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		rec := schemaRecord(&version{subject: fmt.Sprintf("topic-%d-value", i), number: 1, id: int32(i + 1), content: newContent(avro, fmt.Sprintf(`{"type":"fixed","name":"F%d","doc":"%s","size":1}`, i, doc), nil, nil, nil)})
		size = int64(len(rec.value))
		if err := s.apply(rec.key, rec.value, 1, int64(i)); err != nil {
			b.Fatal(err)
		}
	}
	b.SetBytes(size)
}

// BenchmarkRegisterKnown is what every producer does at its start.
func BenchmarkRegisterKnown(b *testing.B) {
	s, p := newState(), new(parser)
	req := schemaRequest{Schema: `{"type":"record","name":"R","fields":[{"name":"a","type":"int"},{"name":"b","type":["null","string"],"default":null}]}`}
	_, made, fail := register(s, p, "s", req, false, "BACKWARD")
	if fail != nil {
		b.Fatal(fail)
	}
	rec := schemaRecord(made)
	if err := s.apply(rec.key, rec.value, 1, 1); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if found, _, fail := register(s, p, "s", req, false, "BACKWARD"); fail != nil || found == nil {
			b.Fatal(fail)
		}
	}
}
