package jsonconv

import (
	"github.com/kurier-io/kurier/converters/jsontext"
	"github.com/kurier-io/kurier/plugins/data"
)

// A plan is a schema compiled for writing: what is asked of the schema for every value is one load away.
type plan struct {
	schema   *data.Schema
	typ      data.Type
	logical  data.Logical
	kind     data.Kind // the kind of value that fits
	optional bool
	subst    bool // null is replaced by def
	keyed    bool // a map with string keys: an object
	def      data.Value
	elem     *plan
	key      *plan
	fields   []fieldPlan
}

type fieldPlan struct {
	prefix string // the name in quotes, with the comma before it and the colon behind
	plan   *plan
}

func (w *writer) compile(s *data.Schema) *plan {
	if s == nil {
		return nil
	}
	def, hasDef := s.Default()
	p := &plan{
		schema: s, typ: s.Type(), logical: s.Logical(), kind: data.KindFor(s), optional: s.Optional(),
		subst: hasDef && !def.IsNull() && w.replaceNull, def: def,
	}
	switch s.Type() {
	case data.ArrayType:
		p.elem = w.compile(s.ValueSchema())
	case data.MapType:
		p.key, p.elem = w.compile(s.KeySchema()), w.compile(s.ValueSchema())
		p.keyed = s.KeySchema().Type() == data.String
	case data.StructType:
		p.fields = make([]fieldPlan, s.NumFields())
		for i, f := range s.Fields() {
			var b []byte
			if i > 0 {
				b = append(b, ',')
			}
			p.fields[i] = fieldPlan{string(append(jsontext.AppendString(b, f.Name), ':')), w.compile(f.Schema)}
		}
	}
	return p
}
