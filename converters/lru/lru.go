// Package lru bounds the caches of converters and transformations.
package lru

// A Cache maps keys to values and forgets what was not asked for lately. It keeps two generations: when the young one is full it
// becomes the old one, whose entries survive only if they are used again. A look-up so costs one map access in the usual case, and no
// list is kept up to date. A Cache is not safe for concurrent use.
type Cache[K comparable, V any] struct {
	half       int
	young, old map[K]entry[K, V]
}

type entry[K comparable, V any] struct {
	key K // as it was put: the key of a look-up may alias memory that changes
	v   V
}

// New returns a cache of at most max entries, two at least.
func New[K comparable, V any](max int) *Cache[K, V] {
	half := 1
	if max > 3 {
		half = max / 2
	}
	return &Cache[K, V]{half: half, young: map[K]entry[K, V]{}}
}

// Get returns what was put under a key. It does not keep k.
func (c *Cache[K, V]) Get(k K) (V, bool) {
	if e, ok := c.young[k]; ok {
		return e.v, true
	}
	e, ok := c.old[k]
	if ok {
		delete(c.old, k)
		c.Put(e.key, e.v)
	}
	return e.v, ok
}

// Put stores a value; it keeps k.
func (c *Cache[K, V]) Put(k K, v V) {
	if _, there := c.young[k]; !there && len(c.young) >= c.half {
		c.old, c.young = c.young, make(map[K]entry[K, V], len(c.young))
	}
	delete(c.old, k)
	c.young[k] = entry[K, V]{k, v}
}

// Len returns the number of entries.
func (c *Cache[K, V]) Len() int { return len(c.young) + len(c.old) }
