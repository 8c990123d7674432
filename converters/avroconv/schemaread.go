package avroconv

import (
	"strconv"
	"strings"

	"github.com/kurier-io/kurier/converters/avroconv/avroschema"
	"github.com/kurier-io/kurier/plugins/data"
)

// A reading turns one Avro schema into a Connect schema.
type reading struct {
	*avroData
	unions int // unions named so far, with generalized.sum.type.support; Java counts through all schemas of a converter
	within map[*avroschema.Type]bool
	budget int // types still to be made: records that are used again are made again
}

// maxTypes bounds the Connect schema of an Avro schema: each use of a name repeats what it stands for.
const maxTypes = 200_000

// read returns the Connect schema of t, as AvroData.toConnectSchema does. version is that of the registry, 0 if it is not known.
func (o *avroData) read(t *avroschema.Type, version int) (*data.Schema, error) {
	r := reading{avroData: o, within: map[*avroschema.Type]bool{}, budget: maxTypes}
	return r.convert(t, use{version: version})
}

// A use says how a type is used where it stands.
type use struct {
	optional bool
	def      *avroschema.Value // of the field
	doc      string            // of the field
	version  int
}

// single returns the type that a union with at most null besides stands for, and whether null is there.
func (o *avroData) single(t *avroschema.Type) (member *avroschema.Type, optional bool) {
	switch b := t.Branches; {
	case len(b) == 1 && o.FlattenSingletons:
		return b[0], false
	case len(b) == 2 && b[0].Kind == avroschema.Null:
		return b[1], true
	case len(b) == 2 && b[1].Kind == avroschema.Null:
		return b[0], true
	}
	return nil, false
}

func (r *reading) convert(t *avroschema.Type, u use) (*data.Schema, error) {
	if r.budget--; r.budget < 0 {
		return nil, data.Errorf("the Avro schema stands for more than %d types: it uses records again and again", maxTypes)
	}
	if t.Kind == avroschema.Union {
		if member, optional := r.single(t); member != nil {
			return r.convert(member, use{optional: optional, doc: u.doc})
		}
	}
	if r.within[t] {
		return nil, data.Errorf("the Avro record %s contains itself, which is not supported: read the topic as bytes with org.apache.kafka.connect.converters.ByteArrayConverter", t.FullName())
	}
	if t.Kind == avroschema.Record {
		r.within[t] = true
		defer delete(r.within, t)
	}
	b, err := r.base(t)
	if err != nil {
		return nil, err
	}
	if err := r.annotate(b, t, u); err != nil {
		return nil, err
	}
	s, err := b.build()
	if err != nil {
		return nil, err
	}
	return r.withDefault(s, t, u), nil
}

func (r *reading) base(t *avroschema.Type) (*draft, error) {
	switch t.Kind {
	case avroschema.Boolean:
		return draftOf(data.Of(data.Boolean)), nil
	case avroschema.Int:
		return readInt(t)
	case avroschema.Long:
		if strings.EqualFold(t.TextProp(propLogical), "timestamp-millis") {
			return logicalOf(data.Int64, data.TimestampName), nil
		}
		return draftOf(data.Of(data.Int64)), nil
	case avroschema.Float:
		return draftOf(data.Of(data.Float32)), nil
	case avroschema.Double:
		return draftOf(data.Of(data.Float64)), nil
	case avroschema.String:
		return draftOf(data.Of(data.String)), nil
	case avroschema.Bytes, avroschema.Fixed:
		return readBytes(t)
	case avroschema.Enum:
		return r.enum(t), nil
	case avroschema.Array:
		return r.array(t)
	case avroschema.Map:
		elem, err := r.convert(t.Elem, use{})
		if err != nil {
			return nil, data.Below(err, "{}", "")
		}
		return draftOf(data.MapOf(data.Of(data.String).MustBuild(), elem)), nil
	case avroschema.Record:
		return r.record(t)
	case avroschema.Union:
		return r.union(t)
	}
	return nil, data.Errorf("Standalone null schemas are not supported by this converter")
}

func readInt(t *avroschema.Type) (*draft, error) {
	logical, hasLogical := t.Prop(propLogical)
	_, typed := t.Prop(propType)
	switch {
	case hasLogical && strings.EqualFold(logical.Text, "date"):
		return logicalOf(data.Int32, data.DateName), nil
	case hasLogical && strings.EqualFold(logical.Text, "time-millis"):
		return logicalOf(data.Int32, data.TimeName), nil
	case hasLogical || !typed:
		return draftOf(data.Of(data.Int32)), nil
	}
	switch t.TextProp(propType) {
	case "int8":
		return draftOf(data.Of(data.Int8)), nil
	case "int16":
		return draftOf(data.Of(data.Int16)), nil
	}
	return nil, data.Errorf("Connect type annotation for Avro int field is null")
}

func readBytes(t *avroschema.Type) (*draft, error) {
	b := draftOf(data.Of(data.Bytes))
	if strings.EqualFold(t.TextProp(propLogical), "decimal") {
		scale, _ := t.Prop("scale")
		n, _ := scale.Int()
		b = decimalOf(n)
		if p, ok := t.Prop("precision"); ok {
			n, isInt := p.Int()
			if !isInt {
				return nil, data.Errorf("precision property must be a JSON Integer. https://avro.apache.org/docs/1.9.1/spec.html#Decimal")
			}
			if n != usualPrecision {
				b.param(precisionParam, strconv.FormatInt(n, 10))
			}
		}
	}
	if t.Kind == avroschema.Fixed {
		b.param(fixedSize, strconv.Itoa(t.Size))
	}
	return b, nil
}

