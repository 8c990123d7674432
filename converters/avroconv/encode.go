package avroconv

import (
	"encoding/binary"
	"math"
	"strconv"

	"github.com/kurier-io/kurier/converters/avroconv/avroschema"
	"github.com/kurier-io/kurier/plugins/data"
)

// appendLong appends a number as Avro's int and long, which have one form.
func appendLong(dst []byte, n int64) []byte {
	u := uint64(n)<<1 ^ uint64(n>>63)
	if u < 0x80 {
		return append(dst, byte(u))
	}
	return binary.AppendUvarint(dst, u)
}

func number(v avroschema.Value) float64 {
	if v.Kind == avroschema.JSONInt {
		f, _ := strconv.ParseFloat(v.Text, 64)
		return f
	}
	return v.Float
}

func appendDefaultFloat(dst []byte, t *avroschema.Type, v avroschema.Value) []byte {
	if t.Kind == avroschema.Float {
		return binary.LittleEndian.AppendUint32(dst, math.Float32bits(float32(number(v))))
	}
	return binary.LittleEndian.AppendUint64(dst, math.Float64bits(number(v)))
}

// append writes one value.
func (p *enc) append(dst []byte, v data.Value) ([]byte, error) {
	if v.IsNull() {
		if p.opt {
			return appendLong(dst, int64(p.null)), nil
		}
		if p.op == opUnion {
			return dst, data.Errorf("Found null value for non-optional schema %s: one member of the union must be set", p.schema)
		}
		return dst, errNull(p.schema)
	}
	if p.wrapped {
		dst = appendLong(dst, int64(p.branch))
	}
	switch p.op {
	case opString:
		if s := v.Str(); len(s) > 0 {
			return append(appendLong(dst, int64(len(s))), s...), nil
		}
		if v.Kind() == data.KindString {
			return append(dst, 0), nil
		}
	case opInt32:
		if v.Kind() == data.KindInt32 {
			return appendLong(dst, int64(int32(v.Millis()))), nil // Millis gives the bits as they are
		}
	case opInt64:
		if v.Kind() == data.KindInt64 {
			return appendLong(dst, v.Millis()), nil
		}
	case opTimestamp:
		if v.Kind() == data.KindTimestamp {
			return appendLong(dst, v.Millis()), nil
		}
	case opBool:
		if v.Kind() == data.KindBool {
			return append(dst, byte(v.Millis())), nil
		}
	case opDouble:
		if v.Kind() == data.KindFloat64 {
			return binary.LittleEndian.AppendUint64(dst, uint64(v.Millis())), nil
		}
	case opStruct:
		if v.Kind() == data.KindStruct {
			return p.appendStruct(dst, v.Struct())
		}
	default:
		if v.Kind() == p.kind {
			return p.appendOther(dst, v)
		}
	}
	return dst, errKind(p.schema, v)
}

// fits reports whether a struct has the schema that the plan was made for.
func (p *enc) fits(s *data.Schema) bool {
	if s == p.schema || s == p.also {
		return true
	}
	if s.Equal(p.schema) || p.also != nil && s.Equal(p.also) {
		p.also = s
		return true
	}
	return false
}

func (p *enc) appendStruct(dst []byte, st *data.Struct) ([]byte, error) {
	vals := st.Values()
	if !p.fits(st.Schema()) || len(vals) != p.schema.NumFields() {
		return dst, data.Errorf("Mismatching struct schema: the value is of %s, the field of %s", st.Schema(), p.schema)
	}
	var err error
	for i := range p.fields {
		f := &p.fields[i]
		if f.index < 0 {
			dst = append(dst, f.fixed...)
			continue
		}
		v := vals[f.index]
		if f.quick != 0 && !v.IsNull() {
			var ok bool
			if dst, ok = f.append(dst, v); ok {
				continue
			}
			return dst, data.InField(errKind(f.enc.schema, v), f.name, v)
		}
		if f.subst && v.IsNull() {
			if dst, err = f.enc.appendDefault(dst, f.def); err != nil {
				return dst, data.Below(err, f.name, "")
			}
			continue
		}
		if dst, err = f.enc.append(dst, v); err != nil {
			return dst, data.InField(err, f.name, v)
		}
	}
	return dst, nil
}

// append writes a value that is not null of the usual kinds. It does what [enc.append] does in fewer steps.
func (f *encField) append(dst []byte, v data.Value) ([]byte, bool) {
	if f.wrapped {
		dst = append(dst, f.branch)
	}
	switch f.quick {
	case opString:
		s := v.Str()
		if n := len(s); n > 0 && n < 64 {
			return append(append(dst, byte(n<<1)), s...), true
		} else if n > 0 {
			return append(appendLong(dst, int64(n)), s...), true
		}
		return append(dst, 0), v.Kind() == data.KindString
	case opInt32:
		return appendLong(dst, int64(int32(v.Millis()))), v.Kind() == data.KindInt32
	case opInt64:
		return appendLong(dst, v.Millis()), v.Kind() == data.KindInt64
	case opTimestamp:
		return appendLong(dst, v.Millis()), v.Kind() == data.KindTimestamp
	case opBool:
		return append(dst, byte(v.Millis())), v.Kind() == data.KindBool
	default: // opDouble
		return binary.LittleEndian.AppendUint64(dst, uint64(v.Millis())), v.Kind() == data.KindFloat64
	}
}

