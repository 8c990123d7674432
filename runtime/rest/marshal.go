package rest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"unicode/utf16"
	"unicode/utf8"
)

// marshal writes JSON as Kafka Connect does: compact, nothing escaped for HTML, no newline at the end, escapes in upper case, and
// characters beyond the basic plane as escaped surrogate pairs.
func marshal(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return javaEscapes(bytes.TrimSuffix(b.Bytes(), []byte("\n"))), nil
}

// javaEscapes rewrites what encoding/json escapes in another way. Backslashes and other than ASCII occur only inside strings.
func javaEscapes(in []byte) []byte {
	out := make([]byte, 0, len(in))
	for i := 0; i < len(in); {
		switch c := in[i]; {
		case c == '\\' && in[i+1] == 'u':
			var r rune
			_, _ = fmt.Sscanf(string(in[i+2:i+6]), "%x", &r) // four digits, written by encoding/json
			if r < ' ' {
				out = fmt.Appendf(out, `\u%04X`, r)
			} else {
				out = utf8.AppendRune(out, r) // U+2028, U+2029, and U+FFFD for invalid UTF-8
			}
			i += 6
		case c == '\\':
			out = append(out, c, in[i+1])
			i += 2
		case c < utf8.RuneSelf:
			out = append(out, c)
			i++
		default:
			r, n := utf8.DecodeRune(in[i:])
			if r > 0xFFFF {
				hi, lo := utf16.EncodeRune(r)
				out = fmt.Appendf(out, `\u%04X\u%04X`, hi, lo)
			} else {
				out = append(out, in[i:i+n]...)
			}
			i += n
		}
	}
	return out
}
