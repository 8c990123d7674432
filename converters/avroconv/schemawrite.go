package avroconv

import (
	"strconv"
	"strings"

	"github.com/kurier-io/kurier/converters/avroconv/avroschema"
	"github.com/kurier-io/kurier/plugins/data"
)

// A translation turns one Connect schema into an Avro schema.
type translation struct {
	*avroData
	unnamed int                         // structs without a name so far
	named   map[string]*avroschema.Type // by full name
	done    map[shape][]translated      // required schemas, to use their types again
	seen    map[string]bool             // names of fields' schemas
}

type translated struct {
	from *data.Schema
	to   *avroschema.Type
}

// A shape is what equal schemas have in common, to find them quickly.
type shape struct {
	typ    data.Type
	name   string
	fields int
}

func shapeOf(s *data.Schema) shape { return shape{s.Type(), s.Name(), s.NumFields()} }

// translate returns the Avro schema of s, as AvroData.fromConnectSchema does.
func (o *avroData) translate(s *data.Schema) (*avroschema.Type, error) {
	if s == nil {
		return anything(), nil
	}
	t := translation{avroData: o, named: map[string]*avroschema.Type{}, done: map[shape][]translated{}, seen: map[string]bool{}}
	return t.convert(s, false)
}

func isUnion(s *data.Schema) bool {
	if s.Type() != data.StructType {
		return false
	}
	_, general := s.Param(generalUnion)
	return general || s.Name() == avroUnion
}

func isFixed(s *data.Schema) bool {
	_, ok := s.Param(fixedSize)
	return ok && s.Type() == data.Bytes && s.HasName()
}

// enumParam returns the parameter that makes a string an enum on the Avro side, "" if it is written as a string.
func (o *avroData) enumParam(s *data.Schema) string {
	_, general := s.Param(generalEnum)
	_, avro := s.Param(avroEnum)
	switch {
	case s.Type() != data.String || !o.Generalized && !o.Enhanced || !general && !avro:
		return ""
	case o.Generalized:
		return generalEnum
	}
	return avroEnum
}

// avroMap reports whether a Connect map is an Avro map; others are arrays of entries.
func (o *avroData) avroMap(s *data.Schema) bool {
	return s.KeySchema().Type() == data.String && (!s.KeySchema().Optional() || o.OptionalMapKeys)
}

// convert returns the type of s. Within a union ignoreOptional leaves out the null of its branches.
func (t *translation) convert(s *data.Schema, ignoreOptional bool) (*avroschema.Type, error) {
	if !isUnion(s) && !s.Optional() {
		for _, d := range t.done[shapeOf(s)] {
			if d.from.Equal(s) {
				return d.to, nil
			}
		}
	}
	if s.Type() == data.StructType && s.Optional() && !isUnion(s) {
		required, err := t.convert(s.AsOptional(false), false)
		if err != nil || ignoreOptional {
			return required, err
		}
		return union(null(), required), nil
	}
	base, err := t.base(s)
	if err != nil {
		return nil, err
	}
	if base.Kind != avroschema.Union && s.Name() != variant {
		if err := t.annotate(base, s); err != nil {
			return nil, err
		}
	}
	if base.Named() {
		if base, err = t.define(base); err != nil {
			return nil, err
		}
	}
	final := base
	if base.Kind != avroschema.Union && !ignoreOptional && s.Optional() {
		if def, ok := s.Default(); ok && !def.IsNull() {
			final = union(base, null())
		} else {
			final = union(null(), base)
		}
	}
	if !s.Optional() {
		t.done[shapeOf(s)] = append(t.done[shapeOf(s)], translated{s, final})
	}
	return final, nil
}

func null() *avroschema.Type { return &avroschema.Type{Kind: avroschema.Null} }

func union(branches ...*avroschema.Type) *avroschema.Type {
	return &avroschema.Type{Kind: avroschema.Union, Branches: branches}
}

// define gives each name one type. Avro 1.12 prints a second, different record of one name as a mere reference to the first, so that
// nobody could read what is written; that is an error here.
func (t *translation) define(typ *avroschema.Type) (*avroschema.Type, error) {
	full := typ.Name.Full()
	first := t.named[full]
	if first == nil {
		t.named[full] = typ
		return typ, nil
	}
	if !sameLayout(first, typ) {
		return nil, data.Errorf("Can't redefine: %s: two different schemas in the record have this name; rename one, with SetSchemaMetadata for example", full)
	}
	return first, nil
}

