package smt

import (
	"github.com/kurier-io/kurier/plugins/connect"
	"github.com/kurier-io/kurier/plugins/data"
)

// A Side says whether a transformation works on keys or values.
type Side uint8

// The sides; their String is the suffix of the class.
const (
	ValueSide Side = iota
	KeySide
)

// Sides lists both, in the order in which they are registered.
func Sides() [2]Side { return [2]Side{KeySide, ValueSide} }

func (s Side) String() string {
	if s == KeySide {
		return "Key"
	}
	return "Value"
}

// Get returns the side's schema and value.
func (s Side) Get(r *connect.Record) (*data.Schema, data.Value) {
	if s == KeySide {
		return r.KeySchema, r.Key
	}
	return r.ValueSchema, r.Value
}

// Set replaces the side's schema and value.
func (s Side) Set(r *connect.Record, schema *data.Schema, v data.Value) {
	if s == KeySide {
		r.KeySchema, r.Key = schema, v
	} else {
		r.ValueSchema, r.Value = schema, v
	}
}
