package jsonschemaconv

import (
	"slices"
	"unicode/utf16"
)

// javaOrder sorts names as a java.util.HashMap that grew from nothing iterates over them, which is how Java's texts of schemas come to
// their order. Names of one bucket keep the order in which they were put.
func javaOrder[T any](all []T, name func(T) string) []T {
	buckets := 16
	for len(all) > buckets/4*3 {
		buckets *= 2
	}
	out := slices.Clone(all)
	slices.SortStableFunc(out, func(a, b T) int { return javaHash(name(a))&(buckets-1) - javaHash(name(b))&(buckets-1) })
	return out
}

// javaHash is String.hashCode, spread as HashMap does.
func javaHash(s string) int {
	var h uint32
	for _, u := range utf16.Encode([]rune(s)) {
		h = 31*h + uint32(u)
	}
	return int(h ^ h>>16)
}
