package transforms

import (
	"slices"

	"github.com/kurier-io/kurier/plugins/config"
	"github.com/kurier-io/kurier/plugins/connect"
	"github.com/kurier-io/kurier/plugins/data"
	"github.com/kurier-io/kurier/transforms/smt"
)

type headerFromSettings struct {
	Fields    []string `config:"fields,required" importance:"high" doc:"Field names in the record whose values are to be copied or moved to headers."`
	Headers   []string `config:"headers,required" importance:"high" doc:"Header names, in the same order as the field names listed in the fields configuration property."`
	Operation string   `config:"operation,required" enum:"move|copy" importance:"high" doc:"Either <code>move</code> if the fields are to be moved to the headers (removed from the key/value), or <code>copy</code> if the fields are to be copied to the headers (retained in the key/value)."`
	smt.NullDefault
}

func headerFromDef() *config.Def { return nonEmpty[headerFromSettings]("fields", "headers") }

type headerFrom struct {
	smt.Side
	headerFromSettings
	plans smt.Planner[headerPlan]
	slab  smt.Slab
}

// A headerPlan has the place and schema of each header's field, and how what stays is laid out.
type headerPlan struct {
	smt.Projection
	fields []data.Field
}

func (t *headerFrom) Configure(props connect.Props) (err error) {
	if t.headerFromSettings, err = config.ParseWith[headerFromSettings](headerFromDef(), props); err != nil {
		return err
	}
	if len(t.Fields) != len(t.Headers) {
		return smt.ConfigErr("headers", "'fields' config must have the same number of elements as 'headers' config.")
	}
	return nil
}

func (t *headerFrom) purpose() string { return "header " + t.Operation }

func (t *headerFrom) moves() bool { return t.Operation == "move" }

func (t *headerFrom) Apply(r *connect.Record) (bool, error) {
	s, v := t.Get(r)
	if s == nil {
		return true, t.fromMap(r, v)
	}
	st, err := smt.RequireStruct(v, t.purpose())
	if err != nil {
		return true, err
	}
	plan, err := t.plans.Of(st.Schema(), t.derive)
	if err != nil {
		return true, err
	}
	headers := make([]connect.Header, len(r.Headers), len(r.Headers)+len(t.Headers))
	copy(headers, r.Headers)
	for i, f := range plan.fields {
		v := smt.At(st, f.Index, t.Default)
		if v.IsNull() && !f.Schema.Optional() {
			return true, data.Errorf("A null value requires an optional schema but was %s", f.Schema)
		}
		headers = append(headers, connect.Header{Key: t.Headers[i], Schema: f.Schema, Value: v})
	}
	if t.moves() {
		out, err := plan.Apply(&t.slab, st)
		if err != nil {
			return true, err
		}
		t.SetStruct(r, plan.Schema, out)
	}
	r.Headers = headers
	return true, nil
}

func (t *headerFrom) fromMap(r *connect.Record, v data.Value) error {
	m, err := smt.RequireMap(v, t.purpose())
	if err != nil {
		return err
	}
	headers := slices.Clone(r.Headers)
	for i, name := range t.Fields {
		v, _ := m.GetString(name)
		headers = append(headers, connect.Header{Key: t.Headers[i], Value: v})
	}
	if t.moves() {
		out := data.NewMap(m.Len())
		for k, e := range m.All() {
			if k.Kind() != data.KindString || !slices.Contains(t.Fields, k.Str()) {
				out.Put(k, e)
			}
		}
		t.Set(r, nil, data.MapValue(out))
	}
	r.Headers = headers
	return nil
}

func (t *headerFrom) derive(s *data.Schema) (headerPlan, error) {
	var p headerPlan
	for _, name := range t.Fields {
		f, ok := s.Field(name)
		if !ok {
			return p, data.Errorf("Unknown field: %s (it is to become a header, and the schema has no such field)", name)
		}
		p.fields = append(p.fields, f)
	}
	b := smt.Basics(s)
	var from []int
	for _, f := range s.Fields() {
		if !slices.Contains(t.Fields, f.Name) {
			b.Field(f.Name, f.Schema)
			from = append(from, f.Index)
		}
	}
	out, err := b.Build()
	if err == nil {
		p.Projection = smt.NewProjection(out, s, from, t.Default)
	}
	return p, err
}
