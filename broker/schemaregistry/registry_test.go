package schemaregistry_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
	"go.uber.org/goleak"

	"github.com/kurier-io/kurier/broker/brokertest"
	"github.com/kurier-io/kurier/broker/schemaregistry"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// registry is a running one that stops at the end of its test.
type registry struct {
	t    testing.TB
	r    *schemaregistry.Registry
	stop func()
}

func start(t testing.TB, kafka *brokertest.Cluster, change ...func(*schemaregistry.Config)) *registry {
	t.Helper()
	cfg := schemaregistry.Config{Addr: "127.0.0.1:0", Client: []kgo.Opt{kgo.SeedBrokers(kafka.Addr()), kgo.Dialer(kafka.Dial)}}
	for _, f := range change {
		f(&cfg)
	}
	r, err := schemaregistry.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- r.Run(ctx) }()
	stop := sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("registry: %v", err)
		}
	})
	t.Cleanup(stop)
	select {
	case <-r.Ready():
	case <-time.After(20 * time.Second):
		t.Fatal("the registry is not ready")
	}
	return &registry{t, r, stop}
}

// transport keeps no connection, so that none is left at the end.
var transport = &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}

// ask sends a request and returns "status body".
func (r *registry) ask(method, path, body string, header ...string) string {
	r.t.Helper()
	req, err := http.NewRequest(method, "http://"+r.r.Addr()+path, strings.NewReader(body))
	if err != nil {
		r.t.Fatal(err)
	}
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := transport.Do(req)
	if err != nil {
		r.t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		r.t.Fatal(err)
	}
	return fmt.Sprintf("%d %s", resp.StatusCode, text)
}

// expect asks and compares; a want that ends in … is a beginning.
func (r *registry) expect(method, path, body, want string) {
	r.t.Helper()
	got := r.ask(method, path, body)
	if start, ok := strings.CutSuffix(want, "…"); ok && strings.HasPrefix(got, start) {
		return
	}
	if diff := cmp.Diff(want, got); diff != "" {
		r.t.Errorf("%s %s %.100s: %.2000s", method, path, body, diff)
	}
}

