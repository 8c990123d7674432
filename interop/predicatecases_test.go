//go:build interop

package interop

import (
	"fmt"

	"github.com/kurier-io/kurier/plugins/registry"
)

// predicate runs a case of a predicate.
func (c *javaCase) predicate(reg *registry.Registry) string {
	e, ok := reg.Find(c.Class, registry.PredicateKind)
	if !ok {
		return "no such predicate"
	}
	r, err := c.Record.build()
	if err != nil {
		return "the record cannot be built: " + err.Error()
	}
	p := e.NewPredicate()
	if err := p.Configure(c.Config); err != nil {
		return c.failed(err)
	}
	holds, err := p.Test(r)
	switch {
	case err != nil:
		return c.failed(err)
	case c.Error != nil:
		return fmt.Sprintf("holds: %v, Java fails with %s: %s", holds, c.Error.Class, c.Error.Message)
	case holds != c.Result.Holds:
		return fmt.Sprintf("holds: %v, Java: %v", holds, c.Result.Holds)
	}
	return ""
}
