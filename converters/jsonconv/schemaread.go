package jsonconv

import (
	"github.com/kurier-io/kurier/converters/jsontext"
	"github.com/kurier-io/kurier/plugins/data"
)

// A node is a parsed piece of schema JSON. Schemas are read once, so they may be read slowly.
type node struct {
	kind    byte // the first byte of its text; 0: missing
	raw     []byte
	text    string
	members []member
	elems   []node
}

type member struct {
	name string
	node node
}

func (n *node) get(name string) *node {
	for i := range n.members {
		if n.members[i].name == name {
			return &n.members[i].node
		}
	}
	return &node{}
}

func (n *node) absent() bool { return n.kind == 0 || n.kind == 'n' }

func (r *reader) node() (n node, err error) {
	n.kind = r.Next()
	start := r.Pos()
	switch n.kind {
	case '{':
		err = r.members(&n)
	case '[':
		if err = r.Enter(); err != nil {
			return n, err
		}
		for more := r.First(']'); more; {
			e, err := r.node()
			if err != nil {
				return n, err
			}
			n.elems = append(n.elems, e)
			if more, err = r.More(']'); err != nil {
				return n, err
			}
		}
	case '"':
		var text []byte
		text, err = r.text()
		n.text = string(text)
	default:
		err = r.Skip()
	}
	n.raw = r.Since(start)
	return n, err
}

func (r *reader) members(n *node) error {
	if err := r.Enter(); err != nil {
		return err
	}
	seen := map[string]int{}
	for more := r.First('}'); more; {
		raw, escaped, err := r.Name()
		if err != nil {
			return err
		}
		if escaped {
			raw = jsontext.Unescape(raw)
		}
		v, err := r.node()
		if err != nil {
			return err
		}
		if i, dup := seen[string(raw)]; dup {
			n.members[i].node = v
		} else {
			seen[string(raw)] = len(n.members)
			n.members = append(n.members, member{string(raw), v})
		}
		if more, err = r.More('}'); err != nil {
			return err
		}
	}
	return nil
}

// schemaOf turns schema JSON into a schema, as JsonConverter.asConnectSchema does.
func (r *reader) schemaOf(n *node) (*data.Schema, error) {
	if n.kind == 'n' {
		return nil, nil
	}
	b, err := r.builderOf(n)
	if err != nil {
		return nil, err
	}
	if o := n.get("optional"); o.kind == 't' {
		b.Optional()
	}
	if name := n.get("name"); name.kind == '"' {
		b.Name(name.text)
	}
	if v := n.get("version"); v.kind == '-' || v.kind-'0' <= 9 {
		if i, integral := integerPart(v.raw); integral {
			b.Version(int32(i))
		}
	}
	if doc := n.get("doc"); doc.kind == '"' {
		b.Doc(doc.text)
	}
	if ps := n.get("parameters"); ps.kind == '{' {
		for _, p := range ps.members {
			if p.node.kind != '"' {
				return nil, data.Errorf("Schema parameters must have string values.")
			}
			b.Param(p.name, p.node.text)
		}
	}
	s, err := b.Build()
	if err != nil {
		return nil, err
	}
	return r.withDefault(s, n.get("default"))
}

func integerPart(text []byte) (n int64, integral bool) {
	for _, c := range text {
		if c != '-' && c-'0' > 9 {
			return 0, false
		}
	}
	n, _ = jsontext.Integer(text)
	return n, true
}

func (r *reader) builderOf(n *node) (*data.Builder, error) {
	t := n.get("type")
	if t.kind != '"' {
		return nil, data.Errorf("Schema must contain 'type' field")
	}
	typ, ok := typeOf(t.text)
	if !ok {
		return nil, data.Errorf("Unknown schema type: %s", t.text)
	}
	switch typ {
	case data.ArrayType:
		elem, err := r.partOf(n, "items", "Array schema did not specify the element type")
		if err != nil {
			return nil, err
		}
		return data.ArrayOf(elem), nil
	case data.MapType:
		key, err := r.partOf(n, "keys", "Map schema did not specify the key type")
		if err != nil {
			return nil, err
		}
		val, err := r.partOf(n, "values", "Map schema did not specify the value type")
		if err != nil {
			return nil, err
		}
		return data.MapOf(key, val), nil
	case data.StructType:
		return r.structOf(n)
	}
	return data.Of(typ), nil
}

func (r *reader) partOf(n *node, name, missing string) (*data.Schema, error) {
	part := n.get(name)
	if part.absent() {
		return nil, data.Errorf("%s", missing)
	}
	return r.schemaOf(part)
}

func (r *reader) structOf(n *node) (*data.Builder, error) {
	fields := n.get("fields")
	if fields.kind != '[' {
		return nil, data.Errorf(`Struct schema's "fields" argument is not an array.`)
	}
	b := data.StructOf()
	for i := range fields.elems {
		f := &fields.elems[i]
		name := f.get("field")
		if name.kind != '"' {
			return nil, data.Errorf("Struct schema's field name not specified properly")
		}
		s, err := r.schemaOf(f)
		if err != nil {
			return nil, err
		}
		b.Field(name.text, s)
	}
	return b, nil
}

// withDefault reads the default as a payload of the schema.
func (r *reader) withDefault(s *data.Schema, def *node) (*data.Schema, error) {
	if def.kind == 0 {
		return s, nil
	}
	sub := reader{replaceNull: r.replaceNull, shapes: r.shapes}
	sub.reset(def.raw)
	v, err := sub.value(s)
	if err != nil {
		return nil, err
	}
	if v.IsNull() {
		if s.Optional() {
			return s, nil
		}
		return nil, &data.Error{Msg: "Invalid default value", Err: data.Validate(s, v)}
	}
	withDef, err := s.WithDefault(v)
	if err != nil {
		return nil, &data.Error{Msg: "Invalid default value", Err: err}
	}
	return withDef, nil
}
