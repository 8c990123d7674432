package smt

import (
	"github.com/kurier-io/kurier/plugins/config"
	"github.com/kurier-io/kurier/plugins/connect"
	"github.com/kurier-io/kurier/plugins/registry"
)

// Sided registers a transformation as class$Key and class$Value.
func Sided(class, doc string, def *config.Def, make func(Side) connect.Transformation) []registry.Entry {
	var out []registry.Entry
	for _, s := range Sides() {
		out = append(out, Single(class+"$"+s.String(), doc, def, func() connect.Transformation { return make(s) }))
	}
	return out
}

// Single registers a transformation.
func Single(class, doc string, def *config.Def, make func() connect.Transformation) registry.Entry {
	return registry.Entry{Kind: registry.TransformationKind, Class: class, Doc: doc, Config: def, NewTransformation: make}
}
