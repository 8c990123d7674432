package rest

import (
	"errors"
	"net/http"
	"testing"

	"github.com/kurier-io/kurier/plugins/config"
	"github.com/kurier-io/kurier/plugins/registry"
	"github.com/kurier-io/kurier/runtime/herder"
	"github.com/kurier-io/kurier/runtime/store"
)

const (
	infoS = `{"name":"S","config":{"a":"1","connector.class":"x.FooSourceConnector","name":"S"},"tasks":[{"connector":"S","task":0},{"connector":"S","task":1}],"type":"source"}`
	statS = `{"name":"S","connector":{"state":"RUNNING","worker_id":"10.0.0.1:8083"},"tasks":[{"id":0,"state":"RUNNING","worker_id":"10.0.0.1:8083"},{"id":1,"state":"RUNNING","worker_id":"10.0.0.1:8083"}],"type":"source"}`
	statF = `{"name":"F","connector":{"state":"RUNNING","worker_id":"10.0.0.1:8083"},"tasks":[{"id":0,"state":"RUNNING","worker_id":"10.0.0.1:8083"},{"id":1,"state":"FAILED","worker_id":"10.0.0.1:8083","trace":"java.lang.RuntimeException: x\n\tat <y>\n"}],"type":"source"}`
)

func TestWorkerItself(t *testing.T) {
	s := serve(t, nil)
	a := s.want("GET", "/", "", 200, `{"version":"4.1.0-kurier.1.2","commit":"abc","kafka_cluster_id":"id"}`)
	if a.header.Get("Content-Type") != "application/json" || a.length != int64(len(a.body)) {
		t.Errorf("%+v", a)
	}
	s.want("GET", "/health", "", 200, `{"status":"healthy","message":"Worker has completed startup and is ready to handle requests."}`)
	s.health = herder.Health{Started: true, Message: "m"}
	s.want("GET", "/health", "", 500, `{"status":"unhealthy","message":"m"}`)
	s.health = herder.Health{Message: "m"}
	s.want("GET", "/health", "", 503, `{"status":"starting","message":"m"}`)
}

func TestListing(t *testing.T) {
	s := serve(t, nil)
	s.connectors["new"] = &fakeConnector{silent: true, config: map[string]string{"name": "new"}}
	s.want("GET", "/connectors", "", 200, `["F","S","new"]`)
	for _, q := range []string{"expand", "expand=", "expand=status,info", "expand=STATUS", "expand=bogus"} {
		s.want("GET", "/connectors?"+q, "", 200, `{"F":{},"S":{},"new":{}}`)
	}
	s.want("GET", "/connectors?expand=status", "", 200, `{"F":{"status":`+statF+`},"S":{"status":`+statS+`}}`)
	delete(s.connectors, "F")
	s.want("GET", "/connectors?expand=info", "", 200, `{"S":{"info":`+infoS+`},"new":{"info":{"name":"new","config":{"name":"new"},"tasks":[],"type":"source"}}}`)
	s.want("GET", "/connectors?expand=status&expand=x&expand=info", "", 200, `{"S":{"status":`+statS+`,"info":`+infoS+`}}`)
	clear(s.connectors)
	s.want("GET", "/connectors", "", 200, `[]`)
	s.want("GET", "/connectors?expand=info", "", 200, `{}`)
}

