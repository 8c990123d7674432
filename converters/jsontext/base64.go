package jsontext

import (
	"bytes"
	"encoding/base64"
)

// AppendBase64 appends bytes as a string in standard Base64.
func AppendBase64(dst, b []byte) []byte {
	dst = base64.StdEncoding.AppendEncode(append(dst, '"'), b)
	return append(dst, '"')
}

// Base64 decodes standard Base64; blanks are skipped.
func Base64(text []byte) (b []byte, ok bool) {
	if bytes.ContainsAny(text, " \t\r\n\f") {
		text = bytes.Join(bytes.Fields(text), nil)
	}
	b, err := base64.StdEncoding.AppendDecode(make([]byte, 0, base64.StdEncoding.DecodedLen(len(text))), text)
	return b, err == nil
}
