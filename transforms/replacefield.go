package transforms

import (
	"fmt"
	"slices"
	"strings"

	"github.com/kurier-io/kurier/plugins/config"
	"github.com/kurier-io/kurier/plugins/connect"
	"github.com/kurier-io/kurier/plugins/data"
	"github.com/kurier-io/kurier/transforms/smt"
)

type replaceSettings struct {
	Exclude []string `config:"exclude" default:"" importance:"medium" doc:"Fields to exclude. This takes precedence over the fields to include."`
	Include []string `config:"include" default:"" importance:"medium" doc:"Fields to include. If specified, only these fields will be used."`
	Renames []string `config:"renames" default:"" importance:"medium" doc:"Field rename mappings."`
	smt.NullDefault
}

func replaceDef() *config.Def {
	def := config.Of[replaceSettings]()
	k, _ := def.Key("renames")
	k.Check = func(v string) error {
		for _, r := range config.SplitList(v) {
			if _, _, ok := rename(r); !ok {
				//lint:ignore ST1005 the text is Java's
				return fmt.Errorf("Invalid rename mapping: %s", r)
			}
		}
		return nil
	}
	return def
}

// rename splits from:to; blanks around the colon belong to the names.
func rename(s string) (from, to string, ok bool) {
	from, to, ok = strings.Cut(s, ":")
	return from, to, ok && to != "" && !strings.Contains(to, ":")
}

type replaceField struct {
	smt.Side
	replaceSettings
	to, from map[string]string
	plans    smt.Planner[replacement]
	slab     smt.Slab
}

// A replacement is a projection; crossed tells that some field gets its value from a field of another schema, because two renames
// have one target.
type replacement struct {
	smt.Projection
	crossed bool
}

func (t *replaceField) Configure(props connect.Props) (err error) {
	if t.replaceSettings, err = config.ParseWith[replaceSettings](replaceDef(), props); err != nil {
		return err
	}
	t.to, t.from = map[string]string{}, map[string]string{}
	for _, r := range t.Renames {
		from, to, _ := rename(r)
		t.to[from], t.from[to] = to, from
	}
	return nil
}

func (t *replaceField) keeps(name string) bool {
	return !slices.Contains(t.Exclude, name) && (len(t.Include) == 0 || slices.Contains(t.Include, name))
}

func named(names map[string]string, name string) string {
	if other, ok := names[name]; ok {
		return other
	}
	return name
}

const replacing = "field replacement"

func (t *replaceField) Apply(r *connect.Record) (bool, error) {
	s, v := t.Get(r)
	if v.IsNull() {
		return true, nil
	}
	if s == nil {
		return true, t.inMap(r, v)
	}
	st, err := smt.RequireStruct(v, replacing)
	if err != nil {
		return true, err
	}
	plan, err := t.plans.Of(st.Schema(), t.derive)
	if err != nil {
		return true, err
	}
	out, err := plan.ApplyTo(t.Owned(r, st), &t.slab, st)
	if err == nil && plan.crossed {
		err = out.Validate()
	}
	if err != nil {
		return true, err
	}
	t.SetStruct(r, plan.Schema, out)
	return true, nil
}

func (t *replaceField) inMap(r *connect.Record, v data.Value) error {
	m, err := smt.RequireMap(v, replacing)
	if err != nil {
		return err
	}
	out := data.NewMap(m.Len())
	for k, e := range m.All() {
		if name := k.Str(); t.keeps(name) {
			out.Put(data.StringValue(named(t.to, name)), e)
		}
	}
	t.Set(r, nil, data.MapValue(out))
	return nil
}

// derive finds values by the inverse of the renames, as Java does, with its surprises where two of them meet.
func (t *replaceField) derive(s *data.Schema) (replacement, error) {
	var p replacement
	b := smt.Basics(s)
	var kept []string
	for _, f := range s.Fields() {
		if t.keeps(f.Name) {
			name := named(t.to, f.Name)
			b.Field(name, f.Schema)
			kept = append(kept, name)
		}
	}
	out, err := b.Build()
	if err != nil {
		return p, err
	}
	var from []int
	for i, name := range kept {
		source := named(t.from, name)
		f, ok := s.Field(source)
		if !ok {
			return p, data.Errorf("%s is not a valid field name", source)
		}
		from = append(from, f.Index)
		p.crossed = p.crossed || f.Schema != out.Fields()[i].Schema
	}
	p.Projection = smt.NewProjection(out, s, from, t.Default)
	return p, nil
}
