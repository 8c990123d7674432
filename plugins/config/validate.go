package config

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// A Value is the outcome of validating one key, as PUT …/config/validate shows it.
type Value struct {
	Name        string   `json:"name"`
	Value       *string  `json:"value"`
	Recommended []string `json:"recommended_values"`
	Errors      []string `json:"errors"`
	Visible     bool     `json:"visible"`
}

// An Error reports every key that is wrong. It prints one line a problem.
type Error struct{ Problems []Problem }

// A Problem is what is wrong with one key.
type Problem struct{ Key, Msg string }

func (e *Error) Error() string {
	lines := make([]string, len(e.Problems))
	for i, p := range e.Problems {
		lines[i] = p.Msg
	}
	return strings.Join(lines, "\n")
}

// Validate checks props against every key, in order of definition; keys of props without a definition are ignored.
func (d *Def) Validate(props map[string]string) []Value {
	out := make([]Value, len(d.Keys))
	for i := range d.Keys {
		raw, set := props[d.Keys[i].Name]
		out[i] = d.Keys[i].Validate(raw, set)
	}
	return out
}

// Validate checks one value; set says whether it was given at all.
func (k *Key) Validate(raw string, set bool) Value {
	v := Value{Name: k.Name, Recommended: []string{}, Errors: []string{}, Visible: true}
	if k.Enum != nil {
		v.Recommended = append(v.Recommended, k.Enum...)
	}
	if !set {
		if k.Required {
			v.Errors = append(v.Errors, fmt.Sprintf("Missing required configuration %q which has no default value.", k.Name))
			return v
		}
		if k.Default == nil {
			return v
		}
		raw = *k.Default
	}
	text, bad := k.normalize(raw)
	shown := raw
	if k.Type == PasswordType {
		shown = Hidden
	}
	if bad != "" {
		v.Errors = append(v.Errors, fmt.Sprintf("Invalid value %s for configuration %s: %s", shown, k.Name, bad))
		if k.Min != nil || k.Max != nil {
			v.Errors = append(v.Errors, fmt.Sprintf("Invalid value null for configuration %s: Value must be non-null", k.Name))
		}
		return v
	}
	if msg := k.rule(text); msg != "" {
		if k.Type == ListType {
			shown = "[" + strings.Join(SplitList(text), ", ") + "]"
		}
		v.Errors = append(v.Errors, fmt.Sprintf("Invalid value %s for configuration %s: %s", shown, k.Name, msg))
	}
	if k.Type == PasswordType {
		text = Hidden
	}
	v.Value = &text
	return v
}

// normalize trims and parses; bad is the reason why the text is not of the key's type.
func (k *Key) normalize(raw string) (text, bad string) {
	if k.Type == PasswordType {
		return raw, ""
	}
	text = trim(raw)
	switch k.Type {
	case BooleanType:
		switch strings.ToLower(text) {
		case "true", "false":
			return strings.ToLower(text), ""
		}
		return "", "Expected value to be either true or false"
	case IntType, ShortType, LongType:
		bits := map[Type]int{IntType: 32, ShortType: 16, LongType: 64}[k.Type]
		n, err := strconv.ParseInt(text, 10, bits)
		if err != nil {
			return "", "Not a number of type " + string(k.Type)
		}
		return strconv.FormatInt(n, 10), ""
	case DoubleType:
		if _, err := strconv.ParseFloat(text, 64); err != nil {
			return "", "Not a number of type DOUBLE"
		}
	case ListType:
		return strings.Join(SplitList(text), ","), ""
	}
	return text, ""
}

func (k *Key) rule(text string) string {
	if k.Min != nil || k.Max != nil {
		n, _ := strconv.ParseInt(text, 10, 64)
		if k.Min != nil && n < *k.Min {
			return fmt.Sprintf("Value must be at least %d", *k.Min)
		}
		if k.Max != nil && n > *k.Max {
			return fmt.Sprintf("Value must be no more than %d", *k.Max)
		}
	}
	if k.NonEmpty && text == "" {
		return "String must be non-empty"
	}
	if k.Enum != nil {
		items := []string{text}
		if k.Type == ListType {
			items = SplitList(text)
		}
		for _, it := range items {
			if !k.allowed(it) {
				fold := ""
				if k.EnumFold {
					fold = " (case insensitive)"
				}
				return "String must be one of" + fold + ": " + strings.Join(k.Enum, ", ")
			}
		}
	}
	if k.Check != nil {
		if err := k.Check(text); err != nil {
			return err.Error()
		}
	}
	return ""
}

func (k *Key) allowed(s string) bool {
	return slices.ContainsFunc(k.Enum, func(e string) bool { return e == s || k.EnumFold && strings.EqualFold(e, s) })
}

// Problems returns the errors among values, nil when there are none.
func Problems(values []Value) *Error {
	var e Error
	for _, v := range values {
		for _, msg := range v.Errors {
			e.Problems = append(e.Problems, Problem{v.Name, msg})
		}
	}
	if len(e.Problems) == 0 {
		return nil
	}
	return &e
}