func TestREST(t *testing.T) {
	r := start(t, brokertest.New(t), func(c *schemaregistry.Config) { c.Version = "1.2.3" })
	for _, c := range [][4]string{
		{"GET", "/", "", `200 {}`},
		{"GET", "/subjects", "", `200 []`},
		{"GET", "/schemas/types", "", `200 ["JSON","PROTOBUF","AVRO"]`},
		{"GET", "/config", "", `200 {"compatibilityLevel":"BACKWARD"}`},
		{"GET", "/mode", "", `200 {"mode":"READWRITE"}`},
		{"GET", "/contexts", "", `200 ["."]`},
		{"GET", "/v1/metadata/version", "", `200 {"commitId":"kurier-1.2.3","version":"1.2.3"}`},
		{"GET", "/v1/metadata/id", "", `200 {"id":"","scope":{"path":[],"clusters":{"kafka-cluster":"…`},

		{"POST", "/subjects/orders-value/versions", `{"schema":"{\"type\": \"string\"}"}`, `200 {"id":1,"version":1,"guid":"…`},
		{"POST", "/subjects/a%2Fb/versions", `{"schema":"\"string\"","schemaType":null,"references":null}`, `200 {"id":1,"version":1,…`},
		{"POST", "/subjects/p/versions?normalize=true", `{"schema":"syntax=\"proto3\"; message M {}","schemaType":"PROTOBUF"}`, `200 {"id":2,"version":1,…`},
		{"POST", "/subjects/orders-value/versions", `{"schema":"\"int\""}`, `409 {"error_code":409,"message":"Schema being registered is incompatible with an earlier schema for subject \"orders-value\", details: […`},
		{"POST", "/subjects/orders-value/versions", `{"schema":"\"no"}`, `422 {"error_code":42201,…`},
		{"POST", "/subjects/orders-value/versions", "{\n\"schema\":}", `400 {"error_code":400,"message":"Malformed request, line 2, column 10…`},
		{"POST", "/subjects/big/versions", `{"schema":"` + strings.Repeat("x", 1<<20+1) + `"}`, `422 {"error_code":42209,…`},
		{"POST", "/subjects/big/versions", `{"schema":"` + strings.Repeat("x", 5<<20) + `"}`, `422 {"error_code":42209,…`},
		{"POST", "/subjects/random/versions", `{"schema":"{\"description\":\"` + strings.Repeat("0123456789abcdef", 1<<16-40) + `\"}","schemaType":"JSON"}`, `200 {"id":3,…`},
		{"DELETE", "/subjects/random", "", `200 [1]`},
		{"DELETE", "/subjects/random?permanent=true", "", `200 [1]`},
		{"POST", "/subjects/m/versions", `{"schema":"\"int\"","metadata":5}`, `422 {"error_code":42201,…`},
		{"POST", "/subjects/m/versions", `{"schema":"\"int\"","ruleSet":[]}`, `422 {"error_code":42210,…`},
		{"POST", "/subjects/%00/versions", `{"schema":"\"int\""}`, `422 {"error_code":42208,…`},

		{"GET", "/subjects", "", `200 ["a/b","orders-value","p"]`},
		{"GET", "/subjects?subjectPrefix=or", "", `200 ["orders-value"]`},
		{"GET", "/subjects?offset=1&limit=1", "", `200 ["orders-value"]`},
		{"GET", "/subjects/a%2Fb/versions", "", `200 [1]`},
		{"GET", "/subjects/none/versions", "", `404 {"error_code":40401,"message":"Subject 'none' not found."}`},
		{"GET", "/subjects/orders-value/versions/latest/schema", "", `200 "string"`},
		{"GET", "/subjects/orders-value/versions/2", "", `404 {"error_code":40402,"message":"Version 2 not found."}`},
		{"GET", "/subjects/orders-value/versions/0", "", `422 {"error_code":42202,…`},
		{"GET", "/subjects/orders-value/versions/-1", "", `200 {"subject":"orders-value","version":1,"id":1,"guid":"…`},
		{"GET", "/subjects/orders-value/versions/1/referencedby", "", `200 []`},
		{"GET", "/schemas/ids/1", "", `200 {"guid":"095d71cf-1255-6b9d-5e33-0ad575b3df5d","schema":"\"string\""}`},
		{"GET", "/schemas/ids/1?fetchMaxId=true&subject=orders-value", "", `200 {"guid":"095d71cf-1255-6b9d-5e33-0ad575b3df5d","schema":"\"string\"","maxId":3}`},
		{"GET", "/schemas/ids/2?format=serialized", "", `200 {"guid":"…`},
		{"GET", "/schemas/ids/2/schema", "", "200 syntax = \"proto3\";\n\nmessage M {}\n"},
		{"GET", "/schemas/ids/9", "", `404 {"error_code":40403,"message":"Schema 9 not found"}`},
		{"GET", "/schemas/ids/1/subjects", "", `200 ["a/b","orders-value"]`},
		{"GET", "/schemas/ids/1/versions", "", `200 [{"subject":"a/b","version":1},{"subject":"orders-value","version":1}]`},
		{"GET", "/schemas/guids/095d71cf-1255-6b9d-5e33-0ad575b3df5d", "", `200 {"guid":"095d71cf-1255-6b9d-5e33-0ad575b3df5d","schema":"\"string\""}`},
		{"GET", "/schemas/guids/095d71cf-1255-6b9d-5e33-0ad575b3df5d/ids", "", `200 [{"context":".","id":1}]`},
		{"GET", "/schemas?latestOnly=true&subjectPrefix=a", "", `200 [{"subject":"a/b","version":1,…`},
		{"POST", "/subjects/orders-value", `{"schema":"\"string\""}`, `200 {"subject":"orders-value","version":1,"id":1,…`},
		{"POST", "/subjects/orders-value", `{"schema":"\"long\""}`, `404 {"error_code":40403,"message":"Schema not found"}`},
		{"POST", "/subjects/none", `{"schema":"\"long\""}`, `404 {"error_code":40401,…`},

		{"POST", "/compatibility/subjects/orders-value/versions/latest", `{"schema":"\"bytes\""}`, `200 {"is_compatible":true}`},
		{"POST", "/compatibility/subjects/orders-value/versions/1?verbose=true", `{"schema":"\"int\""}`, `200 {"is_compatible":false,"messages":["{errorType:'TYPE_MISMATCH'…`},
		{"POST", "/compatibility/subjects/orders-value/versions", `{"schema":"\"int\""}`, `200 {"is_compatible":false}`},
		{"POST", "/compatibility/subjects/none/versions?verbose=true", `{"schema":"\"int\""}`, `200 {"is_compatible":true,"messages":[]}`},
		{"POST", "/compatibility/subjects/none/versions/1", `{"schema":"\"int\""}`, `404 {"error_code":40401,…`},
		{"POST", "/compatibility/subjects/orders-value/versions/3", `{"schema":"\"int\""}`, `404 {"error_code":40402,…`},

		{"GET", "/config/orders-value", "", `404 {"error_code":40408,"message":"Subject 'orders-value' does not have subject-level compatibility configured"}`},
		{"GET", "/config/orders-value?defaultToGlobal=true", "", `200 {"compatibilityLevel":"BACKWARD"}`},
		{"PUT", "/config/orders-value", `{"compatibility":"full"}`, `200 {"compatibility":"full"}`},
		{"PUT", "/config/orders-value", `{"alias":"x","normalize":true}`, `200 {"alias":"x","normalize":true}`},
		{"GET", "/config/orders-value", "", `200 {"alias":"x","normalize":true,"compatibilityLevel":"FULL"}`},
		{"PUT", "/config/orders-value", `{"alias":null}`, `200 {"alias":null}`},
		{"PUT", "/config/orders-value", `{"compatibility":"some"}`, `422 {"error_code":42203,…`},
		{"DELETE", "/config/orders-value", "", `200 {"normalize":true,"compatibilityLevel":"FULL","compatibility":"FULL"}`},
		{"DELETE", "/config/orders-value", "", `404 {"error_code":40408,…`},
		{"PUT", "/config/other", `{"alias":"orders-value"}`, `200 {"alias":"orders-value"}`},
		{"GET", "/subjects/other/versions/latest", "", `200 {"subject":"orders-value","version":1,…`},
		{"GET", "/mode/orders-value", "", `404 {"error_code":40409,…`},
		{"PUT", "/mode/orders-value", `{"mode":"READONLY"}`, `200 {"mode":"READONLY"}`},
		{"POST", "/subjects/orders-value/versions", `{"schema":"\"bytes\""}`, `422 {"error_code":42205,…`},
		{"DELETE", "/mode/orders-value", "", `200 {"mode":"READONLY"}`},
		{"PUT", "/mode", `{"mode":"x"}`, `422 {"error_code":42204,…`},

		{"DELETE", "/subjects/a%2Fb?permanent=true", "", `404 {"error_code":40405,…`},
		{"DELETE", "/subjects/a%2Fb", "", `200 [1]`},
		{"DELETE", "/subjects/a%2Fb", "", `404 {"error_code":40404,"message":"Subject 'a/b' was soft deleted.Set permanent=true to delete permanently"}`},
		{"GET", "/subjects", "", `200 ["orders-value","p"]`},
		{"GET", "/subjects?deleted=true", "", `200 ["a/b","orders-value","p"]`},
		{"GET", "/subjects?deletedOnly=true", "", `200 ["a/b"]`},
		{"GET", "/subjects/a%2Fb/versions/1?deleted=true", "", `200 {"subject":"a/b","version":1,"id":1,…`},
		{"DELETE", "/subjects/a%2Fb/versions/1?permanent=true", "", `200 1`},

		{"POST", "/subjects/:.eu:s/versions", `{"schema":"\"long\""}`, `200 {"id":1,"version":1,…`},
		{"POST", "/contexts/.eu/subjects/t/versions", `{"schema":"\"int\""}`, `200 {"id":2,"version":1,…`},
		{"GET", "/contexts", "", `200 [".",".eu"]`},
		{"GET", "/contexts/.eu/schemas/ids/2/schema", "", `200 "int"`},
		{"GET", "/schemas/ids/1/schema?subject=:.eu:s", "", `200 "long"`},
		{"GET", "/schemas/ids/1/schema", "", `200 "string"`},
		{"GET", "/subjects?subjectPrefix=:.eu:", "", `200 [":.eu:s",":.eu:t"]`},
		{"GET", "/contexts/.eu/subjects", "", `200 [":.eu:s",":.eu:t"]`},

		{"GET", "/nowhere", "", `404 {"error_code":404,"message":"HTTP 404 Not Found"}`},
		{"PATCH", "/subjects", "", `405 {"error_code":405,"message":"HTTP 405 Method Not Allowed"}`},
	} {
		r.expect(c[0], c[1], c[2], c[3])
	}
}

