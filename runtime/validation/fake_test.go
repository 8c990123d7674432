package validation

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/kurier-io/kurier/plugins/config"
	"github.com/kurier-io/kurier/plugins/connect"
	"github.com/kurier-io/kurier/plugins/host"
	"github.com/kurier-io/kurier/plugins/registry"
	"github.com/kurier-io/kurier/runtime/herder"
	"github.com/kurier-io/kurier/runtime/kafka"
)

// fakePlugins validates as a plugin's process does: by definition, then by the connector's own code.
type fakePlugins struct {
	reg *registry.Registry
	own func(values []config.Value) ([]config.Value, error)
}

func (f *fakePlugins) Validate(_ context.Context, class string, props map[string]string) (*host.Validation, error) {
	e, err := f.reg.Connector(class)
	if err != nil {
		return nil, err
	}
	v := &host.Validation{Def: e.Config, Values: e.Config.Validate(props)}
	if f.own != nil {
		v.Values, err = f.own(v.Values)
	}
	return v, err
}

type sourceKeys struct {
	URL      string          `config:"url,required" importance:"high" group:"Connection" doc:"Where."`
	Password config.Password `config:"pw" group:"Connection"`
	Secret   string          `config:"my.secret.text"`
	Hidden   string          `config:"inner,internal" default:"x" enum:"x|y"`
}

type sinkKeys struct {
	sourceKeys
	Tasks  int    `config:"tasks.max" default:"1" min:"1" max:"3" group:"Mine"`
	Topics string `config:"topics" group:"Mine"`
}

type maskKeys struct {
	Fields []string        `config:"fields,required"`
	Salt   config.Password `config:"salt"`
	Negate string          `config:"negate"` // masked by the framework's
}

type converterSettings struct {
	Size int             `config:"size" default:"1" min:"1" max:"9" group:"Converter"`
	Key  config.Password `config:"key"`
}

// fakeConverter refuses a size of 7, which its definition allows.
type fakeConverter struct{ connect.Converter }

func (fakeConverter) Configure(p connect.Props, isKey bool) error {
	if p["size"] == "7" && isKey {
		return connect.ConfigErr("size", "is unlucky", "take another")
	}
	return nil
}

type fakeTransformation struct{ connect.Transformation }

func (fakeTransformation) Configure(p connect.Props) error {
	switch p["fields"] {
	case "bad":
		return connect.ConfigErr("fields", "no such field", "name another")
	case "worse":
		return errors.New("worse")
	case "java":
		return &config.Error{Problems: []config.Problem{{Key: "fields", Msg: "Invalid value java for configuration fields: no"}}}
	}
	return nil
}

func newFixture(t testing.TB) (*Validator, *fakePlugins) {
	t.Helper()
	reg := registry.New()
	converter := config.Of[converterSettings]()
	if err := reg.Add(
		registry.Entry{Kind: registry.SourceKind, Class: "x.FooSourceConnector", Config: config.Of[sourceKeys]()},
		registry.Entry{Kind: registry.SinkKind, Class: "x.FooSinkConnector", Config: config.Of[sourceKeys]()},
		registry.Entry{Kind: registry.SinkKind, Class: "x.OwnSinkConnector", Config: config.Of[sinkKeys]()},
		registry.Entry{Kind: registry.TransformationKind, Class: "x.Mask$Value", Config: config.Of[maskKeys](), NewTransformation: func() connect.Transformation { return fakeTransformation{} }},
		registry.Entry{Kind: registry.PredicateKind, Class: "x.IsNull"},
		registry.Entry{Kind: registry.ConverterKind, Class: "x.FooConverter", Config: converter, NewConverter: func() connect.Converter { return fakeConverter{} }},
		registry.Entry{Kind: registry.HeaderConverterKind, Class: "x.FooConverter", Config: converter},
		registry.Entry{Kind: registry.ConverterKind, Class: "x.PlainConverter"},
	); err != nil {
		t.Fatal(err)
	}
	policy, err := kafka.ParseOverridePolicy("Principal", nil)
	if err != nil {
		t.Fatal(err)
	}
	p := &fakePlugins{reg: reg}
	return New(Config{Registry: reg, Plugins: p, Policy: policy, Group: "connect-cluster"}), p
}

func source(more ...string) map[string]string {
	return with(map[string]string{"name": "n", "connector.class": "FooSource", "url": "u"}, more)
}

func sink(more ...string) map[string]string {
	return with(map[string]string{"name": "n", "connector.class": "FooSink", "url": "u", "topics": "a, b"}, more)
}

// with sets keys; the value "-" removes one.
func with(props map[string]string, more []string) map[string]string {
	for i := 0; i < len(more); i += 2 {
		if props[more[i]] = more[i+1]; more[i+1] == "-" {
			delete(props, more[i])
		}
	}
	return props
}

func run(t testing.TB, v *Validator, props map[string]string) herder.ConfigInfos {
	t.Helper()
	infos, err := v.Validate(context.Background(), props)
	if err != nil {
		t.Fatal(err)
	}
	return infos
}

// messages returns "key: message" for every error, in order.
func messages(infos herder.ConfigInfos) string {
	var out []string
	for _, c := range infos.Configs {
		for _, e := range c.Value.Errors {
			out = append(out, c.Value.Name+": "+e)
		}
	}
	return strings.Join(out, "\n")
}

func names(infos herder.ConfigInfos) []string {
	var out []string
	for _, c := range infos.Configs {
		out = append(out, c.Value.Name)
	}
	return out
}

func find(infos herder.ConfigInfos, key string) *herder.ConfigInfo {
	for i := range infos.Configs {
		if infos.Configs[i].Value.Name == key {
			return &infos.Configs[i]
		}
	}
	return nil
}
