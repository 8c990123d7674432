package config

import "strings"

// A Type is the type of a key's value, as ConfigDef.Type prints it.
type Type string

// The types of ConfigDef.
const (
	BooleanType  Type = "BOOLEAN"
	StringType   Type = "STRING"
	IntType      Type = "INT"
	ShortType    Type = "SHORT"
	LongType     Type = "LONG"
	DoubleType   Type = "DOUBLE"
	ListType     Type = "LIST"
	ClassType    Type = "CLASS"
	PasswordType Type = "PASSWORD"
)

// Importance values, as ConfigDef.Importance prints them.
const (
	High   = "HIGH"
	Medium = "MEDIUM"
	Low    = "LOW"
)

// Hidden stands for every password in output.
const Hidden = "[hidden]"

// A Password is a secret string: it prints as [Hidden] everywhere but through [Password.Reveal].
type Password string

// String returns [Hidden].
func (Password) String() string { return Hidden }

// GoString returns [Hidden], for %#v.
func (Password) GoString() string { return Hidden }

// MarshalJSON returns [Hidden].
func (Password) MarshalJSON() ([]byte, error) { return []byte(`"` + Hidden + `"`), nil }

// Reveal returns the secret.
func (p Password) Reveal() string { return string(p) }

// A Key defines one configuration key. It is plain data but for Check, which stays in the process that defined it.
type Key struct {
	Name        string   `json:"name"`
	Type        Type     `json:"type"`
	Required    bool     `json:"required,omitempty"` // no default exists; a declared null default is not required
	Default     *string  `json:"default,omitempty"`
	Importance  string   `json:"importance,omitempty"`
	Doc         string   `json:"doc,omitempty"`
	Group       string   `json:"group,omitempty"`
	Order       int      `json:"order,omitempty"` // within the group, from 1; 0 without a group
	Width       string   `json:"width,omitempty"`
	DisplayName string   `json:"display_name,omitempty"`
	Dependents  []string `json:"dependents,omitempty"`
	Internal    bool     `json:"internal,omitempty"` // accepted, not listed

	Enum     []string `json:"enum,omitempty"`
	EnumFold bool     `json:"enum_fold,omitempty"` // Enum matches without regard to case
	Min      *int64   `json:"min,omitempty"`
	Max      *int64   `json:"max,omitempty"`
	NonEmpty bool     `json:"non_empty,omitempty"`

	// Check looks at a value that has passed every other rule. Its error text follows "Invalid value v for configuration k: ".
	Check func(value string) error `json:"-"`
}

// A Def is an ordered set of keys. It is immutable once made, and safe for concurrent use.
type Def struct {
	Keys []Key `json:"keys"`
}

// Key looks a key up.
func (d *Def) Key(name string) (*Key, bool) {
	if d == nil {
		return nil, false
	}
	for i := range d.Keys {
		if d.Keys[i].Name == name {
			return &d.Keys[i], true
		}
	}
	return nil, false
}

// Merge returns a definition with d's keys and then o's; a key of o replaces one of d in place.
func (d *Def) Merge(o *Def) *Def {
	out := &Def{Keys: append([]Key(nil), d.Keys...)}
	if o == nil {
		return out
	}
	for _, k := range o.Keys {
		if old, ok := out.Key(k.Name); ok {
			*old = k
		} else {
			out.Keys = append(out.Keys, k)
		}
	}
	return out
}

// Prefixed returns the definition with every key (and dependent) under prefix.
func (d *Def) Prefixed(prefix string) *Def {
	out := &Def{}
	if d == nil {
		return out
	}
	for _, k := range d.Keys {
		k.Name = prefix + k.Name
		deps := make([]string, len(k.Dependents))
		for i := range k.Dependents {
			deps[i] = prefix + k.Dependents[i]
		}
		k.Dependents = deps
		out.Keys = append(out.Keys, k)
	}
	return out
}

// SplitList splits a LIST value: on commas, blanks trimmed, the empty string being the empty list.
func SplitList(s string) []string {
	if trim(s) == "" {
		return nil
	}
	parts := strings.Split(s, ",")
	for i := range parts {
		parts[i] = trim(parts[i])
	}
	return parts
}

// trim is Java's String.trim: other blanks than those of ASCII stay.
func trim(s string) string {
	return strings.TrimFunc(s, func(r rune) bool { return r <= ' ' })
}
