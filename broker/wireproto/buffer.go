package wireproto

import (
	"math/bits"
	"sync"
)

// Buffer is a pooled byte slice. The owner calls Release exactly once, after
// which B and every view of it are invalid.
type Buffer struct {
	B     []byte
	class int8
}

const (
	minClass = 12 // 4 KiB
	maxClass = 24 // 16 MiB; larger buffers are left to the collector
)

var pools [maxClass + 1]sync.Pool

// GetBuffer returns a buffer with len(B) == n.
func GetBuffer(n int) *Buffer {
	class := max(bits.Len(uint(max(n, 1)-1)), minClass)
	if class > maxClass {
		return &Buffer{B: make([]byte, n), class: -1}
	}
	if b, ok := pools[class].Get().(*Buffer); ok {
		b.B = b.B[:n]
		return b
	}
	return &Buffer{B: make([]byte, n, 1<<class), class: int8(class)}
}

// Release returns the buffer to its pool.
func (b *Buffer) Release() {
	if b == nil || b.class < 0 || cap(b.B) != 1<<b.class {
		return
	}
	b.B = b.B[:0]
	pools[b.class].Put(b)
}
