package conversion

import (
	"encoding/binary"
	"math"
	"strconv"

	"github.com/kurier-io/kurier/plugins/data"
)

// What follows is the floor: straight code for one row, that checks nothing.

func narrowJSON(dst []byte, st *data.Struct) []byte {
	v := st.Values()
	dst = strconv.AppendInt(append(dst, `{"id":`...), v[0].Int(), 10)
	dst = handString(append(dst, `,"name":`...), v[1])
	dst = strconv.AppendInt(append(dst, `,"n":`...), v[2].Int(), 10)
	return append(dst, '}')
}

func usualJSON(dst []byte, st *data.Struct) []byte {
	return append(usualMembers(append(dst, '{'), st.Values(), ""), '}')
}

func wideJSON(dst []byte, st *data.Struct) []byte {
	dst = append(dst, '{')
	for i := range wideTimes {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = usualMembers(dst, st.Values()[12*i:], [...]string{"_0", "_1", "_2", "_3", "_4", "_5", "_6", "_7", "_8", "_9"}[i])
	}
	return append(dst, '}')
}

func usualMembers(dst []byte, v []data.Value, suffix string) []byte {
	dst = strconv.AppendInt(append(append(append(dst, `"id`...), suffix...), `":`...), v[0].Int(), 10)
	dst = handString(append(append(append(dst, `,"name`...), suffix...), `":`...), v[1])
	dst = handString(append(append(append(dst, `,"email`...), suffix...), `":`...), v[2])
	dst = handInt(append(append(append(dst, `,"age`...), suffix...), `":`...), v[3])
	dst = strconv.AppendBool(append(append(append(dst, `,"active`...), suffix...), `":`...), v[4].Bool())
	dst = append(append(append(dst, `,"score`...), suffix...), `":`...)
	if v[5].IsNull() {
		dst = append(dst, "null"...)
	} else {
		dst = strconv.AppendFloat(dst, v[5].Float(), 'f', -1, 64)
	}
	dst = handString(append(append(append(dst, `,"city`...), suffix...), `":`...), v[6])
	dst = strconv.AppendInt(append(append(append(dst, `,"visits`...), suffix...), `":`...), v[7].Int(), 10)
	dst = strconv.AppendInt(append(append(append(dst, `,"created`...), suffix...), `":`...), v[8].Int(), 10)
	dst = handInt(append(append(append(dst, `,"updated`...), suffix...), `":`...), v[9])
	dst = handString(append(append(append(dst, `,"status`...), suffix...), `":`...), v[10])
	return handString(append(append(append(dst, `,"note`...), suffix...), `":`...), v[11])
}

func handInt(dst []byte, v data.Value) []byte {
	if v.IsNull() {
		return append(dst, "null"...)
	}
	return strconv.AppendInt(dst, v.Int(), 10)
}

// handString looks at every byte for what must be escaped, as any correct writer does; these rows have nothing to escape.
func handString(dst []byte, v data.Value) []byte {
	if v.IsNull() {
		return append(dst, "null"...)
	}
	s := v.Str()
	for i := range len(s) {
		if c := s[i]; c < 0x20 || c == '"' || c == '\\' || c >= 0x80 {
			return strconv.AppendQuote(dst, s)
		}
	}
	return append(append(append(dst, '"'), s...), '"')
}

func narrowAvro(dst []byte, st *data.Struct) []byte {
	v := st.Values()
	dst = handOptionalText(binary.AppendVarint(dst, v[0].Int()), v[1])
	return binary.AppendVarint(dst, v[2].Int())
}

func usualAvro(dst []byte, st *data.Struct) []byte { return usualBody(dst, st.Values()) }

func wideAvro(dst []byte, st *data.Struct) []byte {
	for i := range wideTimes {
		dst = usualBody(dst, st.Values()[12*i:])
	}
	return dst
}

func usualBody(dst []byte, v []data.Value) []byte {
	dst = binary.AppendVarint(dst, v[0].Int())
	dst = handOptionalText(dst, v[1])
	dst = handOptionalText(dst, v[2])
	dst = handOptionalInt(dst, v[3])
	if v[4].Bool() {
		dst = append(dst, 1)
	} else {
		dst = append(dst, 0)
	}
	if v[5].IsNull() {
		dst = append(dst, 0)
	} else {
		dst = binary.LittleEndian.AppendUint64(append(dst, 2), math.Float64bits(v[5].Float()))
	}
	dst = handOptionalText(dst, v[6])
	dst = binary.AppendVarint(dst, v[7].Int())
	dst = binary.AppendVarint(dst, v[8].Int())
	dst = handOptionalInt(dst, v[9])
	dst = append(binary.AppendVarint(dst, int64(len(v[10].Str()))), v[10].Str()...)
	return handOptionalText(dst, v[11])
}

func handOptionalInt(dst []byte, v data.Value) []byte {
	if v.IsNull() {
		return append(dst, 0)
	}
	return binary.AppendVarint(append(dst, 2), v.Int())
}

func handOptionalText(dst []byte, v data.Value) []byte {
	if v.IsNull() {
		return append(dst, 0)
	}
	s := v.Str()
	return append(binary.AppendVarint(append(dst, 2), int64(len(s))), s...)
}
