package jsonschemaconv

import (
	"slices"
	"strconv"

	"github.com/kurier-io/kurier/plugins/data"
)

type property struct {
	name     string
	node     *node
	index    int
	required bool
}

// object reads an object with the properties of all parts, in the order of connect.index, else of the text.
func (r *reading) object(f finishing, parts []*node) (*data.Schema, error) {
	b := data.StructOf()
	for _, p := range properties(parts) {
		s, err := r.schema(p.node, 0, r.OptionalNonReq && !p.required)
		if err != nil {
			return nil, below(err, p.name)
		}
		if r.Preserve && p.name == additionalField {
			return nil, data.Errorf("the property %s is what preserve.additional.properties adds: rename it", p.name)
		}
		b.Field(p.name, s)
	}
	if r.Preserve {
		rest, err := r.rest(parts)
		if err != nil {
			return nil, err
		}
		if rest != nil {
			b.Field(additionalField, rest)
		}
	}
	return f.build(b)
}

// properties returns the properties of all parts; of those that come twice the last schema counts, at the first place.
func properties(parts []*node) []property {
	var out []property
	at := map[string]int{}
	for _, part := range parts {
		props := part.get("properties")
		if props == nil {
			continue
		}
		for _, m := range props.members {
			p := property{name: m.name, node: m.node}
			if i, twice := at[m.name]; twice {
				p.required = out[i].required
				out[i] = p
				continue
			}
			at[m.name] = len(out)
			out = append(out, p)
		}
	}
	for i := range out {
		var ok bool
		if out[i].index, ok = out[i].node.integer(propIndex); !ok {
			out[i].index = i
		}
	}
	for _, part := range parts {
		if names := part.get("required"); names != nil {
			for _, name := range names.elems {
				if i, ok := at[name.text]; ok {
					out[i].required = true
				}
			}
		}
	}
	slices.SortStableFunc(out, func(a, b property) int { return a.index - b.index })
	return out
}

// rest returns the schema of the field that holds additional properties, nil if there are none.
func (r *reading) rest(parts []*node) (*data.Schema, error) {
	text := data.Of(data.String).MustBuild()
	allowed := first(parts, "additionalProperties")
	switch {
	case allowed == nil || allowed.free():
		return data.MapOf(text, text).Name(additionalText).Optional().Build()
	case allowed.kind != '{':
		return nil, nil
	}
	value, err := r.schema(allowed, 0, false)
	if err != nil {
		return nil, below(err, additionalField)
	}
	return data.MapOf(text, value).Optional().Build()
}

// alternatives reads oneOf and anyOf: null and another are an optional one, others a struct that stands for a union.
func (r *reading) alternatives(f finishing, all []*node) (*data.Schema, error) {
	name := jsonUnion
	prefix := jsonField
	if r.Generalized {
		// Java counts schemas that are merely optional, too.
		name, prefix = generalPrefix+strconv.Itoa(r.unions), generalField
		r.unions++
		f.params = append(f.params, data.Param{Name: generalUnion, Value: name})
	}
	var rest []*node
	for _, n := range all {
		if r.isNull(n, 0) {
			f.optional = true
		} else {
			rest = append(rest, n)
		}
	}
	if len(rest) == 1 && (len(all) > 1 || r.FlattenSingletons) {
		s, err := r.schema(rest[0], f.version, f.optional)
		if err != nil {
			return nil, err
		}
		return f.beside(s)
	}
	if len(rest) == 0 {
		return nil, data.Errorf("a oneOf or anyOf of the JSON Schema has no alternative but null")
	}
	b := data.StructOf().Name(name)
	f.named = true
	for i, n := range rest {
		s, err := r.schema(n, 0, true)
		if err != nil {
			return nil, below(err, prefix+strconv.Itoa(i))
		}
		b.Field(prefix+strconv.Itoa(i), s)
	}
	return f.build(b)
}

// isNull reports whether a schema takes nothing but null.
func (r *reading) isNull(n *node, depth int) bool {
	if ref, ok := n.str("$ref"); ok {
		target, err := r.resolve(n, ref)
		return err == nil && depth < maxDepth && r.isNull(target, depth+1)
	}
	if t := typesOf(n); len(t) > 0 {
		return len(t) == 1 && t[0] == "null"
	}
	if c := n.get("const"); c != nil {
		return c.kind == 'n'
	}
	e := n.get("enum")
	return e != nil && len(e.elems) == 1 && e.elems[0].kind == 'n'
}

// keywordTypes are the types that keywords are about, for schemas that do not name theirs.
var keywordTypes = []struct {
	typ      string
	keywords []string
}{
	{"object", []string{"properties", "additionalProperties", "patternProperties", "required", "minProperties", "maxProperties", "propertyNames", "dependencies", "dependentRequired", "dependentSchemas"}},
	{"array", []string{"items", "prefixItems", "additionalItems", "minItems", "maxItems", "uniqueItems", "contains"}},
	{"string", []string{"minLength", "maxLength", "pattern", "format", "contentEncoding", "contentMediaType"}},
	{"number", []string{"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"}},
}

// typesOf returns the types that a schema names, else the one that its keywords are about.
func typesOf(n *node) []string {
	if t := n.get("type"); t != nil {
		if t.kind == '"' {
			return []string{t.text}
		}
		var out []string
		for _, e := range t.elems {
			out = append(out, e.text)
		}
		return out
	}
	for _, k := range keywordTypes {
		if n.has(k.keywords...) {
			return []string{k.typ}
		}
	}
	return nil
}
