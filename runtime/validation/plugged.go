package validation

import (
	"maps"
	"strings"

	"github.com/kurier-io/kurier/plugins/config"
	"github.com/kurier-io/kurier/plugins/connect"
	"github.com/kurier-io/kurier/plugins/registry"
)

var (
	transformationKinds = []registry.Kind{registry.TransformationKind}
	predicateKinds      = []registry.Kind{registry.PredicateKind}
)

type transformKeys struct {
	Type      string `config:"type,class,required" importance:"high" doc:"Class of the transformation."`
	Predicate string `config:"predicate" default:"" importance:"medium" doc:"Alias of a predicate that decides whether the transformation applies."`
	Negate    bool   `config:"negate" default:"false" importance:"medium" doc:"Whether the predicate's answer is turned round."`
}

type predicateKeys struct {
	Type string `config:"type,class,required" importance:"high" doc:"Class of the predicate."`
}

// aliased checks one transformation or predicate: its class, and the keys of that.
func (v *Validator) aliased(r *result, props map[string]string, prefix, group string, kinds []registry.Kind) {
	d := config.Of[predicateKeys]()
	if kinds[0] == registry.TransformationKind {
		d = config.Of[transformKeys]()
	}
	class := strings.TrimSpace(props[prefix+"type"])
	e, ok := v.Registry.Find(class, kinds...)
	if ok && e.Config != nil {
		d = d.Merge(e.Config)
	}
	d = d.Prefixed(prefix)
	for i := range d.Keys {
		d.Keys[i].Group, d.Keys[i].Order = group, i+1
	}
	values := d.Validate(props)
	r.addAll(d, values)
	if class == "" {
		return
	}
	if !ok {
		r.fail(prefix+"type", "Invalid value "+class+" for configuration "+prefix+"type: Class "+class+" could not be found.")
		return
	}
	if config.Problems(values) != nil {
		return
	}
	if err := configure(e, below(props, prefix)); err != nil {
		key := prefix + "type"
		if c, ok := err.(*connect.ConfigError); ok && c.Key != "" { //nolint:errorlint // the plugin's own, unwrapped
			key = prefix + c.Key
		}
		r.fail(key, "Invalid configuration of "+e.Class+": "+err.Error())
	}
}

// configure tries a throw-away instance, for rules that a definition cannot say.
func configure(e *registry.Entry, own map[string]string) error {
	switch e.Kind {
	case registry.TransformationKind:
		return e.NewTransformation().Configure(own)
	case registry.PredicateKind:
		return e.NewPredicate().Configure(own)
	}
	return nil
}

func below(props map[string]string, prefix string) map[string]string {
	out := map[string]string{}
	for k, val := range props {
		if rest, ok := strings.CutPrefix(k, prefix); ok {
			out[rest] = val
		}
	}
	return out
}

// converters checks the converters that the connector names itself, and their keys.
func (v *Validator) converters(r *result, props map[string]string) {
	for _, c := range []struct {
		key  string
		kind registry.Kind
	}{{"header.converter", registry.HeaderConverterKind}, {"key.converter", registry.ConverterKind}, {"value.converter", registry.ConverterKind}} {
		class := strings.TrimSpace(props[c.key])
		if class == "" {
			continue
		}
		e, ok := v.Registry.Find(class, c.kind)
		if !ok {
			r.fail(c.key, "Invalid value "+class+" for configuration "+c.key+": Class "+class+" could not be found.")
			continue
		}
		if e.Config == nil {
			continue
		}
		d := e.Config.Prefixed(c.key + ".")
		r.addAll(d, d.Validate(props))
	}
}

// definitions returns every key that something defines for this configuration.
func (v *Validator) definitions(props map[string]string) *config.Def {
	d := &config.Def{}
	if e, err := v.Registry.Connector(props["connector.class"]); err == nil {
		d = frameworkDef(e.Kind).Merge(e.Config)
	}
	add := func(prefix, class string, kinds ...registry.Kind) {
		if e, ok := v.Registry.Find(class, kinds...); ok && e.Config != nil {
			d = d.Merge(e.Config.Prefixed(prefix))
		}
	}
	for _, alias := range unique(props["transforms"]) {
		add("transforms."+alias+".", props["transforms."+alias+".type"], transformationKinds...)
	}
	for _, alias := range unique(props["predicates"]) {
		add("predicates."+alias+".", props["predicates."+alias+".type"], predicateKinds...)
	}
	add("key.converter.", props["key.converter"], registry.ConverterKind)
	add("value.converter.", props["value.converter"], registry.ConverterKind)
	return d
}

// Mask returns a copy of the configuration with every PASSWORD, and every client override that holds a secret, hidden.
func (v *Validator) Mask(props map[string]string) map[string]string {
	out := maps.Clone(props)
	secret := v.secrets(props)
	for k := range out {
		if secret(k) {
			out[k] = config.Hidden
		}
	}
	return out
}

// Unmask puts the stored value back wherever a hidden one was sent for a secret.
func (v *Validator) Unmask(submitted, stored map[string]string) map[string]string {
	out := maps.Clone(submitted)
	secret := v.secrets(submitted)
	for k, val := range out {
		if old, ok := stored[k]; ok && val == config.Hidden && secret(k) {
			out[k] = old
		}
	}
	return out
}
