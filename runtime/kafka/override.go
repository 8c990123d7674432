package kafka

import (
	"fmt"
	"slices"
	"strings"
)

// OverridePolicy says which client properties a connector may override (KIP-458, KIP-1188).
type OverridePolicy struct {
	name    string
	allowed func(key string) bool
}

var principalKeys = []string{"sasl.jaas.config", "sasl.mechanism", "security.protocol"}

// ParseOverridePolicy reads connector.client.config.override.policy: All, None, Principal or Allowlist, or the class
// names that Kafka Connect has for them.
func ParseOverridePolicy(text string, allowlist []string) (OverridePolicy, error) {
	name := text[strings.LastIndexByte(text, '.')+1:]
	name = strings.TrimSuffix(name, "ConnectorClientConfigOverridePolicy")
	p := OverridePolicy{name: name}
	switch name {
	case "All":
		p.allowed = func(string) bool { return true }
	case "None":
		p.allowed = func(string) bool { return false }
	case "Principal":
		p.allowed = func(key string) bool { return slices.Contains(principalKeys, key) }
	case "Allowlist":
		p.allowed = func(key string) bool { return slices.Contains(allowlist, key) }
	default:
		return OverridePolicy{}, fail("connector.client.config.override.policy", "%q: want All, None, Principal or Allowlist", text)
	}
	return p, nil
}

// Check returns the reason why a connector may not override key (without its prefix), or nil.
func (p OverridePolicy) Check(key string) error {
	if p.allowed(key) {
		return nil
	}
	//lint:ignore ST1005 this is Kafka Connect's text, which tools match
	return fmt.Errorf("The '%s' policy does not allow '%s' to be overridden in the connector configuration.", p.name, key)
}

// Overrides returns the entries of a connector configuration below prefix ("producer.override."), prefix removed.
func Overrides(config map[string]string, prefix string) map[string]string {
	out := map[string]string{}
	for k, v := range config {
		if rest, ok := strings.CutPrefix(k, prefix); ok {
			out[rest] = v
		}
	}
	return out
}
