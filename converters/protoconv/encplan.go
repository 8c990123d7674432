package protoconv

import (
	"math"
	"slices"
	"strings"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/kurier-io/kurier/plugins/data"
)

// An op is how a value is written.
type op uint8

const (
	opBool op = iota + 1
	opVarint
	opZigzag
	opFixed32
	opFixed64
	opFloat
	opDouble
	opString
	opBytes
	opEnum
	opDecimal
	opDate
	opTime
	opTimestamp
	opStruct
	opWrapper
	opArray
	opPacked
	opMap
)

// An enc is a plan to write values of a Connect schema as a type of Protobuf. It belongs to one converter.
type enc struct {
	op      op
	kind    data.Kind
	checked bool // numbers must lie between least and most
	least   int64
	most    int64
	schema  *data.Schema
	also    *data.Schema // another pointer that was found to be equal
	elem    *enc         // of an array or wrapper
	fields  []encField   // of a struct; key and value of a map
	symbols map[string]int32
	name    string // of an enum
}

// An encField writes one field of a message.
type encField struct {
	quick    op // that of enc if [encField.append] knows it, else 0
	short    byte
	presence bool // zero is written, too
	null     bool // null is allowed, and writes nothing
	subst    bool // null is replaced by def
	index    int  // of the Connect field, or of the member in its union
	union    int  // index of the Connect field that is the union; -1: no member of one
	key      []byte
	enc      *enc
	unions   *enc // the union's struct; it writes nothing itself
	def      data.Value
	name     string
}

// compile plans how values of a root schema are written as the message m.
func (o *protoData) compile(s *data.Schema, m protoreflect.MessageDescriptor) (*enc, error) {
	if s.Type() == data.StructType {
		return o.compileStruct(s, m, 0)
	}
	p := &enc{op: opWrapper, kind: data.KindFor(s), schema: s}
	inner := unwrap(m)
	if inner == nil {
		if m.Fields().Len() != 1 {
			return nil, data.Errorf("%s cannot be written as the message %s, which has not one field", s, m.FullName())
		}
		inner = m.Fields().Get(0)
	}
	return p, o.compileInner(p, inner)
}

// compileInner plans the only field of a message that stands for a value.
func (o *protoData) compileInner(p *enc, f protoreflect.FieldDescriptor) error {
	e, err := o.compileScalar(p.schema, f)
	if err != nil {
		return err
	}
	p.fields = []encField{{index: 0, union: -1, enc: e, key: keyOf(f, e), presence: f.HasPresence(), name: string(f.Name())}}
	p.fields[0].hurry()
	return nil
}

func keyOf(f protoreflect.FieldDescriptor, e *enc) []byte {
	wire := protowire.VarintType
	switch e.op {
	case opFixed32, opFloat:
		wire = protowire.Fixed32Type
	case opFixed64, opDouble:
		wire = protowire.Fixed64Type
	case opBool, opVarint, opZigzag, opEnum:
	case opArray:
		return keyOf(f, e.elem)
	default:
		wire = protowire.BytesType
	}
	return protowire.AppendTag(nil, f.Number(), wire)
}

// hurry fills in what the short way of the usual kinds needs.
func (f *encField) hurry() {
	if len(f.key) != 1 || f.enc.checked {
		return
	}
	switch f.enc.op {
	case opString, opVarint, opBool, opDouble, opTimestamp:
		f.quick, f.short = f.enc.op, f.key[0]
	}
}

// compileStruct finds the fields of m for those of s: by name, else by the number of the parameter. Fields that m lacks are left out.
func (o *protoData) compileStruct(s *data.Schema, m protoreflect.MessageDescriptor, depth int) (*enc, error) {
	if depth > deepest {
		return nil, data.Errorf("the schema nests more than %d levels", deepest)
	}
	p := &enc{op: opStruct, kind: data.KindStruct, schema: s}
	taken := map[protoreflect.FieldNumber]string{}
	for _, f := range s.Fields() {
		if !o.isUnion(f.Schema) {
			if err := o.compileField(p, taken, f, m, -1, nil, depth); err != nil {
				return nil, below(err, f.Name)
			}
			continue
		}
		u := &enc{op: opStruct, kind: data.KindStruct, schema: f.Schema}
		for _, member := range f.Schema.Fields() {
			if err := o.compileField(p, taken, member, m, f.Index, u, depth); err != nil {
				return nil, below(below(err, member.Name), f.Name)
			}
		}
	}
	for i := range m.Fields().Len() {
		f := m.Fields().Get(i)
		if _, ok := taken[f.Number()]; !ok && f.Cardinality() == protoreflect.Required {
			return nil, data.Errorf("the registered message %s has a required field %s, which the record lacks", m.FullName(), f.Name())
		}
	}
	// In the order of their numbers, as Java writes them.
	slices.SortStableFunc(p.fields, func(a, b encField) int { return int(numberOf(a)) - int(numberOf(b)) })
	return p, nil
}

