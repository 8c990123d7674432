package javatext

import (
	"encoding/hex"
	"strconv"

	"github.com/kurier-io/kurier/plugins/data"
)

// Append appends a value as Java's toString prints it: Struct{a=1,b=x}, {a=1, b=2}, [1, 2]. Bytes are printed in hexadecimal, where
// Java prints the address of an object.
func Append(dst []byte, v data.Value) []byte {
	switch v.Kind() {
	case data.KindNull:
		return append(dst, "null"...)
	case data.KindBool:
		return strconv.AppendBool(dst, v.Bool())
	case data.KindInt8, data.KindInt16, data.KindInt32, data.KindInt64:
		return strconv.AppendInt(dst, v.Int(), 10)
	case data.KindFloat32:
		return data.AppendFloat(dst, v.Float(), 32)
	case data.KindFloat64:
		return data.AppendFloat(dst, v.Float(), 64)
	case data.KindString:
		return append(dst, v.Str()...)
	case data.KindDecimal:
		return AppendDecimal(dst, v)
	case data.KindArray:
		dst = append(dst, '[')
		for i, e := range v.Array() {
			if i > 0 {
				dst = append(dst, ", "...)
			}
			dst = Append(dst, e)
		}
		return append(dst, ']')
	case data.KindMap:
		dst = append(dst, '{')
		first := true
		for k, e := range v.Map().All() {
			if !first {
				dst = append(dst, ", "...)
			}
			first = false
			dst = append(Append(dst, k), '=')
			dst = Append(dst, e)
		}
		return append(dst, '}')
	case data.KindBytes:
		return hex.AppendEncode(dst, v.Bytes())
	case data.KindTimestamp:
		return v.Time().AppendFormat(dst, dateFormat)
	default:
		return appendStruct(dst, v.Struct())
	}
}

// dateFormat is that of java.util.Date.toString in a UTC JVM.
const dateFormat = "Mon Jan 02 15:04:05 UTC 2006"

func appendStruct(dst []byte, s *data.Struct) []byte {
	dst = append(dst, "Struct{"...)
	first := true
	for i, f := range s.Schema().Fields() {
		if s.At(i).IsNull() {
			continue
		}
		if !first {
			dst = append(dst, ',')
		}
		first = false
		dst = append(append(dst, f.Name...), '=')
		dst = Append(dst, s.At(i))
	}
	return append(dst, '}')
}

// Class prints a value's class as Class.toString does: "class java.lang.String".
func Class(v data.Value) string { return "class " + v.Kind().JavaClass() }
