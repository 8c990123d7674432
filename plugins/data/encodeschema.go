package data

import "encoding/binary"

const (
	flagOptional = 1 << iota
	flagVersion
	flagName
	flagDoc
	flagDefault
	flagParams
)

// AppendSchema appends the binary form of a schema: type, flags, then each attribute that is set.
func AppendSchema(dst []byte, s *Schema) ([]byte, error) {
	var flags byte
	set := func(on bool, f byte) {
		if on {
			flags |= f
		}
	}
	set(s.optional, flagOptional)
	set(s.hasVer, flagVersion)
	set(s.name != nil, flagName)
	set(s.doc != nil, flagDoc)
	set(s.hasDef, flagDefault)
	set(s.params != nil, flagParams)
	dst = append(dst, byte(s.typ), flags)
	if s.hasVer {
		dst = binary.AppendVarint(dst, int64(s.version))
	}
	if s.name != nil {
		dst = appendText(dst, *s.name)
	}
	if s.doc != nil {
		dst = appendText(dst, *s.doc)
	}
	if s.params != nil {
		dst = binary.AppendUvarint(dst, uint64(len(s.params)))
		for _, p := range s.params {
			dst = appendText(appendText(dst, p.Name), p.Value)
		}
	}
	var err error
	switch s.typ {
	case ArrayType:
		dst, err = AppendSchema(dst, s.value)
	case MapType:
		if dst, err = AppendSchema(dst, s.key); err == nil {
			dst, err = AppendSchema(dst, s.value)
		}
	case StructType:
		dst = binary.AppendUvarint(dst, uint64(len(s.fields)))
		for _, f := range s.fields {
			dst = appendText(dst, f.Name)
			if dst, err = AppendSchema(dst, f.Schema); err != nil {
				return dst, err
			}
		}
	}
	if err != nil || !s.hasDef {
		return dst, err
	}
	if s.def.IsNull() {
		return append(dst, 0), nil
	}
	return AppendValue(append(dst, 1), s, s.def)
}

func appendText(dst []byte, s string) []byte {
	return append(binary.AppendUvarint(dst, uint64(len(s))), s...)
}

// DecodeSchema reads a schema and returns the bytes behind it. Nothing of the result aliases b.
func DecodeSchema(b []byte) (*Schema, []byte, error) {
	r := schemaReader{b: b}
	s := r.schema(0)
	if r.bad {
		return nil, nil, ErrMalformed
	}
	return s, r.b, nil
}

type schemaReader struct {
	b   []byte
	bad bool
}

func (r *schemaReader) take(n uint64) []byte {
	if n > uint64(len(r.b)) {
		r.bad = true
		return nil
	}
	out := r.b[:n]
	r.b = r.b[n:]
	return out
}

func (r *schemaReader) uvarint() uint64 {
	n, w := binary.Uvarint(r.b)
	if w <= 0 {
		r.bad = true
		return 0
	}
	r.b = r.b[w:]
	return n
}

func (r *schemaReader) text() string { return string(r.take(r.uvarint())) }

func (r *schemaReader) schema(depth int) *Schema {
	head := r.take(2)
	if r.bad || depth > maxDepth {
		r.bad = true
		return nil
	}
	b := Of(Type(head[0]))
	flags := head[1]
	if b.s.typ < Int8 || b.s.typ > StructType {
		r.bad = true
		return nil
	}
	if flags&flagOptional != 0 {
		b.Optional()
	}
	if flags&flagVersion != 0 {
		v, w := binary.Varint(r.b)
		if w <= 0 {
			r.bad = true
			return nil
		}
		r.b = r.b[w:]
		b.Version(int32(v))
	}
	if flags&flagName != 0 {
		b.Name(r.text())
	}
	if flags&flagDoc != 0 {
		b.Doc(r.text())
	}
	if flags&flagParams != 0 {
		ps := []Param{}
		for n := r.uvarint(); n > 0 && !r.bad; n-- {
			ps = append(ps, Param{r.text(), r.text()})
		}
		b.Params(ps)
	}
	switch b.s.typ {
	case ArrayType:
		b.s.value = r.schema(depth + 1)
	case MapType:
		b.s.key = r.schema(depth + 1)
		b.s.value = r.schema(depth + 1)
	case StructType:
		for n := r.uvarint(); n > 0 && !r.bad; n-- {
			name := r.text()
			b.Field(name, r.schema(depth+1))
		}
	}
	if r.bad {
		return nil
	}
	if flags&flagDefault != 0 {
		r.defaultValue(b)
	}
	s, err := b.Build()
	r.bad = r.bad || err != nil
	return s
}

func (r *schemaReader) defaultValue(b *Builder) {
	present := r.take(1)
	if r.bad {
		return
	}
	if present[0] == 0 {
		b.Default(Null())
		return
	}
	if b.resolveScale() != nil {
		r.bad = true
		return
	}
	var d Decoder
	v, rest, err := d.body(&b.s, r.b, 0)
	if err != nil {
		r.bad = true
		return
	}
	r.b = rest
	b.Default(v)
}
