package rest

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"
)

const fooClass = `"connector.class":"x.FooSourceConnector"`

func TestBodiesThatAreNotWhatIsWanted(t *testing.T) {
	s := serve(t, nil)
	post := "POST /connectors"
	for _, c := range []struct{ route, body, text string }{
		{post, `{`, "Malformed JSON: the body ends where more of a JSON object is expected (line 1, column 2)"},
		{post, "{\"name\":\"a\",\n \"config\":{\"x\":", "Malformed JSON: the body ends where more of a JSON object is expected (line 2, column 16)"},
		{post, " ", "Malformed JSON: the body ends where more of a JSON object is expected (line 1, column 2)"},
		{post, `xyz`, "Malformed JSON: invalid character 'x' at start of value (line 1, column 1)"},
		{post, `{'name':"a"}`, `Malformed JSON: invalid character '\'' at start of value (line 1, column 2)`},
		{post, "{\"name\":\n  nope}", "Malformed JSON: invalid character 'o' in literal null (expecting 'u') (line 2, column 4)"},
		{post, `{"name":"a",}`, `Malformed JSON: invalid character ',' at start of value (line 1, column 12)`},
		{post, `{"name":NaN}`, "Malformed JSON: invalid character 'N' at start of value (line 1, column 9)"},
		{post, "{\"name\":\"a\nb\"}", `Malformed JSON: invalid character '\n' in string (expecting non-control character) (line 1, column 11)`},
		{post, "{\"name\":\"\xff\"}", "Malformed JSON: invalid UTF-8 (line 1, column 10)"},
		{post, `{"name":"\ud800"}`, `Malformed JSON: invalid surrogate pair`},
		{post, `/* c */ {}`, `Malformed JSON: invalid character '/' at start of value (line 1, column 1)`},
		{post, `[]`, "Cannot deserialize value of type Object from Array value for the request (line 1, column 1)"},
		{post, "\n \"s3cret\"", "Cannot deserialize value of type Object from String value for the request (line 2, column 2)"},
		{post, `null`, "Cannot deserialize value of type Object from Null value for the request (line 1, column 1)"},
		{post, `12`, "Cannot deserialize value of type Object from Number value for the request (line 1, column 1)"},
		{post, `true`, "Cannot deserialize value of type Object from Boolean value for the request (line 1, column 1)"},
		{post, `{"name":"a"}`, `The request has no "config" object`},
		{post, `{"name":"a","config":null}`, `The request has no "config" object`},
		{post, `{"name":"a","config":[1]}`, `Cannot deserialize value of type Object from Array value for "config" (line 1, column 22)`},
		{post, `{"name":"a","config":"s3cret"}`, `Cannot deserialize value of type Object from String value for "config" (line 1, column 22)`},
		{post, "{\"name\":\"a\",\n\"config\":{\"x\":{\"y\":1}}}", `Cannot deserialize value of type String from Object value for "x" (line 2, column 15)`},
		{post, `{"name":"a","config":{"x":["s3cret"]}}`, `Cannot deserialize value of type String from Array value for "x" (line 1, column 27)`},
		{post, `{"name":["a"],"config":{}}`, `Cannot deserialize value of type String from Array value for "name" (line 1, column 9)`},
		{post, `{"name":"a","bogus":1,"config":{}}`, `Unrecognized field "bogus": a connector has "name", "config" and "initial_state" (line 1, column 21)`},
		{post, `{"Name":"a","config":{}}`, `Unrecognized field "Name": a connector has "name", "config" and "initial_state" (line 1, column 9)`},
		{post, `{"name":"a","config":{},"initial_state":"BOGUS"}`, `Cannot construct instance of initial_state from "BOGUS": want RUNNING, PAUSED or STOPPED (line 1, column 41)`},
		{post, `{"name":"a","config":{},"initial_state":""}`, `Cannot construct instance of initial_state from "": want RUNNING, PAUSED or STOPPED (line 1, column 41)`},
		{post, `{"name":"a","config":{},"initial_state":1}`, `Cannot construct instance of initial_state from "1": want RUNNING, PAUSED or STOPPED (line 1, column 41)`},
		{post, `{"name":"a","config":{},"initial_state":{}}`, `Cannot deserialize value of type String from Object value for "initial_state" (line 1, column 41)`},
		{post, `{"name":"a","config":{"name":"b"}}`, "Connector name configuration (b) doesn't match connector name in the URL (a)"},
		{post, `{"name":"a","config":{}}`, "Connector config {} contains no connector type"},
		{post, `{"name":"a","config":{"connector.class":"NoSuch"}}`, "Failed to find any class that implements Connector and which name matches NoSuch, available connectors are: "},
		{post, `{"name":"","config":{` + fooClass + `}}`, "Invalid value  for configuration name: String may not be empty"},
		{post, `{"name":null,"config":{` + fooClass + `}}`, "Invalid value  for configuration name: String may not be empty"},
		{post, `{"config":{` + fooClass + `}}`, "Invalid value  for configuration name: String may not be empty"},
		{"PUT /connectors/S/config", `[]`, "Cannot deserialize value of type Object from Array value for the configuration (line 1, column 1)"},
		{"PUT /connectors/S/config", `{"name":"other"}`, "Connector name configuration (other) doesn't match connector name in the URL (S)"},
		{"PATCH /connectors/S/config", `{"x":{}}`, `Cannot deserialize value of type String from Object value for "x" (line 1, column 6)`},
		{"PATCH /connectors/S/config", `null`, `Cannot deserialize value of type Object from Null value for the patch (line 1, column 1)`},
		{"PUT /connector-plugins/FooSource/config/validate", `{"x":[]}`, `Cannot deserialize value of type String from Array value for "x" (line 1, column 6)`},
	} {
		method, path, _ := strings.Cut(c.route, " ")
		a := s.do(method, path, c.body)
		var got errorBody
		if err := json.Unmarshal([]byte(a.body), &got); err != nil || a.status != 400 || got.Code != 400 || a.header.Get("Content-Type") != "application/json" {
			t.Errorf("%s %s: %+v", c.route, c.body, a)
		}
		if !strings.HasPrefix(got.Message, c.text) {
			t.Errorf("%s %s:\ngot  %s\nwant %s", c.route, c.body, got.Message, c.text)
		}
		if strings.Contains(a.body+s.log.String(), "s3cret") {
			t.Errorf("%s %s: the answer or log quotes the body: %s", c.route, c.body, a.body)
		}
	}
	// An empty body, which do would send without a type.
	s.want("POST", "/connectors", "", 400, e(400, "Malformed JSON: the body ends where more of a JSON object is expected (line 1, column 1)"), "Content-Type", "application/json")
	nulls := "Connector configuration is invalid and contains the following 2 error(s):\n" +
		"Null value can not be supplied as the configuration value. (configuration a: remove it, or give it a value)\n" +
		"Null value can not be supplied as the configuration value. (configuration b: remove it, or give it a value)\n" +
		"You can also find the above list of errors at the endpoint `/connector-plugins/{connectorType}/config/validate`"
	s.want("PUT", "/connectors/S/config", `{"b":null,"a":null}`, 400, e(400, nulls))
	s.want("POST", "/connectors", `{"name":"n","config":{"b":null,"a":null}}`, 400, e(400, nulls))
	s.want("PUT", "/connector-plugins/p/config/validate", `{"b":null,"a":null}`, 400, e(400, nulls))
}

