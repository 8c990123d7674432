package jsonschemaconv

import (
	"slices"

	"github.com/kurier-io/kurier/plugins/data"
)

// A dop is how a value is read.
type dop uint8

const (
	readAny dop = iota
	readString
	readEnum
	readBool
	readInt8
	readInt16
	readInt32
	readInt64
	readFloat32
	readFloat64
	readBytes
	readDecimal
	readDate
	readTime
	readTimestamp
	readArray
	readObject
	readPairs
	readStruct
	readUnion
	readVariant
)

// A dec is a plan to read JSON as values of a schema. It is immutable.
type dec struct {
	op      dop
	opt     bool
	def     data.Value // what null stands for, if it is not null
	schema  *data.Schema
	elem    *dec
	key     *dec
	fields  []decField
	preset  []int // fields with a default
	extra   int   // the field of additional properties; -1: none
	raw     bool  // the additional properties are kept as JSON
	structs int   // members of a union that are structs
}

type decField struct {
	name    string
	dec     *dec
	missing data.Value // what a missing member stands for
}

// decoder plans how values of s are read.
func (o *jsonData) decoder(s *data.Schema) *dec {
	p := &dec{schema: s, opt: s.Optional(), extra: -1}
	if !(o.IgnoreDefault && p.opt) {
		p.def = defaultOf(s)
	}
	switch s.Logical() {
	case data.LogicalDecimal:
		p.op = readDecimal
		return p
	case data.LogicalDate:
		p.op = readDate
		return p
	case data.LogicalTime:
		p.op = readTime
		return p
	case data.LogicalTimestamp:
		p.op = readTimestamp
		return p
	}
	switch s.Type() {
	case data.ArrayType:
		p.op, p.elem = readArray, o.decoder(s.ValueSchema())
	case data.MapType:
		p.op, p.elem = readObject, o.decoder(s.ValueSchema())
		if !keyed(s) {
			p.op, p.key = readPairs, o.decoder(s.KeySchema())
		}
	case data.StructType:
		o.structDecoder(p)
	case data.String:
		p.op = readString
		if o.enumParam(s) != "" {
			p.op = readEnum
		}
	default:
		p.op = [...]dop{
			data.Int8: readInt8, data.Int16: readInt16, data.Int32: readInt32, data.Int64: readInt64, data.Float32: readFloat32,
			data.Float64: readFloat64, data.Boolean: readBool, data.Bytes: readBytes,
		}[s.Type()]
	}
	return p
}

// defaultOf returns the default as a value of s: a struct there has the schema without the default.
func defaultOf(s *data.Schema) data.Value {
	def, _ := s.Default()
	if st := def.Struct(); st != nil {
		return data.StructValue(data.StructOn(s, st.Values()))
	}
	return def
}

func (o *jsonData) structDecoder(p *dec) {
	p.op = readStruct
	switch {
	case isUnion(p.schema):
		p.op = readUnion
	case isVariant(p.schema):
		p.op = readVariant
	}
	p.fields = make([]decField, p.schema.NumFields())
	for i, f := range p.schema.Fields() {
		d := o.decoder(f.Schema)
		p.fields[i] = decField{name: f.Name, dec: d}
		if def := defaultOf(f.Schema); !def.IsNull() && p.op == readStruct {
			p.fields[i].missing = def
			p.preset = append(p.preset, i)
		}
		if d.op == readStruct {
			p.structs++
		}
		if o.additional(f) {
			p.extra, p.raw = i, f.Schema.Name() == additionalText
		}
	}
}

// fits reports whether a value that begins with c may be of the plan's schema, as JsonSchemaData tells members of a union apart. integral
// says that a number is.
func (p *dec) fits(c byte, integral bool) bool {
	number := c == '-' || c-'0' <= 9
	switch p.op {
	case readInt8, readInt16, readInt32, readInt64, readDate, readTime, readTimestamp:
		return number && integral
	case readFloat32, readFloat64:
		return number
	case readBool:
		return c == 't' || c == 'f'
	case readString, readEnum:
		return c == '"'
	case readArray:
		return c == '['
	case readObject:
		return c == '{'
	case readPairs:
		return c == '['
	case readUnion:
		return slices.ContainsFunc(p.fields, func(f decField) bool {
			return f.dec.fits(c, integral) || f.dec.fitsToo(c) || f.dec.op == readStruct && c == '{'
		})
	}
	return false
}

// fitsToo says so of what Java finds nowhere, bytes and decimals of either format, and of what takes everything.
func (p *dec) fitsToo(c byte) bool {
	switch p.op {
	case readVariant:
		return true
	case readBytes:
		return c == '"'
	case readDecimal:
		return c == '"' || c == '-' || c-'0' <= 9
	}
	return false
}
