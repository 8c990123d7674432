package validation

import (
	"errors"
	"io"
	"slices"
	"strings"

	"github.com/kurier-io/kurier/plugins/config"
	"github.com/kurier-io/kurier/plugins/connect"
	"github.com/kurier-io/kurier/plugins/registry"
)

type transformKeys struct {
	Type      string `config:"type,class,required" importance:"high" doc:"Class of the transformation."`
	Predicate string `config:"predicate" default:"" importance:"medium" doc:"Alias of a predicate that decides whether the transformation applies."`
	Negate    bool   `config:"negate" default:"false" importance:"medium" doc:"Whether the predicate's answer is turned round."`
}

type predicateKeys struct {
	Type string `config:"type,class,required" importance:"high" doc:"Class of the predicate."`
}

// chain checks transformations and predicates.
func (v *Validator) chain(r *result, props map[string]string) {
	for _, alias := range unique(props["transforms"]) {
		prefix := "transforms." + alias + "."
		v.aliased(r, props, prefix, "Transforms: "+alias, v.defs.transformation, registry.TransformationKind)
		predicate, hasPredicate := props[prefix+"predicate"]
		if predicate = strings.TrimSpace(predicate); predicate != "" && !slices.Contains(config.SplitList(props["predicates"]), predicate) {
			r.fail(prefix+"predicate", "Invalid value "+predicate+" for configuration "+prefix+"predicate: No predicate with that alias; name it in predicates")
		}
		if _, negate := props[prefix+"negate"]; negate && !hasPredicate {
			r.fail(prefix+"negate", "Config '"+prefix+"negate' was provided but there is no config '"+prefix+"predicate' defining a predicate to be negated.")
		}
	}
	for _, alias := range unique(props["predicates"]) {
		v.aliased(r, props, "predicates."+alias+".", "Predicates: "+alias, v.defs.predicate, registry.PredicateKind)
	}
}

// aliased checks one transformation or predicate: its class, and the keys of that. Keys of its own that the framework defines are masked.
func (v *Validator) aliased(r *result, props map[string]string, prefix, group string, framework *config.Def, kind registry.Kind) {
	class, given := props[prefix+"type"]
	class = strings.TrimSpace(class)
	e, ok := v.Registry.Find(class, kind)
	d := framework
	if ok && e.Config != nil {
		d = framework.Merge(e.Config).Merge(framework)
	}
	d = d.Prefixed(prefix)
	for i := range d.Keys {
		d.Keys[i].Group, d.Keys[i].Order = group, i+1
	}
	values := d.Validate(props)
	r.add(d, values)
	switch {
	case !given: // reported as missing
	case !ok:
		r.unknownClass(prefix+"type", class)
	case config.Problems(values) == nil:
		v.tryOut(r, e, prefix, props)
	}
}

// tryOut configures a throw-away instance, for rules that a definition cannot say.
func (v *Validator) tryOut(r *result, e *registry.Entry, prefix string, props map[string]string) {
	own := map[string]string{}
	for k, val := range props {
		if rest, ok := strings.CutPrefix(k, prefix); ok {
			own[rest] = val
		}
	}
	err := configure(e, own, strings.HasPrefix(prefix, "key."))
	if err == nil {
		return
	}
	if c, ok := errors.AsType[*config.Error](err); ok {
		for _, p := range c.Problems {
			r.fail(prefix+p.Key, p.Msg)
		}
		return
	}
	key := strings.TrimSuffix(prefix, ".")
	if e.Kind == registry.TransformationKind || e.Kind == registry.PredicateKind {
		key = prefix + "type"
	}
	if c, ok := errors.AsType[*connect.ConfigError](err); ok && c.Key != "" {
		key = prefix + c.Key
	}
	r.fail(key, "Invalid configuration of "+e.Class+": "+err.Error())
}

func configure(e *registry.Entry, own map[string]string, isKey bool) error {
	var made any
	var err error
	switch {
	case e.NewTransformation != nil:
		t := e.NewTransformation()
		made, err = t, t.Configure(own)
	case e.NewPredicate != nil:
		p := e.NewPredicate()
		made, err = p, p.Configure(own)
	case e.NewConverter != nil:
		c := e.NewConverter()
		made, err = c, c.Configure(own, isKey)
	case e.NewHeader != nil:
		h := e.NewHeader()
		made, err = h, h.Configure(own)
	}
	if c, ok := made.(io.Closer); ok {
		_ = c.Close() // it was never used
	}
	return err
}

// A converterKey is a key under which a connector names a converter of its own, in the order in which their keys are listed.
type converterKey struct {
	name string
	kind registry.Kind
}

func converterKeys() [3]converterKey {
	return [3]converterKey{{"header.converter", registry.HeaderConverterKind}, {"key.converter", registry.ConverterKind}, {"value.converter", registry.ConverterKind}}
}

// converterClasses checks the classes of converters that the connector names itself.
func (v *Validator) converterClasses(r *result, props map[string]string) {
	for _, c := range converterKeys() {
		if class, given := props[c.name]; given {
			if _, ok := v.Registry.Find(strings.TrimSpace(class), c.kind); !ok {
				r.unknownClass(c.name, strings.TrimSpace(class))
			}
		}
	}
}

// converters appends the keys of those.
func (v *Validator) converters(r *result, props map[string]string) {
	for _, c := range converterKeys() {
		if e, ok := v.Registry.Find(strings.TrimSpace(props[c.name]), c.kind); ok && e.Config != nil {
			d := e.Config.Prefixed(c.name + ".")
			values := d.Validate(props)
			r.append(d, values)
			if config.Problems(values) == nil {
				v.tryOut(r, e, c.name+".", props)
			}
		}
	}
}

// unique returns the elements of a list of aliases.
func unique(list string) []string {
	var out []string
	for _, s := range config.SplitList(list) {
		if s != "" && !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return out
}
