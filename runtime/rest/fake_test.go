package rest

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/kurier-io/kurier/plugins/config"
	"github.com/kurier-io/kurier/plugins/registry"
	"github.com/kurier-io/kurier/runtime/assign"
	"github.com/kurier-io/kurier/runtime/herder"
	"github.com/kurier-io/kurier/runtime/settings"
	"github.com/kurier-io/kurier/runtime/store"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

type fakeConnector struct {
	config map[string]string
	target store.TargetState
	tasks  int
	failed []int
	silent bool // has no status yet
}

// A fake is a cluster in memory, of which it is any one worker. leader and owner send requests elsewhere.
type fake struct {
	mu         sync.Mutex
	connectors map[string]*fakeConnector
	topics     map[string][]string
	health     herder.Health
	leader     func() error
	owner      func() error
	topicsErr  error
	err        error // what everything in step with the worker's loop returns
	panics     bool
	signed     []string // the last internal request: body, signature, algorithm
	offsets    []herder.ConnectorOffset
	validate   func(map[string]string) (herder.ConfigInfos, error)
}

func newFake() *fake {
	no := func() error { return nil }
	return &fake{
		connectors: map[string]*fakeConnector{
			"S": {config: map[string]string{"name": "S", "connector.class": "x.FooSourceConnector", "a": "1"}, target: store.Started, tasks: 2},
			"F": {config: map[string]string{"name": "F", "connector.class": "x.FooSourceConnector"}, target: store.Started, tasks: 2, failed: []int{1}},
		},
		topics: map[string][]string{"S": {"t1", "t2"}}, leader: no, owner: no,
		health: herder.Health{Started: true, Ready: true, Message: "Worker has completed startup and is ready to handle requests."},
	}
}

func (f *fake) lock() func() { f.mu.Lock(); return f.mu.Unlock }

func (f *fake) Connectors() []string {
	defer f.lock()()
	return slices.Sorted(maps.Keys(f.connectors))
}

func (f *fake) Status(name string) (herder.ConnectorStateInfo, error) {
	defer f.lock()()
	c := f.connectors[name]
	if c == nil || c.silent {
		return herder.ConnectorStateInfo{}, &herder.NotFoundError{Msg: "No status found for connector " + name}
	}
	state := map[store.TargetState]store.State{store.Started: store.Running, store.Paused: store.PausedState, store.Stopped: store.StoppedState}[c.target]
	out := herder.ConnectorStateInfo{Name: name, Type: herder.SourceType, Connector: herder.StateInfo{State: state, WorkerID: "10.0.0.1:8083"}}
	for i := range c.tasks {
		t := herder.TaskStateInfo{Task: i, StateInfo: herder.StateInfo{State: state, WorkerID: "10.0.0.1:8083"}}
		if slices.Contains(c.failed, i) {
			t.State, t.Trace = store.Failed, "java.lang.RuntimeException: x\n\tat <y>\n"
		}
		out.Tasks = append(out.Tasks, t)
	}
	return out, nil
}

func (f *fake) TaskStatus(id assign.TaskID) (herder.TaskStateInfo, error) {
	st, err := f.Status(id.Connector)
	if err != nil || id.Task < 0 || id.Task >= len(st.Tasks) {
		return herder.TaskStateInfo{}, &herder.NotFoundError{Msg: "No status found for task " + id.String()}
	}
	return st.Tasks[id.Task], nil
}

func (f *fake) Topics(name string) ([]string, error) {
	if f.topicsErr != nil {
		return nil, f.topicsErr
	}
	if _, ok := f.topics[name]; !ok {
		return nil, herder.NotFound(name)
	}
	return f.topics[name], nil
}

func (f *fake) ResetTopics(_ context.Context, name string) error {
	_, err := f.Topics(name)
	return err
}

func (f *fake) find(name string) (*fakeConnector, error) {
	if f.panics {
		panic("found a bug")
	}
	if f.err != nil {
		return nil, f.err
	}
	if c := f.connectors[name]; c != nil {
		return c, nil
	}
	return nil, herder.NotFound(name)
}

func (f *fake) info(name string) (herder.ConnectorInfo, error) {
	c, err := f.find(name)
	if err != nil {
		return herder.ConnectorInfo{}, err
	}
	out := herder.ConnectorInfo{Name: name, Config: maps.Clone(c.config), Type: herder.SourceType}
	for i := range c.tasks {
		out.Tasks = append(out.Tasks, assign.TaskID{Connector: name, Task: i})
	}
	return out, nil
}

