package data

import (
	"encoding/hex"
	"math"
	"strconv"
	"strings"
	"time"
)

// String prints a value as Java's toString would, bytes as hexadecimal (Java prints an object address there).
func (v Value) String() string {
	switch v.Kind() {
	case KindNull:
		return "null"
	case KindBool:
		return strconv.FormatBool(v.Bool())
	case KindInt8, KindInt16, KindInt32, KindInt64:
		return strconv.FormatInt(v.Int(), 10)
	case KindFloat32:
		return FormatFloat(v.Float(), 32)
	case KindFloat64:
		return FormatFloat(v.Float(), 64)
	case KindString:
		return v.Str()
	case KindBytes:
		return hex.EncodeToString(v.Bytes())
	case KindDecimal:
		return FormatDecimal(v.Decimal())
	case KindTimestamp:
		return v.Time().Format(dateFormat)
	case KindArray:
		parts := make([]string, len(v.Array()))
		for i, e := range v.Array() {
			parts[i] = e.String()
		}
		return "[" + strings.Join(parts, ", ") + "]"
	case KindMap:
		var parts []string
		for k, e := range v.Map().All() {
			parts = append(parts, k.String()+"="+e.String())
		}
		return "{" + strings.Join(parts, ", ") + "}"
	default:
		return v.Struct().String()
	}
}

// dateFormat is that of java.util.Date.toString in a UTC JVM.
const dateFormat = "Mon Jan 02 15:04:05 " + "UTC 2006"

// FormatFloat prints as Java's Double.toString (bits 64) or Float.toString (bits 32): shortest digits, at least one after the
// point, exponent form outside 10^-3 … 10^7.
func FormatFloat(f float64, bits int) string {
	return string(AppendFloat(nil, f, bits))
}

// AppendFloat is FormatFloat that appends.
func AppendFloat(dst []byte, f float64, bits int) []byte {
	switch {
	case math.IsNaN(f):
		return append(dst, "NaN"...)
	case math.IsInf(f, 1):
		return append(dst, "Infinity"...)
	case math.IsInf(f, -1):
		return append(dst, "-Infinity"...)
	case f == 0:
		if math.Signbit(f) {
			return append(dst, "-0.0"...)
		}
		return append(dst, "0.0"...)
	}
	if a := math.Abs(f); a >= 1e-3 && a < 1e7 {
		start := len(dst)
		dst = strconv.AppendFloat(dst, f, 'f', -1, bits)
		for _, c := range dst[start:] {
			if c == '.' {
				return dst
			}
		}
		return append(dst, ".0"...)
	}
	var buf [32]byte
	e := strconv.AppendFloat(buf[:0], f, 'E', -1, bits)
	i := 0
	for e[i] != 'E' {
		i++
	}
	mant, exp := e[:i], e[i+1:]
	dst = append(dst, mant...)
	hasPoint := false
	for _, c := range mant {
		hasPoint = hasPoint || c == '.'
	}
	if !hasPoint {
		dst = append(dst, ".0"...)
	}
	dst = append(dst, 'E')
	if exp[0] == '-' {
		dst = append(dst, '-')
	}
	exp = exp[1:]
	for len(exp) > 1 && exp[0] == '0' {
		exp = exp[1:]
	}
	return append(dst, exp...)
}

// FormatInstant prints an instant as ISO-8601 in UTC with milliseconds.
func FormatInstant(ms int64) string {
	return time.UnixMilli(ms).UTC().Format("2006-01-02T15:04:05.000Z")
}
