package data

import (
	"slices"
	"strings"
)

// A Struct is a value of a struct schema, positional by field index. It is not safe for concurrent use.
type Struct struct {
	schema *Schema
	vals   []Value
}

// NewStruct returns a struct with every field unset.
func NewStruct(s *Schema) *Struct {
	if s.Type() != StructType {
		panic("data: not a struct schema: " + s.String())
	}
	return &Struct{s, make([]Value, len(s.fields))}
}

// StructOn returns a struct over vals, which it takes over; len(vals) must be the number of fields. Nothing is validated.
func StructOn(s *Schema, vals []Value) *Struct { return &Struct{s, vals} }

// Schema returns the schema.
func (s *Struct) Schema() *Schema { return s.schema }

// At returns the raw value of field i, without its default.
func (s *Struct) At(i int) Value { return s.vals[i] }

// SetAt sets field i without validation; for code that has compiled its plan against the schema.
func (s *Struct) SetAt(i int, v Value) { s.vals[i] = v }

// Values returns the raw values by field index, shared.
func (s *Struct) Values() []Value { return s.vals }

// Put validates and sets a field.
func (s *Struct) Put(name string, v Value) error {
	f, ok := s.schema.Field(name)
	if !ok {
		return Errorf("%s is not a valid field name", name)
	}
	if err := validateAt(f.Schema, v, fieldLoc(name)); err != nil {
		return err
	}
	s.vals[f.Index] = v
	return nil
}

// Get returns a field's value, or its default when it is unset or null.
func (s *Struct) Get(name string) (Value, error) {
	f, ok := s.schema.Field(name)
	if !ok {
		return Value{}, Errorf("%s is not a valid field name", name)
	}
	return s.AtWithDefault(f.Index), nil
}

// AtWithDefault returns field i, or its default when it is unset or null.
func (s *Struct) AtWithDefault(i int) Value {
	if v := s.vals[i]; !v.IsNull() {
		return v
	}
	return s.schema.fields[i].Schema.def
}

// GetWithoutDefault returns the raw value of a field.
func (s *Struct) GetWithoutDefault(name string) (Value, error) {
	f, ok := s.schema.Field(name)
	if !ok {
		return Value{}, Errorf("%s is not a valid field name", name)
	}
	return s.vals[f.Index], nil
}

// GetAs returns the raw value of a field whose schema must have the given base type (Java: getInt32 and so on).
func (s *Struct) GetAs(name string, t Type) (Value, error) {
	f, ok := s.schema.Field(name)
	switch {
	case !ok:
		return Value{}, Errorf("%s is not a valid field name", name)
	case f.Schema.typ != t:
		return Value{}, Errorf("Field '%s' is not of type %s", name, t)
	}
	return s.vals[f.Index], nil
}

// Validate checks every field against its schema: unset is fine for optional fields and those with a default.
func (s *Struct) Validate() error {
	for i := range s.schema.fields {
		f := &s.schema.fields[i]
		if s.vals[i].IsNull() && (f.Schema.optional || f.Schema.hasDef) {
			continue
		}
		if err := validateAt(f.Schema, s.vals[i], fieldLoc(f.Name)); err != nil {
			return err
		}
	}
	return nil
}

// Equal compares schema, but for its default, and raw values.
func (s *Struct) Equal(o *Struct) bool {
	if s == o || s == nil || o == nil {
		return s == o
	}
	return s.schema.Describes(o) && slices.EqualFunc(s.vals, o.vals, Value.Equal)
}

// Clone returns a copy that aliases nothing but the schema.
func (s *Struct) Clone() *Struct {
	c := &Struct{s.schema, make([]Value, len(s.vals))}
	for i, v := range s.vals {
		c.vals[i] = v.Clone()
	}
	return c
}

// String prints Struct{a=1,b=x}, leaving out nulls, as Java does.
func (s *Struct) String() string {
	var b strings.Builder
	b.WriteString("Struct{")
	first := true
	for i, f := range s.schema.fields {
		if s.vals[i].IsNull() {
			continue
		}
		if !first {
			b.WriteByte(',')
		}
		first = false
		b.WriteString(f.Name)
		b.WriteByte('=')
		b.WriteString(s.vals[i].String())
	}
	b.WriteByte('}')
	return b.String()
}