func (f *fake) Info(_ context.Context, name string) (herder.ConnectorInfo, error) {
	defer f.lock()()
	return f.info(name)
}

func (f *fake) Tasks(_ context.Context, name string) ([]herder.TaskInfo, error) {
	defer f.lock()()
	c, err := f.find(name)
	if err != nil {
		return nil, err
	}
	out := []herder.TaskInfo{}
	for i := range c.tasks {
		out = append(out, herder.TaskInfo{ID: assign.TaskID{Connector: name, Task: i}, Config: map[string]string{"task.class": "x.FooSourceTask"}})
	}
	return out, nil
}

func (f *fake) Offsets(_ context.Context, name string) ([]herder.ConnectorOffset, error) {
	defer f.lock()()
	_, err := f.find(name)
	return f.offsets, err
}

func (f *fake) Put(_ context.Context, name string, cfg map[string]string, initial store.TargetState, replace bool) (bool, herder.ConnectorInfo, error) {
	defer f.lock()()
	cfg = maps.Clone(cfg)
	cfg["name"] = name
	if cfg["connector.class"] == "" {
		return false, herder.ConnectorInfo{}, &herder.BadRequestError{Msg: "Connector config {} contains no connector type"}
	}
	if strings.HasPrefix(cfg["connector.class"], "NoSuch") {
		return false, herder.ConnectorInfo{}, &registry.NotFoundError{Name: cfg["connector.class"]}
	}
	if name == "" {
		return false, herder.ConnectorInfo{}, &herder.BadRequestError{Msg: "Invalid value  for configuration name: String may not be empty"}
	}
	if err := f.leader(); err != nil {
		return false, herder.ConnectorInfo{}, err
	}
	old := f.connectors[name]
	switch {
	case old != nil && !replace:
		return false, herder.ConnectorInfo{}, &herder.ConflictError{Msg: "Connector " + name + " already exists"}
	case old != nil:
		old.config = cfg
	default:
		if initial == "" {
			initial = store.Started
		}
		f.connectors[name] = &fakeConnector{config: cfg, target: initial}
	}
	info, err := f.info(name)
	return old == nil, info, err
}

func (f *fake) Patch(_ context.Context, name string, patch map[string]*string) (herder.ConnectorInfo, error) {
	defer f.lock()()
	if err := f.leader(); err != nil {
		return herder.ConnectorInfo{}, err
	}
	c, err := f.find(name)
	if err != nil {
		return herder.ConnectorInfo{}, err
	}
	for k, v := range patch {
		if v == nil {
			delete(c.config, k)
		} else {
			c.config[k] = *v
		}
	}
	return f.info(name)
}

func (f *fake) Delete(_ context.Context, name string) error {
	defer f.lock()()
	if err := f.leader(); err != nil {
		return err
	}
	if _, err := f.find(name); err != nil {
		return err
	}
	delete(f.connectors, name)
	return nil
}

func (f *fake) SetTargetState(_ context.Context, name string, s store.TargetState) error {
	defer f.lock()()
	c, err := f.find(name)
	if err != nil {
		return err
	}
	if s == store.Stopped {
		if err := f.leader(); err != nil {
			return err
		}
		c.tasks = 0
	}
	c.target = s
	return nil
}

func (f *fake) RestartConnector(_ context.Context, name string) error {
	defer f.lock()()
	if _, err := f.find(name); err != nil {
		return err
	}
	return f.owner()
}

func (f *fake) RestartTask(_ context.Context, id assign.TaskID) error {
	defer f.lock()()
	c, err := f.find(id.Connector)
	if err != nil {
		return &herder.NotFoundError{Msg: "Unknown connector: " + id.Connector}
	}
	if id.Task >= c.tasks {
		return &herder.NotFoundError{Msg: "Unknown task: " + id.String()}
	}
	return f.owner()
}

func (f *fake) RestartAll(_ context.Context, r herder.RestartRequest) (herder.ConnectorStateInfo, error) {
	if err := f.leader(); err != nil {
		return herder.ConnectorStateInfo{}, err
	}
	st, err := f.Status(r.Connector)
	if err != nil {
		return st, &herder.NotFoundError{Msg: "Unknown connector: " + r.Connector}
	}
	plan := func(s *herder.StateInfo) {
		if !r.OnlyFailed || s.State == store.Failed {
			s.State = store.Restarting
		}
	}
	plan(&st.Connector)
	for i := range st.Tasks {
		if r.IncludeTasks {
			plan(&st.Tasks[i].StateInfo)
		}
	}
	return st, nil
}

