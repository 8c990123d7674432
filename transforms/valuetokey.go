package transforms

import (
	"github.com/kurier-io/kurier/plugins/config"
	"github.com/kurier-io/kurier/plugins/connect"
	"github.com/kurier-io/kurier/plugins/data"
)

type valueToKeySettings struct {
	Fields  []string `config:"fields,required" importance:"high" doc:"Field names on the record value to extract as the record key."`
	Default bool     `config:"replace.null.with.default" default:"true" importance:"medium" doc:"Whether to replace fields that have a default value and that are null to the default value. When set to true, the default value is used, otherwise null is used."`
}

func valueToKeyDef() *config.Def {
	def := config.Of[valueToKeySettings]()
	def.Keys[0].Check = notEmpty
	return def
}

type valueToKey struct {
	valueToKeySettings
	plans planner[projection]
}

// A projection is a target schema and, for each of its fields, which field of the source it comes from.
type projection struct {
	schema *data.Schema
	from   []int
}

func (t *valueToKey) Configure(props connect.Props) (err error) {
	t.valueToKeySettings, err = config.ParseWith[valueToKeySettings](valueToKeyDef(), props)
	return err
}

const copyingToKey = "copying fields from value to key"

func (t *valueToKey) Apply(r *connect.Record) (bool, error) {
	if r.ValueSchema == nil {
		m, err := requireMap(r.Value, copyingToKey)
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
	st, err := requireStruct(r.Value, copyingToKey)
	if err != nil {
		return true, err
	}
	plan, err := t.plans.of(st.Schema(), t.derive)
	if err != nil {
		return true, err
	}
	key, err := plan.apply(st, t.Default)
	if err != nil {
		return true, err
	}
	r.KeySchema, r.Key = plan.schema, data.StructValue(key)
	return true, nil
}

func (p *projection) apply(st *data.Struct, withDefault bool) (*data.Struct, error) {
	out := data.NewStruct(p.schema)
	fields := p.schema.Fields()
	for i, from := range p.from {
		v := at(st, from, withDefault)
		if err := checked(&fields[i], v); err != nil {
			return nil, err
		}
		out.SetAt(i, v)
	}
	return out, nil
}

func (t *valueToKey) derive(s *data.Schema) (projection, error) {
	b := data.StructOf()
	var p projection
	for _, name := range t.Fields {
		f, ok := s.Field(name)
		if !ok {
			return p, data.Errorf("Field does not exist: %s", name)
		}
		b.Field(name, f.Schema)
		p.from = append(p.from, f.Index)
	}
	var err error
	p.schema, err = b.Build()
	return p, err
}
