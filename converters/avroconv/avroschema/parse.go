package avroschema

import (
	"fmt"
	"strings"
)

// Parse reads a schema as a registry accepts new ones: names must be legal and defaults must fit, by the rules of Avro 1.12. refs are in
// the order of their dependencies. A name may be used before the place where it is defined.
func Parse(text string, refs []Ref) (*Schema, error) { return parse(text, refs, true) }

// ParseStored reads a schema that data was written with. Defaults and namespaces are not checked, as Java does not check them there.
func ParseStored(text string, refs []Ref) (*Schema, error) { return parse(text, refs, false) }

type parser struct {
	strict bool
	known  map[string]*Type
	budget int        // steps of checking defaults that are left
	again  [][2]*Type // two definitions of one name, which must be equal
}

func parse(text string, refs []Ref, strict bool) (*Schema, error) {
	p := parser{strict: strict, budget: maxSteps, known: map[string]*Type{}}
	s := &Schema{}
	for _, r := range refs {
		t, err := p.root(r.Text)
		if err != nil {
			return nil, fmt.Errorf("reference %s: %w", r.Name, err)
		}
		if t.Named() {
			s.refs = append(s.refs, t.Name.Full())
		}
	}
	var err error
	s.Root, err = p.root(text)
	if err != nil {
		return nil, err
	}
	return s, nil
}

func (p *parser) root(text string) (*Type, error) {
	v, err := readJSON(text)
	if err != nil {
		return nil, err
	}
	t, err := p.parse(v, "")
	if err != nil {
		return nil, err
	}
	r := resolver{p: p, seen: map[*Type]bool{}}
	if t, err = r.resolve(t); err != nil {
		return nil, err
	}
	for _, pair := range p.again {
		if !equal(pair[0], pair[1], map[[2]*Type]bool{}) {
			return nil, fmt.Errorf("Can't redefine: %s", pair[0].Name.Full()) // Java's text
		}
	}
	p.again = nil
	for _, t := range r.order {
		if err := p.check(t); err != nil {
			return nil, err
		}
	}
	return t, nil
}

func (p *parser) parse(v Value, space string) (*Type, error) {
	switch v.Kind {
	case JSONString:
		return p.named(v.Text, space), nil
	case JSONArray:
		t := &Type{Kind: Union}
		for _, e := range v.Elems {
			b, err := p.parse(e, space)
			if err != nil {
				return nil, err
			}
			t.Branches = append(t.Branches, b)
		}
		return t, nil
	case JSONObject:
		return p.object(v, space)
	}
	return nil, fmt.Errorf("Schema not yet supported: %s", brief(v)) // Java's text
}

func (p *parser) named(name, space string) *Type {
	if k := primitive(name); k != 0 {
		return &Type{Kind: k}
	}
	if t := p.known[newName(name, space).Full()]; t != nil {
		return t
	}
	return &Type{refers: name, within: space}
}

func (p *parser) object(v Value, space string) (*Type, error) {
	typ, ok := text(v, "type")
	if !ok {
		return nil, fmt.Errorf("No type: %s", brief(v)) // Java's text
	}
	t := &Type{Kind: primitive(typ)}
	var err error
	switch {
	case t.Kind != 0:
	case typ == "array":
		t.Kind = Array
		t.Elem, err = p.member(v, "items", "Array has no items type", space)
	case typ == "map":
		t.Kind = Map
		t.Elem, err = p.member(v, "values", "Map has no values type", space)
	case typ == "record" || typ == "error":
		t.Kind, t.IsError = Record, typ == "error"
		err = p.record(t, v, space)
	case typ == "enum":
		t.Kind = Enum
		err = p.enum(t, v, space)
	case typ == "fixed":
		t.Kind = Fixed
		err = p.fixed(t, v, space)
	default:
		return p.named(typ, space), nil
	}
	if err != nil {
		return nil, err
	}
	for _, m := range v.Members {
		if !reserved(m.Name) && (t.Kind != Enum || m.Name != "default") {
			t.Props = append(t.Props, m)
		}
	}
	t.setLogical()
	return t, nil
}

func (p *parser) member(v Value, name, missing, space string) (*Type, error) {
	e, ok := v.Get(name)
	if !ok {
		return nil, fmt.Errorf("%s: %s", missing, brief(v))
	}
	return p.parse(e, space)
}

// define reads what all named types have and makes the name known.
func (p *parser) define(t *Type, v Value, space string) error {
	if own, ok := text(v, "namespace"); ok {
		space = own
	}
	name, ok := text(v, "name")
	if !ok {
		return fmt.Errorf("No name in schema: %s", brief(v)) // Java's text
	}
	t.Name = newName(name, space)
	if err := validName(t.Name.Simple); err != nil {
		return fmt.Errorf("%w (name of the %s %s)", err, t.Kind, brief(Value{Kind: JSONString, Text: t.Name.Full()}))
	}
	full := t.Name.Full()
	if p.strict {
		if err := validSpace(t.Name.Space); err != nil {
			return fmt.Errorf("%s %s: %w", t.Kind, full, err)
		}
	}
	if primitive(full) != 0 {
		return fmt.Errorf("Schemas may not be named after primitives: %s", full) // Java's text
	}
	t.Doc, t.HasDoc = text(v, "doc")
	aliases, err := aliasList(v)
	if err != nil {
		return fmt.Errorf("%s %s: %w", t.Kind, full, err)
	}
	have := make(map[Name]bool, len(aliases))
	for _, a := range aliases {
		n := newName(a, t.Name.Space)
		if err := validName(n.Simple); err != nil {
			return fmt.Errorf("%w (alias of the %s %s)", err, t.Kind, full)
		}
		if !have[n] {
			have[n] = true
			t.Aliases = append(t.Aliases, n)
		}
	}
	if first := p.known[full]; first != nil {
		p.again = append(p.again, [2]*Type{first, t})
	} else {
		p.known[full] = t
	}
	return nil
}