func (f *fake) List(kinds ...registry.Kind) []registry.Entry {
	var out []registry.Entry
	for _, k := range kinds {
		out = append(out, registry.Entry{Kind: k, Class: "x." + string(k), Version: "1.0"})
	}
	out[0].Version = ""
	return out
}

func (f *fake) PluginConfig(name string) (herder.PluginConfig, error) {
	if name != "FooSource" {
		return herder.PluginConfig{}, &herder.NotFoundError{Msg: "Unknown plugin " + name + "."}
	}
	return herder.PluginConfig{Keys: []config.Key{
		{Name: "opt", Type: config.IntType, Default: new("7"), Importance: "MEDIUM", Doc: "doc", Group: "G", Order: 2, Width: "SHORT", DisplayName: "Opt", Dependents: []string{"b"}},
		{Name: "pw", Type: config.PasswordType, Default: new("s3cret"), Importance: "HIGH"},
		{Name: "must", Type: config.StringType, Required: true},
	}}, nil
}

func (f *fake) Validate(_ context.Context, cfg map[string]string) (herder.ConfigInfos, error) {
	if cfg["connector.class"] == "" {
		return herder.ConfigInfos{}, &herder.BadRequestError{Msg: "Connector config {} contains no connector type"}
	}
	return f.validate(cfg)
}

func (f *fake) PutTaskConfigs(_ context.Context, connector string, body []byte, signature, algorithm string) error {
	defer f.lock()()
	if signature == "" {
		return &herder.BadRequestError{Msg: "Internal request missing required signature"}
	}
	f.signed = []string{connector, string(body), signature, algorithm}
	return f.err
}

func (f *fake) About() herder.Server { return fakeServer{f} }

type fakeServer struct{ *fake }

func (f fakeServer) Info() herder.ServerInfo {
	return herder.ServerInfo{Version: "4.1.0-kurier.1.2", Commit: "abc", KafkaClusterID: "id"}
}

func (f fakeServer) Health(context.Context) herder.Health { return f.health }

// A site is a running server with its herder and log.
type site struct {
	*fake
	url string // without trailing slash
	log *logBuffer
	t   *testing.T
}

type logBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}
func (l *logBuffer) String() string { l.mu.Lock(); defer l.mu.Unlock(); return l.b.String() }

func serve(t *testing.T, change func(*settings.REST)) *site {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var set settings.REST
	if change != nil {
		change(&set)
	}
	s := &site{fake: newFake(), url: "http://" + l.Addr().String(), log: &logBuffer{}, t: t}
	server, err := New(Config{Herder: s.fake, Settings: set, URL: s.url + "/", Logger: slog.New(slog.NewTextHandler(s.log, nil))})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error)
	go func() { done <- server.Serve(ctx, l) }()
	t.Cleanup(func() {
		http.DefaultClient.CloseIdleConnections()
		cancel()
		if err := <-done; err != nil {
			t.Errorf("serving: %v", err)
		}
	})
	return s
}

// An answer is a response that has been read.
type answer struct {
	status int
	header http.Header
	length int64
	body   string
}

// do sends a request; a body comes with a JSON type unless headers (name, value, …) say otherwise.
func (s *site) do(method, path, body string, headers ...string) answer {
	s.t.Helper()
	var r io.Reader
	if body != "" {
		r = strings.NewReader(body)
	}
	req, err := http.NewRequestWithContext(s.t.Context(), method, s.url+path, r)
	if err != nil {
		s.t.Fatal(err)
	}
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i < len(headers); i += 2 {
		switch {
		case headers[i] == "Host":
			req.Host = headers[i+1]
		case headers[i+1] == "":
			req.Header.Del(headers[i])
		default:
			req.Header.Set(headers[i], headers[i+1])
		}
	}
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		s.t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return answer{resp.StatusCode, resp.Header, resp.ContentLength, string(b)}
}

func (s *site) want(method, path, body string, status int, text string, headers ...string) answer {
	s.t.Helper()
	a := s.do(method, path, body, headers...)
	if a.status != status || a.body != text {
		s.t.Errorf("%s %s %s:\n%d %s", method, path, body, a.status, cmp.Diff(text, a.body))
		if a.status != status {
			s.t.Errorf("status %d, want %d", a.status, status)
		}
	}
	return a
}

func e(code int, text string) string {
	b, err := marshal(errorBody{code, text})
	if err != nil {
		panic(err)
	}
	return string(b)
}
