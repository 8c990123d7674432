package validation

import (
	"context"
	"fmt"
	"slices"

	"github.com/kurier-io/kurier/plugins/config"
	"github.com/kurier-io/kurier/plugins/host"
	"github.com/kurier-io/kurier/plugins/registry"
	"github.com/kurier-io/kurier/runtime/herder"
	"github.com/kurier-io/kurier/runtime/kafka"
)

// Plugins validates a connector's own keys in a process of its class. Implemented by host.Host.
type Plugins interface {
	Validate(ctx context.Context, class string, props map[string]string) (*host.Validation, error)
}

// Config is what a Validator works with.
type Config struct {
	Registry *registry.Registry // complete: what is added after New is not known
	Plugins  Plugins
	Policy   kafka.OverridePolicy
	Group    string // the worker's group.id; empty in standalone mode
}

// A Validator checks connector configurations. It is safe for concurrent use.
type Validator struct {
	Config
	defs      definitions
	secrecies map[classID]secrecy
}

// New returns a validator.
func New(cfg Config) *Validator {
	v := &Validator{Config: cfg, defs: newDefinitions()}
	v.secrecies = secrecies(cfg.Registry, &v.defs)
	return v
}

// A pluginError is an error of a plugin's process without the secrets that its text had.
type pluginError struct {
	msg string
	err error
}

func (e *pluginError) Error() string { return e.msg }
func (e *pluginError) Unwrap() error { return e.err }

// Validate checks a whole configuration. Errors in it are part of the answer; an error instead of one means that the connector's class is
// not known (*herder.BadRequestError, *registry.NotFoundError) or its process could not be asked.
func (v *Validator) Validate(ctx context.Context, props map[string]string) (herder.ConfigInfos, error) {
	class := props["connector.class"]
	if class == "" {
		return herder.ConfigInfos{}, &herder.BadRequestError{Msg: "Connector config " + printed(props) + " contains no connector type"}
	}
	e, err := v.Registry.Connector(class)
	if err != nil {
		return herder.ConfigInfos{}, err
	}
	r := newResult()
	framework := v.defs.of(e.Kind)
	r.add(framework, framework.Validate(props))
	v.converterClasses(r, props)
	v.chain(r, props)
	if e.Kind == registry.SinkKind {
		v.sinkRules(r, props)
	} else {
		v.sourceRules(r, props)
		v.topicGroups(r, props)
	}
	own, err := v.Plugins.Validate(ctx, e.Class, props)
	hide := v.scrubber(props)
	if err != nil {
		return herder.ConfigInfos{}, &pluginError{hide.Replace(fmt.Sprintf("validating a configuration of %s: %v", e.Class, err)), err}
	}
	for i := range own.Values {
		for j, text := range own.Values[i].Errors {
			own.Values[i].Errors[j] = hide.Replace(text)
		}
	}
	r.add(own.Def, own.Values)
	v.overrides(r, props, e.Kind)
	v.converters(r, props)
	v.masks(r, props)
	references(r, props)
	return r.infos(class), nil
}

// PluginConfig describes the keys of a plugin of any kind; those of connectors are followed by the framework's that they do not replace.
func (v *Validator) PluginConfig(name string) (herder.PluginConfig, error) {
	e, ok := v.Registry.Find(name, registry.Kinds()...)
	if !ok {
		return herder.PluginConfig{}, &herder.NotFoundError{Msg: "Unknown plugin " + name + "."}
	}
	d := (&config.Def{}).Merge(e.Config)
	if e.Kind == registry.SinkKind || e.Kind == registry.SourceKind {
		d = d.Merge(v.defs.of(e.Kind)).Merge(e.Config)
	}
	return herder.PluginConfig{Entry: *e, Keys: slices.DeleteFunc(d.Keys, func(k config.Key) bool { return k.Internal })}, nil
}
