package debezium

import (
	"encoding/json"
	"strconv"
	"strings"

	"github.com/kurier-io/kurier/converters/lru"
	"github.com/kurier-io/kurier/plugins/data"
)

// An expander turns JSON text into structured data, its schema inferred. Equal schemas come back as one pointer.
type expander struct {
	nullBytes, emptyStrings bool
	known                   *lru.Cache[string, *data.Schema]
	buf                     []byte
}

func newExpander(nullBytes, emptyStrings bool) *expander {
	return &expander{nullBytes: nullBytes, emptyStrings: emptyStrings, known: lru.New[string, *data.Schema](valuesKept)}
}

// A jsonNode is a JSON value; members keep their order, and the last of a name counts.
type jsonNode struct {
	scalar any // string, bool, json.Number, nil
	object []jsonMember
	array  []jsonNode
	kind   byte // '{', '[', 's', 'b', 'n', '0' for null
}

type jsonMember struct {
	name string
	node jsonNode
}

var (
	optBool    = data.Of(data.Boolean).Optional().MustBuild()
	optInt32   = data.Of(data.Int32).Optional().MustBuild()
	optInt64   = data.Of(data.Int64).Optional().MustBuild()
	optFloat64 = data.Of(data.Float64).Optional().MustBuild()
	optBytes   = data.Of(data.Bytes).Optional().MustBuild()
	stringsOpt = data.ArrayOf(optionalString).Optional().MustBuild()
)

// expand reads an object or array. ok is false for what is neither, or has no schema: the text stays as it is.
func (x *expander) expand(name, text string) (*data.Schema, data.Value, bool) {
	if !strings.HasPrefix(text, "{") && !strings.HasPrefix(text, "[") {
		return nil, data.Null(), false
	}
	dec := json.NewDecoder(strings.NewReader(text))
	dec.UseNumber()
	node, err := readNode(dec, 0)
	if err != nil {
		return nil, data.Null(), false
	}
	s, err := x.schema(name, &node)
	if err != nil || s == nil {
		return nil, data.Null(), false
	}
	if s, err = x.interned(s); err != nil {
		return nil, data.Null(), false
	}
	v, err := x.value(&node, s)
	return s, v, err == nil
}

func (x *expander) interned(s *data.Schema) (_ *data.Schema, err error) {
	if x.buf, err = data.AppendSchema(x.buf[:0], s); err != nil {
		return nil, err
	}
	if known, ok := x.known.Get(string(x.buf)); ok {
		return known, nil
	}
	x.known.Put(string(x.buf), s)
	return s, nil
}

// maxDepth bounds nesting, so that hostile text cannot exhaust the stack.
const maxDepth = 128

func readNode(dec *json.Decoder, depth int) (n jsonNode, err error) {
	tok, err := dec.Token()
	if err != nil {
		return n, err
	}
	if depth > maxDepth {
		return n, data.Errorf("JSON is nested more than %d deep", maxDepth)
	}
	switch t := tok.(type) {
	case json.Delim:
		n.kind = byte(t)
		for dec.More() {
			var m jsonMember
			if n.kind == '{' {
				name, err := dec.Token()
				if err != nil {
					return n, err
				}
				m.name, _ = name.(string)
			}
			if m.node, err = readNode(dec, depth+1); err != nil {
				return n, err
			}
			if n.kind == '[' {
				n.array = append(n.array, m.node)
			} else {
				n.put(m)
			}
		}
		_, err = dec.Token()
		return n, err
	case string:
		return jsonNode{scalar: t, kind: 's'}, nil
	case bool:
		return jsonNode{scalar: t, kind: 'b'}, nil
	case json.Number:
		return jsonNode{scalar: t, kind: 'n'}, nil
	}
	return jsonNode{kind: '0'}, nil
}

func (n *jsonNode) put(m jsonMember) {
	for i := range n.object {
		if n.object[i].name == m.name {
			n.object[i].node = m.node
			return
		}
	}
	n.object = append(n.object, m)
}

func (n *jsonNode) member(name string) (*jsonNode, bool) {
	for i := range n.object {
		if n.object[i].name == name {
			return &n.object[i].node, true
		}
	}
	return nil, false
}

