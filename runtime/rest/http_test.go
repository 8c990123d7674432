package rest

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/kurier-io/kurier/runtime/settings"
)

var (
	j404 = e(404, "HTTP 404 Not Found")
	j405 = e(405, "HTTP 405 Method Not Allowed")
	j406 = e(406, "HTTP 406 Not Acceptable")
	j415 = e(415, "HTTP 415 Unsupported Media Type")
)

func TestRouting(t *testing.T) {
	s := serve(t, nil)
	for _, c := range []struct {
		method, path string
		status       int
		body         string
	}{
		{"GET", "/nosuch", 404, j404},
		{"GET", "/Connectors", 404, j404},
		{"GET", "//connectors", 404, j404},
		{"GET", "/connectors//", 404, j404},
		{"GET", "/connectors//status", 404, j404},
		{"GET", "/connectors/S//status", 404, j404},
		{"GET", "/connectors/S/status//", 404, j404},
		{"GET", "/connectors/S/tasks/0", 404, j404},
		{"GET", "/connectors/S/tasks/0/", 404, j404},
		{"GET", "/connectors/S/../F/status", 404, j404},
		{"GET", "/connectors/;x/status", 404, j404},
		{"GET", "/connector-plugins/p", 404, j404},
		{"GET", "/admin", 404, j404},
		{"DELETE", "/connectors", 405, j405},
		{"POST", "/connectors/S", 405, j405},
		{"GET", "/connectors/S/pause", 405, j405},
		{"TRACE", "/connectors", 405, j405},
		{"BREW", "/", 405, j405},
		{"HEAD", "/connectors/S/pause", 405, ""},
		{"OPTIONS", "/nosuch", 404, j404},
	} {
		a := s.want(c.method, c.path, "", c.status, c.body)
		if _, given := a.header["Content-Type"]; given || a.header.Get("Allow") != "" {
			t.Errorf("%s %s: headers %v", c.method, c.path, a.header)
		}
	}
	for path, want := range map[string]string{
		"/connectors/":                     `["F","S"]`,
		"/connectors;x=1":                  `["F","S"]`,
		"/connectors/S;a=b":                `{"name":"S","config":{"a":"1","connector.class":"x.FooSourceConnector","name":"S"},"tasks":[{"connector":"S","task":0},{"connector":"S","task":1}],"type":"source"}`,
		"/connectors/S;a=b/config;c/":      `{"a":"1","connector.class":"x.FooSourceConnector","name":"S"}`,
		"/connectors/S/tasks/00/status":    `{"id":0,"state":"RUNNING","worker_id":"10.0.0.1:8083"}`,
		"/connectors/S/tasks/%30/status/":  `{"id":0,"state":"RUNNING","worker_id":"10.0.0.1:8083"}`,
		"/connectors?timeout=1&%zz=1&a;b=": `["F","S"]`,
	} {
		s.want("GET", path, "", 200, want)
	}
	s.want("GET", "/connectors/..", "", 404, e(404, "Connector .. not found"))
	for path, want := range map[string]string{"abc": "HTTP 404 Not Found", "99999999999": "HTTP 404 Not Found", "-1": "No status found for task S--1"} {
		a := s.want("GET", "/connectors/S/tasks/"+path+"/status", "", 404, e(404, want))
		if a.header.Get("Content-Type") != "application/json" {
			t.Errorf("task %s: %v", path, a.header)
		}
	}
}

