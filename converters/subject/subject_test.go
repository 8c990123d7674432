package subject

import (
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/kurier-io/kurier/plugins/config"
	"github.com/kurier-io/kurier/plugins/connect"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// A peer answers as a registry does, and notes what it was asked.
type peer struct {
	*httptest.Server
	mu    sync.Mutex
	asked []string
}

func (p *peer) requests() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.asked
}

type answers map[string]func(w http.ResponseWriter, r *http.Request)

func text(status int, body string) func(http.ResponseWriter, *http.Request) {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		fmt.Fprint(w, body)
	}
}

func newPeer(t *testing.T, start func(http.Handler) *httptest.Server, a answers) *peer {
	p := &peer{}
	p.Server = start(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var body any
		_ = json.NewDecoder(r.Body).Decode(&body)
		line := r.Method + " " + r.URL.RequestURI()
		if body != nil {
			b, _ := json.Marshal(body)
			line += " " + string(b)
		}
		p.mu.Lock()
		p.asked = append(p.asked, line)
		p.mu.Unlock()
		if f := a[r.Method+" "+r.URL.EscapedPath()]; f != nil {
			f(w, r)
			return
		}
		text(404, `{"error_code":40403,"message":"Schema not found"}`)(w, r)
	}))
	t.Cleanup(p.Close)
	return p
}