func numberOf(f encField) protowire.Number {
	n, _, _ := protowire.ConsumeTag(f.key)
	return n
}

func (o *protoData) compileField(p *enc, taken map[protoreflect.FieldNumber]string, f data.Field, m protoreflect.MessageDescriptor, union int, unions *enc, depth int) error {
	to := m.Fields().ByName(protoreflect.Name(o.scrub(f.Name)))
	if to == nil {
		n, tagged, err := tagOf(f.Schema)
		if err != nil {
			return err
		}
		if tagged {
			to = m.Fields().ByNumber(protoreflect.FieldNumber(n))
		}
		if to == nil {
			return nil
		}
		if _, ok := p.schema.Field(string(to.Name())); ok {
			return nil // another field of the record has that name
		}
	}
	if other, ok := taken[to.Number()]; ok {
		return data.Errorf("the fields %s and %s would both be written as %s", other, f.Name, to.FullName())
	}
	taken[to.Number()] = f.Name
	e, err := o.compileValue(f.Schema, to, depth)
	if err != nil {
		return err
	}
	def, has := f.Schema.Default()
	field := encField{
		enc: e, key: keyOf(to, e), index: f.Index, union: union, unions: unions, name: f.Name, def: def,
		presence: to.HasPresence() || to.ContainingMessage().IsMapEntry(),
		null:     f.Schema.Optional() || union >= 0,
		subst:    has && !def.IsNull() && !(o.IgnoreDefault && f.Schema.Optional()) && union < 0,
	}
	if to.Cardinality() == protoreflect.Required {
		field.null = false
	}
	if union < 0 {
		field.hurry()
	}
	p.fields = append(p.fields, field)
	return nil
}

// compileValue plans how values of s are written as the field f.
func (o *protoData) compileValue(s *data.Schema, f protoreflect.FieldDescriptor, depth int) (*enc, error) {
	switch {
	case s.Type() == data.ArrayType && f.IsList():
		p := &enc{op: opArray, kind: data.KindArray, schema: s}
		var err error
		if p.elem, err = o.compileOne(s.ValueSchema(), f, depth); err != nil {
			return nil, below(err, "[]")
		}
		if f.IsPacked() {
			p.op = opPacked
		}
		return p, nil
	case s.Type() == data.MapType && isEntries(f):
		entry, err := data.StructOf().Field(keyName, s.KeySchema()).Field(valueName, s.ValueSchema()).Build()
		if err != nil {
			return nil, err
		}
		p, err := o.compileStruct(entry, f.Message(), depth+1)
		if err != nil {
			return nil, err
		}
		p.op, p.kind, p.schema = opMap, data.KindMap, s
		return p, nil
	case f.Cardinality() == protoreflect.Repeated, s.Type() == data.ArrayType, s.Type() == data.MapType:
		return nil, errType(s, f)
	}
	return o.compileOne(s, f, depth)
}

func errType(s *data.Schema, f protoreflect.FieldDescriptor) error {
	kind := f.Kind().String()
	if f.Message() != nil {
		kind = string(f.Message().FullName())
	}
	if f.Cardinality() == protoreflect.Repeated {
		kind = "repeated " + kind
	}
	return data.Errorf("%s cannot be written as the Protobuf type %s", s, kind)
}

