package avroconv

import (
	"encoding/binary"
	"fmt"
	"slices"

	"github.com/kurier-io/kurier/converters/avroconv/avroschema"
	"github.com/kurier-io/kurier/plugins/data"
)

// An op is how a value is written.
type op uint8

const (
	opBool op = iota + 1
	opInt8
	opInt16
	opInt32
	opInt64
	opFloat
	opDouble
	opToFloat  // a whole number written as a float
	opToDouble // any number written as a double
	opString
	opBytes
	opFixed
	opDecimal
	opTimestamp
	opDate
	opTime
	opEnum
	opArray
	opMap
	opEntries
	opStruct
	opUnion
)

// An enc is a plan to write values of a Connect schema as an Avro type: what is asked of either for every value is one load away.
// It belongs to one converter.
type enc struct {
	op       op
	opt      bool // the Avro type is a union with null, or the value may be
	wrapped  bool // the Avro type is a union
	null     int32
	branch   int32 // of the value in the union
	kind     data.Kind
	schema   *data.Schema
	also     *data.Schema // another pointer that was found to be equal
	elem     *enc
	key      *enc
	fields   []encField
	size     int              // of a fixed
	symbols  map[string]int32 // of an enum
	enumName string
}

// An encField writes one field of the Avro record.
type encField struct {
	quick   op   // that of enc if [encField.append] knows it, else 0
	wrapped bool // as in enc
	branch  byte // as it is written
	enc     *enc
	index   int    // of the Connect field; -1: it has none and fixed is written
	subst   bool   // null is replaced by def
	fixed   []byte // the default of the record's schema
	def     data.Value
	name    string
}

// compile plans how values of s are written as t. It resolves by name: fields that t lacks are left out, those that s lacks get their
// default. (Java writes by position there.)
func (o *avroData) compile(s *data.Schema, t *avroschema.Type) (*enc, error) {
	p := &enc{schema: s, kind: data.KindFor(s), opt: s.Optional()}
	if isUnion(s) {
		return p, o.compileUnion(p, t)
	}
	if t.Kind == avroschema.Union {
		p.wrapped, p.opt = true, false
		found := -1
		for i, b := range t.Branches {
			if b.Kind == avroschema.Null {
				p.null, p.opt = int32(i), s.Optional()
			} else if fit := o.fit(s, b); fit > 0 && (found < 0 || fit > o.fit(s, t.Branches[found])) {
				found = i
			}
		}
		if found < 0 {
			return nil, data.Errorf("the registered Avro union has no branch for %s", s)
		}
		p.branch = int32(found)
		t = t.Branches[found]
	} else if s.Optional() {
		p.opt = false // a null cannot be written
	}
	if o.fit(s, t) == 0 {
		return nil, data.Errorf("%s cannot be written as the Avro type %s", s, t.FullName())
	}
	return p, o.compileBare(p, t)
}

// fit says how well a type takes values of a schema: 0 not at all, then promoted, then by type, then by name too.
func (o *avroData) fit(s *data.Schema, t *avroschema.Type) int {
	var want avroschema.Kind
	switch s.Type() {
	case data.StructType:
		want = avroschema.Record
	case data.ArrayType:
		want = avroschema.Array
	case data.MapType:
		want = avroschema.Array
		if o.avroMap(s) {
			want = avroschema.Map
		}
	default:
		want = plainKinds[s.Type()]
	}
	switch {
	case t.Kind == want && t.Named() && s.HasName() && o.split(s.Name()) != t.Name:
		return 2
	case t.Kind == want:
		return 4
	case s.Type() == data.String && t.Kind == avroschema.Enum:
		if full, ok := s.Param(avroEnum); ok && full == t.Name.Full() {
			return 5
		}
		if full, ok := s.Param(generalEnum); ok && full == t.Name.Full() {
			return 5
		}
		return 1
	case s.Type() == data.Bytes && t.Kind == avroschema.Fixed:
		if isFixed(s) && o.split(s.Name()) == t.Name {
			return 5
		}
		return 1
	}
	whole := want == avroschema.Int || want == avroschema.Long
	switch t.Kind {
	case avroschema.Long:
		if whole {
			return 1
		}
	case avroschema.Float:
		if whole {
			return 1
		}
	case avroschema.Double:
		if whole || want == avroschema.Float {
			return 1
		}
	case avroschema.String, avroschema.Bytes:
		if (want == avroschema.String || want == avroschema.Bytes) && s.Logical() == data.NotLogical {
			return 1
		}
	}
	return 0
}

