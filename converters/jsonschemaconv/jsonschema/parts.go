package jsonschema

import (
	library "github.com/santhosh-tekuri/jsonschema/v6"
)

// maxRefs bounds a chain of $ref and allOf, so that {"$ref":"#"} ends.
const maxRefs = 64

// parts splits a schema into a conjunction of pure ones: of keywords on the value itself, of anyOf, of oneOf, of not,
// or of if. The same schema gives the same parts, so that pairs of them can be remembered.
func (d *differ) parts(s *library.Schema) []*library.Schema {
	if p, ok := d.split[s]; ok {
		return p
	}
	p := split(s, nil, maxRefs)
	if len(p) == 0 {
		p = []*library.Schema{s}
	}
	d.split[s] = p
	for _, pure := range p {
		d.split[pure] = []*library.Schema{pure}
	}
	return p
}

func split(s *library.Schema, out []*library.Schema, depth int) []*library.Schema {
	if s.Bool != nil || depth == 0 {
		return append(out, s)
	}
	own := *s
	own.Ref, own.DynamicRef, own.RecursiveRef, own.AllOf, own.AnyOf, own.OneOf = nil, nil, nil, nil, nil, nil
	own.Not, own.If, own.Then, own.Else = nil, nil, nil, nil
	if !isEmpty(&own) {
		out = append(out, &own)
	}
	if s.Ref != nil {
		out = split(s.Ref, out, depth-1)
	}
	if s.RecursiveRef != nil {
		out = split(s.RecursiveRef, out, depth-1)
	}
	if s.DynamicRef != nil && s.DynamicRef.Ref != nil {
		out = split(s.DynamicRef.Ref, out, depth-1)
	}
	for _, a := range s.AllOf {
		if len(out) > maxRefs {
			return append(out, s)
		}
		out = split(a, out, depth-1)
	}
	if len(s.AnyOf) > 0 {
		out = append(out, &library.Schema{AnyOf: s.AnyOf})
	}
	if len(s.OneOf) > 0 {
		out = append(out, &library.Schema{OneOf: s.OneOf})
	}
	if s.Not != nil {
		out = append(out, &library.Schema{Not: s.Not})
	}
	if s.If != nil && (s.Then != nil || s.Else != nil) {
		out = append(out, &library.Schema{If: s.If, Then: s.Then, Else: s.Else})
	}
	return out
}

// branches returns the alternatives of a pure anyOf or oneOf, and its keyword.
func branches(s *library.Schema) ([]*library.Schema, string) {
	if len(s.AnyOf) > 0 {
		return s.AnyOf, "anyOf"
	}
	return s.OneOf, "oneOf"
}

// isEmpty reports whether the schema accepts everything; annotations do not count.
func isEmpty(s *library.Schema) bool {
	if s.Bool != nil {
		return *s.Bool
	}
	return kinds(s) == 0 && s.Enum == nil && s.Const == nil && s.Ref == nil && s.DynamicRef == nil && s.RecursiveRef == nil &&
		s.Not == nil && len(s.AllOf)+len(s.AnyOf)+len(s.OneOf) == 0 && (s.If == nil || s.Then == nil && s.Else == nil)
}

func isFalse(s *library.Schema) bool { return s.Bool != nil && !*s.Bool }

// set is a set of JSON types; 0 is every type.
type set uint8

const (
	tNull set = 1 << iota
	tBoolean
	tInteger
	tNumber
	tString
	tArray
	tObject
)

// kinds returns the types that a schema is about: those it names, else those whose keywords it has.
func kinds(s *library.Schema) set {
	var k set
	if s.Types != nil {
		for _, name := range s.Types.ToStrings() {
			k |= kindOf(name)
		}
		if k&tNumber != 0 {
			k |= tInteger
		}
		return k
	}
	if s.MaxProperties != nil || s.MinProperties != nil || len(s.Required) > 0 || s.PropertyNames != nil || len(s.Properties) > 0 ||
		len(s.PatternProperties) > 0 || s.AdditionalProperties != nil || len(s.Dependencies) > 0 || len(s.DependentRequired) > 0 ||
		len(s.DependentSchemas) > 0 || s.UnevaluatedProperties != nil {
		k |= tObject
	}
	if s.MinItems != nil || s.MaxItems != nil || s.UniqueItems || s.Contains != nil || s.Items != nil || s.AdditionalItems != nil ||
		len(s.PrefixItems) > 0 || s.Items2020 != nil || s.UnevaluatedItems != nil {
		k |= tArray
	}
	if s.MinLength != nil || s.MaxLength != nil || s.Pattern != nil {
		k |= tString
	}
	if s.Maximum != nil || s.Minimum != nil || s.ExclusiveMaximum != nil || s.ExclusiveMinimum != nil || s.MultipleOf != nil {
		k |= tNumber | tInteger
	}
	return k
}

func kindOf(name string) set {
	switch name {
	case "null":
		return tNull
	case "boolean":
		return tBoolean
	case "integer":
		return tInteger
	case "number":
		return tNumber
	case "string":
		return tString
	case "array":
		return tArray
	default:
		return tObject
	}
}
