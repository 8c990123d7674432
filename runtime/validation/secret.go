package validation

import (
	"maps"
	"slices"
	"strings"

	"github.com/kurier-io/kurier/plugins/config"
	"github.com/kurier-io/kurier/runtime/settings"
)

// secrets says which keys of a configuration must not be shown: those defined as a PASSWORD, and client overrides that Kafka defines so. When the
// connector's class is not known here nothing defines its keys, so names decide.
func (v *Validator) secrets(props map[string]string) func(key string) bool {
	d := v.definitions(props)
	_, err := v.Registry.Connector(props["connector.class"])
	return func(key string) bool {
		for _, prefix := range overridePrefixes {
			if rest, ok := strings.CutPrefix(key, prefix); ok {
				return settings.Secret(rest)
			}
		}
		if k, ok := d.Key(key); ok {
			return k.Type == config.PasswordType
		}
		return err != nil && settings.Secret(key)
	}
}

// printed is a configuration as Java prints a map, secrets hidden.
func (v *Validator) printed(props map[string]string) string {
	masked := v.Mask(props)
	parts := make([]string, 0, len(masked))
	for _, k := range slices.Sorted(maps.Keys(masked)) {
		parts = append(parts, k+"="+masked[k])
	}
	return "{" + strings.Join(parts, ", ") + "}"
}
