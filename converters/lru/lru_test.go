package lru

import (
	"testing"

	"pgregory.net/rapid"
)

func TestTheBoundHoldsAndWhatIsUsedStays(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		bound := rapid.IntRange(0, 20).Draw(t, "bound")
		c := New[int, int](bound)
		c.Put(-1, -1)
		for _, k := range rapid.SliceOf(rapid.IntRange(0, 50)).Draw(t, "keys") {
			if v, ok := c.Get(k); ok && v != k*k {
				t.Fatalf("%d under %d", v, k)
			}
			c.Put(k, k*k)
			if v, ok := c.Get(k); !ok || v != k*k {
				t.Fatalf("%d was lost at once", k)
			}
			if bound >= 4 {
				if _, ok := c.Get(-1); !ok {
					t.Fatal("an entry in use was forgotten")
				}
			}
			if c.Len() > max(2, bound) {
				t.Fatalf("%d entries, bound %d", c.Len(), bound)
			}
		}
	})
}