// sameLayout reports whether values of two types have the same bytes and field names.
func sameLayout(a, b *avroschema.Type) bool {
	if a == b {
		return true
	}
	if a.Kind != b.Kind || a.Name != b.Name || a.Size != b.Size || len(a.Fields) != len(b.Fields) || len(a.Symbols) != len(b.Symbols) ||
		len(a.Branches) != len(b.Branches) || a.Elem != nil && !sameLayout(a.Elem, b.Elem) {
		return false
	}
	for i := range a.Symbols {
		if a.Symbols[i] != b.Symbols[i] {
			return false
		}
	}
	for i := range a.Branches {
		if !sameLayout(a.Branches[i], b.Branches[i]) {
			return false
		}
	}
	for i := range a.Fields {
		if a.Fields[i].Name != b.Fields[i].Name || !sameLayout(a.Fields[i].Type, b.Fields[i].Type) {
			return false
		}
	}
	return true
}

var plainKinds = [...]avroschema.Kind{
	data.Int8: avroschema.Int, data.Int16: avroschema.Int, data.Int32: avroschema.Int, data.Int64: avroschema.Long,
	data.Float32: avroschema.Float, data.Float64: avroschema.Double, data.Boolean: avroschema.Boolean, data.String: avroschema.String,
	data.Bytes: avroschema.Bytes,
}

// base returns the type without the annotations of its schema.
func (t *translation) base(s *data.Schema) (*avroschema.Type, error) {
	switch s.Type() {
	case data.String:
		if p := t.enumParam(s); p != "" {
			return t.enum(s, p)
		}
	case data.Bytes:
		return t.bytes(s)
	case data.ArrayType:
		elem, err := t.convert(s.ValueSchema(), false)
		if err != nil {
			return nil, data.Below(err, "[]", "")
		}
		return &avroschema.Type{Kind: avroschema.Array, Elem: elem}, nil
	case data.MapType:
		return t.mapType(s)
	case data.StructType:
		switch {
		case s.Name() == variant:
			return variantType(), nil
		case isUnion(s):
			return t.unionType(s)
		}
		return t.record(s)
	}
	return &avroschema.Type{Kind: plainKinds[s.Type()]}, nil
}

func (t *translation) nameOf(s *data.Schema) avroschema.Name {
	if s.HasName() {
		return t.split(s.Name())
	}
	t.unnamed++
	if t.unnamed == 1 {
		return avroschema.Name{Space: namespace, Simple: defaultName}
	}
	return avroschema.Name{Space: namespace, Simple: defaultName + strconv.Itoa(t.unnamed)}
}

func (t *translation) enum(s *data.Schema, param string) (*avroschema.Type, error) {
	out := &avroschema.Type{Kind: avroschema.Enum}
	name := t.nameOf(s).Simple
	full, ok := s.Param(param)
	if !ok {
		return nil, data.Errorf("the schema %s is an enum without the parameter %s: set generalized.sum.type.support or enhanced.avro.schema.support as its origin does", s, param)
	}
	i := strings.LastIndexByte(full, '.')
	out.Name = avroschema.Name{Space: full[:max(i, 0)], Simple: full[i+1:]}
	for _, p := range s.Params() {
		if symbol, ok := strings.CutPrefix(p.Name, param+"."); ok {
			out.Symbols = append(out.Symbols, symbol)
		}
	}
	if t.DiscardTypeDefault {
		out.Doc, out.HasDoc = s.Param(oldEnumDoc)
	} else {
		out.Doc, out.HasDoc = s.Param(enumDoc + name)
		out.Default, _ = s.Param(enumDefault + name)
	}
	return out, nil
}

func (t *translation) bytes(s *data.Schema) (*avroschema.Type, error) {
	out := &avroschema.Type{Kind: avroschema.Bytes}
	if isFixed(s) {
		text, _ := s.Param(fixedSize)
		n, err := strconv.Atoi(text)
		if err != nil || n < 0 || n > 1<<31-9 {
			return nil, data.Errorf("the parameter %s of schema %s is %q, not a size", fixedSize, s, data.Shorten(text))
		}
		out.Kind, out.Name, out.Size = avroschema.Fixed, t.nameOf(s), n
	}
	if s.Logical() == data.LogicalDecimal {
		precision, err := precisionOf(s)
		if err != nil {
			return nil, err
		}
		out.Props = append(out.Props, intProp("scale", int64(s.Scale())), intProp("precision", precision))
	}
	return out, nil
}