func (o *protoData) compileOne(s *data.Schema, f protoreflect.FieldDescriptor, depth int) (*enc, error) {
	if f.Message() == nil {
		return o.compileScalar(s, f)
	}
	if f.Kind() == protoreflect.GroupKind {
		return nil, errType(s, f)
	}
	p := &enc{kind: data.KindFor(s), schema: s}
	name := f.Message().FullName()
	switch {
	case s.Logical() == data.LogicalDecimal && name == decimalMessage:
		p.op = opDecimal
	case s.Logical() == data.LogicalDate && name == dateMessage:
		p.op = opDate
	case s.Logical() == data.LogicalTime && name == timeMessage:
		p.op = opTime
	case s.Logical() == data.LogicalTimestamp && name == timestampMessage:
		p.op = opTimestamp
	case s.Type() == data.StructType && !o.isUnion(s):
		return o.compileStruct(s, f.Message(), depth+1)
	case unwrap(f.Message()) != nil:
		p.op = opWrapper
		return p, o.compileInner(p, unwrap(f.Message()))
	default:
		return nil, errType(s, f)
	}
	return p, nil
}

// The numbers that fit a kind of integers; 64 bits are one, signed or not, as in Java.
var ranges = map[protoreflect.Kind][2]int64{
	protoreflect.Int32Kind: {math.MinInt32, math.MaxInt32}, protoreflect.Sint32Kind: {math.MinInt32, math.MaxInt32},
	protoreflect.Sfixed32Kind: {math.MinInt32, math.MaxInt32}, protoreflect.Uint32Kind: {0, math.MaxUint32}, protoreflect.Fixed32Kind: {0, math.MaxUint32},
}

func (o *protoData) compileScalar(s *data.Schema, f protoreflect.FieldDescriptor) (*enc, error) {
	p := &enc{kind: data.KindFor(s), schema: s}
	if s.Logical() != data.NotLogical {
		return nil, errType(s, f)
	}
	t := s.Type()
	whole := t == data.Int8 || t == data.Int16 || t == data.Int32 || t == data.Int64
	switch k := f.Kind(); k {
	case protoreflect.Int32Kind, protoreflect.Int64Kind, protoreflect.Uint32Kind, protoreflect.Uint64Kind:
		p.op = opVarint
	case protoreflect.Sint32Kind, protoreflect.Sint64Kind:
		p.op = opZigzag
	case protoreflect.Fixed32Kind, protoreflect.Sfixed32Kind:
		p.op = opFixed32
	case protoreflect.Fixed64Kind, protoreflect.Sfixed64Kind:
		p.op = opFixed64
	case protoreflect.FloatKind:
		if t == data.Float32 {
			p.op = opFloat
		}
		whole = true
	case protoreflect.DoubleKind:
		if t == data.Float64 || t == data.Float32 {
			p.op = opDouble
		}
		whole = true
	case protoreflect.BoolKind:
		if t == data.Boolean {
			p.op = opBool
		}
		whole = true
	case protoreflect.StringKind:
		if t == data.String {
			p.op = opString
		}
		whole = true
	case protoreflect.BytesKind:
		if t == data.Bytes || t == data.String {
			p.op = opBytes
		}
		whole = true
	case protoreflect.EnumKind:
		if t == data.String || t == data.Int32 {
			p.op = opEnum
			o.compileEnum(p, f.Enum())
		}
		whole = true
	}
	if p.op == 0 || !whole {
		return nil, errType(s, f)
	}
	if r, ok := ranges[f.Kind()]; ok {
		wide := t == data.Int64 || r[0] == 0
		p.checked, p.least, p.most = wide, r[0], r[1]
	}
	return p, nil
}

// compileEnum knows the symbols under the names of the Connect side, which scrubbing may have changed.
func (o *protoData) compileEnum(p *enc, e protoreflect.EnumDescriptor) {
	p.name, p.symbols = string(e.FullName()), make(map[string]int32, e.Values().Len())
	for i := range e.Values().Len() {
		v := e.Values().Get(i)
		p.symbols[string(v.Name())] = int32(v.Number())
	}
	_, prefix := o.enumOf(p.schema)
	if prefix == "" {
		return
	}
	for _, sym := range symbolsOf(p.schema, prefix) {
		if n, ok := p.symbols[o.scrub(sym.Name)]; ok {
			p.symbols[strings.Clone(sym.Name)] = n
		}
	}
}
