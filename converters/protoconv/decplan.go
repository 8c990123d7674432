package protoconv

import (
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/kurier-io/kurier/plugins/data"
)

// A dop is how a value is read.
type dop uint8

const (
	readBool dop = iota + 1
	readInt8
	readInt16
	readInt32
	readInt64
	readUint32 // into an INT64
	readSint8
	readSint16
	readSint32
	readSint64
	readSfixed32
	readFixed32 // into an INT64
	readFixed64
	readFloat
	readDouble
	readString
	readBytes
	readEnum
	readDecimal
	readDate
	readTime
	readTimestamp
	readWrapper
	readStruct
	readEntry
)

// A dec is a plan to read a message as a struct, as the entries of a map, or as the value of a wrapper. It is immutable.
type dec struct {
	schema   *data.Schema
	fields   []decField
	near     []int16 // index of a field by its number, -1: none
	far      map[protowire.Number]int
	zero     []data.Value // what fields have that are not set
	maps     []int        // fields that are maps, of which each struct has its own
	structs  []decStruct  // fields that are made when they are not set
	required []decStruct
}

// A decStruct is a field that is not left null: it is made from plan, or else is zero.
type decStruct struct {
	at   int
	plan *dec
	zero data.Value
}

const mostNear = 512

// A decField reads one field of a message.
type decField struct {
	op       dop
	wire     protowire.Type // of one element
	repeated bool
	strict   bool // strings must be UTF-8
	at       int  // of the value in its struct
	union    int  // of the union's struct in the message's; -1: no member of one
	members  *dec // the union's struct, nothing set
	siblings []int
	sub      *dec

	symbols map[int32]data.Value
	enum    string
	name    string
}

// find returns the field of a number.
func (p *dec) find(n protowire.Number) *decField {
	if n < protowire.Number(len(p.near)) {
		if i := p.near[n]; i >= 0 {
			return &p.fields[i]
		}
		return nil
	}
	if i, ok := p.far[n]; ok {
		return &p.fields[i]
	}
	return nil
}

func (p *dec) add(n protowire.Number, f decField) {
	i := len(p.fields)
	p.fields = append(p.fields, f)
	if n >= mostNear || i > 1<<14 {
		if p.far == nil {
			p.far = map[protowire.Number]int{}
		}
		p.far[n] = i
		return
	}
	for protowire.Number(len(p.near)) <= n {
		p.near = append(p.near, -1)
	}
	p.near[n] = int16(i)
}

// decoder plans how the message m is read as s, which was made from it.
func (o *protoData) decoder(s *data.Schema, m protoreflect.MessageDescriptor) (*dec, error) {
	if s.Type() == data.StructType {
		return o.structDecoder(s, m)
	}
	return o.wrapperDecoder(s, unwrap(m))
}

// wrapperDecoder plans a message whose only field is the value.
func (o *protoData) wrapperDecoder(s *data.Schema, f protoreflect.FieldDescriptor) (*dec, error) {
	p := &dec{schema: s}
	d := decField{union: -1, name: string(f.Name())}
	if err := o.scalarDecoder(&d, s, f); err != nil {
		return nil, err
	}
	p.zero = []data.Value{o.zeroOf(s, f)}
	p.add(f.Number(), d)
	return p, nil
}

func (o *protoData) structDecoder(s *data.Schema, m protoreflect.MessageDescriptor) (*dec, error) {
	p := &dec{schema: s, zero: make([]data.Value, s.NumFields())}
	at := 0
	for i := range m.Oneofs().Len() {
		of := m.Oneofs().Get(i)
		if of.IsSynthetic() {
			continue
		}
		members := &dec{schema: s}
		if !o.FlattenUnions {
			members.schema = s.Fields()[at].Schema
			members.zero = make([]data.Value, of.Fields().Len())
		}
		var siblings []int
		for j := range of.Fields().Len() {
			siblings = append(siblings, at+j)
		}
		for j := range of.Fields().Len() {
			f := of.Fields().Get(j)
			if o.FlattenUnions {
				d, err := o.fieldDecoder(s.Fields()[at+j].Schema, f)
				if err != nil {
					return nil, below(err, string(f.Name()))
				}
				d.at, d.union, d.siblings = at+j, -1, siblings
				p.add(f.Number(), d)
				continue
			}
			d, err := o.fieldDecoder(members.schema.Fields()[j].Schema, f)
			if err != nil {
				return nil, below(err, string(f.Name()))
			}
			d.at, d.union, d.members = j, at, members
			p.add(f.Number(), d)
		}
		if o.FlattenUnions {
			at += of.Fields().Len()
		} else {
			at++
		}
	}
	for i := range m.Fields().Len() {
		f := m.Fields().Get(i)
		if oneofOf(f) != nil {
			continue
		}
		if err := o.plainDecoder(p, at, f); err != nil {
			return nil, below(err, string(f.Name()))
		}
		at++
	}
	return p, nil
}

// plainDecoder adds a field that is no member of a oneof.
func (o *protoData) plainDecoder(p *dec, at int, f protoreflect.FieldDescriptor) error {
	s := p.schema.Fields()[at].Schema
	d, err := o.fieldDecoder(s, f)
	if err != nil {
		return err
	}
	d.at, d.union = at, -1
	p.add(f.Number(), d)
	switch {
	case d.op == readEntry:
		p.maps = append(p.maps, at)
	case f.IsList():
		p.zero[at] = data.ArrayValue(nil)
	case f.Cardinality() == protoreflect.Required:
		r := decStruct{at: at}
		if d.op == readStruct {
			r.plan = d.sub
		} else if f.Message() == nil {
			r.zero = o.zeroOf(s, f)
		}
		p.required = append(p.required, r)
	case d.op == readStruct && o.GenerateStruct:
		p.structs = append(p.structs, decStruct{at: at, plan: d.sub})
	case f.Message() == nil && !o.nullable(f):
		p.zero[at] = o.zeroOf(s, f)
	}
	return nil
}