// TestRestart holds that a registry finds what one before it wrote, also when the broker was restarted in between.
func TestRestart(t *testing.T) {
	kafka := brokertest.New(t)
	paths := []string{"/subjects?deleted=true", "/schemas", "/config/a", "/mode/b", "/config", "/schemas/ids/1", "/subjects/a/versions?deleted=true"}
	see := func(r *registry) (out []string) {
		for _, p := range paths {
			out = append(out, r.ask("GET", p, ""))
		}
		return out
	}
	one := start(t, kafka)
	for _, c := range [][3]string{
		{"POST", "/subjects/a/versions", `{"schema":"\"int\""}`}, {"POST", "/subjects/a/versions", `{"schema":"\"long\""}`}, {"POST", "/subjects/b/versions", `{"schema":"\"long\""}`},
		{"DELETE", "/subjects/a/versions/1", ""}, {"PUT", "/config/a", `{"compatibility":"NONE"}`}, {"PUT", "/mode/b", `{"mode":"READONLY"}`}, {"PUT", "/config", `{"compatibility":"FULL"}`},
	} {
		if got := one.ask(c[0], c[1], c[2]); !strings.HasPrefix(got, "200 ") {
			t.Fatalf("%v: %s", c, got)
		}
	}
	before := see(one)
	one.stop()
	kafka.Restart()
	two := start(t, kafka)
	if diff := cmp.Diff(before, see(two)); diff != "" {
		t.Error(diff)
	}
	two.expect("POST", "/subjects/c/versions", `{"schema":"\"float\""}`, `200 {"id":3,"version":1,…`)
}

