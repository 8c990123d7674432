// Package pgtype maps PostgreSQL types to Connect schemas and decodes the binary wire form of rows straight into the binary form of
// Connect structs. The mapping is that of the Kafka Connect JDBC source with the PostgreSQL driver.
//
// # Where Java's mapping loses data
//
//   - numeric NaN and ±Infinity have no Connect Decimal and no integer: they are an error, as in Java. FLOAT64 and text take them.
//   - numeric without precision is a Decimal of scale 127 in every numeric.mapping (Java truncates it to INT8 in all but none);
//     [Options.Unconstrained] offers better forms.
//   - a negative scale is kept (Java misreads it as 2046).
//   - timestamp 'infinity' is the sentinel of the Java driver, date 'infinity' an error.
//   - money is FLOAT64 with two digits after the point; Java fails from 1,000 on.
package pgtype

import (
	"fmt"
	"time"
)

// A NumericMapping is the value of numeric.mapping.
type NumericMapping string

// The numeric mappings.
const (
	NumericNone                NumericMapping = "none"
	NumericPrecisionOnly       NumericMapping = "precision_only"
	NumericBestFit             NumericMapping = "best_fit"
	NumericBestFitEagerDouble  NumericMapping = "best_fit_eager_double"
	UnconstrainedDecimal127                   = "decimal127"
	UnconstrainedString                       = "string"
	UnconstrainedVariableScale                = "variable_scale"
	UnconstrainedDouble                       = "double"
)

// Options say how values appear in records.
type Options struct {
	Numeric       NumericMapping // "" is none
	Unconstrained string         // numeric without precision; "" is decimal127
	Granularity   string         // timestamp.granularity; "" is connect_logical
	Location      *time.Location // zone of timestamp columns; nil is UTC
	Proleptic     bool           // date.calendar.system=PROLEPTIC_GREGORIAN
	Complex       bool           // sql.complex.types.enable
	HStore        string         // hstore.handling.mode: "", none, map, json
	AsText        bool           // types without a mapping appear as STRING instead of being left out
}

// A Column is one column of a result.
type Column struct {
	Name     string
	OID      uint32 // of the type; a domain's base type, as the server describes results
	Mod      int32  // type modifier, -1 for none
	NotNull  bool
	TypeName string // of types that are not built in; "" otherwise
	Enum     bool
}

// An Error says which column holds a value that cannot be converted.
type Error struct {
	Column string
	Err    error
}

func (e *Error) Error() string { return fmt.Sprintf("column %q: %v", e.Column, e.Err) }

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// OIDs of built-in types.
const (
	oidBool        = 16
	oidBytea       = 17
	oidChar        = 18
	oidName        = 19
	oidInt8        = 20
	oidInt2        = 21
	oidInt4        = 23
	oidText        = 25
	oidOID         = 26
	oidJSON        = 114
	oidXML         = 142
	oidFloat4      = 700
	oidFloat8      = 701
	oidUnknown     = 705
	oidMoney       = 790
	oidBPChar      = 1042
	oidVarchar     = 1043
	oidDate        = 1082
	oidTime        = 1083
	oidTimestamp   = 1114
	oidTimestampTZ = 1184
	oidTimeTZ      = 1266
	oidBit         = 1560
	oidNumeric     = 1700
	oidUUID        = 2950
	oidJSONB       = 3802
)
