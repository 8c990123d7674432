package schemaregistry

import (
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// Settings are looked for with the subject, then with its context, then globally.

// config has what /config sets, members in the order of Confluent's. Level, normalize, alias, policy and group have
// effect here; the others are kept for clients.
type config struct {
	Alias              string         `json:"alias,omitempty"`
	AliasForDeks       string         `json:"aliasForDeks,omitempty"`
	Normalize          *bool          `json:"normalize,omitzero"`
	ValidateFields     *bool          `json:"validateFields,omitzero"`
	ValidateNewSchemas *bool          `json:"validateNewSchemas,omitzero"`
	ValidateRules      *bool          `json:"validateRules,omitzero"`
	Level              string         `json:"compatibilityLevel,omitempty"`
	Policy             string         `json:"compatibilityPolicy,omitempty"`
	Group              string         `json:"compatibilityGroup,omitempty"`
	DefaultMetadata    jsontext.Value `json:"defaultMetadata,omitzero"`
	OverrideMetadata   jsontext.Value `json:"overrideMetadata,omitzero"`
	DefaultRuleSet     jsontext.Value `json:"defaultRuleSet,omitzero"`
	OverrideRuleSet    jsontext.Value `json:"overrideRuleSet,omitzero"`
}

// orElse takes from o what c leaves open.
func (c config) orElse(o config) config {
	text := func(a *string, b string) {
		if *a == "" {
			*a = b
		}
	}
	flag := func(a **bool, b *bool) {
		if *a == nil {
			*a = b
		}
	}
	value := func(a *jsontext.Value, b jsontext.Value) {
		if *a == nil {
			*a = b
		}
	}
	text(&c.Level, o.Level)
	text(&c.Policy, o.Policy)
	text(&c.Group, o.Group)
	flag(&c.Normalize, o.Normalize)
	flag(&c.ValidateFields, o.ValidateFields)
	flag(&c.ValidateNewSchemas, o.ValidateNewSchemas)
	flag(&c.ValidateRules, o.ValidateRules)
	value(&c.DefaultMetadata, o.DefaultMetadata)
	value(&c.OverrideMetadata, o.OverrideMetadata)
	value(&c.DefaultRuleSet, o.DefaultRuleSet)
	value(&c.OverrideRuleSet, o.OverrideRuleSet)
	return c
}

const (
	modeReadWrite        = "READWRITE"
	modeReadOnly         = "READONLY"
	modeReadOnlyOverride = "READONLY_OVERRIDE"
	modeImport           = "IMPORT"
	modeForward          = "FORWARD"
)

// parseMode accepts any case.
func parseMode(s string) (string, bool) {
	switch m := strings.ToUpper(s); m {
	case modeReadWrite, modeReadOnly, modeReadOnlyOverride, modeImport, modeForward:
		return m, true
	}
	return "", false
}

// config returns what is set for exactly this subject, "" being the whole registry.
func (s *state) config(subject string) (config, bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	c, ok := s.configs[subject]
	return c, ok
}

// effective returns what holds for a subject.
func (s *state) effective(subject, level string) config {
	s.mu.RLock()
	defer s.mu.RUnlock()
	name, _ := splitName(subject)
	c := s.configs[subject]
	if subject != "" {
		c = c.orElse(s.configs[contextKey(name)]).orElse(s.configs[""])
	}
	return c.orElse(config{Level: level})
}

// mode returns what is set for exactly this subject, "" for nothing.
func (s *state) mode(subject string) string {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.modes[subject]
}

// effectiveMode returns what holds for a subject; READONLY_OVERRIDE of the registry or the context overrides it.
func (s *state) effectiveMode(subject string) string {
	s.mu.RLock()
	defer s.mu.RUnlock()
	name, _ := splitName(subject)
	for _, above := range []string{"", contextKey(name)} {
		if s.modes[above] == modeReadOnlyOverride {
			return modeReadOnlyOverride
		}
	}
	for _, k := range []string{subject, contextKey(name), ""} {
		if m := s.modes[k]; m != "" {
			return m
		}
	}
	return modeReadWrite
}

// writable says why nothing of a subject may change in its mode.
func writable(subject, mode string) *Error {
	switch mode {
	case modeReadOnly, modeReadOnlyOverride:
		return errNotPermitted("Subject %s is in read-only mode", subject)
	case modeForward:
		return errNotPermitted("Subject %s is in forward mode, and this registry has none to forward to", subject)
	}
	return nil
}

// setMode decides on PUT /mode. What has schemas may be imported into only by force.
func setMode(s *state, subject, text string, force bool) ([]record, *Error) {
	mode, ok := parseMode(text)
	if !ok {
		return nil, errInvalidMode()
	}
	if mode == modeImport && !force && s.effectiveMode(subject) != modeImport {
		if subject == "" && len(s.subjects(":*:")) > 0 {
			return nil, errNotPermitted("Cannot import since found existing subjects: set force=true to import nevertheless")
		}
		name, plain := splitName(subject)
		found := len(s.versions(subject)) > 0
		if subject != "" && plain == "" {
			found = len(s.subjects(contextKey(name))) > 0
		}
		if found {
			return nil, errNotPermitted("Cannot import since found existing subjects in %s: set force=true to import nevertheless", subject)
		}
	}
	return []record{modeRecord(subject, mode)}, nil
}

// deleteMode decides on DELETE /mode.
func deleteMode(s *state, subject string) ([]record, string, *Error) {
	old := s.mode(subject)
	switch {
	case old == "" && subject != "":
		return nil, "", errNoMode(subject)
	case old == "":
		return nil, modeReadWrite, nil
	}
	return []record{modeRecord(subject, "")}, old, nil
}

// deleteConfig decides on DELETE /config.
func deleteConfig(s *state, subject, level string) ([]record, config, *Error) {
	old, ok := s.config(subject)
	switch {
	case !ok && subject != "":
		return nil, old, errNoConfig(subject)
	case !ok:
		return nil, config{Level: level}, nil
	}
	return []record{configRecord(subject, nil)}, old, nil
}
