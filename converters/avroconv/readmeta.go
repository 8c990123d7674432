package avroconv

import (
	"strings"

	"github.com/kurier-io/kurier/converters/avroconv/avroschema"
	"github.com/kurier-io/kurier/plugins/data"
)

// annotate adds what the properties of a type say of the Connect schema that it was made from.
func (r *reading) annotate(b *draft, t *avroschema.Type, u use) error {
	r.docs(b, t, u)
	if err := version(b, t, u.version); err != nil {
		return err
	}
	if v, ok := t.Prop(propParams); ok && r.MetaData {
		if v.Kind != avroschema.JSONObject {
			return data.Errorf("Expected JSON object for schema parameters but found: %s", data.Shorten(javaText(v)))
		}
		for _, m := range v.Members {
			if m.Value.Kind != avroschema.JSONString {
				return data.Errorf("Expected schema parameter values to be strings but found: %s", data.Shorten(javaText(m.Value)))
			}
			b.param(m.Name, m.Value.Text)
		}
	}
	for _, m := range t.Props {
		if strings.HasPrefix(m.Name, "avro") {
			b.param(m.Name, javaText(m.Value))
		}
	}
	if _, has := t.Prop(propDefault); u.def != nil && !has && r.MetaData && !r.DiscardTypeDefault {
		b.param(fieldDefault, "true")
	}
	if u.optional {
		b.b.Optional()
	}
	return name(b, t)
}

func (r *reading) docs(b *draft, t *avroschema.Type, u use) {
	doc := t.TextProp(propDoc)
	if !r.DiscardTypeDefault {
		if _, has := t.Prop(propDoc); has && r.MetaData {
			b.b.Doc(doc)
		}
		return
	}
	switch {
	case u.doc != "":
		doc = u.doc
	case t.HasDoc:
		doc = t.Doc
	}
	if doc != "" {
		b.b.Doc(doc)
	}
	if r.MetaData && t.HasDoc {
		b.param(oldRecordDoc, t.Doc)
	}
}

// version prefers connect.version to the version of the registry. Core logical types have version 1 already, and Java does not put up
// with another.
func version(b *draft, t *avroschema.Type, registry int) error {
	n := int64(registry)
	if v, ok := t.Prop(propVersion); ok {
		if n, ok = v.Int(); !ok {
			return data.Errorf("Invalid Connect version found: %s", data.Shorten(javaText(v)))
		}
	} else if registry == 0 {
		return nil
	}
	if n < 0 {
		return nil
	}
	if b.versioned && b.version != n {
		return data.Errorf("Mismatched versions: version already added to SchemaBuilder (%d) differs from version in source schema (%d)", b.version, n)
	}
	b.version, b.versioned = n, true
	return nil
}

func name(b *draft, t *avroschema.Type) error {
	name := ""
	switch v, ok := t.Prop(propName); {
	case ok && v.Kind != avroschema.JSONString:
		return data.Errorf("Invalid schema name: %s", data.Shorten(javaText(v)))
	case ok:
		name = v.Text
	case t.Kind == avroschema.Record && b.name != variant, t.Kind == avroschema.Enum, t.Kind == avroschema.Fixed && b.name != data.DecimalName:
		name = t.Name.Full()
	default:
		return nil
	}
	switch {
	case strings.HasPrefix(name, namespace+"."+defaultName):
	case b.named && b.name != name:
		return data.Errorf("Mismatched names: name already added to SchemaBuilder (%s) differs from name in source schema (%s)", b.name, name)
	default:
		b.name, b.named = name, true
	}
	return nil
}

// javaText prints a property as Java's toString of the object that it becomes.
func javaText(v avroschema.Value) string {
	if v.Kind == avroschema.JSONString {
		return v.Text
	}
	return string(v.Append(nil))
}

// withParams replaces parameters by those of a field, whose type is that of another field by name.
func withParams(s *data.Schema, props []avroschema.Member) *data.Schema {
	var own avroschema.Value
	for _, m := range props {
		if m.Name == propParams {
			own = m.Value
		}
	}
	same := true
	for _, m := range own.Members {
		old, ok := s.Param(m.Name)
		same = same && ok && old == javaText(m.Value)
	}
	if same || s.Type() == data.ArrayType || s.Type() == data.MapType {
		return s
	}
	b := data.Of(s.Type()).Params(append([]data.Param{}, s.Params()...))
	for _, m := range own.Members {
		b.Param(m.Name, javaText(m.Value))
	}
	for _, f := range s.Fields() {
		b.Field(f.Name, f.Schema)
	}
	if s.HasName() {
		b.Name(s.Name())
	}
	if v, ok := s.Version(); ok {
		b.Version(v)
	}
	if doc, ok := s.Doc(); ok {
		b.Doc(doc)
	}
	if s.Optional() {
		b.Optional()
	}
	out, err := b.Build()
	if err != nil {
		return s
	}
	if def, ok := s.Default(); ok {
		if d, err := out.WithDefault(onto(out, def)); err == nil {
			return d
		}
	}
	return out
}

// onto returns a default that is a struct as one of another, equally laid out schema.
func onto(s *data.Schema, def data.Value) data.Value {
	if st := def.Struct(); st != nil && def.Kind() == data.KindStruct {
		return data.StructValue(data.StructOn(s, st.Values()))
	}
	return def
}

