package data

import (
	"maps"
	"slices"
)

// A Param is one entry of a schema's parameters; their order is that of the builder.
type Param struct{ Name, Value string }

// A Field is a named member of a struct schema.
type Field struct {
	Name   string
	Index  int
	Schema *Schema
}

// A Schema describes a value. It is immutable and safe for concurrent use; make one with a [Builder].
type Schema struct {
	typ      Type
	optional bool
	hasVer   bool
	hasDef   bool
	logical  Logical
	kind     Kind // of the values that fit
	version  int32
	name     *string
	doc      *string
	params   []Param
	def      Value
	key      *Schema
	value    *Schema
	fields   []Field
	index    map[string]int
	scale    int32
}

// Type returns the base type.
func (s *Schema) Type() Type { return s.typ }

// Optional reports whether null is allowed.
func (s *Schema) Optional() bool { return s.optional }

// Name returns the schema name, "" when none was set; [Schema.HasName] tells the two apart.
func (s *Schema) Name() string {
	if s == nil || s.name == nil {
		return ""
	}
	return *s.name
}

// HasName reports whether a name was set, be it the empty string.
func (s *Schema) HasName() bool { return s.name != nil }

// Version returns the version and whether one was set.
func (s *Schema) Version() (int32, bool) { return s.version, s.hasVer }

// Doc returns the documentation and whether it was set.
func (s *Schema) Doc() (string, bool) {
	if s.doc == nil {
		return "", false
	}
	return *s.doc, true
}

// Params returns the parameters in builder order; the caller must not change them.
func (s *Schema) Params() []Param { return s.params }

// Param returns one parameter.
func (s *Schema) Param(name string) (string, bool) {
	for _, p := range s.params {
		if p.Name == name {
			return p.Value, true
		}
	}
	return "", false
}

// Default returns the default value, in logical form, and whether one was set (it may be null).
func (s *Schema) Default() (Value, bool) { return s.def, s.hasDef }

// Logical returns the core logical type that the schema's name stands for, or NotLogical.
func (s *Schema) Logical() Logical {
	if s == nil {
		return NotLogical
	}
	return s.logical
}

// Scale returns the scale of a Decimal schema.
func (s *Schema) Scale() int32 { return s.scale }

// KeySchema returns the schema of a map's keys; nil for other types.
func (s *Schema) KeySchema() *Schema { return s.key }

// ValueSchema returns the schema of an array's elements or a map's values; nil for other types.
func (s *Schema) ValueSchema() *Schema { return s.value }

// Fields returns a struct's fields in order; the caller must not change them. Nil for other types.
func (s *Schema) Fields() []Field { return s.fields }

// NumFields returns the number of fields of a struct.
func (s *Schema) NumFields() int { return len(s.fields) }

// Field looks a field up by name.
func (s *Schema) Field(name string) (Field, bool) {
	if s.index != nil {
		i, ok := s.index[name]
		if !ok {
			return Field{}, false
		}
		return s.fields[i], true
	}
	for i := range s.fields {
		if s.fields[i].Name == name {
			return s.fields[i], true
		}
	}
	return Field{}, false
}

// String prints as Java does: Schema{NAME:TYPE} or Schema{TYPE}.
func (s *Schema) String() string {
	if s == nil {
		return "null"
	}
	if s.name != nil {
		return "Schema{" + *s.name + ":" + s.typ.String() + "}"
	}
	return "Schema{" + s.typ.String() + "}"
}

// Equal compares every attribute, as ConnectSchema.equals: parameters as a map, fields in order, defaults deeply.
func (s *Schema) Equal(o *Schema) bool {
	if s == o {
		return true
	}
	if s == nil || o == nil || s.hasDef != o.hasDef {
		return false
	}
	return s.equalButDefault(o) && (!s.hasDef || equalDefaults(s.def, o.def))
}

// Describes reports whether st is a struct of s. The default of s itself does not count: a struct that is one was made before it.
func (s *Schema) Describes(st *Struct) bool { return s.describes(st.schema) }

func (s *Schema) describes(o *Schema) bool { return s == o || s.equalButDefault(o) }

func (s *Schema) equalButDefault(o *Schema) bool {
	if s.typ != o.typ || s.optional != o.optional || s.hasVer != o.hasVer || s.version != o.version || len(s.fields) != len(o.fields) ||
		!equalPtr(s.name, o.name) || !equalPtr(s.doc, o.doc) || !equalParams(s.params, o.params) || !s.key.Equal(o.key) || !s.value.Equal(o.value) {
		return false
	}
	for i := range s.fields {
		if s.fields[i].Name != o.fields[i].Name || !s.fields[i].Schema.Equal(o.fields[i].Schema) {
			return false
		}
	}
	return true
}

// equalDefaults leaves out the schema of a struct default: it is the schema that is being compared.
func equalDefaults(a, b Value) bool {
	if a.Kind() == KindStruct && b.Kind() == KindStruct {
		return slices.EqualFunc(a.Struct().vals, b.Struct().vals, Value.Equal)
	}
	return a.Equal(b)
}

func equalPtr(a, b *string) bool {
	if a == nil || b == nil {
		return a == b
	}
	return *a == *b
}

// equalParams distinguishes "never set" (nil) from empty, as Java does.
func equalParams(a, b []Param) bool {
	if (a == nil) != (b == nil) || len(a) != len(b) {
		return false
	}
	if slices.Equal(a, b) {
		return true
	}
	toMap := func(ps []Param) map[string]string {
		m := make(map[string]string, len(ps))
		for _, p := range ps {
			m[p.Name] = p.Value
		}
		return m
	}
	return maps.Equal(toMap(a), toMap(b))
}

// AsOptional returns the same schema with the given optional flag; s itself when it already has it.
// Struct fields, parameters and the default are shared.
func (s *Schema) AsOptional(optional bool) *Schema {
	if s.optional == optional {
		return s
	}
	c := s.copy()
	c.optional = optional
	return c
}

func (s *Schema) copy() *Schema {
	return &Schema{
		typ: s.typ, optional: s.optional, hasVer: s.hasVer, hasDef: s.hasDef, logical: s.logical, kind: s.kind, version: s.version,
		name: s.name, doc: s.doc, params: s.params, def: s.def, key: s.key, value: s.value, fields: s.fields, index: s.index, scale: s.scale,
	}
}

// WithDefault returns the same schema with a default value, which must fit it.
func (s *Schema) WithDefault(v Value) (*Schema, error) {
	if err := Validate(s, v); err != nil {
		return nil, err
	}
	c := s.copy()
	c.def, c.hasDef = v.Clone(), true
	return c, nil
}
