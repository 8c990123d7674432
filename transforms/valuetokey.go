package transforms

import (
	"github.com/kurier-io/kurier/plugins/config"
	"github.com/kurier-io/kurier/plugins/connect"
	"github.com/kurier-io/kurier/plugins/data"
	"github.com/kurier-io/kurier/transforms/smt"
)

type valueToKeySettings struct {
	Fields []string `config:"fields,required" importance:"high" doc:"Field names on the record value to extract as the record key."`
	smt.NullDefault
}

func valueToKeyDef() *config.Def { return nonEmpty[valueToKeySettings]("fields") }

type valueToKey struct {
	valueToKeySettings
	plans smt.Planner[smt.Projection]
	slab  smt.Slab
}

func (t *valueToKey) Configure(props connect.Props) (err error) {
	t.valueToKeySettings, err = config.ParseWith[valueToKeySettings](valueToKeyDef(), props)
	return err
}

const copyingToKey = "copying fields from value to key"

func (t *valueToKey) Apply(r *connect.Record) (bool, error) {
	if r.ValueSchema == nil {
		m, err := smt.RequireMap(r.Value, copyingToKey)
		if err != nil {
			return true, err
		}
		key := data.NewMap(len(t.Fields))
		for _, f := range t.Fields {
			v, _ := m.GetString(f)
			key.Put(data.StringValue(f), v)
		}
		r.KeySchema, r.Key = nil, data.MapValue(key)
		return true, nil
	}
	st, err := smt.RequireStruct(r.Value, copyingToKey)
	if err != nil {
		return true, err
	}
	plan, err := t.plans.Of(st.Schema(), t.derive)
	if err != nil {
		return true, err
	}
	key, err := plan.Apply(&t.slab, st)
	if err != nil {
		return true, err
	}
	r.KeySchema, r.Key = plan.Schema, data.StructValue(key)
	return true, nil
}

func (t *valueToKey) derive(s *data.Schema) (smt.Projection, error) {
	b := data.StructOf()
	var from []int
	for _, name := range t.Fields {
		f, ok := s.Field(name)
		if !ok {
			return smt.Projection{}, data.Errorf("Field does not exist: %s", name)
		}
		b.Field(name, f.Schema)
		from = append(from, f.Index)
	}
	out, err := b.Build()
	if err != nil {
		return smt.Projection{}, err
	}
	return smt.NewProjection(out, s, from, t.Default), nil
}
