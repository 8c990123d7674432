package jsonconv

import (
	"errors"
	"slices"
	"strconv"
	"strings"
	"unsafe"

	"github.com/kurier-io/kurier/converters/jsontext"
	"github.com/kurier-io/kurier/plugins/data"
)

// structSlab is how many structs one allocation serves.
const structSlab = 32

// slabValues is how many field values one allocation serves.
const slabValues = 256

func (r *reader) alloc(n int) []data.Value {
	if cap(r.slab)-len(r.slab) < n {
		r.slab = make([]data.Value, 0, max(n, slabValues))
	}
	at := len(r.slab)
	r.slab = r.slab[:at+n]
	return r.slab[at : at+n : at+n]
}

// structure reads an object into a struct. Members usually come in the order of the fields, so the next field is tried first.
func (r *reader) structure(s *data.Schema, c byte) (data.Value, error) {
	if c != '{' {
		return r.wrong(c, "Structs should be encoded as JSON objects, but found ")
	}
	if err := r.Enter(); err != nil {
		return data.Value{}, err
	}
	fields := s.Fields()
	vals := r.alloc(len(fields))
	var nulled []int // fields whose value was no null but is one now
	at := 0
	for more := r.First('}'); more; {
		raw, escaped, err := r.Name()
		if err != nil {
			return data.Value{}, err
		}
		if escaped {
			raw = jsontext.Unescape(raw)
		}
		if at >= len(fields) || fields[at].Name != string(raw) {
			f, ok := s.Field(unsafe.String(unsafe.SliceData(raw), len(raw)))
			at = f.Index
			if !ok {
				at = len(fields)
			}
		}
		if at == len(fields) {
			err = r.Skip()
		} else {
			outer, start := r.coerced, r.Pos()
			r.coerced = false
			if vals[at], err = r.value(fields[at].Schema); err == nil && r.coerced {
				nulled = append(nulled, at)
				err = data.NewStruct(s).Put(fields[at].Name, vals[at])
			}
			if err != nil {
				return data.Value{}, r.inField(err, fields[at].Name, start)
			}
			r.coerced = outer
			at++
		}
		if err != nil {
			return data.Value{}, err
		}
		if more, err = r.More('}'); err != nil {
			return data.Value{}, err
		}
	}
	for i := range vals {
		if vals[i].IsNull() && !slices.Contains(nulled, i) {
			var err error
			if vals[i], err = r.null(fields[i].Schema); err != nil {
				return data.Value{}, data.Below(err, fields[i].Name, "null or nothing")
			}
		}
	}
	if len(r.structs) == cap(r.structs) {
		r.structs = make([]data.Struct, 0, structSlab)
	}
	r.structs = append(r.structs, *data.StructOn(s, vals))
	return data.StructValue(&r.structs[len(r.structs)-1]), nil
}

// inField adds the field, and the text of its value, to an error; a syntax error has its place already.
func (r *reader) inField(err error, name string, start int) error {
	if _, is := errors.AsType[*jsontext.SyntaxError](err); is {
		return err
	}
	if data.Secret(name) {
		return data.Below(err, name, "a value that is not shown")
	}
	return data.Below(err, name, data.Shorten(strings.TrimSpace(string(r.Since(start)))))
}

// array reads a list. Java iterates over whatever node it finds: an object gives its values, a scalar nothing.
func (r *reader) array(elem *data.Schema, c byte) (data.Value, error) {
	if c == '{' {
		m, err := r.object(elem)
		if err != nil {
			return data.Value{}, err
		}
		var out []data.Value
		for _, v := range m.Map().All() {
			out = append(out, v)
		}
		return data.ArrayValue(out), nil
	}
	if c != '[' {
		return data.ArrayValue(nil), r.Skip()
	}
	if err := r.Enter(); err != nil {
		return data.Value{}, err
	}
	var out []data.Value
	for more := r.First(']'); more; {
		start := r.Pos()
		v, err := r.value(elem)
		if err != nil {
			return data.Value{}, r.inField(err, "["+strconv.Itoa(len(out))+"]", start)
		}
		out = append(out, v)
		if more, err = r.More(']'); err != nil {
			return data.Value{}, err
		}
	}
	return data.ArrayValue(out), nil
}

func (r *reader) mapping(s *data.Schema, c byte) (data.Value, error) {
	if s.KeySchema().Type() == data.String {
		if c != '{' {
			return r.wrong(c, "Maps with string fields should be encoded as JSON objects, but found ")
		}
		return r.object(s.ValueSchema())
	}
	if c != '[' {
		return r.wrong(c, "Maps with non-string fields should be encoded as JSON array of tuples, but found ")
	}
	if err := r.Enter(); err != nil {
		return data.Value{}, err
	}
	m := data.NewMap(0)
	for more := r.First(']'); more; {
		k, v, err := r.pair(s)
		if err != nil {
			return data.Value{}, err
		}
		m.Put(k, v)
		if more, err = r.More(']'); err != nil {
			return data.Value{}, err
		}
	}
	return data.MapValue(m), nil
}

// pair reads the array [key, value].
func (r *reader) pair(s *data.Schema) (k, v data.Value, err error) {
	if c := r.Next(); c != '[' {
		_, err = r.wrong(c, "Found invalid map entry instead of array tuple: ")
		return k, v, err
	}
	probe := r.Scanner
	if err = probe.Enter(); err != nil {
		return k, v, err
	}
	n := 0
	for more := probe.First(']'); more; n++ {
		if err = probe.Skip(); err != nil {
			return k, v, err
		}
		if more, err = probe.More(']'); err != nil {
			return k, v, err
		}
	}
	if n != 2 {
		return k, v, data.Errorf("Found invalid map entry, expected length 2 but found :%d", n)
	}
	if err = r.Enter(); err != nil {
		return k, v, err
	}
	r.First(']')
	if k, err = r.value(s.KeySchema()); err != nil {
		return k, v, err
	}
	if _, err = r.More(']'); err != nil {
		return k, v, err
	}
	if v, err = r.value(s.ValueSchema()); err != nil {
		return k, v, err
	}
	_, err = r.More(']')
	return k, v, err
}
