package avroconv

import (
	"math"

	"github.com/kurier-io/kurier/plugins/data"
)

// block reads the head of a block of an array or map whose elements take least bytes or more: how many there are, 0 at the end.
func (r *reader) block(least int) (int, error) {
	n, err := r.long()
	if err != nil || n == 0 {
		return 0, err
	}
	if n < 0 {
		if n == math.MinInt64 {
			return 0, r.fail("a block of %d elements", n)
		}
		n = -n
		size, err := r.long()
		if err != nil {
			return 0, err
		}
		if size < 0 || size > int64(len(r.b)-r.i) {
			return 0, r.fail("a block of %d bytes where %d are left", size, len(r.b)-r.i)
		}
	}
	if least > 0 && n > int64((len(r.b)-r.i)/least) || n > math.MaxInt32 {
		return 0, r.fail("a block of %d elements where %d bytes are left", n, len(r.b)-r.i)
	}
	return int(n), r.spend(int(n))
}

func (r *reader) array(p *dec, out *data.Value) error {
	var elems []data.Value
	for {
		n, err := r.block(p.elem.least)
		if err != nil {
			return err
		}
		if n == 0 {
			*out = data.ArrayValue(elems)
			return nil
		}
		from := len(elems)
		if elems == nil {
			elems = make([]data.Value, n)
		} else {
			elems = append(elems, make([]data.Value, n)...)
		}
		for i := from; i < len(elems); i++ {
			if err := r.read(p.elem, &elems[i]); err != nil {
				return data.Below(err, elementStep(i), "")
			}
		}
	}
}

func (r *reader) mapValue(p *dec, out *data.Value) error {
	m := &data.Map{}
	least := 1 + p.elem.least
	if p.key != nil {
		least = p.key.least + p.elem.least
	}
	for {
		n, err := r.block(least)
		if err != nil {
			return err
		}
		if n == 0 {
			*out = data.MapValue(m)
			return nil
		}
		if err := r.spend(n); err != nil {
			return err
		}
		if m.Len() == 0 {
			m = data.NewMap(n)
		}
		for range n {
			var k, v data.Value
			if err := r.entry(p, &k, &v); err != nil {
				return err
			}
			m.Put(k, v)
		}
	}
}

func (r *reader) entry(p *dec, k, v *data.Value) error {
	if p.op == readMap {
		b, err := r.text()
		if err != nil {
			return err
		}
		*k = data.StringOf(b)
		if err := r.read(p.elem, v); err != nil {
			return data.Below(err, entryStep(*k), "")
		}
		return nil
	}
	if p.swapped {
		if err := r.read(p.elem, v); err != nil {
			return data.Below(err, "{}", "")
		}
	}
	if err := r.read(p.key, k); err != nil {
		return data.Below(err, "{key}", "")
	}
	if p.swapped {
		return nil
	}
	if err := r.read(p.elem, v); err != nil {
		return data.Below(err, entryStep(*k), "")
	}
	return nil
}

func (r *reader) union(p *dec, out *data.Value) error {
	n, err := r.long()
	if err != nil {
		return err
	}
	if n < 0 || n >= int64(len(p.members)) {
		return r.fail("there is no branch %d in the union", n)
	}
	if p.at[n] < 0 {
		return nil
	}
	st, vals, err := r.newStruct(p.schema, p.schema.NumFields())
	if err != nil {
		return err
	}
	if err := r.read(p.members[n], &vals[p.at[n]]); err != nil {
		return data.Below(err, p.names[n], "")
	}
	*out = data.StructValue(st)
	return nil
}

// anything reads a value without a schema: of the fields of its record the first that is set.
func (r *reader) anything(depth int) (data.Value, error) {
	if depth > maxDepth {
		return data.Null(), r.fail("the value nests more than %d levels", maxDepth)
	}
	var out data.Value
	for i := range anyFields {
		set, err := r.long()
		if err != nil {
			return out, err
		}
		if set == 0 {
			continue
		}
		if set != 1 {
			return out, r.fail("there is no branch %d in the union", set)
		}
		var v data.Value
		switch i {
		case anyArray:
			v, err = r.anyArray(depth)
		case anyMap:
			v, err = r.anyMap(depth)
		default:
			err = r.read(&dec{op: [...]dop{readBool, readBytesOp, readDouble, readFloat, readInt32, readInt64, readString}[i]}, &v)
		}
		if err != nil {
			return out, err
		}
		if out.IsNull() {
			out = v
		}
	}
	return out, nil
}

func (r *reader) anyArray(depth int) (data.Value, error) {
	var elems []data.Value
	for {
		n, err := r.block(anyFields)
		if err != nil || n == 0 {
			return data.ArrayValue(elems), err
		}
		for range n {
			v, err := r.anything(depth + 1)
			if err != nil {
				return v, data.Below(err, elementStep(len(elems)), "")
			}
			elems = append(elems, v)
		}
	}
}

func (r *reader) anyMap(depth int) (data.Value, error) {
	m := data.NewMap(0)
	for {
		n, err := r.block(2 * anyFields)
		if err != nil || n == 0 {
			return data.MapValue(m), err
		}
		for range n {
			k, err := r.anything(depth + 1)
			if err != nil {
				return k, data.Below(err, "{key}", "")
			}
			v, err := r.anything(depth + 1)
			if err != nil {
				return v, data.Below(err, entryStep(k), "")
			}
			m.Put(k, v)
		}
	}
}
