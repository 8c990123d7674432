package jsonschemaconv

import (
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/kurier-io/kurier/converters/jsontext"
	"github.com/kurier-io/kurier/plugins/data"
)

// A reading turns one JSON Schema into a Connect schema.
type reading struct {
	*jsonData
	*library
	modern bool    // keywords beside $ref count
	unions int     // generalized ones so far
	budget int     // schemas that may still be made
	path   []*node // what is being read, to notice schemas that contain themselves
}

// mostSchemas bounds what definitions that refer to each other unfold to.
const mostSchemas = 20_000

// read returns the Connect schema of a JSON Schema, as JsonSchemaData.toConnectSchema does. A version of 0 is not known.
func (o *jsonData) read(l *library, version int) (*data.Schema, error) {
	dialect, _ := l.root.str("$schema")
	r := reading{jsonData: o, library: l, budget: mostSchemas}
	r.modern = !o.IgnoreModern && (strings.Contains(dialect, "2019-09") || strings.Contains(dialect, "2020-12"))
	return r.schema(l.root, version, false)
}

// free reports whether the schema says nothing of its values.
func (n *node) free() bool {
	return n.kind == 't' || n.kind == '{' && len(typesOf(n)) == 0 && !n.has("$ref", "allOf", "anyOf", "oneOf", "enum", "const", "not")
}

// without returns the text without a member.
func (n *node) without(name string) string {
	out := []byte{'{'}
	for _, m := range n.members {
		if m.name == name {
			continue
		}
		if len(out) > 1 {
			out = append(out, ',')
		}
		out = append(append(jsontext.AppendString(out, m.name), ':'), m.node.raw...)
	}
	return string(append(out, '}'))
}

// schema reads one schema. optional forces the result to be optional.
func (r *reading) schema(n *node, version int, optional bool) (*data.Schema, error) {
	if r.budget--; r.budget < 0 {
		return nil, data.Errorf("the JSON Schema unfolds to more than %d schemas", mostSchemas)
	}
	if slices.Contains(r.path, n) {
		title, _ := n.str("title")
		return nil, data.Errorf("the JSON Schema %s contains itself, which Connect schemas cannot: replace the inner $ref by a string or an object that ends", strconv.Quote(title))
	}
	r.path = append(r.path, n)
	defer func() { r.path = r.path[:len(r.path)-1] }()
	switch {
	case n.free():
		bytes := data.Of(data.Bytes).MustBuild()
		f := finishing{reading: r, nodes: []*node{n}, version: version, optional: optional, named: true}
		return f.build(data.StructOf().Name(variantName).Field("metadata", bytes).Field("value", bytes))
	case n.kind != '{':
		return nil, data.Errorf("Unsupported schema type FalseSchema: no value follows the schema false")
	}
	if ref, ok := n.str("$ref"); ok && !(r.modern && hasShape(n)) {
		target, err := r.resolve(n, ref)
		if err != nil {
			return nil, err
		}
		return r.schema(target, version, optional)
	}
	parts, err := r.parts(nil, n, 0)
	if err != nil {
		return nil, err
	}
	return r.merged(n, parts, version, optional)
}

// hasShape reports whether the schema says something of its values besides where it refers to.
func hasShape(n *node) bool {
	return len(typesOf(n)) > 0 || n.has("allOf", "anyOf", "oneOf", "enum", "const")
}

// parts returns what holds together: the schema and, unfolded, its allOf.
func (r *reading) parts(out []*node, n *node, depth int) ([]*node, error) {
	if slices.Contains(out, n) {
		return out, nil
	}
	if r.budget--; r.budget < 0 || depth > maxDepth {
		return nil, data.Errorf("the allOf of the JSON Schema is too large")
	}
	ref, refers := n.str("$ref")
	if !refers || r.modern && hasShape(n) {
		out = append(out, n)
		if all := n.get("allOf"); all != nil {
			for _, e := range all.elems {
				var err error
				if out, err = r.parts(out, e, depth+1); err != nil {
					return nil, err
				}
			}
		}
	}
	if !refers {
		return out, nil
	}
	target, err := r.resolve(n, ref)
	if err != nil {
		return nil, err
	}
	return r.parts(out, target, depth+1)
}

// merged decides what the parts are together, as JsonSchemaData does: an object with the properties of all, or what the first of them
// with alternatives says, an enum, or the first type.
func (r *reading) merged(n *node, parts []*node, version int, optional bool) (*data.Schema, error) {
	f := finishing{reading: r, nodes: append([]*node{n}, parts...), version: version, optional: optional}
	for _, p := range parts {
		if props := p.get("properties"); props != nil && len(props.members) > 0 {
			return r.object(f, parts)
		}
	}
	for _, p := range parts {
		for _, keyword := range []string{"oneOf", "anyOf"} {
			if alternatives := p.get(keyword); alternatives != nil {
				return r.alternatives(f, alternatives.elems)
			}
		}
	}
	var types []string
	var typed *node
	for _, p := range parts {
		if types = typesOf(p); len(types) > 0 {
			typed = p
			break
		}
	}
	if len(types) > 1 {
		rest := slices.DeleteFunc(slices.Clone(types), func(t string) bool { return t == "null" })
		if len(rest) < len(types) {
			f.optional = true
		}
		if len(rest) > 1 {
			return r.typeList(f, typed, types)
		}
		types = rest
	}
	for _, p := range parts {
		if enum := p.get("enum"); enum != nil && (len(types) == 0 || types[0] == "string") {
			return r.enum(f, enum.elems)
		}
	}
	if len(types) == 0 {
		return r.constant(f, parts)
	}
	return r.typed(f, typed, parts, types[0])
}

