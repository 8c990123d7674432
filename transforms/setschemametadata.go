package transforms

import (
	"github.com/kurier-io/kurier/plugins/config"
	"github.com/kurier-io/kurier/plugins/connect"
	"github.com/kurier-io/kurier/plugins/data"
	"github.com/kurier-io/kurier/transforms/smt"
)

type schemaMetadataSettings struct {
	Name    string `config:"schema.name" importance:"high" doc:"Schema name to set."`
	Version int32  `config:"schema.version" importance:"high" doc:"Schema version to set."`
	smt.NullDefault
}

type setSchemaMetadata struct {
	smt.Side
	schemaMetadataSettings
	hasName, hasVersion bool
	plans               smt.Planner[smt.Projection]
	slab                smt.Slab
}

func (t *setSchemaMetadata) Configure(props connect.Props) (err error) {
	if t.schemaMetadataSettings, err = config.Parse[schemaMetadataSettings](props); err != nil {
		return err
	}
	_, t.hasName = props["schema.name"]
	_, t.hasVersion = props["schema.version"]
	if !t.hasName && !t.hasVersion {
		return smt.ConfigErr("schema.name", "Neither schema name nor version configured")
	}
	return nil
}

const updatingMetadata = "updating schema metadata"

func (t *setSchemaMetadata) Apply(r *connect.Record) (bool, error) {
	s, v := t.Get(r)
	if s == nil {
		if v.IsNull() {
			return true, nil
		}
		return true, data.Errorf("Schema required for [%s]", updatingMetadata)
	}
	plan, err := t.plans.Of(s, t.derive)
	if err != nil {
		return true, err
	}
	if st := v.Struct(); st != nil {
		out, err := plan.Apply(&t.slab, st)
		if err != nil {
			return true, err
		}
		v = data.StructValue(out)
	}
	t.Set(r, plan.Schema, v)
	return true, nil
}

func (t *setSchemaMetadata) derive(s *data.Schema) (smt.Projection, error) {
	var none smt.Projection
	if s.Type() != data.StructType {
		return none, data.Errorf("Cannot list fields on non-struct type")
	}
	b := data.StructOf().Params(s.Params())
	switch {
	case t.hasName:
		b.Name(t.Name)
	case s.HasName():
		b.Name(s.Name())
	}
	if v, ok := s.Version(); t.hasVersion {
		b.Version(t.Version)
	} else if ok {
		b.Version(v)
	}
	if doc, ok := s.Doc(); ok {
		b.Doc(doc)
	}
	for _, f := range s.Fields() {
		b.Field(f.Name, f.Schema)
	}
	if s.Optional() {
		b.Optional()
	}
	out, err := b.Build()
	if err != nil {
		return none, err
	}
	if def, ok := s.Default(); ok {
		if st := def.Struct(); st != nil { // Java leaves the old schema in it, which no later step would accept
			def = data.StructValue(data.StructOn(out, st.Values()))
		}
		if out, err = out.WithDefault(def); err != nil {
			return none, err
		}
	}
	return smt.NewProjection(out, s, smt.All(s, 0), t.Default), nil
}
