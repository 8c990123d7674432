package transforms

import (
	"github.com/kurier-io/kurier/converters/javatext"
	"github.com/kurier-io/kurier/plugins/config"
	"github.com/kurier-io/kurier/plugins/connect"
	"github.com/kurier-io/kurier/plugins/data"
	"github.com/kurier-io/kurier/transforms/smt"
)

type flattenSettings struct {
	Delimiter string `config:"delimiter" default:"." importance:"medium" doc:"Delimiter to insert between field names from the input record when generating field names for the output record"`
}

type flatten struct {
	smt.Side
	flattenSettings
	plans smt.Planner[flatPlan]
	slab  smt.Slab
}

type flatPlan struct {
	schema *data.Schema
	level  level
}

// A level is one struct of the input: its leaves go to fields of the output, its structs are levels of their own.
type level struct {
	leaves []leaf
	subs   []sub
}

type leaf struct {
	from, to int
	required bool
}

type sub struct {
	from  int
	level level
}

func (t *flatten) Configure(props connect.Props) (err error) {
	t.flattenSettings, err = config.Parse[flattenSettings](props)
	return err
}

const flattening = "flattening"

func (t *flatten) Apply(r *connect.Record) (bool, error) {
	s, v := t.Get(r)
	if v.IsNull() {
		return true, nil
	}
	if s == nil {
		m, err := smt.RequireMap(v, flattening)
		if err != nil {
			return true, err
		}
		out := data.NewMap(m.Len())
		if err := t.mapInto(out, "", m); err != nil {
			return true, err
		}
		t.Set(r, nil, data.MapValue(out))
		return true, nil
	}
	st, err := smt.RequireStruct(v, flattening)
	if err != nil {
		return true, err
	}
	plan, err := t.plans.Of(st.Schema(), t.derive)
	if err != nil {
		return true, err
	}
	out := t.slab.Struct(plan.schema)
	if err := plan.level.fill(out, st); err != nil {
		return true, err
	}
	t.SetStruct(r, plan.schema, out)
	return true, nil
}

// fill copies leaves with their defaults; a struct that is null leaves its own unset.
func (l *level) fill(out, st *data.Struct) error {
	for _, f := range l.leaves {
		v := st.AtWithDefault(f.from)
		if v.IsNull() && f.required {
			return smt.NullFor(&out.Schema().Fields()[f.to])
		}
		out.SetAt(f.to, v)
	}
	for i := range l.subs {
		if inner := st.At(l.subs[i].from).Struct(); inner != nil {
			if err := l.subs[i].level.fill(out, inner); err != nil {
				return err
			}
		}
	}
	return nil
}

func (t *flatten) name(prefix, name string) string {
	if prefix == "" {
		return name
	}
	return prefix + t.Delimiter + name
}

func (t *flatten) derive(s *data.Schema) (flatPlan, error) {
	f := flattener{t: t, b: smt.Basics(s)}
	def, _ := s.Default()
	l, err := f.level(s, "", s.Optional(), def.Struct())
	if err != nil {
		return flatPlan{}, err
	}
	out, err := f.b.Build()
	return flatPlan{out, l}, err
}

type flattener struct {
	t *flatten
	b *data.Builder
	n int // fields so far
}

// level adds a struct's fields; they are optional if any struct around them is, and have the default that the nearest gives them.
func (f *flattener) level(s *data.Schema, prefix string, optional bool, parent *data.Struct) (level, error) {
	var l level
	for _, field := range s.Fields() {
		name := f.t.name(prefix, field.Name)
		opt := optional || field.Schema.Optional()
		def, _ := field.Schema.Default()
		if def.IsNull() && parent != nil {
			def = parent.AtWithDefault(field.Index)
		}
		switch field.Schema.Type() {
		case data.MapType:
			return l, data.Errorf("Flatten transformation does not support MAP for record with schemas (for field %s).", name)
		case data.StructType:
			inner, err := f.level(field.Schema, name, opt, def.Struct())
			if err != nil {
				return l, err
			}
			l.subs = append(l.subs, sub{field.Index, inner})
			continue
		}
		schema, err := flatField(field.Schema, opt, def)
		if err != nil {
			return l, err
		}
		f.b.Field(name, schema)
		l.leaves = append(l.leaves, leaf{field.Index, f.n, !schema.Optional()})
		f.n++
	}
	return l, nil
}

func flatField(s *data.Schema, optional bool, def data.Value) (*data.Schema, error) {
	own, _ := s.Default()
	if s.Optional() == optional && own.Equal(def) {
		return s, nil
	}
	b := smt.Same(s)
	if optional {
		b.Optional()
	}
	if !def.IsNull() {
		b.Default(def)
	}
	return b.Build()
}

func (t *flatten) mapInto(out *data.Map, prefix string, m *data.Map) error {
	for k, v := range m.All() {
		if k.Kind() != data.KindString {
			return data.Errorf("class %s cannot be cast to class java.lang.String (key %s: only string keys can be flattened)", k.Kind().JavaClass(), smt.Show(k))
		}
		name := t.name(prefix, k.Str())
		switch v.Kind() {
		case data.KindMap:
			if err := t.mapInto(out, name, v.Map()); err != nil {
				return err
			}
			continue
		case data.KindTimestamp, data.KindDecimal:
			return data.Errorf("Flatten transformation was passed a value of type %s which is not supported by Connect's data API", javatext.Class(v))
		case data.KindStruct:
			return data.Errorf("Flatten transformation does not support %s for record without schemas (for field %s).", javatext.Class(v), name)
		}
		out.Put(data.StringValue(name), v)
	}
	return nil
}
