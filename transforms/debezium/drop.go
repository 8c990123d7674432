package debezium

import (
	"slices"
	"strings"

	"github.com/kurier-io/kurier/converters/lru"
	"github.com/kurier-io/kurier/plugins/connect"
	"github.com/kurier-io/kurier/plugins/data"
	"github.com/kurier-io/kurier/transforms/smt"
)

// A dropper removes fields that a header names from structs.
type dropper struct {
	compatible  bool // only optional ones
	withDefault bool
	plans       *lru.Cache[dropKey, *smt.Projection]
}

type dropKey struct {
	schema *data.Schema
	names  string
}

// plansKept bounds how many layouts are kept.
const plansKept = 256

// dropFields removes the fields that the record's header lists from its row and, if asked for, its key.
func (t *unwrap) dropFields(r *connect.Record) error {
	i := slices.IndexFunc(r.Headers, func(h connect.Header) bool { return h.Key == t.DropHeader })
	if i < 0 {
		return nil
	}
	v := r.Headers[i].Value
	if v.IsNull() {
		return nil
	}
	if v.Kind() != data.KindArray {
		return data.Errorf("header %s must be a list of field names, found: %s %s", t.DropHeader, v.Kind().JavaClass(), smt.Show(v))
	}
	var names []string
	for _, e := range v.Array() {
		names = append(names, e.Str())
	}
	if len(names) == 0 {
		return nil
	}
	if t.DropFromKey {
		if err := t.dropped.from(&t.slab, &r.KeySchema, &r.Key, names); err != nil {
			return err
		}
	}
	return t.dropped.from(&t.slab, &r.ValueSchema, &r.Value, names)
}

func (d *dropper) from(slab *smt.Slab, s **data.Schema, v *data.Value, names []string) error {
	st := v.Struct()
	if st == nil {
		return nil
	}
	key := dropKey{st.Schema(), strings.Join(names, "\x00")}
	if d.plans == nil {
		d.plans = lru.New[dropKey, *smt.Projection](plansKept)
	}
	p, ok := d.plans.Get(key)
	if !ok {
		var err error
		if p, err = d.derive(st.Schema(), names); err != nil {
			return err
		}
		d.plans.Put(key, p)
	}
	if p.Schema == st.Schema() {
		return nil
	}
	out, err := p.Apply(slab, st)
	if err != nil {
		return err
	}
	*s, *v = p.Schema, data.StructValue(out)
	return nil
}

func (d *dropper) derive(s *data.Schema, names []string) (*smt.Projection, error) {
	b := smt.Basics(s)
	var from []int
	for _, f := range s.Fields() {
		if !slices.Contains(names, f.Name) || d.compatible && !f.Schema.Optional() {
			b.Field(f.Name, f.Schema)
			from = append(from, f.Index)
		}
	}
	if len(from) == s.NumFields() {
		return &smt.Projection{Schema: s}, nil
	}
	out, err := b.Build()
	if err != nil {
		return nil, err
	}
	return new(smt.NewProjection(out, s, from, d.withDefault)), nil
}