// typeList reads a list of types as alternatives, each with the keywords of the schema.
func (r *reading) typeList(f finishing, n *node, types []string) (*data.Schema, error) {
	var out []*node
	for _, t := range types {
		alternative := &node{kind: '{', base: n.base}
		for _, m := range n.members {
			switch m.name {
			case "type":
				m.node = &node{kind: '"', text: t}
			case "title", "description", "default", propIndex, propVersion, propParams, "allOf", "enum", "const":
				continue
			}
			alternative.members = append(alternative.members, m)
		}
		out = append(out, alternative)
	}
	return r.alternatives(f, out)
}

// enum reads the values of an enum as symbols of a string. null among them makes it optional.
func (r *reading) enum(f finishing, values []*node) (*data.Schema, error) {
	name := jsonEnum
	if r.Generalized {
		name = generalEnum
	}
	b := data.Of(data.String).Param(name, "") // JSON's enums have no name
	f.params = append(f.params, data.Param{Name: name})
	for i, v := range values {
		symbol := v.raw
		switch v.kind {
		case '"':
			symbol = v.text
		case 'n':
			symbol, f.optional = nullSymbol, true
		}
		p := data.Param{Name: name + "." + symbol, Value: symbol}
		if r.Generalized {
			p.Value = strconv.Itoa(i)
		}
		if at := slices.IndexFunc(f.params, func(o data.Param) bool { return o.Name == p.Name }); at >= 0 {
			f.params[at] = p // the symbol comes again
			continue
		}
		f.params = append(f.params, p)
	}
	return f.build(b)
}

// constant reads a schema that has only a const.
func (r *reading) constant(f finishing, parts []*node) (*data.Schema, error) {
	for _, p := range parts {
		c := p.get("const")
		if c == nil {
			continue
		}
		switch c.kind {
		case '"':
			return f.build(data.Of(data.String))
		case 't', 'f':
			return f.build(data.Of(data.Boolean))
		case '0':
			if strings.ContainsAny(c.raw, ".eE") {
				return f.build(data.Of(data.Float64))
			}
			return f.build(data.Of(data.Int64))
		}
	}
	return nil, data.Errorf("Unsupported criterion allOf: a part of the JSON Schema has no type: give it one")
}

// typed reads a schema of one type.
func (r *reading) typed(f finishing, n *node, parts []*node, typ string) (*data.Schema, error) {
	connectType, _ := n.str(propType)
	switch typ {
	case "boolean":
		return f.build(data.Of(data.Boolean))
	case "string":
		if connectType == typeBytes {
			return f.build(data.Of(data.Bytes))
		}
		return f.build(data.Of(data.String))
	case "integer", "number":
		if connectType == typeBytes {
			return f.build(data.Of(data.Bytes))
		}
		if t, ok := data.ParseType(connectType); ok && t <= data.Float64 {
			return f.build(data.Of(t))
		}
		if connectType != "" {
			return nil, data.Errorf("Unsupported type %s of a number (%s)", data.Shorten(connectType), propType)
		}
		if typ == "integer" || slices.ContainsFunc(parts, func(p *node) bool { t, _ := p.str("type"); return t == "integer" }) {
			return f.build(data.Of(data.Int64))
		}
		return f.build(data.Of(data.Float64))
	case "array":
		return r.array(f, parts, connectType == typeMap)
	case "object":
		if connectType == typeMap {
			return r.stringMap(f, parts)
		}
		return r.object(f, parts)
	}
	return nil, data.Errorf("Unsupported schema type NullSchema: a part of the JSON Schema takes nothing but null")
}

// first returns the first of the parts' members of a name.
func first(parts []*node, name string) *node {
	for _, p := range parts {
		if m := p.get(name); m != nil {
			return m
		}
	}
	return nil
}

var errNoItems = errors.New("Array schema did not specify the items type") // Confluent's text

func (r *reading) array(f finishing, parts []*node, isMap bool) (*data.Schema, error) {
	items := first(parts, "items")
	if items == nil || items.kind == '[' {
		return nil, &data.Error{Msg: "items of one schema are needed", Err: errNoItems}
	}
	if props := items.get("properties"); isMap && props != nil {
		k, v := props.get("key"), props.get("value")
		if k == nil || v == nil {
			return nil, data.Errorf("an array that is a map has items without key or value")
		}
		key, err := r.schema(k, 0, false)
		if err != nil {
			return nil, below(err, "{key}")
		}
		value, err := r.schema(v, 0, false)
		if err != nil {
			return nil, below(err, "{}")
		}
		return f.build(data.MapOf(key, value))
	}
	elem, err := r.schema(items, 0, false)
	if err != nil {
		return nil, below(err, "[]")
	}
	return f.build(data.ArrayOf(elem))
}

func (r *reading) stringMap(f finishing, parts []*node) (*data.Schema, error) {
	values := first(parts, "additionalProperties")
	if values == nil {
		return nil, data.Errorf("an object that is a map does not say of which schema its values are: give it additionalProperties")
	}
	value, err := r.schema(values, 0, false)
	if err != nil {
		return nil, below(err, "{}")
	}
	return f.build(data.MapOf(data.Of(data.String).MustBuild(), value))
}
