package transforms

import (
	"github.com/kurier-io/kurier/converters/lru"
	"github.com/kurier-io/kurier/plugins/connect"
	"github.com/kurier-io/kurier/plugins/data"
)

// A side says whether a transformation works on keys or values.
type side uint8

const (
	valueSide side = iota
	keySide
)

func (s side) String() string {
	if s == keySide {
		return "Key"
	}
	return "Value"
}

func (s side) get(r *connect.Record) (*data.Schema, data.Value) {
	if s == keySide {
		return r.KeySchema, r.Key
	}
	return r.ValueSchema, r.Value
}

func (s side) set(r *connect.Record, schema *data.Schema, v data.Value) {
	if s == keySide {
		r.KeySchema, r.Key = schema, v
	} else {
		r.ValueSchema, r.Value = schema, v
	}
}

func requireStruct(v data.Value, purpose string) (*data.Struct, error) {
	if v.Kind() != data.KindStruct {
		return nil, data.Errorf("Only Struct objects supported for [%s], found: %s", purpose, v.Kind().JavaClass())
	}
	return v.Struct(), nil
}

func requireMap(v data.Value, purpose string) (*data.Map, error) {
	if v.Kind() != data.KindMap {
		return nil, data.Errorf("Only Map objects supported in absence of schema for [%s], found: %s", purpose, v.Kind().JavaClass())
	}
	return v.Map(), nil
}

// basics starts a struct schema with the name, version, doc and parameters of another: not its optional flag, not its default, as
// SchemaUtil.copySchemaBasics.
func basics(s *data.Schema) *data.Builder {
	b := data.StructOf()
	if s.HasName() {
		b.Name(s.Name())
	}
	if v, ok := s.Version(); ok {
		b.Version(v)
	}
	if doc, ok := s.Doc(); ok {
		b.Doc(doc)
	}
	return b.Params(s.Params())
}

// at returns field i, with its default in place of null if withDefault.
func at(st *data.Struct, i int, withDefault bool) data.Value {
	if withDefault {
		return st.AtWithDefault(i)
	}
	return st.At(i)
}

// checked is Struct.put's rule for null: a required field must be given, even if it has a default.
func checked(f *data.Field, v data.Value) error {
	if v.IsNull() && !f.Schema.Optional() {
		return data.Errorf("Invalid value: null used for required field: %q, schema type: %s", f.Name, f.Schema.Type())
	}
	return nil
}

func copyMap(m *data.Map, room int) *data.Map {
	out := data.NewMap(m.Len() + room)
	for k, v := range m.All() {
		out.Put(k, v)
	}
	return out
}

// plansKept bounds how many input schemas' plans a transformation keeps. Java keeps 16, and then derives schemas anew.
const plansKept = 256

// A planner keeps what was derived from input schemas, by pointer.
type planner[P any] struct {
	last  *data.Schema
	plan  P
	plans *lru.Cache[*data.Schema, P]
}

func (p *planner[P]) of(s *data.Schema, derive func(*data.Schema) (P, error)) (P, error) {
	if s == p.last && s != nil {
		return p.plan, nil
	}
	if p.plans == nil {
		p.plans = lru.New[*data.Schema, P](plansKept)
	}
	plan, ok := p.plans.Get(s)
	if !ok {
		var err error
		if plan, err = derive(s); err != nil {
			return plan, err
		}
		p.plans.Put(s, plan)
	}
	p.last, p.plan = s, plan
	return plan, nil
}
