package jsonschemaconv

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/kurier-io/kurier/converters/jsonschemaconv/jsonschema"
	"github.com/kurier-io/kurier/converters/jsontext"
)

// A node is a value in the text of a schema: its members come in their order, and those that no validator knows are there.
type node struct {
	kind    byte   // its first character, '0' for numbers
	raw     string // its text
	text    string // of a string
	members []member
	elems   []*node
	base    *url.URL // what references in it are relative to
}

type member struct {
	name string
	node *node
}

// get returns a member, nil if there is none.
func (n *node) get(name string) *node {
	for i := range n.members {
		if n.members[i].name == name {
			return n.members[i].node
		}
	}
	return nil
}

// str returns a member that is a string.
func (n *node) str(name string) (string, bool) {
	m := n.get(name)
	if m == nil || m.kind != '"' {
		return "", false
	}
	return m.text, true
}

// integer returns a member that is a whole number of 32 bits.
func (n *node) integer(name string) (int, bool) {
	m := n.get(name)
	if m == nil || m.kind != '0' {
		return 0, false
	}
	i, err := strconv.ParseInt(m.raw, 10, 32)
	return int(i), err == nil
}

// has reports whether the node has one of the members.
func (n *node) has(names ...string) bool {
	return slices.ContainsFunc(n.members, func(m member) bool { return slices.Contains(names, m.name) })
}

// A library holds a schema's text and the texts that it refers to.
type library struct {
	root   *node
	places map[string]*node // by absolute address; anchors with their fragment
	old    bool             // the text at hand is of draft 4, where $id is id
}

const unnamed = "kurier:///schema.json"

// load reads the texts. It refuses malformed ones and those that jsonschema finds too deep.
func load(text string, refs []jsonschema.Ref) (*library, error) {
	l := &library{places: map[string]*node{}}
	base, _ := url.Parse(unnamed)
	var err error
	if l.root, err = l.add(base, text); err != nil {
		return nil, err
	}
	base = l.root.base
	for _, r := range refs {
		at, err := base.Parse(r.Name)
		if err != nil {
			return nil, fmt.Errorf("reference %s: %w", r.Name, err)
		}
		if _, err := l.add(at, r.Text); err != nil {
			return nil, fmt.Errorf("reference %s: %w", r.Name, err)
		}
	}
	return l, nil
}

func (l *library) add(base *url.URL, text string) (*node, error) {
	compact, err := jsonschema.Compact(text)
	if err != nil {
		return nil, err
	}
	var s jsontext.Scanner
	s.Reset([]byte(compact))
	n, err := parse(&s, compact)
	if err != nil {
		return nil, err
	}
	dialect, _ := n.str("$schema")
	l.old = strings.Contains(dialect, "draft-04")
	l.put(base, "", n)
	l.index(n, base)
	if n.base == nil {
		n.base = base
	}
	return n, nil
}

// put remembers a place; the first of a name stays.
func (l *library) put(base *url.URL, fragment string, n *node) {
	u := *base
	u.Fragment, u.RawFragment = fragment, ""
	if _, there := l.places[u.String()]; !there {
		l.places[u.String()] = n
	}
}

// index walks over the schemas for the names that they give themselves.
func (l *library) index(n *node, base *url.URL) {
	id, ok := n.str("$id")
	if l.old {
		id, ok = n.str("id")
	}
	if ok {
		if u, err := base.Parse(id); err == nil {
			fragment := u.Fragment
			u.Fragment, u.RawFragment = "", ""
			if !strings.HasPrefix(id, "#") {
				base = u
				l.put(base, "", n)
			}
			if fragment != "" {
				l.put(u, fragment, n)
			}
		}
	}
	n.base = base
	if anchor, ok := n.str("$anchor"); ok {
		l.put(base, anchor, n)
	}
	for _, m := range n.members {
		switch m.name {
		case "enum", "const", "default", "examples":
		default:
			l.index(m.node, base)
		}
	}
	for _, e := range n.elems {
		l.index(e, base)
	}
}

// resolve returns what a reference in n leads to.
func (l *library) resolve(n *node, ref string) (*node, error) {
	lost := fmt.Errorf("$ref %q leads nowhere: register the schema that it names, and name it in the references", ref)
	u, err := n.base.Parse(ref)
	if err != nil {
		return nil, fmt.Errorf("$ref %q: %w", ref, err)
	}
	fragment := u.Fragment
	u.Fragment, u.RawFragment = "", ""
	target := l.places[u.String()]
	if target == nil {
		return nil, lost
	}
	if fragment == "" {
		return target, nil
	}
	if !strings.HasPrefix(fragment, "/") {
		u.Fragment = fragment
		if target = l.places[u.String()]; target == nil {
			return nil, lost
		}
		return target, nil
	}
	for step := range strings.SplitSeq(fragment[1:], "/") {
		step = strings.ReplaceAll(strings.ReplaceAll(step, "~1", "/"), "~0", "~")
		next := target.get(step)
		if i, err := strconv.Atoi(step); next == nil && err == nil && i >= 0 && i < len(target.elems) {
			next = target.elems[i]
		}
		if target = next; target == nil {
			return nil, lost
		}
	}
	return target, nil
}

// parse reads a value of compact JSON, which text is.
func parse(s *jsontext.Scanner, text string) (n *node, err error) {
	c := s.Next()
	at := s.Pos()
	n = &node{kind: c}
	switch c {
	case '{':
		if err = s.Enter(); err != nil {
			return nil, err
		}
		for more := s.First('}'); more; {
			name, err := key(s)
			if err != nil {
				return nil, err
			}
			v, err := parse(s, text)
			if err != nil {
				return nil, err
			}
			n.members = append(n.members, member{name, v})
			if more, err = s.More('}'); err != nil {
				return nil, err
			}
		}
	case '[':
		if err = s.Enter(); err != nil {
			return nil, err
		}
		for more := s.First(']'); more; {
			v, err := parse(s, text)
			if err != nil {
				return nil, err
			}
			n.elems = append(n.elems, v)
			if more, err = s.More(']'); err != nil {
				return nil, err
			}
		}
	case '"':
		raw, escaped, err := s.Str()
		if err != nil {
			return nil, err
		}
		if escaped {
			raw = jsontext.Unescape(raw)
		}
		n.text = string(raw)
	default:
		if c == '-' || c-'0' <= 9 {
			n.kind = '0'
		}
		if err = s.Skip(); err != nil {
			return nil, err
		}
	}
	n.raw = text[at:s.Pos()]
	return n, nil
}

func key(s *jsontext.Scanner) (string, error) {
	raw, escaped, err := s.Name()
	if escaped && err == nil {
		raw = jsontext.Unescape(raw)
	}
	return string(raw), err
}
