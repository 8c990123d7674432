package smt

import (
	"errors"
	"fmt"

	"github.com/kurier-io/kurier/plugins/config"
	"github.com/kurier-io/kurier/plugins/data"
)

// NullDefault is the setting of KIP-1040, to be embedded.
type NullDefault struct {
	Default bool `config:"replace.null.with.default" default:"true" importance:"medium" doc:"Whether to replace fields that have a default value and that are null to the default value. When set to true, the default value is used, otherwise null is used."`
}

// RequireStruct returns the struct of a value that must be one; purpose is Java's word for what it is needed for.
func RequireStruct(v data.Value, purpose string) (*data.Struct, error) {
	if st := v.Struct(); st != nil {
		return st, nil
	}
	return nil, data.Errorf("Only Struct objects supported for [%s], found: %s", purpose, v.Kind().JavaClass())
}

// RequireMap returns the map of a value that must be one.
func RequireMap(v data.Value, purpose string) (*data.Map, error) {
	if m := v.Map(); m != nil {
		return m, nil
	}
	return nil, data.Errorf("Only Map objects supported in absence of schema for [%s], found: %s", purpose, v.Kind().JavaClass())
}

// Checked is Struct.put's rule for null: a required field must be given, even if it has a default.
func Checked(f *data.Field, v data.Value) error {
	if v.IsNull() && !f.Schema.Optional() {
		return NullFor(f)
	}
	return nil
}

// NullFor reports a null in a required field.
func NullFor(f *data.Field) error {
	return data.Errorf("Invalid value: null used for required field: %q, schema type: %s", f.Name, f.Schema.Type())
}

// NotEmpty is the rule of lists that must name something.
func NotEmpty(v string) error {
	if v == "" {
		//lint:ignore ST1005 the text is Java's
		return errors.New("Empty list")
	}
	return nil
}

// ConfigErr reports a problem of a configuration key in Java's words.
func ConfigErr(key, format string, args ...any) error {
	return &config.Error{Problems: []config.Problem{{Key: key, Msg: fmt.Sprintf(format, args...)}}}
}

// Show prints a value for an error, bounded.
func Show(v data.Value) string { return data.Shorten(v.String()) }
