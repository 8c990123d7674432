package validation

import (
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/kurier-io/kurier/plugins/config"
	"github.com/kurier-io/kurier/plugins/registry"
	"github.com/kurier-io/kurier/runtime/settings"
)

// A secrecy has the keys that a class defines, and which of them are PASSWORDs.
type secrecy map[string]bool

type classID struct {
	kind  registry.Kind
	class string
}

// secrecies looks at every plugin once, so that masking a configuration, which every read does, costs a look-up for each key.
func secrecies(reg *registry.Registry, defs *definitions) map[classID]secrecy {
	out := map[classID]secrecy{}
	for _, e := range reg.List(registry.Kinds()...) {
		s := secrecy{}
		take := func(d *config.Def) {
			for i := range d.Keys {
				s[d.Keys[i].Name] = d.Keys[i].Type == config.PasswordType
			}
		}
		if e.Config != nil {
			take(e.Config)
		}
		switch e.Kind { // the framework's keys that no plugin can replace
		case registry.TransformationKind:
			take(defs.transformation)
		case registry.PredicateKind:
			take(defs.predicate)
		case registry.SourceKind, registry.SinkKind:
			for _, k := range defs.of(e.Kind).Keys {
				if _, own := s[k.Name]; !own {
					s[k.Name] = false
				}
			}
		}
		out[classID{e.Kind, e.Class}] = s
	}
	return out
}

// A scope is what one class defines below a prefix of a connector's configuration.
type scope struct {
	prefix string
	keys   secrecy
}

func (v *Validator) scope(prefix, class string, kinds ...registry.Kind) scope {
	if e, ok := v.Registry.Find(strings.TrimSpace(class), kinds...); ok {
		return scope{prefix, v.secrecies[classID{e.Kind, e.Class}]}
	}
	return scope{prefix, nil}
}

// secret says which keys of a configuration must not be shown. What defines a key decides: a PASSWORD is a secret, a STRING is not. Where
// nothing known here defines it, in client overrides and for classes that only other workers have, its name decides.
func (v *Validator) secret(props map[string]string) func(key string) bool {
	class := props["connector.class"]
	own := v.scope("", class, registry.SinkKind, registry.SourceKind)
	var below []scope
	for _, alias := range unique(props["transforms"]) {
		below = append(below, v.scope("transforms."+alias+".", props["transforms."+alias+".type"], registry.TransformationKind))
	}
	for _, alias := range unique(props["predicates"]) {
		below = append(below, v.scope("predicates."+alias+".", props["predicates."+alias+".type"], registry.PredicateKind))
	}
	for _, c := range converterKeys() {
		if class, ok := props[c.name]; ok {
			below = append(below, v.scope(c.name+".", class, c.kind))
		}
	}
	return func(key string) bool {
		if is, defined := own.keys[key]; defined {
			return is
		}
		for _, s := range below {
			if rest, ok := strings.CutPrefix(key, s.prefix); ok {
				if is, defined := s.keys[rest]; defined {
					return is
				}
				return settings.Secret(rest)
			}
		}
		for _, prefix := range []string{"transforms.", "predicates.", topicCreation} { // whose aliases are no part of the key's meaning
			if rest, ok := strings.CutPrefix(key, prefix); ok {
				_, rest, _ = strings.Cut(rest, ".")
				return settings.Secret(rest)
			}
		}
		return settings.Secret(key)
	}
}

// Mask returns a copy of the configuration with every secret hidden.
func (v *Validator) Mask(props map[string]string) map[string]string {
	out := maps.Clone(props)
	secret := v.secret(props)
	for k := range out {
		if secret(k) {
			out[k] = config.Hidden
		}
	}
	return out
}

// Unmask puts the stored value back wherever a hidden one was sent for a secret. Both configurations say what is one, since the class may
// have changed between them.
func (v *Validator) Unmask(submitted, stored map[string]string) map[string]string {
	out := maps.Clone(submitted)
	is, was := v.secret(submitted), v.secret(stored)
	for k, val := range out {
		if old, ok := stored[k]; ok && val == config.Hidden && (is(k) || was(k)) {
			out[k] = old
		}
	}
	return out
}

// shortestScrubbed is the length from which a secret is looked for in what a plugin says; shorter ones are parts of common words.
const shortestScrubbed = 4

// scrubber hides the secrets of a configuration in texts of a plugin, which may quote them.
func (v *Validator) scrubber(props map[string]string) *strings.Replacer {
	var pairs []string
	secret := v.secret(props)
	for k, val := range props {
		if len(val) >= shortestScrubbed && secret(k) {
			pairs = append(pairs, val, config.Hidden)
		}
	}
	return strings.NewReplacer(pairs...)
}

// masks: a mask that nothing stands behind is never the secret. It comes from answers that were copied to make another connector.
func (v *Validator) masks(r *result, props map[string]string) {
	secret := v.secret(props)
	for _, k := range slices.Sorted(maps.Keys(props)) {
		if props[k] == config.Hidden && secret(k) {
			r.fail(k, "Invalid value "+config.Hidden+" for configuration "+k+": This stands for a secret in answers, and no secret is stored for this connector; give the secret itself")
		}
	}
}

// reference is a value that a configuration provider would replace: ${file:/etc/secrets:key}.
var reference = regexp.MustCompile(`^\$\{[A-Za-z][A-Za-z0-9_-]*:[^}]*\}$`)

// references: without configuration providers a reference would be taken for the value itself, a password of "${file:…}" say.
func references(r *result, props map[string]string) {
	for _, k := range slices.Sorted(maps.Keys(props)) {
		if reference.MatchString(strings.TrimSpace(props[k])) {
			r.fail(k, "Invalid value "+props[k]+" for configuration "+k+": Configuration providers are not offered yet; give the value itself")
		}
	}
}

// printed is a configuration as Java prints a map. Nothing says here what is secret, so only the name is shown.
func printed(props map[string]string) string {
	parts := make([]string, 0, len(props))
	for _, k := range slices.Sorted(maps.Keys(props)) {
		val := config.Hidden
		if k == "name" {
			val = props[k]
		}
		parts = append(parts, k+"="+val)
	}
	return "{" + strings.Join(parts, ", ") + "}"
}
