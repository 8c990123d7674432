package protoconv

import (
	"sync"

	"github.com/kurier-io/kurier/converters/lru"
	"github.com/kurier-io/kurier/plugins/data"
)

// An interner gives equal schemas one pointer. It is safe for concurrent use.
type interner struct {
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

func newInterner() *interner {
	return &interner{byShape: lru.New[shape, []*data.Schema](mostShapes)}
}

func (n *interner) of(s *data.Schema) *data.Schema {
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
