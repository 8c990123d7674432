package thirdparty

import (
	"strconv"

	"github.com/kurier-io/kurier/converters/javatext"
	"github.com/kurier-io/kurier/plugins/data"
)

// An evaluation keeps what went wrong: a regular expression that takes too long.
type evaluation struct{ err error }

// values follows the path. ok is false if a field that is named before the first wildcard or filter does not exist or is null on the way.
func (p *jsonPath) values(v data.Value) (out []data.Value, ok bool, err error) {
	var e evaluation
	out, ok = e.walk(p, v)
	return out, ok, e.err
}

func (e *evaluation) walk(p *jsonPath, v data.Value) (out []data.Value, ok bool) {
	out = []data.Value{v}
	definite := true
	for i := range p.steps {
		s := &p.steps[i]
		var next []data.Value
		for _, v := range out {
			next = e.follow(s, next, v)
		}
		if definite = definite && (s.kind == nameStep || s.kind == indexStep); definite && len(next) == 0 {
			return nil, false
		}
		if !definite && i > 0 && len(out) == 1 && out[0].IsNull() {
			return nil, false
		}
		out = next
	}
	return out, true
}

// follow appends what a step leads to from v.
func (e *evaluation) follow(s *step, out []data.Value, v data.Value) []data.Value {
	switch s.kind {
	case nameStep:
		if v, ok := member(v, s.name); ok {
			out = append(out, v)
		}
	case indexStep:
		a, i := v.Array(), s.index
		if i < 0 {
			i += len(a)
		}
		if i >= 0 && i < len(a) {
			out = append(out, a[i])
		}
	case allStep:
		out = append(out, v.Array()...)
		if st := v.Struct(); st != nil {
			for i := range st.Values() {
				out = append(out, st.AtWithDefault(i))
			}
		}
		if m := v.Map(); m != nil {
			for _, v := range m.All() {
				out = append(out, v)
			}
		}
	case filterStep:
		elems := v.Array()
		if k := v.Kind(); k == data.KindStruct || k == data.KindMap {
			elems = []data.Value{v}
		}
		for _, elem := range elems {
			if e.holds(s.cond, elem) {
				out = append(out, elem)
			}
		}
	}
	return out
}

func member(v data.Value, name string) (data.Value, bool) {
	if st := v.Struct(); st != nil {
		f, ok := st.Schema().Field(name)
		if !ok {
			return data.Null(), false
		}
		return st.AtWithDefault(f.Index), true
	}
	if m := v.Map(); m != nil {
		return m.GetString(name)
	}
	return data.Null(), false
}

func (e *evaluation) holds(c *condition, v data.Value) bool {
	switch c.op {
	case "||":
		for _, s := range c.subs {
			if e.holds(s, v) {
				return true
			}
		}
		return false
	case "&&":
		for _, s := range c.subs {
			if !e.holds(s, v) {
				return false
			}
		}
		return true
	case "!":
		return !e.holds(c.subs[0], v)
	}
	left, there := e.operand(&c.left, v)
	switch c.op {
	case "exists":
		return there
	case "=~":
		if !there || left.Kind() != data.KindString {
			return false
		}
		yes, err := c.regex.Matches(left.Str())
		if err != nil {
			e.err = err
		}
		return yes
	}
	right, exists := e.operand(&c.right, v)
	if !there || !exists { // undefined equals nothing
		return c.op == "!=" && there != exists
	}
	switch c.op {
	case "==":
		return same(left, right)
	case "!=":
		return !same(left, right)
	case "in", "nin":
		in := false
		for _, elem := range right.Array() {
			in = in || same(left, elem)
		}
		return in == (c.op == "in")
	}
	order, ok := compare(left, right)
	return ok && map[string]bool{"<": order < 0, "<=": order <= 0, ">": order > 0, ">=": order >= 0}[c.op]
}

func (e *evaluation) operand(o *operand, v data.Value) (data.Value, bool) {
	if o.path == nil {
		return o.v, true
	}
	found, ok := e.walk(o.path, v)
	if !ok || len(found) == 0 {
		return data.Null(), false
	}
	return found[0], true
}

// same compares numbers by value, a number with a text if that is one too, and anything else by kind.
func same(a, b data.Value) bool {
	if order, ok := compare(a, b); ok {
		return order == 0
	}
	return a.Equal(b)
}

func compare(a, b data.Value) (order int, ok bool) {
	if a.Kind() == data.KindString && b.Kind() == data.KindString {
		switch x, y := a.Str(), b.Str(); {
		case x < y:
			return -1, true
		case x > y:
			return 1, true
		}
		return 0, true
	}
	if isInt(a) && isInt(b) {
		return sign(a.Int() < b.Int(), a.Int() > b.Int()), true
	}
	x, okX := numberOf(a)
	y, okY := numberOf(b)
	return sign(x < y, x > y), okX && okY && x == x && y == y
}

func sign(less, more bool) int {
	switch {
	case less:
		return -1
	case more:
		return 1
	}
	return 0
}

func isInt(v data.Value) bool { return v.Kind() >= data.KindInt8 && v.Kind() <= data.KindInt64 }

func numberOf(v data.Value) (float64, bool) {
	switch v.Kind() {
	case data.KindInt8, data.KindInt16, data.KindInt32, data.KindInt64, data.KindTimestamp:
		return float64(v.Int()), true
	case data.KindFloat32, data.KindFloat64:
		return v.Float(), true
	case data.KindDecimal:
		f, err := strconv.ParseFloat(string(javatext.AppendDecimal(nil, v)), 64)
		return f, err == nil
	case data.KindString:
		f, err := strconv.ParseFloat(v.Str(), 64)
		return f, err == nil
	}
	return 0, false
}