// appendDefault writes the default of the Connect schema. A struct there has the schema without the default, so it is not compared.
func (p *enc) appendDefault(dst []byte, def data.Value) ([]byte, error) {
	if p.op != opStruct || def.Kind() != data.KindStruct {
		return p.append(dst, def)
	}
	if p.wrapped {
		dst = appendLong(dst, int64(p.branch))
	}
	was := p.also
	p.also = def.Struct().Schema()
	dst, err := p.appendStruct(dst, def.Struct())
	p.also = was
	return dst, err
}

func (p *enc) appendOther(dst []byte, v data.Value) ([]byte, error) {
	switch p.op {
	case opInt8, opInt16:
		return appendLong(dst, v.Int()), nil
	case opFloat:
		return binary.LittleEndian.AppendUint32(dst, math.Float32bits(v.Float32())), nil
	case opToFloat:
		return binary.LittleEndian.AppendUint32(dst, math.Float32bits(float32(v.Int()))), nil
	case opToDouble:
		f := float64(v.Int())
		if p.kind == data.KindFloat32 {
			f = float64(v.Float32())
		}
		return binary.LittleEndian.AppendUint64(dst, math.Float64bits(f)), nil
	case opBytes:
		b := v.Bytes()
		return append(appendLong(dst, int64(len(b))), b...), nil
	case opFixed:
		b := v.Bytes()
		if len(b) != p.size {
			return dst, data.Errorf("%s is to be a fixed of %d bytes and has %d", p.schema, p.size, len(b))
		}
		return append(dst, b...), nil
	case opDecimal:
		return p.appendDecimal(dst, v)
	case opDate, opTime:
		base, err := data.ToBase(p.schema, v)
		if err != nil {
			return dst, err
		}
		return appendLong(dst, base.Int()), nil
	case opEnum:
		i, ok := p.symbols[string(v.Bytes())]
		if !ok {
			return dst, data.Errorf("enum value '%s' is not in the enum symbol set of %s: add the symbol to the schema", data.Shorten(v.Str()), p.enumName)
		}
		return appendLong(dst, int64(i)), nil
	case opArray:
		return p.appendArray(dst, v.Array())
	case opMap, opEntries:
		return p.appendMap(dst, v.Map())
	case opUnion:
		return p.appendUnion(dst, v.Struct())
	}
	return dst, errKind(p.schema, v)
}

// appendDecimal writes the unscaled value in as few bytes as Java's BigInteger, or with the sign extended to the size of a fixed.
func (p *enc) appendDecimal(dst []byte, v data.Value) ([]byte, error) {
	raw, scale := v.DecimalBytes()
	if scale != p.schema.Scale() {
		return dst, data.Errorf("Decimal value has mismatching scale for given Decimal schema. Schema has scale %d, value has scale %d.", p.schema.Scale(), scale)
	}
	for len(raw) > 1 && (raw[0] == 0 && raw[1] < 0x80 || raw[0] == 0xff && raw[1] >= 0x80) {
		raw = raw[1:]
	}
	if len(raw) == 0 {
		raw = zero
	}
	if p.size < 0 {
		return append(appendLong(dst, int64(len(raw))), raw...), nil
	}
	if len(raw) > p.size {
		return dst, data.Errorf("Unscaled value byte array length %d is greater than fixed size %d", len(raw), p.size)
	}
	sign := byte(0)
	if raw[0] >= 0x80 {
		sign = 0xff
	}
	for range p.size - len(raw) {
		dst = append(dst, sign)
	}
	return append(dst, raw...), nil
}

var zero = []byte{0}

// appendArray writes one block, as Java does.
func (p *enc) appendArray(dst []byte, a []data.Value) ([]byte, error) {
	if len(a) == 0 {
		return append(dst, 0), nil
	}
	dst = appendLong(dst, int64(len(a)))
	var err error
	for i := range a {
		if dst, err = p.elem.append(dst, a[i]); err != nil {
			return dst, data.InField(err, elementStep(i), a[i])
		}
	}
	return append(dst, 0), nil
}

func (p *enc) appendMap(dst []byte, m *data.Map) ([]byte, error) {
	if m.Len() == 0 {
		return append(dst, 0), nil
	}
	dst = appendLong(dst, int64(m.Len()))
	var err error
	for k, v := range m.All() {
		if p.op == opEntries {
			if dst, err = p.key.append(dst, k); err != nil {
				return dst, data.InField(err, "{key}", k)
			}
		} else {
			if k.Kind() != data.KindString {
				return dst, data.InField(errKind(p.schema.KeySchema(), k), "{key}", k)
			}
			dst = append(appendLong(dst, int64(len(k.Str()))), k.Str()...)
		}
		if dst, err = p.elem.append(dst, v); err != nil {
			return dst, data.InField(err, entryStep(k), v)
		}
	}
	return append(dst, 0), nil
}

// appendUnion writes the first member that is set.
func (p *enc) appendUnion(dst []byte, st *data.Struct) ([]byte, error) {
	vals := st.Values()
	if !p.fits(st.Schema()) || len(vals) != p.schema.NumFields() {
		return dst, data.Errorf("Mismatching struct schema: the value is of %s, the field of %s", st.Schema(), p.schema)
	}
	for i := range p.fields {
		f := &p.fields[i]
		v := vals[f.index]
		if v.IsNull() && f.subst {
			v = f.def
		}
		if !v.IsNull() {
			dst, err := f.enc.append(dst, v)
			return dst, step(err, f.name)
		}
	}
	return p.append(dst, data.Null())
}