func TestBodiesAreReadAsJacksonDoes(t *testing.T) {
	s := serve(t, nil)
	for body, want := range map[string]string{
		`{"k":1.50,"l":1e2,"m":true,"n":false,"o":-0,` + fooClass + `}`: `{"connector.class":"x.FooSourceConnector","k":"1.50","l":"1e2","m":"true","n":"false","name":"S","o":"-0"}`,
		"\xef\xbb\xbf{" + fooClass + "}":                                `{"connector.class":"x.FooSourceConnector","name":"S"}`,
		`{` + fooClass + `,"k":"1","k":"2"}`:                            `{"connector.class":"x.FooSourceConnector","k":"2","name":"S"}`,
		`{` + fooClass + `} trailing {{{`:                               `{"connector.class":"x.FooSourceConnector","name":"S"}`,
		`{` + fooClass + `,"name":null}`:                                `{"connector.class":"x.FooSourceConnector","name":"S"}`,
		`{` + fooClass + `,"k":"\u00e9\n\ud83d\ude00 \/ <&>"}`:          `{"connector.class":"x.FooSourceConnector","k":"é\n\uD83D\uDE00 / <&>","name":"S"}`,
		`{` + fooClass + `,"k":"${env:X}"}`:                             `{"connector.class":"x.FooSourceConnector","k":"${env:X}","name":"S"}`,
	} {
		a := s.do("PUT", "/connectors/S/config", body)
		if a.status != 200 {
			t.Errorf("%s: %+v", body, a)
		}
		s.want("GET", "/connectors/S/config", "", 200, want)
	}
	a := s.do("POST", "/connectors", `{"config":{"x":"1"},"name":12,"config":{`+fooClass+`,"tasks.max":2,"on":true},"initial_state":null}`)
	want := `{"name":"12","config":{"connector.class":"x.FooSourceConnector","name":"12","on":"true","tasks.max":"2"},"tasks":[],"type":"source"}`
	if a.status != 201 || a.body != want {
		t.Errorf("%+v", a)
	}
}

