package protoconv

import (
	"encoding/binary"
	"math"
	"strings"
	"unicode/utf8"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/kurier-io/kurier/plugins/data"
)

// appendVarint is protowire's, with the shortest ones inline.
func appendVarint(dst []byte, u uint64) []byte {
	if u < 0x80 {
		return append(dst, byte(u))
	}
	return protowire.AppendVarint(dst, u)
}

// open leaves a byte for the length of what follows; closeLength fills it in, and moves what follows if the length takes more.
func open(dst []byte) ([]byte, int) { return append(dst, 0), len(dst) + 1 }

func closeLength(dst []byte, at int) []byte {
	n := len(dst) - at
	if n < 0x80 {
		dst[at-1] = byte(n)
		return dst
	}
	more := protowire.SizeVarint(uint64(n)) - 1
	var room [binary.MaxVarintLen64]byte
	dst = append(dst, room[:more]...)
	copy(dst[at+more:], dst[at:at+n])
	binary.PutUvarint(dst[at-1:], uint64(n))
	return dst
}

// appendRoot writes the body of a message.
func (p *enc) appendRoot(dst []byte, v data.Value) ([]byte, error) {
	if v.Kind() != p.kind {
		return dst, errKind(p.schema, v)
	}
	if p.op == opWrapper {
		return p.fields[0].append(dst, v)
	}
	return p.appendStruct(dst, v.Struct())
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

func (p *enc) check(st *data.Struct) error {
	if !p.fits(st.Schema()) || len(st.Values()) != p.schema.NumFields() {
		return data.Errorf("Mismatching struct schema: the value is of %s, the field of %s", st.Schema(), p.schema)
	}
	return nil
}

// appendStruct writes the fields of a struct.
func (p *enc) appendStruct(dst []byte, st *data.Struct) ([]byte, error) {
	if err := p.check(st); err != nil {
		return dst, err
	}
	vals := st.Values()
	var err error
	for i := range p.fields {
		f := &p.fields[i]
		var v data.Value
		if f.union < 0 {
			v = vals[f.index]
		} else if v, err = f.member(vals[f.union]); err != nil {
			return dst, inField(err, p.schema.Fields()[f.union].Name, vals[f.union])
		}
		if v.IsNull() {
			if f.subst {
				if dst, err = f.appendDefault(dst); err != nil {
					return dst, inField(err, f.name, f.def)
				}
			} else if !f.null {
				return dst, inField(errNull(f.enc.schema), f.name, v)
			}
			continue
		}
		if f.quick != 0 {
			var ok bool
			if dst, ok = f.appendQuick(dst, v); ok {
				continue
			}
		}
		if dst, err = f.append(dst, v); err != nil {
			return dst, inField(err, f.name, v)
		}
	}
	return dst, nil
}

// member returns the field's value in its union, null if another member is the one that is set first.
func (f *encField) member(u data.Value) (data.Value, error) {
	if u.IsNull() {
		return u, nil
	}
	if u.Kind() != data.KindStruct {
		return u, errKind(f.unions.schema, u)
	}
	st := u.Struct()
	if err := f.unions.check(st); err != nil {
		return u, err
	}
	for i := range f.index {
		if !st.At(i).IsNull() {
			return data.Null(), nil
		}
	}
	return st.At(f.index), nil
}

// appendDefault writes the default of the Connect schema. A struct there has the schema without the default, so it is not compared.
func (f *encField) appendDefault(dst []byte) ([]byte, error) {
	if f.enc.op != opStruct {
		return f.append(dst, f.def)
	}
	was := f.enc.also
	f.enc.also = f.def.Struct().Schema()
	dst, err := f.append(dst, f.def)
	f.enc.also = was
	return dst, err
}

// appendQuick writes the usual kinds with keys of one byte in fewer steps than [encField.append]; not ok: it wrote nothing.
func (f *encField) appendQuick(dst []byte, v data.Value) ([]byte, bool) {
	bits := uint64(v.Millis()) // the bits as they are
	switch f.quick {
	case opString:
		if v.Kind() != data.KindString {
			return dst, false
		}
		s := v.Str()
		n := len(s)
		if n == 0 && !f.presence {
			return dst, true
		}
		if n >= 0x80 || !utf8.ValidString(s) {
			return dst, false
		}
		return append(append(dst, f.short, byte(n)), s...), true
	case opTimestamp:
		if v.Kind() != data.KindTimestamp {
			return dst, false
		}
		return appendTimestamp(append(dst, f.short), int64(bits)), true
	}
	if v.Kind() != f.enc.kind {
		return dst, false
	}
	if bits == 0 && !f.presence {
		return dst, true
	}
	switch f.quick {
	case opBool:
		return append(dst, f.short, byte(bits)), true
	case opVarint:
		if bits < 0x80 {
			return append(dst, f.short, byte(bits)), true
		}
		return protowire.AppendVarint(append(dst, f.short), bits), true
	default: // opDouble
		if f.enc.kind == data.KindFloat32 {
			return dst, false
		}
		return binary.LittleEndian.AppendUint64(append(dst, f.short), bits), true
	}
}

// append writes key and value, or nothing where zero says the same.
func (f *encField) append(dst []byte, v data.Value) ([]byte, error) {
	p := f.enc
	if v.Kind() != p.kind {
		return dst, errKind(p.schema, v)
	}
	switch p.op {
	case opArray:
		return p.appendArray(dst, f.key, v.Array())
	case opPacked:
		return p.appendPacked(dst, f.key, v.Array())
	case opMap:
		return p.appendMap(dst, f.key, v.Map())
	}
	at := len(dst)
	dst = append(dst, f.key...)
	from := len(dst)
	dst, err := p.append(dst, v)
	if err != nil {
		return dst, err
	}
	if !f.presence && p.op <= opEnum && zero(dst[from:]) {
		return dst[:at], nil
	}
	return dst, nil
}

// zero reports whether what was written is the value that a field has without being written.
func zero(b []byte) bool {
	for _, c := range b {
		if c != 0 {
			return false
		}
	}
	return true
}

// append writes a value of the right kind without its key.
func (p *enc) append(dst []byte, v data.Value) ([]byte, error) {
	if p.checked && (v.Int() < p.least || v.Int() > p.most) {
		return dst, data.Errorf("the number %d does not fit the Protobuf type of the field, which takes %d to %d", v.Int(), p.least, p.most)
	}
	switch p.op {
	case opBool, opVarint:
		return appendVarint(dst, uint64(v.Int())), nil
	case opZigzag:
		return appendVarint(dst, protowire.EncodeZigZag(v.Int())), nil
	case opFixed32:
		return binary.LittleEndian.AppendUint32(dst, uint32(v.Int())), nil
	case opFixed64:
		return binary.LittleEndian.AppendUint64(dst, uint64(v.Int())), nil
	case opFloat:
		return binary.LittleEndian.AppendUint32(dst, math.Float32bits(v.Float32())), nil
	case opDouble:
		f := v.Float()
		if p.kind == data.KindFloat32 {
			f = float64(v.Float32())
		}
		return binary.LittleEndian.AppendUint64(dst, math.Float64bits(f)), nil
	case opString:
		s := v.Str()
		if !utf8.ValidString(s) {
			s = strings.ToValidUTF8(s, "\uFFFD")
		}
		return append(appendVarint(dst, uint64(len(s))), s...), nil
	case opBytes:
		b := v.Bytes()
		return append(appendVarint(dst, uint64(len(b))), b...), nil
	case opEnum:
		return p.appendEnum(dst, v)
	case opDecimal:
		return appendDecimal(dst, v), nil
	case opDate:
		return p.appendDate(dst, v)
	case opTime:
		return p.appendTime(dst, v)
	case opTimestamp:
		return appendTimestamp(dst, v.Millis()), nil
	}
	dst, at := open(dst)
	var err error
	if p.op == opWrapper {
		dst, err = p.fields[0].append(dst, v)
	} else {
		dst, err = p.appendStruct(dst, v.Struct())
	}
	return closeLength(dst, at), err
}

func (p *enc) appendEnum(dst []byte, v data.Value) ([]byte, error) {
	if p.kind == data.KindInt32 {
		return appendVarint(dst, uint64(v.Int())), nil
	}
	n, ok := p.symbols[v.Str()]
	if !ok {
		return dst, data.Errorf("enum value '%s' is not in the enum symbol set of %s: add the symbol to the schema", data.Shorten(v.Str()), p.name)
	}
	return appendVarint(dst, uint64(int64(n))), nil
}

// element refuses what a repeated field cannot hold.
func (p *enc) element(v data.Value) error {
	switch {
	case v.IsNull():
		return data.Errorf("an array in Protobuf cannot hold null: leave it out, or wrap the elements in structs")
	case v.Kind() != p.kind:
		return errKind(p.schema, v)
	}
	return nil
}

func (p *enc) appendArray(dst, key []byte, a []data.Value) ([]byte, error) {
	for i, v := range a {
		err := p.elem.element(v)
		if err == nil {
			dst, err = p.elem.append(append(dst, key...), v)
		}
		if err != nil {
			return dst, data.InElement(err, i, v)
		}
	}
	return dst, nil
}

func (p *enc) appendPacked(dst, key []byte, a []data.Value) ([]byte, error) {
	if len(a) == 0 {
		return dst, nil
	}
	dst, at := open(append(dst, key...))
	for i, v := range a {
		err := p.elem.element(v)
		if err == nil {
			dst, err = p.elem.append(dst, v)
		}
		if err != nil {
			return dst, data.InElement(err, i, v)
		}
	}
	return closeLength(dst, at), nil
}

func (p *enc) appendMap(dst, key []byte, m *data.Map) ([]byte, error) {
	for k, v := range m.All() {
		var at int
		dst, at = open(append(dst, key...))
		for i := range p.fields {
			f := &p.fields[i]
			x := v
			if f.index == 0 {
				x = k
			}
			var err error
			switch {
			case !x.IsNull():
				dst, err = f.append(dst, x)
			case !f.null:
				err = errNull(f.enc.schema)
			}
			if err != nil {
				return dst, data.InField(err, "{"+data.Excerpt("", k)+"}", x)
			}
		}
		dst = closeLength(dst, at)
	}
	return dst, nil
}
