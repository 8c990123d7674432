package jsonschema

import (
	"fmt"
	"strconv"

	library "github.com/santhosh-tekuri/jsonschema/v6"
)

// Difference is one reason why values of the writer may not follow the reader. Type is the name that Confluent's
// registry gives it; Path is a JSON pointer into the schemas, with # in front.
type Difference struct{ Type, Path string }

// String is the form of the registry's messages. It calls the reader the new schema and the writer the old one, as the
// direction BACKWARD has them.
func (d Difference) String() string {
	return fmt.Sprintf("{errorType:%q, description:%q}", d.Type, fmt.Sprintf(description(d.Type), d.Path))
}

// maxComparisons bounds the work of one comparison: alternatives of alternatives multiply.
const maxComparisons = 100_000

// Incompatibilities says why values written with writer may not follow reader; empty: they all do.
func Incompatibilities(reader, writer *Schema) []string {
	var out []string
	for _, d := range Differences(reader, writer) {
		out = append(out, d.String())
	}
	return out
}

// Differences is Incompatibilities before it is text.
func Differences(reader, writer *Schema) []Difference {
	d := &differ{split: map[*library.Schema][]*library.Schema{}, open: map[pair]bool{}, budget: maxComparisons}
	out := d.compare(reader.root, writer.root, "#/")
	if d.budget <= 0 {
		return []Difference{{"COMPARISON_TOO_LARGE", "#/"}}
	}
	return out
}

type pair struct{ r, w *library.Schema }

// differ compares schemas. A pair that is being compared further up is taken to be compatible: what would make it
// otherwise is found there.
type differ struct {
	split  map[*library.Schema][]*library.Schema
	open   map[pair]bool
	budget int
}

func (d *differ) compare(r, w *library.Schema, path string) []Difference {
	if r == w {
		return nil
	}
	rs, ws := d.parts(r), d.parts(w)
	var out []Difference
	for _, rp := range rs {
		if d.budget <= 0 {
			break
		}
		var least []Difference
		for i, wp := range ws {
			diff := d.comparePure(rp, wp, path)
			if i == 0 || preferable(diff, least, path) {
				least = diff
			}
			if len(diff) == 0 || d.budget <= 0 {
				break
			}
		}
		if len(least) > 0 && len(rs) > len(ws) && len(rs) > 1 && least[0].Path == path {
			least = []Difference{{"PRODUCT_TYPE_EXTENDED", path}}
		}
		out = append(out, least...)
	}
	return out
}

// preferable reports whether a says more than b: nothing at all, or something below path instead of "other type".
func preferable(a, b []Difference, path string) bool {
	if len(a) == 0 || len(b) == 0 {
		return len(a) == 0 && len(b) > 0
	}
	return otherType(b, path) && !otherType(a, path) || otherType(a, path) == otherType(b, path) && len(a) < len(b)
}

func otherType(diff []Difference, path string) bool {
	return len(diff) == 1 && diff[0].Path == path && (diff[0].Type == "TYPE_CHANGED" || diff[0].Type == "SUM_TYPE_NARROWED" || diff[0].Type == "COMBINED_TYPE_CHANGED")
}

// comparePure compares parts.
func (d *differ) comparePure(r, w *library.Schema, path string) []Difference {
	if d.budget <= 0 {
		return []Difference{{"COMPARISON_TOO_LARGE", path}}
	}
	d.budget--
	key := pair{r, w}
	if d.open[key] || isEmpty(r) || isFalse(w) {
		return nil
	}
	d.open[key] = true
	defer delete(d.open, key)
	wb, wWord := branches(w)
	rb, _ := branches(r)
	switch {
	case len(wb) > 0:
		var out []Difference
		for i, b := range wb {
			if d.budget <= 0 {
				break
			}
			diff := d.anyBranch(r, rb, i, b, path)
			if len(diff) == 0 {
				continue
			}
			if otherType(diff, path) {
				diff = []Difference{{"SUM_TYPE_NARROWED", join(path, wWord, strconv.Itoa(i))}}
			}
			out = append(out, diff...)
		}
		return out
	case len(rb) > 0:
		return d.anyBranch(r, rb, 0, w, path)
	case r.Not != nil:
		if w.Not != nil && len(d.compare(w.Not, r.Not, path)) == 0 {
			return nil
		}
		return []Difference{{"NOT_TYPE_EXTENDED", join(path, "not")}}
	case r.If != nil:
		if w.If != nil && d.same(r.If, w.If) && len(d.optional(r.Then, w.Then, path))+len(d.optional(r.Else, w.Else, path)) == 0 {
			return nil
		}
		return []Difference{{"COMBINED_TYPE_CHANGED", join(path, "if")}}
	default:
		return d.compareBase(r, w, path)
	}
}

// anyBranch finds the alternative of r that takes all of w, looking at that of number first before the others; without
// alternatives r itself has to.
func (d *differ) anyBranch(r *library.Schema, rb []*library.Schema, first int, w *library.Schema, path string) []Difference {
	if len(rb) == 0 {
		return d.compare(r, w, path)
	}
	var least []Difference
	for i := range rb {
		diff := d.compare(rb[(i+first)%len(rb)], w, path)
		if len(diff) == 0 {
			return nil
		}
		if i == 0 || preferable(diff, least, path) {
			least = diff
		}
		if d.budget <= 0 {
			return least
		}
	}
	// When w itself is a choice, each of its alternatives may find its own.
	if ps := d.parts(w); len(ps) == 1 {
		if wb, _ := branches(ps[0]); len(wb) > 0 {
			return d.comparePure(r, ps[0], path)
		}
	}
	if otherType(least, path) {
		return []Difference{{"COMBINED_TYPE_CHANGED", path}}
	}
	return least
}

func (d *differ) same(a, b *library.Schema) bool {
	return len(d.compare(a, b, "#/")) == 0 && len(d.compare(b, a, "#/")) == 0
}

func (d *differ) optional(r, w *library.Schema, path string) []Difference {
	switch {
	case r == nil:
		return nil
	case w == nil:
		w = anything
	}
	return d.compare(r, w, path)
}

var anything = &library.Schema{Bool: new(true)}

// compareBase compares keywords on the value itself. w may also be a not or an if, which promise nothing.
func (d *differ) compareBase(r, w *library.Schema, path string) []Difference {
	if isFalse(r) {
		return []Difference{{"TYPE_NARROWED", path}}
	}
	wk := kinds(w)
	if values, ok := enumOf(w); ok && w.Types == nil {
		wk = kindsOf(values)
	}
	if diff := compareKinds(kinds(r), wk, path); diff != nil {
		return diff
	}
	out := compareEnum(r, w, path)
	if wk&tString != 0 {
		out = append(out, compareString(r, w, path)...)
	}
	if wk&(tNumber|tInteger) != 0 {
		out = append(out, compareNumber(r, w, path)...)
	}
	if wk&tObject != 0 {
		out = append(out, d.compareObject(r, w, path)...)
	}
	if wk&tArray != 0 {
		out = append(out, d.compareArray(r, w, path)...)
	}
	return out
}

func compareKinds(r, w set, path string) []Difference {
	switch {
	case r == 0 || w != 0 && w&^r == 0:
		return nil
	case w == 0 || w&r != 0 || w&tNumber != 0 && r&tInteger != 0:
		return []Difference{{"TYPE_NARROWED", path}}
	default:
		return []Difference{{"TYPE_CHANGED", path}}
	}
}

func join(path string, elements ...string) string {
	for _, e := range elements {
		if path != "#/" {
			path += "/"
		}
		path += e
	}
	return path
}
