// Package debezium has the semantic types of Debezium: schemas whose names say more than their base types. Converters pass such values as
// their base type; the name is for those who read them. Every function returns a builder, so that Optional, Default and the like can follow.
package debezium

import (
	"math/big"
	"strconv"
	"strings"

	"github.com/kurier-io/kurier/plugins/data"
)

// The names of the semantic types that are simple: a base type with a name and version 1.
const (
	Date           = "io.debezium.time.Date"           // INT32: days since the epoch
	Time           = "io.debezium.time.Time"           // INT32: milliseconds since midnight
	MicroTime      = "io.debezium.time.MicroTime"      // INT64: microseconds since midnight
	NanoTime       = "io.debezium.time.NanoTime"       // INT64: nanoseconds since midnight
	Timestamp      = "io.debezium.time.Timestamp"      // INT64: milliseconds since the epoch, no zone
	MicroTimestamp = "io.debezium.time.MicroTimestamp" // INT64: microseconds
	NanoTimestamp  = "io.debezium.time.NanoTimestamp"  // INT64: nanoseconds
	ZonedTime      = "io.debezium.time.ZonedTime"      // STRING: ISO-8601 with offset
	ZonedTimestamp = "io.debezium.time.ZonedTimestamp" // STRING: ISO-8601 with offset
	Year           = "io.debezium.time.Year"           // INT32
	MicroDuration  = "io.debezium.time.MicroDuration"  // INT64: microseconds
	NanoDuration   = "io.debezium.time.NanoDuration"   // INT64: nanoseconds
	Interval       = "io.debezium.time.Interval"       // STRING: ISO-8601 duration
	IsoDate        = "io.debezium.time.IsoDate"        // STRING
	IsoTime        = "io.debezium.time.IsoTime"        // STRING
	IsoTimestamp   = "io.debezium.time.IsoTimestamp"   // STRING
	JSON           = "io.debezium.data.Json"           // STRING
	XML            = "io.debezium.data.Xml"            // STRING
	UUID           = "io.debezium.data.Uuid"           // STRING
	Ltree          = "io.debezium.data.Ltree"          // STRING
	Tsvector       = "io.debezium.data.Tsvector"       // STRING
)

// The names of the semantic types with parameters or members; see the function of the same name.
const (
	EnumName                 = "io.debezium.data.Enum"
	EnumSetName              = "io.debezium.data.EnumSet"
	BitsName                 = "io.debezium.data.Bits"
	VariableScaleDecimalName = "io.debezium.data.VariableScaleDecimal"
	PointName                = "io.debezium.data.geometry.Point"
	GeometryName             = "io.debezium.data.geometry.Geometry"
	GeographyName            = "io.debezium.data.geometry.Geography"
	FloatVectorName          = "io.debezium.data.FloatVector"
	DoubleVectorName         = "io.debezium.data.DoubleVector"
	SparseDoubleVectorName   = "io.debezium.data.SparseDoubleVector"
)

// Base returns the base type of a simple semantic type.
func Base(name string) (data.Type, bool) {
	switch name {
	case Date, Time, Year:
		return data.Int32, true
	case MicroTime, NanoTime, Timestamp, MicroTimestamp, NanoTimestamp, MicroDuration, NanoDuration:
		return data.Int64, true
	case ZonedTime, ZonedTimestamp, Interval, IsoDate, IsoTime, IsoTimestamp, JSON, XML, UUID, Ltree, Tsvector:
		return data.String, true
	}
	return 0, false
}

// Of starts the schema of a simple semantic type; it panics for any other name.
func Of(name string) *data.Builder {
	t, ok := Base(name)
	if !ok {
		panic("debezium: not a simple semantic type: " + name)
	}
	return data.Of(t).Name(name).Version(1)
}

// Enum starts the schema of one of some values.
func Enum(allowed ...string) *data.Builder {
	return data.Of(data.String).Name(EnumName).Version(1).Param("allowed", joined(allowed))
}

// EnumSet starts the schema of a set of values, written with commas between them.
func EnumSet(allowed ...string) *data.Builder {
	return data.Of(data.String).Name(EnumSetName).Version(1).Param("allowed", joined(allowed))
}

