package avroschema

import (
	"slices"
	"strconv"
	"strings"
)

// String prints the schema as Java's Schema.toString does: this is the text that a registry stores and compares.
func (s *Schema) String() string { return s.print(false) }

// Normalized prints what a registry stores when it is asked to normalize: properties and aliases in alphabetical order (a logical type
// with its attributes first), no empty documentation.
func (s *Schema) Normalized() string { return s.print(true) }

func (s *Schema) print(normal bool) string {
	p := printer{known: map[string]bool{}, normal: normal}
	for _, name := range s.refs {
		p.known[name] = true
	}
	return string(p.typ(nil, s.Root, noSpace))
}

// noSpace is the namespace around the root: unlike the empty one it is not told apart from having none.
const noSpace = "\x00"

type printer struct {
	known  map[string]bool
	normal bool
}

func (p *printer) typ(dst []byte, t *Type, space string) []byte {
	if t.Named() {
		return p.named(dst, t, space)
	}
	if t.Kind == Union {
		dst = append(dst, '[')
		for i, b := range t.Branches {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = p.typ(dst, b, space)
		}
		return append(dst, ']')
	}
	if t.Elem == nil && len(t.Props) == 0 {
		return appendString(dst, t.Kind.String())
	}
	dst = appendString(append(dst, `{"type":`...), t.Kind.String())
	switch t.Kind {
	case Array:
		dst = p.typ(append(dst, `,"items":`...), t.Elem, space)
	case Map:
		dst = p.typ(append(dst, `,"values":`...), t.Elem, space)
	}
	return append(p.props(dst, t.Props, t), '}')
}

func (p *printer) named(dst []byte, t *Type, space string) []byte {
	if p.known[t.Name.Full()] {
		return appendString(dst, t.Name.within(space))
	}
	p.known[t.Name.Full()] = true
	kind := t.Kind.String()
	if t.IsError && !p.normal {
		kind = "error"
	}
	dst = appendString(append(dst, `{"type":`...), kind)
	dst = appendString(append(dst, `,"name":`...), t.Name.Simple)
	inner := t.Name.Space
	switch {
	case inner != "" && inner != space:
		dst = appendString(append(dst, `,"namespace":`...), inner)
	case inner == "" && space != noSpace:
		dst = append(dst, `,"namespace":""`...)
	}
	if inner == "" {
		inner = noSpace
	}
	if t.HasDoc && !(p.normal && t.Doc == "") {
		dst = appendString(append(dst, `,"doc":`...), t.Doc)
	}
	switch t.Kind {
	case Record:
		dst = append(dst, `,"fields":[`...)
		for i := range t.Fields {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = p.field(dst, &t.Fields[i], inner)
		}
		dst = append(dst, ']')
	case Enum:
		dst = appendStrings(append(dst, `,"symbols":`...), t.Symbols)
		if t.Default != "" {
			dst = appendString(append(dst, `,"default":`...), t.Default)
		}
	case Fixed:
		dst = strconv.AppendInt(append(dst, `,"size":`...), int64(t.Size), 10)
	}
	dst = p.props(dst, t.Props, t)
	if len(t.Aliases) > 0 {
		aliases := t.Aliases
		if p.normal {
			aliases = slices.SortedFunc(slices.Values(aliases), func(a, b Name) int { return strings.Compare(a.alias(t), b.alias(t)) })
		}
		names := make([]string, len(aliases))
		for i, a := range aliases {
			names[i] = a.within(t.Name.Space)
		}
		dst = appendStrings(append(dst, `,"aliases":`...), names)
	}
	return append(dst, '}')
}

func (p *printer) field(dst []byte, f *Field, space string) []byte {
	dst = appendString(append(dst, `{"name":`...), f.Name)
	dst = p.typ(append(dst, `,"type":`...), f.Type, space)
	if f.HasDoc {
		dst = appendString(append(dst, `,"doc":`...), f.Doc)
	}
	if f.Default != nil {
		d := *f.Default
		if p.normal {
			d = d.sorted()
		}
		dst = d.Append(append(dst, `,"default":`...))
	}
	if f.Order != "ascending" {
		dst = appendString(append(dst, `,"order":`...), f.Order)
	}
	if len(f.Aliases) > 0 {
		aliases := f.Aliases
		if p.normal {
			aliases = slices.Sorted(slices.Values(aliases))
		}
		dst = appendStrings(append(dst, `,"aliases":`...), aliases)
	}
	return append(p.props(dst, f.Props, nil), '}')
}

func (p *printer) props(dst []byte, props []Member, t *Type) []byte {
	if p.normal {
		props = sortedProps(props, t)
	}
	for _, m := range props {
		v := m.Value
		if p.normal {
			v = v.sorted()
		}
		dst = v.Append(append(appendString(append(dst, ','), m.Name), ':'))
	}
	return dst
}

func sortedProps(props []Member, t *Type) []Member {
	rank := func(name string) int {
		if t != nil && t.Logical != "" {
			switch {
			case name == "logicalType":
				return 0
			case t.Logical == "decimal" && name == "precision":
				return 1
			case t.Logical == "decimal" && name == "scale" && t.Scale != 0:
				return 2
			}
		}
		return 3
	}
	return slices.SortedStableFunc(slices.Values(props), func(a, b Member) int {
		if d := rank(a.Name) - rank(b.Name); d != 0 {
			return d
		}
		return strings.Compare(a.Name, b.Name)
	})
}

func (v Value) sorted() Value {
	switch v.Kind {
	case JSONArray:
		elems := make([]Value, len(v.Elems))
		for i, e := range v.Elems {
			elems[i] = e.sorted()
		}
		v.Elems = elems
	case JSONObject:
		members := slices.SortedStableFunc(slices.Values(v.Members), func(a, b Member) int { return strings.Compare(a.Name, b.Name) })
		for i := range members {
			members[i].Value = members[i].Value.sorted()
		}
		v.Members = members
	}
	return v
}

// within prints a name as it is to be written inside a namespace: a simple one that is also the name of a type is written in full.
func (n Name) within(space string) string {
	if n.Space == "" || n.Space != space || slices.Contains(kindNames[:], n.Simple) {
		return n.Full()
	}
	return n.Simple
}

// alias is the text by which Java sorts an alias.
func (n Name) alias(t *Type) string {
	if n.Space == "" && t.Name.Space != "" {
		return "." + n.Simple
	}
	return n.Full()
}

func appendStrings(dst []byte, ss []string) []byte {
	dst = append(dst, '[')
	for i, s := range ss {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendString(dst, s)
	}
	return append(dst, ']')
}
