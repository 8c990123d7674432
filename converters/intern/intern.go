// Package intern gives equal schemas one pointer, so that what is cached by pointer down the road is found.
package intern

import (
	"sync"

	"github.com/kurier-io/kurier/converters/lru"
	"github.com/kurier-io/kurier/plugins/data"
)

// Schemas are those that the instances of a converter class have read. It is safe for concurrent use.
type Schemas struct {
	mu      sync.Mutex
	byShape *lru.Cache[shape, []*data.Schema]
}

// A shape is what equal schemas have in common, to find them quickly.
type shape struct {
	typ    data.Type
	name   string
	fields int
}

// Bounds of what is remembered: shapes, and schemas of one shape.
const (
	mostShapes = 1000
	sameShape  = 16
)

// New returns an empty set.
func New() *Schemas { return &Schemas{byShape: lru.New[shape, []*data.Schema](mostShapes)} }

// Of returns the schema that was first given for one that equals s; nil for nil.
func (n *Schemas) Of(s *data.Schema) *data.Schema {
	if s == nil {
		return nil
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	k := shape{s.Type(), s.Name(), s.NumFields()}
	known, _ := n.byShape.Get(k)
	for _, o := range known {
		if o.Equal(s) {
			return o
		}
	}
	if len(known) == sameShape {
		known = known[1:]
	}
	n.byShape.Put(k, append(known[:len(known):len(known)], s))
	return s
}