// TestTwoRegistries writes through two at once. They have no leader, but must not give an id to two schemas, lose what
// they acknowledged, or differ in the end.
func TestTwoRegistries(t *testing.T) {
	kafka := brokertest.New(t)
	both := []*registry{start(t, kafka), start(t, kafka)}
	both[0].expect("PUT", "/config", `{"compatibility":"NONE"}`, "200 …")
	const rounds = 25
	var mu sync.Mutex
	given := map[string]string{}
	var wg sync.WaitGroup
	for n, r := range both {
		for _, subject := range []string{"shared", fmt.Sprintf("own-%d", n)} {
			wg.Go(func() {
				for i := range rounds {
					text := fmt.Sprintf(`{"type":"fixed","name":"F_%d_%d","size":%d}`, n, i, i+1)
					got := r.ask("POST", "/subjects/"+subject+"/versions", fmt.Sprintf(`{"schema":%q}`, text))
					var id int
					if _, err := fmt.Sscanf(got, `200 {"id":%d,`, &id); err != nil {
						t.Errorf("%s: %s", text, got)
						return
					}
					mu.Lock()
					given[text] = fmt.Sprint(id)
					mu.Unlock()
				}
			})
		}
	}
	wg.Wait()
	// Something written through each is read by the other after it.
	both[0].expect("PUT", "/config/end-0", `{"compatibility":"NONE"}`, "200 …")
	both[1].expect("PUT", "/config/end-1", `{"compatibility":"NONE"}`, "200 …")
	both[0].expect("PUT", "/config/end-2", `{"compatibility":"NONE"}`, "200 …")
	if a, b := both[0].ask("GET", "/schemas", ""), both[1].ask("GET", "/schemas", ""); a != b {
		t.Errorf("they differ: %s", cmp.Diff(a, b))
	}
	third := start(t, kafka)
	for _, r := range append(both, third) {
		for text, id := range given {
			r.expect("GET", "/schemas/ids/"+id+"/schema", "", "200 "+text)
		}
	}
}

