// Package smt is what transformations share: sides, plans that are derived once per input schema, slabs for what they build, and Java's
// texts.
package smt
