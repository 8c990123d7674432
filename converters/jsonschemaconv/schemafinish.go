package jsonschemaconv

import (
	"slices"

	"github.com/kurier-io/kurier/plugins/data"
)

// A finishing gives a schema what the annotations say: those of the first node that has them.
type finishing struct {
	*reading
	nodes    []*node
	version  int // of the registry; 0: not known
	optional bool
	named    bool // the name is given, title does not count
	params   []data.Param
}

func (f *finishing) first(name string) *node { return first(f.nodes, name) }

// build ends the making of a schema.
func (f *finishing) build(b *data.Builder) (*data.Schema, error) {
	if title := f.first("title"); title != nil && !f.named && title.kind == '"' {
		b.Name(title.text)
	}
	if v, ok := f.connectVersion(); ok {
		b.Version(int32(v))
	} else if f.version > 0 {
		b.Version(int32(f.version))
	}
	if d := f.first("description"); d != nil && d.kind == '"' {
		b.Doc(d.text)
	}
	f.addParams()
	if f.params != nil {
		b.Params(f.params)
	}
	if f.optional {
		b.Optional()
	}
	s, err := b.Build()
	if err != nil {
		return nil, err
	}
	if err := checkLogical(s); err != nil {
		return nil, err
	}
	return f.withDefault(s)
}

// checkLogical refuses names of core logical types on other types than theirs: values would not fit the schema that says so.
func checkLogical(s *data.Schema) error {
	if want, ok := logicalTypes[s.Logical()]; ok && want != s.Type() {
		return data.Errorf("a schema with the name %s must be of type %s, and is %s", s.Name(), want, s.Type())
	}
	return nil
}

var logicalTypes = map[data.Logical]data.Type{
	data.LogicalDecimal: data.Bytes, data.LogicalDate: data.Int32, data.LogicalTime: data.Int32, data.LogicalTimestamp: data.Int64,
}

func (f *finishing) connectVersion() (int, bool) {
	for _, n := range f.nodes {
		if v, ok := n.integer(propVersion); ok {
			return v, true
		}
	}
	return 0, false
}

func (f *finishing) addParams() {
	params := f.first(propParams)
	if params == nil {
		return
	}
	for _, m := range params.members {
		p := data.Param{Name: m.name, Value: m.node.raw}
		if m.node.kind == '"' {
			p.Value = m.node.text
		}
		if i := slices.IndexFunc(f.params, func(o data.Param) bool { return o.Name == m.name }); i >= 0 {
			f.params[i] = p
		} else {
			f.params = append(f.params, p)
		}
	}
}

// withDefault reads the default as a value of the schema. A null is none.
func (f *finishing) withDefault(s *data.Schema) (*data.Schema, error) {
	def := f.first("default")
	if def == nil || def.kind == 'n' {
		return s, nil
	}
	var r reader
	var v data.Value
	r.reset([]byte(def.raw))
	if err := r.read(f.decoder(s), &v); err != nil {
		return nil, data.Errorf("the default %s of the JSON Schema does not fit %s: %v", data.Shorten(def.raw), s, err)
	}
	if v.IsNull() {
		return s, nil
	}
	with, err := s.WithDefault(v)
	if err != nil {
		return nil, data.Errorf("the default %s of the JSON Schema does not fit %s: %v", data.Shorten(def.raw), s, err)
	}
	return with, nil
}

// beside gives an optional schema what stands beside its oneOf, where the schema itself says nothing.
func (f *finishing) beside(s *data.Schema) (*data.Schema, error) {
	if _, has := s.Default(); has {
		return s, nil
	}
	return f.withDefault(s)
}