func TestNotReady(t *testing.T) {
	l, err := schemaregistry.New(schemaregistry.Config{Addr: "127.0.0.1:0", Client: []kgo.Opt{kgo.SeedBrokers("127.0.0.1:1")}})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- l.Run(ctx) }()
	resp, err := transport.Get("http://" + l.Addr() + "/subjects")
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(resp.Body)
	resp.Body.Close()
	if err != nil || resp.StatusCode != 503 || resp.Header.Get("Retry-After") == "" || !strings.Contains(string(body), `"error_code":50004`) {
		t.Errorf("%d %v %s, %v", resp.StatusCode, resp.Header, body, err)
	}
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func TestAuth(t *testing.T) {
	r := start(t, brokertest.New(t), func(c *schemaregistry.Config) {
		c.Auth = func(user, pass string) bool { return user == "u" && pass == "p" }
	})
	for header, want := range map[string]string{"": "401 ", "Basic dTp4": "401 ", "Basic dTpw": "200 []"} {
		if got := r.ask("GET", "/subjects", "", "Authorization", header); !strings.HasPrefix(got, want) {
			t.Errorf("%q: %s", header, got)
		}
	}
}

func TestWrongTopicIsRefused(t *testing.T) {
	kafka := brokertest.New(t)
	cl, err := kgo.NewClient(kgo.SeedBrokers(kafka.Addr()), kgo.Dialer(kafka.Dial))
	if err != nil {
		t.Fatal(err)
	}
	defer cl.Close()
	admin := kadm.NewClient(cl)
	for topic, c := range map[string]struct {
		partitions int32
		policy     string
		want       string
	}{"many": {3, "compact", "has 3 partitions"}, "kept": {1, "delete", "cleanup.policy=delete"}} {
		if _, err := admin.CreateTopic(t.Context(), c.partitions, 1, map[string]*string{"cleanup.policy": &c.policy}, topic); err != nil {
			t.Fatal(err)
		}
		r, err := schemaregistry.New(schemaregistry.Config{Addr: "127.0.0.1:0", Topic: topic, Client: []kgo.Opt{kgo.SeedBrokers(kafka.Addr()), kgo.Dialer(kafka.Dial)}})
		if err != nil {
			t.Fatal(err)
		}
		if err := r.Run(t.Context()); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", topic, err)
		}
	}
}

// TestReadsGoOnWithoutKafka holds that what is known is served while Kafka is away, and that writes go on when it is back.
func TestReadsGoOnWithoutKafka(t *testing.T) {
	kafka := brokertest.New(t)
	r := start(t, kafka)
	r.expect("POST", "/subjects/a/versions", `{"schema":"\"int\""}`, `200 {"id":1,…`)
	kafka.Stop()
	r.expect("GET", "/schemas/ids/1/schema", "", `200 "int"`)
	kafka.Start()
	r.expect("POST", "/subjects/a/versions", `{"schema":"\"long\""}`, `200 {"id":2,…`)
	r.expect("GET", "/subjects/a/versions", "", `200 [1,2]`)
}