func TestOptionsAndHead(t *testing.T) {
	s := serve(t, nil)
	for path, want := range map[string]string{
		"/": "GET HEAD OPTIONS", "/health": "GET HEAD OPTIONS", "/connector-plugins": "GET HEAD OPTIONS", "/connector-plugins/p/config": "GET HEAD OPTIONS",
		"/connectors/c/status": "GET HEAD OPTIONS", "/connectors/c/topics": "GET HEAD OPTIONS", "/connectors/c/tasks-config": "GET HEAD OPTIONS",
		"/connectors/c/tasks/0/status": "GET HEAD OPTIONS", "/connectors": "GET HEAD OPTIONS POST", "/connectors/c/tasks": "GET HEAD OPTIONS POST",
		"/connectors/c": "DELETE GET HEAD OPTIONS", "/connectors/c/config": "GET HEAD OPTIONS PATCH PUT", "/connectors/c/offsets": "GET HEAD OPTIONS",
		"/connectors/c/restart": "OPTIONS POST", "/connectors/c/tasks/0/restart": "OPTIONS POST", "/connectors/c/stop": "OPTIONS PUT",
		"/connectors/c/pause": "OPTIONS PUT", "/connectors/c/resume": "OPTIONS PUT", "/connectors/c/topics/reset": "OPTIONS PUT",
		"/connector-plugins/p/config/validate": "OPTIONS PUT",
	} {
		a := s.do("OPTIONS", path, "")
		got := strings.Split(a.header.Get("Allow"), ", ")
		slices.Sort(got)
		if a.status != 200 || strings.Join(got, " ") != want || a.body != a.header.Get("Allow") || a.header.Get("Content-Type") != "text/plain" {
			t.Errorf("%s: %+v, want %s", path, a, want)
		}
	}
	a := s.want("OPTIONS", "/", "", 200, "", "Accept", "application/json")
	if a.header.Get("Allow") == "" || a.length != 0 {
		t.Errorf("OPTIONS for JSON: %+v", a)
	}
	for _, path := range []string{"/", "/health", "/connectors", "/connectors/S", "/connectors/N", "/connectors/S/tasks", "/connector-plugins"} {
		get, head := s.do("GET", path, ""), s.do("HEAD", path, "")
		if head.status != get.status || head.body != "" || head.length != int64(len(get.body)) || head.header.Get("Content-Type") != "application/json" {
			t.Errorf("HEAD %s: %+v; GET: %+v", path, head, get)
		}
	}
}

func TestContentNegotiation(t *testing.T) {
	s := serve(t, nil)
	for _, c := range []struct {
		accept string
		status int
		ct     string
	}{
		{"", 200, "application/json"}, {"*/*", 200, "application/json"}, {"application/*", 200, "application/json"},
		{"text/html, application/json;q=0.9, */*;q=0.8", 200, "application/json"}, {"text/html, image/gif, *; q=.2, */*; q=.2", 200, "application/json"},
		{"application/json;charset=utf-8", 200, "application/json;charset=utf-8"}, {"text/html;charset=utf-8, */*", 200, "application/json"},
		{"text/html", 406, ""}, {"text/plain", 406, ""}, {"garbage", 406, ""}, {"application/json;q=0", 406, ""}, {"application/vnd.x+json", 406, ""},
	} {
		for _, path := range []string{"/connectors", "/", "/health"} {
			a := s.do("GET", path, "", "Accept", c.accept)
			if a.status != c.status || a.header.Get("Content-Type") != c.ct || a.status == 406 && a.body != j406 {
				t.Errorf("Accept %q at %s: %+v", c.accept, path, a)
			}
		}
	}
	s.want("GET", "/nosuch", "", 404, j404, "Accept", "text/html")
	for _, c := range []struct {
		method, path, body, ct string
		status                 int
		bare                   bool
	}{
		{"GET", "/connectors", "", "text/plain", 415, true},
		{"PUT", "/connectors/S/resume", "", "application/x-www-form-urlencoded", 415, true},
		{"DELETE", "/connectors/S", "", "application/vnd.x+json", 415, true},
		{"POST", "/connectors", "{}", "application/x-www-form-urlencoded", 415, true},
		{"POST", "/connectors", "{}", "garbage", 415, true},
		{"POST", "/connectors", "{}", "", 415, false},
		{"PUT", "/connectors/S/resume", "x", "APPLICATION/JSON", 202, true},
		{"PUT", "/connectors/S/resume", "x", "application/json; charset=utf-8", 202, true},
		{"GET", "/", "", "text/plain", 200, false},
		{"POST", "/connectors/S/tasks", "[]", "text/plain", 400, false},
	} {
		headers := []string{"Content-Type", c.ct}
		a := s.do(c.method, c.path, c.body, headers...)
		_, typed := a.header["Content-Type"]
		if a.status != c.status || typed == c.bare || a.status == 415 && a.body != j415 {
			t.Errorf("%+v: %+v", c, a)
		}
	}
}

