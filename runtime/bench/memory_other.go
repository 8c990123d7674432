//go:build !linux

package bench

// family is the fallback: nothing is known.
func family(int) []usage { return nil }
