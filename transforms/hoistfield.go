package transforms

import (
	"github.com/kurier-io/kurier/plugins/config"
	"github.com/kurier-io/kurier/plugins/connect"
	"github.com/kurier-io/kurier/plugins/data"
	"github.com/kurier-io/kurier/transforms/smt"
)

type hoistSettings struct {
	Field string `config:"field,required" importance:"medium" doc:"Field name for the single field that will be created in the resulting Struct or Map."`
}

type hoistField struct {
	smt.Side
	hoistSettings
	plans smt.Planner[*data.Schema]
	slab  smt.Slab
}

func (t *hoistField) Configure(props connect.Props) (err error) {
	t.hoistSettings, err = config.Parse[hoistSettings](props)
	return err
}

func (t *hoistField) Apply(r *connect.Record) (bool, error) {
	s, v := t.Get(r)
	if s == nil {
		m := data.NewMap(1)
		m.Put(data.StringValue(t.Field), v)
		t.Set(r, nil, data.MapValue(m))
		return true, nil
	}
	plan, err := t.plans.Of(s, func(s *data.Schema) (*data.Schema, error) { return data.StructOf().Field(t.Field, s).Build() })
	if err != nil {
		return true, err
	}
	if err := smt.Checked(&(*plan).Fields()[0], v); err != nil {
		return true, err
	}
	out := t.slab.Struct(*plan)
	out.SetAt(0, v)
	t.Set(r, *plan, data.StructValue(out))
	return true, nil
}
