package sink

import (
	"encoding/hex"
	"time"

	"github.com/kurier-io/kurier/plugins/data"
)

// appendArrayLiteral writes a Connect array as the text of a PostgreSQL array. UNNEST would flatten arrays of arrays, so arrays travel
// as text and are cast to the column's type.
func appendArrayLiteral(s *data.Schema) appender {
	return func(dst []byte, v data.Value) ([]byte, error) {
		dst = append(dst, '{')
		for i, e := range v.Array() {
			if i > 0 {
				dst = append(dst, ',')
			}
			if e.IsNull() {
				dst = append(dst, "NULL"...)
				continue
			}
			dst = append(dst, '"')
			for _, c := range []byte(plainText(s.ValueSchema(), e)) {
				if c == '"' || c == '\\' {
					dst = append(dst, '\\')
				}
				dst = append(dst, c)
			}
			dst = append(dst, '"')
		}
		return append(dst, '}'), nil
	}
}

// plainText is the text that PostgreSQL's input functions take.
func plainText(s *data.Schema, v data.Value) string {
	switch s.Logical() {
	case data.LogicalDate:
		return v.Time().Format(time.DateOnly)
	case data.LogicalTime:
		return v.Time().Format("15:04:05.000")
	case data.LogicalTimestamp:
		return v.Time().Format("2006-01-02 15:04:05.000")
	}
	if v.Kind() == data.KindBytes {
		return `\x` + hex.EncodeToString(v.Bytes())
	}
	return v.String()
}

// sqlLiteral quotes a default value for DDL.
func sqlLiteral(s *data.Schema, v data.Value) string {
	switch v.Kind() {
	case data.KindBool, data.KindInt8, data.KindInt16, data.KindInt32, data.KindInt64, data.KindDecimal:
		return v.String()
	}
	text := "'"
	for _, c := range plainText(s, v) {
		if c == '\'' {
			text += "'"
		}
		text += string(c)
	}
	return text + "'"
}
