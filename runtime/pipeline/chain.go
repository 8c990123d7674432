// Package pipeline is what happens to a record between a plugin and Kafka: transformations, guarded by predicates, and converters.
package pipeline

import (
	"fmt"
	"strings"

	"github.com/kurier-io/kurier/plugins/config"
	"github.com/kurier-io/kurier/plugins/connect"
	"github.com/kurier-io/kurier/plugins/registry"
	"github.com/kurier-io/kurier/runtime/tolerance"
)

// A Chain is a connector's list of transformations. It serves one task.
type Chain struct{ steps []step }

type step struct {
	transformation connect.Transformation
	class          string
	predicate      connect.Predicate // nil: always
	predicateClass string
	negate         bool
}

// NewChain builds the transformations that a connector configuration asks for.
func NewChain(reg *registry.Registry, props map[string]string) (*Chain, error) {
	c := &Chain{}
	for _, alias := range config.SplitList(props["transforms"]) {
		prefix := "transforms." + alias + "."
		own := below(props, prefix)
		class := own["type"]
		e, ok := reg.Find(class, registry.TransformationKind)
		if !ok {
			return nil, connect.ConfigErr(prefix+"type", fmt.Sprintf("Class %s could not be found.", class), "GET /connector-plugins?connectorsOnly=false lists what there is")
		}
		s := step{transformation: e.NewTransformation(), class: e.Class, negate: strings.EqualFold(own["negate"], "true")}
		if p := own["predicate"]; p != "" {
			if err := s.guard(reg, props, p); err != nil {
				return nil, err
			}
		}
		if err := s.transformation.Configure(own); err != nil {
			return nil, fmt.Errorf("transformation %s (%s): %w", alias, e.Class, err)
		}
		c.steps = append(c.steps, s)
	}
	return c, nil
}

func (s *step) guard(reg *registry.Registry, props map[string]string, alias string) error {
	prefix := "predicates." + alias + "."
	own := below(props, prefix)
	e, ok := reg.Find(own["type"], registry.PredicateKind)
	if !ok {
		return connect.ConfigErr(prefix+"type", fmt.Sprintf("Class %s could not be found.", own["type"]), "")
	}
	s.predicate, s.predicateClass = e.NewPredicate(), e.Class
	if err := s.predicate.Configure(own); err != nil {
		return fmt.Errorf("predicate %s (%s): %w", alias, e.Class, err)
	}
	return nil
}

// below returns the entries under a prefix, prefix removed.
func below(props map[string]string, prefix string) connect.Props {
	out := connect.Props{}
	for k, v := range props {
		if rest, ok := strings.CutPrefix(k, prefix); ok {
			out[rest] = v
		}
	}
	return out
}

// Empty reports whether there is nothing to do.
func (c *Chain) Empty() bool { return len(c.steps) == 0 }

// Apply runs the record through the chain, in place. keep false: a step dropped it. After an error r is in the state after the last step
// that succeeded; a further try must begin with a fresh copy.
func (c *Chain) Apply(r *connect.Record) (keep bool, _ *tolerance.StageError) {
	r.OwnedKey, r.OwnedValue = nil, nil
	defer func() { r.OwnedKey, r.OwnedValue = nil, nil }()
	for i := range c.steps {
		s := &c.steps[i]
		if s.predicate != nil {
			applies, err := s.predicate.Test(r)
			if err != nil {
				return false, &tolerance.StageError{Stage: tolerance.Transformation, Class: s.predicateClass, Err: err}
			}
			if applies == s.negate {
				continue
			}
		}
		keep, err := s.transformation.Apply(r)
		if err != nil {
			return false, &tolerance.StageError{Stage: tolerance.Transformation, Class: s.class, Err: err}
		}
		if !keep {
			return false, nil
		}
	}
	return true, nil
}