func open(t *testing.T, isKey bool, props ...string) *Client {
	t.Helper()
	all := map[string]string{"retries.wait.ms": "1"}
	for _, kv := range props {
		k, v, _ := strings.Cut(kv, "=")
		all[k] = v
	}
	s, err := config.Parse[Settings](all)
	if err != nil {
		t.Fatal(err)
	}
	pool := NewPool()
	t.Cleanup(pool.Close)
	c, err := pool.Open(s, all, isKey)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

func TestWritingAsksWhatTheSettingsSay(t *testing.T) {
	registered := text(200, `{"id":7}`)
	for name, tc := range map[string]struct {
		props  []string
		record string
		isKey  bool
		asked  []string
		id     int32
		text   string
		fails  string
	}{
		"registers":   {asked: []string{`POST /subjects/a%2Fb-value/versions?normalize=false {"schema":"\"int\""}`}, id: 7, text: `"int"`},
		"key":         {isKey: true, props: []string{"normalize.schemas=true"}, asked: []string{`POST /subjects/a%2Fb-key/versions?normalize=true {"schema":"\"int\""}`}, id: 7, text: `"int"`},
		"record name": {props: []string{"value.subject.name.strategy=RecordNameStrategy"}, record: "x.Y", asked: []string{`POST /subjects/x.Y/versions?normalize=false {"schema":"\"int\""}`}, id: 7, text: `"int"`},
		"topic and record name": {props: []string{"value.subject.name.strategy=io.confluent.kafka.serializers.subject.TopicRecordNameStrategy"}, record: "x.Y",
			asked: []string{`POST /subjects/a%2Fb-x.Y/versions?normalize=false {"schema":"\"int\""}`}, id: 7, text: `"int"`},
		"no record": {props: []string{"value.subject.name.strategy=RecordNameStrategy"}, fails: "In configuration value.subject.name.strategy = RecordNameStrategy, the message value must only be a record schema"},
		"latest":    {props: []string{"auto.register.schemas=false", "use.latest.version=true"}, asked: []string{"GET /subjects/a%2Fb-value/versions/latest"}, id: 9, text: `"long"`},
		"fixed id":  {props: []string{"auto.register.schemas=false", "use.schema.id=9"}, asked: []string{"GET /schemas/ids/9?fetchMaxId=false&subject=a%2Fb-value"}, id: 9, text: `"long"`},
		"looks up": {props: []string{"auto.register.schemas=false"}, asked: []string{`POST /subjects/a%2Fb-value?deleted=false&normalize=false {"schema":"\"int\""}`},
			fails: "Schema not found; error code: 40403 (auto.register.schemas=false: register the schema in subject a/b-value first)"},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPeer(t, httptest.NewServer, answers{
				"POST /subjects/a%2Fb-value/versions": registered, "POST /subjects/a%2Fb-key/versions": registered, "POST /subjects/x.Y/versions": registered,
				"POST /subjects/a%2Fb-x.Y/versions":         registered,
				"GET /subjects/a%2Fb-value/versions/latest": text(200, `{"subject":"a/b-value","version":3,"id":9,"schema":"\"long\""}`),
				"GET /schemas/ids/9":                        text(200, `{"schema":"\"long\""}`),
			})
			c := open(t, tc.isKey, append(tc.props, "schema.registry.url="+p.URL)...)
			for range 2 { // the second time from the cache
				got, err := c.Write("a/b", tc.record, Schema{Type: Avro, Text: `"int"`})
				if tc.fails != "" {
					if err == nil || !strings.Contains(err.Error(), tc.fails) {
						t.Fatalf("%v, want %s", err, tc.fails)
					}
					break
				}
				if err != nil || got.ID != tc.id || got.Text != tc.text {
					t.Fatalf("%+v, %v", got, err)
				}
			}
			if d := cmp.Diff(tc.asked, p.requests()); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestTasksShareRequests(t *testing.T) {
	gate := make(chan struct{})
	p := newPeer(t, httptest.NewServer, answers{"GET /schemas/ids/1": func(w http.ResponseWriter, _ *http.Request) {
		<-gate
		fmt.Fprint(w, `{"schema":"\"int\""}`)
	}})
	pool := NewPool()
	defer pool.Close()
	props := map[string]string{"schema.registry.url": p.URL}
	s, _ := config.Parse[Settings](props)
	var wg sync.WaitGroup
	var good atomic.Int32
	for range 20 {
		c, err := pool.Open(s, props, false)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		wg.Go(func() {
			if r, err := c.ByID("t", ID{Num: 1}); err == nil && r.Text == `"int"` {
				good.Add(1)
			}
		})
	}
	impatient, _ := pool.Open(s, props, false)
	gone := make(chan error, 1)
	go func() { _, err := impatient.ByID("t", ID{Num: 1}); gone <- err }()
	impatient.Close()
	if err := <-gone; !errors.Is(err, errClosed) {
		t.Errorf("a closed client's call: %v", err)
	}
	close(gate)
	wg.Wait()
	if good.Load() != 20 || len(p.requests()) != 1 {
		t.Errorf("%d answers from %d requests", good.Load(), len(p.requests()))
	}
}

func TestPassingErrorsAreTriedAgainAndThenRetriable(t *testing.T) {
	var calls atomic.Int32
	down := newPeer(t, httptest.NewServer, answers{"GET /schemas/ids/1": func(w http.ResponseWriter, _ *http.Request) {
		if calls.Add(1) < 3 {
			w.WriteHeader(503)
			return
		}
		fmt.Fprint(w, `{"schema":"\"int\""}`)
	}, "GET /schemas/ids/2": text(500, `{"error_code":50001,"message":"Error in the backend data store"}`), "GET /schemas/ids/3": text(401, `{"error_code":401,"message":"Unauthorized"}`)})
	gone := httptest.NewServer(nil)
	gone.Close()
	c := open(t, false, "max.retries=2", "schema.registry.url="+gone.URL+","+down.URL)
	if _, err := c.ByID("t", ID{Num: 1}); err != nil || calls.Load() != 3 {
		t.Errorf("%v after %d calls", err, calls.Load())
	}
	_, err := c.ByID("t", ID{Num: 2})
	if _, retriable := errors.AsType[*connect.RetriableError](err); !retriable || !strings.Contains(err.Error(), "Error in the backend data store; error code: 50001") {
		t.Errorf("%v", err)
	}
	_, err = c.ByID("t", ID{Num: 3})
	if _, retriable := errors.AsType[*connect.RetriableError](err); err == nil || retriable || !strings.Contains(err.Error(), "basic.auth.user.info") {
		t.Errorf("%v", err)
	}
	c = open(t, false, "max.retries=0", "schema.registry.url="+gone.URL)
	_, err = c.ByID("t", ID{Num: 1})
	if _, retriable := errors.AsType[*connect.RetriableError](err); !retriable || !strings.Contains(err.Error(), "is the schema registry of schema.registry.url running?") {
		t.Errorf("%v", err)
	}
}

func TestAForeignVersionIsNone(t *testing.T) {
	p := newPeer(t, httptest.NewServer, answers{"POST /subjects/mine-value": text(200, `{"subject":"mine-value","version":4,"id":1,"schema":"\"int\""}`)})
	c := open(t, false, "schema.registry.url="+p.URL)
	r := Registered{Schema: Schema{Type: Avro, Text: `"int"`}, ID: 1}
	for topic, want := range map[string]int{"mine": 4, "copied": 0} {
		if v, err := c.Version(topic, "", r); err != nil || v != want {
			t.Errorf("%s: %d, %v", topic, v, err)
		}
	}
}

func TestReferencesAreResolvedInOrder(t *testing.T) {
	version := func(schema, refs string) func(http.ResponseWriter, *http.Request) {
		return text(200, `{"subject":"s","version":1,"id":1,"schema":"`+schema+`","references":[`+refs+`]}`)
	}
	p := newPeer(t, httptest.NewServer, answers{
		"GET /subjects/b/versions/1": version("B", `{"name":"c.proto","subject":"c","version":2}`), "GET /subjects/c/versions/2": version("C", ""),
		"GET /subjects/loop/versions/1": version("L", `{"name":"other.proto","subject":"loop","version":1}`),
	})
	c := open(t, false, "schema.registry.url="+p.URL)
	texts, order, err := c.Resolve(Schema{References: []Reference{{"b.proto", "b", 1}, {"c.proto", "c", 2}}})
	if err != nil || !cmp.Equal(order, []string{"c.proto", "b.proto"}) || !cmp.Equal(texts, map[string]string{"b.proto": "B", "c.proto": "C"}) {
		t.Errorf("%v %v %v", texts, order, err)
	}
	if _, _, err := c.Resolve(Schema{References: []Reference{{"loop.proto", "loop", 1}}}); err == nil || !strings.Contains(err.Error(), "circle") {
		t.Error("a circle of references was resolved")
	}
}

func TestCredentialsAndTLS(t *testing.T) {
	var seen atomic.Value
	p := newPeer(t, httptest.NewTLSServer, answers{"GET /schemas/ids/1": func(w http.ResponseWriter, r *http.Request) {
		seen.Store(r.Header.Get("Authorization"))
		fmt.Fprint(w, `{"schema":"\"int\""}`)
	}})
	ca := string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: p.Certificate().Raw}))
	host := strings.TrimPrefix(p.URL, "https://")
	for want, props := range map[string][]string{
		"Basic dTpw":   {"basic.auth.credentials.source=USER_INFO", "basic.auth.user.info=u:p", "schema.registry.url=" + p.URL},
		"Basic dTpx":   {"schema.registry.url=https://u:q@" + host},
		"Bearer token": {"bearer.auth.token=token", "schema.registry.url=" + p.URL},
		"":             {"schema.registry.url=" + p.URL},
	} {
		c := open(t, false, append(props, "schema.registry.ssl.truststore.certificates="+ca)...)
		if _, err := c.ByID("t", ID{Num: 1}); err != nil || seen.Load() != want {
			t.Errorf("%v: %v, %v", props, seen.Load(), err)
		}
	}
	c := open(t, false, "max.retries=0", "schema.registry.url=https://u:secret@"+host)
	if _, err := c.ByID("t", ID{Num: 1}); err == nil || !strings.Contains(err.Error(), "certificate") || strings.Contains(err.Error(), "secret") {
		t.Errorf("an unknown authority: %v", err)
	}
}

