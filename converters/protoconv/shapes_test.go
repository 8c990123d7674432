package protoconv

import (
	"fmt"
	"strings"
)

// doubling has messages that each use the next twice.
func doubling(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "message M%d { M%d a = 1; M%d b = 2; } ", i, i+1, i+1)
	}
	fmt.Fprintf(&b, "message M%d { int32 a = 1; }", n)
	return b.String()
}

// chain has messages that each use the next.
func chain(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "message M%d { M%d a = 1; } ", i, i+1)
	}
	fmt.Fprintf(&b, "message M%d { int32 a = 1; }", n)
	return b.String()
}