func TestStringsAreEscapedAsJacksonDoes(t *testing.T) {
	for in, want := range map[string]string{
		"\x00\x07\b\t\n\v\f\r\x1f\x7f": `"\u0000\u0007\b\t\n\u000B\f\r\u001F` + "\x7f\"",
		`"\/<>&'`:                      `"\"\\/<>&'"`,
		"é漢\u2028\u2029\ufeff":         "\"é漢\u2028\u2029\ufeff\"",
		"😀x𝄞":                          `"\uD83D\uDE00x\uD834\uDD1E"`,
		"\xff":                         "\"\ufffd\"",
		`\u0041`:                       `"\\u0041"`,
	} {
		if got := string(must(marshal(in))); got != want {
			t.Errorf("%q: %s, want %s", in, got, want)
		}
	}
}

func FuzzMarshalKeepsText(f *testing.F) {
	for _, s := range []string{"", "\\u0041", "\x00\u2028😀", "\\\\u", "\U0010ffff\ufffd"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		b, err := marshal(map[string]string{s: s})
		if err != nil {
			t.Fatal(err)
		}
		var back map[string]string
		if err := json.Unmarshal(b, &back); err != nil {
			t.Fatalf("%q: %v", b, err)
		}
		if valid := strings.ToValidUTF8(s, "\ufffd"); utf8.ValidString(s) && back[s] != s || len(back) != 1 || len(valid) == 0 && s != "" {
			t.Errorf("%q became %q", s, b)
		}
		for _, r := range string(b) {
			if r < ' ' || r > 0xffff {
				t.Errorf("%q has %U", b, r)
			}
		}
	})
}

// Any body gives an answer with a place in the body, never a panic, and what is taken is what encoding/json reads.
func FuzzBody(f *testing.F) {
	for _, s := range []string{`{"a":"b","c":1e2}`, `{"a":{}}`, "\xef\xbb\xbf{}", `{"a"`, "[", "{}x", "", `{"\ud800":1}`, `{"a":"\u0000"}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		doc, whole := parse(body)
		members, err := doc.object(whole, "x")
		if err == nil {
			_, err = doc.config(members)
		}
		if err != nil {
			if code, _ := statusOf(err); code != 400 {
				t.Fatalf("%q: %v", body, err)
			}
			return
		}
		var want map[string]any
		if err := json.NewDecoder(strings.NewReader(string(doc))).Decode(&want); err != nil {
			t.Fatalf("%q was taken, but %v", body, err)
		}
		if len(want) != len(members) {
			t.Errorf("%q: %d members, want %d", body, len(members), len(want))
		}
		for k, m := range members {
			if s, err := doc.text(m, k); err != nil || s == nil {
				t.Errorf("%q: %q: %v", body, k, err)
			} else if w, ok := want[k].(string); ok && w != *s {
				t.Errorf("%q: %q is %q, want %q", body, k, *s, w)
			}
			if string(doc[m.at:m.at+len(m.raw)]) != string(m.raw) {
				t.Errorf("%q: %q is not at %d", body, k, m.at)
			}
		}
	})
}