func precisionOf(s *data.Schema) (int64, error) {
	text, ok := s.Param(precisionParam)
	if !ok {
		return usualPrecision, nil
	}
	n, err := strconv.ParseInt(text, 10, 32)
	if err != nil {
		return 0, data.Errorf("the parameter %s of schema %s is %q, not a number of digits", precisionParam, s, data.Shorten(text))
	}
	return n, nil
}

func (t *translation) mapType(s *data.Schema) (*avroschema.Type, error) {
	if t.avroMap(s) {
		elem, err := t.convert(s.ValueSchema(), false)
		if err != nil {
			return nil, data.Below(err, "{}", "")
		}
		return &avroschema.Type{Kind: avroschema.Map, Elem: elem}, nil
	}
	entry := &avroschema.Type{Kind: avroschema.Record, Name: avroschema.Name{Space: namespace, Simple: mapEntry}}
	if s.HasName() {
		entry.Name = t.split(s.Name())
		entry.Props = append(entry.Props, textProp(propInternal, mapEntry))
	}
	for _, f := range []data.Field{{Name: "key", Schema: s.KeySchema()}, {Name: "value", Schema: s.ValueSchema()}} {
		if err := t.addField(entry, f.Name, f.Schema, nil); err != nil {
			return nil, err
		}
	}
	entry, err := t.define(entry)
	return &avroschema.Type{Kind: avroschema.Array, Elem: entry}, err
}

func (t *translation) unionType(s *data.Schema) (*avroschema.Type, error) {
	out := &avroschema.Type{Kind: avroschema.Union}
	if s.Optional() {
		out.Branches = append(out.Branches, null())
	}
	for _, f := range s.Fields() {
		b, err := t.convert(f.Schema.AsOptional(false), true)
		if err != nil {
			return nil, data.Below(err, f.Name, "")
		}
		out.Branches = append(out.Branches, b)
	}
	return out, nil
}

func (t *translation) record(s *data.Schema) (*avroschema.Type, error) {
	out := &avroschema.Type{Kind: avroschema.Record, Name: t.nameOf(s)}
	if t.DiscardTypeDefault {
		out.Doc, out.HasDoc = s.Param(oldRecordDoc)
	} else {
		out.Doc, out.HasDoc = s.Param(recordDoc)
	}
	for _, f := range s.Fields() {
		var doc *string
		if text, ok := s.Param(fieldDoc + f.Name); ok && !t.DiscardTypeDefault {
			doc = &text
		}
		if err := t.addField(out, t.scrub(f.Name), f.Schema, doc); err != nil {
			return nil, data.Below(err, f.Name, "")
		}
	}
	return out, nil
}

func (t *translation) addField(to *avroschema.Type, name string, s *data.Schema, doc *string) error {
	if t.DiscardTypeDefault {
		if text, ok := s.Doc(); ok {
			doc = &text
		}
	}
	again := false
	if s.HasName() {
		full := t.split(s.Name()).Full()
		again = t.seen[full]
		t.seen[full] = true
	}
	typ, err := t.convert(s, false)
	if err != nil {
		return err
	}
	f := avroschema.Field{Name: name, Type: typ, Order: "ascending"}
	if doc != nil {
		f.Doc, f.HasDoc = *doc, true
	}
	var def avroschema.Value
	if d, ok := s.Default(); ok && !d.IsNull() {
		if def, err = t.jsonDefault(s, d); err != nil {
			return err
		}
	} else if s.Optional() {
		def.Kind = avroschema.JSONNull
	}
	if def.Kind != 0 && avroschema.Fits(typ, &def) { // Java leaves out defaults that do not fit, too
		f.Default = &def
	}
	if again && t.MetaData && named(typ) {
		if ps := t.params(s); len(ps.Members) > 0 {
			f.Props = append(f.Props, avroschema.Member{Name: propParams, Value: ps})
		}
	}
	to.Fields = append(to.Fields, f)
	return nil
}

// named reports whether a type, or a branch of the union that it is, may be printed as a mere name.
func named(t *avroschema.Type) bool {
	for _, b := range t.Branches {
		if b.Named() {
			return true
		}
	}
	return t.Named()
}
