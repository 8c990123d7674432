package validation

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/kurier-io/kurier/plugins/config"
	"github.com/kurier-io/kurier/plugins/host"
	"github.com/kurier-io/kurier/plugins/registry"
	"github.com/kurier-io/kurier/runtime/herder"
	"github.com/kurier-io/kurier/runtime/kafka"
	"github.com/kurier-io/kurier/runtime/settings"
)

// Plugins validates a connector's own keys in a process of its class. Implemented by host.Host.
type Plugins interface {
	Validate(ctx context.Context, class string, props map[string]string) (*host.Validation, error)
}

// Config is what a Validator works with.
type Config struct {
	Registry *registry.Registry
	Plugins  Plugins
	Policy   kafka.OverridePolicy
	Group    string // the worker's group.id; empty in standalone mode
}

// A Validator checks connector configurations. It is safe for concurrent use.
type Validator struct{ Config }

// New returns a validator.
func New(cfg Config) *Validator { return &Validator{cfg} }

// A result gathers keys in the order in which they are shown.
type result struct {
	configs []herder.ConfigInfo
	index   map[string]int
	groups  []string
}

func (r *result) add(k *config.Key, v config.Value) {
	if i, ok := r.index[v.Name]; ok {
		r.configs[i] = herder.ConfigInfo{Definition: k, Value: v}
	} else {
		r.index[v.Name] = len(r.configs)
		r.configs = append(r.configs, herder.ConfigInfo{Definition: k, Value: v})
	}
	if k != nil && k.Group != "" && !slices.Contains(r.groups, k.Group) {
		r.groups = append(r.groups, k.Group)
	}
}

func (r *result) addAll(d *config.Def, values []config.Value) {
	for i := range values {
		var k *config.Key
		if d != nil {
			k, _ = d.Key(values[i].Name)
		}
		r.add(k, values[i])
	}
}

// fail adds an error to a key, which may be one that nothing defines.
func (r *result) fail(key, msg string) {
	if i, ok := r.index[key]; ok {
		r.configs[i].Value.Errors = append(r.configs[i].Value.Errors, msg)
		return
	}
	r.add(nil, config.Value{Name: key, Recommended: []string{}, Errors: []string{msg}, Visible: true})
}

// Validate checks a whole configuration. Errors in it are part of the answer; an error instead of one means that the connector's class is
// not known (*herder.BadRequestError, *registry.NotFoundError) or its process could not be asked.
func (v *Validator) Validate(ctx context.Context, props map[string]string) (herder.ConfigInfos, error) {
	class := props["connector.class"]
	if class == "" {
		return herder.ConfigInfos{}, &herder.BadRequestError{Msg: "Connector config " + v.printed(props) + " contains no connector type"}
	}
	e, err := v.Registry.Connector(class)
	if err != nil {
		return herder.ConfigInfos{}, err
	}
	r := &result{index: map[string]int{}, groups: []string{commonGroup, transformsGroup, predicatesGroup, errorsGroup}}
	framework := frameworkDef(e.Kind)
	r.addAll(framework, framework.Validate(props))
	if e.Kind == registry.SinkKind {
		v.sinkRules(r, props)
	} else {
		v.sourceRules(r, props)
	}
	v.chain(r, props)
	own, err := v.Plugins.Validate(ctx, e.Class, props)
	if err != nil {
		return herder.ConfigInfos{}, err
	}
	r.addAll(own.Def, own.Values)
	v.overrides(r, props, e.Kind)
	v.converters(r, props)
	return r.infos(class), nil
}

// infos puts errors of keys that nothing defines first, as Kafka Connect lists them; client overrides have no definition but keep their place.
func (r *result) infos(class string) herder.ConfigInfos {
	out := herder.ConfigInfos{Name: class, Groups: r.groups}
	undefined := func(c herder.ConfigInfo) bool { return c.Definition == nil && !isOverride(c.Value.Name) }
	for _, first := range []bool{true, false} {
		for _, c := range r.configs {
			if undefined(c) == first {
				out.Configs = append(out.Configs, c)
				out.ErrorCount += len(c.Value.Errors)
			}
		}
	}
	return out
}

var overridePrefixes = []string{"producer.override.", "consumer.override.", "admin.override."}

func isOverride(key string) bool {
	return slices.ContainsFunc(overridePrefixes, func(p string) bool { return strings.HasPrefix(key, p) })
}

// overrides checks client overrides against the worker's policy.
func (v *Validator) overrides(r *result, props map[string]string, k registry.Kind) {
	for _, prefix := range overridePrefixes {
		for _, key := range slices.Sorted(maps.Keys(kafka.Overrides(props, prefix))) {
			value := props[prefix+key]
			if settings.Secret(key) {
				value = config.Hidden
			}
			val := config.Value{Name: prefix + key, Value: &value, Recommended: []string{}, Errors: []string{}, Visible: true}
			if err := v.Policy.Check(key); err != nil {
				val.Errors = append(val.Errors, err.Error())
			}
			r.add(nil, val)
		}
	}
	if k == registry.SinkKind && v.Group != "" {
		if g, ok := props["consumer.override.group.id"]; ok && g == v.Group {
			r.fail("consumer.override.group.id", "Consumer group "+g+" conflicts with Connect worker group "+v.Group)
		} else if !ok && "connect-"+props["name"] == v.Group {
			r.fail("name", "Consumer group for sink connector named "+props["name"]+" conflicts with Connect worker group "+v.Group)
		}
	}
}

// PluginConfig describes the keys of a plugin of any kind; those of connectors are followed by the framework's.
func (v *Validator) PluginConfig(name string) (herder.PluginConfig, error) {
	e, ok := v.Registry.Find(name, registry.Kinds()...)
	if !ok {
		return herder.PluginConfig{}, &herder.NotFoundError{Msg: "Unknown plugin " + name + "."}
	}
	d := &config.Def{}
	if e.Config != nil {
		d = d.Merge(e.Config)
	}
	if e.Kind == registry.SinkKind || e.Kind == registry.SourceKind {
		for _, k := range frameworkDef(e.Kind).Keys {
			if _, have := d.Key(k.Name); !have {
				d.Keys = append(d.Keys, k)
			}
		}
	}
	return herder.PluginConfig{Entry: *e, Keys: slices.DeleteFunc(d.Keys, func(k config.Key) bool { return k.Internal })}, nil
}
