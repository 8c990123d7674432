package data

import "strconv"

// Names of the core logical types.
const (
	DecimalName   = "org.apache.kafka.connect.data.Decimal"
	DateName      = "org.apache.kafka.connect.data.Date"
	TimeName      = "org.apache.kafka.connect.data.Time"
	TimestampName = "org.apache.kafka.connect.data.Timestamp"
)

// A Logical says which core logical type a schema's name stands for.
type Logical uint8

// The core logical types. Only these four names change the form of a value; every other name is an annotation.
const (
	NotLogical Logical = iota
	LogicalDecimal
	LogicalDate
	LogicalTime
	LogicalTimestamp
)

func logicalOf(name string) Logical {
	switch name {
	case DecimalName:
		return LogicalDecimal
	case DateName:
		return LogicalDate
	case TimeName:
		return LogicalTime
	case TimestampName:
		return LogicalTimestamp
	}
	return NotLogical
}

const scaleParam = "scale"

// MillisPerDay is the length of a UTC day.
const MillisPerDay = 86_400_000

// DecimalOf starts a Decimal schema of the given scale.
func DecimalOf(scale int32) *Builder {
	return Of(Bytes).Name(DecimalName).Version(1).Param(scaleParam, strconv.Itoa(int(scale)))
}

// DateOf starts a Date schema: a day, as [Timestamp] values at midnight UTC.
func DateOf() *Builder { return Of(Int32).Name(DateName).Version(1) }

// TimeOf starts a Time schema: a time of day, as [Timestamp] values on 1970-01-01.
func TimeOf() *Builder { return Of(Int32).Name(TimeName).Version(1) }

// TimestampOf starts a Timestamp schema: milliseconds since the epoch.
func TimestampOf() *Builder { return Of(Int64).Name(TimestampName).Version(1) }

// ToBase turns a value of a logical type into the base value that converters write: Decimal to Bytes, Date to Int32 days,
// Time to Int32 milliseconds, Timestamp to Int64 milliseconds. Other values come back as they are.
func ToBase(s *Schema, v Value) (Value, error) {
	if s.Logical() == NotLogical || v.IsNull() {
		return v, nil
	}
	if s.logical == LogicalDecimal {
		if v.Kind() != KindDecimal {
			return v, mismatch(s, v)
		}
		raw, scale := v.DecimalBytes()
		if scale != s.scale {
			return v, Errorf("Decimal value has mismatching scale for given Decimal schema. Schema has scale %d, value has scale %d.", s.scale, scale)
		}
		return BytesValue(raw), nil
	}
	if v.Kind() != KindTimestamp {
		return v, mismatch(s, v)
	}
	ms := v.Millis()
	switch s.logical {
	case LogicalDate:
		if ms%MillisPerDay != 0 {
			return v, Errorf("Kafka Connect Date type should not have any time fields set to non-zero values.")
		}
		return Int32Value(int32(ms / MillisPerDay)), nil
	case LogicalTime:
		if ms < 0 || ms > MillisPerDay {
			return v, Errorf("Kafka Connect Time type should not have any date fields set to non-zero values.")
		}
		return Int32Value(int32(ms)), nil
	default:
		return Int64Value(ms), nil
	}
}

// FromBase is the inverse of [ToBase].
func FromBase(s *Schema, v Value) (Value, error) {
	if s.Logical() == NotLogical || v.IsNull() {
		return v, nil
	}
	switch s.logical {
	case LogicalDecimal:
		if v.Kind() != KindBytes {
			return v, mismatch(s, v)
		}
		return DecimalBytesValue(v.Bytes(), s.scale), nil
	case LogicalDate:
		return TimestampValue(v.Int() * MillisPerDay), nil
	case LogicalTime:
		if ms := v.Int(); ms < 0 || ms > MillisPerDay {
			return v, Errorf("Time values must use number of milliseconds greater than 0 and less than 86400000")
		}
		return TimestampValue(v.Int()), nil
	default:
		return TimestampValue(v.Int()), nil
	}
}
