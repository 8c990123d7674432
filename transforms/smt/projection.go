package smt

import "github.com/kurier-io/kurier/plugins/data"

// A Projection fills structs of a schema from those of another by position: runs of fields are copied as they stand, then what is null
// gets its default or is refused.
type Projection struct {
	Schema   *data.Schema
	runs     []run
	defaults []filling
	required []int
	inPlace  bool // every field stays where it is; what is new comes behind
}

type run struct{ to, from, n int }

type filling struct {
	at int
	v  data.Value
}

// NewProjection lays out how target's fields come from source's; from has the source of each, -1 for what the caller fills in.
func NewProjection(target, source *data.Schema, from []int, withDefault bool) Projection {
	fields, sources := target.Fields(), source.Fields()
	p := Projection{Schema: target, inPlace: len(from) >= len(sources)}
	for to, i := range from {
		if i < 0 {
			continue
		}
		p.inPlace = p.inPlace && i == to
		if n := len(p.runs); n > 0 && p.runs[n-1].to+p.runs[n-1].n == to && p.runs[n-1].from+p.runs[n-1].n == i {
			p.runs[n-1].n++
		} else {
			p.runs = append(p.runs, run{to, i, 1})
		}
		if def, ok := sources[i].Schema.Default(); withDefault && ok && !def.IsNull() {
			p.defaults = append(p.defaults, filling{to, def})
		} else if !fields[to].Schema.Optional() {
			p.required = append(p.required, to)
		}
	}
	return p
}

// All is the layout of a target that begins with all fields of the source; extra ones are the caller's.
func All(source *data.Schema, extra int) []int {
	from := make([]int, source.NumFields()+extra)
	for i := range from {
		if from[i] = i; i >= source.NumFields() {
			from[i] = -1
		}
	}
	return from
}

// Apply makes the struct, in the slab.
func (p *Projection) Apply(slab *Slab, st *data.Struct) (*data.Struct, error) {
	return p.copied(slab.Struct(p.Schema), st)
}

func (p *Projection) copied(out, st *data.Struct) (*data.Struct, error) {
	in, vals := st.Values(), out.Values()
	for _, r := range p.runs {
		copy(vals[r.to:r.to+r.n], in[r.from:r.from+r.n])
	}
	return out, p.fill(vals)
}

// ApplyTo is Apply, but turns owned itself, if it is not nil, into the struct where that can be done; else it leaves room for those behind
// to do so. Fields that the caller fills in keep what they had.
func (p *Projection) ApplyTo(owned *data.Struct, slab *Slab, st *data.Struct) (*data.Struct, error) {
	n := p.Schema.NumFields()
	if owned == nil || !p.inPlace || cap(owned.Values()) < n {
		return p.copied(slab.Roomy(p.Schema), st)
	}
	vals := owned.Values()[:n]
	*owned = *data.StructOn(p.Schema, vals)
	return owned, p.fill(vals)
}

// fill puts defaults in place of null, and refuses null where it must not be.
func (p *Projection) fill(vals []data.Value) error {
	for i := range p.defaults {
		if d := &p.defaults[i]; vals[d.at].IsNull() {
			vals[d.at] = d.v
		}
	}
	for _, i := range p.required {
		if vals[i].IsNull() {
			return NullFor(&p.Schema.Fields()[i])
		}
	}
	return nil
}
