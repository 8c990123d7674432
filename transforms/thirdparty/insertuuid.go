package thirdparty

import (
	"crypto/rand"
	"encoding/hex"

	"github.com/kurier-io/kurier/plugins/config"
	"github.com/kurier-io/kurier/plugins/connect"
	"github.com/kurier-io/kurier/plugins/data"
	"github.com/kurier-io/kurier/transforms/smt"
)

type uuidSettings struct {
	Field string `config:"uuid.field.name" default:"uuid" importance:"high" doc:"Field name for UUID"`
}

type insertUUID struct {
	smt.Side
	uuidSettings
	plans smt.Planner[smt.Projection]
	slab  smt.Slab
}

func (t *insertUUID) Configure(props connect.Props) (err error) {
	t.uuidSettings, err = config.Parse[uuidSettings](props)
	return err
}

const addingUUID = "adding UUID to record"

func (t *insertUUID) Apply(r *connect.Record) (bool, error) {
	s, v := t.Get(r)
	if s == nil {
		m, err := smt.RequireMap(v, addingUUID)
		if err != nil {
			return true, err
		}
		out := smt.CopyMap(m, 1)
		out.Put(data.StringValue(t.Field), t.random())
		t.Set(r, nil, data.MapValue(out))
		return true, nil
	}
	st, err := smt.RequireStruct(v, addingUUID)
	if err != nil {
		return true, err
	}
	plan, err := t.plans.Of(st.Schema(), t.derive)
	if err != nil {
		return true, err
	}
	out, err := plan.Apply(&t.slab, st)
	if err != nil {
		return true, err
	}
	out.SetAt(plan.Schema.NumFields()-1, t.random())
	t.SetStruct(r, plan.Schema, out)
	return true, nil
}

func (t *insertUUID) derive(s *data.Schema) (smt.Projection, error) {
	out, err := smt.Same(s).Field(t.Field, data.Of(data.String).MustBuild()).Build()
	if err != nil {
		return smt.Projection{}, err
	}
	return smt.NewProjection(out, s, smt.All(s, 1), true), nil
}

// random makes a UUID of version 4 (RFC 9562).
func (t *insertUUID) random() data.Value {
	var id [16]byte
	_, _ = rand.Read(id[:]) // never fails
	id[6], id[8] = id[6]&0x0f|0x40, id[8]&0x3f|0x80
	text := t.slab.Text(36)
	for i, part := range [5][]byte{id[:4], id[4:6], id[6:8], id[8:10], id[10:]} {
		if i > 0 {
			text = append(text, '-')
		}
		text = hex.AppendEncode(text, part)
	}
	return t.slab.Keep(text)
}