func TestReads(t *testing.T) {
	s := serve(t, nil)
	s.want("GET", "/connectors/S", "", 200, infoS)
	s.want("GET", "/connectors/S/config", "", 200, `{"a":"1","connector.class":"x.FooSourceConnector","name":"S"}`)
	s.want("GET", "/connectors/S/status", "", 200, statS)
	s.want("GET", "/connectors/F/status", "", 200, statF)
	s.want("GET", "/connectors/F/tasks/1/status", "", 200, `{"id":1,"state":"FAILED","worker_id":"10.0.0.1:8083","trace":"java.lang.RuntimeException: x\n\tat <y>\n"}`)
	s.want("GET", "/connectors/S/tasks", "", 200, `[{"id":{"connector":"S","task":0},"config":{"task.class":"x.FooSourceTask"}},{"id":{"connector":"S","task":1},"config":{"task.class":"x.FooSourceTask"}}]`)
	s.want("GET", "/connectors/S/tasks-config", "", 200, `{"S-0":{"task.class":"x.FooSourceTask"},"S-1":{"task.class":"x.FooSourceTask"}}`)
	s.connectors["S"].tasks = 0
	s.want("GET", "/connectors/S/tasks", "", 200, `[]`)
	s.want("GET", "/connectors/S/tasks-config", "", 200, `{}`)
	s.want("GET", "/connectors/S/offsets", "", 200, `{"offsets":[]}`)
	s.offsets = []herder.ConnectorOffset{{
		Partition: map[string]any{"kafka_topic": "orders", "kafka_partition": 0}, Offset: map[string]any{"kafka_offset": int64(1) << 60},
	}}
	s.want("GET", "/connectors/S/offsets", "", 200, `{"offsets":[{"partition":{"kafka_partition":0,"kafka_topic":"orders"},"offset":{"kafka_offset":1152921504606846976}}]}`)
	for _, path := range []string{"", "/config", "/tasks", "/tasks-config", "/offsets"} {
		s.want("GET", "/connectors/N"+path, "", 404, e(404, "Connector N not found"))
	}
	s.want("GET", "/connectors/N/status", "", 404, e(404, "No status found for connector N"))
	s.want("GET", "/connectors/S/tasks/9/status", "", 404, e(404, "No status found for task S-9"))
	s.err = errors.New("Request cannot be completed because a rebalance is expected")
	s.want("GET", "/connectors/S", "", 500, e(500, "Request cannot be completed because a rebalance is expected"))
	s.err = &herder.UnavailableError{Msg: "later"}
	s.want("GET", "/connectors/S", "", 503, e(503, "later"))
}

func TestCreating(t *testing.T) {
	s := serve(t, nil)
	for name, escaped := range map[string]string{"with space": "with%20space", "uni-é漢字😀": "uni-%C3%A9%E6%BC%A2%E5%AD%97%F0%9F%98%80", "semi;x": "semi%3Bx", "a/b": "a/b", "{x}": "%7Bx%7D", "50%": "50%25"} {
		a := s.do("POST", "/connectors", `{"name":"`+name+`","config":{`+fooClass+`}}`)
		if a.status != 201 || a.header.Get("Location") != s.url+"/connectors/"+escaped {
			t.Errorf("%s: %+v", name, a)
		}
	}
	a := s.want("POST", "/connectors", `{"name":" \t pad\n","config":{`+fooClass+`}}`, 201,
		`{"name":"pad","config":{"connector.class":"x.FooSourceConnector","name":"pad"},"tasks":[],"type":"source"}`, "Host", "connect.example:80")
	if a.header.Get("Location") != "http://connect.example:80/connectors/pad" {
		t.Errorf("%+v", a)
	}
	s.want("POST", "/connectors", `{"name":"pad","config":{`+fooClass+`}}`, 409, e(409, "Connector pad already exists"))
	for state, want := range map[string]store.TargetState{`"stopped"`: store.Stopped, `"Paused"`: store.Paused, `"RUNNING"`: store.Started, `null`: store.Started} {
		if a := s.do("POST", "/connectors", `{"name":"i`+string(want)+state[:2][1:]+`","config":{`+fooClass+`},"initial_state":`+state+`}`); a.status != 201 {
			t.Errorf("%s: %+v", state, a)
		}
		if c := s.connectors["i"+string(want)+state[:2][1:]]; c == nil || c.target != want {
			t.Errorf("initial_state %s: %+v", state, c)
		}
	}
	created := `{"name":" lead","config":{"connector.class":"x.FooSourceConnector","name":" lead"},"tasks":[],"type":"source"}`
	if a := s.want("PUT", "/connectors/%20lead/config", `{`+fooClass+`}`, 201, created); a.header.Get("Location") != s.url+"/connectors/%20lead" {
		t.Errorf("%+v", a)
	}
	if a := s.want("PUT", "/connectors/%20lead/config", `{`+fooClass+`}`, 200, created); a.header.Get("Location") != "" {
		t.Errorf("%+v", a)
	}
	s.want("PATCH", "/connectors/S/config", `{"a":null,"b":"c","d":1}`, 200,
		`{"name":"S","config":{"b":"c","connector.class":"x.FooSourceConnector","d":"1","name":"S"},"tasks":[{"connector":"S","task":0},{"connector":"S","task":1}],"type":"source"}`)
	if a := s.do("PATCH", "/connectors/S/config", `{}`); a.status != 200 || a.header.Get("Location") != "" {
		t.Errorf("%+v", a)
	}
	s.want("PATCH", "/connectors/N/config", `{}`, 404, e(404, "Connector N not found"))
}

