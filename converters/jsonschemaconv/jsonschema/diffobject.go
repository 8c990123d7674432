package jsonschema

import (
	"maps"
	"slices"

	library "github.com/santhosh-tekuri/jsonschema/v6"
)

// rest returns what an object allows for a property without a schema of its own: nil is anything (the open content
// model), false is nothing (closed), else the schemas that it has to follow.
func (d *differ) rest(s *library.Schema, name string) (covering []*library.Schema, closed bool) {
	d.budget -= len(s.PatternProperties)
	if d.budget <= 0 {
		return nil, false
	}
	for p, sub := range s.PatternProperties {
		if p.MatchString(name) {
			covering = append(covering, sub)
		}
	}
	if len(covering) > 0 {
		return covering, false
	}
	sub := additional(s)
	switch {
	case sub == nil || isEmpty(sub):
		return nil, false
	case isFalse(sub):
		return nil, true
	}
	return []*library.Schema{sub}, false
}

// additional returns the schema for properties that are not named, nil for any.
func additional(s *library.Schema) *library.Schema {
	if a := boolOrSchema(s.AdditionalProperties); a != nil {
		return a
	}
	return s.UnevaluatedProperties
}

func boolOrSchema(v any) *library.Schema {
	switch v := v.(type) {
	case bool:
		return &library.Schema{Bool: &v}
	case *library.Schema:
		return v
	}
	return nil
}

