package rest

import (
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kurier-io/kurier/runtime/herder"
	"github.com/kurier-io/kurier/runtime/store"
)

const conflicting = "Cannot complete request because of a conflicting operation (e.g. worker rebalance)"

// cluster is a follower and a leader that does not run the connectors: the owner does.
func cluster(t *testing.T) (follower, leader, owner *site) {
	follower, leader, owner = serve(t, nil), serve(t, nil), serve(t, nil)
	follower.leader = func() error { return &herder.NotLeaderError{URL: leader.url + "/"} }
	follower.owner = follower.leader
	leader.owner = func() error { return &herder.NotOwnerError{URL: owner.url + "/"} }
	return follower, leader, owner
}

func TestForwarding(t *testing.T) {
	f, l, _ := cluster(t)
	body := `{"name":"a/b é","config":{` + fooClass + `}}`
	a := f.do("POST", "/connectors?x=1", body)
	if a.status != 201 || a.header.Get("Location") != f.url+"/connectors/a/b%20%C3%A9" || a.header.Get("Content-Type") != "application/json" {
		t.Errorf("%+v", a)
	}
	if f.connectors["a/b é"] != nil || l.connectors["a/b é"] == nil {
		t.Error("not created on the leader")
	}
	const path = "/connectors/a%2Fb%20%C3%A9"
	if a := f.do("PUT", path+"/config", `{`+fooClass+`,"k":"v"}`, "Accept", "application/json;charset=utf-8"); a.status != 200 ||
		l.connectors["a/b é"].config["k"] != "v" || a.header.Get("Content-Type") != "application/json;charset=utf-8" {
		t.Errorf("%+v", a)
	}
	for _, c := range []struct {
		method, path, body string
	}{
		{"PATCH", path + "/config", `{"k":null}`},
		{"POST", "/connectors", body},
		{"PATCH", "/connectors/N/config", `{}`},
		{"DELETE", "/connectors/N", ""},
		{"POST", "/connectors/S/restart?includeTasks=true", ""},
		{"POST", "/connectors/S/restart?includeTasks=true&onlyFailed=true", ""},
		{"POST", "/connectors/N/restart?includeTasks=true", ""},
	} {
		got, want := f.do(c.method, c.path, c.body), l.do(c.method, c.path, c.body)
		if got.status != want.status || got.body != want.body || got.header.Get("Content-Type") != want.header.Get("Content-Type") {
			t.Errorf("%s %s: %s", c.method, c.path, cmp.Diff(want.body, got.body))
		}
	}
	// By owner: two hops.
	for _, p := range []string{"/connectors/S/restart", "/connectors/S/tasks/0/restart"} {
		if a := f.want("POST", p, "", 204, ""); a.header.Get("Content-Length") != "" {
			t.Errorf("%s: %+v", p, a)
		}
		f.want("POST", p+"?forward=true", "", 409, e(409, conflicting)) // leaves one hop, two are needed
		f.want("POST", p+"?forward=false", "", 409, e(409, conflicting))
	}
	f.want("PUT", "/connectors/S/config?forward=false", `{`+fooClass+`}`, 409, e(409, conflicting))
	f.want("PUT", "/connectors/S/config?forward=", `{`+fooClass+`}`, 409, e(409, conflicting))
	if a := f.do("PUT", "/connectors/S/config?forward=TRUE", `{`+fooClass+`}`); a.status != 200 {
		t.Errorf("%+v", a)
	}
	f.want("PUT", "/connectors/S/stop", "", 204, "")
	if l.connectors["S"].target != store.Stopped {
		t.Error("not stopped on the leader")
	}
	f.want("DELETE", path, "", 204, "")
	if l.connectors["a/b é"] != nil {
		t.Error("not deleted on the leader")
	}
	// Two workers that each take the other for the leader.
	l.leader = func() error { return &herder.NotLeaderError{URL: f.url + "/"} }
	f.want("DELETE", "/connectors/S", "", 409, e(409, conflicting))
	// A worker that takes itself for it, or nobody.
	asked := 0
	f.leader = func() error { asked++; return &herder.NotLeaderError{URL: f.url + "/"} }
	f.want("DELETE", "/connectors/S", "", 409, e(409, conflicting))
	if asked != 1 {
		t.Errorf("a worker sent a request to itself %d times", asked-1)
	}
	f.leader = func() error { return &herder.NotLeaderError{} }
	f.want("DELETE", "/connectors/S", "", 409, e(409, "Cannot complete request momentarily due to no known leader URL, likely because a rebalance was underway."))
	f.want("DELETE", "/connectors/S?forward=false", "", 409, e(409, conflicting))
}

// stub is a leader that answers as told and keeps what it was sent.
func stub(t *testing.T, answer http.HandlerFunc) (*site, func() (*http.Request, string)) {
	var mu sync.Mutex
	var last *http.Request
	var body string
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		mu.Lock()
		last, body = r, string(b)
		mu.Unlock()
		answer(w, r)
	}))
	t.Cleanup(srv.Close)
	s := serve(t, nil)
	s.leader = func() error { return &herder.NotLeaderError{URL: srv.URL + "/"} }
	return s, func() (*http.Request, string) { mu.Lock(); defer mu.Unlock(); return last, body }
}