func (o *avroData) compileBare(p *enc, t *avroschema.Type) (err error) {
	s := p.schema
	switch t.Kind {
	case avroschema.Float:
		p.op = opToFloat
	case avroschema.Double:
		p.op = opToDouble
	case avroschema.Fixed:
		p.op, p.size = opFixed, t.Size
	case avroschema.Enum:
		p.op, p.enumName, p.symbols = opEnum, t.Name.Full(), make(map[string]int32, len(t.Symbols))
		for i, name := range t.Symbols {
			p.symbols[name] = int32(i)
		}
		return nil
	}
	switch s.Logical() {
	case data.LogicalDecimal:
		p.op = opDecimal
	case data.LogicalDate:
		p.op = opDate
	case data.LogicalTime:
		p.op = opTime
	case data.LogicalTimestamp:
		p.op = opTimestamp
	}
	if s.Logical() != data.NotLogical {
		if t.Kind == avroschema.Float || t.Kind == avroschema.Double {
			return data.Errorf("%s cannot be written as the Avro type %s", s, t.Kind)
		}
		p.size = -1
		if t.Kind == avroschema.Fixed {
			p.size = t.Size
		}
		return nil
	}
	if p.op != 0 && s.Type() != data.Float32 && s.Type() != data.Float64 {
		return nil
	}
	switch s.Type() {
	case data.Float32:
		if t.Kind == avroschema.Float {
			p.op = opFloat
		}
	case data.Float64:
		p.op = opDouble
	case data.ArrayType:
		p.op = opArray
		p.elem, err = o.compile(s.ValueSchema(), t.Elem)
		return step(err, "[]")
	case data.MapType:
		return o.compileMap(p, t)
	case data.StructType:
		p.op = opStruct
		return o.compileStruct(p, t)
	default:
		p.op = [...]op{
			data.Int8: opInt8, data.Int16: opInt16, data.Int32: opInt32, data.Int64: opInt64, data.Boolean: opBool,
			data.String: opString, data.Bytes: opBytes,
		}[s.Type()]
	}
	return nil
}

func step(err error, name string) error {
	if err == nil {
		return nil
	}
	return data.Below(err, name, "")
}

func (o *avroData) compileMap(p *enc, t *avroschema.Type) (err error) {
	if t.Kind == avroschema.Map {
		p.op = opMap
		p.elem, err = o.compile(p.schema.ValueSchema(), t.Elem)
		return step(err, "{}")
	}
	p.op = opEntries
	e := t.Elem
	if e.Kind != avroschema.Record || len(e.Fields) != 2 || e.Fields[0].Name != "key" || e.Fields[1].Name != "value" {
		return data.Errorf("a map with keys that are no strings cannot be written as an Avro array of %s: its elements must be records of a key and a value", e.FullName())
	}
	if p.key, err = o.compile(p.schema.KeySchema(), e.Fields[0].Type); err != nil {
		return data.Below(err, "{key}", "")
	}
	p.elem, err = o.compile(p.schema.ValueSchema(), e.Fields[1].Type)
	return step(err, "{}")
}

func (o *avroData) compileStruct(p *enc, t *avroschema.Type) error {
	byName := make(map[string]data.Field, p.schema.NumFields())
	for _, f := range p.schema.Fields() {
		byName[o.scrub(f.Name)] = f
	}
	p.fields = make([]encField, 0, len(t.Fields))
	for i := range t.Fields {
		tf := &t.Fields[i]
		f, ok := byName[tf.Name]
		for _, alias := range tf.Aliases {
			if !ok {
				f, ok = byName[alias]
			}
		}
		if !ok {
			if tf.Default == nil {
				return data.Errorf("the registered Avro schema %s has a field %s without a default, which the record lacks", t.FullName(), tf.Name)
			}
			b, err := appendDefault(nil, tf.Type, *tf.Default, 0)
			if err != nil {
				return data.Below(err, tf.Name, "")
			}
			p.fields = append(p.fields, encField{index: -1, fixed: b, name: tf.Name})
			continue
		}
		e, err := o.compile(f.Schema, tf.Type)
		if err != nil {
			return data.Below(err, f.Name, "")
		}
		def, has := f.Schema.Default()
		field := encField{enc: e, index: f.Index, def: def, subst: has && !def.IsNull() && !o.IgnoreDefault, name: f.Name}
		field.hurry()
		p.fields = append(p.fields, field)
	}
	return nil
}