func (r *reading) enum(t *avroschema.Type) *draft {
	b := draftOf(data.Of(data.String))
	if r.MetaData && t.HasDoc {
		if r.DiscardTypeDefault {
			b.param(oldEnumDoc, t.Doc)
		} else {
			b.param(enumDoc+t.Name.Simple, t.Doc)
		}
	}
	if r.MetaData && !r.DiscardTypeDefault && t.Default != "" {
		b.param(enumDefault+t.Name.Simple, t.Default)
	}
	param := avroEnum
	if r.Generalized {
		param = generalEnum
	}
	b.param(param, t.Name.Full())
	for i, symbol := range t.Symbols {
		value := symbol
		if r.Generalized {
			value = strconv.Itoa(i)
		}
		b.param(param+"."+symbol, value)
	}
	return b
}

// isMapEntry reports whether an array of such records is a Connect map.
func isMapEntry(t *avroschema.Type) bool {
	return t.Kind == avroschema.Record && (t.Name.Space == namespace && t.Name.Simple == mapEntry || t.TextProp(propInternal) == mapEntry)
}

// entryFields returns the fields of an entry of a map, nil if it is none.
func entryFields(t *avroschema.Type) (key, value *avroschema.Field) {
	for i := range t.Fields {
		switch t.Fields[i].Name {
		case "key":
			key = &t.Fields[i]
		case "value":
			value = &t.Fields[i]
		}
	}
	if len(t.Fields) != 2 || key == nil || value == nil {
		return nil, nil
	}
	return key, value
}

func (r *reading) array(t *avroschema.Type) (*draft, error) {
	if !isMapEntry(t.Elem) {
		elem, err := r.convert(t.Elem, use{})
		if err != nil {
			return nil, data.Below(err, "[]", "")
		}
		return draftOf(data.ArrayOf(elem)), nil
	}
	k, v := entryFields(t.Elem)
	if k == nil {
		return nil, data.Errorf("Found map encoded as array of key-value pairs, but array elements do not match the expected format.")
	}
	if r.within[t.Elem] {
		return nil, data.Errorf("the Avro record %s contains itself, which is not supported", t.Elem.FullName())
	}
	r.within[t.Elem] = true
	defer delete(r.within, t.Elem)
	key, err := r.convert(k.Type, use{})
	if err != nil {
		return nil, data.Below(err, "{key}", "")
	}
	value, err := r.convert(v.Type, use{})
	if err != nil {
		return nil, data.Below(err, "{}", "")
	}
	return draftOf(data.MapOf(key, value)), nil
}

// isVariant reports whether a record is Confluent's Variant.
func isVariant(t *avroschema.Type) bool {
	return t.Kind == avroschema.Record && t.TextProp(propLogical) == "variant" && len(t.Fields) == 2 &&
		t.Fields[0].Name == "metadata" && t.Fields[1].Name == "value" && t.Fields[0].Type.Kind == avroschema.Bytes && t.Fields[1].Type.Kind == avroschema.Bytes
}

func (r *reading) record(t *avroschema.Type) (*draft, error) {
	b := draftOf(data.StructOf())
	if isVariant(t) {
		plain := data.Of(data.Bytes).MustBuild()
		b.name, b.named = variant, true
		b.b.Field("metadata", plain).Field("value", plain)
		return b, nil
	}
	docs := r.MetaData && !r.DiscardTypeDefault
	if docs && t.HasDoc {
		b.param(recordDoc, t.Doc)
	}
	for i := range t.Fields {
		f := &t.Fields[i]
		if docs && f.HasDoc {
			b.param(fieldDoc+f.Name, f.Doc)
		}
		def := f.Default
		if def != nil && !avroschema.Fits(f.Type, def) {
			def = nil
		}
		s, err := r.convert(f.Type, use{def: def, doc: f.Doc})
		if err != nil {
			return nil, data.Below(err, f.Name, "")
		}
		if r.MetaData {
			s = withParams(s, f.Props)
		}
		b.b.Field(f.Name, s)
	}
	return b, nil
}

// union makes a struct with an optional field for each branch.
func (r *reading) union(t *avroschema.Type) (*draft, error) {
	b := draftOf(data.StructOf())
	b.name, b.named = avroUnion, true
	if r.Generalized {
		b.name = "connect_union_" + strconv.Itoa(r.unions)
		r.unions++
		b.param(generalUnion, b.name)
	}
	names := make(map[string]bool, len(t.Branches))
	for i, m := range t.Branches {
		if m.Kind == avroschema.Null {
			b.b.Optional()
			continue
		}
		name := r.memberName(m, i)
		if names[name] {
			return nil, data.Errorf("Multiple union schemas map to the Connect union field name %s: enhanced.avro.schema.support=true tells them apart by their full names", name)
		}
		names[name] = true
		s, err := r.convert(m, use{optional: true})
		if err != nil {
			return nil, data.Below(err, name, "")
		}
		b.b.Field(name, s)
	}
	return b, nil
}

func (o *avroData) memberName(m *avroschema.Type, i int) string {
	switch {
	case o.Generalized:
		return "connect_union_field_" + strconv.Itoa(i)
	case m.Named() && o.Enhanced:
		return m.Name.Full()
	case m.Named():
		return o.scrub(m.Name.Simple)
	}
	return m.Kind.String()
}
