package jsonschemaconv

import (
	"unsafe"

	"github.com/kurier-io/kurier/converters/jsontext"
	"github.com/kurier-io/kurier/plugins/data"
)

// union reads a value into the member that it fits: the first by JSON's type, else the struct with the most of its members.
func (r *reader) union(p *dec, c byte, out *data.Value) error {
	i, err := r.choose(p, c)
	if err != nil {
		return err
	}
	if i < 0 {
		if err := r.Skip(); err != nil {
			return err
		}
		return data.Errorf("Did not find matching oneof field for data: %s has no member that takes a %s", p.schema, jsontext.NodeType(c))
	}
	st, vals, err := r.newStruct(p.schema, len(p.fields))
	if err != nil {
		return err
	}
	*out = data.StructValue(st)
	return r.read(p.fields[i].dec, &vals[i])
}

// choose returns the index of a member, -1 if none fits. It looks ahead only as far as it has to.
func (r *reader) choose(p *dec, c byte) (int, error) {
	integral := false
	if c == '-' || c-'0' <= 9 {
		ahead := r.Scanner
		_, frac, err := ahead.Number()
		if err != nil {
			return 0, err
		}
		integral = !frac
	}
	for i := range p.fields {
		if p.fields[i].dec.fits(c, integral) {
			return i, nil
		}
	}
	if c == '{' && p.structs > 0 {
		return r.chooseStruct(p)
	}
	for i := range p.fields {
		if p.fields[i].dec.fitsToo(c) {
			return i, nil
		}
	}
	return -1, nil
}

// chooseStruct counts the members of the object that are fields, for each struct.
func (r *reader) chooseStruct(p *dec) (int, error) {
	best, most := -1, -1
	if p.structs == 1 {
		most = 0
	}
	counts := make([]int, len(p.fields))
	if most < 0 {
		if err := r.count(p, counts); err != nil {
			return 0, err
		}
	}
	for i := range p.fields {
		if p.fields[i].dec.op == readStruct && (best < 0 || counts[i] > most) {
			best, most = i, counts[i]
		}
	}
	return best, nil
}

func (r *reader) count(p *dec, counts []int) error {
	ahead := reader{Scanner: r.Scanner}
	if err := ahead.Enter(); err != nil {
		return err
	}
	for more := ahead.First('}'); more; {
		name, err := ahead.name()
		if err != nil {
			return err
		}
		for i := range p.fields {
			if d := p.fields[i].dec; d.op == readStruct {
				if _, ok := d.schema.Field(unsafe.String(unsafe.SliceData(name), len(name))); ok {
					counts[i]++
				}
			}
		}
		if err := ahead.Skip(); err != nil {
			return err
		}
		if more, err = ahead.More('}'); err != nil {
			return err
		}
	}
	return nil
}
