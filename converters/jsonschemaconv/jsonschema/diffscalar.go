package jsonschema

import (
	"encoding/json"
	"math/big"
	"slices"

	library "github.com/santhosh-tekuri/jsonschema/v6"
)

// enumOf returns the values that enum or const allow.
func enumOf(s *library.Schema) ([]any, bool) {
	switch {
	case s.Const != nil:
		return []any{*s.Const}, true
	case s.Enum != nil:
		return s.Enum.Values, true
	}
	return nil, false
}

func kindsOf(values []any) set {
	var k set
	for _, v := range values {
		switch v := v.(type) {
		case nil:
			k |= tNull
		case bool:
			k |= tBoolean
		case json.Number:
			k |= tInteger
			if n, ok := new(big.Rat).SetString(v.String()); !ok || !n.IsInt() {
				k |= tNumber
			}
		case string:
			k |= tString
		case []any:
			k |= tArray
		case map[string]any:
			k |= tObject
		}
	}
	return k
}

func compareEnum(r, w *library.Schema, path string) []Difference {
	rv, limited := enumOf(r)
	if !limited {
		return nil
	}
	wv, ok := enumOf(w)
	if !ok {
		return []Difference{{"ENUM_ARRAY_CHANGED", join(path, "enum")}}
	}
	allowed := map[string]bool{}
	for _, v := range rv {
		allowed[valueKey(v)] = true
	}
	if !slices.ContainsFunc(wv, func(v any) bool { return !allowed[valueKey(v)] }) {
		return nil
	}
	if slices.ContainsFunc(wv, func(v any) bool { return allowed[valueKey(v)] }) {
		return []Difference{{"ENUM_ARRAY_NARROWED", join(path, "enum")}}
	}
	return []Difference{{"ENUM_ARRAY_CHANGED", join(path, "enum")}}
}

// valueKey is equal for equal JSON values.
func valueKey(v any) string {
	if n, ok := v.(json.Number); ok {
		if rat, ok := new(big.Rat).SetString(n.String()); ok {
			return rat.RatString()
		}
	}
	text, err := json.Marshal(v)
	if err != nil {
		return ""
	}
	return string(text)
}

func compareString(r, w *library.Schema, path string) []Difference {
	out := upperBound(nil, r.MaxLength, w.MaxLength, "MAX_LENGTH", join(path, "maxLength"))
	out = lowerBound(out, r.MinLength, w.MinLength, "MIN_LENGTH", join(path, "minLength"))
	switch {
	case r.Pattern == nil:
	case w.Pattern == nil:
		out = append(out, Difference{"PATTERN_ADDED", join(path, "pattern")})
	case r.Pattern.String() != w.Pattern.String():
		out = append(out, Difference{"PATTERN_CHANGED", join(path, "pattern")})
	}
	return out
}

// upperBound compares limits from above; nil is none.
func upperBound(out []Difference, r, w *int, name, path string) []Difference {
	switch {
	case r == nil:
	case w == nil:
		out = append(out, Difference{name + "_ADDED", path})
	case *r < *w:
		out = append(out, Difference{name + "_DECREASED", path})
	}
	return out
}

// lowerBound compares limits from below; nil is none, and so is 0.
func lowerBound(out []Difference, r, w *int, name, path string) []Difference {
	switch {
	case r == nil || *r == 0:
	case w == nil:
		out = append(out, Difference{name + "_ADDED", path})
	case *r > *w:
		out = append(out, Difference{name + "_INCREASED", path})
	}
	return out
}

func compareNumber(r, w *library.Schema, path string) []Difference {
	var out []Difference
	bound := func(r, w, implied *big.Rat, sign int, name, changed, at string) {
		switch {
		case r == nil || w == nil && implied != nil && implied.Cmp(r)*sign <= 0:
		case w == nil:
			out = append(out, Difference{name + "_ADDED", join(path, at)})
		case r.Cmp(w)*sign < 0:
			out = append(out, Difference{name + changed, join(path, at)})
		}
	}
	bound(r.Maximum, w.Maximum, w.ExclusiveMaximum, 1, "MAXIMUM", "_DECREASED", "maximum")
	bound(r.Minimum, w.Minimum, w.ExclusiveMinimum, -1, "MINIMUM", "_INCREASED", "minimum")
	bound(r.ExclusiveMaximum, w.ExclusiveMaximum, nil, 1, "EXCLUSIVE_MAXIMUM", "_DECREASED", "exclusiveMaximum")
	bound(r.ExclusiveMinimum, w.ExclusiveMinimum, nil, -1, "EXCLUSIVE_MINIMUM", "_INCREASED", "exclusiveMinimum")
	at := join(path, "multipleOf")
	switch {
	case r.MultipleOf == nil || r.MultipleOf.Sign() == 0:
	case w.MultipleOf == nil:
		out = append(out, Difference{"MULTIPLE_OF_ADDED", at})
	case new(big.Rat).Quo(w.MultipleOf, r.MultipleOf).IsInt():
	case new(big.Rat).Quo(r.MultipleOf, w.MultipleOf).IsInt():
		out = append(out, Difference{"MULTIPLE_OF_EXPANDED", at})
	default:
		out = append(out, Difference{"MULTIPLE_OF_CHANGED", at})
	}
	return out
}
