package avroschema

import (
	"fmt"
	"slices"
)

// A resolver replaces names by the types that they stand for.
type resolver struct {
	p     *parser
	seen  map[*Type]bool
	order []*Type // as they were met
}

func (r *resolver) resolve(t *Type) (*Type, error) {
	if t.Kind == 0 {
		found := r.p.known[newName(t.refers, t.within).Full()]
		if found == nil {
			found = r.p.known[t.refers]
		}
		if found == nil {
			return nil, fmt.Errorf("Undefined schema: %s", newName(t.refers, t.within).Full()) // Java's text
		}
		t = found
	}
	if r.seen[t] {
		return t, nil
	}
	r.seen[t] = true
	r.order = append(r.order, t)
	var err error
	if t.Elem != nil {
		if t.Elem, err = r.resolve(t.Elem); err != nil {
			return nil, err
		}
	}
	for i := range t.Fields {
		if t.Fields[i].Type, err = r.resolve(t.Fields[i].Type); err != nil {
			return nil, fmt.Errorf("record %s, field %s: %w", t.Name.Full(), t.Fields[i].Name, err)
		}
	}
	for i := range t.Branches {
		if t.Branches[i], err = r.resolve(t.Branches[i]); err != nil {
			return nil, err
		}
	}
	return t, nil
}

// check looks at what can be judged only once every name is resolved.
func (p *parser) check(t *Type) error {
	have := make(map[string]bool, len(t.Branches))
	for _, b := range t.Branches {
		if b.Kind == Union {
			return fmt.Errorf("Nested union: a union must not be a branch of another") // Java's text
		}
		if name := b.FullName(); have[name] {
			return fmt.Errorf("Duplicate in union:%s", name) // Java's text
		} else {
			have[name] = true
		}
	}
	if !p.strict {
		return nil
	}
	for i := range t.Fields {
		f := &t.Fields[i]
		if f.Default == nil {
			continue
		}
		if !fits(f.Type, f.Default, &p.budget) {
			if p.budget < 0 {
				return fmt.Errorf("the defaults of the schema take too long to check (field %s of record %s)", f.Name, t.Name.Full())
			}
			return fmt.Errorf("Invalid default for field %s: %s not a %s (record %s)", f.Name, brief(*f.Default), f.Type.FullName(), t.Name.Full()) // Java's text
		}
	}
	return nil
}

// equal compares as Schema.equals does: documentation and aliases do not count, properties do.
func equal(a, b *Type, seen map[[2]*Type]bool) bool {
	if a == b {
		return true
	}
	if a.Kind != b.Kind || a.Name != b.Name || a.Size != b.Size || !slices.Equal(a.Symbols, b.Symbols) ||
		len(a.Fields) != len(b.Fields) || len(a.Branches) != len(b.Branches) || !sameMembers(a.Props, b.Props) {
		return false
	}
	pair := [2]*Type{a, b}
	if seen[pair] {
		return true
	}
	seen[pair] = true
	if a.Elem != nil && !equal(a.Elem, b.Elem, seen) {
		return false
	}
	for i := range a.Branches {
		if !equal(a.Branches[i], b.Branches[i], seen) {
			return false
		}
	}
	for i := range a.Fields {
		f, g := &a.Fields[i], &b.Fields[i]
		if f.Name != g.Name || f.Order != g.Order || !sameMembers(f.Props, g.Props) || (f.Default == nil) != (g.Default == nil) ||
			f.Default != nil && !f.Default.same(*g.Default) || !equal(f.Type, g.Type, seen) {
			return false
		}
	}
	return true
}

func sameMembers(a, b []Member) bool {
	if len(a) != len(b) {
		return false
	}
	for _, m := range a {
		if o, ok := find(b, m.Name); !ok || !m.Value.same(o) {
			return false
		}
	}
	return true
}

func (v Value) same(o Value) bool {
	return v.Kind == o.Kind && v.Bool == o.Bool && v.Text == o.Text && (v.Float == o.Float || v.Float != v.Float && o.Float != o.Float) &&
		slices.EqualFunc(v.Elems, o.Elems, Value.same) && sameMembers(v.Members, o.Members)
}

// Equal reports whether two schemas describe the same, as Java's Schema.equals.
func (s *Schema) Equal(o *Schema) bool { return equal(s.Root, o.Root, map[[2]*Type]bool{}) }