func TestChangingState(t *testing.T) {
	s := serve(t, nil)
	empty := func(method, path string, status int) {
		t.Helper()
		a := s.want(method, path, "", status, "")
		_, typed := a.header["Content-Type"]
		_, long := a.header["Content-Length"]
		if typed || long != (status == http.StatusAccepted) || status == http.StatusAccepted && a.length != 0 {
			t.Errorf("%s %s: %+v", method, path, a)
		}
	}
	for range 2 {
		empty("PUT", "/connectors/S/pause", 202)
	}
	empty("PUT", "/connectors/S/resume", 202)
	for range 2 {
		empty("PUT", "/connectors/F/stop", 204)
	}
	for _, verb := range []string{"pause", "resume", "stop"} {
		s.want("PUT", "/connectors/N/"+verb, "", 404, e(404, "Unknown connector N"))
	}
	for _, q := range []string{"", "?includeTasks=false&onlyFailed=false", "?includeTasks=yes", "?includeTasks=1&onlyFailed", "?includeTasks=false&includeTasks=true"} {
		empty("POST", "/connectors/S/restart"+q, 204)
		s.want("POST", "/connectors/N/restart"+q, "", 404, e(404, "Unknown connector: N"))
	}
	plan := `{"name":"S","connector":{"state":"RESTARTING","worker_id":"10.0.0.1:8083"},"tasks":[{"id":0,"state":"RESTARTING","worker_id":"10.0.0.1:8083"},{"id":1,"state":"RESTARTING","worker_id":"10.0.0.1:8083"}],"type":"source"}`
	s.want("POST", "/connectors/S/restart?includeTasks=TRUE", "", 202, plan)
	s.want("POST", "/connectors/S/restart?onlyFailed=true", "", 202, statS)
	s.want("POST", "/connectors/N/restart?onlyFailed=true", "", 404, e(404, "Unknown connector: N"))
	empty("POST", "/connectors/S/tasks/0/restart", 204)
	s.want("POST", "/connectors/S/tasks/7/restart", "", 404, e(404, "Unknown task: S-7"))
	s.want("POST", "/connectors/N/tasks/0/restart", "", 404, e(404, "Unknown connector: N"))
	empty("DELETE", "/connectors/S", 204)
	s.want("DELETE", "/connectors/S", "", 404, e(404, "Connector S not found"))
	s.err = errors.New("Failed to start connector: S")
	s.want("POST", "/connectors/S/restart", "", 500, e(500, "Failed to start connector: S"))
	s.err = herder.StaleConfig()
	s.want("POST", "/connectors/S/restart", "", 409, e(409, "Cannot complete request momentarily due to stale configuration (typically caused by a concurrent config change)"))
}

func TestTopicsOfAConnector(t *testing.T) {
	s := serve(t, nil)
	s.want("GET", "/connectors/S/topics", "", 200, `{"S":{"topics":["t1","t2"]}}`)
	s.want("GET", "/connectors/N/topics", "", 200, `{"N":{"topics":[]}}`)
	for _, c := range []string{"S", "N"} {
		if a := s.want("PUT", "/connectors/"+c+"/topics/reset", "", 202, ""); a.header.Get("Content-Length") != "0" {
			t.Errorf("%+v", a)
		}
	}
	s.topicsErr = &herder.ForbiddenError{Msg: "Topic tracking is disabled."}
	s.want("GET", "/connectors/S/topics", "", 403, e(403, "Topic tracking is disabled."))
	s.want("PUT", "/connectors/S/topics/reset", "", 403, e(403, "Topic tracking is disabled."))
}

