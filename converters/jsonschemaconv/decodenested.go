package jsonschemaconv

import (
	"strconv"
	"unsafe"

	"github.com/kurier-io/kurier/converters/jsontext"
	"github.com/kurier-io/kurier/plugins/data"
)

// name reads a member's name and the colon.
func (r *reader) name() ([]byte, error) {
	raw, escaped, err := r.Name()
	if escaped && err == nil {
		raw = jsontext.Unescape(raw)
	}
	return raw, err
}

// structure reads an object into a struct. Members usually come in the order of the fields, so the next field is tried first. Those that
// are missing stay unset, or are their defaults; of those that come twice the last counts.
func (r *reader) structure(p *dec, c byte, out *data.Value) error {
	if c != '{' {
		return r.wrong(c, "Structs should be encoded as JSON objects, but found ")
	}
	if err := r.Enter(); err != nil {
		return err
	}
	st, vals, err := r.newStruct(p.schema, len(p.fields))
	if err != nil {
		return err
	}
	for _, i := range p.preset {
		vals[i] = p.fields[i].missing
	}
	var extra *data.Map
	at := 0
	for more := r.First('}'); more; {
		raw, err := r.name()
		if err != nil {
			return err
		}
		if at >= len(p.fields) || p.fields[at].name != string(raw) {
			at = len(p.fields)
			if f, ok := p.schema.Field(unsafe.String(unsafe.SliceData(raw), len(raw))); ok {
				at = f.Index
			}
		}
		switch {
		case at < len(p.fields) && at != p.extra:
			f := &p.fields[at]
			start := r.Pos()
			if err := r.read(f.dec, &vals[at]); err != nil {
				return r.inField(err, f.name, start)
			}
			at++
		case p.extra >= 0:
			if extra == nil {
				extra = r.newMap()
			}
			if err := r.addExtra(p, extra, raw); err != nil {
				return err
			}
		default:
			if err := r.Skip(); err != nil {
				return err
			}
		}
		if more, err = r.More('}'); err != nil {
			return err
		}
	}
	if extra != nil {
		vals[p.extra] = data.MapValue(extra)
	}
	*out = data.StructValue(st)
	return nil
}

// addExtra reads an additional property.
func (r *reader) addExtra(p *dec, m *data.Map, name []byte) error {
	r.Next()
	start := r.Pos()
	var v data.Value
	if p.raw {
		if err := r.Skip(); err != nil {
			return err
		}
		v = data.StringOf(r.Since(start))
	} else if err := r.read(p.fields[p.extra].dec.elem, &v); err != nil {
		return r.inField(err, string(name), start)
	}
	m.Put(data.StringOf(name), v)
	return nil
}

// array reads a list. Java iterates over whatever node it finds: an object gives its values, a scalar nothing.
func (r *reader) array(elem *dec, c byte, out *data.Value) error {
	end := byte(']')
	switch c {
	case '{':
		end = '}'
	case '[':
	default:
		*out = data.ArrayValue(nil)
		return r.Skip()
	}
	if err := r.Enter(); err != nil {
		return err
	}
	var a []data.Value
	for more := r.First(end); more; {
		if c == '{' {
			if _, _, err := r.Name(); err != nil {
				return err
			}
		}
		start := r.Pos()
		var v data.Value
		if err := r.read(elem, &v); err != nil {
			return r.inField(err, "["+strconv.Itoa(len(a))+"]", start)
		}
		a = append(a, v)
		var err error
		if more, err = r.More(end); err != nil {
			return err
		}
	}
	*out = data.ArrayValue(a)
	return nil
}

func (r *reader) object(p *dec, c byte, out *data.Value) error {
	if c != '{' {
		return r.wrong(c, "Maps with string fields should be encoded as JSON objects, but found ")
	}
	if err := r.Enter(); err != nil {
		return err
	}
	m := r.newMap()
	for more := r.First('}'); more; {
		name, err := r.name()
		if err != nil {
			return err
		}
		start := r.Pos()
		var v data.Value
		if err := r.read(p.elem, &v); err != nil {
			return r.inField(err, string(name), start)
		}
		m.Put(data.StringOf(name), v)
		if more, err = r.More('}'); err != nil {
			return err
		}
	}
	*out = data.MapValue(m)
	return nil
}

// pairs reads a map whose keys are no strings: an array of objects with a key and a value.
func (r *reader) pairs(p *dec, c byte, out *data.Value) error {
	if c != '[' {
		return r.wrong(c, "Maps with non-string fields should be encoded as JSON array of objects, but found ")
	}
	if err := r.Enter(); err != nil {
		return err
	}
	m := r.newMap()
	for more := r.First(']'); more; {
		start := r.Pos()
		if err := r.pair(p, m); err != nil {
			return r.inField(err, "["+strconv.Itoa(m.Len())+"]", start)
		}
		var err error
		if more, err = r.More(']'); err != nil {
			return err
		}
	}
	*out = data.MapValue(m)
	return nil
}

func (r *reader) pair(p *dec, m *data.Map) error {
	if c := r.Next(); c != '{' {
		return r.wrong(c, "Found invalid map entry instead of object: ")
	}
	if err := r.Enter(); err != nil {
		return err
	}
	k, v := p.key.def, p.elem.def
	members := 0
	for more := r.First('}'); more; members++ {
		name, err := r.name()
		if err != nil {
			return err
		}
		switch string(name) {
		case "key":
			err = r.read(p.key, &k)
		case "value":
			err = r.read(p.elem, &v)
		default:
			err = r.Skip()
		}
		if err != nil {
			return err
		}
		if more, err = r.More('}'); err != nil {
			return err
		}
	}
	if members != 2 {
		return data.Errorf("Found invalid map entry, expected length 2 but found :%d", members)
	}
	m.Put(k, v)
	return nil
}

// any reads a value without a schema: integral numbers are INT64 (wrapping), others FLOAT64, objects are maps.
func (r *reader) any(c byte, out *data.Value) error {
	switch c {
	case '{':
		return r.object(anyObject, c, out)
	case '[':
		return r.array(anyPlan, c, out)
	case '"':
		text, err := r.text()
		*out = data.StringOf(text)
		return err
	case 't', 'f':
		*out = data.BoolValue(c == 't')
		return r.Skip()
	case 'n':
		return r.Word("null")
	}
	if c != '-' && c-'0' > 9 {
		return r.Unexpected()
	}
	text, frac, err := r.Number()
	switch {
	case err != nil:
		return err
	case frac:
		*out = data.Float64Value(jsontext.Float(text, 64))
	default:
		n, _ := jsontext.Integer(text)
		*out = data.Int64Value(n)
	}
	return nil
}

var (
	anyPlan   = &dec{op: readAny}
	anyObject = &dec{op: readObject, elem: anyPlan}
)