var escape = strings.NewReplacer(`\`, `\\`, ",", `\,`)

func joined(allowed []string) string {
	out := make([]string, len(allowed))
	for i, a := range allowed {
		out[i] = escape.Replace(a)
	}
	return strings.Join(out, ",")
}

// Allowed returns the values of an Enum or EnumSet schema.
func Allowed(s *data.Schema) []string {
	text, ok := s.Param("allowed")
	if !ok || text == "" {
		return nil
	}
	var out []string
	var part strings.Builder
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '\\' && i+1 < len(text):
			i++
			part.WriteByte(text[i])
		case c == ',':
			out = append(out, part.String())
			part.Reset()
		default:
			part.WriteByte(c)
		}
	}
	return append(out, part.String())
}

// Bits starts the schema of length bits; the bytes are little endian.
func Bits(length int) *data.Builder {
	return data.Of(data.Bytes).Name(BitsName).Version(1).Param("length", strconv.Itoa(length))
}

// VariableScaleDecimal starts the schema of numbers that bring their scale along; see [VariableScaleDecimalValue].
func VariableScaleDecimal() *data.Builder {
	return data.StructOf().Name(VariableScaleDecimalName).Version(1).Doc("Variable scaled decimal").
		Field("scale", data.Of(data.Int32).MustBuild()).Field("value", data.Of(data.Bytes).MustBuild())
}

// VariableScaleDecimalValue returns the number unscaled × 10^-scale as a value of s, a schema of [VariableScaleDecimal].
func VariableScaleDecimalValue(s *data.Schema, unscaled *big.Int, scale int32) data.Value {
	raw, _ := data.DecimalValue(unscaled, scale).DecimalBytes()
	return data.StructValue(data.StructOn(s, []data.Value{data.Int32Value(scale), data.BytesValue(raw)}))
}

// Point starts the schema of a point: x and y, the same as well-known binary, and the spatial reference.
func Point() *data.Builder {
	return data.StructOf().Name(PointName).Version(1).Doc("Geometry (POINT)").
		Field("x", data.Of(data.Float64).MustBuild()).Field("y", data.Of(data.Float64).MustBuild()).
		Field("wkb", data.Of(data.Bytes).Optional().MustBuild()).Field("srid", data.Of(data.Int32).Optional().MustBuild())
}

// Geometry starts the schema of any shape in a plane, as well-known binary.
func Geometry() *data.Builder {
	return data.StructOf().Name(GeometryName).Version(1).Doc("Geometry").
		Field("wkb", data.Of(data.Bytes).MustBuild()).Field("srid", data.Of(data.Int32).Optional().MustBuild())
}

// Geography starts the schema of any shape on the globe, as well-known binary.
func Geography() *data.Builder {
	return data.StructOf().Name(GeographyName).Version(1).Doc("Geography").
		Field("wkb", data.Of(data.Bytes).MustBuild()).Field("srid", data.Of(data.Int32).Optional().MustBuild())
}

// FloatVector starts the schema of a vector of FLOAT32.
func FloatVector() *data.Builder {
	return data.ArrayOf(data.Of(data.Float32).MustBuild()).Name(FloatVectorName).Version(1)
}

// DoubleVector starts the schema of a vector of FLOAT64.
func DoubleVector() *data.Builder {
	return data.ArrayOf(data.Of(data.Float64).MustBuild()).Name(DoubleVectorName).Version(1)
}

// SparseDoubleVector starts the schema of a vector that is mostly zero.
func SparseDoubleVector() *data.Builder {
	return data.StructOf().Name(SparseDoubleVectorName).Version(1).
		Field("dimensions", data.Of(data.Int16).MustBuild()).
		Field("vector", data.MapOf(data.Of(data.Int16).MustBuild(), data.Of(data.Float64).MustBuild()).MustBuild())
}

// IsEnvelope reports whether values of s are change events: structs with before, after, source and op.
func IsEnvelope(s *data.Schema) bool {
	return s != nil && s.Type() == data.StructType && strings.HasSuffix(s.Name(), ".Envelope")
}