// zeroOf is the value of a scalar field that is not set.
func (o *protoData) zeroOf(s *data.Schema, f protoreflect.FieldDescriptor) data.Value {
	def := f.Default()
	switch s.Type() {
	case data.Boolean:
		return data.BoolValue(def.Bool())
	case data.Float32:
		return data.Float32Value(float32(def.Float()))
	case data.Float64:
		return data.Float64Value(def.Float())
	case data.Bytes:
		return data.BytesValue(def.Bytes())
	case data.String:
		if f.Enum() != nil {
			return data.StringValue(string(f.Enum().Values().ByNumber(def.Enum()).Name()))
		}
		return data.StringValue(def.String())
	}
	n := int64(0)
	switch f.Kind() {
	case protoreflect.EnumKind:
		n = int64(def.Enum())
	case protoreflect.Uint32Kind, protoreflect.Fixed32Kind, protoreflect.Uint64Kind, protoreflect.Fixed64Kind:
		n = int64(def.Uint())
	default:
		n = def.Int()
	}
	switch s.Type() {
	case data.Int8:
		return data.Int8Value(int8(n))
	case data.Int16:
		return data.Int16Value(int16(n))
	case data.Int32:
		return data.Int32Value(int32(n))
	}
	return data.Int64Value(n)
}

// fieldDecoder plans a field, or one element of it.
func (o *protoData) fieldDecoder(s *data.Schema, f protoreflect.FieldDescriptor) (d decField, err error) {
	d.name = string(f.Name())
	d.wire = protowire.BytesType
	switch {
	case isEntries(f):
		d.op = readEntry
		entry, err := data.StructOf().Field(keyName, s.KeySchema()).Field(valueName, s.ValueSchema()).Build()
		if err != nil {
			return d, err
		}
		if d.sub, err = o.structDecoder(entry, f.Message()); err != nil {
			return d, err
		}
		if v := d.sub.find(2); f.IsMap() && v.op == readStruct {
			d.sub.structs = []decStruct{{at: 1, plan: v.sub}} // a message that an entry lacks is empty
		}
		return d, nil
	case f.IsList():
		d.repeated = true
		s = s.ValueSchema()
	}
	switch s.Logical() {
	case data.LogicalDecimal:
		d.op = readDecimal
		return d, nil
	case data.LogicalDate:
		d.op = readDate
		return d, nil
	case data.LogicalTime:
		d.op = readTime
		return d, nil
	case data.LogicalTimestamp:
		d.op = readTimestamp
		return d, nil
	}
	switch {
	case f.Message() == nil:
		return d, o.scalarDecoder(&d, s, f)
	case s.Type() == data.StructType:
		d.op = readStruct
		d.sub, err = o.structDecoder(s, f.Message())
		return d, err
	}
	d.op = readWrapper
	d.sub, err = o.wrapperDecoder(s, unwrap(f.Message()))
	return d, err
}

func (o *protoData) scalarDecoder(d *decField, s *data.Schema, f protoreflect.FieldDescriptor) error {
	d.wire = protowire.VarintType
	switch k := f.Kind(); k {
	case protoreflect.BoolKind:
		d.op = readBool
	case protoreflect.Int32Kind:
		d.op = sized(s, readInt8, readInt16, readInt32)
	case protoreflect.Sint32Kind:
		d.op = sized(s, readSint8, readSint16, readSint32)
	case protoreflect.Sfixed32Kind:
		d.op, d.wire = readSfixed32, protowire.Fixed32Type
		if s.Type() != data.Int32 {
			return data.Errorf("an option calls a %s field %s, which only int32 can be", k, s.Type())
		}
	case protoreflect.Int64Kind, protoreflect.Uint64Kind:
		d.op = readInt64
	case protoreflect.Uint32Kind:
		d.op = readUint32
	case protoreflect.Sint64Kind:
		d.op = readSint64
	case protoreflect.Fixed32Kind:
		d.op, d.wire = readFixed32, protowire.Fixed32Type
	case protoreflect.Fixed64Kind, protoreflect.Sfixed64Kind:
		d.op, d.wire = readFixed64, protowire.Fixed64Type
	case protoreflect.FloatKind:
		d.op, d.wire = readFloat, protowire.Fixed32Type
	case protoreflect.DoubleKind:
		d.op, d.wire = readDouble, protowire.Fixed64Type
	case protoreflect.StringKind:
		d.op, d.wire, d.strict = readString, protowire.BytesType, f.ParentFile().Syntax() != protoreflect.Proto2
	case protoreflect.BytesKind:
		d.op, d.wire = readBytes, protowire.BytesType
	case protoreflect.EnumKind:
		d.op = readInt32
		if s.Type() == data.String {
			d.op, d.enum, d.symbols = readEnum, string(f.Enum().Name()), map[int32]data.Value{}
			for i := range f.Enum().Values().Len() {
				v := f.Enum().Values().Get(i)
				if _, alias := d.symbols[int32(v.Number())]; !alias {
					d.symbols[int32(v.Number())] = data.StringValue(string(v.Name()))
				}
			}
		}
	default:
		return data.Errorf("Unknown schema type: %s", k)
	}
	return nil
}

func sized(s *data.Schema, int8, int16, int32 dop) dop {
	switch s.Type() {
	case data.Int8:
		return int8
	case data.Int16:
		return int16
	}
	return int32
}
