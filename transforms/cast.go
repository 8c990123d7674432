package transforms

import (
	"strings"

	"github.com/kurier-io/kurier/plugins/config"
	"github.com/kurier-io/kurier/plugins/connect"
	"github.com/kurier-io/kurier/plugins/data"
	"github.com/kurier-io/kurier/transforms/smt"
)

type castSettings struct {
	Spec []string `config:"spec,required" importance:"high" doc:"List of fields and the type to cast them to of the form field1:type,field2:type to cast fields of Maps or Structs. A single type to cast the entire value. Valid types are int8, int16, int32, int64, float32, float64, boolean, and string. Note that binary fields can only be cast to string."`
	smt.NullDefault
}

type cast struct {
	smt.Side
	castSettings
	whole  data.Type // 0: fields
	fields []fieldCast
	plans  smt.Planner[castPlan]
	slab   smt.Slab
}

type fieldCast struct {
	name string
	to   data.Type
}

// A castPlan is a projection of the fields that stay, and the casts of the others by position.
type castPlan struct {
	smt.Projection
	casts []castAt
}

type castAt struct {
	at int
	to data.Type
}

func (t *cast) Configure(props connect.Props) (err error) {
	if t.castSettings, err = config.Parse[castSettings](props); err != nil {
		return err
	}
	t.whole, t.fields = 0, nil
	if len(t.Spec) == 0 {
		return smt.ConfigErr("spec", "Must specify at least one field to cast.")
	}
	for _, mapping := range t.Spec {
		// As String.split: empty parts at the end do not count.
		parts := strings.Split(strings.TrimRight(mapping, ":"), ":")
		if len(parts) > 2 {
			return smt.ConfigErr("spec", "Invalid value [%s] for configuration renames: Invalid rename mapping: %s", strings.Join(t.Spec, ", "), mapping)
		}
		name := strings.TrimSpace(parts[len(parts)-1])
		to, err := castType(name)
		switch {
		case err != nil:
			return err
		case len(parts) == 1:
			t.whole = to
		default:
			t.fields = append(t.fields, fieldCast{strings.TrimSpace(parts[0]), to})
		}
	}
	if t.whole != 0 && len(t.Spec) > 1 {
		return smt.ConfigErr("spec", "Cast transformations that specify a type to cast the entire value to may only specify a single cast in their spec")
	}
	return nil
}

func castType(name string) (data.Type, error) {
	to, ok := data.ParseType(strings.ToLower(name))
	switch {
	case !ok:
		return 0, smt.ConfigErr("spec", "Invalid value java.lang.IllegalArgumentException: No enum constant org.apache.kafka.connect.data.Schema.Type.%s for configuration Invalid type found in casting spec: %s",
			strings.ToUpper(name), name)
	case to == data.Bytes || to > data.Bytes:
		return 0, smt.ConfigErr("spec", "Cast transformation does not support casting to %s; supported types are [%s]", to, castable)
	}
	return to, nil
}

const castable = "INT8, INT16, INT32, INT64, FLOAT32, FLOAT64, BOOLEAN, STRING"

const casting = "cast types"

func (t *cast) Apply(r *connect.Record) (bool, error) {
	s, v := t.Get(r)
	if v.IsNull() {
		return true, nil
	}
	if s == nil {
		return true, t.schemaless(r, v)
	}
	plan, err := t.plans.Of(s, t.derive)
	if err != nil {
		return true, err
	}
	if t.whole != 0 {
		if v, err = t.castValue(s, v, t.whole); err == nil {
			t.Set(r, plan.Schema, v)
		}
		return true, err
	}
	st, err := smt.RequireStruct(v, casting)
	if err != nil {
		return true, err
	}
	out, err := plan.Apply(&t.slab, st)
	if err != nil {
		return true, err
	}
	fields := st.Schema().Fields()
	for _, c := range plan.casts {
		v, err := t.castValue(fields[c.at].Schema, smt.At(st, c.at, t.Default), c.to)
		if err == nil {
			err = smt.Checked(&plan.Schema.Fields()[c.at], v)
		}
		if err != nil {
			return true, err
		}
		out.SetAt(c.at, v)
	}
	t.SetStruct(r, plan.Schema, out)
	return true, nil
}

func (t *cast) schemaless(r *connect.Record, v data.Value) error {
	if t.whole != 0 {
		out, err := t.castValue(nil, v, t.whole)
		if err == nil {
			t.Set(r, nil, out)
		}
		return err
	}
	m, err := smt.RequireMap(v, casting)
	if err != nil {
		return err
	}
	out := smt.CopyMap(m, len(t.fields))
	for _, f := range t.fields {
		old, _ := m.GetString(f.name)
		v, err := t.castValue(nil, old, f.to)
		if err != nil {
			return err
		}
		out.Put(data.StringValue(f.name), v)
	}
	t.Set(r, nil, data.MapValue(out))
	return nil
}

func (t *cast) derive(s *data.Schema) (castPlan, error) {
	var p castPlan
	var b *data.Builder
	var from []int
	if t.whole != 0 {
		b = smt.BasicsTo(s, data.Of(t.whole))
	} else {
		if s.Type() != data.StructType {
			return p, data.Errorf("Cannot list fields on non-struct type")
		}
		b = smt.Basics(s)
		from = smt.All(s, 0)
		for i, f := range s.Fields() {
			schema, to, err := t.fieldSchema(&f)
			if err != nil {
				return p, err
			}
			if to != 0 {
				p.casts = append(p.casts, castAt{i, to})
				from[i] = -1
			}
			b.Field(f.Name, schema)
		}
	}
	if s.Optional() {
		b.Optional()
	}
	if def, ok := s.Default(); ok && !def.IsNull() {
		to := t.whole
		if to == 0 {
			to = data.StructType
		}
		v, err := t.castValue(s, def, to)
		if err != nil {
			return p, err
		}
		b.Default(v)
	}
	out, err := b.Build()
	if err == nil && t.whole == 0 {
		p.Projection = smt.NewProjection(out, s, from, t.Default)
	}
	p.Schema = out
	return p, err
}

// fieldSchema returns the schema of a field after its cast; to is 0 for one that stays.
func (t *cast) fieldSchema(f *data.Field) (schema *data.Schema, to data.Type, err error) {
	for _, c := range t.fields {
		if c.name == f.Name {
			to = c.to // the last one counts
		}
	}
	if to == 0 {
		return f.Schema, 0, nil
	}
	b := data.Of(to)
	if f.Schema.Optional() {
		b.Optional()
	}
	if def, ok := f.Schema.Default(); ok && !def.IsNull() {
		v, err := t.castValue(f.Schema, def, to)
		if err != nil {
			return nil, 0, err
		}
		b.Default(v)
	}
	schema, err = b.Build()
	return schema, to, err
}
