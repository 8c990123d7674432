package values

import (
	"encoding/base64"

	"github.com/kurier-io/kurier/converters/javatext"
	"github.com/kurier-io/kurier/plugins/data"
)

// Append appends a value as Values.convertToString prints it: a string at the top as it is, within others in quotes; bytes in Base64;
// instants as time, date or timestamp by their size, never in quotes.
func Append(dst []byte, v data.Value) []byte { return appendValue(dst, v, false) }

func appendValue(dst []byte, v data.Value, nested bool) []byte {
	switch v.Kind() {
	case data.KindString:
		if !nested {
			return append(dst, v.Str()...)
		}
		dst = append(dst, '"')
		for _, c := range v.Bytes() {
			if c == '\\' || c == '"' {
				dst = append(dst, '\\')
			}
			dst = append(dst, c)
		}
		return append(dst, '"')
	case data.KindBytes:
		if !nested {
			return base64.StdEncoding.AppendEncode(dst, v.Bytes())
		}
		return append(base64.StdEncoding.AppendEncode(append(dst, '"'), v.Bytes()), '"')
	case data.KindTimestamp:
		return AppendInstant(dst, v.Millis())
	case data.KindArray:
		dst = append(dst, '[')
		for i, e := range v.Array() {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = appendValue(dst, e, true)
		}
		return append(dst, ']')
	case data.KindMap:
		dst = append(dst, '{')
		first := true
		for k, e := range v.Map().All() {
			if !first {
				dst = append(dst, ',')
			}
			first = false
			dst = appendValue(append(appendValue(dst, k, true), ':'), e, true)
		}
		return append(dst, '}')
	case data.KindStruct:
		return appendStruct(dst, v.Struct())
	}
	return javatext.Append(dst, v)
}

func appendStruct(dst []byte, st *data.Struct) []byte {
	dst = append(dst, '{')
	for i, f := range st.Schema().Fields() {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(appendValue(dst, data.StringValue(f.Name), true), ':')
		dst = appendValue(dst, st.AtWithDefault(i), true)
	}
	return append(dst, '}')
}

// AppendInstant appends an instant as a time if it is less than a day (so every instant before 1970 is one), as a date if it is a
// whole day, else as a timestamp; all in UTC.
func AppendInstant(dst []byte, ms int64) []byte {
	switch {
	case ms < data.MillisPerDay:
		return timeFormat.Append(dst, ms)
	case ms%data.MillisPerDay == 0:
		return dateFormat.Append(dst, ms)
	}
	return timestampFormat.Append(dst, ms)
}