func TestNamesInPaths(t *testing.T) {
	s := serve(t, nil)
	names := []string{
		"with space", "a/b", "a%2Fb", "semi;x", "q?", "h#", `back\slash`, "{x}", `"`, "nl\nx", "é漢字😀", "with+space", "..", "%", "a/b é{;}", "~-_.!*'()",
	}
	for _, n := range names {
		s.connectors[n] = &fakeConnector{config: map[string]string{"name": n}}
	}
	for path, name := range map[string]string{
		"with%20space": "with space", "with+space": "with+space", "a%2Fb": "a/b", "a%252Fb": "a%2Fb", "semi%3Bx": "semi;x", "semi%3Bx;y=z": "semi;x", "q%3F": "q?",
		"h%23": "h#", "back%5Cslash": `back\slash`, "%7Bx%7D": "{x}", "{x}": "{x}", "%22": `"`, "nl%0Ax": "nl\nx", "%C3%A9%E6%BC%A2%E5%AD%97%F0%9F%98%80": "é漢字😀",
		"%25": "%", "a%2Fb%20%C3%A9%7B%3B%7D": "a/b é{;}", "~-_.!*'()": "~-_.!*'()", "%2E%2E": "..",
	} {
		s.want("GET", "/connectors/"+path+"/config", "", 200, string(must(marshal(map[string]string{"name": name}))))
	}
	for path, name := range map[string]string{"%FF": "\uFFFD", "with%2520space": "with%20space", "semi;x": "semi", "%20S": " S", "s": "s"} {
		s.want("GET", "/connectors/"+path, "", 404, e(404, "Connector "+name+" not found"))
	}
	s.want("GET", "/connectors/a%00b", "", 400, e(400, "Bad Request: the path has a broken percent escape"))

	// What no client library sends: raw UTF-8 beside an escaped slash, and broken escapes, which net/http refuses.
	for target, want := range map[string]string{
		"/connectors/a%2Fb é{%3B}/config": "HTTP/1.1 400 Bad Request", // a raw blank
		"/connectors/a%2Fb%20é{%3B}":      "HTTP/1.1 200 OK",
		"/connectors/%":                   "HTTP/1.1 400 Bad Request",
		"/connectors/%zz":                 "HTTP/1.1 400 Bad Request",
	} {
		if got := s.raw("GET " + target + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"); !strings.HasPrefix(got, want) {
			t.Errorf("%s: %s", target, got)
		}
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// raw sends bytes and returns what comes back until the server closes.
func (s *site) raw(request string) string {
	s.t.Helper()
	c, err := net.Dial("tcp", strings.TrimPrefix(s.url, "http://"))
	if err != nil {
		s.t.Fatal(err)
	}
	defer c.Close()
	if _, err := io.WriteString(c, request); err != nil {
		s.t.Fatal(err)
	}
	b, err := io.ReadAll(c)
	if err != nil && len(b) == 0 {
		s.t.Fatal(err)
	}
	return string(b)
}

func TestLimits(t *testing.T) {
	s := serve(t, nil)
	got := s.raw("GET /" + strings.Repeat("x", maxHeader+5000) + " HTTP/1.1\r\nHost: x\r\n\r\n")
	if !strings.HasPrefix(got, "HTTP/1.1 431 ") {
		t.Errorf("a long URI: %s", got)
	}
	want := e(413, "The request body has more than 16777216 bytes")
	got = s.raw(fmt.Sprintf("POST /connectors HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: %d\r\n\r\n", maxBody+1))
	if !strings.HasPrefix(got, "HTTP/1.1 413 ") || !strings.HasSuffix(got, want) {
		t.Errorf("a body announced too large: %s", got)
	}
	// In chunks nothing announces the size.
	req, err := http.NewRequest("POST", s.url+"/connectors", io.MultiReader(strings.NewReader(`{"name":"`), strings.NewReader(strings.Repeat("x", maxBody))))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if b, _ := io.ReadAll(resp.Body); resp.StatusCode != 413 || string(b) != want {
		t.Errorf("a body too large: %d %s", resp.StatusCode, b)
	}
	// A body that ends before its announced length is the client's fault.
	c, err := net.Dial("tcp", strings.TrimPrefix(s.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := io.WriteString(c, "POST /connectors HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 10\r\n\r\n{"); err != nil {
		t.Fatal(err)
	}
	if err := c.(*net.TCPConn).CloseWrite(); err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(c).ReadString('\n'); err != nil || !strings.HasPrefix(line, "HTTP/1.1 400 ") {
		t.Errorf("a body cut short: %s %v", line, err)
	}
	s.want("GET", "/connectors", "", 200, `["F","S"]`)
}

func TestAPanicFailsOneRequest(t *testing.T) {
	s := serve(t, nil)
	s.panics = true
	s.want("GET", "/connectors/S", "", 500, e(500, "Internal error in the worker, whose log says more"))
	if log := s.log.String(); !strings.Contains(log, "found a bug") || !strings.Contains(log, "fake_test.go") || strings.Count(log, "a REST handler panicked") != 1 {
		t.Errorf("log: %s", log)
	}
	s.want("GET", "/connectors", "", 200, `["F","S"]`)
}

func TestConfiguredHeaders(t *testing.T) {
	s := serve(t, func(r *settings.REST) {
		r.ResponseHeaders = `"add Cache-Control: no-cache, no-store",set X-Two: 2, setDate Expires: -1000`
	})
	for _, path := range []string{"/", "/nosuch", "//", "/connectors/N"} {
		h := s.do("GET", path, "").header
		if h.Get("Cache-Control") != "no-cache, no-store" || h.Get("X-Two") != "2" || !strings.HasSuffix(h.Get("Expires"), " GMT") {
			t.Errorf("%s: %v", path, h)
		}
	}
	for _, rule := range []string{"set", "set X-A", "set X A: b", "put X-A: b", "setDate X-A: noon"} {
		if _, err := New(Config{Settings: settings.REST{ResponseHeaders: rule}}); err == nil {
			t.Errorf("%q was taken", rule)
		}
	}
}

func TestCORS(t *testing.T) {
	s := serve(t, func(r *settings.REST) {
		r.AllowOrigin, r.AllowMethods = `http://a.example,http://.*\.b\.example`, "GET,PUT"
	})
	for origin, allowed := range map[string]bool{
		"http://a.example": true, "http://x.b.example": true, "http://a.example.evil": false, "http://evil": false, "": false,
	} {
		for _, path := range []string{"/", "/nosuch"} {
			a := s.do("GET", path, "", "Origin", origin)
			h := a.header
			got := h.Get("Access-Control-Allow-Origin") == origin && h.Get("Access-Control-Allow-Credentials") == "true"
			if a.status == 403 || (got && origin != "") != allowed || h.Get("Vary") != "Origin" || h.Get("Access-Control-Max-Age") != "" {
				t.Errorf("%q at %s: %+v", origin, path, a)
			}
		}
	}
	a := s.do("OPTIONS", "/connectors", "", "Origin", "http://a.example", "Access-Control-Request-Method", "DELETE")
	h := a.header
	if a.status != 200 || h.Get("Allow") == "" || h.Get("Access-Control-Allow-Methods") != "GET,PUT" || h.Get("Access-Control-Allow-Headers") != "Content-Type" || h.Get("Access-Control-Max-Age") != "60" {
		t.Errorf("preflight: %+v", a)
	}
	if a := serve(t, nil).do("GET", "/", "", "Origin", "http://a.example"); a.header.Get("Vary") != "" || a.header.Get("Access-Control-Allow-Origin") != "" {
		t.Errorf("without a configured origin: %+v", a)
	}
	any := serve(t, func(r *settings.REST) { r.AllowOrigin = "*" })
	if a := any.do("GET", "/", "", "Origin", "null"); a.header.Get("Access-Control-Allow-Origin") != "null" {
		t.Errorf("any origin: %+v", a)
	}
	if _, err := New(Config{Settings: settings.REST{AllowOrigin: "["}}); err == nil {
		t.Error("a broken origin was taken")
	}
}
