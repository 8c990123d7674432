// Package jsontext reads and writes JSON as Java's Jackson does: a scanner in its dialect, its escapes, its numbers.
package jsontext