// hurry fills in what the short way of the usual kinds needs.
func (f *encField) hurry() {
	switch f.enc.op {
	case opString, opInt32, opInt64, opTimestamp, opBool, opDouble:
		if f.enc.branch < 64 {
			f.quick, f.wrapped, f.branch = f.enc.op, f.enc.wrapped, byte(f.enc.branch<<1)
		}
	}
}

// compileUnion finds a branch for each field of a struct that stands for a union.
func (o *avroData) compileUnion(p *enc, t *avroschema.Type) error {
	p.op, p.opt = opUnion, false
	if t.Kind != avroschema.Union {
		return data.Errorf("a union cannot be written as the Avro type %s", t.FullName())
	}
	for i, b := range t.Branches {
		if b.Kind == avroschema.Null {
			p.null, p.opt = int32(i), p.schema.Optional()
		}
	}
	for _, f := range p.schema.Fields() {
		// The branch is written by the member's own plan, as that of a required value in the union.
		e, err := o.compile(f.Schema.AsOptional(false), t)
		if err != nil {
			return data.Below(err, f.Name, "")
		}
		// The value's struct has the optional schema.
		e.also = f.Schema
		def, has := f.Schema.Default()
		p.fields = append(p.fields, encField{enc: e, index: f.Index, def: def, subst: has && !def.IsNull() && !o.IgnoreDefault, name: f.Name})
	}
	return nil
}

// appendDefault writes a default in binary form.
func appendDefault(dst []byte, t *avroschema.Type, v avroschema.Value, depth int) ([]byte, error) {
	bad := fmt.Errorf("the default %s does not fit the Avro type %s", data.Shorten(string(v.Append(nil))), t.FullName())
	if depth > maxDepth || !avroschema.Fits(t, &v) {
		return dst, bad
	}
	var err error
	switch t.Kind {
	case avroschema.Boolean:
		if v.Bool {
			return append(dst, 1), nil
		}
		return append(dst, 0), nil
	case avroschema.Int, avroschema.Long:
		n, _ := v.Int()
		return binary.AppendVarint(dst, n), nil
	case avroschema.Float, avroschema.Double:
		return appendDefaultFloat(dst, t, v), nil
	case avroschema.String:
		return append(binary.AppendVarint(dst, int64(len(v.Text))), v.Text...), nil
	case avroschema.Bytes, avroschema.Fixed:
		b := fromLatin1(v.Text)
		if t.Kind == avroschema.Fixed {
			if len(b) != t.Size {
				return dst, bad
			}
			return append(dst, b...), nil
		}
		return append(binary.AppendVarint(dst, int64(len(b))), b...), nil
	case avroschema.Enum:
		i := slices.Index(t.Symbols, v.Text)
		if i < 0 {
			return dst, bad
		}
		return binary.AppendVarint(dst, int64(i)), nil
	case avroschema.Array:
		if len(v.Elems) > 0 {
			dst = binary.AppendVarint(dst, int64(len(v.Elems)))
		}
		for _, e := range v.Elems {
			if dst, err = appendDefault(dst, t.Elem, e, depth+1); err != nil {
				return dst, err
			}
		}
		return append(dst, 0), nil
	case avroschema.Map:
		if len(v.Members) > 0 {
			dst = binary.AppendVarint(dst, int64(len(v.Members)))
		}
		for _, m := range v.Members {
			dst = append(binary.AppendVarint(dst, int64(len(m.Name))), m.Name...)
			if dst, err = appendDefault(dst, t.Elem, m.Value, depth+1); err != nil {
				return dst, err
			}
		}
		return append(dst, 0), nil
	case avroschema.Union:
		for i, b := range t.Branches {
			if avroschema.Fits(b, &v) {
				return appendDefault(binary.AppendVarint(dst, int64(i)), b, v, depth+1)
			}
		}
		return dst, bad
	case avroschema.Record:
		for i := range t.Fields {
			f := &t.Fields[i]
			m, ok := v.Get(f.Name)
			if !ok {
				m = *f.Default // it fits, so there is one
			}
			if dst, err = appendDefault(dst, f.Type, m, depth+1); err != nil {
				return dst, err
			}
		}
	}
	return dst, nil
}
