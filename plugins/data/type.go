package data

import "fmt"

// A Type is the base type of a schema.
type Type uint8

// The base types of Kafka Connect. The order is that of SchemaProjector's promotions (Int8 … Float64).
const (
	Int8 Type = iota + 1
	Int16
	Int32
	Int64
	Float32
	Float64
	Boolean
	String
	Bytes
	ArrayType
	MapType
	StructType
)

var typeNames = [...]string{"", "INT8", "INT16", "INT32", "INT64", "FLOAT32", "FLOAT64", "BOOLEAN", "STRING", "BYTES", "ARRAY", "MAP", "STRUCT"}

// String returns the upper-case name, as Java prints it in messages.
func (t Type) String() string {
	if int(t) < len(typeNames) && t > 0 {
		return typeNames[t]
	}
	return fmt.Sprintf("Type(%d)", uint8(t))
}

// Name returns the lower-case name, as JSON schemas spell it.
func (t Type) Name() string {
	if int(t) < len(lowerNames) {
		return lowerNames[t]
	}
	return ""
}

var lowerNames = [...]string{"", "int8", "int16", "int32", "int64", "float32", "float64", "boolean", "string", "bytes", "array", "map", "struct"}

// ParseType is the inverse of [Type.Name].
func ParseType(name string) (Type, bool) {
	for i := 1; i < len(lowerNames); i++ {
		if lowerNames[i] == name {
			return Type(i), true
		}
	}
	return 0, false
}

// An Error reports data that does not fit its schema (Java: DataException).
type Error struct {
	Msg string
	Err error // cause; may be nil
}

func (e *Error) Error() string {
	if e.Err != nil {
		return e.Msg + ": " + e.Err.Error()
	}
	return e.Msg
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Errorf makes an [*Error] without a cause.
func Errorf(format string, args ...any) *Error { return &Error{Msg: fmt.Sprintf(format, args...)} }