func (p *parser) record(t *Type, v Value, space string) error {
	if err := p.define(t, v, space); err != nil {
		return err
	}
	fields, _ := v.Get("fields")
	if fields.Kind != JSONArray {
		return fmt.Errorf("Record has no fields: %s", t.Name.Full()) // Java's text
	}
	have := make(map[string]bool, len(fields.Elems))
	for _, e := range fields.Elems {
		f, err := p.field(e, t.Name.Space)
		if err != nil {
			return fmt.Errorf("record %s: %w", t.Name.Full(), err)
		}
		if have[f.Name] {
			return fmt.Errorf("Duplicate field %s in record %s", f.Name, t.Name.Full()) // Java's text
		}
		have[f.Name] = true
		t.Fields = append(t.Fields, f)
	}
	return nil
}

func (p *parser) field(v Value, space string) (Field, error) {
	f := Field{Order: "ascending"}
	var ok bool
	if f.Name, ok = text(v, "name"); !ok {
		return f, fmt.Errorf("No field name: %s", brief(v)) // Java's text
	}
	if err := validName(f.Name); err != nil {
		return f, fmt.Errorf("field %s: %w", brief(Value{Kind: JSONString, Text: f.Name}), err)
	}
	typ, err := p.member(v, "type", "No field type", space)
	if err != nil {
		return f, fmt.Errorf("field %s: %w", f.Name, err)
	}
	f.Type = typ
	f.Doc, f.HasDoc = text(v, "doc")
	if o, has := v.Get("order"); has {
		f.Order = strings.ToLower(o.Text)
		if o.Kind != JSONString || f.Order != "ascending" && f.Order != "descending" && f.Order != "ignore" {
			return f, fmt.Errorf("field %s: order %s is none of ascending, descending, ignore", f.Name, brief(o))
		}
	}
	if d, has := v.Get("default"); has {
		if (typ.Kind == Float || typ.Kind == Double) && d.Kind == JSONString {
			d, has = parseJavaDouble(d.Text)
			if !has {
				return f, fmt.Errorf("field %s: the default %s is not a number", f.Name, brief(Value{Kind: JSONString, Text: d.Text}))
			}
		}
		f.Default = &d
	}
	if f.Aliases, err = aliasList(v); err != nil {
		return f, fmt.Errorf("field %s: %w", f.Name, err)
	}
	for _, m := range v.Members {
		switch m.Name {
		case "default", "doc", "name", "order", "type", "aliases":
		default:
			f.Props = append(f.Props, m)
		}
	}
	return f, nil
}

func (p *parser) enum(t *Type, v Value, space string) error {
	if err := p.define(t, v, space); err != nil {
		return err
	}
	symbols, _ := v.Get("symbols")
	if symbols.Kind != JSONArray {
		return fmt.Errorf("Enum has no symbols: %s", t.Name.Full()) // Java's text
	}
	have := make(map[string]bool, len(symbols.Elems))
	for _, e := range symbols.Elems {
		if e.Kind != JSONString {
			return fmt.Errorf("enum %s: the symbol %s is not a string", t.Name.Full(), brief(e))
		}
		if err := validName(e.Text); err != nil {
			return fmt.Errorf("%w (symbol of the enum %s)", err, t.Name.Full())
		}
		if have[e.Text] {
			return fmt.Errorf("Duplicate enum symbol: %s", e.Text) // Java's text
		}
		have[e.Text] = true
		t.Symbols = append(t.Symbols, e.Text)
	}
	t.Default, _ = text(v, "default")
	if t.Default != "" && !have[t.Default] {
		return fmt.Errorf("The Enum Default: %s is not in the enum symbol set: [%s]", t.Default, strings.Join(t.Symbols, ", ")) // Java's text
	}
	return nil
}

func (p *parser) fixed(t *Type, v Value, space string) error {
	if err := p.define(t, v, space); err != nil {
		return err
	}
	size, _ := v.Get("size")
	n, ok := size.Int()
	if !ok || n < 0 || n > 1<<31-9 {
		return fmt.Errorf("Invalid or no size: %s of fixed %s", brief(size), t.Name.Full()) // Java's text
	}
	t.Size = int(n)
	return nil
}

// reserved reports whether an attribute belongs to Avro, so that it is not a property, be it of use for the type or not.
func reserved(name string) bool {
	switch name {
	case "doc", "fields", "items", "name", "namespace", "size", "symbols", "values", "type", "aliases":
		return true
	}
	return false
}

func aliasList(v Value) ([]string, error) {
	a, ok := v.Get("aliases")
	if !ok {
		return nil, nil
	}
	if a.Kind != JSONArray {
		return nil, fmt.Errorf("aliases not an array: %s", brief(a)) // Java's text
	}
	var out []string
	have := make(map[string]bool, len(a.Elems))
	for _, e := range a.Elems {
		if e.Kind != JSONString {
			return nil, fmt.Errorf("alias not a string: %s", brief(e)) // Java's text
		}
		if !have[e.Text] {
			have[e.Text] = true
			out = append(out, e.Text)
		}
	}
	return out, nil
}

func text(v Value, name string) (string, bool) {
	m, _ := v.Get(name)
	return m.Text, m.Kind == JSONString
}

// brief prints the beginning of a value.
func brief(v Value) string {
	s := string(v.Append(nil))
	if r := []rune(s); len(r) > 80 {
		return string(r[:80]) + "…"
	}
	return s
}
