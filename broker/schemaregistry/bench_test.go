package schemaregistry

import (
	"fmt"
	"net/http"
	"net/http/httptest"
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
