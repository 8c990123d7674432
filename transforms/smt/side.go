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

// Owned returns st if it is the side's and the record owns it, else nil.
func (s Side) Owned(r *connect.Record, st *data.Struct) *data.Struct {
	owned := r.OwnedValue
	if s == KeySide {
		owned = r.OwnedKey
	}
	if owned == st {
		return st
	}
	return nil
}

// SetStruct replaces the side's value by a struct that was made for the record, or that it owned already.
func (s Side) SetStruct(r *connect.Record, schema *data.Schema, st *data.Struct) {
	s.Set(r, schema, data.StructValue(st))
	if s == KeySide {
		r.OwnedKey = st
	} else {
		r.OwnedValue = st
	}
}

// Set replaces the side's schema and value.
func (s Side) Set(r *connect.Record, schema *data.Schema, v data.Value) {
	if s == KeySide {
		r.KeySchema, r.Key = schema, v
	} else {
		r.ValueSchema, r.Value = schema, v
	}
}