func TestWhatIsSentOn(t *testing.T) {
	s, last := stub(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(204) })
	s.want("DELETE", "/connectors/a%2Fb;m=1/", "", 204, "", "Authorization", "Basic abc", "X-Mine", "1", "Cookie", "c=1")
	r, body := last()
	want := http.Header{"Accept": {"application/json"}, "User-Agent": {"kafka-connect"}, "Authorization": {"Basic abc"}}
	if d := cmp.Diff(want, r.Header); d != "" || r.URL.EscapedPath() != "/connectors/a%2Fb" || r.URL.RawQuery != "forward=true" || body != "" {
		t.Errorf("%s %s?%s %q", d, r.URL.EscapedPath(), r.URL.RawQuery, body)
	}
	s.do("PUT", "/connectors/c/config?forward=true", `{`+fooClass+`, "b" : 1}`)
	r, body = last()
	if r.URL.RawQuery != "forward=false" || r.Header.Get("Content-Type") != "application/json" || body != `{`+fooClass+`, "b" : 1}` || r.Header.Get("Content-Length") == "0" {
		t.Errorf("%v %v %s", r.URL, r.Header, body)
	}
}

func TestAnswersOfOtherWorkers(t *testing.T) {
	for name, c := range map[string]struct {
		answer http.HandlerFunc
		status int
		text   string
	}{
		"error": {func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(418)
			_, _ = io.WriteString(w, e(418, "tea"))
		}, 418, "tea"},
		"error not JSON": {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(502); _, _ = io.WriteString(w, "<html>") }, 500, "IO Error trying to forward REST request: status 502 without a JSON error from "},
		"not JSON":       {func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "<html>") }, 500, "IO Error trying to forward REST request: the answer of "},
		"redirect": {func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "http://evil.invalid/", http.StatusFound)
		}, 500, "Unexpected status code when handling forwarded request: 302"},
		"cut short": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "9")
			_, _ = io.WriteString(w, "{")
		}, 500, "IO Error trying to forward REST request: "},
	} {
		s, _ := stub(t, c.answer)
		a := s.do("DELETE", "/connectors/S", "")
		if a.status != c.status || !strings.HasPrefix(a.body, strings.TrimSuffix(e(c.status, c.text), `"}`)) || a.header.Get("Content-Type") != "application/json" {
			t.Errorf("%s: %+v", name, a)
		}
		if c.status == 500 && !strings.Contains(s.log.String(), "a request failed") {
			t.Errorf("%s: nothing in the log", name)
		}
	}
	// A leader that is gone.
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	gone := "http://" + l.Addr().String() + "/"
	l.Close()
	s := serve(t, nil)
	s.leader = func() error { return &herder.NotLeaderError{URL: gone} }
	if a := s.do("DELETE", "/connectors/S", ""); a.status != 500 || !strings.Contains(a.body, "IO Error trying to forward REST request: ") {
		t.Errorf("%+v", a)
	}
}

func TestAPeerSignsTaskConfigurations(t *testing.T) {
	s := serve(t, nil)
	p := NewPeer()
	defer p.client.CloseIdleConnections()
	key := &store.SessionKey{Key: []byte("k"), Algorithm: herder.KeyAlgorithm}
	if err := p.PutTaskConfigs(t.Context(), s.url+"/", "a/b", []map[string]string{{"x": "<1>"}}, key); err != nil {
		t.Fatal(err)
	}
	if got := s.signed; len(got) != 4 || got[0] != "a/b" || got[2] != herder.Sign([]byte("k"), []byte(got[1])) || got[3] != "HmacSHA256" {
		t.Errorf("%q", got)
	}
	if err := p.PutTaskConfigs(t.Context(), s.url+"/", "c", nil, key); err != nil || s.signed[1] != "[]" {
		t.Errorf("%v %q", err, s.signed)
	}
	err := p.PutTaskConfigs(t.Context(), s.url+"/", "c", nil, nil)
	if err == nil || !strings.Contains(err.Error(), "task configurations of c with status 400: Internal request missing required signature") {
		t.Error(err)
	}
	s.want("POST", "/connectors/c/tasks", "[]", 400, e(400, "Internal request missing required signature"))
}

// Headers of a signed request are sent on too, to a leader that has just changed.
func TestASignatureIsSentOn(t *testing.T) {
	s, last := stub(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(204) })
	s.err = s.leader()
	a := s.do("POST", "/connectors/c/tasks", `[{"a":"b"}]`, herder.SignatureHeader, "sig", herder.SignatureAlgorithmHeader, "alg")
	r, body := last()
	if a.status != 204 || r.Header.Get(herder.SignatureHeader) != "sig" || r.Header.Get(herder.SignatureAlgorithmHeader) != "alg" || body != `[{"a":"b"}]` {
		t.Errorf("%+v: %v %s", a, r.Header, body)
	}
}
