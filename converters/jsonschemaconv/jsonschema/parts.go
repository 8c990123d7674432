package jsonschema

import (
	library "github.com/santhosh-tekuri/jsonschema/v6"
)

// maxParts bounds how many conditions one schema may be made of to be compared.
const maxParts = 1000

// parts splits a schema into a conjunction of pure ones: of keywords on the value itself, of anyOf, of oneOf, of not,
// or of if. The same schema gives the same parts, so that pairs of them can be remembered.
func (d *differ) parts(s *library.Schema) []*library.Schema {
	if p, ok := d.split[s]; ok {
		return p
	}
	sp := splitter{seen: map[*library.Schema]bool{}}
	sp.add(s)
	if len(sp.out) > maxParts {
		d.budget = 0
	}
	if len(sp.out) == 0 {
		sp.out = []*library.Schema{anything}
	}
	d.split[s] = sp.out
	for _, pure := range sp.out {
		d.split[pure] = []*library.Schema{pure}
	}
	return sp.out
}

// splitter gathers the parts of a schema; one that refers to itself says nothing more the second time.
type splitter struct {
	seen map[*library.Schema]bool
	out  []*library.Schema
}

func (sp *splitter) add(s *library.Schema) {
	if s == nil || sp.seen[s] || len(sp.out) > maxParts {
		return
	}
	sp.seen[s] = true
	if s.Bool != nil {
		sp.out = append(sp.out, s)
		return
	}
	own := *s
	own.Ref, own.DynamicRef, own.RecursiveRef, own.AllOf, own.AnyOf, own.OneOf = nil, nil, nil, nil, nil, nil
	own.Not, own.If, own.Then, own.Else = nil, nil, nil, nil
	if !isEmpty(&own) {
		sp.out = append(sp.out, &own)
	}
	sp.add(s.Ref)
	sp.add(s.RecursiveRef)
	if s.DynamicRef != nil {
		sp.add(s.DynamicRef.Ref)
	}
	for _, a := range s.AllOf {
		sp.add(a)
	}
	if len(s.AnyOf) > 0 {
		sp.out = append(sp.out, &library.Schema{AnyOf: s.AnyOf})
	}
	if len(s.OneOf) > 0 {
		sp.out = append(sp.out, &library.Schema{OneOf: s.OneOf})
	}
	if s.Not != nil {
		sp.out = append(sp.out, &library.Schema{Not: s.Not})
	}
	if s.If != nil && (s.Then != nil || s.Else != nil) {
		sp.out = append(sp.out, &library.Schema{If: s.If, Then: s.Then, Else: s.Else})
	}
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