func (d *differ) compareObject(r, w *library.Schema, path string) []Difference {
	var out []Difference
	required, before := names(r.Required), names(w.Required)
	for _, name := range slices.Sorted(maps.Keys(r.Properties)) {
		rp, at := r.Properties[name], join(path, "properties", name)
		if wp, ok := w.Properties[name]; ok {
			out = append(out, d.compare(rp, wp, at)...)
			continue
		}
		out = append(out, d.added(rp, w, name, required[name] && !before[name], at)...)
	}
	for _, name := range slices.Sorted(maps.Keys(w.Properties)) {
		if _, ok := r.Properties[name]; !ok {
			out = append(out, d.removed(r, w.Properties[name], name, join(path, "properties", name))...)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(required)) {
		rp := r.Properties[name]
		if before[name] || hasDefault(rp) {
			continue
		}
		if _, inWriter := w.Properties[name]; rp != nil && !inWriter {
			if covering, closed := d.rest(w, name); closed || len(covering) > 0 {
				continue // added tells it
			}
		}
		out = append(out, Difference{"REQUIRED_ATTRIBUTE_ADDED", join(path, "required", name)})
	}
	out = append(out, d.compareAdditional(r, w, path)...)
	out = upperBound(out, r.MaxProperties, w.MaxProperties, "MAX_PROPERTIES", join(path, "maxProperties"))
	out = lowerBound(out, r.MinProperties, w.MinProperties, "MIN_PROPERTIES", join(path, "minProperties"))
	if r.PropertyNames != nil && len(d.optional(r.PropertyNames, w.PropertyNames, path)) > 0 {
		out = append(out, Difference{"PROPERTY_NAMES_CHANGED", join(path, "propertyNames")})
	}
	return append(out, d.compareDependencies(r, w, path)...)
}

func names(list []string) map[string]bool {
	out := make(map[string]bool, len(list))
	for _, n := range list {
		out[n] = true
	}
	return out
}

func hasDefault(s *library.Schema) bool { return s != nil && s.Default != nil }

// added judges a property that only the reader names.
func (d *differ) added(rp, w *library.Schema, name string, required bool, path string) []Difference {
	covering, closed := d.rest(w, name)
	if len(covering) == 0 && !closed {
		if isEmpty(rp) {
			return nil
		}
		return []Difference{{"PROPERTY_ADDED_TO_OPEN_CONTENT_MODEL", path}}
	}
	if len(covering) > 0 && !d.covered(rp, covering, path) {
		return []Difference{{"PROPERTY_ADDED_NOT_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL", path}}
	}
	if required && !hasDefault(rp) {
		return []Difference{{"REQUIRED_PROPERTY_ADDED_TO_UNOPEN_CONTENT_MODEL", path}}
	}
	return nil
}

// covered reports whether what follows all of the writers follows the reader.
func (d *differ) covered(r *library.Schema, writers []*library.Schema, path string) bool {
	return slices.ContainsFunc(writers, func(w *library.Schema) bool { return len(d.compare(r, w, path)) == 0 })
}

// removed judges a property that only the writer names.
func (d *differ) removed(r, wp *library.Schema, name, path string) []Difference {
	covering, closed := d.rest(r, name)
	switch {
	case closed && !isFalse(wp):
		return []Difference{{"PROPERTY_REMOVED_FROM_CLOSED_CONTENT_MODEL", path}}
	case closed:
		return nil
	}
	for _, c := range covering {
		if len(d.compare(c, wp, path)) > 0 {
			return []Difference{{"PROPERTY_REMOVED_NOT_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL", path}}
		}
	}
	return nil
}

// compareAdditional compares what is said of properties without names.
func (d *differ) compareAdditional(r, w *library.Schema, path string) []Difference {
	var out []Difference
	ra, wa, at := additional(r), additional(w), join(path, "additionalProperties")
	switch {
	case ra == nil || isEmpty(ra) || wa != nil && isFalse(wa):
	case isFalse(ra):
		out = append(out, Difference{"ADDITIONAL_PROPERTIES_REMOVED", at})
	case wa == nil || isEmpty(wa):
		out = append(out, Difference{"ADDITIONAL_PROPERTIES_NARROWED", at})
	default:
		out = append(out, d.compare(ra, wa, at)...)
	}
	for rp, rsub := range r.PatternProperties {
		if isEmpty(rsub) || wa != nil && isFalse(wa) && len(w.PatternProperties) == 0 {
			continue
		}
		found := false
		if d.budget -= len(w.PatternProperties); d.budget <= 0 {
			break
		}
		for wp, wsub := range w.PatternProperties {
			if wp.String() == rp.String() {
				found = true
				out = append(out, d.compare(rsub, wsub, join(path, "patternProperties", rp.String()))...)
			}
		}
		if !found {
			out = append(out, Difference{"ADDITIONAL_PROPERTIES_NARROWED", join(path, "patternProperties", rp.String())})
		}
	}
	slices.SortStableFunc(out, byPath)
	return out
}

// dependencies gathers what a property asks for of others, whatever the draft calls it.
func dependencies(s *library.Schema) (arrays map[string][]string, schemas map[string]*library.Schema) {
	arrays, schemas = maps.Clone(s.DependentRequired), maps.Clone(s.DependentSchemas)
	for k, v := range s.Dependencies {
		switch v := v.(type) {
		case []string:
			if arrays == nil {
				arrays = map[string][]string{}
			}
			arrays[k] = v
		default:
			if sub := boolOrSchema(v); sub != nil {
				if schemas == nil {
					schemas = map[string]*library.Schema{}
				}
				schemas[k] = sub
			}
		}
	}
	return arrays, schemas
}

func (d *differ) compareDependencies(r, w *library.Schema, path string) []Difference {
	var out []Difference
	rNames, rSchemas := dependencies(r)
	wNames, wSchemas := dependencies(w)
	for _, k := range slices.Sorted(maps.Keys(rNames)) {
		at := join(path, "dependencies", k)
		list, ok := wNames[k]
		have := names(list)
		switch {
		case !ok && len(rNames[k]) > 0:
			out = append(out, Difference{"DEPENDENCY_ARRAY_ADDED", at})
		case slices.ContainsFunc(rNames[k], func(n string) bool { return !have[n] }):
			out = append(out, Difference{"DEPENDENCY_ARRAY_EXTENDED", at})
		}
	}
	for _, k := range slices.Sorted(maps.Keys(rSchemas)) {
		at := join(path, "dependencies", k)
		if have, ok := wSchemas[k]; ok {
			out = append(out, d.compare(rSchemas[k], have, at)...)
		} else if !isEmpty(rSchemas[k]) {
			out = append(out, Difference{"DEPENDENCY_SCHEMA_ADDED", at})
		}
	}
	return out
}
