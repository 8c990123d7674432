package avroschema

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Incompatibilities tells why data written with writer cannot be read with reader: a text for each problem, beginning with the place in
// the reader as a JSON pointer. It is empty when all data can be read. The rules are those of the specification as Java's
// SchemaCompatibility applies them: names are compared without their namespace.
func Incompatibilities(reader, writer *Schema) []string {
	c := comparison{known: map[[2]*Type][]string{}, budget: maxSteps}
	out := c.types(reader.Root, writer.Root, "", 0)
	if c.budget < 0 {
		return []string{"/: TOO_LARGE: the schemas take too long to compare"}
	}
	return out
}

const (
	maxProblems = 100
	maxCompare  = 2000 // levels of nesting; records that use each other end by being known
)

type comparison struct {
	known  map[[2]*Type][]string // records; those in progress are taken to fit
	budget int
}

func problem(path, kind, format string, args ...any) []string {
	if path == "" {
		path = "/"
	}
	return []string{path + ": " + kind + ": " + fmt.Sprintf(format, args...)}
}

func merge(a, b []string) []string {
	return append(a, b[:min(len(b), max(0, maxProblems-len(a)))]...)
}

func (c *comparison) types(r, w *Type, path string, depth int) []string {
	if c.budget--; c.budget < 0 || depth > maxCompare {
		c.budget = -1
		return nil
	}
	switch {
	case w.Kind == Union:
		return c.writerUnion(r, w, path, depth)
	case r.Kind == Union:
		for _, b := range r.Branches {
			if len(c.types(b, w, path, depth+1)) == 0 {
				return nil
			}
		}
		return problem(path, "MISSING_UNION_BRANCH", "no branch of the reader's union takes the writer's %s", w.FullName())
	case r.Kind != w.Kind:
		if promotes(w.Kind, r.Kind) {
			return nil
		}
		return problem(path, "TYPE_MISMATCH", "the reader's %s cannot take the writer's %s", r.FullName(), w.FullName())
	}
	switch r.Kind {
	case Array:
		return c.types(r.Elem, w.Elem, path+"/items", depth+1)
	case Map:
		return c.types(r.Elem, w.Elem, path+"/values", depth+1)
	case Fixed:
		out := c.names(r, w, path)
		if r.Size != w.Size {
			out = append(out, problem(path+"/size", "FIXED_SIZE_MISMATCH", "the reader's %s has %d bytes, the writer's %d", r.Name.Full(), r.Size, w.Size)...)
		}
		return out
	case Enum:
		return append(c.names(r, w, path), symbols(r, w, path)...)
	case Record:
		return c.records(r, w, path, depth)
	}
	return nil
}

// writerUnion asks that each branch of the writer can be read.
func (c *comparison) writerUnion(r, w *Type, path string, depth int) []string {
	var out []string
	for i, b := range w.Branches {
		at := path + "/" + strconv.Itoa(i)
		found := c.types(r, b, at, depth+1)
		if len(found) > 0 && r.Kind == Union {
			found = problem(at, "MISSING_UNION_BRANCH", "no branch of the reader's union takes the writer's %s", b.FullName())
		}
		out = merge(out, found)
	}
	return out
}

// promotes reports whether a type may be read as another.
func promotes(from, to Kind) bool {
	switch to {
	case Long:
		return from == Int
	case Float:
		return from == Int || from == Long
	case Double:
		return from == Int || from == Long || from == Float
	case Bytes:
		return from == String
	case String:
		return from == Bytes
	}
	return false
}

func sameName(r, w *Type) bool {
	return r.Name.Simple == w.Name.Simple || slices.Contains(r.Aliases, w.Name)
}

func (c *comparison) names(r, w *Type, path string) []string {
	c.budget -= len(r.Aliases)
	if sameName(r, w) {
		return nil
	}
	return problem(path+"/name", "NAME_MISMATCH", "the reader calls the %s %s, the writer %s", r.Kind, r.Name.Full(), w.Name.Full())
}

func symbols(r, w *Type, path string) []string {
	if r.Default != "" {
		return nil
	}
	known := make(map[string]bool, len(r.Symbols))
	for _, s := range r.Symbols {
		known[s] = true
	}
	var lacking []string
	for _, s := range w.Symbols {
		if !known[s] {
			lacking = append(lacking, s)
		}
	}
	if lacking == nil {
		return nil
	}
	slices.Sort(lacking)
	return problem(path+"/symbols", "MISSING_ENUM_SYMBOLS", "the reader's enum %s has no default and lacks %s", r.Name.Full(), strings.Join(lacking, ", "))
}

func (c *comparison) records(r, w *Type, path string, depth int) []string {
	pair := [2]*Type{r, w}
	if found, ok := c.known[pair]; ok {
		return found
	}
	c.known[pair] = nil
	out := c.names(r, w, path)
	known := byName(w)
	for i := range r.Fields {
		f := &r.Fields[i]
		at := path + "/fields/" + strconv.Itoa(i)
		if wf := writerField(known, f); wf != nil {
			out = merge(out, c.types(f.Type, wf.Type, at+"/type", depth+1))
		} else if f.Default == nil {
			out = merge(out, problem(at, "READER_FIELD_MISSING_DEFAULT_VALUE", "the reader's field %s is not in the writer's record and has no default", f.Name))
		}
	}
	c.known[pair] = out
	return out
}

func byName(t *Type) map[string]*Field {
	out := make(map[string]*Field, len(t.Fields))
	for i := range t.Fields {
		out[t.Fields[i].Name] = &t.Fields[i]
	}
	return out
}

// writerField finds the field of the writer's record that a field of the reader is filled from, by name, then by the reader's aliases; nil
// if there is none.
func writerField(known map[string]*Field, f *Field) *Field {
	if w := known[f.Name]; w != nil {
		return w
	}
	for _, a := range f.Aliases {
		if w := known[a]; w != nil {
			return w
		}
	}
	return nil
}
