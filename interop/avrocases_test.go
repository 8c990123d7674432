//go:build interop

package interop

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/kurier-io/kurier/converters/avroconv"
	"github.com/kurier-io/kurier/converters/subject"
	"github.com/kurier-io/kurier/plugins/connect"
	"github.com/kurier-io/kurier/plugins/data"
)

// An avroRegistry keeps the texts that cases register, and answers as much as a converter asks: every schema is the first version of every
// subject.
type avroRegistry struct {
	server *httptest.Server
	pool   *subject.Pool

	mu    sync.Mutex
	texts []string // by id-1
	ids   map[string]int
}

func newAvroRegistry(t *testing.T) *avroRegistry {
	r := &avroRegistry{pool: subject.NewPool(), ids: map[string]int{}}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /subjects/{subject}/versions", r.posted)
	mux.HandleFunc("POST /subjects/{subject}", r.posted)
	mux.HandleFunc("GET /schemas/ids/{id}", func(w http.ResponseWriter, q *http.Request) {
		id, err := strconv.Atoi(q.PathValue("id"))
		if err != nil {
			http.Error(w, err.Error(), http.StatusUnprocessableEntity)
			return
		}
		_ = json.NewEncoder(w).Encode(map[string]any{"schema": r.text(id)})
	})
	r.server = httptest.NewServer(mux)
	t.Cleanup(r.server.Close)
	t.Cleanup(r.pool.Close)
	return r
}

func (r *avroRegistry) posted(w http.ResponseWriter, q *http.Request) {
	var in struct {
		Schema string `json:"schema"`
	}
	if err := json.NewDecoder(q.Body).Decode(&in); err != nil {
		http.Error(w, err.Error(), http.StatusUnprocessableEntity)
		return
	}
	_ = json.NewEncoder(w).Encode(map[string]any{"id": r.id(in.Schema), "version": 1, "schema": in.Schema, "subject": q.PathValue("subject")})
}

func (r *avroRegistry) id(text string) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	if id, ok := r.ids[text]; ok {
		return id
	}
	r.texts = append(r.texts, text)
	r.ids[text] = len(r.texts)
	return len(r.texts)
}

func (r *avroRegistry) text(id int) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	if id < 1 || id > len(r.texts) {
		return ""
	}
	return r.texts[id-1]
}

// avro runs a case of AvroConverter: the registered text and the bytes that follow the id are Java's, or what is read of Java's.
func (c *javaCase) avro(r *avroRegistry) string {
	conv := avroconv.Register(r.pool)[0].NewConverter()
	// The copy of AvroData is from before unions of one type were flattened.
	props := connect.Props{"schema.registry.url": r.server.URL, "max.retries": "0", "flatten.singleton.unions": "false"}
	for k, v := range c.Config {
		props[k] = v
	}
	if err := conv.Configure(props, false); err != nil {
		return c.failed(err)
	}
	if c.Kind == "avro-read" {
		id := make([]byte, 5, 5+len(c.Bytes))
		binary.BigEndian.PutUint32(id[1:], uint32(r.id(c.Avro)))
		return c.read(func([]byte) (*data.Schema, data.Value, error) {
			return conv.ToConnectData("topic", append(id, c.Bytes...))
		})
	}
	var text string
	diff := c.write(func(s *data.Schema, v data.Value) ([]byte, bool, error) {
		b, ok, err := conv.FromConnectData(nil, "topic", s, v)
		if err != nil || !ok {
			return b, ok, err
		}
		text = r.text(int(binary.BigEndian.Uint32(b[1:])))
		return b[5:], ok, nil
	})
	if c.Result != nil && text != c.Result.Avro && !strings.HasPrefix(diff, "failed") {
		return fmt.Sprintf("schema %s, Java %s", text, c.Result.Avro)
	}
	return diff
}