func TestBadSettingsNameTheirKey(t *testing.T) {
	for want, props := range map[string]map[string]string{
		"schema.registry.url":                 {"schema.registry.url": "localhost:8081"},
		"value.schema.id.serializer":          {"value.schema.id.serializer": "Own"},
		"value.schema.id.deserializer":        {"value.schema.id.deserializer": "ConfigSchemaIdDeserializer"},
		"value.subject.name.strategy":         {"value.subject.name.strategy": "com.example.Own"},
		"basic.auth.user.info":                {"basic.auth.credentials.source": "USER_INFO", "basic.auth.user.info": "nobody"},
		"schema.registry.ssl.truststore.type": {"schema.registry.ssl.truststore.location": "/x.jks"},
	} {
		if props["schema.registry.url"] == "" {
			props["schema.registry.url"] = "http://localhost:8081"
		}
		s, err := config.Parse[Settings](props)
		if err != nil {
			t.Fatal(err)
		}
		pool := NewPool()
		if _, err := pool.Open(s, props, false); err == nil || !strings.HasPrefix(err.Error(), want) || strings.Contains(err.Error(), "nobody") {
			t.Errorf("%v, want %s", err, want)
		}
		pool.Close()
	}
}

func TestThePrefixIsConfluents(t *testing.T) {
	if got := hex.EncodeToString(AppendID([]byte{0xff}, 258)); got != "ff0000000102" {
		t.Error(got)
	}
	guid, _ := hex.DecodeString("01" + "f0e1d2c3b4a5968778695a4b3c2d1e0f" + "aa")
	id, rest, err := ParseID(guid)
	if err != nil || id.guid() != "f0e1d2c3-b4a5-9687-7869-5a4b3c2d1e0f" || len(rest) != 1 {
		t.Errorf("%v %x %v", id.guid(), rest, err)
	}
	if id, rest, err := ParseID([]byte{0, 0, 0, 1, 2, 3}); err != nil || id.Num != 258 || id.ByGUID() || len(rest) != 1 {
		t.Errorf("%v %x %v", id, rest, err)
	}
	for _, bad := range [][]byte{nil, {0, 0, 0}, []byte(`{"a":1}`), {1, 2}} {
		if _, _, err := ParseID(bad); !errors.Is(err, ErrUnknownMagic) {
			t.Errorf("%x: %v", bad, err)
		}
	}
}

