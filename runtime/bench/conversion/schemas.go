package conversion

import (
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// A schemaServer answers as much as converters ask of a schema registry: it gives every text an id. No compatibility is checked, as no
// registry is asked twice.
type schemaServer struct {
	url   string
	srv   *http.Server
	ended chan error

	mu    sync.Mutex
	texts []string
}

func serveSchemas() (*schemaServer, error) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s := &schemaServer{url: "http://" + ln.Addr().String(), ended: make(chan error, 1)}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /subjects/", s.register)
	mux.HandleFunc("GET /schemas/ids/{id}", s.byID)
	s.srv = &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	go func() { s.ended <- s.srv.Serve(ln) }()
	return s, nil
}

func (s *schemaServer) close() {
	_ = s.srv.Close() // nobody waits for an answer
	<-s.ended
}

func (s *schemaServer) register(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Schema string `json:"schema"`
	}
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
		http.Error(w, err.Error(), http.StatusUnprocessableEntity)
		return
	}
	_ = json.NewEncoder(w).Encode(map[string]any{"id": s.id(in.Schema), "version": 1, "schema": in.Schema, "subject": strings.Split(r.URL.Path, "/")[2]})
}

func (s *schemaServer) id(text string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, t := range s.texts {
		if t == text {
			return i + 1
		}
	}
	s.texts = append(s.texts, text)
	return len(s.texts)
}

func (s *schemaServer) byID(w http.ResponseWriter, r *http.Request) {
	text, err := s.text(r.PathValue("id"))
	if err != nil {
		http.Error(w, `{"error_code":40403,"message":"Schema not found"}`, http.StatusNotFound)
		return
	}
	_ = json.NewEncoder(w).Encode(map[string]any{"schema": text})
}

var errNoSchema = errors.New("there is no such schema")

func (s *schemaServer) text(id string) (string, error) {
	n, err := strconv.Atoi(id)
	s.mu.Lock()
	defer s.mu.Unlock()
	if err != nil || n < 1 || n > len(s.texts) {
		return "", errNoSchema
	}
	return s.texts[n-1], nil
}
