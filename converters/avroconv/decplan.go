package avroconv

import (
	"math"

	"github.com/kurier-io/kurier/converters/avroconv/avroschema"
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
	readFloat
	readDouble
	readString
	readBytesOp
	readFixed
	readDecimal
	readTimestamp
	readDate
	readTime
	readEnum
	readArray
	readMap
	readEntries
	readRecord
	readUnion
	readNull
	readAny
)

// A dec is a plan to read values of an Avro type as values of a Connect schema. It is immutable.
type dec struct {
	op      dop
	wrapped bool // the Avro type is a union of branch and perhaps null
	null    int32
	branch  int32
	schema  *data.Schema
	size    int  // of a fixed; of a decimal too, -1 if that is of bytes
	least   int  // the fewest bytes of a value
	swapped bool // an entry has its value before its key
	key     *dec
	elem    *dec
	members []*dec       // fields of a record, branches of a union
	names   []string     // of members
	at      []int        // field of the union's struct by branch; -1: null
	symbols []data.Value // of an enum
}

// decoder plans how values of t are read as s, which was made from t.
func (o *avroData) decoder(s *data.Schema, t *avroschema.Type) (*dec, error) {
	if t.Kind == avroschema.Union {
		member, _ := o.single(t)
		if member == nil {
			return o.unionDecoder(s, t)
		}
		p, err := o.decoder(s, member)
		if err != nil {
			return nil, err
		}
		p.wrapped, p.null = true, -1
		for i, b := range t.Branches {
			if b == member {
				p.branch = int32(i)
			} else {
				p.null = int32(i)
			}
		}
		p.least++
		if p.null >= 0 {
			p.least = 1
		}
		return p, nil
	}
	p := &dec{schema: s, size: -1}
	switch t.Kind {
	case avroschema.Array, avroschema.Map:
		return p, o.containerDecoder(p, t)
	case avroschema.Record:
		return p, o.recordDecoder(p, t)
	case avroschema.Enum:
		p.op, p.least = readEnum, 1
		p.symbols = make([]data.Value, len(t.Symbols))
		for i, symbol := range t.Symbols {
			p.symbols[i] = data.StringValue(symbol)
		}
	case avroschema.Fixed:
		p.op, p.size, p.least = readFixed, t.Size, t.Size
	case avroschema.Float:
		p.op, p.least = readFloat, 4
	case avroschema.Double:
		p.op, p.least = readDouble, 8
	default:
		p.least = 1
		p.op = map[avroschema.Kind]dop{
			avroschema.Boolean: readBool, avroschema.Int: readInt32, avroschema.Long: readInt64, avroschema.String: readString, avroschema.Bytes: readBytesOp,
		}[t.Kind]
		switch s.Type() {
		case data.Int8:
			p.op = readInt8
		case data.Int16:
			p.op = readInt16
		}
	}
	return p, logicalDecoder(p, t)
}

// logicalDecoder follows the name of the Connect schema, which need not agree with the logical type.
func logicalDecoder(p *dec, t *avroschema.Type) error {
	ok := true
	switch p.schema.Logical() {
	case data.LogicalDecimal:
		p.op, ok = readDecimal, p.op == readBytesOp || p.op == readFixed
	case data.LogicalDate:
		p.op, ok = readDate, p.op == readInt32
	case data.LogicalTime:
		p.op, ok = readTime, p.op == readInt32
	case data.LogicalTimestamp:
		p.op, ok = readTimestamp, p.op == readInt64
	}
	if !ok {
		return data.Errorf("Invalid type for %s, underlying representation must not be the Avro type %s", p.schema.Name(), t.FullName())
	}
	return nil
}

func (o *avroData) containerDecoder(p *dec, t *avroschema.Type) (err error) {
	p.least = 1
	switch {
	case t.Kind == avroschema.Map:
		p.op = readMap
	case p.schema.Type() == data.MapType:
		p.op = readEntries
		key, value := entryFields(t.Elem)
		if key != &t.Elem.Fields[0] {
			p.swapped = true
		}
		if p.key, err = o.decoder(p.schema.KeySchema(), key.Type); err != nil {
			return err
		}
		p.elem, err = o.decoder(p.schema.ValueSchema(), value.Type)
		return err
	default:
		p.op = readArray
	}
	p.elem, err = o.decoder(p.schema.ValueSchema(), t.Elem)
	return err
}

func (o *avroData) recordDecoder(p *dec, t *avroschema.Type) error {
	p.op = readRecord
	for i, f := range p.schema.Fields() {
		d, err := o.decoder(f.Schema, t.Fields[i].Type)
		if err != nil {
			return data.Below(err, f.Name, "")
		}
		p.members, p.names = append(p.members, d), append(p.names, f.Name)
		p.least = min(p.least+d.least, math.MaxInt32)
	}
	return nil
}

func (o *avroData) unionDecoder(s *data.Schema, t *avroschema.Type) (*dec, error) {
	p := &dec{op: readUnion, schema: s, least: 1}
	field := 0
	for _, b := range t.Branches {
		if b.Kind == avroschema.Null {
			p.members, p.names, p.at = append(p.members, &dec{op: readNull}), append(p.names, ""), append(p.at, -1)
			continue
		}
		f := s.Fields()[field]
		d, err := o.decoder(f.Schema, b)
		if err != nil {
			return nil, data.Below(err, f.Name, "")
		}
		p.members, p.names, p.at = append(p.members, d), append(p.names, f.Name), append(p.at, field)
		field++
	}
	return p, nil
}
