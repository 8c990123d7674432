package sink

import (
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestTheLastOperationOnAKeyCounts(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		type op struct {
			key byte
			del bool
		}
		ops := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) op {
			return op{rapid.ByteRange('a', 'e').Draw(t, "key"), rapid.Bool().Draw(t, "delete")}
		}), 0, 40).Draw(t, "ops")
		var c collapser
		for range 2 { // The second round runs in used memory.
			c.reset(len(ops))
			want := map[byte]string{}
			deleted := map[byte]bool{}
			for i, o := range ops {
				start := len(c.keys)
				c.keys = append(c.keys, o.key)
				c.add(start, int32(i), o.del)
				if deleted[o.key] = deleted[o.key] || o.del; o.del {
					want[o.key] = "gone"
				} else {
					want[o.key] = fmt.Sprint(i)
				}
			}
			c.sort()
			var order strings.Builder
			for _, s := range c.slots {
				key := c.keys[s.start]
				order.WriteByte(key)
				got := fmt.Sprint(s.last)
				if s.last < 0 {
					got = "gone"
				}
				if got != want[key] || (s.deleted >= 0) != deleted[key] {
					t.Fatalf("%c: %s deleted %d, want %s %v", key, got, s.deleted, want[key], deleted[key])
				}
				delete(want, key)
			}
			if len(want) != 0 || !isSorted(order.String()) {
				t.Fatalf("left %v, order %s", want, order.String())
			}
		}
	})
}

func isSorted(s string) bool {
	for i := 1; i < len(s); i++ {
		if s[i-1] >= s[i] {
			return false
		}
	}
	return true
}