// withDefault adds the default of the field, else that of connect.default. One that does not fit is left out, as in Java.
func (r *reading) withDefault(s *data.Schema, t *avroschema.Type, u use) *data.Schema {
	def := u.def
	if def == nil {
		v, ok := t.Prop(propDefault)
		if !ok {
			return s
		}
		def = &v
	}
	v, err := r.value(s, t, *def)
	if err != nil || v.IsNull() {
		return s
	}
	if out, err := s.WithDefault(v); err == nil {
		return out
	}
	return s
}

var errDefault = data.Errorf("the default does not fit")

// value turns a default into a value of s.
func (r *reading) value(s *data.Schema, t *avroschema.Type, v avroschema.Value) (data.Value, error) {
	if t.Kind == avroschema.Union {
		if member, _ := r.single(t); member != nil {
			if v.Kind == avroschema.JSONNull {
				return data.Null(), nil
			}
			return r.value(s, member, v)
		}
		return r.unionValue(s, t, v)
	}
	nested := t.Kind == avroschema.Record || t.Kind == avroschema.Array || t.Kind == avroschema.Map // looked at below
	if v.Kind == avroschema.JSONNull || !nested && !avroschema.Fits(t, &v) {
		return data.Null(), errDefault
	}
	out, err := r.baseValue(s, t, v)
	if err != nil || s.Logical() == data.NotLogical {
		return out, err
	}
	return data.FromBase(s, out)
}

func (r *reading) unionValue(s *data.Schema, t *avroschema.Type, v avroschema.Value) (data.Value, error) {
	st := data.NewStruct(s)
	for i, m := range t.Branches {
		if !avroschema.Fits(m, &v) {
			continue
		}
		if m.Kind == avroschema.Null {
			return data.Null(), nil
		}
		f, ok := s.Field(r.memberName(m, i))
		if !ok {
			break
		}
		e, err := r.value(f.Schema, m, v)
		st.SetAt(f.Index, e)
		return data.StructValue(st), err
	}
	return data.Null(), errDefault
}

func (r *reading) baseValue(s *data.Schema, t *avroschema.Type, v avroschema.Value) (data.Value, error) {
	n, _ := v.Int()
	switch s.Type() {
	case data.Int8:
		return data.Int8Value(int8(n)), nil
	case data.Int16:
		return data.Int16Value(int16(n)), nil
	case data.Int32:
		return data.Int32Value(int32(n)), nil
	case data.Int64:
		return data.Int64Value(n), nil
	case data.Float32:
		return data.Float32Value(float32(number(v))), nil
	case data.Float64:
		return data.Float64Value(number(v)), nil
	case data.Boolean:
		return data.BoolValue(v.Bool), nil
	case data.String:
		return data.StringValue(v.Text), nil
	case data.Bytes:
		return data.BytesValue(fromLatin1(v.Text)), nil
	case data.ArrayType:
		if v.Kind != avroschema.JSONArray {
			return data.Null(), errDefault
		}
		out := make([]data.Value, len(v.Elems))
		for i, e := range v.Elems {
			var err error
			if out[i], err = r.orNull(s.ValueSchema(), t.Elem, e); err != nil {
				return data.Null(), err
			}
		}
		return data.ArrayValue(out), nil
	case data.MapType:
		if t.Kind != avroschema.Map {
			return r.entries(s, t, v)
		}
		if v.Kind != avroschema.JSONObject {
			return data.Null(), errDefault
		}
		m := data.NewMap(len(v.Members))
		for _, e := range v.Members {
			x, err := r.orNull(s.ValueSchema(), t.Elem, e.Value)
			if err != nil {
				return data.Null(), err
			}
			m.Put(data.StringValue(e.Name), x)
		}
		return data.MapValue(m), nil
	}
	return r.structValue(s, t, v)
}

// entries reads the default of a map whose keys are no strings, which is an array of pairs. (Java writes it and does not read it.)
func (r *reading) entries(s *data.Schema, t *avroschema.Type, v avroschema.Value) (data.Value, error) {
	key, value := entryFields(t.Elem)
	if v.Kind != avroschema.JSONArray {
		return data.Null(), errDefault
	}
	m := data.NewMap(len(v.Elems))
	for _, e := range v.Elems {
		if len(e.Elems) != 2 {
			return data.Null(), errDefault
		}
		k, err := r.orNull(s.KeySchema(), key.Type, e.Elems[0])
		if err != nil {
			return data.Null(), err
		}
		x, err := r.orNull(s.ValueSchema(), value.Type, e.Elems[1])
		if err != nil {
			return data.Null(), err
		}
		m.Put(k, x)
	}
	return data.MapValue(m), nil
}

func (r *reading) orNull(s *data.Schema, t *avroschema.Type, v avroschema.Value) (data.Value, error) {
	if v.Kind == avroschema.JSONNull && s.Optional() {
		return data.Null(), nil
	}
	return r.value(s, t, v)
}

func (r *reading) structValue(s *data.Schema, t *avroschema.Type, v avroschema.Value) (data.Value, error) {
	if v.Kind != avroschema.JSONObject || len(t.Fields) != s.NumFields() {
		return data.Null(), errDefault
	}
	st := data.NewStruct(s)
	for i, f := range s.Fields() {
		m, ok := v.Get(f.Name)
		if !ok {
			def, _ := f.Schema.Default()
			if def.IsNull() && !f.Schema.Optional() {
				return data.Null(), errDefault
			}
			st.SetAt(i, def)
			continue
		}
		x, err := r.orNull(f.Schema, t.Fields[i].Type, m)
		if err != nil {
			return data.Null(), err
		}
		st.SetAt(i, x)
	}
	return data.StructValue(st), nil
}
