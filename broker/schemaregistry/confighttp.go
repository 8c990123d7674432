package schemaregistry

import (
	"net/http"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// settingOf is the subject whose settings a path is about, "" for the global ones.
func settingOf(req *http.Request) (string, *Error) {
	subject := subjectOf(req)
	name, plain := splitName(subject)
	if plain == "" {
		return contextKey(name), nil
	}
	if !validSubject(subject) {
		return "", errInvalidSubject(subject)
	}
	return subject, nil
}

// configUpdate is what PUT /config sends: what it names is set, null takes it away, and the rest stays.
type configUpdate struct {
	Alias              jsontext.Value `json:"alias,omitzero"`
	AliasForDeks       jsontext.Value `json:"aliasForDeks,omitzero"`
	Normalize          jsontext.Value `json:"normalize,omitzero"`
	ValidateFields     jsontext.Value `json:"validateFields,omitzero"`
	ValidateNewSchemas jsontext.Value `json:"validateNewSchemas,omitzero"`
	ValidateRules      jsontext.Value `json:"validateRules,omitzero"`
	Level              jsontext.Value `json:"compatibility,omitzero"`
	Policy             jsontext.Value `json:"compatibilityPolicy,omitzero"`
	Group              jsontext.Value `json:"compatibilityGroup,omitzero"`
	DefaultMetadata    jsontext.Value `json:"defaultMetadata,omitzero"`
	OverrideMetadata   jsontext.Value `json:"overrideMetadata,omitzero"`
	DefaultRuleSet     jsontext.Value `json:"defaultRuleSet,omitzero"`
	OverrideRuleSet    jsontext.Value `json:"overrideRuleSet,omitzero"`
}

// over puts an update over what was set.
func (u configUpdate) over(c config) (config, *Error) {
	for _, m := range []struct {
		name string
		v    jsontext.Value
		into any
	}{
		{"alias", u.Alias, &c.Alias}, {"aliasForDeks", u.AliasForDeks, &c.AliasForDeks}, {"normalize", u.Normalize, &c.Normalize},
		{"validateFields", u.ValidateFields, &c.ValidateFields}, {"validateNewSchemas", u.ValidateNewSchemas, &c.ValidateNewSchemas},
		{"validateRules", u.ValidateRules, &c.ValidateRules}, {"compatibility", u.Level, &c.Level}, {"compatibilityPolicy", u.Policy, &c.Policy},
		{"compatibilityGroup", u.Group, &c.Group},
	} {
		if m.v == nil {
			continue
		}
		if err := json.Unmarshal(m.v, m.into); err != nil {
			return c, errorf(http.StatusUnprocessableEntity, "%s: %v", m.name, err)
		}
	}
	for _, m := range []struct{ v, into *jsontext.Value }{
		{&u.DefaultMetadata, &c.DefaultMetadata}, {&u.OverrideMetadata, &c.OverrideMetadata},
		{&u.DefaultRuleSet, &c.DefaultRuleSet}, {&u.OverrideRuleSet, &c.OverrideRuleSet},
	} {
		if *m.v != nil {
			*m.into = present(*m.v)
		}
	}
	if u.Level != nil && u.Level.Kind() != 'n' {
		l, ok := parseLevel(c.Level)
		if !ok {
			return c, errInvalidLevel()
		}
		c.Level = l.name
	}
	return c, nil
}

func (r *Registry) getConfig(req *http.Request) (any, *Error) {
	subject, fail := settingOf(req)
	if fail != nil {
		return nil, fail
	}
	c, ok := r.state.config(subject)
	switch {
	case subject == "" || flag(req, "defaultToGlobal"):
		return r.state.effective(subject, r.level).aliased(c), nil
	case !ok:
		return nil, errNoConfig(subject)
	}
	return c, nil
}

// aliased keeps the alias, which is never inherited.
func (c config) aliased(own config) config {
	c.Alias, c.AliasForDeks = own.Alias, own.AliasForDeks
	return c
}

func (r *Registry) putConfig(req *http.Request) (any, *Error) {
	subject, fail := settingOf(req)
	if fail != nil {
		return nil, fail
	}
	var update configUpdate
	if fail := readBody(req, &update); fail != nil {
		return nil, fail
	}
	fail = r.change(req.Context(), func(s *state) ([]record, *Error) {
		if fail := writable(subject, s.effectiveMode(subject)); fail != nil {
			return nil, fail
		}
		old, _ := s.config(subject)
		c, fail := update.over(old)
		if fail != nil {
			return nil, fail
		}
		return []record{configRecord(subject, &c)}, nil
	})
	return update, fail
}

// deletedConfig has the level by both of its names: clients differ in which one they read.
type deletedConfig struct {
	config        `json:",inline"`
	Compatibility string `json:"compatibility,omitempty"`
}

func (r *Registry) deleteConfig(req *http.Request) (any, *Error) {
	subject, fail := settingOf(req)
	if fail != nil {
		return nil, fail
	}
	var old config
	fail = r.change(req.Context(), func(s *state) (records []record, fail *Error) {
		if fail := writable(subject, s.effectiveMode(subject)); fail != nil {
			return nil, fail
		}
		records, old, fail = deleteConfig(s, subject, r.level)
		return records, fail
	})
	return deletedConfig{old, old.Level}, fail
}

type modeBody struct {
	Mode string `json:"mode"`
}

func (r *Registry) getMode(req *http.Request) (any, *Error) {
	subject, fail := settingOf(req)
	if fail != nil {
		return nil, fail
	}
	mode := r.state.mode(subject)
	if subject == "" || flag(req, "defaultToGlobal") {
		mode = r.state.effectiveMode(subject)
	}
	if mode == "" {
		return nil, errNoMode(subject)
	}
	return modeBody{mode}, nil
}

func (r *Registry) putMode(req *http.Request) (any, *Error) {
	subject, fail := settingOf(req)
	if fail != nil {
		return nil, fail
	}
	var body modeBody
	if fail := readBody(req, &body); fail != nil {
		return nil, fail
	}
	fail = r.change(req.Context(), func(s *state) ([]record, *Error) { return setMode(s, subject, body.Mode, flag(req, "force")) })
	return body, fail
}

func (r *Registry) deleteMode(req *http.Request) (any, *Error) {
	subject, fail := settingOf(req)
	if fail != nil {
		return nil, fail
	}
	var old string
	fail = r.change(req.Context(), func(s *state) (records []record, fail *Error) {
		records, old, fail = deleteMode(s, subject)
		return records, fail
	})
	return modeBody{old}, fail
}