type rawHeaders map[string]string

func (h rawHeaders) Last(key string) ([]byte, bool) {
	v, ok := h[key]
	return []byte(v), ok
}

func TestIdsStandInFrontOrInAHeader(t *testing.T) {
	r := Registered{ID: 258, GUID: "f0e1d2c3-b4a5-9687-7869-5a4b3c2d1e0f"}
	guid := "\x01\xf0\xe1\xd2\xc3\xb4\xa5\x96\x87\x78\x69\x5a\x4b\x3c\x2d\x1e\x0f"
	front := open(t, false, "schema.registry.url=http://x")
	m, err := front.Mark(r, []byte{7})
	if err != nil || string(m.Prefix) != "\x00\x00\x00\x01\x02\x07" || m.Headers != nil {
		t.Errorf("%q %v", m, err)
	}
	beside := open(t, true, "schema.registry.url=http://x", "key.schema.id.serializer=io.confluent.kafka.serializers.schema.id.HeaderSchemaIdSerializer")
	m, err = beside.Mark(r, []byte{7})
	if err != nil || m.Prefix != nil || len(m.Headers) != 1 || m.Headers[0].Key != "__key_schema_id" || string(m.Headers[0].Value) != guid+"\x07" {
		t.Errorf("%q %v", m, err)
	}
	if _, err := beside.Mark(Registered{ID: 1}, nil); !errors.Is(err, errNoGUID) {
		t.Error(err)
	}
	for name, tc := range map[string]struct {
		c       *Client
		headers rawHeaders
		bytes   string
		guid    bool
		beside  string
		body    string
	}{
		"front":               {front, nil, "\x00\x00\x00\x01\x02abc", false, "", "abc"},
		"header":              {front, rawHeaders{"__value_schema_id": guid + "\x07"}, "abc", true, "\x07", "abc"},
		"not by the other's":  {front, rawHeaders{"__key_schema_id": guid}, "\x00\x00\x00\x01\x02abc", false, "", "abc"},
		"front only":          {open(t, false, "schema.registry.url=http://x", "value.schema.id.deserializer=PrefixSchemaIdDeserializer"), rawHeaders{"__value_schema_id": guid}, "\x00\x00\x00\x01\x02abc", false, "", "abc"},
		"an id in the header": {beside, rawHeaders{"__key_schema_id": "\x00\x00\x00\x01\x02"}, "abc", false, "", "abc"},
	} {
		id, beside, body, err := tc.c.Identify(tc.headers, []byte(tc.bytes))
		if err != nil || id.ByGUID() != tc.guid || !tc.guid && id.Num != 258 || string(beside) != tc.beside || (beside != nil) != strings.HasSuffix(name, "header") || string(body) != tc.body {
			t.Errorf("%s: %v %q %q %v", name, id, beside, body, err)
		}
	}
	if _, _, _, err := front.Identify(rawHeaders{"__value_schema_id": "x"}, []byte("abc")); !errors.Is(err, ErrUnknownMagic) {
		t.Error(err)
	}
}