// schema infers; nil without an error: the field is left out.
func (x *expander) schema(name string, n *jsonNode) (*data.Schema, error) {
	switch n.kind {
	case 's':
		return optionalString, nil
	case 'b':
		return optBool, nil
	case 'n':
		text := n.scalar.(json.Number).String()
		if _, err := strconv.ParseInt(text, 10, 32); err == nil {
			return optInt32, nil
		}
		if _, err := strconv.ParseInt(text, 10, 64); err == nil {
			return optInt64, nil
		}
		return optFloat64, nil
	case '[':
		if len(n.array) == 0 {
			if x.emptyStrings {
				return stringsOpt, nil
			}
			return nil, nil
		}
		element, err := x.element(name, n.array)
		if err != nil {
			return nil, err
		}
		return data.ArrayOf(element).Optional().Build()
	case '{':
		b := data.StructOf().Optional().Name(name)
		for i := range n.object {
			m := &n.object[i]
			s, err := x.schema(name+"."+m.name, &m.node)
			if err != nil {
				return nil, err
			}
			if s != nil {
				b.Field(m.name, s)
			}
		}
		return b.Build()
	}
	if x.nullBytes {
		return optBytes, nil
	}
	return nil, nil
}

// element finds the schema that all elements share; objects are merged.
func (x *expander) element(name string, array []jsonNode) (*data.Schema, error) {
	var first, merged *data.Schema
	kind := byte('0')
	for i := range array {
		n := &array[i]
		if n.kind == '0' {
			continue
		}
		if kind == '0' {
			kind = n.kind
		}
		if n.kind != kind {
			return nil, data.Errorf("Field is not a homogenous array")
		}
		at := ""
		if kind == '{' {
			at = name
		}
		s, err := x.schema(at, n)
		switch {
		case err != nil:
			return nil, err
		case first == nil:
			first, merged = s, s
		case kind == '{':
			if merged, err = merge(merged, s); err != nil {
				return nil, err
			}
		case kind == 'n' && s != first:
			return nil, data.Errorf("Field is not a homogenous array, different number types")
		}
	}
	if merged == nil && x.nullBytes {
		merged = optBytes
	}
	if merged == nil {
		return nil, data.Errorf("Array '%s' has unrecognized member schema.", name)
	}
	return merged, nil
}

// merge unites the fields of two structs; the result is not optional, as Debezium's.
func merge(a, b *data.Schema) (*data.Schema, error) {
	if a.Equal(b) {
		return a, nil
	}
	out := data.StructOf().Name(a.Name())
	for _, f := range a.Fields() {
		if other, ok := b.Field(f.Name); ok && f.Schema.Type() == data.Bytes {
			f.Schema = other.Schema
		}
		out.Field(f.Name, f.Schema)
	}
	for _, f := range b.Fields() {
		if _, ok := a.Field(f.Name); !ok {
			out.Field(f.Name, f.Schema)
		}
	}
	return out.Build()
}

func (x *expander) value(n *jsonNode, s *data.Schema) (data.Value, error) {
	v := data.Null()
	switch n.kind {
	case 's':
		v = data.StringValue(n.scalar.(string))
	case 'b':
		v = data.BoolValue(n.scalar.(bool))
	case 'n':
		text := n.scalar.(json.Number).String()
		switch s.Type() {
		case data.Int32, data.Int64:
			bits := map[data.Type]int{data.Int32: 32, data.Int64: 64}[s.Type()]
			i, err := strconv.ParseInt(text, 10, bits)
			if err != nil {
				return v, err
			}
			if v = data.Int64Value(i); bits == 32 {
				v = data.Int32Value(int32(i))
			}
		default:
			if !strings.ContainsAny(text, ".eE") {
				return v, data.Errorf("%s does not fit 64 bits", text)
			}
			f, err := strconv.ParseFloat(text, 64)
			if err != nil {
				return v, err
			}
			v = data.Float64Value(f)
		}
	case '[':
		if s.Type() != data.ArrayType {
			break
		}
		elems := make([]data.Value, len(n.array))
		for i := range elems {
			e, err := x.value(&n.array[i], s.ValueSchema())
			if err != nil {
				return v, err
			}
			elems[i] = e
		}
		v = data.ArrayValue(elems)
	case '{':
		if s.Type() != data.StructType {
			break
		}
		st := data.NewStruct(s)
		for _, f := range s.Fields() {
			m, ok := n.member(f.Name)
			if !ok {
				continue
			}
			e, err := x.value(m, f.Schema)
			if err != nil {
				return v, err
			}
			st.SetAt(f.Index, e)
		}
		v = data.StructValue(st)
	}
	return v, data.Validate(s, v)
}
