// Package variant turns JSON into Parquet's Variant encoding and back (VariantEncoding.md of parquet-format): a value in a binary form of
// its own, and metadata with the names of the members of objects.
package variant

// Basic types, in the lowest two bits of a value's first byte.
const (
	primitive = iota
	shortString
	object
	array
)

// Primitive types, in the other bits.
const (
	typeNull = iota
	typeTrue
	typeFalse
	typeInt8
	typeInt16
	typeInt32
	typeInt64
	typeDouble
	typeDecimal4
	typeDecimal8
	typeDecimal16
	typeDate
	typeTimestamp
	typeTimestampNTZ
	typeFloat
	typeBinary
	typeString
	typeTimeNTZ
	typeTimestampNanos
	typeTimestampNanosNTZ
	typeUUID
)

const (
	version       = 1
	sortedStrings = 1 << 4
	longestShort  = 63
	mostDigits    = 38
	deepest       = 1000
)
