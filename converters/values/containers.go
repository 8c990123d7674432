package values

import (
	"github.com/kurier-io/kurier/plugins/data"
)

// A merger finds the schema that values have in common.
type merger struct {
	schema *data.Schema
	failed bool
}

func (m *merger) add(r result) {
	switch s := r.schema; {
	case m.failed || r.value.IsNull():
	case s == nil: // a container without a schema: nothing describes it and the others
		m.schema, m.failed = nil, true
	case m.schema == nil:
		m.schema = s
	default:
		m.schema = common(m.schema, s)
		m.failed = m.schema == nil
	}
}

// common widens numbers, of which dates and the like are some: the wider type wins, of two as wide the later. Containers must be equal
// altogether: Java takes the last one's schema, which then does not fit the others.
func common(a, b *data.Schema) *data.Schema {
	if a.Type() != b.Type() {
		if a.Type() > data.Float64 || b.Type() > data.Float64 {
			return nil
		}
		if a.Type() > b.Type() {
			return a
		}
		return b
	}
	if a.Type() >= data.ArrayType && !a.Equal(b) {
		return nil
	}
	return b
}

func (p *parser) array() (result, error) {
	var elems []data.Value
	var m merger
	for p.more() {
		if p.consume("]") {
			if m.schema == nil {
				return result{nil, data.ArrayValue(elems)}, nil
			}
			for i := range elems {
				var err error
				if elems[i], err = convert(m.schema, elems[i]); err != nil {
					return result{}, err
				}
			}
			s, err := data.ArrayOf(m.schema).Build()
			return result{s, data.ArrayValue(elems)}, err
		}
		if p.consume(",") {
			return result{}, data.Errorf("Unable to parse an empty array element: %s", p.text)
		}
		e, err := p.parse(true)
		if err != nil {
			return result{}, err
		}
		m.add(e)
		elems = append(elems, e.value)
		at := p.mark()
		if p.consume("]") {
			p.rewind(at)
		} else if !p.consume(",") {
			return result{}, data.Errorf("Array elements missing ',' delimiter")
		}
	}
	return result{}, data.Errorf("Array is missing terminating ']': %s", p.text)
}

func (p *parser) mapping() (result, error) {
	out := data.NewMap(0)
	var keys, vals merger
	for p.more() {
		if p.consume("}") {
			return aligned(out, keys.schema, vals.schema)
		}
		if p.consume(",") {
			return result{}, data.Errorf("Unable to parse a map entry with no key or value: %s", p.text)
		}
		k, err := p.parse(true)
		if err != nil {
			return result{}, err
		}
		if k.value.IsNull() {
			return result{}, data.Errorf("Map entry may not have a null key: %s", p.text)
		}
		if !p.consume(":") {
			return result{}, data.Errorf("Map entry is missing ':' delimiter: %s", p.text)
		}
		v, err := p.parse(true)
		if err != nil {
			return result{}, err
		}
		out.Put(k.value, v.value)
		p.consume(",")
		keys.add(k)
		vals.add(v)
	}
	return result{}, data.Errorf("Map is missing terminating '}': %s", p.text)
}

// aligned widens keys and values. Without common keys or values there is no schema of a map that package data could hold.
func aligned(m *data.Map, key, val *data.Schema) (result, error) {
	if key == nil {
		return result{nil, data.MapValue(m)}, nil
	}
	out := data.NewMap(m.Len())
	for k, v := range m.All() {
		k, err := convert(key, k)
		if err != nil {
			return result{}, err
		}
		if val != nil {
			if v, err = convert(val, v); err != nil {
				return result{}, err
			}
		}
		out.Put(k, v)
	}
	if val == nil {
		return result{nil, data.MapValue(out)}, nil
	}
	s, err := data.MapOf(key, val).Build()
	return result{s, data.MapValue(out)}, err
}

// convert brings an element to the common schema: numbers are widened, and are days or milliseconds where dates and the like are common;
// everything else must fit already.
func convert(s *data.Schema, v data.Value) (data.Value, error) {
	if v.IsNull() {
		return v, data.Errorf("Unable to convert a null value to a schema that requires a value")
	}
	if v.Kind() == data.KindTimestamp && s.Type() <= data.Float64 && s.Logical() == data.NotLogical {
		return v, data.Errorf("Unable to convert %s (class java.util.Date) to a number", v)
	}
	if v.Kind() == data.KindFor(s) || v.Kind() < data.KindInt8 || v.Kind() > data.KindFloat64 {
		return v, nil
	}
	f := v.Float()
	if v.Kind() <= data.KindInt64 {
		f = float64(v.Int())
	}
	switch s.Logical() {
	case data.LogicalDate:
		return data.TimestampValue(v.Int() * data.MillisPerDay), nil
	case data.LogicalTime, data.LogicalTimestamp:
		return data.FromBase(s, data.Int64Value(v.Int()))
	case data.LogicalDecimal:
		return v, data.Errorf("Unable to convert %s to %s", v, s)
	}
	switch s.Type() {
	case data.Int16:
		return data.Int16Value(int16(v.Int())), nil
	case data.Int32:
		return data.Int32Value(int32(v.Int())), nil
	case data.Int64:
		return data.Int64Value(v.Int()), nil
	case data.Float32:
		return data.Float32Value(float32(f)), nil
	case data.Float64:
		return data.Float64Value(f), nil
	}
	return v, data.Errorf("Unable to convert %s to %s", v, s)
}
