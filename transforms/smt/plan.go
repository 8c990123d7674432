package smt

import (
	"github.com/kurier-io/kurier/converters/lru"
	"github.com/kurier-io/kurier/plugins/data"
)

// plansKept bounds how many input schemas' plans a transformation keeps. Java keeps 16, and then derives schemas anew.
const plansKept = 256

// A Planner keeps what was derived from input schemas, by pointer. The zero Planner is ready.
type Planner[P any] struct {
	last  *data.Schema
	plan  *P
	plans *lru.Cache[*data.Schema, *P]
}

// Of returns the plan for a schema, which derive makes when it is new. Errors are not kept.
func (p *Planner[P]) Of(s *data.Schema, derive func(*data.Schema) (P, error)) (*P, error) {
	if s == p.last && s != nil {
		return p.plan, nil
	}
	if p.plans == nil {
		p.plans = lru.New[*data.Schema, *P](plansKept)
	}
	plan, ok := p.plans.Get(s)
	if !ok {
		made, err := derive(s)
		if err != nil {
			return nil, err
		}
		plan = &made
		p.plans.Put(s, plan)
	}
	p.last, p.plan = s, plan
	return plan, nil
}

// Basics starts a struct schema with the name, version, doc and parameters of another: not its optional flag, not its default, as
// SchemaUtil.copySchemaBasics.
func Basics(s *data.Schema) *data.Builder { return BasicsTo(s, data.StructOf()) }

// BasicsTo copies the same attributes to a schema under construction.
func BasicsTo(s *data.Schema, b *data.Builder) *data.Builder {
	if s.HasName() {
		b.Name(s.Name())
	}
	if v, ok := s.Version(); ok {
		b.Version(v)
	}
	if doc, ok := s.Doc(); ok {
		b.Doc(doc)
	}
	return b.Params(s.Params())
}

// Same starts a schema of the type of another, with its basics.
func Same(s *data.Schema) *data.Builder {
	switch s.Type() {
	case data.ArrayType:
		return BasicsTo(s, data.ArrayOf(s.ValueSchema()))
	case data.MapType:
		return BasicsTo(s, data.MapOf(s.KeySchema(), s.ValueSchema()))
	case data.StructType:
		b := Basics(s)
		for _, f := range s.Fields() {
			b.Field(f.Name, f.Schema)
		}
		return b
	}
	return BasicsTo(s, data.Of(s.Type()))
}

// At returns field i, with its default in place of null if withDefault.
func At(st *data.Struct, i int, withDefault bool) data.Value {
	if withDefault {
		return st.AtWithDefault(i)
	}
	return st.At(i)
}

// CopyMap returns a copy with room for more entries.
func CopyMap(m *data.Map, room int) *data.Map {
	out := data.NewMap(m.Len() + room)
	for k, v := range m.All() {
		out.Put(k, v)
	}
	return out
}
