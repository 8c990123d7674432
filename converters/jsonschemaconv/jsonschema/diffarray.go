package jsonschema

import (
	"cmp"
	"strconv"

	library "github.com/santhosh-tekuri/jsonschema/v6"
)

// itemsOf returns the schemas of the first items and of those after them, nil for any, whatever the draft calls them.
func itemsOf(s *library.Schema) (first []*library.Schema, after *library.Schema) {
	switch v := s.Items.(type) {
	case []*library.Schema:
		return v, boolOrSchema(s.AdditionalItems)
	case nil:
	default:
		return nil, boolOrSchema(v)
	}
	after = s.Items2020
	if after == nil {
		after = s.UnevaluatedItems
	}
	return s.PrefixItems, after
}

func (d *differ) compareArray(r, w *library.Schema, path string) []Difference {
	var out []Difference
	rf, ra := itemsOf(r)
	wf, wa := itemsOf(w)
	for i := range max(len(rf), len(wf)) {
		at := join(path, "items", strconv.Itoa(i))
		switch {
		case i < len(rf) && i < len(wf):
			out = append(out, d.compare(rf[i], wf[i], at)...)
		case i < len(rf):
			out = append(out, d.itemAdded(rf[i], wa, at)...)
		default:
			out = append(out, d.itemRemoved(ra, wf[i], at)...)
		}
	}
	switch at := join(path, afterName(rf)); {
	case ra == nil || isEmpty(ra) || wa != nil && isFalse(wa):
	case isFalse(ra):
		out = append(out, Difference{"ADDITIONAL_ITEMS_REMOVED", at})
	case len(rf)+len(wf) == 0:
		out = append(out, d.optional(ra, wa, at)...)
	case wa == nil || isEmpty(wa):
		out = append(out, Difference{"ADDITIONAL_ITEMS_NARROWED", at})
	default:
		out = append(out, d.compare(ra, wa, at)...)
	}
	out = upperBound(out, r.MaxItems, w.MaxItems, "MAX_ITEMS", join(path, "maxItems"))
	out = lowerBound(out, r.MinItems, w.MinItems, "MIN_ITEMS", join(path, "minItems"))
	if r.UniqueItems && !w.UniqueItems {
		out = append(out, Difference{"UNIQUE_ITEMS_ADDED", join(path, "uniqueItems")})
	}
	if r.Contains != nil && (w.Contains == nil || len(d.compare(r.Contains, w.Contains, path)) > 0) {
		out = append(out, Difference{"CONTAINS_CHANGED", join(path, "contains")})
	}
	return out
}

func afterName(first []*library.Schema) string {
	if len(first) > 0 {
		return "additionalItems"
	}
	return "items"
}

func (d *differ) itemAdded(r, after *library.Schema, path string) []Difference {
	switch {
	case isEmpty(r) || after != nil && isFalse(after):
		return nil
	case after == nil || isEmpty(after):
		return []Difference{{"ITEM_ADDED_TO_OPEN_CONTENT_MODEL", path}}
	case len(d.compare(r, after, path)) > 0:
		return []Difference{{"ITEM_ADDED_NOT_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL", path}}
	}
	return nil
}

func (d *differ) itemRemoved(after, w *library.Schema, path string) []Difference {
	switch {
	case after == nil || isEmpty(after) || isFalse(w):
		return nil
	case isFalse(after):
		return []Difference{{"ITEM_REMOVED_FROM_CLOSED_CONTENT_MODEL", path}}
	case len(d.compare(after, w, path)) > 0:
		return []Difference{{"ITEM_REMOVED_NOT_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL", path}}
	}
	return nil
}

func byPath(a, b Difference) int {
	return cmp.Or(cmp.Compare(a.Path, b.Path), cmp.Compare(a.Type, b.Type))
}