func TestPlugins(t *testing.T) {
	s := serve(t, nil)
	short := `[{"class":"x.sink","type":"sink"},{"class":"x.source","type":"source","version":"1.0"}]`
	for _, q := range []string{"", "?connectorsOnly=true", "?connectorsOnly=TRUE", "?connectorsOnly=", "?connectorsOnly"} {
		s.want("GET", "/connector-plugins"+q, "", 200, short)
	}
	for _, q := range []string{"false", "xyz"} {
		s.want("GET", "/connector-plugins?connectorsOnly="+q, "", 200, short[:len(short)-1]+`,{"class":"x.transformation","type":"transformation","version":"1.0"},`+
			`{"class":"x.predicate","type":"predicate","version":"1.0"},{"class":"x.converter","type":"converter","version":"1.0"},{"class":"x.header_converter","type":"header_converter","version":"1.0"}]`)
	}
	keys := `{"name":"opt","type":"INT","required":false,"default_value":"7","importance":"MEDIUM","documentation":"doc","group":"G","width":"SHORT","display_name":"Opt","dependents":["b"],"order":2}`
	s.want("GET", "/connector-plugins/FooSource/config", "", 200, `[`+keys+`,`+
		`{"name":"pw","type":"PASSWORD","required":false,"default_value":"[hidden]","importance":"HIGH","documentation":"","group":null,"width":"NONE","display_name":"pw","dependents":[],"order":-1},`+
		`{"name":"must","type":"STRING","required":true,"default_value":null,"importance":"MEDIUM","documentation":"","group":null,"width":"NONE","display_name":"must","dependents":[],"order":-1}]`)
	s.want("GET", "/connector-plugins/No%20Such/config", "", 404, e(404, "Unknown plugin No Such."))

	key := config.Key{Name: "opt", Type: config.IntType, Default: new("7"), Importance: "MEDIUM", Doc: "doc", Group: "G", Order: 2, Width: "SHORT", DisplayName: "Opt", Dependents: []string{"b"}}
	s.validate = func(cfg map[string]string) (herder.ConfigInfos, error) {
		return herder.ConfigInfos{Name: cfg["connector.class"], ErrorCount: 1, Groups: []string{"G"}, Configs: []herder.ConfigInfo{
			{Value: config.Value{Name: "u", Recommended: []string{}, Errors: []string{"bad"}, Visible: true}},
			{Definition: &key, Value: config.Value{Name: "opt", Value: new("7"), Recommended: []string{"7"}, Errors: []string{}, Visible: false}},
		}}, nil
	}
	for _, p := range []string{"x.FooSourceConnector", "FooSourceConnector", "FooSource", "Source", "e"} {
		s.want("PUT", "/connector-plugins/"+p+"/config/validate", `{`+fooClass+`}`, 200, `{"name":"x.FooSourceConnector","error_count":1,"groups":["G"],"configs":[`+
			`{"definition":null,"value":{"name":"u","value":null,"recommended_values":[],"errors":["bad"],"visible":true}},`+
			`{"definition":`+keys+`,"value":{"name":"opt","value":"7","recommended_values":["7"],"errors":[],"visible":false}}]}`)
	}
	const validate = "/connector-plugins/FooSource/config/validate"
	s.want("PUT", "/connector-plugins/Bar/config/validate", `{`+fooClass+`}`, 400, e(400, "Included connector type x.FooSourceConnector does not match request type Bar"))
	s.want("PUT", validate, `{}`, 500, e(500, "org.apache.kafka.connect.runtime.rest.errors.BadRequestException: Connector config {} contains no connector type"))
	s.validate = func(map[string]string) (herder.ConfigInfos, error) {
		return herder.ConfigInfos{}, &registry.NotFoundError{Name: "X"}
	}
	s.want("PUT", validate, `{`+fooClass+`}`, 500,
		e(500, "org.apache.kafka.connect.runtime.rest.errors.BadRequestException: Failed to find any class that implements Connector and which name matches X, available connectors are: "))
	s.validate = func(map[string]string) (herder.ConfigInfos, error) {
		return herder.ConfigInfos{}, errors.New("the plugin is gone")
	}
	s.want("PUT", validate, `{`+fooClass+`}`, 500, e(500, "org.apache.kafka.connect.errors.ConnectException: the plugin is gone"))
}
