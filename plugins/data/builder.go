package data

import (
	"errors"
	"fmt"
	"strconv"
)

// A Builder makes a [Schema]. The first wrong call is remembered and returned by [Builder.Build]; later calls are ignored.
type Builder struct {
	s   Schema
	err error
}

// Of starts a schema of a primitive type, or of a struct.
func Of(t Type) *Builder { return &Builder{s: Schema{typ: t, kind: kindOf(NotLogical, t)}} }

// StructOf starts a struct schema.
func StructOf() *Builder { return Of(StructType) }

// ArrayOf starts an array schema.
func ArrayOf(element *Schema) *Builder {
	b := Of(ArrayType)
	if element == nil {
		b.fail("valueSchema cannot be null.")
	}
	b.s.value = element
	return b
}

// MapOf starts a map schema.
func MapOf(key, value *Schema) *Builder {
	b := Of(MapType)
	switch {
	case key == nil:
		b.fail("keySchema cannot be null.")
	case value == nil:
		b.fail("valueSchema cannot be null.")
	}
	b.s.key, b.s.value = key, value
	return b
}

func (b *Builder) fail(format string, args ...any) {
	if b.err == nil {
		b.err = fmt.Errorf(format, args...)
	}
}

func (b *Builder) once(set bool, what string) bool {
	if set {
		b.fail("Invalid SchemaBuilder call: %s has already been set.", what)
	}
	return b.err == nil
}

// Optional allows null.
func (b *Builder) Optional() *Builder {
	b.s.optional = true
	return b
}

// Name sets the schema name.
func (b *Builder) Name(name string) *Builder {
	if b.once(b.s.name != nil && *b.s.name != name, "name") {
		b.s.name = &name
		b.s.logical = logicalOf(name)
		b.s.kind = kindOf(b.s.logical, b.s.typ)
	}
	return b
}

// Version sets the schema version.
func (b *Builder) Version(v int32) *Builder {
	if b.once(b.s.hasVer && b.s.version != v, "version") {
		b.s.version, b.s.hasVer = v, true
	}
	return b
}

// Doc sets the documentation.
func (b *Builder) Doc(doc string) *Builder {
	if b.once(b.s.doc != nil && *b.s.doc != doc, "doc") {
		b.s.doc = &doc
	}
	return b
}

// Param sets a parameter; setting one again replaces its value.
func (b *Builder) Param(name, value string) *Builder {
	for i := range b.s.params {
		if b.s.params[i].Name == name {
			b.s.params[i].Value = value
			return b
		}
	}
	b.s.params = append(b.s.params, Param{name, value})
	return b
}

// Params replaces all parameters; an empty, non-nil list differs from none.
func (b *Builder) Params(ps []Param) *Builder {
	b.s.params = ps
	return b
}

// Default sets the default value, in logical form. A null default needs Optional first.
func (b *Builder) Default(v Value) *Builder {
	if !b.once(b.s.hasDef && !b.s.def.Equal(v), "default") {
		return b
	}
	if err := b.resolveScale(); err == nil {
		if err := Validate(&b.s, v); err != nil {
			b.err = fmt.Errorf("Invalid default value: %w", err) // Java's text
			return b
		}
	}
	b.s.def, b.s.hasDef = v.Clone(), true
	return b
}

// Field adds a field to a struct schema.
func (b *Builder) Field(name string, s *Schema) *Builder {
	switch {
	case b.s.typ != StructType:
		b.fail("Cannot create fields on type %s", b.s.typ)
	case name == "":
		b.fail("fieldName cannot be null.")
	case s == nil:
		b.fail("fieldSchema for field %s cannot be null.", name)
	}
	if b.err != nil {
		return b
	}
	if b.s.index == nil {
		b.s.index = make(map[string]int)
	}
	if _, dup := b.s.index[name]; dup {
		b.fail("Cannot create field because of field name duplication %s", name)
		return b
	}
	b.s.index[name] = len(b.s.fields)
	b.s.fields = append(b.s.fields, Field{Name: name, Index: len(b.s.fields), Schema: s})
	return b
}

func (b *Builder) resolveScale() error {
	if b.s.logical != LogicalDecimal {
		return nil
	}
	text, ok := b.s.Param(scaleParam)
	if !ok {
		return Errorf("Invalid Decimal schema: scale parameter not found.")
	}
	scale, err := strconv.ParseInt(text, 10, 32)
	if err != nil {
		return Errorf("Invalid scale parameter found in Decimal schema: ")
	}
	b.s.scale = int32(scale)
	return nil
}

// Build returns the schema. The builder must not be used afterwards.
func (b *Builder) Build() (*Schema, error) {
	if b.err != nil {
		return nil, b.err
	}
	if err := b.resolveScale(); err != nil {
		return nil, err
	}
	switch {
	case b.s.typ == MapType && b.s.key == nil:
		return nil, errors.New("keySchema cannot be null.") // Java's text
	case (b.s.typ == MapType || b.s.typ == ArrayType) && b.s.value == nil:
		return nil, errors.New("valueSchema cannot be null.") // Java's text
	}
	return &b.s, nil
}

// MustBuild is Build for schemas that are fixed in the program text; it panics on a programmer's mistake.
func (b *Builder) MustBuild() *Schema {
	s, err := b.Build()
	if err != nil {
		panic(err)
	}
	return s
}
